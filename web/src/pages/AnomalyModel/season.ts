// The profile of a season as a drawing, and rarities in words. Pure.
import type { SeasonHour } from '../../api/types'
import { short } from '../../format/numbers'
import { offsetMinutes } from '../../time/zone'

export interface Profile {
  /** The band from low to high, and the line of what is expected; SVG paths. */
  band: string
  line: string
  /** Where each labelled hour begins. */
  hours: { x: number; label: string }[]
  /** Where values stand, from the bottom up. */
  values: { y: number; value: number }[]
  /** The left edge of an hour, and how wide it is. */
  edge(hour: number): number
  width: number
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
/** Room for the values' labels, and for the hours'. */
const LEFT = 62
const BOTTOM = 20
const TOP = 6

/** Round steps of an axis: 1, 2 or 5 times a power of ten. */
function stepOf(most: number): number {
  const rough = most / 3
  const power = 10 ** Math.floor(Math.log10(rough))
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= rough) ?? rough
}

/** 24 hours of a day, or 168 of a week that begins on Monday; each hour is a step. Null without any. */
export function profileOf(season: readonly SeasonHour[], width: number, height: number): Profile | null {
  const hours = season.toSorted((a, b) => a.hour - b.hour)
  if (hours.length === 0 || width <= LEFT) return null
  const count = hours.length > 24 ? 168 : 24
  const most = Math.max(...hours.map((one) => Math.max(one.expected, one.high))) || 1
  const least = Math.min(0, ...hours.map((one) => Math.min(one.expected, one.low ?? 0)))
  const wide = (width - LEFT) / count
  const edge = (hour: number) => LEFT + hour * wide
  const y = (value: number) => TOP + (height - TOP - BOTTOM) * (1 - (value - least) / (most - least))
  const n = (value: number) => value.toFixed(1)
  const along = (of: (one: SeasonHour) => number, list: readonly SeasonHour[], back: boolean) => list.map((one) => `${n(edge(one.hour + (back ? 1 : 0)))} ${n(y(of(one)))}L${n(edge(one.hour + (back ? 0 : 1)))} ${n(y(of(one)))}`).join('L')
  const step = stepOf(most)
  return {
    band: `M${along((one) => one.high, hours, false)}L${along((one) => one.low ?? least, hours.toReversed(), true)}Z`,
    line: `M${along((one) => one.expected, hours, false)}`,
    hours: count === 24 ? [0, 6, 12, 18].map((hour) => ({ x: edge(hour), label: `${String(hour).padStart(2, '0')}:00` })) : DAYS.map((label, day) => ({ x: edge(24 * day), label })),
    values: Array.from({ length: Math.floor(most / step) + 1 }, (_, at) => ({ y: y(at * step), value: at * step })),
    edge,
    width: wide,
  }
}

const HOUR = 60
const DAY = 24 * HOUR

/** How seldom a deviation of this rarity is, that being log₁₀ of minutes: `once in 3 days`. */
export function rarityText(rarity: number): string {
  const minutes = 10 ** rarity
  if (minutes < 2) return 'all the time'
  if (minutes < 2 * HOUR) return `once in ${short(Math.round(minutes))} min`
  if (minutes < 2 * DAY) return `once in ${short(Math.round(minutes / HOUR))} hours`
  if (minutes < 730 * DAY) return `once in ${short(Math.round(minutes / DAY))} days`
  return minutes < 36_500 * DAY ? `once in ${short(Math.round(minutes / DAY / 365))} years` : 'practically never'
}

/** The hour of the day, or of a week that begins on Monday, that a moment falls on in a zone. */
export function hourOf(at: number, season: readonly SeasonHour[], zone: string): number {
  const local = new Date(at + offsetMinutes(at, zone) * 60_000)
  return season.length > 24 ? ((local.getUTCDay() + 6) % 7) * 24 + local.getUTCHours() : local.getUTCHours()
}
