import { describe, expect, it } from 'vitest'
import { sparklinePath } from './path'

describe('sparkline', () => {
  it('breaks where there is no data and draws zero at the bottom', () => {
    const { line, dots } = sparklinePath([4, 0, null, 4], 30, 10)
    expect(line).toBe('M0 1L10 9')
    expect(dots).toEqual([[28, 2]])
  })

  it('draws nothing when nothing was measured', () => {
    expect(sparklinePath([null, null], 30, 10)).toEqual({ line: '', area: '', dots: [] })
  })
})
