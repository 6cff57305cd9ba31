// Minutes of one measured thing, summed into the contract's Figures and Series.
// A thing is { seed, rate (calls per minute), ms (mean), errors (share 0..1) }.
import { bandsOf, deviationOf } from './baselines.mjs'
import { noise } from './random.mjs'

const MINUTE = 60_000

export const minuteOf = (ms) => Math.floor(ms / MINUTE) * MINUTE

/** When the mock began: what it made up lies the same way before that, whatever the hour is. */
const START = minuteOf(Date.now())

/** True where the whole application was silent: a gap in every series, the last from 50 to 46 minutes before the start, clear of the middle of any range. */
const silent = (minute) => {
  const since = (((minute - START) / MINUTE) % 131 + 131) % 131
  return since >= 81 && since < 85
}

function minuteFigures(thing, minute) {
  if (silent(minute)) return null
  const hour = (minute / 3_600_000) % 24
  const day = 0.8 + 0.25 * Math.sin(((hour - 8) / 24) * 2 * Math.PI)
  const wave = 1 + 0.08 * Math.sin(minute / MINUTE / 7 + noise(thing.seed) * 6)
  const expected = thing.rate * day * wave * (0.85 + 0.3 * noise(thing.seed, minute, 'c'))
  const calls = Math.floor(expected) + (noise(thing.seed, minute, 'f') < expected % 1 ? 1 : 0)
  const failing = calls * thing.errors * (0.4 + 1.2 * noise(thing.seed, minute, 'e'))
  const errors = Math.min(calls, Math.floor(failing) + (noise(thing.seed, minute, 'g') < failing % 1 ? 1 : 0))
  const burst = noise(thing.seed, Math.floor(minute / MINUTE / 9), 'b') > 0.9 ? 1.7 : 1
  const average = thing.ms * burst * (0.85 + 0.3 * noise(thing.seed, minute, 'm'))
  return { calls, errors, average, slow: Math.round(calls * 0.004 * burst), verySlow: Math.round(calls * 0.0015 * burst) }
}

export function figures(thing, from, to, now) {
  const end = Math.min(minuteOf(to), minuteOf(now))
  const start = Math.ceil(from / MINUTE) * MINUTE
  const minutes = Math.max(1, (end - start) / MINUTE)
  const step = Math.max(1, Math.floor(minutes / 240))
  const sum = { calls: 0, errors: 0, time: 0, slow: 0, very_slow: 0, min: Infinity, max: 0 }
  for (let m = start; m < end; m += step * MINUTE) {
    const f = minuteFigures(thing, m)
    if (!f || !f.calls) continue
    sum.calls += f.calls * step
    sum.errors += f.errors * step
    sum.time += f.calls * step * f.average
    sum.slow += f.slow * step
    sum.very_slow += f.verySlow * step
    sum.min = Math.min(sum.min, f.average * 0.22)
    sum.max = Math.max(sum.max, f.average * 6.5)
  }
  const average = sum.calls ? sum.time / sum.calls : null
  const made = {
    calls: sum.calls,
    errors: sum.errors,
    calls_per_minute: sum.calls / minutes,
    errors_per_minute: sum.errors / minutes,
    error_percent: sum.calls ? (100 * sum.errors) / sum.calls : 0,
    average_ms: average,
    min_ms: sum.calls ? sum.min : null,
    max_ms: sum.calls ? sum.max : null,
    p95_ms: average === null ? null : average * 2.4,
    slow: sum.slow,
    very_slow: sum.very_slow,
    stall: 0,
    sampled_percent: null,
  }
  return { ...made, deviation: deviationOf(thing, made, to) }
}

export function sparkline(thing, from, to, now) {
  const points = 30
  const step = Math.max(MINUTE, Math.ceil((to - from) / points / MINUTE) * MINUTE)
  const line = []
  for (let at = minuteOf(to) - points * step; at < minuteOf(to); at += step) {
    if (at + step > now) break
    const f = minuteFigures(thing, minuteOf(at))
    line.push(f ? f.calls : null)
  }
  return line
}

export function series(thing, from, to, now, { choice = null, application = 1 } = {}) {
  const range = (to - from) / MINUTE
  const per = range <= 1459 ? 1 : range <= 2940 ? 10 : 60
  const width = per * MINUTE
  const points = []
  const filling = minuteOf(now)
  for (let at = Math.floor(from / width) * width; at < to; at += width) {
    const f = minuteFigures(thing, at)
    if (!f) continue
    const elapsed = at === filling ? Math.min(1, (now - filling) / MINUTE) : 1
    const calls = Math.round(f.calls * per * elapsed)
    points.push({
      at,
      calls,
      errors: Math.round(f.errors * per * elapsed),
      average_ms: calls ? f.average : null,
      p95_ms: calls ? f.average * 2.4 : null,
      min_ms: calls ? f.average * 0.22 : null,
      max_ms: calls ? f.average * 6.5 : null,
      slow: f.slow * per,
      very_slow: f.verySlow * per,
      stall: 0,
    })
  }
  return { minutes_per_point: per, points, filling_from: to > filling ? filling : null, totals: figures(thing, from, to, now), bands: bandsOf(thing, from, to, choice, application), partial: null }
}
