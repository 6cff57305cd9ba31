// The time zone of everything on the screen: the browser's, or the one that was chosen here. Formatters are made once, with the
// page: choosing another loads it anew.

const KEY = 'vedette-time-zone'

/** IANA names, UTC first. */
export const TIME_ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')]

function stored(): string | null {
  try {
    const zone = globalThis.localStorage?.getItem(KEY) || null
    return zone && new Intl.DateTimeFormat(undefined, { timeZone: zone }) && zone
  } catch {
    // Storage can be forbidden, and a zone unknown to this browser; its own is as good.
    return null
  }
}

/** What was chosen; null for the browser's. */
export const chosenZone = stored()
export const browserZone = new Intl.DateTimeFormat().resolvedOptions().timeZone
export const timeZone = chosenZone ?? browserZone

export function chooseZone(zone: string | null): void {
  if (zone === null) localStorage.removeItem(KEY)
  else localStorage.setItem(KEY, zone)
  location.reload()
}

/** How many minutes a zone is before UTC at a moment. */
export function offsetMinutes(at: number, zone = timeZone): number {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(at)
  const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(parts.find((part) => part.type === 'timeZoneName')?.value ?? '') ?? []
  const total = Number(hours ?? 0) * 60 + Number(minutes ?? 0)
  return sign === '-' ? -total : total
}

/** The calendar day a moment falls on, `2026-11-27`. */
export function dayOf(at: number, zone = timeZone): string {
  return new Date(at + offsetMinutes(at, zone) * 60_000).toISOString().slice(0, 10)
}
