// How long something lasted, and what of a rule's chart is shaded. Pure.
import type { RuleChart } from '../types'

const MINUTE = 60_000

/** `12 min`, `3 h 5 min`, `2 d 4 h`. */
export function lastedWord(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / MINUTE))
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`
  return hours % 24 ? `${Math.floor(hours / 24)} d ${hours % 24} h` : `${hours / 24} d`
}

/** Minutes of a chart, as Unix seconds. */
export const minutesOf = (chart: RuleChart, count: number): number[] => Array.from({ length: count }, (_, at) => (chart.from + at * MINUTE) / 1000)

export interface Shade {
  level: 'WARNING' | 'CRITICAL'
  /** Places of its first minute, and of the one behind its last. */
  from: number
  to: number
}

/** Runs of minutes at one level. */
export function shadesOf(levels: RuleChart['levels']): Shade[] {
  const found: Shade[] = []
  levels.forEach((level, at) => {
    const last = found.at(-1)
    if (!level) return
    if (last && last.level === level && last.to === at) last.to = at + 1
    else found.push({ level, from: at, to: at + 1 })
  })
  return found
}

/** A chart never shows less, so that two minutes are not as wide as the page. */
const LEAST = 30

/**
 * The minute from which on there is anything to be seen: measured, violated, or `marked` (Unix milliseconds), with a twentieth before it.
 * Of a day of which only the last hour was reported that hour is what a chart has to show.
 */
export function worthFrom(chart: RuleChart, marked?: number): number {
  const isKnown = (value: unknown) => value !== null && value !== undefined
  const measured = chart.conditions.flatMap((one) => [one.values, one.compared].map((values) => values.findIndex(isKnown)))
  const pointed = marked === undefined ? [] : [Math.max(0, Math.floor((marked - chart.from) / MINUTE))]
  const found = [...measured, chart.levels.findIndex(isKnown), ...pointed].filter((at) => at >= 0)
  const count = chart.conditions[0]?.values.length ?? 0
  if (found.length === 0) return 0
  const first = Math.min(...found)
  return Math.max(0, Math.min(first - Math.ceil((count - first) / 20), count - LEAST))
}

/** Points that a chart has room for; the others are put together. */
const MOST = 1500

/** How many minutes one point of the chart stands for. */
export const minutesPerPoint = (minutes: number): number => Math.max(1, Math.ceil(minutes / MOST))

/** Of so many minutes each, the value that lies farthest on the side that counts: what broke the rule must not vanish. */
export function thinned(values: readonly (number | null)[], step: number, low: boolean): (number | null)[] {
  if (step === 1) return [...values]
  const found: (number | null)[] = []
  for (let at = 0; at < values.length; at += step) {
    const part = values.slice(at, at + step).filter((value) => value !== null)
    found.push(part.length === 0 ? null : low ? Math.min(...part) : Math.max(...part))
  }
  return found
}
