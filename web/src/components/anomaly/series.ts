// A judged series on the grid that a chart draws: its values, what is usual, its states as stretches of time. Pure.
import type { AnomalyPoint, AnomalyState } from '../../api/types'
import type { Usual } from '../chart/expected'
import type { Stretch } from '../chart/plot'

/** Points that a chart has room for; the others are put together. */
const MOST = 1500

const GRAVITY: Record<AnomalyState, number> = { NO_DATA: 0, LEARNING: 1, NORMAL: 2, WARNING: 3, CRITICAL: 4 }

/** How far outside of what is usual, or how near its edge. */
function strayed({ value, low, high, expected }: AnomalyPoint): number {
  if (value === null) return Number.NEGATIVE_INFINITY
  const width = Math.max((high ?? value) - (expected ?? value), 1e-9)
  return Math.max((value - (high ?? value)) / width, low === null ? Number.NEGATIVE_INFINITY : (low - value) / width)
}

const graver = (a: AnomalyPoint, b: AnomalyPoint) => GRAVITY[b.state] - GRAVITY[a.state] || strayed(b) - strayed(a)

/** As many points as a chart has room for: of so many minutes, the one that says most. */
export function thinnedPoints<Point extends AnomalyPoint>(points: readonly Point[], most = MOST): Point[] {
  const step = Math.ceil(points.length / most)
  if (step <= 1) return [...points]
  const found: Point[] = []
  for (let at = 0; at < points.length; at += step) {
    const [worst] = points.slice(at, at + step).sort(graver)
    if (worst) found.push({ ...worst, at: points[at]?.at ?? worst.at })
  }
  return found
}

export interface Judged {
  /** Seconds. */
  at: number[]
  values: (number | null)[]
  usual: Usual
}

export function judgedOf(points: readonly AnomalyPoint[]): Judged {
  return {
    at: points.map((point) => point.at / 1000),
    values: points.map((point) => point.value),
    usual: { expected: points.map((point) => point.expected), low: points.map((point) => point.low), high: points.map((point) => point.high) },
  }
}

export interface StateRun {
  state: AnomalyState
  /** UTC milliseconds; the end is where the next begins. */
  from: number
  to: number
}

/** Runs of points in one state; the last goes on for as long as the one before it. */
export function stateRuns(points: readonly AnomalyPoint[]): StateRun[] {
  const step = (points[1]?.at ?? 60_000) - (points[0]?.at ?? 0)
  const runs: StateRun[] = []
  points.forEach(({ at, state }, place) => {
    const last = runs.at(-1)
    const to = points[place + 1]?.at ?? at + step
    if (last?.state === state) last.to = to
    else runs.push({ state, from: at, to })
  })
  return runs
}

const SHADES: Partial<Record<AnomalyState, string>> = { WARNING: '--v-warn-soft', CRITICAL: '--v-crit-soft', LEARNING: '--v-info-soft' }

/** What is shaded behind the chart. */
export const shadesOf = (runs: readonly StateRun[]): Stretch[] =>
  runs.flatMap(({ state, from, to }) => {
    const colour = SHADES[state]
    return colour ? [{ from: from / 1000, to: to / 1000, colour }] : []
  })
