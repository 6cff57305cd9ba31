//! Exit calls as agents send them.

use expect_test::{Expect, expect};

use super::*;
use crate::attributes::{Attributes, Value};
use crate::conventions::facts;
use crate::recorded::{NODEJS, PYTHON, SHOP, all_spans, span};
use crate::span::StatusCode;

fn call_of(line: &str) -> Option<ExitCall<'static>> {
    let span = span(line);
    call(&facts(&span.view()), &span.view())
}

fn key_of(line: &str) -> ExitKey {
    call_of(line).unwrap().key()
}

fn made(kind: SpanKind, attributes: &[(&'static str, Value<'static>)]) -> ExitCall<'static> {
    let attributes: Attributes<'static> = attributes.iter().copied().collect();
    let span = SpanView {
        name: "x",
        kind,
        scope: "",
        status: StatusCode::Unset,
        trace_state: "",
        flags: 0,
        attributes: &attributes,
    };
    call(&facts(&span), &span).unwrap()
}

fn client(attributes: &[(&'static str, &'static str)]) -> ExitCall<'static> {
    let attributes: Vec<_> =
        attributes.iter().map(|(key, value)| (*key, Value::Str(value))).collect();
    made(SpanKind::Client, &attributes)
}

fn check(expected: Expect) {
    let mut table: Vec<String> = all_spans()
        .filter_map(|span| {
            let call = call(&facts(&span.view()), &span.view())?;
            Some(format!("{} → {} {}", span.tier, call.category, call.identity()))
        })
        .collect();
    table.sort();
    table.dedup();
    expected.assert_eq(&(table.join("\n") + "\n"));
}

#[test]
fn every_recorded_call_leads_to_its_backend() {
    check(expect![[r#"
        cart → CACHE redis localhost:17209
        cart → HTTP localhost:17201
        catalog → DATABASE mysql localhost:17206/shop
        cron → CACHE redis localhost:16379
        cron → CACHE redis localhost:17401
        cron → HTTP localhost:17402
        cron → HTTP localhost:7102
        desk → MESSAGING celery celery
        fulfilment → DATABASE mysql localhost:17206/shop
        fulfilment → MESSAGING rabbitmq events
        mailer → CACHE redis localhost:16379
        nodeweb → CACHE redis localhost:16379
        nodeweb → HTTP localhost:7102
        nodeweb → MESSAGING rabbitmq njobs
        notify → CACHE redis localhost:17209
        order → DATABASE mysql localhost:17206/shop
        order → HTTP localhost:17204
        order → MESSAGING rabbitmq orders
        payment → HTTP localhost:17205
        shop → CACHE redis localhost:16379
        shop → HTTP localhost:7102
        shop → MESSAGING celery celery
        shop → MESSAGING rabbitmq jobs
        web → HTTP localhost:17201
        web → HTTP localhost:17202
        web → HTTP localhost:17203
        worker → CACHE redis localhost:16379
    "#]]);
}

#[test]
fn plumbing_is_no_call() {
    assert_eq!(call_of(NODEJS.line("nodeweb CLI 'dns.lookup'")), None);
    assert!(is_plumbing("@opentelemetry/instrumentation-net", "tcp.connect"));
    assert!(is_plumbing("@opentelemetry/instrumentation-fs", "fs readFile"));
    assert!(!is_plumbing("@opentelemetry/instrumentation-http", "GET"));
}

#[test]
fn the_same_server_is_one_backend_for_every_agent() {
    let python = call_of(PYTHON.line("shop CLI 'GET' scope=redis")).unwrap();
    let nodejs = call_of(NODEJS.line("nodeweb CLI 'get'")).unwrap();
    assert_eq!(python.key(), nodejs.key());
    assert_eq!(python.identity(), nodejs.identity());
    assert!(python.loopback);
    assert_eq!(key_of(SHOP.line("catalog CLI 'SELECT'")), key_of(SHOP.line("order CLI 'INSERT'")));
}

#[test]
fn default_ports_are_filled_in() {
    for (sent, identity) in [
        (
            &[("db.system", "mysql"), ("server.address", "DB1"), ("db.name", "shop")][..],
            "mysql db1:3306/shop",
        ),
        (
            &[("http.request.method", "GET"), ("url.full", "https://Bank.example/pay")],
            "bank.example:443",
        ),
        (&[("http.method", "GET"), ("http.url", "http://bank.example/pay")], "bank.example:80"),
        (
            &[("db.system", "redis"), ("net.peer.name", "cache"), ("db.namespace", "3")],
            "redis cache:6379/3",
        ),
        (&[("db.system", "sqlite"), ("db.name", "shop.db")], "sqlite shop.db"),
        (
            &[("db.system", "postgresql"), ("server.address", "/run/postgresql")],
            "postgresql /run/postgresql",
        ),
        (
            &[("rpc.system", "aws-api"), ("rpc.service", "S3"), ("rpc.method", "PutObject")],
            "aws-api S3",
        ),
        (&[("peer.service", "ledger")], "ledger"),
        (&[("http.method", "GET")], "unknown"),
    ] {
        assert_eq!(client(sent).identity(), identity);
    }
}

#[test]
fn a_consumer_that_fetches_or_acknowledges_calls_nobody() {
    for operation in ["receive", "settle"] {
        let attributes: Attributes<'_> = [
            ("messaging.system", Value::Str("servicebus")),
            ("messaging.destination.name", Value::Str("orders")),
            ("messaging.operation.type", Value::Str(operation)),
        ]
        .into_iter()
        .collect();
        let span = SpanView {
            name: "orders",
            kind: SpanKind::Client,
            scope: "",
            status: StatusCode::Unset,
            trace_state: "",
            flags: 0,
            attributes: &attributes,
        };
        assert_eq!(call(&facts(&span), &span), None);
    }
}

#[test]
fn a_statement_without_a_system_is_for_some_database() {
    let call = client(&[("db.query.text", "SELECT 1"), ("server.address", "db1")]);
    assert_eq!((call.category, call.identity()), (category::DATABASE, "other_sql db1".to_owned()));
}

#[test]
fn a_cloud_call_that_names_no_queue_is_a_call_of_its_service() {
    let sent = [("messaging.system", "aws_sqs"), ("rpc.system", "aws-api"), ("rpc.service", "Sqs")];
    assert_eq!(client(&sent).identity(), "aws-api Sqs");
}

#[test]
fn a_producer_calls_its_queue_even_if_nothing_else_is_known() {
    let call = made(SpanKind::Producer, &[]);
    assert_eq!(
        (call.category, call.queue.map(|queue| queue.destination)),
        (category::MESSAGING, Some("x"))
    );
}

#[test]
fn stacked_spans_of_one_call_are_one() {
    let publish = key_of(PYTHON.line("shop PROD 'jobs send'"));
    assert_eq!(nested(&publish, &publish), Nested::SameCall);
    let orm = client(&[("db.system", "mysql"), ("db.name", "shop")]).key();
    let driver =
        client(&[("db.system", "mysql"), ("db.name", "shop"), ("server.address", "db1")]).key();
    assert_eq!(nested(&orm, &driver), Nested::SameCall);
}

#[test]
fn celerys_publish_and_its_redis_calls_are_several() {
    let publish = key_of(PYTHON.line("shop PROD 'apply_async/tasks.mail'"));
    for begins in ["shop CLI 'PING'", "shop CLI 'LLEN", "shop CLI 'SADD", "shop CLI 'LPUSH'"] {
        assert_eq!(nested(&publish, &key_of(PYTHON.line(begins))), Nested::OwnCall, "{begins}");
    }
}

#[test]
fn a_transport_lends_its_address_to_a_call_without_one() {
    let search = client(&[("db.system", "elasticsearch")]).key();
    let http = client(&[("http.method", "GET"), ("http.url", "http://search:9200/_search")]).key();
    assert_eq!(nested(&search, &http), Nested::Transport);
    let known = client(&[("db.system", "elasticsearch"), ("server.address", "search")]).key();
    assert_eq!(nested(&known, &http), Nested::Transport, "it carries the call to the same address");
    let elsewhere = client(&[("db.system", "elasticsearch"), ("server.address", "other")]).key();
    assert_eq!(nested(&elsewhere, &http), Nested::OwnCall);
}

#[test]
fn another_target_is_a_call_of_its_own() {
    let one = client(&[("http.method", "GET"), ("http.url", "http://a/")]).key();
    let other = client(&[("http.method", "GET"), ("http.url", "http://b/")]).key();
    assert_eq!(nested(&one, &other), Nested::OwnCall);
    let shop =
        client(&[("db.system", "mysql"), ("db.name", "shop"), ("server.address", "db1")]).key();
    let audit =
        client(&[("db.system", "mysql"), ("db.name", "audit"), ("server.address", "db1")]).key();
    assert!(!same_call(&shop, &audit));
}
