//! Business transactions that operators do not want: their requests work for none, and count everywhere else.

use model::{
    entity::{EntityKind, Properties},
    figure::Scope,
};

use super::{
    agent::{Agent, Sent},
    bench::Bench,
};
use crate::otlp::Signal;

const PROBE: &str = "GET /probe > shop-host [-]";

/// A request with a call to a database and an exception; its caller is not known.
fn probe(bench: &mut Bench, trace: u64) {
    let at = bench.now_ms;
    let entry = Sent::request(trace, 3, "/probe", at).under(2).raising("Refused", "no");
    let call = Sent::call(trace, 4, "db", at).under(3).with("db.system.name", "mysql");
    bench.send(Signal::Traces, &Agent::new("shop").traces(&[entry, call]));
    bench.settle();
}

/// How often each of these was counted: the transaction, its tier's entries, the call in all and under the transaction, the
/// exceptions under it.
fn counts(bench: &Bench) -> [f64; 5] {
    let calls =
        |scope: Scope, name: &str| bench.named(scope).get(name).map_or(0.0, |figure| figure.calls);
    let under = |scope: Scope| {
        let figures = bench.figures(scope).into_iter();
        figures.filter(|row| !row.key.bt.is_none()).map(|row| row.figure.calls).sum()
    };
    [
        calls(Scope::BusinessTransaction, PROBE),
        calls(Scope::Tier, "shop > - [-]"),
        calls(Scope::Edge, "shop > mysql db:80 [-]"),
        under(Scope::Edge),
        under(Scope::Error),
    ]
}

fn set_excluded(bench: &mut Bench, wanted: bool) {
    let bt = bench.entities(EntityKind::BusinessTransaction)[0].id;
    let set = |properties: &mut Properties| properties.excluded.wanted = wanted;
    bench.directory().change_properties(bt, set).expect("it is known");
    bench.pass(61);
}

#[test]
fn an_excluded_transaction_s_requests_work_for_none_and_count_everywhere_else() {
    let mut bench = Bench::new();
    probe(&mut bench, 1);
    assert_eq!(counts(&bench), [1.0; 5]);
    set_excluded(&mut bench, true);
    let excluded_ms = bench.now_ms;
    probe(&mut bench, 2);
    assert_eq!(counts(&bench), [1.0, 2.0, 2.0, 1.0, 1.0]);
    // The same after a restart, when the trace is opened again from the store.
    bench.restart();
    let late = Sent::work(2, 5, "more", excluded_ms).under(3);
    bench.send(Signal::Traces, &Agent::new("shop").traces(&[late]));
    bench.settle();
    assert_eq!(counts(&bench), [1.0, 2.0, 2.0, 1.0, 1.0]);
    // Its trace is found all the same.
    assert_eq!(bench.traces().iter().filter(|row| row.bt.is_none() && row.spans == 3).count(), 1);
    set_excluded(&mut bench, false);
    probe(&mut bench, 3);
    assert_eq!(counts(&bench), [2.0, 3.0, 3.0, 2.0, 2.0]);
}

#[test]
fn an_excluded_transaction_leaves_its_place_to_another() {
    let mut bench = Bench::new();
    bench.limits.transactions_a_tier = 1;
    bench.restart();
    probe(&mut bench, 1);
    set_excluded(&mut bench, true);
    let other = Sent::request(2, 1, "/cart", bench.now_ms);
    bench.send(Signal::Traces, &Agent::new("shop").traces(&[other]));
    bench.settle();
    let named = bench.named(Scope::BusinessTransaction);
    assert_eq!(named["GET /cart > shop-host [-]"].calls, 1.0);
}
