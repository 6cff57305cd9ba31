// Where a piece of evidence leads, and the window that is looked at around an anomaly. Pure.
import type { Anomaly, EvidenceLink } from '../../api/types'
import type { Extra } from '../../app/urlState'
import { paths } from '../../app/paths'
import { pathOfEntity } from '../../components/anomaly/words'
import { edgeId } from '../FlowMap/model/view'

const MINUTE = 60_000
/** What is looked at before it began and after it ended. */
const BEFORE = 60 * MINUTE
const AFTER = 30 * MINUTE
/** A longer one is looked at from its beginning. */
const LONGEST = 24 * 60 * MINUTE

export interface Window {
  from: number
  to: number
}

/** An hour before it began to half an hour after it ended, or now; whole minutes. */
export function windowOf({ onset_at, closed_at }: Pick<Anomaly, 'onset_at' | 'closed_at'>, now: number): Window {
  const from = Math.floor((onset_at - BEFORE) / MINUTE) * MINUTE
  const to = Math.ceil(Math.min(now, (closed_at ?? now) + AFTER) / MINUTE) * MINUTE
  return { from, to: Math.min(Math.max(to, from + BEFORE), from + LONGEST) }
}

/** The anomaly alone, from its onset. */
export function troubleOf({ onset_at, closed_at }: Pick<Anomaly, 'onset_at' | 'closed_at'>, now: number): Window {
  return { from: Math.floor(onset_at / MINUTE) * MINUTE, to: Math.min(Math.ceil((closed_at ?? now) / MINUTE) * MINUTE, Math.floor(onset_at / MINUTE) * MINUTE + LONGEST) }
}

export interface Target {
  to: string
  extra: Extra
  /** What is there. */
  word: string
}

/** Where a piece of evidence can be seen; null where it has no page. */
export function targetOf(link: EvidenceLink, anomaly: Pick<Anomaly, 'application' | 'onset_at' | 'closed_at'>, now: number): Target | null {
  const application = anomaly.application.id
  const around = { range: null, live: null, ...windowOf(anomaly, now) }
  const meanwhile = { range: null, live: null, ...troubleOf(anomaly, now) }
  switch (link.kind) {
    case 'SERIES':
      return { to: paths.anomalyModel(application), extra: { ...around, kind: link.entity_kind, entity: link.entity, measure: link.measure, metric: link.metric }, word: 'the series' }
    case 'EDGE':
      return { to: paths.flowMap(application), extra: { ...meanwhile, selected: edgeId(String(link.from), String(link.to)) }, word: 'call on the map' }
    case 'TRACES':
      return { to: paths.traces(application), extra: { ...meanwhile, bt: link.business_transaction, tier: link.tier, outcome: link.errors_only ? 'ERROR' : null }, word: 'traces' }
    case 'TRACE':
      return { to: paths.trace(link.trace), extra: { ...around, span: link.span }, word: 'trace' }
    case 'LOGS':
      return { to: paths.applicationLogs(application), extra: { ...meanwhile, tier: link.tier, severity: link.severity || null, text: link.text || null }, word: 'log records' }
    case 'EVENT':
      return { to: paths.events(application), extra: { ...around, event: link.id }, word: 'event' }
    case 'ERROR_GROUP':
      return { to: paths.error(application, link.id), extra: meanwhile, word: 'error' }
    default: {
      const own = pathOfEntity(application, link.entity_kind, link.entity)
      return own === null ? null : { to: own, extra: around, word: 'its page' }
    }
  }
}
