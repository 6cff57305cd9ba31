import { describe, expect, it } from 'vitest'
import { durationAxis, durationTicks, nearest, placeOf, timeTicks, valueAt, type Point } from './plot'

const points = (...all: number[]): Point[] => all.map((ms, at) => ({ key: String(at), at, ms, failed: false }))

describe('the plot', () => {
  it('has powers of ten around all durations', () => {
    const axis = durationAxis(points(0.4, 3, 1200), true)
    expect(axis.from).toBeCloseTo(0.1)
    expect(axis.to).toBe(10_000)
    expect(durationTicks(axis).map((t) => Number(t.toPrecision(3)))).toEqual([0.1, 1, 10, 100, 1000, 10_000])
    expect(placeOf(axis, 1200)).toBeLessThan(1)
    expect(placeOf(axis, 0)).toBe(0)
  })

  it('begins at zero where it is linear', () => {
    const axis = durationAxis(points(0, 80), false)
    expect(axis).toEqual({ from: 0, to: 84, log: false })
    expect(durationTicks(axis)).toEqual([0, 50])
  })

  it('has ends that differ, whatever there is', () => {
    for (const log of [true, false]) {
      for (const all of [points(), points(0), points(1), points(10, 10)]) {
        const axis = durationAxis(all, log)
        expect(axis.to).toBeGreaterThan(axis.from)
        for (const { ms } of all) expect(placeOf(axis, ms)).toBeLessThanOrEqual(1)
      }
    }
  })

  it('places lead back to their values', () => {
    for (const axis of [durationAxis(points(1, 900), true), durationAxis(points(900), false)]) {
      expect(valueAt(axis, placeOf(axis, 33))).toBeCloseTo(33)
    }
  })

  it('has round moments, of the zone of whoever looks', () => {
    const minute = 60_000
    expect(timeTicks(1000, 60 * minute, 6)).toEqual([10, 20, 30, 40, 50, 60].map((n) => n * minute))
    expect(timeTicks(0, 2 * 86_400_000, 3, 3_600_000).map((at) => (at + 3_600_000) % 86_400_000)).toEqual([0, 0])
  })

  it('finds what is near the pointer and nothing far from it', () => {
    const placed = ({ at, ms }: Point) => ({ x: at * 10, y: ms })
    expect(nearest(points(5, 5, 5), placed, 12, 6, 8)?.key).toBe('1')
    expect(nearest(points(5, 5, 5), placed, 100, 5, 8)).toBeNull()
  })
})
