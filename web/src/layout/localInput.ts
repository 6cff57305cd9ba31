// A moment as <input type="datetime-local"> writes it: the time of a zone, to the minute, without the zone.
import { dayOf, offsetMinutes, timeZone } from '../time/zone'

const MINUTE = 60_000
const DAY = 1440 * MINUTE

export function toInput(at: number, zone = timeZone): string {
  return new Date(at + offsetMinutes(at, zone) * MINUTE).toISOString().slice(0, 16)
}

/** The beginnings of so many days in a zone, that of a moment first. A day on which clocks are changed is an hour longer or shorter. */
export function midnights(at: number, days: number, zone = timeZone): number[] {
  const first = Date.parse(`${dayOf(at, zone)}T00:00Z`)
  return Array.from({ length: days }, (_, day) => fromInput(new Date(first + day * DAY).toISOString(), zone))
}

/** NaN when the text is no moment. */
export function fromInput(text: string, zone = timeZone): number {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(text)) return Number.NaN
  const asUtc = Date.parse(`${text.slice(0, 16)}Z`)
  if (Number.isNaN(asUtc)) return Number.NaN
  // The offset is that of the moment itself, which is found by the offset near it.
  const near = asUtc - offsetMinutes(asUtc, zone) * MINUTE
  return asUtc - offsetMinutes(near, zone) * MINUTE
}
