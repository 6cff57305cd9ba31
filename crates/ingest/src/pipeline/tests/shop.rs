//! The example shop as its agents reported it, counted exactly as its driver says, however its bodies come.

use std::collections::{BTreeMap, HashSet};

use model::{
    entity::EntityKind,
    figure::{Figure, Scope},
    id::TraceId,
};
use serde_json::Value;
use telemetry_store::reader::TraceRow;

use super::{bench::Bench, recorded};
use crate::{otlp::Signal, pipeline::Limits};

type Bodies = Vec<(Signal, Vec<u8>)>;

/// Traces and logs, in the order they came.
fn bodies() -> Bodies {
    let of = |signal, name| recorded::bodies(name).into_iter().map(move |body| (signal, body));
    of(Signal::Traces, "shop-traces.bin").chain(of(Signal::Logs, "shop-logs.bin")).collect()
}

fn bench() -> Bench {
    let traces = recorded::bodies("shop-traces.bin");
    Bench::at(recorded::end_ms(&traces) + 1000, Limits::default())
}

fn send(bench: &mut Bench, bodies: &[(Signal, Vec<u8>)]) {
    bodies.iter().for_each(|(signal, body)| bench.send(*signal, body));
}

fn counted_at_once() -> Bench {
    let mut bench = bench();
    send(&mut bench, &bodies());
    bench.settle();
    bench
}

/// What the driver calls something, as an entity's name.
fn entity(word: &str) -> String {
    match word {
        "mariadb" => "mysql localhost:17206/shop (shop-host)".to_owned(),
        "redis" => "redis localhost:17209 (shop-host)".to_owned(),
        "bank" => "localhost:17205 (shop-host)".to_owned(),
        _ => match word.strip_prefix("queue:") {
            Some(queue) => format!("rabbitmq {queue}"),
            None => word.to_owned(),
        },
    }
}

/// What the driver calls an entry of a tier, as an endpoint's name.
fn endpoint(tier: &str, method: &str, route: &str) -> String {
    match (tier, method, route) {
        (_, "process", "orders") => "orders receive".to_owned(),
        (_, "process", "parcels") => "events process".to_owned(),
        (tier, _, "" | "/static") => format!("All Other Traffic - {tier}"),
        (_, _, "/health") => "Health Checks".to_owned(),
        _ => format!("{method} {route}"),
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().expect("the expectations have it")
}

fn count(value: &Value, key: &str) -> f64 {
    value[key].as_f64().expect("the expectations have it")
}

/// Sums of what is expected, by name.
fn sums(
    list: &Value,
    name: impl Fn(&Value) -> String,
    of: impl Fn(&Value) -> (f64, f64),
) -> BTreeMap<String, (f64, f64)> {
    let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for item in list.as_array().expect("the expectations are lists") {
        let sum = sums.entry(name(item)).or_default();
        let (calls, errors) = of(item);
        (sum.0, sum.1) = (sum.0 + calls, sum.1 + errors);
    }
    sums
}

fn calls_and_errors(named: BTreeMap<String, Figure>) -> BTreeMap<String, (f64, f64)> {
    named.into_iter().map(|(name, figure)| (name, (figure.calls, figure.errors))).collect()
}

#[test]
fn every_entry_counts_on_its_tier_node_and_endpoint() {
    let expected = recorded::expected("shop-expected.json");
    let bench = counted_at_once();
    let of = |item: &Value| (count(item, "calls"), count(item, "errors"));
    let tiers = sums(&expected["entries"], |item| format!("{} > - [-]", text(item, "tier")), of);
    assert_eq!(calls_and_errors(bench.named(Scope::Tier)), tiers);
    let nodes =
        sums(&expected["entries"], |item| format!("shop-host > {} [-]", text(item, "tier")), of);
    assert_eq!(calls_and_errors(bench.named(Scope::Node)), nodes);
    let endpoints = sums(
        &expected["entries"],
        |item| {
            let name = endpoint(text(item, "tier"), text(item, "method"), text(item, "route"));
            format!("{name} > shop-host [-]")
        },
        of,
    );
    assert_eq!(calls_and_errors(bench.named(Scope::Endpoint)), endpoints);
}

#[test]
fn only_the_front_doors_routes_are_business_transactions() {
    let expected = recorded::expected("shop-expected.json");
    let bench = counted_at_once();
    let routes = sums(
        &expected["routes"],
        |item| {
            format!(
                "{} > shop-host [-]",
                endpoint("web", text(item, "method"), text(item, "route"))
            )
        },
        |item| (count(item, "calls"), count(item, "errors")),
    );
    assert_eq!(calls_and_errors(bench.named(Scope::BusinessTransaction)), routes);
    let client_errors: f64 = expected["routes"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|route| count(route, "client_errors") + count(route, "errors"))
        .sum();
    let found: f64 =
        bench.figures(Scope::BusinessTransaction).iter().map(|row| row.figure.http_errors).sum();
    assert_eq!(found, client_errors);
    for bt in bench.entities(EntityKind::BusinessTransaction) {
        assert_eq!(bench.name(bt.key.parent), "web");
        assert_eq!(bt.properties.background, bt.key.name == "Health Checks");
    }
}

#[test]
fn every_edge_of_the_shop_is_there_and_no_other() {
    let expected = recorded::expected("shop-expected.json");
    let bench = counted_at_once();
    let edges = sums(
        &expected["edges"],
        |item| format!("{} > {} [-]", entity(text(item, "from")), entity(text(item, "to"))),
        |item| (count(item, "calls"), count(item, "failed")),
    );
    let all = calls_and_errors(bench.named(Scope::Edge));
    let total = |name: &String| name.ends_with("[-]");
    let totals: BTreeMap<_, _> = all.clone().into_iter().filter(|(name, _)| total(name)).collect();
    assert_eq!(totals, edges);
    // All of it was caused at the front door, so the edges of the transactions add up to the same.
    let mut added: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for (name, (calls, errors)) in all.into_iter().filter(|(name, _)| !total(name)) {
        let (edge, _) = name.split_once(" [").expect("names end so");
        let sum = added.entry(format!("{edge} [-]")).or_default();
        (sum.0, sum.1) = (sum.0 + calls, sum.1 + errors);
    }
    assert_eq!(added, edges);
    let checkout = |name: &str| bench.named(Scope::Edge)[&format!("{name} [POST /checkout]")].calls;
    assert_eq!(checkout("rabbitmq orders > fulfilment"), 5.0);
    assert_eq!(checkout("rabbitmq events > notify"), 4.0);
    assert_eq!(checkout("order > payment"), 7.0);
}

#[test]
fn a_tier_works_for_the_transactions_that_it_serves() {
    let expected = recorded::expected("shop-expected.json");
    let bench = counted_at_once();
    let mut by_tier: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for (name, figure) in bench.named(Scope::TierInTransaction) {
        let (tier, bt) = name.split_once(" > ").expect("names are so");
        assert_ne!(bt, "- [-]");
        let sum = by_tier.entry(tier.to_owned()).or_default();
        (sum.0, sum.1) = (sum.0 + figure.calls, sum.1 + figure.errors);
    }
    let tiers = sums(
        &expected["entries"],
        |item| text(item, "tier").to_owned(),
        |item| (count(item, "calls"), count(item, "errors")),
    );
    assert_eq!(by_tier, tiers);
}

#[test]
fn an_exception_counts_once_though_spans_and_logs_repeat_it() {
    let bench = counted_at_once();
    let errors = calls_and_errors(bench.named(Scope::Error));
    let of = |text: &str| -> Vec<(&String, f64)> {
        let found = errors.iter().filter(|(name, _)| name.contains(text) && name.ends_with("[-]"));
        found.map(|(name, (calls, _))| (name, *calls)).collect()
    };
    // The driver asked the bank once while it was down; the payment's span and its log record both tell of it.
    let bank = of("Server Error");
    assert_eq!(bank.len(), 1, "{errors:?}");
    assert!(bank[0].0.starts_with("requests.exceptions.HTTPError: "), "{bank:?}");
    assert_eq!(bank[0].1, 1.0);
    assert_eq!(of("ProgrammingError").iter().map(|(_, calls)| calls).sum::<f64>(), 2.0);
}

/// A deterministic shuffle.
fn shuffled(mut bodies: Bodies, seed: u64) -> Bodies {
    let mut state = seed;
    for at in (1..bodies.len()).rev() {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bodies.swap(at, (state >> 33) as usize % (at + 1));
    }
    bodies
}

#[track_caller]
fn assert_counted(bench: &Bench) {
    let expected = counted_at_once().all_figures();
    let found = bench.all_figures();
    let missing: Vec<_> = expected.iter().filter(|line| !found.contains(line)).collect();
    let wrong: Vec<_> = found.iter().filter(|line| !expected.contains(line)).collect();
    assert!(missing.is_empty() && wrong.is_empty(), "missing {missing:#?}\nfound {wrong:#?}");
}

#[test]
fn bodies_in_any_order_count_the_same() {
    for seed in 1..=5 {
        let mut bench = bench();
        send(&mut bench, &shuffled(bodies(), seed));
        bench.settle();
        assert_counted(&bench);
    }
}

#[test]
fn bodies_that_come_slowly_in_any_order_count_the_same() {
    for seed in 1..=3 {
        let mut bench = bench();
        for (at, (signal, body)) in shuffled(bodies(), seed).iter().enumerate() {
            bench.send(*signal, body);
            // Long enough now and then that traces close between the bodies of one.
            bench.pass([0, 1, 9, 3][at % 4]);
        }
        bench.settle();
        assert_counted(&bench);
    }
}

#[test]
fn a_body_sent_again_counts_once() {
    let mut bench = bench();
    let bodies = bodies();
    for (at, (signal, body)) in bodies.iter().enumerate() {
        bench.send(*signal, body);
        bench.send(*signal, body);
        bench.pass((at % 3) as i64);
    }
    bench.settle();
    send(&mut bench, &bodies);
    bench.settle();
    assert_counted(&bench);
}

#[test]
fn a_span_sent_again_long_after_counts_once() {
    let mut bench = bench();
    let traces: Bodies =
        bodies().into_iter().filter(|(signal, _)| *signal == Signal::Traces).collect();
    send(&mut bench, &bodies());
    bench.settle();
    // Its fingerprint is forgotten by then, and so is what memory had of its trace.
    bench.now_ms += 3_600_000;
    bench.forget_skeletons();
    send(&mut bench, &traces);
    bench.settle();
    assert_counted(&bench);
}

#[test]
fn children_that_come_before_their_parents_count_the_same() {
    let depth = |body: &(Signal, Vec<u8>)| {
        let order = ["notify", "fulfilment", "payment", "order", "catalog", "cart", "web"];
        let tier = match body.0 {
            Signal::Traces => recorded::tier(&body.1),
            _ => String::new(),
        };
        order.iter().position(|known| *known == tier)
    };
    let mut bodies = bodies();
    bodies.sort_by_key(depth);
    let mut bench = bench();
    for (signal, body) in &bodies {
        bench.send(*signal, body);
        bench.pass(10);
    }
    bench.settle();
    assert_counted(&bench);
}

#[test]
fn a_tier_whose_bodies_come_an_hour_late_counts_the_same() {
    for late in ["web", "cart", "catalog", "order", "payment", "fulfilment", "notify"] {
        for forget in [false, true] {
            let (late, timely): (Bodies, Bodies) =
                bodies().into_iter().partition(|(signal, body)| {
                    *signal == Signal::Traces && recorded::tier(body) == late
                });
            let mut bench = bench();
            send(&mut bench, &timely);
            bench.settle();
            bench.now_ms += 3_600_000;
            if forget {
                bench.forget_skeletons();
            }
            for (signal, body) in &late {
                bench.send(*signal, body);
                bench.pass(3);
            }
            bench.settle();
            assert_counted(&bench);
        }
    }
}

#[test]
fn a_restart_after_every_body_counts_the_same() {
    for seed in 1..=2 {
        let mut bench = bench();
        for (at, (signal, body)) in shuffled(bodies(), seed).iter().enumerate() {
            bench.send(*signal, body);
            bench.pass([0, 1, 7, 12][at % 4]);
            bench.restart();
        }
        bench.settle();
        bench.restart();
        bench.settle();
        assert_counted(&bench);
    }
}

#[test]
fn the_index_lists_each_transaction_once_and_nothing_else() {
    for restarts in [false, true] {
        let mut bench = bench();
        for (at, (signal, body)) in shuffled(bodies(), 4).iter().enumerate() {
            bench.send(*signal, body);
            bench.pass([0, 1, 9][at % 3]);
            if restarts {
                bench.restart();
            }
        }
        bench.settle();
        bench.pass(10);
        let rows = bench.traces();
        let traces: HashSet<TraceId> = rows.iter().map(|row| row.trace).collect();
        assert_eq!(traces.len(), rows.len(), "each once");
        let (entered, others): (Vec<TraceRow>, Vec<TraceRow>) =
            rows.iter().copied().partition(|row| !row.bt.is_none());
        assert_eq!(entered.len(), 40);
        assert!(entered.iter().all(|row| bench.name(row.tier) == "web"));
        // What a service does while it starts.
        assert!(others.iter().all(|row| row.spans == 1));
    }
}
