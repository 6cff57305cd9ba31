// What the chart shows as a file of comma-separated values (RFC 4180). Pure.
import type { MetricPoint } from '../../../api/types'
import type { Selection } from './series'

const LINE = '\r\n'

/** A field in quotes where it needs them. What a spreadsheet would run as a formula is made a text. */
function field(text: string): string {
  const safe = /^[=+\-@\t]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

const number = (point: MetricPoint | null | undefined) => (point ? String(point.value) : '')

/** A line for each slot: its time (ISO 8601, UTC), whether it is complete, and each series' value; nothing reported is nothing written. */
export function csvOf({ grid, series }: Selection, comparedWith: string | null): string {
  const columns = series.flatMap((s) => {
    const name = s.unit ? `${s.path} [${s.unit}]` : s.path
    return [{ name, points: s.points }, ...(s.earlier && comparedWith ? [{ name: `${name}, ${comparedWith}`, points: s.earlier }] : [])]
  })
  const head = ['time', 'complete', ...columns.map((c) => field(c.name))]
  const rows = grid.at.map((at, i) => [new Date(at * 1000).toISOString(), String(grid.fillingFrom === null || at < grid.fillingFrom), ...columns.map((c) => number(c.points[i]))])
  return [head, ...rows].map((row) => row.join(',') + LINE).join('')
}
