//! Entry points as agents send them.

use expect_test::{Expect, expect};

use super::*;
use crate::attributes::{Attributes, Value};
use crate::conventions::facts;
use crate::naming::exit::is_plumbing;
use crate::recorded::all_spans;
use crate::span::StatusCode;

fn check(kind: SpanKind, expected: Expect) {
    let mut table: Vec<String> = all_spans()
        .filter(|span| span.kind == kind && !is_plumbing(span.scope, span.name))
        .map(|span| {
            let entry = entry(&facts(&span.view()), &span.view());
            let long_lived = if entry.long_lived { ", long-lived" } else { "" };
            format!(
                "{} '{}': {} {:?}{long_lived}",
                span.tier, span.name, entry.category, entry.kind
            )
        })
        .collect();
    table.sort();
    table.dedup();
    expected.assert_eq(&(table.join("\n") + "\n"));
}

#[test]
fn every_recorded_request_has_its_name() {
    check(
        SpanKind::Server,
        expect![[r#"
        cart 'DELETE /carts/<cart_id>': HTTP Named("DELETE /carts/<cart_id>")
        cart 'GET /carts/<cart_id>': HTTP Named("GET /carts/<cart_id>")
        cart 'POST /carts/<cart_id>/items': HTTP Named("POST /carts/<cart_id>/items")
        catalog 'GET /products': HTTP Named("GET /products")
        catalog 'GET /products/{product_id}': HTTP Named("GET /products/{product_id}")
        desk 'GET /lost/{number}': HTTP Named("GET /lost/{number}")
        desk 'GET /order/{number}': HTTP Named("GET /order/{number}")
        desk 'GET': HTTP OtherTraffic
        desk 'HTTP /ws/{room}': HTTP Named("HTTP /ws/{room}"), long-lived
        desk 'POST /graphql': HTTP Named("POST /graphql")
        lobby 'GET': HTTP OtherTraffic
        lobby 'POST': HTTP Named("POST /graphql")
        nodeweb 'GET /cart/:id': HTTP Named("GET /cart/:id")
        nodeweb 'GET /err': HTTP Named("GET /err")
        nodeweb 'GET /static': HTTP OtherTraffic
        nodeweb 'GET': HTTP Named("GET /raw/{id}")
        nodeweb 'GET': HTTP OtherTraffic
        order 'POST /orders': HTTP Named("POST /orders")
        payment 'POST /payments': HTTP Named("POST /payments")
        shop 'GET /boom': HTTP Named("GET /boom")
        shop 'GET /health': HTTP HealthCheck
        shop 'GET /nope/12': HTTP OtherTraffic
        shop 'GET /order/<int:i>': HTTP Named("GET /order/<int:i>")
        shop 'GET /static/<path:filename>': HTTP OtherTraffic
        shop 'GET /stream': HTTP Named("GET /stream")
        stock 'GET /stock/{i}': HTTP Named("GET /stock/{i}")
        stock2 'HTTP /ws/{room}': HTTP Named("HTTP /ws/{room}"), long-lived
        stock2 'POST /graphql': HTTP Named("POST /graphql")
        web 'GET /': HTTP Named("GET /")
        web 'GET /health': HTTP HealthCheck
        web 'GET /product/:id': HTTP Named("GET /product/:id")
        web 'GET /static': HTTP OtherTraffic
        web 'GET': HTTP OtherTraffic
        web 'POST /cart/:id': HTTP Named("POST /cart/:id")
        web 'POST /checkout': HTTP Named("POST /checkout")
    "#]],
    );
}

#[test]
fn every_recorded_message_has_its_name() {
    check(
        SpanKind::Consumer,
        expect![[r#"
        fulfilment 'orders receive': MESSAGING Named("orders receive")
        mailer 'run/tasks.mail': MESSAGING Named("tasks.mail")
        nodeweb 'njobs process': MESSAGING Named("njobs process")
        notify 'parcels process': MESSAGING Named("events process")
        worker 'jobs receive': MESSAGING Named("jobs receive")
        worker 'run/letters.lose': MESSAGING Named("letters.lose")
        worker 'run/letters.send': MESSAGING Named("letters.send")
    "#]],
    );
}

fn made(
    kind: SpanKind,
    name: &'static str,
    attributes: &[(&'static str, &'static str)],
) -> EntryName {
    let attributes: Attributes<'_> = attributes
        .iter()
        .map(|(key, value)| (*key, value.parse().map_or(Value::Str(value), Value::Int)))
        .collect();
    let span = SpanView {
        name,
        kind,
        scope: "",
        status: StatusCode::Unset,
        trace_state: "",
        flags: 0,
        attributes: &attributes,
    };
    entry(&facts(&span), &span)
}

#[track_caller]
fn named(entry: EntryName, category: &str, name: &str) {
    assert_eq!((entry.category, entry.kind), (category, EntryKind::Named(name.to_owned())));
}

fn request(attributes: &[(&'static str, &'static str)]) -> EntryName {
    made(SpanKind::Server, "GET", attributes)
}

#[test]
fn a_request_without_a_route_is_named_by_its_path() {
    let sent = [
        ("http.request.method", "GET"),
        ("url.path", "/api/v1/users/5"),
        ("http.response.status_code", "200"),
    ];
    named(request(&sent), category::HTTP, "GET /api/v1");
    let sent =
        [("http.method", "PUT"), ("http.target", "/order/4711?x=y"), ("http.status_code", "500")];
    named(request(&sent), category::HTTP, "PUT /order/{id}");
    named(request(&[("http.method", "brew"), ("http.target", "/")]), category::HTTP, "HTTP /");
}

#[test]
fn a_route_that_matches_everything_is_none() {
    let sent = [
        ("http.method", "GET"),
        ("http.route", "/**"),
        ("http.target", "/x/1"),
        ("http.status_code", "404"),
    ];
    assert_eq!(request(&sent).kind, EntryKind::OtherTraffic);
    let sent = [
        ("http.method", "GET"),
        ("http.route", "/**"),
        ("http.target", "/x/1"),
        ("http.status_code", "200"),
    ];
    named(request(&sent), category::HTTP, "GET /x/{id}");
}

#[test]
fn frameworks_write_such_a_route_in_many_ways_and_others_are_kept() {
    let name = |route, path| {
        let sent = [("http.request.method", "GET"), ("http.route", route), ("url.path", path)];
        match request(&sent).kind {
            EntryKind::Named(name) => name,
            other => panic!("{route}: {other:?}"),
        }
    };
    for all in [
        "/*",
        "*splat",
        "/*filepath",
        "(.*)",
        "{*path:nonfile}",
        "/{path...}",
        "/{path:path}",
        "/",
        "{controller=Home}/{action=Index}/{id?}",
    ] {
        assert_eq!(name(all, "/x/1"), "GET /x/{id}", "{all}");
    }
    for (kept, path) in [("/{slug}", "/about"), ("/api/", "/api/v1"), ("/files/*", "/files/a")] {
        assert_eq!(name(kept, path), format!("GET {kept}"));
    }
    assert_eq!(name("/", "/"), "GET /");
}

#[test]
fn a_route_that_answers_with_404_keeps_its_name() {
    let sent = [("http.method", "GET"), ("http.route", "users/{id}"), ("http.status_code", "404")];
    named(request(&sent), category::HTTP, "GET /users/{id}");
}

#[test]
fn rpc_and_graphql_are_named_by_what_is_asked() {
    let sent = [
        ("rpc.system", "grpc"),
        ("rpc.service", "shop.Cart"),
        ("rpc.method", "Add"),
        ("http.method", "POST"),
    ];
    named(made(SpanKind::Server, "x", &sent), category::RPC, "shop.Cart/Add");
    let sent = [
        ("graphql.operation.name", "Cart"),
        ("graphql.operation.type", "mutation"),
        ("http.route", "/graphql"),
    ];
    named(made(SpanKind::Server, "x", &sent), category::GRAPHQL, "mutation Cart");
}

#[test]
fn an_internal_root_is_background_work() {
    let entry = made(SpanKind::Internal, "nightly 4711/report", &[]);
    assert!(entry.background());
    named(entry, category::BACKGROUND, "nightly {id}/report");
    let timer = made(SpanKind::Server, "sweep", &[("faas.trigger", "timer")]);
    named(timer, category::BACKGROUND, "sweep");
}

#[test]
fn a_name_of_another_kind_is_the_spans() {
    named(made(SpanKind::Server, "handle|this", &[]), category::OTHER, "handle¦this");
}

#[test]
fn what_a_number_in_a_spans_name_counts_stays() {
    for (name, expected) in [
        ("worker-3", "worker-{id}"),
        ("refresh price_list_17", "refresh price_list_{id}"),
        ("order-42-7", "{id}"),
        ("3f2a9c1d04b7-7", "{id}"),
        ("run 17", "run {id}"),
        ("v2", "v2"),
    ] {
        named(made(SpanKind::Server, name, &[]), category::OTHER, expected);
    }
}

#[test]
fn health_checks_are_background() {
    let entry =
        request(&[("http.method", "GET"), ("http.target", "/healthz"), ("http.route", "/healthz")]);
    assert_eq!(entry.kind, EntryKind::HealthCheck);
    assert!(entry.background());
}

#[test]
fn an_operation_of_graphql_names_the_request_around_it() {
    let mut table: Vec<_> =
        all_spans().filter_map(|span| graphql_operation(&facts(&span.view()))).collect();
    table.dedup();
    assert_eq!(table, ["query Greeting", "mutation Greet", "query Broken"]);
}
