//! Spans in a list.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    reference::Ref,
    trace::{SpanKind, SpanStatus},
};

/// A span that a search found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FoundSpan {
    pub trace_id: String,
    pub span_id: String,
    pub name: String,
    pub kind: SpanKind,
    pub application: Ref,
    pub tier: Ref,
    pub node: Ref,
    pub start: i64,
    pub duration_ms: f64,
    pub status: SpanStatus,
}
