import { describe, expect, it } from 'vitest'
import { barOf, ticksOf } from './scale'
import { span } from './testSpan'
import { ancestorsOf, treeOf, visibleOf, type TreeSpan } from './tree'

const ids = (order: TreeSpan[]) => order.map((t) => t.span.span_id).join(' ')
const family = [span('c', 'a', 30), span('a', null), span('b', 'a', 10), span('d', 'b', 12), span('e', 'c', 31)]

describe('waterfall', () => {
  it('shows children below their parent, by start', () => {
    const order = treeOf(family)
    expect(ids(order)).toBe('a b d c e')
    expect(order.map((t) => t.depth)).toEqual([0, 1, 2, 1, 2])
    expect(order.map((t) => t.size)).toEqual([5, 2, 1, 2, 1])
  })

  it('hides what is below a collapsed span and nothing else', () => {
    expect(ids(visibleOf(treeOf(family), new Set(['b'])))).toBe('a b c e')
    expect(ids(visibleOf(treeOf(family), new Set(['a'])))).toBe('a')
  })

  it('a span whose parent is missing is a root and says so', () => {
    const order = treeOf([span('x', 'gone'), span('a', null)])
    expect(order).toHaveLength(2)
    expect(order.find((t) => t.span.span_id === 'x')?.orphan).toBe(true)
  })

  it('spans that are each other’s parents are shown once each', () => {
    expect(treeOf([span('a', 'b'), span('b', 'a'), span('s', 's')])).toHaveLength(3)
  })

  it('knows the spans above one', () => {
    expect(ancestorsOf(treeOf(family), 'd')).toEqual(['b', 'a'])
  })

  it('a chain of 20,000 spans does not overflow', () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => span(String(i), i ? String(i - 1) : null, i))
    expect(treeOf(chain).at(-1)?.depth).toBe(19_999)
  })
})

describe('time axis', () => {
  it('has round ticks', () => {
    expect(ticksOf({ from: 0, to: 1000 }, 5)).toEqual([0, 200, 400, 600, 800, 1000])
  })

  it('cuts bars at its edges', () => {
    expect(barOf({ from: 100, to: 200 }, 50, 100)).toEqual({ left: 0, width: 50 })
    expect(barOf({ from: 100, to: 200 }, 300, 10)).toEqual({ left: 100, width: 0 })
  })
})
