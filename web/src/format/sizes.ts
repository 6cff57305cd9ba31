// Sizes and spans of time as people read them.
import { NONE, significant } from './numbers'

const UNITS: [number, string][] = [
  [2 ** 40, 'TiB'],
  [2 ** 30, 'GiB'],
  [2 ** 20, 'MiB'],
  [2 ** 10, 'KiB'],
]

/** 1.5 GiB, 320 KiB, 12 B. */
export function bytes(value: number | null): string {
  if (value === null) return NONE
  // 1023.6 KiB is told as 1 MiB: three digits would make it 1,024 KiB.
  const [factor, unit] = UNITS.find(([size]) => value >= size * 0.9995) ?? [1, 'B']
  return `${significant(value / factor)} ${unit}`
}

const SECOND = 1000
const SPANS: [number, string][] = [
  [86_400 * SECOND, 'day'],
  [3600 * SECOND, 'hour'],
  [60 * SECOND, 'minute'],
  [SECOND, 'second'],
]

/** 14 days, 36 hours, 5 seconds: in the largest unit that it is a whole number of. */
export function span(ms: number): string {
  const [unit, name] = SPANS.find(([size]) => ms >= size && ms % size === 0) ?? [SECOND, 'second']
  const n = ms / unit
  return `${significant(n)} ${n === 1 ? name : `${name}s`}`
}
