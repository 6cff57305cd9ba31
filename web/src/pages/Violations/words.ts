// Violations as people read them. Pure.
import type { Level, SeenCondition, ViolatedKind, Violation, ViolationChange } from '../../api/types'
import { paths } from '../../app/paths'
import { short } from '../../format/numbers'

export const VIOLATED_WORDS: Record<ViolatedKind, string> = { APPLICATION: 'application', TIER: 'tier', NODE: 'node', BUSINESS_TRANSACTION: 'business transaction', SERVICE_ENDPOINT: 'service endpoint', BACKEND: 'backend', QUEUE: 'queue', ERROR: 'error' }

/** The page of whatever violates a rule; null where it has none. */
export function pathOfViolated({ application, entity, entity_kind: kind }: Pick<Violation, 'application' | 'entity' | 'entity_kind'>): string | null {
  switch (kind) {
    case 'APPLICATION':
      return paths.application(entity.id)
    case 'TIER':
      return paths.tier(application.id, entity.id)
    case 'NODE':
      return paths.node(application.id, entity.id)
    case 'BUSINESS_TRANSACTION':
      return paths.businessTransaction(application.id, entity.id)
    case 'BACKEND':
    case 'QUEUE':
      return paths.backend(application.id, entity.id)
    case 'ERROR':
      return paths.error(application.id, entity.id)
    default:
      return null
  }
}

const CHANGES: Record<ViolationChange['kind'], (level: string) => string> = {
  OPENED: (level) => `Opened as ${level}`,
  CONTINUED: (level) => `Goes on as ${level}`,
  UPGRADED: () => 'Became critical',
  DOWNGRADED: () => 'Became a warning',
  CLOSED: (level) => `Resolved, was ${level}`,
  CANCELED: (level) => `Canceled, was ${level}`,
}

export const changeWord = ({ kind, level }: { kind: ViolationChange['kind']; level: Level }) => CHANGES[kind](level.toLowerCase())

const BOUNDS = { GREATER: 'at most', GREATER_OR_EQUAL: 'below', LESS: 'at least', LESS_OR_EQUAL: 'above', EQUAL: 'not', NOT_EQUAL: '' } as const
const SIDES = { ABOVE: 'at most', BELOW: 'at least', OUTSIDE: 'on this side of', WITHIN: 'beyond' } as const

const withUnit = (value: number, unit: string | undefined) => `${short(value)}${unit ? ` ${unit}` : ''}`

/** What a value would have to be for its condition not to hold: `at most 90 %`. */
export function expectedText({ compare, threshold, expected, unit }: SeenCondition): string {
  if (threshold === null) return 'no baseline to compare with'
  const bound = withUnit(threshold, unit)
  if (compare.type === 'VALUE') return `${BOUNDS[compare.operator]} ${bound}`.trim()
  const width = `${short(compare.value)} ${compare.unit === 'PERCENT' ? '%' : 'σ'}`
  const band = expected ? `; baseline ${short(expected.mean)} ± ${short(expected.deviation)}, by ${width}` : ''
  return `${SIDES[compare.deviation]} ${bound}${band}`
}

/** What was measured. */
export const valueText = ({ value, unit }: SeenCondition) => (value === null ? 'not reported' : withUnit(value, unit))

const MINUTE = 60_000

/** The minutes that were looked at: the one that was judged, and those before it. */
export const windowOf = (evidence: { minute_ms: number; window_minutes: number }) => ({ from: evidence.minute_ms - (Math.max(1, evidence.window_minutes) - 1) * MINUTE, to: evidence.minute_ms + MINUTE })

const HOUR = 60 * MINUTE
const MOST_HOURS = 192

/** Over what a violation is charted: an hour before it and half an hour after it, as far as single minutes are kept. */
export function chartedOf(violation: Pick<Violation, 'opened_at' | 'closed_at'>, window: number, now: number): { hours: number; until: number } | null {
  const until = Math.min(now, (violation.closed_at ?? now) + HOUR / 2)
  if (until < now - MOST_HOURS * HOUR) return null
  const from = violation.opened_at - HOUR - window * MINUTE
  return { hours: Math.max(1, Math.min(Math.ceil((until - from) / HOUR), MOST_HOURS)), until: Math.ceil(until / MINUTE) * MINUTE }
}
