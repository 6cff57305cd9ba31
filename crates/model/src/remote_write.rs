//! What samples that came by Prometheus remote write carry with them, beside their values.

/// The instrumentation scope of samples that came by remote write: their names and attributes are a scraped target's own,
/// and not OpenTelemetry's.
pub const SCOPE: &str = "prometheus.remote_write";
/// The label that says which targets are alike; it makes the tier.
pub const JOB: &str = "job";
/// The label that says which target it is; it makes the node.
pub const INSTANCE: &str = "instance";

/// Bits of the value by which a sample says that its series has ended: a NaN that no measurement is. A point of OTLP that
/// says "no value was recorded" is kept as it, too.
pub const ENDED: u64 = 0x7ff0_0000_0000_0002;
