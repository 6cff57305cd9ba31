// A series on the regular grid a chart draws: one slot per point of the resolution, a gap where there is none.
import type { Series, SeriesPoint } from '../../api/types'

export interface Grid {
  /** Seconds, as uPlot wants them. */
  at: number[]
  points: (SeriesPoint | null)[]
  /** First slot still filling, in seconds; null when all are complete. */
  fillingFrom: number | null
  minutesPerPoint: number
}

export function gridOf(series: Series, from: number, to: number): Grid {
  const width = series.minutes_per_point * 60_000
  const first = Math.floor(Math.min(from, series.points[0]?.at ?? from) / width) * width
  const byTime = new Map(series.points.map((p) => [p.at, p]))
  const at: number[] = []
  const points: (SeriesPoint | null)[] = []
  for (let slot = first; slot < to; slot += width) {
    at.push(slot / 1000)
    points.push(byTime.get(slot) ?? null)
  }
  const filling = series.filling_from === null ? null : Math.floor(series.filling_from / width) * width
  return { at, points, fillingFrom: filling !== null && filling < to ? filling / 1000 : null, minutesPerPoint: series.minutes_per_point }
}

/** A count of a slot as a rate per minute; a gap stays a gap. */
export function perMinuteOf(grid: Grid, value: (p: SeriesPoint) => number): (number | null)[] {
  return grid.points.map((p) => (p ? value(p) / grid.minutesPerPoint : null))
}

export function valuesOf(grid: Grid, value: (p: SeriesPoint) => number | null): (number | null)[] {
  return grid.points.map((p) => (p ? value(p) : null))
}

/** Where an axis of time ends, seconds: where the range does, which may be in the middle of its last slot, but with room for that slot's mark. */
export const axisEnd = (at: readonly number[], until: number): number => Math.max((at.at(-1) ?? until) + ((at[1] ?? 0) - (at[0] ?? 0)) / 2, until)

const FEW = 8

/** Which values are drawn as dots: those between two gaps, which have no line; all of them where there are few. */
export function dotsOf(values: ArrayLike<number | null | undefined>): number[] {
  const measured = Array.from(values, (v, i) => ((v ?? null) === null ? -1 : i)).filter((i) => i >= 0)
  if (measured.length <= FEW) return measured
  return measured.filter((i) => (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null)
}
