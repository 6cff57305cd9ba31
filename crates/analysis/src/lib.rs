//! Pure mathematics over what was measured: baselines of series, causes of anomalies. No IO, no clock, no randomness: the same input gives the
//! same answer.

pub mod baseline;
pub mod cause;
