//! The client against a server on a real socket that answers as the REST contract says, in pages of two.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;

use super::*;
use crate::bench::queries::{self, Asker};
use crate::data::expected::{Expected, Totals};
use crate::send::endpoint::Trust;
use crate::verify::verify;

const TRACE: &str = "0123456789abcdef0123456789abcdef";

fn count(calls: u64, errors: u64) -> Count {
    Count { calls, errors }
}

fn expected() -> Expected {
    let tier = |name: &str| Place::Tier(name.to_owned());
    let transaction = |name: &str| ("service-0".to_owned(), name.to_owned());
    let totals = Totals {
        spans: 30,
        traces: 3,
        business_transactions: [
            (transaction("GET /a/{id}"), count(1, 0)),
            (transaction("GET /b/{id}"), count(1, 1)),
            (transaction("POST /c/{id}"), count(1, 0)),
        ]
        .into(),
        tiers: [("service-0".to_owned(), count(3, 1)), ("service-1".to_owned(), count(2, 0))]
            .into(),
        edges: [
            ((tier("service-0"), tier("service-1")), count(2, 0)),
            (
                (tier("service-1"), Place::Backend("db-1.loadgen.internal:5432".to_owned())),
                count(4, 0),
            ),
            ((tier("service-0"), Place::Queue("jobs.service-0".to_owned())), count(1, 0)),
        ]
        .into(),
    };
    let (application, sample_traces) = ("loadgen-production".to_owned(), vec![TRACE.to_owned()]);
    Expected {
        application,
        seed: 1,
        from_ms: 120_500,
        to_ms: 185_000,
        complete: true,
        totals,
        sample_traces,
    }
}

fn figures(count: &Count) -> Json {
    json!({"calls": count.calls, "errors": count.errors, "calls_per_minute": 1.5, "average_ms": null})
}

/// Answers of a server that took `totals`; lists in full, the pages are cut elsewhere.
fn list(path: &str, totals: &Totals) -> Option<Vec<Json>> {
    let items = match path {
        "/api/v1/applications" => {
            vec![json!({"id": 3, "name": "other"}), json!({"id": 7, "name": "loadgen-production"})]
        }
        "/api/v1/applications/7/business-transactions" => {
            let one = |((tier, name), count): (&(String, String), &Count)| json!({"id": 1, "name": name, "tier": {"id": 4, "name": tier}, "figures": figures(count)});
            totals.business_transactions.iter().map(one).collect()
        }
        "/api/v1/applications/7/tiers" => {
            let one = |(name, count): (&String, &Count)| json!({"id": 4, "name": name, "figures": figures(count)});
            totals.tiers.iter().map(one).collect()
        }
        _ => return None,
    };
    Some(items)
}

fn flow_map(totals: &Totals) -> Json {
    let named = |place: &Place| match place {
        Place::Tier(name) => ("tier", name.clone()),
        Place::Backend(address) => ("backend", format!("shop on {address}")),
        Place::Queue(name) => ("queue", name.clone()),
    };
    let places: std::collections::BTreeSet<&Place> =
        totals.edges.keys().flat_map(|(from, to)| [from, to]).collect();
    let ids: BTreeMap<&Place, usize> =
        places.iter().enumerate().map(|(id, place)| (*place, id)).collect();
    let node = |(place, id): (&&Place, &usize)| {
        let (kind, name) = named(place);
        json!({"id": id, "kind": kind, "name": name, "figures": null})
    };
    let edge = |((from, to), count): (&(Place, Place), &Count)| json!({"from": ids[from], "to": ids[to], "type": "OTHER", "figures": figures(count)});
    let (nodes, edges): (Vec<_>, Vec<_>) =
        (ids.iter().map(node).collect(), totals.edges.iter().map(edge).collect());
    json!({"application": {"id": 7}, "nodes": nodes, "edges": edges, "partial": null})
}

fn answer(request: &Request<Incoming>, totals: &Totals) -> (u16, Json) {
    // admin:secret
    if request.headers().get(AUTHORIZATION).is_none_or(|said| said != "Basic YWRtaW46c2VjcmV0") {
        return (401, json!({"error": {"code": "unauthorized", "message": "sign in"}}));
    }
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or(""));
    if path == format!("/api/v1/traces/{TRACE}") {
        return (200, json!({"trace_id": TRACE, "spans": vec![json!({}); 10]}));
    }
    if !query.starts_with("from=60000&to=240000") {
        return (404, json!({"error": {"code": "not_found", "message": path}}));
    }
    if path == "/api/v1/applications/7/flow-map" {
        return (200, flow_map(totals));
    }
    let Some(items) = list(path, totals) else { return (404, Json::Null) };
    let first: usize = query.rsplit_once("cursor=c%3D").map_or(0, |(_, at)| at.parse().unwrap());
    let next = (first + 2 < items.len()).then(|| format!("c={}", first + 2));
    let page: Vec<Json> = items.into_iter().skip(first).take(2).collect();
    (200, json!({"items": page, "next": next, "partial": null}))
}

/// A client signed in with `password` to a server that shows `totals`.
async fn api(totals: Totals, password: &str) -> Api {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let totals = Arc::new(totals);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let totals = Arc::clone(&totals);
            let service = service_fn(move |request| {
                let (status, body) = answer(&request, &totals);
                let response = Response::builder()
                    .status(status)
                    .body(Full::new(Bytes::from(body.to_string())));
                async move { Ok::<_, Infallible>(response.unwrap()) }
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    Api::new(Endpoint::parse(&url, &Trust::Nothing).unwrap(), Some(("admin", password)))
}

async fn check(change: impl FnOnce(&mut Totals), differences: &[&str]) {
    let mut totals = expected().totals;
    change(&mut totals);
    assert_eq!(verify(&mut api(totals, "secret").await, &expected()).await.unwrap(), differences);
}

#[tokio::test]
async fn a_server_that_shows_what_was_sent_is_exact_over_all_pages() {
    check(|_| {}, &[]).await;
}

#[tokio::test]
async fn one_call_too_few_on_the_last_page_is_a_difference() {
    let one_less = |totals: &mut Totals| {
        totals.business_transactions.last_entry().unwrap().get_mut().calls -= 1;
    };
    let said = "business transaction 'POST /c/{id}' of service-0: 1 calls and 0 errors sent, 0 calls and 0 errors shown";
    check(one_less, &[said]).await;
}

#[tokio::test]
async fn a_missing_edge_to_a_database_is_a_difference() {
    let no_database =
        |totals: &mut Totals| totals.edges.retain(|(_, to), _| !matches!(to, Place::Backend(_)));
    let said = "edge service-1 → db-1.loadgen.internal:5432: 4 calls and 0 errors, not shown";
    check(no_database, &[said]).await;
}

#[tokio::test]
async fn a_trace_that_is_not_stored_is_a_difference() {
    let mut unknown = expected();
    unknown.sample_traces = vec!["f".repeat(32)];
    let differences = verify(&mut api(expected().totals, "secret").await, &unknown).await.unwrap();
    assert_eq!(differences, [format!("trace {}: not found", "f".repeat(32))]);
}

#[tokio::test]
async fn a_wrong_password_is_an_error_and_not_a_difference() {
    let refused =
        verify(&mut api(expected().totals, "wrong").await, &expected()).await.unwrap_err();
    assert!(refused.to_string().contains("401"), "{refused}");
}

#[tokio::test]
async fn what_to_ask_about_is_found_by_the_name_of_the_application() {
    let range = Range { from_ms: 60_000, to_ms: 240_000 };
    let mut api = api(expected().totals, "secret").await;
    let estate = api.estate("loadgen-production", range).await.unwrap().unwrap();
    let tier = |name: &str| ("4".to_owned(), name.to_owned());
    assert_eq!((estate.application.as_str(), estate.business_transactions.len()), ("7", 3));
    assert_eq!(estate.tiers, [tier("service-0"), tier("service-1")]);
    assert_eq!(estate.entry_tiers, [tier("service-0")]);
    assert!(api.estate("unknown", range).await.unwrap().is_none());
}

#[tokio::test]
async fn answers_that_are_not_as_wanted_are_counted_and_not_timed() {
    let mut api = api(expected().totals, "secret").await;
    let asker = Asker::new(3, 7);
    let queries = [
        asker.same("stored", format!("/api/v1/traces/{TRACE}")),
        asker.same("nowhere", "/api/v1/nowhere".to_owned()),
    ];
    let answered = queries::ask(&mut api, &queries).await.unwrap();
    assert_eq!((answered[0].failed, answered[0].requests), (0, 3));
    assert!(answered[0].times.is_some_and(|times| times.p50_ms <= times.max_ms));
    assert_eq!((answered[1].failed, answered[1].times), (3, None));
    let said = "GET /api/v1/nowhere answered 404 Not Found";
    assert_eq!(answered[1].first_failure.as_deref(), Some(said));
}

#[test]
fn backends_are_known_by_their_address_whatever_stands_around_it() {
    for name in
        ["shop on db-1.loadgen.internal:5432", "postgresql://db-1.loadgen.internal:5432/shop"]
    {
        assert_eq!(address_in(name), Some("db-1.loadgen.internal:5432"));
    }
    assert_eq!(address_in("shop"), None);
}

#[test]
fn parallel_edges_of_the_map_add_up() {
    let map = json!({
        "nodes": [
            {"id": 1, "kind": "tier", "name": "service-0"},
            {"id": "q7", "kind": "queue", "name": "rabbitmq jobs.service-0"},
        ],
        "edges": [
            {"from": 1, "to": "q7", "type": "MESSAGING", "figures": {"calls": 3, "errors": 1}},
            {"from": 1, "to": "q7", "type": "OTHER", "figures": {"calls": 2.0, "errors": 0}},
        ],
    });
    let edges = edges(serde_json::from_value(map).unwrap()).unwrap();
    let edge = (Place::Tier("service-0".to_owned()), Place::Queue("jobs.service-0".to_owned()));
    assert_eq!(edges, BTreeMap::from([(edge, count(5, 1))]));
}
