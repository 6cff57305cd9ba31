//! Pure mathematics over what was measured: baselines of series, anomalies in them, and the causes of those. No IO, no clock,
//! no randomness: the same input gives the same answer.

pub mod anomaly;
pub mod baseline;
pub mod cause;
