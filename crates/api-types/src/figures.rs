//! Figures of one entity or edge: totals of a range, and a series over it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    baseline::{Bands, Deviation},
    number::count,
    page::Partial,
};

/// Totals of a range. Counts include the newest minute, which is still filling; rates, times and the error percentage are of
/// the complete minutes alone. Where only the filling minute has calls, times and error percentage are of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Figures {
    #[serde(serialize_with = "count")]
    pub calls: f64,
    #[serde(serialize_with = "count")]
    pub errors: f64,
    /// Calls ÷ complete minutes of the range.
    pub calls_per_minute: f64,
    pub errors_per_minute: f64,
    pub error_percent: f64,
    /// Weighted by calls; null without a timed call, as are the other times.
    #[schema(required)]
    pub average_ms: Option<f64>,
    #[schema(required)]
    pub min_ms: Option<f64>,
    #[schema(required)]
    pub max_ms: Option<f64>,
    #[schema(required)]
    pub p95_ms: Option<f64>,
    #[serde(serialize_with = "count")]
    pub slow: f64,
    #[serde(serialize_with = "count")]
    pub very_slow: f64,
    #[serde(serialize_with = "count")]
    pub stall: f64,
    /// The share of calls that agents report, where they sample; null when they report all.
    #[schema(required)]
    pub sampled_percent: Option<f64>,
    /// How they lie to the baseline that was asked for; null where none was, or where there can be none.
    #[schema(required)]
    pub deviation: Option<Deviation>,
}

/// Figures over time. A point in which the application reported nothing is absent; one in which it reported, but no call
/// of this entity, has 0 calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Series {
    /// 1, 10 or 60.
    pub minutes_per_point: u32,
    pub points: Vec<SeriesPoint>,
    /// From here on points are still filling: the counts of `totals` include them, its rates and averages do not; null when
    /// the range ends before.
    #[schema(required)]
    pub filling_from: Option<i64>,
    pub totals: Figures,
    /// What was expected, where a baseline was asked for.
    #[schema(required)]
    pub bands: Option<Bands>,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// One point of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SeriesPoint {
    /// Its first instant.
    pub at: i64,
    #[serde(serialize_with = "count")]
    pub calls: f64,
    #[serde(serialize_with = "count")]
    pub errors: f64,
    #[schema(required)]
    pub average_ms: Option<f64>,
    #[schema(required)]
    pub p95_ms: Option<f64>,
    #[schema(required)]
    pub min_ms: Option<f64>,
    #[schema(required)]
    pub max_ms: Option<f64>,
    #[serde(serialize_with = "count")]
    pub slow: f64,
    #[serde(serialize_with = "count")]
    pub very_slow: f64,
    #[serde(serialize_with = "count")]
    pub stall: f64,
}
