// Time ranges as the URL writes them: `range=last-60m` (relative) or `from=…&to=…` (absolute, UTC milliseconds).
// Pure; what "now" is comes from the caller.

import { dayOf, offsetMinutes, timeZone } from './zone'

export const MINUTE = 60_000
/** Minutes of a range whose beginning does not have to be to the minute. */
const LONG = 180

export type Range = { kind: 'relative'; minutes: number } | { kind: 'absolute'; from: number; to: number }

export interface Window {
  from: number
  to: number
}

export const DEFAULT_RANGE: Range = { kind: 'relative', minutes: 60 }

export const PRESETS: { label: string; range: Range }[] = [5, 15, 30, 60, 180, 360, 720, 1440, 2880, 10_080, 43_200].map((minutes) => ({
  label: labelOfMinutes(minutes),
  range: { kind: 'relative', minutes },
}))

function labelOfMinutes(minutes: number): string {
  const [n, unit] = minutes % 1440 === 0 ? [minutes / 1440, 'day'] : minutes % 60 === 0 ? [minutes / 60, 'hour'] : [minutes, 'minute']
  return n === 1 ? `Last ${unit}` : `Last ${n} ${unit}s`
}

/** Minutes of a unit. */
const UNITS: Record<string, number> = { m: 1, h: 60, d: 1440 }

/** `last-60m`, `last-24h`, `last-7d`; null when it is none of these. */
export function parseRelative(text: string): Range | null {
  const match = /^last-(\d{1,6})([mhd])$/.exec(text)
  const unit = UNITS[match?.[2] ?? '']
  const minutes = Number(match?.[1]) * (unit ?? 0)
  return minutes >= 1 && minutes <= 400 * 1440 ? { kind: 'relative', minutes } : null
}

export function formatRelative(minutes: number): string {
  if (minutes >= 2880 && minutes % 1440 === 0) return `last-${minutes / 1440}d`
  if (minutes > 60 && minutes % 60 === 0) return `last-${minutes / 60}h`
  return `last-${minutes}m`
}

/** The range a URL asks for; what cannot be read is the default, so that an old link still opens. */
export function rangeFromParams(params: URLSearchParams): Range {
  const from = Number(params.get('from') ?? Number.NaN)
  const to = Number(params.get('to') ?? Number.NaN)
  if (Number.isFinite(from) && Number.isFinite(to) && to > from) return { kind: 'absolute', from, to }
  return parseRelative(params.get('range') ?? '') ?? DEFAULT_RANGE
}

/** The parameters that say this range, replacing whichever were there. */
export function rangeToParams(range: Range): Record<'range' | 'from' | 'to', string | null> {
  return range.kind === 'relative'
    ? { range: formatRelative(range.minutes), from: null, to: null }
    : { range: null, from: String(range.from), to: String(range.to) }
}

export function keyOf(range: Range): string {
  return range.kind === 'relative' ? formatRelative(range.minutes) : `${range.from}-${range.to}`
}

/**
 * A relative range covers its whole minutes and the one still filling. Hours begin at a full ten minutes, up to nine earlier than asked
 * for: these are stored ready-made, where an odd minute is looked for among those of its whole hour.
 */
export function windowOf(range: Range, now: number): Window {
  if (range.kind === 'absolute') return { from: range.from, to: range.to }
  const step = range.minutes < LONG ? MINUTE : 10 * MINUTE
  return { from: Math.floor((now - range.minutes * MINUTE) / step) * step, to: now }
}

export function labelOf(range: Range, locale?: string): string {
  if (range.kind === 'relative') return labelOfMinutes(range.minutes)
  const sameDay = dayOf(range.from) === dayOf(range.to)
  const day: Intl.DateTimeFormatOptions = { timeZone, month: 'short', day: 'numeric' }
  const time: Intl.DateTimeFormatOptions = { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }
  const start = new Intl.DateTimeFormat(locale, { ...day, ...time }).format(range.from)
  const end = new Intl.DateTimeFormat(locale, sameDay ? time : { ...day, ...time }).format(range.to)
  return `${start} – ${end}`
}

/** A zone as people write it: `Europe/Berlin (UTC+1)`. */
export function zoneLabel(at: number, zone = timeZone): string {
  const minutes = offsetMinutes(at, zone)
  if (minutes === 0) return zone === 'UTC' ? 'UTC' : `${zone} (UTC)`
  const hours = Math.floor(Math.abs(minutes) / 60)
  const rest = Math.abs(minutes) % 60
  return `${zone} (UTC${minutes < 0 ? '−' : '+'}${hours}${rest ? `:${String(rest).padStart(2, '0')}` : ''})`
}
