//! What differs between slow and normal transactions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{page::Partial, reference::Ref};

/// Slow transactions of a business transaction beside normal ones: a bounded sample of both, spread over the range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "slow_by": "outcome",
    "slow_from_ms": null,
    "slow": {"traces": 30, "average_ms": 910.0},
    "normal": {"traces": 30, "average_ms": 41.0},
    "attributes": [{
        "tier": {"id": 7, "name": "stock"}, "key": "service.version", "value": "1.4.0",
        "slow": 27, "normal": 3, "slow_percent": 90.0, "normal_percent": 10.0
    }],
    "operations": [{
        "tier": {"id": 7, "name": "stock"}, "name": "SELECT shop", "slow_ms": 820.0, "normal_ms": 4.0,
        "slow_calls": 1.0, "normal_calls": 1.0
    }],
    "partial": null
}))]
pub struct Comparison {
    pub slow_by: SlowBy,
    /// With `slowest`: the response time from which on a transaction was taken for slow; else null.
    #[schema(required)]
    pub slow_from_ms: Option<f64>,
    pub slow: ComparedTraces,
    pub normal: ComparedTraces,
    /// What slow and normal traces have unequally often, most unequal first; at most 40.
    pub attributes: Vec<AttributeDifference>,
    /// Where they spend their time unequally, most unequal first; at most 20.
    pub operations: Vec<OperationDifference>,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// How slow ones were told from normal ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SlowBy {
    /// By their outcome: slow, very slow or stalled.
    Outcome,
    /// Too few were: the slowest tenth is compared with the rest.
    Slowest,
}

/// The traces of one side that were looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ComparedTraces {
    pub traces: usize,
    /// Their mean response time; null of no trace.
    #[schema(required)]
    pub average_ms: Option<f64>,
}

/// An attribute with one value, of any span of a tier or of its resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AttributeDifference {
    pub tier: Ref,
    pub key: String,
    pub value: String,
    /// Slow traces that have it.
    pub slow: usize,
    /// Normal traces that have it.
    pub normal: usize,
    pub slow_percent: f64,
    pub normal_percent: f64,
}

/// What a tier does under one name, calls out of it included. Times are those in which nothing below it ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OperationDifference {
    pub tier: Ref,
    pub name: String,
    /// Milliseconds a slow trace.
    pub slow_ms: f64,
    /// Milliseconds a normal trace.
    pub normal_ms: f64,
    /// Spans a slow trace.
    pub slow_calls: f64,
    /// Spans a normal trace.
    pub normal_calls: f64,
}
