//! OTLP as bytes: a borrowing protobuf reader, views of the three signals, JSON in both directions, and the cutting of
//! a request into journal records.
//!
//! Nothing here allocates while reading and nothing is generated: OTLP has some thirty messages, an agent's bytes are
//! kept as they came (unknown fields included), and the pipeline reads them in place. Whole-request faults (bytes that
//! are no protobuf, a field of the wrong wire type) are [`wire::WireError`]s; faults of one span, point or record are
//! counted by [`slice`] and refused alone.

pub mod json;
pub mod limits;
pub mod logs;
pub mod metrics;
pub mod resource;
pub mod response;
pub mod schema;
pub mod slice;
pub mod trace;
pub mod value;
pub mod wire;

/// What a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Signal {
    Traces,
    Metrics,
    Logs,
}

impl Signal {
    /// All three.
    pub const ALL: [Signal; 3] = [Signal::Traces, Signal::Metrics, Signal::Logs];

    /// Where its records stand in the journal.
    pub fn topic(self) -> journal::Topic {
        match self {
            Signal::Traces => journal::Topic::Spans,
            Signal::Metrics => journal::Topic::Metrics,
            Signal::Logs => journal::Topic::Logs,
        }
    }

    /// The name in URLs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Signal::Traces => "traces",
            Signal::Metrics => "metrics",
            Signal::Logs => "logs",
        }
    }

    /// What its items are called, in the plural.
    pub fn items(self) -> &'static str {
        match self {
            Signal::Traces => "spans",
            Signal::Metrics => "data points",
            Signal::Logs => "log records",
        }
    }
}
