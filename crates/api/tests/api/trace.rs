//! One trace, span by span.

use model::{
    id::{EntityId, SpanId, TraceId},
    span::{SpanKind, StatusCode},
    time::Minute,
};
use serde_json::{Value, json};
use telemetry_store::reader::{OwnedValue, Span, SpanEvent};

use crate::support::{NOW, World};

const MS: u64 = 1_000_000;

/// A span of the newest trace, which ends 20 ms into its minute; times are milliseconds after its start.
fn span(
    id: u64,
    parent: u64,
    kind: SpanKind,
    place: (EntityId, EntityId),
    times: (i64, u64),
    attributes: &[(&str, &str)],
) -> Span {
    let start = Minute(NOW.0 - 1).start_ns();
    let (after, millis) = times;
    Span {
        trace: TraceId([1; 16]),
        id: SpanId(id),
        parent: SpanId(parent),
        start_ns: start.checked_add_signed(after * 1_000_000).unwrap(),
        duration_ns: millis * MS,
        kind,
        status: StatusCode::Unset,
        status_message: String::new(),
        flags: 0,
        name: format!("span {id}"),
        scope: "test".to_owned(),
        trace_state: String::new(),
        application: EntityId(1),
        tier: place.0,
        node: place.1,
        attributes: attributes
            .iter()
            .map(|(key, value)| ((*key).to_owned(), OwnedValue::Str((*value).to_owned())))
            .collect(),
        resource: vec![("service.name".to_owned(), OwnedValue::Str("web".to_owned()))],
        events: Vec::new(),
        links: Vec::new(),
    }
}

async fn trace() -> Value {
    let mut world = World::new().await;
    let ids = world.ids;
    let (web, stock) = ((ids.web, ids.web1), (ids.stock, ids.stock1));
    let http =
        [("http.request.method", "GET"), ("server.address", "stock"), ("server.port", "8080")];
    let mysql = [("db.system.name", "mysql"), ("server.address", "db1"), ("db.namespace", "shop")];
    let publish = [
        ("messaging.system", "rabbitmq"),
        ("messaging.destination.name", "jobs"),
        ("messaging.operation.type", "send"),
    ];
    let mut root = span(1, 0, SpanKind::Server, web, (0, 20), &[]);
    root.events.push(SpanEvent {
        at_ns: root.start_ns + 2 * MS,
        name: "exception".to_owned(),
        attributes: Vec::new(),
    });
    root.links.push((TraceId([9; 16]), SpanId(9)));
    world.reader.spans = vec![
        root,
        span(2, 1, SpanKind::Client, web, (2, 10), &http),
        // Its clock is a second behind.
        span(3, 2, SpanKind::Server, stock, (-1000, 6), &[]),
        span(4, 3, SpanKind::Client, stock, (-999, 3), &mysql),
        span(5, 1, SpanKind::Producer, web, (15, 1), &publish),
    ];
    world.client().json(&format!("/api/v1/traces/{}", "01".repeat(16))).await
}

#[tokio::test]
async fn a_trace_shows_who_called_whom_on_one_clock() {
    let trace = trace().await;
    let brief: Vec<Value> = trace["spans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|span| {
            json!([
                span["span_id"].as_str().unwrap().trim_start_matches('0'),
                span["role"],
                span["tier"]["name"],
                span["start_us"],
                span["skew_us"],
                span["self_us"],
                span["critical"],
                span["exit"]["target"]["name"],
            ])
        })
        .collect();
    assert_eq!(
        brief,
        [
            json!(["1", "entry", "web", 0, 0, 9000, true, null]),
            json!(["2", "exit", "web", 2000, 0, 4000, true, "stock"]),
            json!(["3", "entry", "stock", 4000, 1_004_000, 3000, true, null]),
            json!(["4", "exit", "stock", 5000, 1_004_000, 3000, true, "mysql db1:3306/shop"]),
            json!(["5", "exit", "web", 15000, 0, 1000, true, "rabbitmq jobs"]),
        ]
    );
    assert_eq!(
        (&trace["start"], &trace["duration_ms"]),
        (&json!(NOW.start_millis() - 60_000), &json!(20.0))
    );
}

#[tokio::test]
async fn a_trace_names_its_transactions_and_keeps_what_was_sent() {
    let trace = trace().await;
    assert_eq!(
        trace["bts"],
        json!([{"id": 8, "name": "GET /cart", "application": {"id": 1, "name": "shop"}, "outcome": "ERROR", "reason": "error"}])
    );
    assert_eq!(trace["dropped_spans"], 0);
    let root = &trace["spans"][0];
    assert_eq!(root["parent_span_id"], Value::Null);
    assert_eq!(root["events"], json!([{"offset_us": 2000, "name": "exception", "attributes": {}}]));
    assert_eq!(
        root["links"],
        json!([{"trace_id": "09".repeat(16), "span_id": "0000000000000009"}])
    );
    assert_eq!(root["resource"], json!({"service.name": "web"}));
    let exit = &trace["spans"][1]["exit"];
    assert_eq!((&exit["type"], &exit["target"]["kind"]), (&json!("HTTP"), &json!("tier")));
    assert_eq!(trace["spans"][4]["exit"]["target"]["kind"], "queue");
}
