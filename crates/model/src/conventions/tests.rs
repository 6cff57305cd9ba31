//! Both generations, as agents send them.

use super::*;
use crate::attributes::Value;
use crate::recorded::{NODEJS, PYTHON, SHOP, span};

fn facts_of(line: &str) -> Facts<'static> {
    facts(&span(line).view())
}

fn made(
    kind: SpanKind,
    name: &'static str,
    attributes: &[(&'static str, Value<'static>)],
) -> Facts<'static> {
    let attributes: Attributes<'static> = attributes.iter().copied().collect();
    let (scope, trace_state) = ("", "");
    facts(&SpanView {
        name,
        kind,
        scope,
        status: StatusCode::Unset,
        trace_state,
        flags: 0,
        attributes: &attributes,
    })
}

fn client(attributes: &[(&'static str, &'static str)]) -> Facts<'static> {
    let attributes: Vec<_> =
        attributes.iter().map(|(key, value)| (*key, Value::Str(value))).collect();
    made(SpanKind::Client, "x", &attributes)
}

#[test]
fn old_and_stable_http_read_alike() {
    let old = facts_of(PYTHON.line("stock SRV 'GET /stock/{i}'"));
    let stable = facts_of(NODEJS.line("nodeweb SRV 'GET /cart/:id'"));
    for (facts, path, route, port) in
        [(old, "/stock/1", "/stock/{i}", 7102), (stable, "/cart/5", "/cart/:id", 7103)]
    {
        assert_eq!(facts.http_method, Some("GET"));
        assert_eq!(facts.http_status, Some(200));
        assert_eq!((facts.url_path, facts.http_route), (Some(path), Some(route)));
        assert_eq!((facts.server_address, facts.server_port), (Some("127.0.0.1"), Some(port)));
        assert_eq!(facts.url_scheme, Some("http"));
        assert!(facts.user_agent.is_some() && facts.client_address.is_some());
    }
}

#[test]
fn a_host_name_that_holds_its_port_is_taken_apart() {
    let facts = facts_of(SHOP.line("payment SRV 'POST /payments'"));
    assert_eq!((facts.server_address, facts.server_port), (Some("127.0.0.1"), Some(17204)));
    assert_eq!(facts.client_address, Some("127.0.0.1"));
}

#[test]
fn a_client_leads_to_its_url_where_no_address_is_sent() {
    let facts = facts_of(PYTHON.line("cron CLI 'GET' scope=requests"));
    assert_eq!((facts.server_address, facts.server_port), (Some("127.0.0.1"), Some(7102)));
    assert_eq!((facts.url_path, facts.url_scheme), (Some("/stock/9"), Some("http")));
}

#[test]
fn addresses_have_an_order() {
    let sent = [
        ("network.peer.address", "10.0.0.7"),
        ("peer.address", "peer:1"),
        ("net.sock.peer.addr", "10.0.0.6"),
        ("net.sock.peer.name", "socket"),
        ("http.url", "https://url:2/x"),
        ("net.peer.name", "old"),
        ("server.address", "stable"),
    ];
    let expected = ["10.0.0.7", "peer", "10.0.0.6", "socket", "url", "old", "stable"];
    for (more, expected) in expected.into_iter().enumerate() {
        assert_eq!(client(&sent[..=more]).server_address, Some(expected));
    }
}

#[test]
fn a_port_is_taken_from_where_the_same_host_has_one() {
    let facts = client(&[("server.address", "Shop"), ("url.full", "https://shop:8443/a")]);
    assert_eq!((facts.server_address, facts.server_port), (Some("Shop"), Some(8443)));
    let facts = client(&[("server.address", "shop"), ("url.full", "https://proxy:3128/a")]);
    assert_eq!(facts.server_port, None);
    let facts = client(&[("server.address", "shop"), ("server.port", "7102")]);
    assert_eq!(facts.server_port, Some(7102), "Node.js' net sends it as text");
}

#[test]
fn old_and_stable_databases_read_alike() {
    let old = facts_of(SHOP.line("catalog CLI 'SELECT'"));
    let stable = facts_of(SHOP.line("order CLI 'INSERT'"));
    for facts in [old, stable] {
        assert_eq!((facts.db_system, facts.db_namespace), (Some("mysql"), Some("shop")));
        assert_eq!((facts.server_address, facts.server_port), (Some("127.0.0.1"), Some(17206)));
        assert!(facts.db_statement.is_some());
    }
}

#[test]
fn the_default_database_of_redis_is_no_database() {
    assert_eq!(facts_of(PYTHON.line("shop CLI 'GET' scope=redis")).db_index, None);
    let attributes =
        [("db.system", Value::Str("redis")), ("db.redis.database_index", Value::Int(3))];
    assert_eq!(made(SpanKind::Client, "GET", &attributes).db_index, Some(3));
    let attributes = [("db.system.name", Value::Str("redis")), ("db.namespace", Value::Str("3"))];
    assert_eq!(made(SpanKind::Client, "GET", &attributes).db_index, Some(3));
}

#[test]
fn an_old_name_of_a_system_becomes_the_stable_one() {
    assert_eq!(client(&[("db.system", "mssql")]).db_system, Some("microsoft.sql_server"));
    assert_eq!(client(&[("messaging.system", "AmazonSQS")]).messaging_system, Some("aws_sqs"));
}

#[track_caller]
fn messaging(line: &str, system: &str, destination: &str, operation: MessagingOperation) {
    let facts = facts_of(line);
    assert_eq!(facts.messaging_system, Some(system));
    assert_eq!(facts.messaging_destination, Some(destination));
    assert_eq!(facts.messaging_operation, Some(operation));
}

#[test]
fn both_sides_of_a_queue_name_one_destination() {
    use MessagingOperation::{Process, Publish, Receive};
    messaging(NODEJS.line("nodeweb PROD 'publish <default>'"), "rabbitmq", "njobs", Publish);
    messaging(NODEJS.line("nodeweb CONS 'njobs process'"), "rabbitmq", "njobs", Process);
    messaging(PYTHON.line("shop PROD 'jobs send'"), "rabbitmq", "jobs", Publish);
    messaging(PYTHON.line("worker CONS 'jobs receive'"), "rabbitmq", "jobs", Receive);
    messaging(SHOP.line("fulfilment PROD 'events send'"), "rabbitmq", "events", Publish);
    messaging(SHOP.line("notify CONS 'parcels process'"), "rabbitmq", "events", Process);
}

#[test]
fn celery_names_no_system_and_is_known_by_its_scope() {
    use MessagingOperation::{Process, Publish};
    messaging(PYTHON.line("shop PROD 'apply_async/tasks.mail'"), "celery", "celery", Publish);
    messaging(SHOP.line("worker CONS 'run/letters.lose'"), "celery", "celery", Process);
    assert_eq!(
        facts_of(SHOP.line("worker CONS 'run/letters.lose'")).celery_task,
        Some("letters.lose")
    );
}

#[test]
fn a_consumer_of_an_exchange_names_what_its_producer_does() {
    let sent = |name| {
        let attributes = [
            ("messaging.system", Value::Str("rabbitmq")),
            ("messaging.destination.name", Value::Str(name)),
            ("messaging.rabbitmq.destination.routing_key", Value::Str("paid")),
        ];
        made(SpanKind::Consumer, "x", &attributes).messaging_destination
    };
    assert_eq!(sent("orders:paid"), Some("orders:paid"));
    assert_eq!(sent("orders:paid:mailer"), Some("orders:paid"));
    assert_eq!(sent("a:b:c"), Some("a:b:c"));
}

#[test]
fn a_destination_that_only_the_name_tells_is_read_from_it() {
    for (name, kind) in
        [("orders publish", SpanKind::Producer), ("process orders", SpanKind::Consumer)]
    {
        assert_eq!(made(kind, name, &[]).messaging_destination, Some("orders"));
    }
    assert_eq!(made(SpanKind::Consumer, "recv", &[]).messaging_destination, None);
    assert_eq!(made(SpanKind::Producer, "publish <default>", &[]).messaging_destination, None);
}

#[test]
fn a_qualified_rpc_method_is_split() {
    for (name, sent) in [
        ("x", &[("rpc.system", "grpc"), ("rpc.service", "shop.Cart"), ("rpc.method", "Add")][..]),
        ("x", &[("rpc.system.name", "grpc"), ("rpc.method", "shop.Cart/Add")]),
        ("/shop.Cart/Add", &[("rpc.system", "grpc")]),
        ("x", &[("rpc.system", "grpc"), ("rpc.service", "/shop.Cart/Add")]),
    ] {
        let attributes: Vec<_> =
            sent.iter().map(|(key, value)| (*key, Value::Str(value))).collect();
        let facts = made(SpanKind::Server, name, &attributes);
        assert_eq!((facts.rpc_service, facts.rpc_method), (Some("shop.Cart"), Some("Add")));
    }
}

#[test]
fn a_connection_that_stays_is_known_by_scheme_or_status() {
    assert!(facts_of(NODEJS.line("stock2 SRV 'HTTP /ws/{room}'")).upgraded);
    assert!(
        made(SpanKind::Server, "GET", &[("http.response.status_code", Value::Int(101))]).upgraded
    );
    assert!(!facts_of(NODEJS.line("stock2 SRV 'POST /graphql'")).upgraded);
}

#[test]
fn an_exception_needs_a_type_or_a_message() {
    let event = |key| exception(&[(key, Value::Str("ValueError"))].into_iter().collect());
    assert_eq!(event("exception.type").map(|exception| exception.name), Some("ValueError"));
    assert_eq!(event("exception.escaped"), None);
}
