import { describe, expect, it } from 'vitest'
import { formatSort, parseSort, sorted, toggled } from './sort'

describe('sorting', () => {
  it('puts rows without a value last in either direction', () => {
    const rows = [{ v: 2 }, { v: null }, { v: 3 }]
    expect(sorted(rows, (r) => r.v, false).map((r) => r.v)).toEqual([2, 3, null])
    expect(sorted(rows, (r) => r.v, true).map((r) => r.v)).toEqual([3, 2, null])
  })

  it('orders names as people do', () => {
    expect(sorted(['node-10', 'node-9', 'Node-1'], (n) => n, false)).toEqual(['Node-1', 'node-9', 'node-10'])
  })

  it('begins with the largest number and the first name, then turns', () => {
    expect(toggled({ key: 'name', descending: false }, 'calls', true)).toEqual({ key: 'calls', descending: true })
    expect(toggled({ key: 'calls', descending: true }, 'calls', true)).toEqual({ key: 'calls', descending: false })
    expect(toggled({ key: 'calls', descending: true }, 'name', false)).toEqual({ key: 'name', descending: false })
  })

  it('is written in the URL and read back', () => {
    for (const text of ['name', '-calls']) expect(formatSort(parseSort(text))).toBe(text)
  })
})
