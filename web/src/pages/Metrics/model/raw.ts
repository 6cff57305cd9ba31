// Raw series as the chart draws them: which part of each sample is shown, on one grid of time as fine as they report. Pure.
import type { MetricPoint, RawPoint, RawSeries, SampledSeries } from '../../../api/types'
import { MAX_SERIES, type Drawn, type Grid, type Selection } from './series'

/** What of a series is drawn. */
export type Part = 'value' | 'rate' | 'mean' | 'p50' | 'p90' | 'p95' | 'p99'

const PARTS: readonly Part[] = ['value', 'rate', 'mean', 'p50', 'p90', 'p95', 'p99']

const SHORT: Record<Part, string> = { value: '', rate: 'rate of ', mean: 'mean of ', p50: 'p50 of ', p90: 'p90 of ', p95: 'p95 of ', p99: 'p99 of ' }
const PART_NAMES: Record<Part, string> = { value: '', rate: 'per second', mean: 'mean', p50: 'median', p90: '90th percentile', p95: '95th percentile', p99: '99th percentile' }

/** A series and what of it is drawn, as the address has it: `5b8efff798038103:p95`. */
export interface Choice {
  id: string
  part: Part
}

const ID = /^[0-9a-f]{16}$/

export function choiceOf(text: string): Choice | null {
  const [id = '', part = 'value'] = text.split(':')
  const known = PARTS.find((p) => p === part)
  return ID.test(id) && known ? { id, part: known } : null
}

export const keyOf = ({ id, part }: Choice) => `${id}:${part}`

export const isDistribution = (series: SampledSeries) => ['HISTOGRAM', 'EXPONENTIAL_HISTOGRAM', 'SUMMARY'].includes(series.instrument)

/** What can be drawn of a series, the most telling first. */
export function partsOf(series: SampledSeries): Part[] {
  if (series.instrument === 'SUMMARY') return ['mean', 'rate']
  if (isDistribution(series)) return ['p95', 'p50', 'p90', 'p99', 'mean', 'rate']
  return series.instrument === 'COUNTER' ? ['rate', 'value'] : ['value']
}

export const partName = (part: Part) => PART_NAMES[part]

/** UCUM writes what is counted in braces: it is no unit of its own. */
export function unitOf(series: SampledSeries, part: Part): string {
  const own = series.unit.replaceAll(/\{[^}]*\}/g, '').replace(/^1$/, '')
  if (part !== 'rate') return own
  if (isDistribution(series)) return '1/s'
  return own ? `${own}/s` : '1/s'
}

function valueOf(point: RawPoint, part: Part): number | null {
  if (part === 'value') return point.value
  if (part === 'rate') return point.per_second
  return point.came?.[part] ?? null
}

/** The attributes of a series in one line. */
export function attributesText(series: SampledSeries): string {
  return Object.entries(series.attributes)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ')
}

function labelOf(series: SampledSeries, part: Part): string {
  const above = [series.tier.name, series.node.name, attributesText(series)].filter(Boolean).join(' › ')
  const name = `${SHORT[part]}${series.name}`
  return above ? `${above} › ${name}` : name
}

/** The middle of the distances between points, milliseconds. */
function intervalOf(points: RawPoint[]): number | null {
  const distances = points.slice(1).map((p, i) => p.at - (points[i]?.at ?? 0)).sort((a, b) => a - b)
  return distances[Math.floor(distances.length / 2)] ?? null
}

const WIDTHS = [1_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000, 10_800_000, 43_200_000, 86_400_000]

/** As wide as the slowest of the series reports, so that none has holes between its own samples. */
function gridOf(raw: RawSeries, window: { from: number; to: number }): Grid {
  const slowest = Math.max(raw.step_ms ?? 0, ...raw.items.map((item) => intervalOf(item.points) ?? 0), (window.to - window.from) / 720)
  const width = WIDTHS.find((w) => w >= slowest * 0.9) ?? slowest
  const at: number[] = []
  for (let slot = Math.ceil(window.from / width) * width; slot < window.to; slot += width) at.push(slot / 1000)
  return { at, minutesPerPoint: width / 60_000, fillingFrom: null }
}

/** For each slot the sample that lies nearest to it, not further than three quarters of a slot. */
function onGrid(grid: Grid, points: RawPoint[], part: Part): (MetricPoint | null)[] {
  const reach = grid.minutesPerPoint * 45_000
  let next = 0
  return grid.at.map((seconds) => {
    const at = seconds * 1000
    while (next + 1 < points.length && Math.abs((points[next + 1]?.at ?? 0) - at) <= Math.abs((points[next]?.at ?? 0) - at)) next += 1
    const point = points[next]
    const value = point && Math.abs(point.at - at) <= reach ? valueOf(point, part) : null
    if (!point || value === null) return null
    return { at: point.at, value, min: value, max: value, sum: value, count: 0 }
  })
}

/** Everything to draw of what was chosen, in that order. */
export function rawSelection(choices: Choice[], raw: RawSeries, window: { from: number; to: number }): Selection {
  const grid = gridOf(raw, window)
  const byId = new Map(raw.items.map((item) => [item.series.id, item]))
  const series = choices.slice(0, MAX_SERIES).flatMap((choice): Drawn[] => {
    const item = byId.get(choice.id)
    if (!item) return []
    return [{ path: keyOf(choice), label: labelOf(item.series, choice.part), unit: unitOf(item.series, choice.part), points: onGrid(grid, item.points, choice.part), earlier: null }]
  })
  const units = [...new Set(series.map((s) => s.unit))]
  return { grid, series, beyond: 0, units: units.slice(0, 2), unitsLeftOut: units.slice(2) }
}
