//! Spans that come late, twice or by another way: figures move by what they change, and nothing negative remains.

use model::{entity::EntityKind, figure::Scope};

use super::{
    agent::{Agent, LOCAL, REMOTE, SILENT, Sent},
    bench::Bench,
};
use crate::otlp::Signal;

pub(super) fn send(bench: &mut Bench, tier: &str, spans: &[Sent]) {
    bench.send(Signal::Traces, &Agent::new(tier).traces(spans));
}

/// What is left of a scope, as `name: calls`.
pub(super) fn calls(bench: &Bench, scope: Scope) -> Vec<String> {
    let named = bench.named(scope).into_iter();
    let lines: Vec<String> =
        named.map(|(name, figure)| format!("{name}: {}", figure.calls)).collect();
    for row in bench.figures(scope) {
        let figure = row.figure;
        let least =
            [figure.calls, figure.errors, figure.timed, figure.spans, figure.sum, figure.slow];
        assert!(least.into_iter().all(|value| value >= 0.0), "{figure:?}");
    }
    lines
}

/// Between two bodies of one trace: nothing, closing, forgetting, a new process.
pub(super) const BETWEEN: [fn(&mut Bench); 4] = [
    |_| {},
    |bench| bench.settle(),
    |bench| {
        bench.settle();
        bench.forget_skeletons();
    },
    |bench| {
        bench.settle();
        bench.restart();
    },
];

#[test]
fn a_caller_that_comes_late_makes_its_callee_no_transaction_any_more() {
    for between in BETWEEN {
        let mut bench = Bench::new();
        let at = bench.now_ms;
        send(&mut bench, "stock", &[Sent::request(1, 3, "/item", at).under(2)]);
        between(&mut bench);
        let shop = [Sent::request(1, 1, "/cart", at), Sent::call(1, 2, "stock", at).under(1)];
        send(&mut bench, "shop", &shop);
        bench.settle();
        assert_eq!(calls(&bench, Scope::BusinessTransaction), ["GET /cart > shop-host [-]: 1"]);
        assert_eq!(
            calls(&bench, Scope::TierInTransaction),
            ["shop > - [GET /cart]: 1", "stock > - [GET /cart]: 1"]
        );
        assert_eq!(
            calls(&bench, Scope::Edge),
            ["shop > stock [-]: 1", "shop > stock [GET /cart]: 1"]
        );
        let rows = bench.traces();
        assert_eq!(rows.iter().map(|row| bench.name(row.bt)).collect::<Vec<_>>(), ["GET /cart"]);
    }
}

#[test]
fn a_callee_that_comes_late_takes_the_call_from_the_backend_it_was_taken_for() {
    for between in BETWEEN {
        let mut bench = Bench::new();
        let at = bench.now_ms;
        let shop = [Sent::request(1, 1, "/cart", at), Sent::call(1, 2, "stock", at).under(1)];
        send(&mut bench, "shop", &shop);
        between(&mut bench);
        send(&mut bench, "stock", &[Sent::request(1, 3, "/item", at).under(2)]);
        bench.settle();
        assert_eq!(
            calls(&bench, Scope::Edge),
            ["shop > stock [-]: 1", "shop > stock [GET /cart]: 1"]
        );
    }
}

#[test]
fn a_parent_of_an_agent_without_flags_that_comes_late_swallows_the_nested_entry() {
    for between in BETWEEN {
        let mut bench = Bench::new();
        let at = bench.now_ms;
        let nested = Sent { flags: SILENT, ..Sent::request(1, 2, "/inner", at).under(1) };
        send(&mut bench, "shop", &[nested]);
        between(&mut bench);
        send(&mut bench, "shop", &[Sent { flags: SILENT, ..Sent::request(1, 1, "/outer", at) }]);
        bench.settle();
        assert_eq!(calls(&bench, Scope::BusinessTransaction), ["GET /outer > shop-host [-]: 1"]);
        assert_eq!(calls(&bench, Scope::Tier), ["shop > - [-]: 1"]);
        assert_eq!(calls(&bench, Scope::Endpoint), ["GET /outer > shop-host [-]: 1"]);
    }
}

#[test]
fn spans_that_come_late_are_in_the_number_that_lists_tell() {
    for between in BETWEEN {
        let mut bench = Bench::new();
        let at = bench.now_ms;
        send(&mut bench, "shop", &[Sent::request(1, 1, "/cart", at)]);
        // In no transaction: its caller is not known.
        send(&mut bench, "shop", &[Sent::work(2, 1, "look", at).under(9)]);
        between(&mut bench);
        send(&mut bench, "shop", &[Sent::work(1, 2, "look", at).under(1)]);
        send(&mut bench, "shop", &[Sent::work(2, 2, "look", at).under(9)]);
        bench.settle();
        let rows = bench.traces();
        assert_eq!(rows.iter().map(|row| row.spans).collect::<Vec<_>>(), [2, 2]);
        let chosen = rows.iter().filter_map(|row| row.reason.name()).collect::<Vec<_>>();
        assert_eq!(chosen, ["periodic"], "it stays what it was chosen for");
    }
}

#[test]
fn an_operation_that_comes_late_renames_the_transaction() {
    for between in BETWEEN {
        let mut bench = Bench::new();
        let at = bench.now_ms;
        send(&mut bench, "shop", &[Sent::request(1, 1, "/graphql", at)]);
        between(&mut bench);
        let operation = Sent::work(1, 2, "graphql.execute", at)
            .under(1)
            .with("graphql.operation.name", "Cart")
            .with("graphql.operation.type", "query");
        send(&mut bench, "shop", &[operation]);
        bench.settle();
        assert_eq!(calls(&bench, Scope::BusinessTransaction), ["query Cart > shop-host [-]: 1"]);
        let rows = bench.traces();
        assert_eq!(rows.iter().map(|row| bench.name(row.bt)).collect::<Vec<_>>(), ["query Cart"]);
        let names = bench.entities(EntityKind::BusinessTransaction);
        let listed = names.iter().filter(|bt| !bench.traces_of(Some(bt.id)).is_empty());
        assert_eq!(listed.map(|bt| &*bt.key.name).collect::<Vec<_>>(), ["query Cart"]);
        assert_eq!(rows[0].reason.name(), Some("periodic"), "it stays what it was chosen for");
    }
}

#[test]
fn an_exception_moves_with_the_transaction_it_happened_in_and_counts_once() {
    for between in BETWEEN {
        let mut bench = Bench::new();
        let at = bench.now_ms;
        let stock = Agent::new("stock");
        let log = stock.log((1, 3), at, "it broke", Some(("KeyError", "no item 7")));
        bench.send(Signal::Logs, &log);
        between(&mut bench);
        let entry =
            Sent::request(1, 3, "/item", at).under(2).raising("stock.KeyError", "no item 7");
        let inner =
            Sent::work(1, 4, "look", at - 1).under(3).raising("stock.KeyError", "no item 8");
        send(&mut bench, "stock", &[entry, inner]);
        between(&mut bench);
        let shop = [Sent::request(1, 1, "/cart", at), Sent::call(1, 2, "stock", at).under(1)];
        send(&mut bench, "shop", &shop);
        bench.settle();
        assert_eq!(
            calls(&bench, Scope::Error),
            [
                "stock.KeyError: no item {n} > stock [-]: 1",
                "stock.KeyError: no item {n} > stock [GET /cart]: 1"
            ]
        );
    }
}

#[test]
fn a_repeated_span_in_another_body_counts_once() {
    for between in BETWEEN {
        let mut bench = Bench::new();
        let at = bench.now_ms;
        let request = Sent::request(1, 1, "/cart", at);
        send(&mut bench, "shop", std::slice::from_ref(&request));
        between(&mut bench);
        send(&mut bench, "shop", &[request, Sent::work(1, 2, "more", at).under(1)]);
        bench.settle();
        assert_eq!(calls(&bench, Scope::BusinessTransaction), ["GET /cart > shop-host [-]: 1"]);
        let trace = model::id::TraceId(super::agent::trace_id(1));
        assert_eq!(bench.spans_of(trace).len(), 2);
    }
}

#[test]
fn clocks_that_disagree_make_no_negative_time() {
    let mut bench = Bench::new();
    let at = bench.now_ms;
    // Sent by a host whose clock was set back meanwhile.
    let backwards = Sent { ms: -5_000, ..Sent::request(1, 1, "/cart", at) };
    send(&mut bench, "shop", &[backwards]);
    let ahead = Sent::request(2, 1, "/cart", at + 300_000);
    send(&mut bench, "shop", &[ahead]);
    bench.settle();
    let figure = &bench.named(Scope::BusinessTransaction)["GET /cart > shop-host [-]"];
    assert_eq!((figure.calls, figure.sum, figure.min), (2.0, 10_000.0, Some(0.0)));
}

#[test]
fn a_trace_that_two_accounts_share_is_a_trace_in_each() {
    let mut bench = Bench::new();
    let at = bench.now_ms;
    let shop = [Sent::request(1, 1, "/cart", at), Sent::call(1, 2, "stock", at).under(1)];
    send(&mut bench, "shop", &shop);
    let stock = [Sent::request(1, 3, "/item", at).under(2)];
    bench.send_as(model::id::AccountId(2), Signal::Traces, &Agent::new("stock").traces(&stock));
    bench.settle();
    assert_eq!(calls(&bench, Scope::BusinessTransaction), ["GET /cart > shop-host [-]: 1"]);
    assert_eq!(
        calls(&bench, Scope::Edge)[0],
        "shop > stock:80 [-]: 1",
        "another account's tier is a stranger"
    );
}

#[test]
fn an_address_that_answered_once_stays_the_tiers() {
    let mut bench = Bench::new();
    let call = |trace: u64, at: i64| {
        [Sent::request(trace, 1, "/cart", at), Sent::call(trace, 2, "stock", at).under(1)]
    };
    let at = bench.now_ms;
    send(&mut bench, "shop", &call(1, at));
    send(&mut bench, "stock", &[Sent::request(1, 3, "/item", at).under(2)]);
    bench.settle();
    bench.now_ms += 1_000;
    let at = bench.now_ms;
    // It does not answer now, yet it is the same that is asked.
    send(&mut bench, "shop", &call(2, at));
    bench.settle();
    assert_eq!(calls(&bench, Scope::Edge)[0], "shop > stock [-]: 2");
}

#[test]
fn a_late_span_moves_nothing_else_around_the_time_when_an_address_was_learnt() {
    for between in BETWEEN {
        let mut bench = Bench::new();
        let at = bench.now_ms;
        let call = |trace: u64, at: i64| {
            [Sent::request(trace, 1, "/cart", at), Sent::call(trace, 2, "stock", at).under(1)]
        };
        // Before anybody was known there, and after.
        send(&mut bench, "shop", &call(1, at));
        bench.settle();
        send(&mut bench, "shop", &call(2, at));
        send(&mut bench, "stock", &[Sent::request(2, 3, "/item", at).under(2)]);
        bench.settle();
        let later = bench.now_ms;
        send(&mut bench, "shop", &call(3, later));
        bench.settle();
        let wanted = ["shop > stock [-]: 2", "shop > stock [GET /cart]: 2"];
        assert_eq!(calls(&bench, Scope::Edge)[..2], wanted);
        assert_eq!(calls(&bench, Scope::Edge)[2], "shop > stock:80 [-]: 1");
        between(&mut bench);
        send(&mut bench, "shop", &[Sent::work(3, 9, "more", later).under(1)]);
        bench.settle();
        assert_eq!(calls(&bench, Scope::Edge)[..2], wanted);
        assert_eq!(calls(&bench, Scope::Edge)[2], "shop > stock:80 [-]: 1");
        // One that is opened again is decided by what is known by then.
        send(&mut bench, "shop", &[Sent::work(1, 9, "more", at).under(1)]);
        bench.settle();
        let moved = ["shop > stock [-]: 3", "shop > stock [GET /cart]: 3"];
        assert_eq!(calls(&bench, Scope::Edge)[..2], moved);
        between(&mut bench);
        send(&mut bench, "shop", &[Sent::work(1, 10, "more", at).under(1)]);
        bench.settle();
        assert_eq!(calls(&bench, Scope::Edge)[..2], moved);
    }
}

#[test]
fn entries_are_counted_before_their_trace_is_closed() {
    let mut bench = Bench::new();
    let at = bench.now_ms;
    send(&mut bench, "shop", &[Sent::request(1, 1, "/cart", at)]);
    bench.step();
    assert_eq!(calls(&bench, Scope::Tier), ["shop > - [-]: 1"]);
    assert!(calls(&bench, Scope::BusinessTransaction).is_empty());
    bench.pass(3);
    assert_eq!(calls(&bench, Scope::BusinessTransaction), ["GET /cart > shop-host [-]: 1"]);
}

#[test]
fn spans_over_the_limit_of_a_trace_are_counted_and_not_kept() {
    let mut bench = Bench::new();
    let at = bench.now_ms;
    send(&mut bench, "shop", &[Sent::request(1, 1, "/cart", at)]);
    for part in 0..11u64 {
        let call = |n: u64| Sent {
            flags: LOCAL,
            ..Sent::call(1, 10 + part * 1000 + n, "stock", at).under(1)
        };
        let calls: Vec<Sent> = (0..1000).map(call).collect();
        send(&mut bench, "shop", &calls);
    }
    send(
        &mut bench,
        "stock",
        &[Sent { flags: REMOTE, ..Sent::request(1, 99_999, "/item", at).under(10) }],
    );
    bench.settle();
    assert_eq!(
        calls(&bench, Scope::Edge),
        [
            "shop > stock [-]: 1",
            "shop > stock [GET /cart]: 1",
            "shop > stock:80 [-]: 10999",
            "shop > stock:80 [GET /cart]: 10999"
        ]
    );
    assert_eq!(calls(&bench, Scope::Tier), ["shop > - [-]: 1", "stock > - [-]: 1"]);
    let trace = model::id::TraceId(super::agent::trace_id(1));
    assert_eq!(bench.spans_of(trace).len(), 10_000);
    assert_eq!(bench.traces()[0].spans, 11_002);
}

#[test]
fn a_process_that_is_ended_again_and_again_works_off_what_is_left() {
    let mut bench = Bench::new();
    let at = bench.now_ms;
    // More than one step takes.
    let large = "x".repeat(300_000);
    for trace in 1..=60 {
        let request = Sent::request(trace, 1, "/cart", at).with("large", large.as_str());
        send(&mut bench, "shop", &[request]);
    }
    let mut lives = 0;
    while bench.process().pipeline.lag() > 0 {
        // Each life is far shorter than the usual time between two cuts.
        bench.restart();
        bench.step();
        bench.now_ms += 600;
        bench.step();
        lives += 1;
        assert!(lives < 20, "it does not get on");
    }
    assert!(lives > 2, "{lives} lives are too few to tell");
    bench.settle();
    assert_eq!(calls(&bench, Scope::BusinessTransaction), ["GET /cart > shop-host [-]: 60"]);
}
