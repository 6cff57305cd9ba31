import { describe, expect, it } from 'vitest'
import type { Series, SeriesPoint } from '../../api/types'
import { figures } from '../../pages/FlowMap/model/testMap'
import { axisEnd, dotsOf, gridOf, perMinuteOf, valuesOf } from './grid'

const MINUTE = 60_000
const point = (at: number, calls: number): SeriesPoint => ({ at, calls, errors: 0, average_ms: calls ? 10 : null, p95_ms: null, min_ms: null, max_ms: null, slow: 0, very_slow: 0, stall: 0 })
const series = (points: SeriesPoint[], more: Partial<Series> = {}): Series => ({ minutes_per_point: 1, points, filling_from: null, totals: figures(0), bands: null, partial: null, ...more })

describe('chart grid', () => {
  it('no data is a gap, zero is zero', () => {
    const grid = gridOf(series([point(0, 6), point(2 * MINUTE, 0)]), 0, 3 * MINUTE)
    expect(perMinuteOf(grid, (p) => p.calls)).toEqual([6, null, 0])
    expect(valuesOf(grid, (p) => p.average_ms)).toEqual([10, null, null])
  })

  it('covers the whole range although data came late', () => {
    expect(gridOf(series([point(9 * MINUTE, 1)]), 0, 10 * MINUTE).at).toHaveLength(10)
  })

  it('counts of ten minutes are rates per minute', () => {
    const grid = gridOf(series([point(0, 60)], { minutes_per_point: 10 }), 0, 10 * MINUTE)
    expect(perMinuteOf(grid, (p) => p.calls)).toEqual([6])
  })

  it('only a value alone between gaps is a dot, or each where there are few', () => {
    expect(dotsOf([1, 2, 3, 4, null, 5, null, 6, 7, 8, 9])).toEqual([5])
    expect(dotsOf([1, 2, null, 3])).toEqual([0, 1, 3])
    expect(dotsOf([null, undefined])).toEqual([])
  })

  it('the axis ends with the range, and leaves room for half a slot behind the last one', () => {
    expect(axisEnd([0, 60, 120], 175)).toBe(175)
    expect(axisEnd([0, 60, 120], 125)).toBe(150)
    expect(axisEnd([], 175)).toBe(175)
  })

  it('marks the slot that still fills', () => {
    const now = 2 * MINUTE + 30_000
    expect(gridOf(series([], { filling_from: 2 * MINUTE }), 0, now).fillingFrom).toBe(120)
    expect(gridOf(series([], { filling_from: 2 * MINUTE }), 0, MINUTE).fillingFrom).toBe(null)
  })
})
