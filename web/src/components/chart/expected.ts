// What a baseline expects, on the grid that a chart draws.
import type { Band, Bands, HourBand } from '../../api/types'
import type { Grid } from './grid'

export interface Expected {
  /** Of the grid's slots; null where there is no baseline. */
  mean: (number | null)[]
  deviation: (number | null)[]
}

/** What a model says is usual, slot by slot; null where it does not know. */
export interface Usual {
  expected: (number | null)[]
  /** Null: no value is too low. */
  low: (number | null)[]
  high: (number | null)[]
}

const HOUR = 3_600_000

/** Each slot gets what is expected of its hour. */
export function expectedOf(grid: Grid, bands: Bands | null, of: (hour: Bands['hours'][number]) => Band | null): Expected | undefined {
  return bands ? expectedByHour(grid, bands.hours.map((hour) => ({ at: hour.at, band: of(hour) }))) : undefined
}

/** The same of what is expected hour by hour. */
export function expectedByHour(grid: Pick<Grid, 'at'>, hours: HourBand[]): Expected {
  const byHour = new Map(hours.map((hour) => [hour.at, hour.band]))
  const slots = grid.at.map((seconds) => byHour.get(Math.floor((seconds * 1000) / HOUR) * HOUR) ?? null)
  return { mean: slots.map((band) => band?.mean ?? null), deviation: slots.map((band) => band?.deviation ?? null) }
}

/** Whether it expects anything anywhere. */
export const isKnown = (expected: Expected | undefined) => expected?.mean.some((mean) => mean !== null) ?? false

/** The highest that the band reaches, as far as a chart of values up to `most` makes room for it. */
export function roomFor(expected: Expected | undefined, most: number): number {
  const top = (expected?.mean ?? []).reduce<number>((all, mean, i) => (mean === null ? all : Math.max(all, mean + 3 * (expected?.deviation[i] ?? 0))), 0)
  const mean = (expected?.mean ?? []).reduce<number>((all, one) => Math.max(all, one ?? 0), 0)
  // A wide band must not press the values flat.
  return Math.max(most, Math.min(top, Math.max(2 * most, 1.25 * mean)))
}

/** The same of what is usual: all of it, unless that would press the values flat. */
export function roomForUsual(usual: Usual | undefined, most: number): number {
  const top = (usual?.high ?? []).reduce<number>((all, high) => Math.max(all, high ?? 0), 0)
  const expected = (usual?.expected ?? []).reduce<number>((all, one) => Math.max(all, one ?? 0), 0)
  return Math.max(most, Math.min(top, Math.max(3 * most, 1.5 * expected)))
}

/** Runs of slots that have a value, `[first, last]`. */
export function runsOf(values: readonly (number | null)[]): [number, number][] {
  const runs: [number, number][] = []
  values.forEach((value, i) => {
    if (value === null) return
    const open = runs.at(-1)
    if (open && open[1] === i - 1) open[1] = i
    else runs.push([i, i])
  })
  return runs
}
