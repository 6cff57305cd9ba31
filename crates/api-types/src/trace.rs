//! One trace, span by span.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    page::Partial,
    reference::Ref,
    snapshot::{Outcome, SnapshotReason},
};

/// A trace. Times of spans count from its start and are corrected for clocks that differ between hosts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Trace {
    pub trace_id: String,
    pub start: i64,
    pub duration_ms: f64,
    /// The business transactions that it entered.
    pub bts: Vec<TraceTransaction>,
    /// Spans that were counted and not kept.
    pub dropped_spans: u32,
    /// By start, parents before children.
    pub spans: Vec<Span>,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// A business transaction that a trace entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TraceTransaction {
    pub id: u32,
    pub name: String,
    pub application: Ref,
    pub outcome: Outcome,
    #[schema(required)]
    pub reason: Option<SnapshotReason>,
}

/// A span of a trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Span {
    pub span_id: String,
    #[schema(required)]
    pub parent_span_id: Option<String>,
    pub name: String,
    pub kind: SpanKind,
    pub role: SpanRole,
    pub tier: Ref,
    pub node: Ref,
    /// Microseconds after the trace's start, never negative.
    pub start_us: u64,
    /// By how many microseconds it was moved to fit its parent.
    pub skew_us: i64,
    pub duration_us: u64,
    /// Its duration without the time that its children cover.
    pub self_us: u64,
    pub status: SpanStatus,
    pub status_message: String,
    #[schema(required)]
    pub exit: Option<Exit>,
    #[schema(value_type = Object)]
    pub attributes: BTreeMap<String, Value>,
    #[schema(value_type = Object)]
    pub resource: BTreeMap<String, Value>,
    pub scope: String,
    pub events: Vec<SpanEvent>,
    pub links: Vec<Link>,
    /// Whether the trace would end earlier, were this span shorter.
    pub critical: bool,
}

/// OpenTelemetry's span kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum SpanKind {
    Server,
    Client,
    Producer,
    Consumer,
    Internal,
}

impl From<model::span::SpanKind> for SpanKind {
    fn from(kind: model::span::SpanKind) -> Self {
        match kind {
            model::span::SpanKind::Server => SpanKind::Server,
            model::span::SpanKind::Client => SpanKind::Client,
            model::span::SpanKind::Producer => SpanKind::Producer,
            model::span::SpanKind::Consumer => SpanKind::Consumer,
            // The specification reads an unspecified kind as internal.
            model::span::SpanKind::Internal | model::span::SpanKind::Unspecified => {
                SpanKind::Internal
            }
        }
    }
}

/// What a span is to its tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SpanRole {
    /// Work enters the tier here.
    Entry,
    /// A call out of the tier.
    Exit,
    Internal,
    /// The inner part of an exit call: its HTTP request, its connection.
    Transport,
}

/// OpenTelemetry's span status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum SpanStatus {
    Unset,
    Ok,
    Error,
}

impl From<model::span::StatusCode> for SpanStatus {
    fn from(status: model::span::StatusCode) -> Self {
        match status {
            model::span::StatusCode::Unset => SpanStatus::Unset,
            model::span::StatusCode::Ok => SpanStatus::Ok,
            model::span::StatusCode::Error => SpanStatus::Error,
        }
    }
}

/// Whom an exit call called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Exit {
    #[serde(rename = "type")]
    pub category: String,
    pub target: ExitTarget,
}

/// The far end of an exit call. Id 0: known by its address only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExitTarget {
    pub id: u32,
    pub name: String,
    /// `tier`, `backend` or `queue`.
    pub kind: String,
}

/// Something that happened within a span.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SpanEvent {
    /// Microseconds after the span's start; negative for an event that its agent dated before.
    pub offset_us: i64,
    pub name: String,
    #[schema(value_type = Object)]
    pub attributes: BTreeMap<String, Value>,
}

/// A span of another trace, or of this one, that has to do with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Link {
    pub trace_id: String,
    pub span_id: String,
}
