//! placeholder until the table of metrics is here
use super::spans::Source;
use crate::otlp::metrics::ResourceMetrics;
use serde::{Deserialize, Serialize};
use telemetry_store::head::Rows;
#[derive(Debug, Default)]
pub(super) struct Metrics;
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct SavedMetrics;
pub(super) struct Taken {
    pub(super) points: u64,
    pub(super) ignored: u64,
}
impl Metrics {
    pub(super) fn take(
        &mut self,
        _: &ResourceMetrics<'_>,
        _: &Source,
        _: &mut Rows,
        _: i64,
    ) -> Taken {
        Taken { points: 0, ignored: 0 }
    }
    pub(super) fn save(&self) -> SavedMetrics {
        SavedMetrics
    }
    pub(super) fn restore(_: SavedMetrics) -> Metrics {
        Metrics
    }
}
