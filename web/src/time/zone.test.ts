import { describe, expect, it } from 'vitest'
import { fromInput, toInput } from '../layout/localInput'
import { zoneLabel } from './range'
import { dayOf, offsetMinutes } from './zone'

const WINTER = Date.UTC(2026, 0, 15, 23, 30)
const SUMMER = Date.UTC(2026, 6, 15, 23, 30)

describe('a time zone', () => {
  it('is so far from UTC at a moment', () => {
    expect([offsetMinutes(WINTER, 'Europe/Berlin'), offsetMinutes(SUMMER, 'Europe/Berlin')]).toEqual([60, 120])
    expect([offsetMinutes(WINTER, 'UTC'), offsetMinutes(WINTER, 'America/St_Johns'), offsetMinutes(WINTER, 'Asia/Kathmandu')]).toEqual([0, -210, 345])
  })
  it('says on which day a moment falls', () => {
    expect([dayOf(WINTER, 'UTC'), dayOf(WINTER, 'Europe/Berlin'), dayOf(WINTER, 'America/New_York')]).toEqual(['2026-01-15', '2026-01-16', '2026-01-15'])
  })
  it('is written with its offset', () => {
    expect([zoneLabel(WINTER, 'UTC'), zoneLabel(WINTER, 'Europe/London'), zoneLabel(WINTER, 'Asia/Kathmandu'), zoneLabel(WINTER, 'America/New_York')]).toEqual(['UTC', 'Europe/London (UTC)', 'Asia/Kathmandu (UTC+5:45)', 'America/New_York (UTC−5)'])
  })
  it('is the one of what is typed, also around a change of the clock', () => {
    // On 29 March 2026 Berlin goes from +1 to +2 at 01:00 UTC.
    for (const at of [Date.UTC(2026, 2, 29, 0, 30), Date.UTC(2026, 2, 29, 1, 30), Date.UTC(2026, 2, 29, 12), SUMMER]) {
      expect(fromInput(toInput(at, 'Europe/Berlin'), 'Europe/Berlin')).toBe(at)
    }
    expect(toInput(WINTER, 'Asia/Tokyo')).toBe('2026-01-16T08:30')
    expect(fromInput('tomorrow', 'UTC')).toBeNaN()
  })
})
