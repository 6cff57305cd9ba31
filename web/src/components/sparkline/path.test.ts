import { describe, expect, it } from 'vitest'
import { sparklinePath } from './path'

describe('sparkline', () => {
  it('breaks where there is no data and draws zero at the bottom', () => {
    const { line } = sparklinePath([4, 0, null, 4], 30, 10)
    expect(line).toBe('M0 1L10 9M30 1L30 1')
  })

  it('draws nothing when nothing was measured', () => {
    expect(sparklinePath([null, null], 30, 10)).toEqual({ line: '', area: '' })
  })
})
