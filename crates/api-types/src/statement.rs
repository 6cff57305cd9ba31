//! What backends are asked.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{page::Partial, reference::Ref};

/// What a backend was asked in a bounded sample of traces, by time spent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "items": [{
        "text": "SELECT quantity FROM stock WHERE product_id = ?", "tier": {"id": 7, "name": "stock"},
        "calls": 120, "errors": 0, "total_ms": 480.0, "average_ms": 4.0, "max_ms": 61.0, "share_percent": 81.0,
        "slowest_trace_id": "0af7651916cd43dd8448eb211c80319c", "slowest_span_id": "b7ad6b7169203331"
    }],
    "traces": 40, "calls": 150, "partial": null
}))]
pub struct Statements {
    /// At most 50, those that took most time first.
    pub items: Vec<Statement>,
    /// Traces that were looked at.
    pub traces: usize,
    /// Calls to the backend in them.
    pub calls: usize,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// Calls of one tier with the same statement, or the same operation where calls have none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Statement {
    /// Values in it are replaced.
    pub text: String,
    /// Who asks it.
    pub tier: Ref,
    pub calls: usize,
    pub errors: usize,
    pub total_ms: f64,
    pub average_ms: f64,
    pub max_ms: f64,
    /// Of the time of all calls that were looked at.
    pub share_percent: f64,
    pub slowest_trace_id: String,
    pub slowest_span_id: String,
}
