import { expect, test } from 'vitest'
import { freshSchedule, problemsOfSchedule, timesOfKind } from './schedule'

const zones = ['UTC', 'Europe/Berlin']
const sound = { ...freshSchedule('UTC'), name: 'Nights' }

test('what is wrong with a schedule is said', () => {
  expect(problemsOfSchedule(sound, [], zones)).toEqual({})
  expect(problemsOfSchedule({ ...sound, name: 'Always' }, [], zones).name).toContain('anyway')
  expect(problemsOfSchedule(sound, ['Nights'], zones).name).toContain('of this name')
  expect(problemsOfSchedule({ ...sound, timezone: 'Mars' }, [], zones).timezone).toContain('time zone')
  expect(problemsOfSchedule({ ...sound, times: { type: 'WEEKLY', days: [], start_time: '9:00', end_time: '24:00' } }, [], zones).times).toBe('Pick at least one day')
  expect(problemsOfSchedule({ ...sound, times: { type: 'DAILY', start_time: '25:00', end_time: '07:00' } }, [], zones).times).toContain('18:30')
  const once = { type: 'ONE_TIME' as const, start_date: '2026-12-24', start_time: '18:00', end_date: '2026-12-24', end_time: '9:00' }
  expect(problemsOfSchedule({ ...sound, times: once }, [], zones).times).toContain('after the start')
})

test('another kind of times keeps the hours', () => {
  expect(timesOfKind('DAILY', sound.times, '2026-12-24')).toEqual({ type: 'DAILY', start_time: '09:00', end_time: '17:00' })
  expect(timesOfKind('ONE_TIME', sound.times, '2026-12-24')).toMatchObject({ start_date: '2026-12-24', start_time: '09:00' })
})
