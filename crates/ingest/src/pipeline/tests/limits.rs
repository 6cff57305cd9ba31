//! Names without end: what comes beyond a limit counts in an entity that says so, and places are kept across restarts.

use model::{entity::EntityKind, figure::Scope};

use super::{
    agent::{Agent, Sent},
    bench::{Bench, MORNING_MS},
};
use crate::{otlp::Signal, pipeline::Limits};

fn words(n: u64) -> String {
    // Letters only: a number would be templated away.
    format!("{n:03}").bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
}

/// Of those that have a place.
fn names(bench: &Bench, kind: EntityKind) -> Vec<String> {
    let mut known = bench.entities(kind);
    known.retain(|entity| !entity.properties.is_waiting());
    known.iter().map(|entity| entity.key.name.clone()).collect()
}

fn calls(bench: &Bench, scope: Scope, name: &str) -> f64 {
    let named = bench.named(scope);
    named.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", named.keys())).calls
}

/// So many routes of one tier, one request each.
fn routes(bench: &mut Bench, tier: &str, routes: std::ops::Range<u64>) {
    let at = bench.now_ms;
    let request = |n: u64| Sent::request(n + 1, 1, &format!("/{tier}/{}", words(n)), at);
    let spans: Vec<Sent> = routes.map(request).collect();
    bench.send(Signal::Traces, &Agent::new(tier).traces(&spans));
    bench.settle();
}

#[test]
fn the_fifty_first_transaction_of_a_tier_is_other_traffic() {
    let mut bench = Bench::new();
    routes(&mut bench, "shop", 0..50);
    bench.restart();
    routes(&mut bench, "shop", 50..60);
    assert_eq!(names(&bench, EntityKind::BusinessTransaction).len(), 51);
    let other = "All Other Traffic - shop > shop-host [-]";
    assert_eq!(calls(&bench, Scope::BusinessTransaction, other), 10.0);
    // Each of them is still measured on its own tier.
    assert_eq!(names(&bench, EntityKind::ServiceEndpoint).len(), 60);
    routes(&mut bench, "shop", 100..101);
    assert_eq!(calls(&bench, Scope::Tier, "shop > - [-]"), 61.0);
}

#[test]
fn the_two_hundred_and_first_transaction_of_an_application_is_other_traffic() {
    let mut bench = Bench::new();
    for (at, tier) in ["a", "b", "c", "d"].into_iter().enumerate() {
        routes(&mut bench, tier, at as u64 * 50..at as u64 * 50 + 50);
    }
    assert_eq!(names(&bench, EntityKind::BusinessTransaction).len(), 200);
    routes(&mut bench, "e", 300..302);
    let other = "All Other Traffic - e > e-host [-]";
    assert_eq!(calls(&bench, Scope::BusinessTransaction, other), 2.0);
    let health = Sent::request(900, 1, "/healthz", bench.now_ms).with("url.path", "/healthz");
    bench.send(Signal::Traces, &Agent::new("e").traces(&[health]));
    bench.settle();
    // What every tier has takes no place.
    assert_eq!(calls(&bench, Scope::BusinessTransaction, "Health Checks > e-host [-]"), 1.0);
}

#[test]
fn a_transaction_that_was_silent_for_a_week_frees_its_place() {
    let mut bench = Bench::new();
    routes(&mut bench, "shop", 0..50);
    bench.pass(10);
    bench.now_ms += 8 * 86_400_000;
    bench.pass(60);
    routes(&mut bench, "shop", 200..201);
    bench.pass(1);
    let name = format!("GET /shop/{} > shop-host [-]", words(200));
    assert_eq!(calls(&bench, Scope::BusinessTransaction, &name), 1.0);
}

const OTHER: &str = "All Other Traffic - shop > shop-host [-]";

/// A call of a route, whose trace has the number `trace` and whose caller is not known yet.
fn request(bench: &mut Bench, trace: u64, route: u64) {
    let path = format!("/shop/{}", words(route));
    let span = Sent::request(trace, 3, &path, bench.now_ms).under(2);
    bench.send(Signal::Traces, &Agent::new("shop").traces(&[span]));
    bench.settle();
}

/// Its caller, long after it: the trace is opened again from the store, and the call entered elsewhere.
fn late_caller(bench: &mut Bench, trace: u64, at_ms: i64) {
    bench.restart();
    let entry = Sent::request(trace, 1, "/front", at_ms);
    let call = Sent::call(trace, 2, "shop", at_ms).under(1);
    bench.send(Signal::Traces, &Agent::new("front").traces(&[entry, call]));
    bench.settle();
}

fn calls_if_any(bench: &Bench, name: &str) -> f64 {
    bench.named(Scope::BusinessTransaction).get(name).map_or(0.0, |figure| figure.calls)
}

#[test]
fn an_operator_promotes_a_transaction_out_of_other_traffic_from_then_on() {
    let mut bench = Bench::new();
    routes(&mut bench, "shop", 0..50);
    let before_ms = bench.now_ms;
    request(&mut bench, 900, 70);
    let own = format!("GET /shop/{} > shop-host [-]", words(70));
    assert_eq!(calls(&bench, Scope::BusinessTransaction, OTHER), 1.0);
    let known = bench.entities(EntityKind::BusinessTransaction);
    let waiting = known.iter().find(|bt| bt.properties.is_waiting()).expect("it is known by name");
    let promote = |properties: &mut model::entity::Properties| {
        properties.waiting = Some(model::entity::Waiting { promoted: true, ..Default::default() });
    };
    bench.directory().change_properties(waiting.id, promote).expect("it is known");
    bench.pass(61);
    request(&mut bench, 901, 70);
    assert_eq!(calls(&bench, Scope::BusinessTransaction, &own), 1.0);
    // What was counted before is taken from where it was counted.
    late_caller(&mut bench, 900, before_ms);
    assert_eq!((calls_if_any(&bench, OTHER), calls_if_any(&bench, &own)), (0.0, 1.0));
    let now_ms = bench.now_ms;
    late_caller(&mut bench, 901, now_ms);
    assert_eq!((calls_if_any(&bench, OTHER), calls_if_any(&bench, &own)), (0.0, 0.0));
    // It took a place that was not there: the next one waits as before.
    request(&mut bench, 902, 71);
    assert_eq!(calls(&bench, Scope::BusinessTransaction, OTHER), 1.0);
}

#[test]
fn one_that_waits_gets_a_place_that_becomes_free_and_keeps_what_it_counted_as_before() {
    let mut bench = Bench::new();
    routes(&mut bench, "shop", 0..50);
    request(&mut bench, 900, 70);
    bench.pass(10);
    bench.now_ms += 6 * 86_400_000;
    request(&mut bench, 901, 70);
    let at_ms = bench.now_ms;
    bench.pass(10);
    assert_eq!(calls(&bench, Scope::BusinessTransaction, OTHER), 2.0);
    bench.now_ms += 2 * 86_400_000;
    for _ in 0..12 {
        bench.pass(600);
    }
    request(&mut bench, 902, 70);
    let own = format!("GET /shop/{} > shop-host [-]", words(70));
    assert_eq!(calls(&bench, Scope::BusinessTransaction, &own), 1.0);
    late_caller(&mut bench, 901, at_ms);
    assert_eq!((calls_if_any(&bench, OTHER), calls_if_any(&bench, &own)), (1.0, 1.0));
}

#[test]
fn the_thousand_and_first_backend_of_a_type_is_other_traffic_of_that_type() {
    let mut bench = Bench::new();
    let at = bench.now_ms;
    let call = |n: u64| Sent::call(1, n + 2, &format!("host-{}", words(n)), at).under(1);
    let mut spans = vec![Sent::request(1, 1, "/cart", at)];
    spans.extend((0..1003).map(call));
    bench.send(Signal::Traces, &Agent::new("shop").traces(&spans));
    bench.settle();
    assert_eq!(calls(&bench, Scope::Edge, "shop > All other traffic for HTTP [-]"), 3.0);
    assert_eq!(names(&bench, EntityKind::Backend).len(), 1001);
    let database = Sent::call(2, 3, "db", at).under(2).with("db.system.name", "mysql");
    let spans = [Sent::request(2, 2, "/cart", at), database];
    bench.send(Signal::Traces, &Agent::new("shop").traces(&spans));
    bench.settle();
    assert_eq!(
        calls(&bench, Scope::Edge, "shop > mysql db:80 [-]"),
        1.0,
        "another type has places"
    );
    bench.restart();
    let known = Sent::call(3, 4, &format!("host-{}", words(7)), at).under(3);
    let another = Sent::call(3, 5, "host-unheard", at).under(3);
    let spans = [Sent::request(3, 3, "/cart", at), known, another];
    bench.send(Signal::Traces, &Agent::new("shop").traces(&spans));
    bench.settle();
    let once_more = format!("shop > host-{}:80 [-]", words(7));
    assert_eq!(calls(&bench, Scope::Edge, &once_more), 2.0);
    assert_eq!(calls(&bench, Scope::Edge, "shop > All other traffic for HTTP [-]"), 4.0);
    let spans = [Sent::request(4, 6, "/list", at), Sent::call(4, 7, "host-unheard", at).under(6)];
    bench.send(Signal::Traces, &Agent::new("stock").traces(&spans));
    bench.settle();
    assert_eq!(
        calls(&bench, Scope::Edge, "stock > host-unheard:80 [-]"),
        1.0,
        "another tier has places"
    );
}

#[test]
fn fifty_restarts_and_fifty_cron_runs_leave_one_node_each() {
    for replayed in [false, true] {
        let mut bench = Bench::new();
        for run in 0..50u64 {
            let agent =
                |tier: &str| Agent::new(tier).with("service.instance.id", &format!("run-{run}"));
            let span = Sent::request(run + 1, 1, "/cart", bench.now_ms);
            bench.send(Signal::Traces, &agent("shop").traces(&[span]));
            let call = Sent::call(run + 100, 1, "shop", bench.now_ms);
            bench.send(Signal::Traces, &agent("cron").traces(&[call]));
            if !replayed {
                bench.pass(3);
            }
            bench.now_ms += 180_000;
        }
        // Or all of it at once, from the journal of a pipeline that was behind.
        bench.settle();
        let mut nodes = names(&bench, EntityKind::Node);
        nodes.sort();
        assert_eq!(nodes, ["cron-host", "shop-host"]);
        assert_eq!(calls(&bench, Scope::Node, "shop-host > shop [-]"), 50.0);
    }
}

#[test]
fn processes_that_live_at_once_are_nodes_of_their_own_across_a_restart() {
    let mut bench = Bench::new();
    for round in 0..3u64 {
        for process in 0..3u64 {
            let agent =
                Agent::new("shop").with("service.instance.id", &format!("worker-{process}"));
            let span = Sent::request(10 * round + process + 1, 1, "/cart", bench.now_ms);
            bench.send(Signal::Traces, &agent.traces(&[span]));
        }
        bench.pass(30);
        bench.restart();
    }
    bench.settle();
    for name in ["shop-host", "shop-host#2", "shop-host#3"] {
        assert_eq!(calls(&bench, Scope::Node, &format!("{name} > shop [-]")), 3.0);
    }
}

#[test]
fn a_tier_has_at_most_five_hundred_live_nodes() {
    let mut bench = Bench::new();
    for n in 0..510u64 {
        let agent = Agent::new("shop").with("host.name", &format!("pod-{n}"));
        let span = Sent::request(n + 1, 1, "/cart", bench.now_ms);
        bench.send(Signal::Traces, &agent.traces(&[span]));
    }
    bench.settle();
    assert_eq!(names(&bench, EntityKind::Node).len(), 501);
    assert_eq!(calls(&bench, Scope::Node, "All other nodes > shop [-]"), 10.0);
}

#[test]
fn limits_are_each_ones_own() {
    let limits = Limits { tiers: 2, applications: 1, ..Limits::default() };
    let mut bench = Bench::at(MORNING_MS, limits);
    for (n, tier) in ["a", "b", "c", "d"].into_iter().enumerate() {
        let span = Sent::request(n as u64 + 1, 1, "/cart", bench.now_ms);
        bench.send(Signal::Traces, &Agent::new(tier).traces(&[span]));
        let foreign = Agent::new(tier).with("service.namespace", "other");
        let span = Sent::request(n as u64 + 100, 1, "/cart", bench.now_ms);
        bench.send(Signal::Traces, &foreign.traces(&[span]));
    }
    bench.settle();
    assert_eq!(names(&bench, EntityKind::Application), ["shop", "All other applications"]);
    assert_eq!(calls(&bench, Scope::Tier, "All other tiers > - [-]"), 4.0);
}
