// A schedule while it is edited. Pure.
import type { Schedule, Times } from '../types'
import { ALWAYS } from './draft'

export type TimesKind = Times['type']

/** What a kind of times begins with; hours are kept from one kind to the other. */
export function timesOfKind(kind: TimesKind, before: Times, today: string): Times {
  const hours = 'start_time' in before ? { start_time: before.start_time, end_time: before.end_time } : { start_time: '09:00', end_time: '17:00' }
  switch (kind) {
    case 'ONE_TIME':
      return { type: kind, start_date: today, end_date: today, ...hours }
    case 'DAILY':
      return { type: kind, ...hours }
    case 'WEEKLY':
      return { type: kind, days: ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY'], ...hours }
    case 'MONTHLY_DATE':
      return { type: kind, start_day: 1, end_day: 1, ...hours }
    case 'MONTHLY_DAY':
      return { type: kind, which: 'FIRST', day: 'MONDAY', ...hours }
    default:
      return { type: kind, start_cron: '0 0 9 ? * 2-6', end_cron: '0 0 17 ? * 2-6' }
  }
}

export const freshSchedule = (timezone: string): Schedule => ({ name: '', description: '', timezone, times: timesOfKind('WEEKLY', { type: 'DAILY', start_time: '09:00', end_time: '17:00' }, '') })

export type ScheduleProblems = Partial<Record<'name' | 'timezone' | 'times', string>>

const TIME = /^([01]?\d|2[0-3]):[0-5]\d$|^24:00$/
const DATE = /^\d{4}-\d{2}-\d{2}$/

export function problemsOfSchedule(schedule: Schedule, taken: readonly string[], zones: readonly string[]): ScheduleProblems {
  const name = schedule.name.trim()
  const found: ScheduleProblems = {}
  if (name === '') found.name = 'Give it a name'
  else if (name === ALWAYS) found.name = 'Always is there anyway: choose another name'
  else if (taken.includes(name)) found.name = 'There is a schedule of this name'
  if (!zones.includes(schedule.timezone)) found.timezone = 'Pick a time zone like Europe/Berlin'
  const times = problemOfTimes(schedule.times)
  if (times) found.times = times
  return found
}

function problemOfTimes(times: Times): string | null {
  if (times.type === 'CUSTOM') return [times.start_cron, times.end_cron].every((text) => /^\S+( +\S+){5,6}$/.test(text.trim())) ? null : 'Six fields each, seconds first: 0 0 9 ? * 2-6'
  if (!TIME.test(times.start_time) || !TIME.test(times.end_time)) return 'Write times as 18:30'
  if (times.type === 'WEEKLY' && times.days.length === 0) return 'Pick at least one day'
  if (times.type === 'ONE_TIME') {
    if (!DATE.test(times.start_date) || !DATE.test(times.end_date)) return 'Pick both days'
    if (`${times.start_date}T${times.start_time.padStart(5, '0')}` >= `${times.end_date}T${times.end_time.padStart(5, '0')}`) return 'The end has to lie after the start'
  }
  if (times.type === 'MONTHLY_DATE' && ![times.start_day, times.end_day].every((day) => Number.isInteger(day) && day >= 1 && day <= 31)) return 'Days from 1 to 31'
  return null
}
