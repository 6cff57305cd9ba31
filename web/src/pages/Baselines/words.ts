// Baselines in words, and what somebody types about a new one.
import type { Baseline, NewBaseline } from '../../api/types'
import { plural } from '../../format/numbers'
import { minuteOf } from '../../format/times'

export const SEASONS: Record<Baseline['season'], string> = {
  day: 'the same hour of the day',
  week: 'the same hour of the same weekday',
  month: 'the same hour of the same day of the month',
  none: 'all hours',
}

export function windowText(window: Baseline['window']): string {
  return window.kind === 'rolling' ? `the ${plural(window.days, 'day')} before` : `${minuteOf(window.from)} – ${minuteOf(window.to)}`
}

export interface Draft {
  name: string
  season: Baseline['season']
  kind: 'rolling' | 'fixed'
  days: string
  /** Unix milliseconds; null where nothing sound was typed. */
  from: number | null
  to: number | null
}

export const EMPTY: Draft = { name: '', season: 'day', kind: 'rolling', days: '30', from: null, to: null }

export interface Problems {
  name?: string
  days?: string
  range?: string
}

const HOUR = 3_600_000

/** What is wrong with it, beside each field. A name that is not begun yet is no mistake, but nothing to be added either. */
export function problemsOf(draft: Draft, taken: readonly string[]): Problems {
  const problems: Problems = {}
  const name = draft.name.trim()
  if (taken.includes(name)) problems.name = 'There is a baseline of this name already.'
  else if (name.length > 100) problems.name = 'At most 100 characters.'
  if (draft.kind === 'rolling') {
    const days = Number(draft.days)
    if (!/^\d+$/.test(draft.days.trim()) || days < 1 || days > 400) problems.days = 'A whole number from 1 to 400: hours are kept for 400 days.'
  } else if (draft.from === null || draft.to === null) problems.range = 'Give both ends.'
  else if (Math.floor(draft.to / HOUR) <= Math.ceil(draft.from / HOUR)) problems.range = 'The range has to hold at least one whole hour.'
  return problems
}

export const isSound = (draft: Draft, taken: readonly string[]) => draft.name.trim() !== '' && Object.keys(problemsOf(draft, taken)).length === 0

export function bodyOf(draft: Draft): NewBaseline {
  const window = draft.kind === 'rolling' ? ({ kind: 'rolling', days: Number(draft.days) } as const) : ({ kind: 'fixed', from: draft.from ?? 0, to: draft.to ?? 0 } as const)
  return { name: draft.name.trim(), season: draft.season, window }
}

/** How many hours alike such a baseline has, once its window is full. */
export function hoursAlike(draft: Draft): number | null {
  const days = draft.kind === 'rolling' ? Number(draft.days) : draft.from !== null && draft.to !== null ? (draft.to - draft.from) / (24 * HOUR) : Number.NaN
  if (!Number.isFinite(days) || days <= 0) return null
  const each = { day: 1, week: 7, month: 30.44, none: 1 / 24 }[draft.season]
  return Math.floor(days / each)
}
