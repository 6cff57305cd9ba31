// What the metric browser draws: the series of the chosen paths on one grid of time, at most two units. Pure.
import type { MetricData, MetricPoint, MetricSeries } from '../../../api/types'
import { expectedByHour, isKnown, type Expected } from '../../../components/chart/expected'

/** Lines on one chart; as many colours there are. */
export const MAX_SERIES = 8

export interface Grid {
  /** Unix seconds, as the chart wants them. */
  at: number[]
  minutesPerPoint: number
  /** First slot still filling, Unix seconds; null when all are complete. */
  fillingFrom: number | null
}

export interface Drawn {
  path: string
  label: string
  unit: string
  /** One for each slot of the grid; null where nothing was reported. */
  points: (MetricPoint | null)[]
  /** The same slots of an earlier range, when compared. */
  earlier: (MetricPoint | null)[] | null
  /** What a baseline expects in these slots, where one was asked for and the metric has one. */
  expected?: Expected
}

export interface Selection {
  grid: Grid
  series: Drawn[]
  /** Series beyond `MAX_SERIES`. */
  beyond: number
  /** At most two; a series of any other is in the table and not on the chart. */
  units: string[]
  /** Units that found no axis. */
  unitsLeftOut: string[]
}

interface Window {
  from: number
  to: number
}

const MINUTE = 60_000

function gridOf(first: MetricData | undefined, window: Window): Grid {
  const minutesPerPoint = first?.minutes_per_point ?? 1
  const width = minutesPerPoint * MINUTE
  const at: number[] = []
  for (let slot = Math.floor(window.from / width) * width; slot < window.to; slot += width) at.push(slot / 1000)
  const from = first?.filling_from ?? null
  const filling = from === null ? null : (Math.floor(from / width) * width) / 1000
  return { at, minutesPerPoint, fillingFrom: filling !== null && filling <= (at.at(-1) ?? 0) ? filling : null }
}

function onGrid(grid: Grid, points: MetricPoint[], shift: number): (MetricPoint | null)[] {
  const width = grid.minutesPerPoint * MINUTE
  const byTime = new Map(points.map((p) => [Math.floor((p.at + shift) / width) * width, p]))
  return grid.at.map((at) => byTime.get(at * 1000) ?? null)
}

/** Everything to draw of what came in, in the order it was chosen. `earlier` lies `shift` milliseconds before. */
export function selectionOf(now: (MetricData | null)[], earlier: (MetricData | null)[], shift: number, window: Window): Selection {
  const first = now.find((data) => data !== null) ?? undefined
  const grid = gridOf(first, window)
  const found = new Map<string, MetricSeries>()
  for (const data of now) for (const series of data?.items ?? []) if (!found.has(series.path)) found.set(series.path, series)
  const before = new Map<string, MetricSeries>()
  for (const data of earlier) for (const series of data?.items ?? []) before.set(series.path, series)
  const all = [...found.values()]
  const shown = all.slice(0, MAX_SERIES)
  const labels = labelsOf(shown.map((s) => s.path))
  const series = shown.map((s, i) => ({
    path: s.path,
    label: labels[i] ?? s.path,
    unit: s.unit,
    points: onGrid(grid, s.points, 0),
    earlier: shift === 0 ? null : onGrid(grid, before.get(s.path)?.points ?? [], shift),
    expected: s.expected ? expectedByHour(grid, s.expected) : undefined,
  }))
  const units = [...new Set(series.map((s) => s.unit))]
  return { grid, series, beyond: all.length - shown.length, units: units.slice(0, 2), unitsLeftOut: units.slice(2) }
}

/** Whose band is drawn: one at a time, of the left axis, the strong series' or the only one's. */
export function bandOf({ series, units }: Selection, strong: string | null): Drawn | null {
  const drawn = series.filter((s) => units.includes(s.unit))
  const of = drawn.find((s) => s.path === strong) ?? (drawn.length === 1 ? drawn[0] : undefined)
  return of && of.unit === units[0] && isKnown(of.expected) ? of : null
}

const BAR = '|'
/** Between the segments of a label. */
export const SEPARATOR = ' › '

/** Names short enough for a chart that still tell the paths apart: what all share in front goes, two segments stay at least. */
export function labelsOf(paths: string[]): string[] {
  const split = paths.map((path) => path.split(BAR))
  const shortest = Math.min(...split.map((parts) => parts.length))
  let shared = 0
  while (split.length > 0 && shared < shortest - 1 && split.every((parts) => parts[shared] === split[0]?.[shared])) shared += 1
  return split.map((parts) => parts.slice(Math.min(shared, parts.length - 2)).join(SEPARATOR))
}

export interface Statistics {
  min: number
  average: number
  max: number
  last: number
  lastAt: number
  /** Points with a value. */
  points: number
}

/** Over the complete points; null where there are none. */
export function statisticsOf(grid: Grid, points: (MetricPoint | null)[]): Statistics | null {
  const complete = points.filter((p, i): p is MetricPoint => p !== null && (grid.fillingFrom === null || (grid.at[i] ?? 0) < grid.fillingFrom))
  const last = complete.at(-1)
  if (!last) return null
  const values = complete.map((p) => p.value)
  return { min: Math.min(...values), average: averageOf(complete), max: Math.max(...values), last: last.value, lastAt: last.at, points: complete.length }
}

/** Averages and rates are weighed by what is behind each point; totals and percentiles are not. */
function averageOf(points: MetricPoint[]): number {
  const sum = (of: (p: MetricPoint) => number) => points.reduce((total, p) => total + of(p), 0)
  const weighed = points.every((p) => p.count > 0 && Math.abs(p.sum / p.count - p.value) <= 1e-9 * Math.max(1, Math.abs(p.value)))
  return weighed ? sum((p) => p.sum) / sum((p) => p.count) : sum((p) => p.value) / points.length
}

const AVERAGE = 'Average Response Time (ms)'
const PERCENTILE = '95th Percentile Response Time (ms)'

/** The path of the percentile beside an average response time; null where there is none: calls out of a tier have no percentiles. */
export function percentileOf(path: string): string | null {
  const parts = path.split(BAR)
  const has = parts[0] === 'Overall Application Performance' || parts[0] === 'Business Transaction Performance'
  if (!has || parts.includes('External Calls') || parts.at(-1) !== AVERAGE) return null
  return [...parts.slice(0, -1), PERCENTILE].join(BAR)
}
