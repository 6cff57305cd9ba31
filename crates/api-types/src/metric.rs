//! The metric tree and its data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{baseline::HourBand, page::Partial, reference::Ref};

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

/// A metric that a search found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "path": "Business Transaction Performance|Business Transactions|web|GET /cart|Calls per Minute",
    "unit": "per minute"
}))]
pub struct MetricPath {
    /// Segments joined by a vertical bar.
    pub path: String,
    pub unit: String,
}

/// Metrics whose paths were asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MetricData {
    pub items: Vec<MetricSeries>,
    /// How wide a point is.
    pub minutes_per_point: u32,
    /// The point that is filling: what it counts is not all of it yet. Null when the range is past.
    #[schema(required)]
    pub filling_from: Option<i64>,
    /// By which baseline something is expected; null where none was asked for.
    #[schema(required)]
    pub baseline: Option<Ref>,
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
    /// What was expected of its points, by all hours that the range touches, ascending. Null where no baseline was asked for,
    /// and of metrics that have none: percentiles, and what a tier's nodes report put together.
    #[schema(required)]
    pub expected: Option<Vec<HourBand>>,
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

/// A series of raw samples: one metric of one node with one set of attributes, as its agent sends it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SampledSeries {
    /// 16 hexadecimal digits.
    pub id: String,
    /// The metric's own name.
    pub name: String,
    pub unit: String,
    /// `GAUGE`, `COUNTER`, `UP_DOWN_COUNTER`, `HISTOGRAM`, `EXPONENTIAL_HISTOGRAM` or `SUMMARY`.
    pub instrument: String,
    /// Samples are what was added since the one before, not totals.
    pub delta: bool,
    /// The instrumentation's name.
    pub scope: String,
    pub application: Ref,
    pub tier: Ref,
    pub node: Ref,
    #[schema(value_type = Object)]
    pub attributes: BTreeMap<String, Value>,
}

/// The raw samples of a series, by time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Samples {
    pub items: Vec<Sample>,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// What was measured at one time: a number or a distribution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Sample {
    pub at: i64,
    /// Null for a distribution, and for a number that JSON has none for.
    #[schema(required)]
    pub value: Option<f64>,
    #[schema(required)]
    pub distribution: Option<SampleDistribution>,
}

/// A histogram or summary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SampleDistribution {
    pub count: u64,
    #[schema(required)]
    pub sum: Option<f64>,
    #[schema(required)]
    pub min: Option<f64>,
    #[schema(required)]
    pub max: Option<f64>,
    /// Where the values lie, from low to high; without buckets that hold none.
    pub buckets: Vec<SampleBucket>,
}

/// How many values lie above `above` and at or below `upto`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SampleBucket {
    /// Null: no lower bound.
    #[schema(required)]
    pub above: Option<f64>,
    /// Null: no upper bound.
    #[schema(required)]
    pub upto: Option<f64>,
    pub count: u64,
}

/// Up to eight series as they are drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RawSeries {
    /// Those that are known in the range, in the order in which they were asked for.
    pub items: Vec<RawSeriesPoints>,
    /// How wide a point is; null where each sample is a point.
    #[schema(required)]
    pub step_ms: Option<i64>,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// One series as it is drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RawSeriesPoints {
    pub series: SampledSeries,
    /// By time.
    pub points: Vec<RawPoint>,
}

/// What one sample says, or all of one step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RawPoint {
    /// Time of the sample, or of the step's last one.
    pub at: i64,
    pub samples: u32,
    /// The last value as it was sent; of a counter that sends what was added, all that was added. Null for a distribution.
    #[schema(required)]
    pub value: Option<f64>,
    /// The smallest value that was sent.
    #[schema(required)]
    pub min: Option<f64>,
    #[schema(required)]
    pub max: Option<f64>,
    /// What a counter, or the number of a histogram's values, grew by a second since the point before.
    #[schema(required)]
    pub per_second: Option<f64>,
    /// The values of a histogram that came since the point before.
    #[schema(required)]
    pub came: Option<RawDistribution>,
}

/// Values of a histogram. A percentile is as fine as its buckets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RawDistribution {
    pub count: u64,
    #[schema(required)]
    pub mean: Option<f64>,
    #[schema(required)]
    pub p50: Option<f64>,
    #[schema(required)]
    pub p90: Option<f64>,
    #[schema(required)]
    pub p95: Option<f64>,
    #[schema(required)]
    pub p99: Option<f64>,
}
