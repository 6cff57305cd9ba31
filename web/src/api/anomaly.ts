// The bodies of anomalies, incidents and their model, by hand until the generated schema has them.
import type { Level, Page, PartialNote, Ref, Violation } from './types'

export type AnomalousKind = 'BUSINESS_TRANSACTION' | 'TIER' | 'NODE' | 'SERVICE_ENDPOINT' | 'BACKEND' | 'SERVER'
export type AnomalyMeasure = 'RESPONSE_TIME' | 'ERROR_SHARE' | 'CALLS' | 'METRIC'
export type AnomalyStatus = 'OPEN' | 'CLOSED'
export type AnomalyState = 'LEARNING' | 'NORMAL' | 'WARNING' | 'CRITICAL' | 'NO_DATA'
export type CauseVerdict = 'PENDING' | 'CAUSE' | 'LOAD' | 'NO_CLEAR_CAUSE'

export interface SuspectBrief {
  entity: Ref
  entity_kind: AnomalousKind
  confidence: number
}

export interface Anomaly {
  id: number
  application: Ref
  entity: Ref
  entity_kind: AnomalousKind
  measure: AnomalyMeasure
  metric: string | null
  level: Level
  worst: Level
  status: AnomalyStatus
  onset_at: number
  opened_at: number
  changed_at: number
  closed_at: number | null
  observed: number
  expected: number
  unit: string
  deviation: number
  shift: boolean
  top_suspect: SuspectBrief | null
  verdict: CauseVerdict
  incident: number | null
  summary: string
}

export interface AnomalyChange {
  kind: 'OPENED' | 'UPGRADED' | 'DOWNGRADED' | 'CLOSED' | 'SHIFTED'
  level: Level
  at: number
  summary: string
}

export interface AnomalyPoint {
  at: number
  value: number | null
  expected: number | null
  low: number | null
  high: number | null
  state: AnomalyState
}

export interface AnomalySeries {
  measure: AnomalyMeasure
  metric: string | null
  unit: string
  step_ms: number
  points: AnomalyPoint[]
}

export interface PathStep {
  entity: Ref
  entity_kind: AnomalousKind
}

export type EvidenceKind = 'OWN_TIME' | 'OWN_ERRORS' | 'BETWEEN' | 'FAILED_CALLS' | 'POOL_WAIT' | 'MORE_CALLS' | 'RESOURCE' | 'DEEPEST_ERROR' | 'LOST_CALLS' | 'FEWER_CALLS' | 'LOG_TEMPLATE' | 'EXCEPTION' | 'CHANGE' | 'SILENT' | 'LOAD'

export type EvidenceLink =
  | { kind: 'SERIES'; entity: number; entity_kind: AnomalousKind; measure: AnomalyMeasure; metric?: string | null }
  | { kind: 'EDGE'; from: number; to: number }
  | { kind: 'TRACES'; business_transaction?: number | null; tier?: number | null; errors_only: boolean }
  | { kind: 'LOGS'; tier?: number | null; severity: string; text: string }
  | { kind: 'EVENT'; id: number }
  | { kind: 'ENTITY'; entity: number; entity_kind: AnomalousKind }
  | { kind: 'ERROR_GROUP'; id: number }

export interface CauseEvidence {
  kind: EvidenceKind
  weight: number
  text: string
  observed: number | null
  expected: number | null
  unit: string
  at: number | null
  link: EvidenceLink
}

export interface Suspect {
  entity: Ref
  entity_kind: AnomalousKind
  tier: Ref | null
  load: boolean
  confidence: number
  share_of_time: number
  share_of_errors: number
  path: PathStep[]
  victims: PathStep[]
  evidence: CauseEvidence[]
}

export interface OperationChange {
  tier: Ref
  name: string
  before_ms: number | null
  after_ms: number | null
  before_calls: number
  after_calls: number
  before_errors: number
  after_errors: number
}

export type FeedbackVerdict = 'NOISE' | 'CAUSE_CONFIRMED' | 'CAUSE_WRONG'

export interface Feedback {
  at: number
  by: string
  verdict: FeedbackVerdict
  suspect: Ref | null
  note: string
}

export interface NewFeedback {
  verdict: FeedbackVerdict
  suspect: number | null
  note: string
}

export interface AnomalyDetail {
  anomaly: Anomaly
  changes: AnomalyChange[]
  series: AnomalySeries[]
  suspects: Suspect[]
  no_clear_cause: number
  path: PathStep[]
  operations: OperationChange[]
  similar: Anomaly[]
  feedback: Feedback[]
  partial: PartialNote
}

export interface Incident {
  id: number
  application: Ref
  status: AnomalyStatus
  level: Level
  opened_at: number
  closed_at: number | null
  summary: string
  cause: SuspectBrief | null
  anomalies: number
  violations: number
}

export interface IncidentDetail {
  incident: Incident
  anomalies: Anomaly[]
  violations: Violation[]
}

export type AnomalySensitivity = 'LOW' | 'MEDIUM' | 'HIGH'

export interface TransactionSettings {
  id: number
  enabled: boolean
  sensitivity: AnomalySensitivity
}

export interface AnomalySettings {
  enabled: boolean
  sensitivity: AnomalySensitivity
  min_deviation_percent: number
  min_deviation_ms: number
  min_calls: number
  transactions: TransactionSettings[]
}

export type Seasonality = 'NONE' | 'DAY' | 'DAY_AND_WEEKEND'

export interface SeasonHour {
  hour: number
  expected: number
  low: number | null
  high: number
}

export interface ModelPoint extends AnomalyPoint {
  rarity: number
  usual: number
  by_load: number
  why: string
}

export interface AnomalyModel {
  entity: Ref
  entity_kind: AnomalousKind
  measure: AnomalyMeasure
  metric: string | null
  unit: string
  state: AnomalyState
  seasonality: Seasonality
  readings: number
  learning_since: number | null
  episodes_a_week: number
  warning_rarity: number
  critical_rarity: number
  season: SeasonHour[]
  points: ModelPoint[]
  partial: PartialNote
}

export interface AnomalyEpisode {
  level: Level
  onset_at: number
  opened_at: number
  closed_at: number | null
  observed: number
  expected: number
  deviation: number
  shift: boolean
}

export interface NewAnomalyBackTest {
  entity_kind: AnomalousKind
  entity: number
  measure: AnomalyMeasure
  metric?: string
  from: number
  to: number
  sensitivity: AnomalySensitivity
  min_deviation?: number
  min_calls?: number
}

export interface AnomalyBackTested {
  unit: string
  points: AnomalyPoint[]
  episodes: AnomalyEpisode[]
  minutes: number
  per_day: number
  partial: PartialNote
}

export type Anomalies = Page<Anomaly>
