//! Calls whose time is no response time: they count, and stay out of averages.

use model::{entity::EntityKind, figure::Scope};

use super::{
    agent::{Agent, Sent},
    bench::Bench,
};
use crate::otlp::Signal;

const POLL: &str = "GET /poll > shop-host [-]";

/// A call of so many seconds in each of some minutes.
fn poll(bench: &mut Bench, minutes: u64, seconds: i64) {
    for _ in 0..minutes {
        let at = bench.now_ms;
        let trace = at.unsigned_abs() / 1000;
        let span = Sent { ms: seconds * 1000, ..Sent::request(trace, 1, "/poll", at) };
        bench.send(Signal::Traces, &Agent::new("shop").traces(&[span]));
        bench.pass(60);
    }
}

fn counts(bench: &Bench, scope: Scope, name: &str) -> (f64, f64) {
    let figure = &bench.named(scope)[name];
    (figure.calls, figure.timed)
}

fn mark(bench: &Bench, marked: Option<bool>) {
    let bt = bench.entities(EntityKind::BusinessTransaction)[0].id;
    let set = |properties: &mut model::entity::Properties| properties.long_lived.marked = marked;
    bench.directory().change_properties(bt, set).expect("it is known");
}

#[test]
fn a_transaction_whose_median_exceeds_a_minute_is_out_of_response_times_from_then_on() {
    let mut bench = Bench::new();
    poll(&mut bench, 15, 90);
    let (calls, timed) = counts(&bench, Scope::BusinessTransaction, POLL);
    assert_eq!(calls, 15.0);
    assert!((10.0..15.0).contains(&timed), "{timed} were timed before it was known");
    poll(&mut bench, 5, 90);
    for (scope, name) in [
        (Scope::BusinessTransaction, POLL),
        (Scope::Tier, "shop > - [-]"),
        (Scope::Node, "shop-host > shop [-]"),
    ] {
        assert_eq!(counts(&bench, scope, name), (20.0, timed), "{name}");
    }
    let bt = &bench.entities(EntityKind::BusinessTransaction)[0];
    assert!(bt.properties.long_lived.is_now());
    // The same after a restart, and for a call that is opened again from the store.
    bench.restart();
    let last = bench.now_ms - 60_000;
    let late = Sent::work(last.unsigned_abs() / 1000, 2, "more", last).under(1);
    bench.send(Signal::Traces, &Agent::new("shop").traces(&[late]));
    bench.settle();
    poll(&mut bench, 1, 90);
    assert_eq!(counts(&bench, Scope::BusinessTransaction, POLL), (21.0, timed));
}

#[test]
fn an_operator_says_what_is_long_lived_and_what_is_not() {
    let mut bench = Bench::new();
    poll(&mut bench, 2, 1);
    assert_eq!(counts(&bench, Scope::BusinessTransaction, POLL), (2.0, 2.0));
    mark(&bench, Some(true));
    bench.pass(60);
    poll(&mut bench, 3, 1);
    assert_eq!(counts(&bench, Scope::BusinessTransaction, POLL), (5.0, 2.0));
    mark(&bench, Some(false));
    bench.pass(60);
    poll(&mut bench, 3, 1);
    assert_eq!(counts(&bench, Scope::BusinessTransaction, POLL), (8.0, 5.0));
    mark(&bench, None);
    bench.pass(60);
    poll(&mut bench, 1, 1);
    assert_eq!(counts(&bench, Scope::BusinessTransaction, POLL), (9.0, 6.0));
}
