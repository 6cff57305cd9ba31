import type { Figures } from '../../../api/types'
import { worstDeviation } from '../../../components/baseline/state'

/**
 * Figures of several measured things as one: sums, and response times weighted by calls. A percentile of several
 * cannot be made from theirs: it is absent, and so stays a gap on the screen.
 */
export function mergeFigures(parts: readonly Figures[]): Figures {
  const [only] = parts
  if (only && parts.length === 1) return only
  const sum = (of: (f: Figures) => number) => parts.reduce((total, f) => total + of(f), 0)
  const measured = parts.filter((f) => f.average_ms !== null && f.calls > 0)
  const calls = sum((f) => f.calls)
  const errors = sum((f) => f.errors)
  const timed = measured.reduce((total, f) => total + f.calls, 0)
  return {
    calls,
    errors,
    calls_per_minute: sum((f) => f.calls_per_minute),
    errors_per_minute: sum((f) => f.errors_per_minute),
    error_percent: calls ? (100 * errors) / calls : 0,
    average_ms: timed ? measured.reduce((total, f) => total + f.calls * (f.average_ms ?? 0), 0) / timed : null,
    min_ms: least(measured.map((f) => f.min_ms)),
    max_ms: most(measured.map((f) => f.max_ms)),
    p95_ms: null,
    slow: sum((f) => f.slow),
    very_slow: sum((f) => f.very_slow),
    stall: sum((f) => f.stall),
    sampled_percent: sampled(parts, calls),
    // A group is as bad as its worst member.
    deviation: worstDeviation(parts.map((f) => f.deviation)),
  }
}

/** Of all their calls the share that agents report; a part that is not sampled reports all of its. */
function sampled(parts: readonly Figures[], calls: number): number | null {
  if (parts.every((f) => f.sampled_percent === null)) return null
  const reported = parts.reduce((total, f) => total + f.calls * (f.sampled_percent ?? 100), 0)
  return calls ? reported / calls : least(parts.map((f) => f.sampled_percent))
}

const known = (values: (number | null)[]) => values.filter((v) => v !== null)
const least = (values: (number | null)[]) => (known(values).length ? Math.min(...known(values)) : null)
const most = (values: (number | null)[]) => (known(values).length ? Math.max(...known(values)) : null)
