//! What the pipeline counts of itself, for `/metrics` and the pages about Vedette's own health.

use std::{
    error::Error,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use parking_lot::Mutex;

use super::{metrics::Taken, spans::Buffers};

/// Counters since the start, and how much is open now.
#[derive(Debug, Default)]
pub struct Stats {
    pub spans: AtomicU64,
    pub logs: AtomicU64,
    pub points: AtomicU64,
    /// Points that were acknowledged and are not kept.
    pub ignored_points: AtomicU64,
    /// Totals that were told before, or after later ones, and count nowhere.
    pub repeated_points: AtomicU64,
    /// Metric series that were heard of within the last hour.
    pub series: AtomicU64,
    pub repeated_bodies: AtomicU64,
    pub repeated_spans: AtomicU64,
    pub unreadable: AtomicU64,
    /// Values of which secrets or personal data were removed, and such that were cut to their limit.
    pub removed_values: AtomicU64,
    pub truncated_values: AtomicU64,
    pub reopened_traces: AtomicU64,
    pub cuts: AtomicU64,
    /// Checkpoints that were lost or damaged, so that the pipeline went on without.
    pub damaged_checkpoints: AtomicU64,
    pub open_traces: AtomicU64,
    pub open_spans: AtomicU64,
    /// Records of the journal that are not worked on yet.
    pub lag: AtomicU64,
    /// Whether the journal was worked through to its end at least once since the start.
    pub caught_up: AtomicBool,
    pausing: Mutex<Option<String>>,
}

impl Stats {
    /// Why the pipeline stands still, while it does: the error that its last step ended with.
    pub fn pausing(&self) -> Option<String> {
        self.pausing.lock().clone()
    }

    pub(super) fn pauses(&self, error: &dyn Error) {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        *self.pausing.lock() = Some(text);
    }

    pub(super) fn goes_on(&self) {
        *self.pausing.lock() = None;
    }

    pub(super) fn span(&self) {
        self.spans.fetch_add(1, Relaxed);
    }

    pub(super) fn logs(&self, count: usize) {
        self.logs.fetch_add(count as u64, Relaxed);
    }

    pub(super) fn points(&self, taken: &Taken) {
        self.points.fetch_add(taken.points, Relaxed);
        self.ignored_points.fetch_add(taken.ignored, Relaxed);
        self.repeated_points.fetch_add(taken.repeated, Relaxed);
    }

    pub(super) fn repeated_body(&self) {
        self.repeated_bodies.fetch_add(1, Relaxed);
    }

    pub(super) fn repeated_span(&self) {
        self.repeated_spans.fetch_add(1, Relaxed);
    }

    /// Counts what was removed and truncated since the buffers' counts were last taken over.
    pub(super) fn sanitised(&self, buffers: &mut Buffers) {
        let cleaner = &mut buffers.cleaner;
        for (all, found) in [
            (&self.removed_values, &mut cleaner.removed),
            (&self.truncated_values, &mut cleaner.truncated),
        ] {
            if *found > 0 {
                all.fetch_add(std::mem::take(found), Relaxed);
            }
        }
    }

    pub(super) fn unreadable(&self) {
        self.unreadable.fetch_add(1, Relaxed);
    }

    pub(super) fn reopened(&self) {
        self.reopened_traces.fetch_add(1, Relaxed);
    }

    pub(super) fn cut(&self) {
        self.cuts.fetch_add(1, Relaxed);
    }

    pub(super) fn set_series(&self, count: usize) {
        self.series.store(count as u64, Relaxed);
    }

    pub(super) fn set_open(&self, traces: usize, spans: usize) {
        self.open_traces.store(traces as u64, Relaxed);
        self.open_spans.store(spans as u64, Relaxed);
    }
}
