//! What senders count; items are spans or points. Latency is in microseconds, from handing a body to the connection until its answer is read.

use hdrhistogram::Histogram;

/// Messages kept word for word; the rest is only counted.
const KEPT_ERRORS: usize = 5;
const LONGEST_US: u64 = 600_000_000;

#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) requests: u64,
    pub(crate) acknowledged: u64,
    /// Refused for good by partial success.
    pub(crate) rejected: u64,
    pub(crate) late: u64,
    /// Acknowledged bodies sent again and acknowledged again.
    pub(crate) repeated_requests: u64,
    /// Answers that asked to come later.
    pub(crate) retries: u64,
    /// Those of them that did not say when.
    pub(crate) retries_without_hint: u64,
    pub(crate) broken_connections: u64,
    pub(crate) errors: u64,
    pub(crate) messages: Vec<String>,
    /// Bodies as OTLP, and as they went over the wire after compression and framing.
    pub(crate) otlp_bytes: u64,
    pub(crate) sent_bytes: u64,
    pub(crate) latency_us: Histogram<u64>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            requests: 0,
            acknowledged: 0,
            rejected: 0,
            late: 0,
            repeated_requests: 0,
            retries: 0,
            retries_without_hint: 0,
            broken_connections: 0,
            errors: 0,
            messages: Vec::new(),
            otlp_bytes: 0,
            sent_bytes: 0,
            latency_us: Histogram::new_with_max(LONGEST_US, 3)
                .expect("three digits up to ten minutes are valid bounds"),
        }
    }
}

impl Tally {
    pub(crate) fn error(&mut self, message: String) {
        self.errors += 1;
        self.note(message);
    }

    /// A partial success whose message is worth showing.
    pub(crate) fn note(&mut self, message: String) {
        if self.messages.len() < KEPT_ERRORS && !self.messages.contains(&message) {
            self.messages.push(message);
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.requests += other.requests;
        self.acknowledged += other.acknowledged;
        self.rejected += other.rejected;
        self.late += other.late;
        self.repeated_requests += other.repeated_requests;
        self.retries += other.retries;
        self.retries_without_hint += other.retries_without_hint;
        self.broken_connections += other.broken_connections;
        self.errors += other.errors;
        self.otlp_bytes += other.otlp_bytes;
        self.sent_bytes += other.sent_bytes;
        self.latency_us.add(&other.latency_us).expect("both histograms have the same bounds");
        other.messages.into_iter().for_each(|message| self.note(message));
    }

    pub(crate) fn latency_ms(&self, quantile: f64) -> f64 {
        self.latency_us.value_at_quantile(quantile) as f64 / 1000.0
    }
}
