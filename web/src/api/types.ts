// The bodies of the REST API under the names the pages use. schema.d.ts is generated from openapi/controller.json by
// `npm run types`; this file only names parts of it. Times are UTC milliseconds, response times milliseconds.
import type { components } from './schema'

type Schemas = components['schemas']

export type PartialNote = Schemas['Partial'] | null

/** Every list is a page; the document writes each kind out, so the row's type is put in here once. */
export type Page<Row> = Omit<Schemas['Page_Application'], 'items'> & { items: Row[] }

export type Ref = Schemas['Ref']
export type Figures = Schemas['Figures']
export type ErrorBody = Schemas['ErrorBody']
export type Session = Schemas['Session']
export type SignIn = Schemas['SignIn']
export type About = Schemas['About']

export type Connect = Schemas['Connect']
export type ConnectAttempt = Schemas['Attempt']
export type ConnectAttempts = Schemas['Attempts']

export type Application = Schemas['Application']
export type ApplicationDetail = Schemas['ApplicationDetail']
export type Hint = Schemas['Hint']
export type Sparkline = Application['sparkline']

export type FlowMap = Schemas['FlowMap']
export type FlowMapNode = Schemas['FlowMapNode']
export type FlowMapEdge = Schemas['FlowMapEdge']
export type EntityKind = Schemas['FlowMapNodeKind']
export type Layout = Schemas['Layout']
export type LayoutPosition = Layout['positions'][number]

export type BusinessTransaction = Schemas['BusinessTransaction']
export type BusinessTransactionDetail = Schemas['BusinessTransactionDetail']
export type WaitingTransaction = Schemas['WaitingTransaction']
export type EntryType = Schemas['EntryType']
export type Series = Schemas['Series']
export type SeriesPoint = Schemas['SeriesPoint']

export type Tier = Schemas['Tier']
export type Node = Schemas['Node']
export type Backend = Schemas['Backend']
export type ServiceEndpoint = Schemas['ServiceEndpoint']
export type ErrorGroup = Schemas['ErrorGroup']

export type Snapshot = Schemas['Snapshot']
export type Outcome = Schemas['Outcome']
export type Trace = Schemas['Trace']
export type TraceTransaction = Schemas['TraceTransaction']
export type Span = Schemas['Span']
export type SpanEvent = Schemas['SpanEvent']
export type Attributes = Span['attributes']
export type LogRecord = Schemas['LogRecord']
export type LogSummary = Schemas['LogSummary']

export type MetricLevel = Schemas['MetricLevel']
export type MetricName = Schemas['MetricName']
export type MetricPath = Schemas['MetricPath']
export type MetricData = Schemas['MetricData']
export type MetricSeries = Schemas['MetricSeries']
export type MetricPoint = Schemas['MetricPoint']
export type SampledSeries = Schemas['SampledSeries']
export type Samples = Schemas['Samples']
