//! The pipeline's and the stores' figures for `/metrics`.

use std::sync::{Arc, atomic::Ordering};

use daemon::memory::Budgets;
use ingest::pipeline::Stats;
use journal::Journal as _;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{
        counter::{ConstCounter, Counter},
        family::Family,
        gauge::{ConstGauge, Gauge},
    },
};
use telemetry_store::Store;

/// Reads the figures when they are asked for.
#[derive(Debug)]
pub(crate) struct StageMetrics {
    pub(crate) stats: Arc<Stats>,
    pub(crate) store: Arc<Store>,
    pub(crate) journal: Arc<journal::LocalJournal>,
    pub(crate) memory: Budgets,
}

impl Collector for StageMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let stats = &self.stats;
        let counters = [
            ("pipeline_spans", "Spans worked on", &stats.spans),
            ("pipeline_logs", "Log records worked on", &stats.logs),
            ("pipeline_points", "Metric points worked on", &stats.points),
            (
                "pipeline_ignored_points",
                "Metric points that were acknowledged and are over a limit",
                &stats.ignored_points,
            ),
            (
                "pipeline_repeated_points",
                "Totals that were told before, or after later ones, and count nowhere",
                &stats.repeated_points,
            ),
            (
                "pipeline_repeated_bodies",
                "Bodies that were sent twice and counted once",
                &stats.repeated_bodies,
            ),
            (
                "pipeline_repeated_spans",
                "Spans that were sent twice and counted once",
                &stats.repeated_spans,
            ),
            ("pipeline_unreadable", "Records or spans that could not be read", &stats.unreadable),
            (
                "pipeline_removed_values",
                "Values of which secrets or personal data were removed",
                &stats.removed_values,
            ),
            (
                "pipeline_truncated_values",
                "Values that were cut to their limit",
                &stats.truncated_values,
            ),
            (
                "pipeline_reopened_traces",
                "Closed traces that a late span opened again",
                &stats.reopened_traces,
            ),
            ("pipeline_cuts", "Cuts made", &stats.cuts),
            (
                "pipeline_damaged_checkpoints",
                "Checkpoints that were lost or damaged, so that the pipeline went on without",
                &stats.damaged_checkpoints,
            ),
            (
                "store_dropped_bytes",
                "Bytes of segments dropped before their time because the disk was nearly full",
                self.store.dropped_for_room(),
            ),
        ];
        for (name, help, value) in counters {
            let metric = ConstCounter::new(value.load(Ordering::Relaxed));
            metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)?;
        }
        let load = |value: &std::sync::atomic::AtomicU64| value.load(Ordering::Relaxed);
        let gauges = [
            ("pipeline_open_traces", "Traces being assembled", load(&stats.open_traces)),
            ("pipeline_open_spans", "Spans of traces being assembled", load(&stats.open_spans)),
            (
                "metric_series",
                "Metric series that were heard of within the last hour",
                load(&stats.series),
            ),
            ("pipeline_lag_records", "Journal records that wait to be worked on", load(&stats.lag)),
            ("journal_bytes", "Bytes in the journal", self.journal.bytes()),
            (
                "head_bytes",
                "Bytes of telemetry that are not in a segment yet",
                self.store.head_memory() as u64,
            ),
            ("segments", "Segments of the telemetry store", self.store.segment_count() as u64),
            (
                "journal_damaged_places",
                "Places in the journal that were found damaged, torn or missing since the start",
                self.journal.damage().places as u64,
            ),
            (
                "damaged_segments",
                "Segments that were found lost or damaged; answers are without their rows",
                self.store.damaged_segment_count() as u64,
            ),
        ];
        for (name, help, value) in gauges {
            let metric = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)?;
        }
        self.encode_jobs(&mut encoder)?;
        self.encode_budgets(encoder)
    }
}

impl StageMetrics {
    fn encode_jobs(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let jobs = Family::<[(&str, &str); 1], Counter>::default();
        for (job, done) in self.store.jobs_done() {
            jobs.get_or_create(&[("job", job)]).inc_by(done);
        }
        let help = "Segments merged, rolled up and dropped: jobs done";
        let described = encoder.encode_descriptor("store_jobs", help, None, jobs.metric_type())?;
        jobs.encode(described)
    }

    fn encode_budgets(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let budgets = Family::<[(&str, &str); 1], Gauge>::default();
        for (part, bytes) in self.memory.named() {
            budgets.get_or_create(&[("part", part)]).set(i64::try_from(bytes).unwrap_or(i64::MAX));
        }
        let help = "Bytes of memory that each part may take";
        let described =
            encoder.encode_descriptor("memory_budget_bytes", help, None, budgets.metric_type())?;
        budgets.encode(described)
    }
}
