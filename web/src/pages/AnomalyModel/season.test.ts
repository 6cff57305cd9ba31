import { describe, expect, it } from 'vitest'
import type { SeasonHour } from '../../api/types'
import { hourOf, profileOf, rarityText } from './season'

const hours = (count: number): SeasonHour[] => Array.from({ length: count }, (_, hour) => ({ hour, expected: 100, low: 50, high: 150 }))

describe('a profile', () => {
  it('of a day has a step for each hour, from the axis to the right edge', () => {
    const profile = profileOf(hours(24), 302, 126)
    expect(profile?.line.startsWith('M62.0 39.3L72.0 39.3')).toBe(true)
    expect(profile?.line.endsWith('302.0 39.3')).toBe(true)
    expect(profile?.hours.map(({ label }) => label)).toEqual(['00:00', '06:00', '12:00', '18:00'])
    expect(profile?.values.map(({ value }) => value)).toEqual([0, 50, 100, 150])
  })
  it('of a week begins on Monday', () => {
    const profile = profileOf(hours(168), 398, 126)
    expect(profile?.hours[1]).toEqual({ x: 110, label: 'Tue' })
  })
  it('of nothing is none', () => expect(profileOf([], 300, 100)).toBe(null))
})

it('the hour of a moment is that of the zone, in a week from Monday on', () => {
  const sunday = Date.UTC(2026, 10, 29, 23, 30)
  expect(hourOf(sunday, hours(24), 'UTC')).toBe(23)
  expect(hourOf(sunday, hours(168), 'UTC')).toBe(167)
  expect(hourOf(sunday, hours(168), 'Europe/Berlin')).toBe(0)
})

it('a rarity is told as how seldom it is', () => {
  expect([0.1, 1.5, 3.2, 4.4, 6, 9].map(rarityText)).toEqual(['all the time', 'once in 32 min', 'once in 26 hours', 'once in 17 days', 'once in 694 days', 'practically never'])
})
