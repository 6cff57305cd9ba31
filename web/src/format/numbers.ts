// Numbers as people read them: three significant digits and a unit; the exact value for hovering.
// Nothing measured (null) is a dash, zero is zero.

export const NONE = '–'

/** Made once: to make one costs a hundred times what it costs to use it, and a map or table writes thousands of numbers. */
const whole = new Intl.NumberFormat('en')
const allDigits = new Intl.NumberFormat('en', { maximumFractionDigits: 6 })

/** Three significant digits without exponent or trailing noise: 0.0123, 1.23, 12.3, 123, and 1,230 as 1.23k when short is wanted. */
export function significant(value: number): string {
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 999.5) return whole.format(Math.round(value))
  return trimmed(value.toPrecision(3))
}

function trimmed(text: string): string {
  const plain = text.includes('e') ? Number(text).toFixed(12) : text
  return plain.includes('.') ? plain.replace(/\.?0+$/, '') : plain
}

const SHORT: [number, string][] = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
]

/** 1.23k, 4.56M: for rates and counts where room is scarce. Below 1,000 it equals `significant`. */
export function short(value: number | null): string {
  if (value === null) return NONE
  for (const [factor, letter] of SHORT) {
    if (Math.abs(value) >= factor * 0.9995) return `${trimmed((value / factor).toPrecision(3))}${letter}`
  }
  const text = significant(value)
  return Math.abs(value) < 0.0005 && value !== 0 ? '<0.001' : text
}

/** Calls per minute; `≈` where agents report a sample and the figure is scaled up from it. */
export function rateOf(figures: { calls_per_minute: number; sampled_percent: number | null }): string {
  return `${figures.sampled_percent === null ? '' : '≈'}${short(figures.calls_per_minute)}`
}

/** The remark that goes with `≈`; empty where every call was reported. */
export function sampledText(figures: { sampled_percent: number | null }): string {
  return figures.sampled_percent === null ? '' : `scaled up: the agents report ${percent(figures.sampled_percent)} of the calls`
}

export function perMinute(value: number | null): string {
  return value === null ? NONE : `${short(value)}/min`
}

/** 0.82 ms, 123 ms, 1.23 s, 2 min 5 s. */
export function milliseconds(ms: number | null): string {
  if (ms === null) return NONE
  if (ms === 0) return '0 ms'
  if (ms < 0.9995) return ms < 0.0005 ? `${significant(ms * 1e6)} ns` : `${significant(ms * 1000)} µs`
  if (ms < 999.5) return `${significant(ms)} ms`
  if (ms < 119_950) return `${significant(ms / 1000)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** Response times on pages: never in a finer unit than ms, since microseconds make neighbours hard to compare. */
export function responseTime(ms: number | null): string {
  return ms !== null && ms > 0 && ms < 0.9995 ? `${significant(ms)} ms` : milliseconds(ms)
}

export function microseconds(us: number): string {
  return milliseconds(us / 1000)
}

export function percent(value: number | null): string {
  if (value === null) return NONE
  if (value > 0 && value < 0.01) return '<0.01 %'
  if (value < 100 && value > 99.95) return '99.9 %'
  return `${significant(value)} %`
}

export function count(value: number): string {
  return whole.format(value)
}

/** The whole value for hovering: all the digits that were measured, with the unit. */
export function exact(value: number | null, unit: string): string {
  if (value === null) return 'no data'
  const text = allDigits.format(value)
  return unit ? `${text} ${unit}` : text
}

/** The error share for hovering. Totals have the minute that is still filling, shares do not: where that makes them differ it is said. */
export function errorShareText(figures: { calls: number; errors: number; error_percent: number }): string {
  const { calls, errors, error_percent: share } = figures
  if (calls === 0) return 'no calls'
  const counted = `${exact(errors, '')} of ${exact(calls, 'calls')}`
  const agree = Math.abs((100 * errors) / calls - share) < 1e-6
  return agree ? `${exact(share, '%')}: ${counted}` : `${exact(share, '%')} in complete minutes; ${counted} so far`
}

/** `1 tier`, `3 tiers`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`
}
