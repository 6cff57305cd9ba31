// The axes of the plot of durations over time. Pure.

export interface Point {
  key: string
  /** UTC milliseconds. */
  at: number
  ms: number
  failed: boolean
}

export interface Axis {
  from: number
  to: number
  log: boolean
}

/** Where a value stands between the ends, 0 to 1. */
export function placeOf({ from, to, log }: Axis, value: number): number {
  if (!log) return (value - from) / (to - from || 1)
  return Math.log(Math.max(value, from) / from) / (Math.log(to / from) || 1)
}

/** The value at a place, 0 to 1. */
export function valueAt({ from, to, log }: Axis, place: number): number {
  return log ? from * (to / from) ** place : from + place * (to - from)
}

/** Round ends around all durations: from zero, or powers of ten. */
export function durationAxis(points: readonly Point[], log: boolean): Axis {
  const longest = points.reduce((most, { ms }) => Math.max(most, ms), 0)
  if (!log) return { from: 0, to: longest > 0 ? longest * 1.05 : 1, log }
  // What took no time at all has no logarithm: it stands at the lower end.
  const shortest = points.reduce((least, { ms }) => (ms > 0 ? Math.min(least, ms) : least), longest || 1)
  const from = 10 ** Math.floor(Math.log10(shortest))
  return { from, to: Math.max(10 ** Math.ceil(Math.log10(longest || 1)), from * 10), log }
}

export function durationTicks(axis: Axis): number[] {
  if (axis.log) {
    const decades = Math.round(Math.log10(axis.to / axis.from))
    const every = Math.ceil(decades / 5)
    return Array.from({ length: decades + 1 }, (_, n) => axis.from * 10 ** n).filter((_, n) => n % every === 0)
  }
  return steps(axis.from, axis.to, stepFor(axis.to - axis.from, 4))
}

function stepFor(whole: number, wanted: number): number {
  const rough = whole / wanted
  const power = 10 ** Math.floor(Math.log10(rough))
  return ([1, 2, 5, 10].find((n) => n * power >= rough) ?? 10) * power
}

function steps(from: number, to: number, step: number): number[] {
  const first = Math.ceil(from / step)
  return Array.from({ length: Math.max(0, Math.floor(to / step) - first + 1) }, (_, n) => (first + n) * step)
}

const SECOND = 1000
const TIMES = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000].map((s) => s * SECOND)

/** Round moments, about as many as wanted. `offset` is the zone's distance from UTC, so that days begin where people's do. */
export function timeTicks(from: number, to: number, wanted: number, offset = 0): number[] {
  const step = TIMES.find((one) => (to - from) / one <= wanted) ?? TIMES.at(-1) ?? SECOND
  return steps(from + offset, to + offset, step).map((at) => at - offset)
}

/** The point nearest to a place, if it is near. Places and `reach` in pixels. */
export function nearest(points: readonly Point[], placed: (point: Point) => { x: number; y: number }, x: number, y: number, reach: number): Point | null {
  let best: Point | null = null
  let least = reach * reach
  for (const point of points) {
    const at = placed(point)
    const distance = (at.x - x) ** 2 + (at.y - y) ** 2
    if (distance <= least) {
      best = point
      least = distance
    }
  }
  return best
}
