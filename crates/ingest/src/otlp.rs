//! OTLP as bytes: a borrowing protobuf reader, views of the three signals, JSON in both directions, and the cutting of
//! a request into journal records.
//!
//! Nothing here allocates while reading and nothing is generated: OTLP has some thirty messages, an agent's bytes are
//! kept as they came (unknown fields included), and the pipeline reads them in place. Whole-request faults (bytes that
//! are no protobuf, a field of the wrong wire type) are [`wire::WireError`]s; faults of one span, point or record are
//! counted by [`slice`] and refused alone.

pub mod logs;
pub mod metrics;
pub mod resource;
pub mod trace;
pub mod value;
pub mod wire;
