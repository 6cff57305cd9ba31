import { expect, test } from 'vitest'
import { fromInput, midnights, toInput } from './localInput'

const HOUR = 3_600_000

test('days begin at midnight of their zone, also the longer and the shorter ones', () => {
  // Berlin’s clocks go back on 25 October 2026 and on on 28 March 2027.
  for (const [noon, hours] of [
    ['2026-10-24T12:00', [24, 25, 24]],
    ['2027-03-27T12:00', [24, 23, 24]],
  ] as const) {
    const days = midnights(fromInput(noon, 'Europe/Berlin'), 4, 'Europe/Berlin')
    expect(days.map((day) => toInput(day, 'Europe/Berlin').slice(10))).toEqual(Array(4).fill('T00:00'))
    expect(days.slice(1).map((day, at) => (day - (days[at] ?? 0)) / HOUR)).toEqual(hours)
    expect(toInput(days[0] ?? 0, 'Europe/Berlin').slice(0, 10)).toBe(noon.slice(0, 10))
  }
})

test('today is the day of the zone, not that of Greenwich', () => {
  const at = Date.parse('2026-11-28T23:30Z')
  expect(midnights(at, 1, 'UTC')).toEqual([Date.parse('2026-11-28T00:00Z')])
  expect(midnights(at, 1, 'Asia/Tokyo')).toEqual([Date.parse('2026-11-28T15:00Z')])
  expect(midnights(at, 1, 'America/New_York')).toEqual([Date.parse('2026-11-28T05:00Z')])
})
