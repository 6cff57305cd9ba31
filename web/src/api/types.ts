// The bodies of the REST API, /api/v1. Times are UTC milliseconds, response times milliseconds.
// Written by hand from the contract until they are generated from openapi/controller.json; names equal the contract's.

export type PartialNote = { reasons: string[] } | null

export interface Figures {
  calls: number
  errors: number
  /** Total ÷ complete minutes of the range; the filling minute is outside. */
  calls_per_minute: number
  errors_per_minute: number
  error_percent: number
  average_ms: number | null
  min_ms: number | null
  max_ms: number | null
  p95_ms: number | null
  slow: number
  very_slow: number
  stall: number
  sampled_percent: number | null
}

export interface Telemetry {
  partial: PartialNote
}

export interface Page<T> extends Telemetry {
  items: T[]
  next: string | null
}

export interface Ref {
  id: number
  name: string
}

export interface ErrorBody {
  error: { code: string; message: string }
}

export interface Session {
  user: { name: string; display_name: string }
  csrf_token: string
  expires_at: number
}

export interface About {
  product: string
  version: string
  ca_fingerprint_sha256: string
  ca_url: string
  server_time: number
  newest_complete_minute: number
}

export interface Connect {
  https_url: string
  otlp_http_url: string
  otlp_grpc_url: string
  access_key: string
  ca_path: string
  ca_fingerprint_sha256: string
  names: string[]
  loopback: { grpc: string; http: string }
}

export interface ConnectAttempt {
  at: number
  sender: string
  transport: string
  path: string
  result: 'accepted' | 'refused' | 'failed'
  code: string
  message: string
  remedy: string
  tier: string | null
  count: number
}

export type Sparkline = (number | null)[]

export interface Application extends Ref {
  tiers: number
  nodes: number
  business_transactions: number
  figures: Figures
  sparkline: Sparkline
}

export interface Hint {
  entity_id: number
  message: string
}

export interface ApplicationDetail extends Application, Telemetry {
  hints: Hint[]
}

export type EntityKind = 'tier' | 'backend' | 'queue' | 'application'

export interface FlowMapNode extends Ref {
  kind: EntityKind
  type: string
  system: string | null
  figures: Figures | null
  nodes: number
  x: number | null
  y: number | null
  pinned: boolean
  entry: boolean
  hints: string[]
}

export interface FlowMapEdge {
  from: number
  to: number
  type: string
  async: boolean
  figures: Figures
  resolved: boolean
}

export interface FlowMap extends Telemetry {
  application: Ref
  nodes: FlowMapNode[]
  edges: FlowMapEdge[]
  filling_from: number | null
}

export interface LayoutPosition {
  id: number
  x: number
  y: number
  pinned: boolean
}

export type EntryType = 'HTTP' | 'RPC' | 'MESSAGING' | 'BACKGROUND' | 'OTHER'

export interface BusinessTransaction extends Ref {
  tier: Ref
  entry_type: EntryType
  background: boolean
  health_check: boolean
  other_traffic: boolean
  long_lived: boolean
  figures: Figures
  sparkline: Sparkline
}

export interface BusinessTransactionDetail extends BusinessTransaction, Telemetry {
  application: Ref
}

export interface SeriesPoint {
  at: number
  calls: number
  errors: number
  average_ms: number | null
  p95_ms: number | null
  min_ms: number | null
  max_ms: number | null
  slow: number
  very_slow: number
  stall: number
}

/** Minutes without any data of the application are absent points; a minute with none of this entity's calls has calls 0. */
export interface Series extends Telemetry {
  minutes_per_point: number
  points: SeriesPoint[]
  filling_from: number | null
  totals: Figures
}

export interface Tier extends Ref {
  kind: 'tier'
  nodes: number
  runtime: string | null
  agent: string | null
  figures: Figures
  hints: string[]
}

export interface Node extends Ref {
  tier: Ref
  runtime: string | null
  agent: string | null
  last_seen: number
  historical: boolean
  figures: Figures
}

export interface Backend extends Ref {
  type: string
  system: string | null
  address: string
  figures: Figures
}

export interface ServiceEndpoint extends Ref {
  tier: Ref
  figures: Figures
}

export interface ErrorGroup {
  id: number
  type: string
  message: string
  tier: Ref
  count: number
  first_seen: number
  last_seen: number
}

export type Outcome = 'NORMAL' | 'SLOW' | 'VERY_SLOW' | 'STALL' | 'ERROR'

export interface Snapshot {
  trace_id: string
  entry_span_id: string
  bt: Ref
  tier: Ref
  start: number
  duration_ms: number
  outcome: Outcome
  reason: string | null
  spans: number
}

export type Attributes = Record<string, unknown>

export interface SpanEvent {
  offset_us: number
  name: string
  attributes: Attributes
}

export interface Span {
  span_id: string
  parent_span_id: string | null
  name: string
  kind: 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER' | 'INTERNAL'
  role: 'entry' | 'exit' | 'internal' | 'transport'
  tier: Ref
  node: Ref
  start_us: number
  skew_us: number
  duration_us: number
  self_us: number
  status: 'UNSET' | 'OK' | 'ERROR'
  status_message: string
  exit: { type: string; target: Ref & { kind: string } } | null
  attributes: Attributes
  resource: Attributes
  scope: string
  events: SpanEvent[]
  links: { trace_id: string; span_id: string }[]
  critical: boolean
}

export interface TraceTransaction extends Ref {
  application: Ref
  outcome: Outcome
  reason: string | null
}

export interface Trace extends Telemetry {
  trace_id: string
  start: number
  duration_ms: number
  bts: TraceTransaction[]
  dropped_spans: number
  spans: Span[]
}

export interface LogRecord {
  at: number
  severity: string
  body: string
  tier: Ref
  node: Ref | null
  trace_id: string | null
  span_id: string | null
  attributes: Attributes
}
