// What a live tail holds: the newest records, each once, and what it had to leave out. Pure.
//
// Agents send records some seconds late and out of order, so each poll asks for the last minute again and records that
// are here already are left out by their ids.
import type { LogRecord } from '../../../api/types'

/** Records that are held. */
export const MAX_HELD = 2000
/** How far back a poll asks. */
export const OVERLAP_MS = 60_000
/** Records a poll asks for. */
export const POLL_LIMIT = 1000

export interface Tail {
  /** Newest first. */
  records: LogRecord[]
  /** When the last poll was made (its end). */
  polledTo: number | null
  /** Times between which records were not fetched: more came than a poll takes, or polling paused for too long. */
  gaps: number
  /** Records that left at the old end. */
  dropped: number
}

export const EMPTY: Tail = { records: [], polledTo: null, gaps: 0, dropped: 0 }

/** A poll's page added: the records from `from` to `to`, newest first; `more`: there are older ones in that time. */
export function added(tail: Tail, page: LogRecord[], { from, to, more }: { from: number; to: number; more: boolean }): Tail {
  const known = new Set(tail.records.map((r) => r.id))
  const fresh = page.filter((r) => !known.has(r.id))
  const reachedBack = more ? (page.at(-1)?.at ?? to) : from
  const isGap = tail.polledTo !== null && reachedBack > tail.polledTo
  const all = fresh.length ? [...tail.records, ...fresh].toSorted((a, b) => b.at - a.at) : tail.records
  return {
    records: all.length > MAX_HELD ? all.slice(0, MAX_HELD) : all,
    polledTo: to,
    gaps: tail.gaps + (isGap ? 1 : 0),
    dropped: tail.dropped + Math.max(0, all.length - MAX_HELD),
  }
}
