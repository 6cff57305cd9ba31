//! What is measured of baselines.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Found {
    from: &'static str,
}

#[derive(Debug)]
pub(super) struct Measures {
    answers: Family<Found, Counter>,
    seconds: Histogram,
    bytes: Gauge,
}

impl Measures {
    /// The registry puts the product's name in front of every name.
    pub(super) fn register(registry: &mut Registry) -> Measures {
        let measures = Measures {
            answers: Family::default(),
            seconds: Histogram::new(exponential_buckets(0.001, 4.0, 8)),
            bytes: Gauge::default(),
        };
        registry.register(
            "baselines_asked",
            "Baselines of series that were asked for, by whether they were remembered",
            measures.answers.clone(),
        );
        registry.register(
            "baselines_read_seconds",
            "Time to read the hours of a batch of series",
            measures.seconds.clone(),
        );
        registry.register(
            "baselines_cache_bytes",
            "What remembered baselines take",
            measures.bytes.clone(),
        );
        measures
    }

    pub(super) fn answered(&self, remembered: usize, missing: usize) {
        let count = |from, by: usize| {
            if by > 0 {
                self.answers.get_or_create(&Found { from }).inc_by(by as u64);
            }
        };
        count("cache", remembered);
        count("store", missing);
    }

    pub(super) fn read(&self, took: Duration) {
        self.seconds.observe(took.as_secs_f64());
    }

    pub(super) fn remembers(&self, bytes: usize) {
        self.bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}
