import { describe, expect, it } from 'vitest'
import type { Band, Bands } from '../../api/types'
import { expectedOf, isKnown, roomFor, runsOf } from './expected'

const HOUR = 3_600
const band = (mean: number, deviation: number): Band => ({ mean, deviation, minutes: 60, hours: 3, from: 'season' })
const bands = (hours: [number, Band | null][]): Bands => ({ baseline: { id: 1, name: 'daily' }, time_zone: 'UTC', hours: hours.map(([hour, calls]) => ({ at: hour * HOUR * 1000, calls, average_ms: null, errors: null })) })
const grid = (at: number[]) => ({ at, points: [], fillingFrom: null, minutesPerPoint: 1 })

describe('what is expected on the grid', () => {
  const at = [0.5 * HOUR, HOUR, 1.9 * HOUR, 2 * HOUR, 3 * HOUR]
  const expected = expectedOf(grid(at), bands([[0, band(5, 1)], [1, band(10, 2)], [2, null]]), (hour) => hour.calls)

  it('is that of the hour a slot lies in, and a gap where there is none', () => {
    expect(expected?.mean).toEqual([5, 10, 10, null, null])
    expect(expected?.deviation).toEqual([1, 2, 2, null, null])
    expect(expectedOf(grid(at), null, (hour) => hour.calls)).toBe(undefined)
  })

  it('is drawn in runs without gaps', () => {
    expect(runsOf([1, null, 2, 3])).toEqual([[0, 0], [2, 3]])
    expect(isKnown({ mean: [null], deviation: [null] })).toBe(false)
    expect(isKnown(expected)).toBe(true)
  })

  it('has room above the values, but does not press them flat', () => {
    expect(roomFor(expected, 12)).toBe(16)
    expect(roomFor({ mean: [10], deviation: [100] }, 12)).toBe(24)
    expect(roomFor({ mean: [40], deviation: [1] }, 12)).toBe(43)
    expect(roomFor(undefined, 12)).toBe(12)
  })
})
