//! The metric tree and its data.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::page::Partial;

/// One level of the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MetricLevel {
    pub items: Vec<MetricName>,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// A name in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MetricName {
    pub name: String,
    /// A metric rather than a folder.
    pub leaf: bool,
}

/// Metrics whose paths were asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MetricData {
    pub items: Vec<MetricSeries>,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// One metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MetricSeries {
    /// Segments joined by a vertical bar.
    pub path: String,
    pub unit: String,
    pub points: Vec<MetricPoint>,
}

/// One metric in one point of time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MetricPoint {
    pub at: i64,
    /// What is to be shown: an average for times and gauges, a rate for per-minute metrics, a total for counts.
    pub value: f64,
    pub min: f64,
    pub max: f64,
    pub sum: f64,
    /// Calls behind a time, minutes behind a rate or count, samples behind a gauge.
    pub count: f64,
}
