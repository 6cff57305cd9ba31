//! The pages of single entities: response times as a heat map, slow beside normal, parts of the map, errors, statements.

use http::StatusCode as Http;
use model::{
    entity::{EntityKind, Properties},
    figure::{Figure, FigureKey, Scope},
    id::{EntityId, SpanId, TraceId},
    span::{Outcome, SnapshotReason, SpanKind, StatusCode},
    time::Minute,
};
use serde_json::{Value, json};
use telemetry_store::reader::{FigureRow, LogRow, OwnedValue, Span, SpanEvent, TraceRow};

use crate::support::{Ids, NOW, World, hour};

const MS: u64 = 1_000_000;

fn text(value: &str) -> OwnedValue {
    OwnedValue::Str(value.to_owned())
}

/// A span that ends with minute `NOW - ago`.
fn span(
    trace: u8,
    id: u64,
    parent: u64,
    kind: SpanKind,
    at: (EntityId, EntityId),
    ms: u64,
) -> Span {
    let end = Minute(NOW.0 - u32::from(trace)).start_ns();
    Span {
        trace: TraceId([trace; 16]),
        id: SpanId(id),
        parent: SpanId(parent),
        start_ns: end - ms * MS,
        duration_ns: ms * MS,
        kind,
        status: StatusCode::Unset,
        status_message: String::new(),
        flags: 0,
        name: format!("span {id}"),
        scope: "test".to_owned(),
        trace_state: String::new(),
        application: EntityId(1),
        tier: at.0,
        node: at.1,
        attributes: Vec::new(),
        resource: Vec::new(),
        events: Vec::new(),
        links: Vec::new(),
    }
}

/// Ten carts, one in each of the last minutes: the even ones are slow, because stock's new version asks MySQL for long.
fn carts(ids: &Ids) -> (Vec<TraceRow>, Vec<Span>) {
    let mut rows = Vec::new();
    let mut spans = Vec::new();
    for n in 1..=10u8 {
        let slow = n % 2 == 0;
        let query_ms = if slow { 400 } else { 4 };
        let mut root = span(n, 1, 0, SpanKind::Server, (ids.web, ids.web1), query_ms + 20);
        let port = OwnedValue::Int(if slow { 40_001 } else { 40_002 });
        root.attributes = vec![
            ("request.id".to_owned(), text(&format!("r{n}"))),
            ("network.peer.port".to_owned(), port),
        ];
        let mut call = span(n, 2, 1, SpanKind::Client, (ids.stock, ids.stock1), query_ms);
        call.attributes = vec![
            ("db.system.name".to_owned(), text("mysql")),
            ("server.address".to_owned(), text("db1")),
            ("db.namespace".to_owned(), text("shop")),
            ("db.query.text".to_owned(), text(if slow { "SELECT a" } else { "SELECT b" })),
        ];
        let version = if slow { "2" } else { "1" };
        call.resource = vec![
            ("service.version".to_owned(), text(version)),
            ("process.pid".to_owned(), OwnedValue::Int(i64::from(slow))),
        ];
        rows.push(TraceRow {
            trace: TraceId([n; 16]),
            entry: SpanId(1),
            application: ids.shop,
            bt: ids.cart,
            tier: ids.web,
            node: ids.web1,
            end_ns: root.start_ns + root.duration_ns,
            duration_us: (query_ms + 20) * 1000,
            outcome: if slow { Outcome::Slow } else { Outcome::Normal },
            reason: SnapshotReason::None,
            spans: 2,
        });
        spans.extend([root, call]);
    }
    (rows, spans)
}

#[tokio::test]
async fn response_times_are_a_bounded_heat_map() {
    let world = World::new().await;
    let (cart, web, mysql) = (world.ids.cart, world.ids.web, world.ids.mysql);
    let client = world.client();
    let map =
        client.json(&format!("/api/v1/business-transactions/{cart}/histogram?{}", hour())).await;
    assert_eq!(
        (&map["minutes_per_column"], map["columns"].as_array().unwrap().len()),
        (&json!(1), 61)
    );
    // All carts take 20 ms: one row, in every minute but the silent ones.
    let cells = map["cells"].as_array().unwrap();
    assert_eq!((cells.len(), &cells[0]), (58, &json!({"column": 0, "row": 0, "calls": 10})));
    let bounds: Vec<f64> =
        map["bounds_ms"].as_array().unwrap().iter().map(|ms| ms.as_f64().unwrap()).collect();
    assert!(bounds.len() == 2 && bounds[0] < 20.0 && 20.0 <= bounds[1], "{bounds:?}");
    assert_eq!(map["percentiles"]["p95_ms"], 20.0);
    assert_eq!(map["filling_from"], NOW.start_millis());
    // A tier's also has health checks of 1 ms, a backend's the calls of all tiers.
    let map = client.json(&format!("/api/v1/tiers/{web}/histogram?{}", hour())).await;
    assert_eq!(map["cells"].as_array().unwrap().len(), 2 * 58);
    let map = client.json(&format!("/api/v1/backends/{mysql}/histogram?{}", hour())).await;
    assert_eq!(map["cells"][0]["calls"], 20);
    let nobody = client.get(&format!("/api/v1/business-transactions/{web}/histogram")).await;
    assert_eq!(nobody.status, Http::NOT_FOUND);
}

#[tokio::test]
async fn slow_traces_differ_from_normal_ones_by_what_only_they_have() {
    let mut world = World::new().await;
    (world.reader.traces, world.reader.spans) = carts(&world.ids);
    let cart = world.ids.cart;
    let path = format!("/api/v1/business-transactions/{cart}/comparison?{}", hour());
    let found = world.client().json(&path).await;
    assert_eq!(
        (&found["slow_by"], &found["slow"]),
        (&json!("outcome"), &json!({"traces": 5, "average_ms": 420.0}))
    );
    assert_eq!(found["normal"], json!({"traces": 5, "average_ms": 24.0}));
    let attributes: Vec<Value> = found["attributes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| json!([it["tier"]["name"], it["key"], it["value"], it["slow"], it["normal"]]))
        .collect();
    // Ids of requests, processes and connections are no difference.
    assert_eq!(
        attributes,
        [
            json!(["stock", "db.query.text", "SELECT a", 5, 0]),
            json!(["stock", "db.query.text", "SELECT b", 0, 5]),
            json!(["stock", "service.version", "1", 0, 5]),
            json!(["stock", "service.version", "2", 5, 0]),
        ]
    );
    let operation = &found["operations"][0];
    assert_eq!(
        (&operation["name"], &operation["slow_ms"], &operation["normal_ms"]),
        (&json!("span 2"), &json!(400.0), &json!(4.0))
    );
    // What only waits for it does not differ.
    assert_eq!(found["operations"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_slowest_are_compared_where_none_is_slow_and_nothing_is_said_of_too_few() {
    let mut world = World::new().await;
    (world.reader.traces, world.reader.spans) = carts(&world.ids);
    world.reader.traces.iter_mut().for_each(|row| row.outcome = Outcome::Normal);
    let (cart, health) = (world.ids.cart, world.ids.health);
    let client = world.client();
    let of = |bt| format!("/api/v1/business-transactions/{bt}/comparison?{}", hour());
    // The figures say that 95 % take up to 20 ms.
    let found = client.json(&of(cart)).await;
    assert_eq!((&found["slow_by"], &found["slow_from_ms"]), (&json!("slowest"), &json!(20.0)));
    assert_eq!((&found["slow"]["traces"], &found["normal"]["traces"]), (&json!(10), &json!(0)));
    let found = client.json(&of(health)).await;
    assert_eq!((&found["slow"]["traces"], &found["attributes"]), (&json!(0), &json!([])));
}

fn edges(map: &Value) -> Vec<String> {
    let name = |id: &Value| {
        let node = map["nodes"].as_array().unwrap().iter().find(|node| node["id"] == *id).unwrap();
        node["name"].as_str().unwrap().to_owned()
    };
    let edge = |edge: &Value| {
        format!("{} -> {} {}", name(&edge["from"]), name(&edge["to"]), edge["figures"]["calls"])
    };
    let mut edges: Vec<String> = map["edges"].as_array().unwrap().iter().map(edge).collect();
    edges.sort();
    edges
}

#[tokio::test]
async fn every_entity_has_its_part_of_the_map() {
    let world = World::new().await;
    let Ids { cart, web, stock, mysql, jobs, worker1, .. } = world.ids;
    let client = world.client();
    let map =
        async |what: String| client.json(&format!("/api/v1/{what}/flow-map?{}", hour())).await;
    let under = map(format!("business-transactions/{cart}")).await;
    assert_eq!(
        edges(&under),
        ["stock -> mysql db1:3306/shop 1146", "web -> rabbitmq jobs 116", "web -> stock 573"]
    );
    let around = map(format!("tiers/{stock}")).await;
    assert_eq!(edges(&around), ["stock -> mysql db1:3306/shop 1146", "web -> stock 573"]);
    assert_eq!(around["nodes"].as_array().unwrap().len(), 3);
    assert_eq!(
        edges(&map(format!("backends/{mysql}")).await),
        ["stock -> mysql db1:3306/shop 1146"]
    );
    assert_eq!(
        edges(&map(format!("backends/{jobs}")).await),
        ["rabbitmq jobs -> worker 116", "web -> rabbitmq jobs 116"]
    );
    for nothing in [format!("tiers/{mysql}"), format!("backends/{web}"), format!("tiers/{worker1}")]
    {
        let answer = client.get(&format!("/api/v1/{nothing}/flow-map")).await;
        assert_eq!(answer.status, Http::NOT_FOUND, "{nothing}");
    }
}

#[tokio::test]
async fn a_tier_a_node_and_a_backend_tell_what_they_are() {
    let world = World::new().await;
    let Ids { shop, web, web1, mysql, cart, .. } = world.ids;
    let old = world.entity(EntityKind::Node, shop, web, "web0");
    world.seen(old, NOW.start_millis() - 1);
    let client = world.client();
    let tier = client.json(&format!("/api/v1/tiers/{web}?{}", hour())).await;
    assert_eq!(
        (&tier["name"], &tier["application"]["name"], &tier["figures"]["calls"], &tier["nodes"]),
        (&json!("web"), &json!("shop"), &json!(863), &json!(2))
    );
    let node = client.json(&format!("/api/v1/nodes/{web1}?{}", hour())).await;
    assert_eq!(
        (&node["tier"]["name"], &node["host"], &node["agent"], &node["historical"]),
        (&json!("web"), &json!("h1"), &json!("opentelemetry 1.45.1"), &json!(false))
    );
    let backend = client.json(&format!("/api/v1/backends/{mysql}?{}", hour())).await;
    assert_eq!((&backend["system"], &backend["figures"]["calls"]), (&json!("mysql"), &json!(1146)));
    let under = backend["business_transactions"].as_array().unwrap();
    assert_eq!(
        (under.len(), &under[0]["bt"]["id"], &under[0]["figures"]["calls"]),
        (1, &json!(cart.0), &json!(1146))
    );
}

#[tokio::test]
async fn nodes_that_are_gone_are_listed_on_request_only() {
    let world = World::new().await;
    let Ids { shop, web, stock, .. } = world.ids;
    world.entity(EntityKind::Node, shop, web, "web0");
    world.clock.advance(std::time::Duration::from_secs(3 * 3600));
    for live in [world.ids.web1, world.ids.stock1, world.ids.worker1] {
        world.seen(live, NOW.start_millis() + 3 * 3_600_000);
    }
    let client = world.client();
    let names = async |query: String| -> Vec<String> {
        let page = client.json(&format!("/api/v1/applications/{shop}/nodes?{query}")).await;
        let items = page["items"].as_array().unwrap().iter();
        items.map(|node| node["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(String::new()).await, ["stock1", "web1", "worker1"]);
    assert_eq!(names("historical=true".to_owned()).await, ["stock1", "web0", "web1", "worker1"]);
    assert_eq!(names(format!("historical=true&tier={web}")).await, ["web0", "web1"]);
    assert_eq!(names(format!("tier={stock}")).await, ["stock1"]);
    let tier = client.json(&format!("/api/v1/tiers/{web}")).await;
    assert_eq!((&tier["nodes"], &tier["historical_nodes"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn errors_are_told_by_tier_and_transaction_and_over_time() {
    let world = World::new().await;
    let Ids { shop, web, stock, cart, health, error, .. } = world.ids;
    let client = world.client();
    let list = async |filter: String| {
        client.json(&format!("/api/v1/applications/{shop}/errors?{}{filter}", hour())).await
    };
    let all = list(String::new()).await;
    let one = &all["items"][0];
    assert_eq!((&one["count"], &one["per_minute"]), (&json!(57), &json!(0.95)));
    assert_eq!(
        (&one["business_transactions"], &one["business_transaction_count"]),
        (&json!([{"id": cart.0, "name": "GET /cart"}]), &json!(1))
    );
    let line = one["sparkline"].as_array().unwrap();
    assert_eq!((line.len(), &line[0], &line[15]), (30, &json!(1.0), &Value::Null));
    assert_eq!(list(format!("&tier={web}&bt={cart}")).await["items"][0]["count"], 57);
    for none in [format!("&tier={stock}"), format!("&bt={health}")] {
        assert_eq!(list(none).await["items"], json!([]));
    }
    let one = client.json(&format!("/api/v1/errors/{error}?{}", hour())).await;
    assert_eq!((&one["type"], &one["application"]["name"]), (&json!("ValueError"), &json!("shop")));
    assert_eq!(one["hits"], json!([{"bt": {"id": cart.0, "name": "GET /cart"}, "count": 57}]));
    let points = one["points"].as_array().unwrap();
    assert_eq!((points.len(), &points[0]["count"]), (58, &json!(1)));
    assert_eq!(client.get(&format!("/api/v1/errors/{web}")).await.status, Http::NOT_FOUND);
}

/// An exception on a span, or in a log record.
fn exception(message: &str, stack: &str) -> Vec<(String, OwnedValue)> {
    vec![
        ("exception.type".to_owned(), text("ValueError")),
        ("exception.message".to_owned(), text(message)),
        ("exception.stacktrace".to_owned(), text(stack)),
    ]
}

#[tokio::test]
async fn samples_of_an_error_have_each_stack_once_with_its_newest_trace() {
    let mut world = World::new().await;
    let Ids { web, web1, error, .. } = world.ids;
    for (n, message, stack) in
        [(1, "bad 7", "at a"), (2, "bad 8", "at b"), (3, "bad 9", "at b"), (4, "worse", "at a")]
    {
        let mut failed = span(n, 1, 0, SpanKind::Server, (web, web1), 20);
        failed.status = StatusCode::Error;
        let event = SpanEvent {
            at_ns: failed.start_ns + MS,
            name: "exception".to_owned(),
            attributes: exception(message, stack),
        };
        failed.events = vec![event.clone(), event];
        world.reader.spans.push(failed);
    }
    let path = format!("/api/v1/errors/{error}/samples?{}", hour());
    let found = world.client().json(&path).await;
    let brief: Vec<Value> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            json!([it["message"], it["stack"], it["seen"], it["trace_id"], it["node"]["name"]])
        })
        .collect();
    assert_eq!(
        brief,
        [
            json!(["bad 8", "at b", 2, "02".repeat(16), "web1"]),
            json!(["bad 7", "at a", 1, "01".repeat(16), "web1"]),
        ]
    );
    assert_eq!((&found["traces"], &found["logs"]), (&json!(4), &json!(0)));
}

#[tokio::test]
async fn samples_of_an_error_that_was_only_logged_come_from_log_records() {
    let mut world = World::new().await;
    let Ids { shop, web, web1, error, .. } = world.ids;
    world.reader.logs = vec![LogRow {
        at_ns: Minute(NOW.0 - 1).start_ns(),
        application: shop,
        tier: web,
        node: web1,
        trace: None,
        span: SpanId(0),
        severity: 17,
        body: "failed".to_owned(),
        attributes: exception("bad 7", "at a"),
    }];
    let path = format!("/api/v1/errors/{error}/samples?{}", hour());
    let found = world.client().json(&path).await;
    assert_eq!(
        (&found["items"][0]["stack"], &found["items"][0]["trace_id"]),
        (&json!("at a"), &Value::Null)
    );
    assert_eq!((&found["traces"], &found["logs"]), (&json!(0), &json!(1)));
}

#[tokio::test]
async fn a_backend_is_told_by_the_statements_that_take_its_time() {
    let mut world = World::new().await;
    (world.reader.traces, world.reader.spans) = carts(&world.ids);
    let Ids { mysql, jobs, .. } = world.ids;
    let client = world.client();
    let found = client.json(&format!("/api/v1/backends/{mysql}/statements?{}", hour())).await;
    let brief: Vec<Value> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            json!([it["text"], it["tier"]["name"], it["calls"], it["total_ms"], it["average_ms"]])
        })
        .collect();
    assert_eq!(
        brief,
        [
            json!(["SELECT a", "stock", 5, 2000.0, 400.0]),
            json!(["SELECT b", "stock", 5, 20.0, 4.0]),
        ]
    );
    assert_eq!((&found["traces"], &found["calls"]), (&json!(10), &json!(10)));
    let found = client.json(&format!("/api/v1/backends/{jobs}/statements?{}", hour())).await;
    assert_eq!((&found["items"], &found["traces"]), (&json!([]), &json!(10)));
}

#[tokio::test]
async fn a_backend_at_a_loopback_address_is_known_by_its_caller_s_host() {
    let mut world = World::new().await;
    let ids = world.ids;
    (world.reader.traces, world.reader.spans) = carts(&ids);
    let name = "mysql localhost:3306/shop (h1)";
    let local = world.entity(EntityKind::Backend, ids.shop, EntityId::NONE, name);
    for span in world.reader.spans.iter_mut().filter(|span| span.kind == SpanKind::Client) {
        span.application = ids.shop;
        span.attributes[1].1 = text("127.0.0.1");
        span.resource.push(("host.name".to_owned(), text("h1")));
    }
    let key = FigureKey {
        scope: Scope::Edge,
        application: ids.shop,
        subject: ids.stock,
        peer: local,
        bt: ids.cart,
    };
    let figure = Figure { calls: 7.0, spans: 7.0, ..Figure::default() };
    world.reader.figures.push(FigureRow { key, at: Minute(NOW.0 - 5), figure });
    let client = world.client();
    let found = client.json(&format!("/api/v1/backends/{local}/statements?{}", hour())).await;
    assert_eq!((&found["traces"], &found["calls"]), (&json!(10), &json!(10)));
}

#[tokio::test]
async fn all_applications_are_on_one_map_with_the_calls_between_them() {
    let mut world = World::new().await;
    let bank = world.entity(EntityKind::Application, EntityId::NONE, EntityId::NONE, "bank");
    let accounts = world.entity(EntityKind::Tier, bank, EntityId::NONE, "accounts");
    world.change(accounts, |properties: &mut Properties| properties.system = "java".to_owned());
    let key = FigureKey {
        scope: Scope::Edge,
        application: world.ids.shop,
        subject: world.ids.web,
        peer: accounts,
        bt: EntityId::NONE,
    };
    let figure = Figure { calls: 7.0, spans: 7.0, ..Figure::default() };
    world.reader.figures.push(FigureRow { key, at: Minute(NOW.0 - 5), figure });
    let map = world.client().json(&format!("/api/v1/flow-map?{}", hour())).await;
    assert_eq!(edges(&map), ["shop -> bank 7"]);
    let nodes: Vec<Value> = map["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| json!([node["name"], node["kind"], node["figures"]["calls"]]))
        .collect();
    assert_eq!(nodes, [json!(["bank", "application", null]), json!(["shop", "application", 573])]);
}

#[tokio::test]
async fn snapshots_are_found_by_how_long_they_took_at_most() {
    let mut world = World::new().await;
    (world.reader.traces, world.reader.spans) = carts(&world.ids);
    let client = world.client();
    let count = async |query: &str| {
        let page = client.json(&format!("/api/v1/snapshots?{}&kept=false&{query}", hour())).await;
        page["items"].as_array().unwrap().len()
    };
    assert_eq!(count("max_duration_ms=24").await, 5);
    assert_eq!(count("min_duration_ms=25&max_duration_ms=419.9").await, 0);
    let wrong = client.get("/api/v1/snapshots?max_duration_ms=-1").await;
    assert_eq!(wrong.status, Http::BAD_REQUEST);
    assert!(wrong.text.contains("max_duration_ms"), "{}", wrong.text);
}
