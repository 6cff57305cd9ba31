//! The deterministic simulation: journal, pipeline, cut, upkeep and recovery over a disk that drops what was not
//! fsynced, with a process that dies anywhere. Each seed is one schedule of traffic, retries, late spans, clocks that jump
//! ahead and back, full disks, failed fsyncs, slow metadata and crashes, after which every figure must be exactly what was
//! sent: by the minute, in every roll-up, and as long as each of them is kept.
//!
//! `SIMULATION_SCHEDULES` says how many run (500), `SIMULATION_SEED` runs one, `SIMULATION_FIRST_SEED` says where they begin.
//! As many run at once as there are processors, and each thousand is told of as it is done, with what failed so far.

pub(crate) mod expected;
pub(crate) mod journal;
mod machine;
mod metadata;
pub(crate) mod random;
mod schedule;
pub(crate) mod traffic;

use std::{
    io::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use self::schedule::Report;

const SCHEDULES: u64 = 500;
/// A run of fewer ends soon enough to wait for its result.
const TELL_EVERY: u64 = 1_000;

#[test]
fn whatever_fails_no_acknowledged_span_is_lost_or_counted_twice() {
    if let Some(seed) = number("SIMULATION_SEED") {
        schedule::run(seed);
        return;
    }
    let first = number("SIMULATION_FIRST_SEED").unwrap_or(1);
    let end = first + number("SIMULATION_SCHEDULES").unwrap_or(SCHEDULES);
    let (next, done) = (AtomicU64::new(first), AtomicU64::new(0));
    let failed: Mutex<Vec<(u64, String)>> = Mutex::default();
    let total: Mutex<Report> = Mutex::default();
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return;
            }
            match catch_unwind(AssertUnwindSafe(|| schedule::run(seed))) {
                Ok(report) => {
                    let mut total = total.lock().expect("nobody panics with it");
                    total.spans += report.spans;
                    total.restarts += report.restarts;
                }
                Err(panic) => {
                    let failure = (seed, first_line(panic.as_ref()));
                    failed.lock().expect("nobody panics with it").push(failure);
                }
            }
            let done = 1 + done.fetch_add(1, Ordering::Relaxed);
            if done.is_multiple_of(TELL_EVERY) {
                tell(done, end - first, &failed.lock().expect("nobody panics with it"));
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let failed = failed.into_inner().expect("all threads have ended");
    let total = total.into_inner().expect("all threads have ended");
    let again = "SIMULATION_SEED=<seed> cargo test -p ingest --lib simulation";
    assert!(
        failed.is_empty(),
        "{} of {} schedules failed: {failed:#?}\nrun one by: {again}",
        failed.len(),
        end - first
    );
    // A schedule that never crashes or sends nothing proves nothing.
    assert!(
        total.restarts as u64 >= (end - first) && total.spans >= 10 * (end - first),
        "{total:?}"
    );
}

/// Past the test harness, which keeps what a test prints until it has failed.
fn tell(done: u64, of: u64, failed: &[(u64, String)]) {
    let seeds: Vec<u64> = failed.iter().map(|(seed, _)| *seed).collect();
    let failures = if seeds.is_empty() { String::new() } else { format!(", failed: {seeds:?}") };
    // Who does not read it misses nothing else.
    drop(writeln!(std::io::stderr(), "{done} of {of} schedules{failures}"));
}

fn first_line(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map_or("a panic", String::as_str);
    text.lines().next().unwrap_or_default().to_owned()
}

#[allow(clippy::disallowed_methods, reason = "how many schedules run is said from outside")]
fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a whole number, not {text:?}")))
}
