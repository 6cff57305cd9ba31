// Values of a metric as text, by its unit. Pure.
import { exact, milliseconds, percent, responseTime, short } from './numbers'

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** 1,536 bytes as 1.5 KiB. */
export function bytes(value: number): string {
  const size = Math.abs(value)
  const step = size < 1 ? 0 : Math.min(BINARY.length - 1, Math.floor(Math.log2(size) / 10))
  return `${short(value / 1024 ** step)} ${BINARY[step]}`
}

/** For an axis or a table cell. */
export function shownIn(unit: string, value: number | null): string {
  if (value === null) return '–'
  if (unit === 'ms') return value < 0 ? `${short(value)} ms` : responseTime(value)
  if (unit === 's') return value < 0 ? `${short(value)} s` : milliseconds(value * 1000)
  if (unit === '%') return value > 0 ? percent(value) : `${short(value)} %`
  if (unit === 'By' || unit === 'bytes') return bytes(value)
  if (unit === 'per minute' || unit === 'calls/min') return `${short(value)}/min`
  return unit && unit !== '1' ? `${short(value)} ${unit}` : short(value)
}

/** All digits, with the unit. */
export function exactIn(unit: string, value: number | null): string {
  return exact(value, unit === '1' ? '' : unit)
}

/** What stands for a unit where there is none. */
export const unitName = (unit: string) => (unit === '' || unit === '1' ? 'no unit' : unit)
