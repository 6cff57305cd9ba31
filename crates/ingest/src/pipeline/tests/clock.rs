//! A clock that jumps an hour, ahead or back, with a start in between or without: nothing is lost, nothing is counted twice,
//! and nothing waits until the clock is where it was.

use model::figure::Scope;
use telemetry_store::upkeep::Retention;

use super::{
    agent::{Agent, Sent},
    bench::Bench,
};
use crate::otlp::Signal;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

fn calls(bench: &Bench) -> f64 {
    bench.named(Scope::BusinessTransaction).values().map(|figure| figure.calls).sum()
}

fn check(jump_ms: i64, restarts: bool) {
    let what = format!("{jump_ms} ms, restarts: {restarts}");
    let mut bench = Bench::new();
    let body = |bench: &Bench, trace| {
        Agent::new("shop").traces(&[Sent::request(trace, 1, "/cart", bench.now_ms)])
    };
    let first = body(&bench, 1);
    bench.send(Signal::Traces, &first);
    bench.settle();
    bench.pass(8);
    // Open while the clock jumps.
    let second = body(&bench, 2);
    bench.send(Signal::Traces, &second);
    bench.step();
    bench.now_ms += jump_ms;
    if restarts {
        bench.restart();
    }
    bench.pass(20);
    assert_eq!(calls(&bench), 2.0, "{what}: what was open is counted soon");
    let third = body(&bench, 3);
    for body in [&first, &second, &third] {
        // Whoever got no answer sends again; what lies too far ahead of the clock now, intake would refuse.
        if jump_ms > 0 || body == &third {
            bench.send(Signal::Traces, body);
        }
    }
    bench.pass(20);
    assert_eq!(calls(&bench), 3.0, "{what}: sent again, counted once");
    let cuts = bench.stats.cuts.load(std::sync::atomic::Ordering::Relaxed);
    bench.send(Signal::Traces, &body(&bench, 4));
    bench.pass(20);
    let more = bench.stats.cuts.load(std::sync::atomic::Ordering::Relaxed);
    assert!(more > cuts, "{what}: cuts go on");
    bench.restart();
    bench.settle();
    assert_eq!(calls(&bench), 4.0, "{what}: after another start");
    assert_eq!(bench.traces().len(), 4, "{what}");
}

#[test]
fn an_hour_ahead_or_back_loses_nothing_and_counts_nothing_twice() {
    for jump_ms in [HOUR_MS, -HOUR_MS] {
        check(jump_ms, false);
        check(jump_ms, true);
    }
}

#[test]
fn retention_waits_until_a_jump_ahead_is_believed() {
    let mut bench = Bench::new();
    bench.send(
        Signal::Traces,
        &Agent::new("shop").traces(&[Sent::request(1, 1, "/cart", bench.now_ms)]),
    );
    bench.settle();
    bench.pass(8);
    let keep = Retention {
        traces_ms: DAY_MS,
        snapshots_ms: DAY_MS,
        minutes_ms: DAY_MS,
        ten_minutes_ms: DAY_MS,
        hours_ms: DAY_MS,
        logs_ms: DAY_MS,
        samples_ms: DAY_MS,
        keep_free_percent: 0,
    };
    let store = bench.store();
    let mut trusted = telemetry_store::upkeep::TrustedTime::new(store.newest_segment_ms(), 0);
    let mut upkeep = |wall_ms: i64, monotonic_ms: i64| {
        let trusted_ms = trusted.at(wall_ms, monotonic_ms);
        while store.upkeep_by(wall_ms, trusted_ms, &keep).expect("it works").is_some() {}
        store.segment_count()
    };
    let jumped_ms = bench.now_ms + 30 * DAY_MS;
    assert!(upkeep(jumped_ms, 0) > 0, "a jump deletes nothing");
    assert!(upkeep(bench.now_ms + 60_000, 60_000) > 0, "nor after it was set right");
    assert!(upkeep(jumped_ms, 120_000) > 0);
    assert_eq!(upkeep(jumped_ms + HOUR_MS, 120_000 + HOUR_MS), 0, "what stays is true");
}
