//! Single rules, through the whole pipeline: sampling, failures, health checks, slow ones, snapshots.

use model::{entity::EntityKind, figure::Scope, id::TraceId, span::Outcome};

use super::{
    agent::{Agent, Sent, trace_id},
    bench::Bench,
};
use crate::otlp::Signal;

fn send(bench: &mut Bench, spans: &[Sent]) {
    bench.send(Signal::Traces, &Agent::new("shop").traces(spans));
}

#[test]
fn a_sampled_span_counts_for_all_it_stands_for_everywhere() {
    let mut bench = Bench::new();
    let at = bench.now_ms;
    let sampled = |span: Sent| Sent { trace_state: "ot=th:c".to_owned(), ..span };
    let request = Sent { failed: true, ..Sent::request(1, 1, "/cart", at) };
    let call = Sent { failed: true, ..Sent::call(1, 2, "stock", at).under(1) };
    send(&mut bench, &[sampled(request), sampled(call)]);
    bench.settle();
    for (scope, name) in [
        (Scope::Tier, "shop > - [-]"),
        (Scope::Node, "shop-host > shop [-]"),
        (Scope::Endpoint, "GET /cart > shop-host [-]"),
        (Scope::BusinessTransaction, "GET /cart > shop-host [-]"),
        (Scope::Edge, "shop > stock:80 [-]"),
        (Scope::Edge, "shop > stock:80 [GET /cart]"),
    ] {
        let figure = &bench.named(scope)[name];
        assert_eq!((figure.calls, figure.errors, figure.spans), (4.0, 4.0, 1.0), "{name}");
        assert_eq!(figure.average_micros(), Some(10_000.0), "{name}");
    }
}

#[test]
fn a_request_fails_by_500_and_a_call_by_400() {
    let mut bench = Bench::new();
    let at = bench.now_ms;
    for (trace, status) in [(1, 200), (2, 404), (3, 500), (4, 503)] {
        let key = "http.response.status_code";
        let call = Sent::call(trace, 2, "stock", at).under(1).with(key, status);
        send(&mut bench, &[Sent::request(trace, 1, "/cart", at).with(key, status), call]);
    }
    // A request that fails because of a call fails by its own span alone.
    let call = Sent { failed: true, ..Sent::call(5, 2, "stock", at).under(1) };
    send(&mut bench, &[Sent::request(5, 1, "/cart", at), call]);
    bench.settle();
    let bt = &bench.named(Scope::BusinessTransaction)["GET /cart > shop-host [-]"];
    assert_eq!((bt.calls, bt.errors, bt.http_errors), (5.0, 2.0, 3.0));
    let edge = &bench.named(Scope::Edge)["shop > stock:80 [-]"];
    assert_eq!((edge.calls, edge.errors, edge.http_errors), (5.0, 4.0, 3.0));
}

#[test]
fn health_checks_are_one_background_transaction() {
    let mut bench = Bench::new();
    let at = bench.now_ms;
    for (trace, path) in [(1, "/healthz"), (2, "/ping"), (3, "/actuator/health")] {
        send(&mut bench, &[Sent::request(trace, 1, path, at).with("url.path", path)]);
    }
    let probe = Sent::request(4, 1, "/", at).with("user_agent.original", "kube-probe/1.29");
    send(&mut bench, &[probe]);
    bench.settle();
    let bts = bench.entities(EntityKind::BusinessTransaction);
    let names: Vec<&str> = bts.iter().map(|bt| bt.key.name.as_str()).collect();
    assert_eq!(names, ["Health Checks"]);
    assert!(bts[0].properties.background && bts[0].properties.health_check);
    let figure = &bench.named(Scope::BusinessTransaction)["Health Checks > shop-host [-]"];
    assert_eq!(figure.calls, 4.0);
}

#[test]
fn work_on_its_own_is_a_background_transaction_by_its_templated_name() {
    let mut bench = Bench::new();
    let at = bench.now_ms;
    for trace in 1..=2u64 {
        let root = Sent::work(trace, 1, &format!("import batch {}", 7000 + trace), at);
        send(&mut bench, &[root, Sent::call(trace, 2, "stock", at).under(1)]);
    }
    bench.settle();
    let bts = bench.entities(EntityKind::BusinessTransaction);
    assert_eq!(bts.len(), 1, "{bts:?}");
    assert!(bts[0].properties.background);
    assert!(!bts[0].key.name.contains("7001"), "{}", bts[0].key.name);
    assert_eq!(bench.figures(Scope::BusinessTransaction)[0].figure.calls, 2.0);
    assert!(bench.entities(EntityKind::ServiceEndpoint).is_empty(), "nobody enters there");
}

#[test]
fn a_connection_that_stays_is_out_of_response_times() {
    let mut bench = Bench::new();
    let at = bench.now_ms;
    let socket = Sent { ms: 60_000, ..Sent::request(1, 1, "/ws", at).with("url.scheme", "wss") };
    let switched = Sent::request(2, 1, "/up", at).with("http.response.status_code", 101);
    send(&mut bench, &[socket, switched]);
    bench.settle();
    let tier = &bench.named(Scope::Tier)["shop > - [-]"];
    assert_eq!((tier.calls, tier.timed, tier.max), (2.0, 0.0, None));
    assert!(bench.traces().iter().all(|row| row.outcome == Outcome::Normal), "no stall");
}

/// A usual day: a request of about 100 ms each ten seconds, for fifteen minutes.
fn usual(bench: &mut Bench) -> u64 {
    for n in 1..=90u64 {
        let at = bench.now_ms;
        send(bench, &[Sent { ms: 95 + n as i64 % 10, ..Sent::request(n, 1, "/cart", at) }]);
        bench.pass(10);
    }
    90
}

#[test]
fn slow_ones_are_told_from_what_is_usual_and_kept() {
    let mut bench = Bench::new();
    let mut trace = usual(&mut bench);
    let mut outcome = |bench: &mut Bench, ms: i64, failed: bool| {
        trace += 1;
        let at = bench.now_ms;
        send(bench, &[Sent { ms, failed, ..Sent::request(trace, 1, "/cart", at) }]);
        bench.settle();
        let rows = bench.traces();
        let row = rows.iter().find(|row| row.trace.0 == trace_id(trace)).expect("it is listed");
        (row.outcome, row.reason.name())
    };
    assert_eq!(
        outcome(&mut bench, 110, false).0,
        Outcome::Normal,
        "less than a fifth above the mean"
    );
    assert_eq!(outcome(&mut bench, 300, false), (Outcome::VerySlow, Some("very slow")));
    assert_eq!(outcome(&mut bench, 46_000, false), (Outcome::Stall, Some("stall")));
    assert_eq!(outcome(&mut bench, 46_000, true), (Outcome::Error, Some("error")));
    let figure = &bench.named(Scope::BusinessTransaction)["GET /cart > shop-host [-]"];
    assert_eq!((figure.very_slow, figure.stall, figure.errors, figure.slow), (1.0, 1.0, 1.0, 0.0));
}

#[test]
fn without_enough_calls_nothing_is_slow() {
    let mut bench = Bench::new();
    for trace in 1..=100u64 {
        let at = bench.now_ms;
        send(&mut bench, &[Sent { ms: 100, ..Sent::request(trace, 1, "/cart", at) }]);
    }
    bench.pass(120);
    let at = bench.now_ms;
    send(&mut bench, &[Sent { ms: 3000, ..Sent::request(101, 1, "/cart", at) }]);
    bench.settle();
    assert!(bench.traces().iter().all(|row| row.outcome == Outcome::Normal));
}

#[test]
fn a_kept_trace_is_kept_whole_with_spans_that_come_later() {
    let mut bench = Bench::new();
    let at = bench.now_ms;
    let failed = Sent { failed: true, ..Sent::request(1, 1, "/cart", at) };
    send(&mut bench, &[failed, Sent::call(1, 2, "stock", at).under(1)]);
    bench.settle();
    let rows = bench.traces();
    assert_eq!(rows[0].reason.name(), Some("error"));
    for forget in [false, true] {
        if forget {
            bench.pass(10);
            bench.restart();
        }
        let late = Sent::work(1, 3 + u64::from(forget), "late", at).under(1);
        send(&mut bench, &[late]);
        bench.settle();
    }
    send(&mut bench, &[Sent::request(2, 1, "/cart", at)]);
    bench.settle();
    bench.pass(10);
    bench.outlive_traces();
    assert_eq!(bench.spans_of(TraceId(trace_id(1))).len(), 4);
    assert!(bench.spans_of(TraceId(trace_id(2))).is_empty(), "it was like any other");
}

#[test]
fn five_failures_in_five_minutes_are_kept_and_the_rest_only_counted() {
    let mut bench = Bench::new();
    for trace in 1..=20u64 {
        let at = bench.now_ms;
        send(&mut bench, &[Sent { failed: true, ..Sent::request(trace, 1, "/cart", at) }]);
    }
    bench.settle();
    let kept = bench.traces().iter().filter(|row| row.reason.name() == Some("error")).count();
    assert_eq!(kept, 5);
    let figure = &bench.named(Scope::BusinessTransaction)["GET /cart > shop-host [-]"];
    assert_eq!(figure.errors, 20.0);
}

#[test]
fn a_restart_does_not_judge_again() {
    let mut bench = Bench::new();
    let trace = usual(&mut bench) + 1;
    let at = bench.now_ms;
    send(&mut bench, &[Sent { ms: 5000, ..Sent::request(trace, 1, "/cart", at) }]);
    bench.settle();
    bench.pass(10);
    bench.restart();
    send(&mut bench, &[Sent::work(trace, 2, "late", at).under(1)]);
    bench.settle();
    let figure = &bench.named(Scope::BusinessTransaction)["GET /cart > shop-host [-]"];
    assert_eq!((figure.calls, figure.very_slow), (91.0, 1.0));
    let rows = bench.traces();
    let row = rows.iter().find(|row| row.trace.0 == trace_id(trace)).expect("it is listed");
    assert_eq!(row.reason.name(), Some("very slow"));
}

#[test]
fn an_exception_counts_once_a_process_and_message() {
    let mut bench = Bench::new();
    let at = bench.now_ms;
    let shop = [
        Sent::request(1, 1, "/cart", at).raising("ValueError", "order 7 is odd"),
        Sent::work(1, 2, "pack", at).under(1).raising("ValueError", "order 7 is odd"),
        Sent::work(1, 3, "wrap", at).under(2).raising("ValueError", "order 8 is odd"),
        Sent::call(1, 4, "stock", at).under(3).raising("KeyError", "no key"),
    ];
    send(&mut bench, &shop);
    let agent = Agent::new("shop");
    let log = agent.log((1, 2), at, "order 7", Some(("ValueError", "order 7 is odd")));
    bench.send(Signal::Logs, &log);
    let stock = Sent::request(1, 5, "/item", at).under(4).raising("ValueError", "order 7 is odd");
    bench.send(Signal::Traces, &Agent::new("stock").traces(&[stock]));
    bench.settle();
    let errors: Vec<(String, f64)> = bench
        .named(Scope::Error)
        .into_iter()
        .filter(|(name, _)| name.ends_with("[-]"))
        .map(|(name, figure)| (name, figure.calls))
        .collect();
    let expected = [
        ("KeyError: no key > shop [-]", 1.0),
        ("ValueError: order {n} is odd > shop [-]", 1.0),
        ("ValueError: order {n} is odd > stock [-]", 1.0),
    ];
    assert_eq!(errors, expected.map(|(name, calls)| (name.to_owned(), calls)));
}

#[test]
fn a_call_that_does_not_say_where_it_leads_has_the_address_of_the_transport_inside() {
    let mut bench = Bench::new();
    let at = bench.now_ms;
    let client = |id| Sent { kind: 3, ..Sent::work(1, id, "call", at) }.under(1);
    let inside = |id, host| Sent::call(1, id, host, at).under(id - 1);
    let search = client(2).with("db.system.name", "elasticsearch").with("db.namespace", "orders");
    let aws = client(4).with("rpc.system", "aws-api").with("rpc.service", "DynamoDB");
    let spans = [
        Sent::request(1, 1, "/cart", at),
        search,
        inside(3, "es"),
        aws,
        inside(5, "dynamo.example.com"),
        client(6),
        inside(7, "partner"),
        // The same database where nothing carries the call.
        client(8).with("db.system.name", "elasticsearch").with("db.namespace", "orders"),
    ];
    send(&mut bench, &spans);
    bench.settle();
    let named = bench.named(Scope::Edge);
    let edges: Vec<&str> =
        named.keys().map(String::as_str).filter(|e| e.ends_with("[-]")).collect();
    assert_eq!(
        edges,
        [
            "shop > aws-api dynamo.example.com:80 [-]",
            "shop > elasticsearch es:80/orders [-]",
            "shop > elasticsearch orders [-]",
            "shop > partner:80 [-]",
        ]
    );
}
