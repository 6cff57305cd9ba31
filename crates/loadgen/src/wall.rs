//! The tool's only clock. The product takes its time from a `Clock` that tests can drive; a load generator
//! stamps what it sends with the real time and measures real seconds, so here, and only here, the system
//! clock is read.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

#[allow(
    clippy::disallowed_methods,
    reason = "a measuring tool outside the product measures real seconds"
)]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// Nanoseconds since 1970, as OTLP timestamps want them.
#[allow(
    clippy::disallowed_methods,
    reason = "simulated agents stamp spans with the real time, as agents do"
)]
pub(crate) fn unix_nanos() -> u64 {
    let since =
        SystemTime::now().duration_since(UNIX_EPOCH).expect("the system clock is past 1970");
    since.as_nanos() as u64
}
