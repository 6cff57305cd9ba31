// What a retention costs, and whether the disk has room for it. Pure.
import type { Storage, TableUsage } from '../../api/types'

export const HOUR = 3_600_000
export const DAY = 24 * HOUR
export const SHORTEST = HOUR
export const LONGEST = 3650 * DAY

export type Unit = 'hours' | 'days'

export const milliseconds = (amount: number, unit: Unit) => Math.round(amount * (unit === 'days' ? DAY : HOUR))

/** As people would write it: whole days as days, else hours. */
export function amountOf(ms: number): { amount: number; unit: Unit } {
  return ms % DAY === 0 ? { amount: ms / DAY, unit: 'days' } : { amount: ms / HOUR, unit: 'hours' }
}

const ofSetting = ({ tables }: Storage, setting: string): TableUsage[] => tables.filter((table) => table.setting === setting)

/** What the tables of a setting take now, and what they take once they are as old as `ms`; null while nothing tells. */
export function costOf(storage: Storage, setting: string, ms: number): { bytes: number; expected: number | null } {
  const tables = ofSetting(storage, setting)
  const known = tables.flatMap((table) => (table.bytes_per_day === null ? [] : [table.bytes_per_day]))
  return { bytes: tables.reduce((sum, table) => sum + table.bytes, 0), expected: known.length ? known.reduce((sum, day) => sum + (day * ms) / DAY, 0) : null }
}

/** What all tables will want beyond what they have, with one setting changed, and what there is for it. */
export function outlookOf(storage: Storage, setting: string | null, ms: number): { more: number; room: number; told: boolean } {
  const room = Math.max(0, storage.disk.free_bytes - storage.disk.make_room_below_bytes)
  const of = (table: TableUsage) => (table.setting === setting && table.bytes_per_day !== null ? (table.bytes_per_day * ms) / DAY : table.expected_bytes)
  const more = storage.tables.reduce((sum, table) => sum + Math.max(0, (of(table) ?? table.bytes) - table.bytes), 0)
  return { more, room, told: storage.tables.some((table) => table.bytes_per_day !== null) }
}

/** Why an amount cannot be set; null when it can. */
export function problemOf(amount: number | string, unit: Unit): string | null {
  if (typeof amount !== 'number' || !Number.isFinite(amount)) return 'Write a number'
  const ms = milliseconds(amount, unit)
  if (ms < SHORTEST) return 'An hour at least'
  return ms > LONGEST ? 'Ten years at most' : null
}
