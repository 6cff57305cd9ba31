//! What samples that came by Prometheus remote write carry with them, beside their values.

/// The instrumentation scope of samples that came by remote write: their names and attributes are a scraped target's own,
/// and not OpenTelemetry's.
pub const SCOPE: &str = "prometheus.remote_write";
/// The label that says which targets are alike; it makes the tier.
pub const JOB: &str = "job";
/// The label that says which target it is; it makes the node.
pub const INSTANCE: &str = "instance";
