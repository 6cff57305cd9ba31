//! Errors: exceptions of one type and message on one tier.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{number::count, page::Partial, reference::Ref};

/// A group of exceptions in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ErrorGroup {
    pub id: u32,
    #[serde(rename = "type")]
    pub exception: String,
    /// The message with its variable parts replaced.
    pub message: String,
    pub tier: Ref,
    /// Exceptions in the range, the minute that is still filling included.
    #[serde(serialize_with = "count")]
    pub count: f64,
    /// Exceptions ÷ complete minutes of the range.
    pub per_minute: f64,
    pub first_seen: i64,
    pub last_seen: i64,
    /// Exceptions per minute over the range, at most 30 points; null where the application reported nothing.
    pub sparkline: Vec<Option<f64>>,
    /// Business transactions that it happened under, most frequent first; at most 5.
    pub business_transactions: Vec<Ref>,
    /// How many there are.
    pub business_transaction_count: usize,
}

/// A group of exceptions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ErrorGroupDetail {
    #[serde(flatten)]
    pub error: ErrorGroup,
    pub application: Ref,
    /// 1, 10 or 60.
    pub minutes_per_point: u32,
    /// Points in which it happened or the application reported.
    pub points: Vec<ErrorPoint>,
    /// From here on points are still filling; null when the range ends before.
    #[schema(required)]
    pub filling_from: Option<i64>,
    /// All business transactions that it happened under, most frequent first.
    pub hits: Vec<ErrorHit>,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// How often it happened in a point of time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ErrorPoint {
    pub at: i64,
    #[serde(serialize_with = "count")]
    pub count: f64,
}

/// How often it happened under a business transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ErrorHit {
    pub bt: Ref,
    #[serde(serialize_with = "count")]
    pub count: f64,
}

/// Exceptions of a group as agents sent them, of a bounded number of traces and log records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "items": [{
        "message": "bad 7", "stack": "Traceback (most recent call last):\n  …", "seen": 3, "at": 1_700_000_000_000_i64,
        "node": {"id": 9, "name": "web1"}, "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "span_id": "b7ad6b7169203331"
    }],
    "traces": 20, "logs": 0, "partial": null
}))]
pub struct ErrorSamples {
    /// One for each stack, the one seen most often first; at most 10.
    pub items: Vec<ErrorSample>,
    /// Traces that were looked at.
    pub traces: usize,
    /// Log records that were looked at.
    pub logs: usize,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// One stack and the newest exception that had it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ErrorSample {
    pub message: String,
    /// Empty where the agent sent none.
    pub stack: String,
    /// Exceptions with this stack among what was looked at.
    pub seen: usize,
    pub at: i64,
    pub node: Ref,
    /// Null for a log record outside traces.
    #[schema(required)]
    pub trace_id: Option<String>,
    #[schema(required)]
    pub span_id: Option<String>,
}
