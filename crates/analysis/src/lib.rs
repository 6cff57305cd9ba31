//! Pure mathematics over what was measured: baselines of series, and anomalies in them. No IO, no clock, no randomness: the same input gives the
//! same answer.

pub mod anomaly;
pub mod baseline;
