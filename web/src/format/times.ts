// Moments as people read them: in the chosen time zone, 24 hours.
import { dayOf, timeZone } from '../time/zone'

const TIME: Intl.DateTimeFormatOptions = { timeZone, hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }
const timeOfDay = new Intl.DateTimeFormat(undefined, TIME)
const dayAndTime = new Intl.DateTimeFormat(undefined, { ...TIME, month: 'short', day: 'numeric' })
const toTheMinute = new Intl.DateTimeFormat(undefined, { timeZone, month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'short' })
const toTheMillisecond = new Intl.DateTimeFormat(undefined, { ...TIME, fractionalSecondDigits: 3 })
const dayAndMillisecond = new Intl.DateTimeFormat(undefined, { ...TIME, month: 'short', day: 'numeric', fractionalSecondDigits: 3 })
const withMillis = new Intl.DateTimeFormat(undefined, { ...TIME, year: 'numeric', month: 'short', day: 'numeric', fractionalSecondDigits: 3, timeZoneName: 'short' })

export function timeOf(at: number): string {
  return timeOfDay.format(at)
}

/** The time alone on the day of `now`, else with its day. */
export function moment(at: number, now: number): string {
  const today = dayOf(at) === dayOf(now)
  return today ? timeOf(at) : dayAndTime.format(at)
}

/** To the millisecond; with its day where that is not the one of `now`. */
export function preciseMoment(at: number, now: number): string {
  const today = dayOf(at) === dayOf(now)
  return today ? toTheMillisecond.format(at) : dayAndMillisecond.format(at)
}

/** Day and minute, with the zone. */
export function minuteOf(at: number): string {
  return toTheMinute.format(at)
}

export function exactMoment(at: number): string {
  return withMillis.format(at)
}

export function ago(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000))
  if (seconds < 60) return `${seconds} s ago`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`
  return `${Math.floor(seconds / 86_400)} d ago`
}
