//! Celery, GraphQL, websockets and scripts as agents reported them.

use std::collections::BTreeMap;

use model::{entity::EntityKind, figure::Scope};

use super::{bench::Bench, recorded};
use crate::{otlp::Signal, pipeline::Limits};

fn counted(name: &str) -> Bench {
    let traces = recorded::bodies(&format!("{name}-traces.bin"));
    let mut bench = Bench::at(recorded::end_ms(&traces) + 1000, Limits::default());
    traces.iter().for_each(|body| bench.send(Signal::Traces, body));
    bench.settle();
    bench
}

fn calls(bench: &Bench, scope: Scope) -> BTreeMap<String, (f64, f64)> {
    let named = bench.named(scope).into_iter();
    named.map(|(name, figure)| (name, (figure.calls, figure.errors))).collect()
}

#[test]
fn celery_tasks_belong_to_the_requests_that_asked_for_them() {
    let bench = counted("python-extras");
    let endpoints = calls(&bench, Scope::Endpoint);
    let of = |name: &str| {
        let all = endpoints.iter().filter(|(key, _)| key.starts_with(&format!("{name} > ")));
        all.fold((0.0, 0.0), |sum, (_, found)| (sum.0 + found.0, sum.1 + found.1))
    };
    assert_eq!(of("letters.send"), (5.0, 0.0));
    assert_eq!(of("letters.lose"), (1.0, 1.0));
    let edges = calls(&bench, Scope::Edge);
    // A publish holds redis calls; they are calls of their own and make it no second publish.
    assert_eq!(edges["desk > celery celery [GET /order/{number}]"], (5.0, 0.0));
    assert_eq!(edges["celery celery > worker [GET /order/{number}]"], (5.0, 0.0));
    assert_eq!(edges["celery celery > worker [GET /lost/{number}]"], (1.0, 1.0));
    assert!(edges["desk > redis localhost:17401 (post-host) [GET /order/{number}]"].0 > 0.0);
}

#[test]
fn a_celery_task_that_nobody_here_asked_for_is_a_transaction_of_its_name() {
    let traces = recorded::bodies("python-extras-traces.bin");
    let mut bench = Bench::at(recorded::end_ms(&traces) + 1000, Limits::default());
    let worker = traces.iter().filter(|body| recorded::tier(body) == "worker");
    worker.for_each(|body| bench.send(Signal::Traces, body));
    bench.settle();
    let mut names: Vec<String> = bench
        .entities(EntityKind::BusinessTransaction)
        .iter()
        .map(|bt| bt.key.name.clone())
        .collect();
    names.sort();
    assert_eq!(names, ["letters.lose", "letters.send"]);
}

#[test]
fn a_script_makes_edges_and_no_transaction() {
    let bench = counted("python-extras");
    let edges = calls(&bench, Scope::Edge);
    assert_eq!(edges["cron > desk [-]"], (2.0, 0.0));
    assert_eq!(edges["cron > redis localhost:17401 (post-host) [-]"], (1.0, 0.0));
    let cron = |name: &String| name.starts_with("cron > ");
    assert_eq!(edges.keys().filter(|name| cron(name)).count(), 2);
    assert!(!calls(&bench, Scope::Tier).keys().any(cron), "it has no entry");
}

#[test]
fn requests_behind_a_script_are_transactions_and_an_unknown_path_is_other_traffic() {
    let transactions = calls(&counted("python-extras"), Scope::BusinessTransaction);
    let expected = [
        ("All Other Traffic - desk > post-host [-]", 1.0),
        ("GET /lost/{number} > post-host [-]", 1.0),
        ("GET /order/{number} > post-host [-]", 5.0),
        ("HTTP /ws/{room} > post-host [-]", 1.0),
        ("POST /graphql > post-host [-]", 3.0),
    ];
    let expected = expected.into_iter().map(|(name, calls)| (name.to_owned(), (calls, 0.0)));
    assert_eq!(transactions, expected.collect());
}

#[test]
fn a_websocket_counts_without_a_response_time() {
    let bench = counted("python-extras");
    let figure = &bench.named(Scope::BusinessTransaction)["HTTP /ws/{room} > post-host [-]"];
    assert_eq!((figure.calls, figure.timed, figure.max), (1.0, 0.0, None));
    let tier = &bench.named(Scope::Tier)["desk > - [-]"];
    assert_eq!((tier.calls, tier.timed), (11.0, 10.0));
}

#[test]
fn graphql_operations_name_the_transactions_of_their_requests() {
    let bench = counted("node-extras");
    let transactions = calls(&bench, Scope::BusinessTransaction);
    let expected = [
        ("All Other Traffic - lobby > hotel-host [-]", 1.0),
        // One operation has no name and one does not parse.
        ("POST /graphql > hotel-host [-]", 2.0),
        ("mutation Greet > hotel-host [-]", 1.0),
        ("query Broken > hotel-host [-]", 1.0),
        ("query Greeting > hotel-host [-]", 1.0),
    ];
    let expected = expected.into_iter().map(|(name, calls)| (name.to_owned(), (calls, 0.0)));
    assert_eq!(transactions, expected.collect());
    assert_eq!(calls(&bench, Scope::Endpoint)["POST /graphql > hotel-host [-]"], (5.0, 0.0));
    let edges = calls(&bench, Scope::Edge);
    assert!(edges.is_empty(), "it calls nobody: {edges:?}");
}
