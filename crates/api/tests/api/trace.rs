//! One trace, span by span.

use http::StatusCode as Http;
use model::{
    entity::EntityKind,
    id::{EntityId, SpanId, TraceId},
    span::{SpanKind, StatusCode},
    time::Minute,
};
use serde_json::{Value, json};
use telemetry_store::reader::{OwnedValue, Span, SpanEvent};

use crate::support::{Ids, NOW, World};

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

/// The newest trace: web calls stock, which asks its database, and publishes a job.
pub(crate) fn newest(ids: &Ids) -> Vec<Span> {
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
    vec![
        root,
        span(2, 1, SpanKind::Client, web, (2, 10), &http),
        // Its clock is a second behind.
        span(3, 2, SpanKind::Server, stock, (-1000, 6), &[]),
        span(4, 3, SpanKind::Client, stock, (-999, 3), &mysql),
        span(5, 1, SpanKind::Producer, web, (15, 1), &publish),
    ]
}

async fn trace() -> Value {
    let mut world = World::new().await;
    world.reader.spans = newest(&world.ids);
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
async fn a_trace_that_is_not_kept_is_told_without_a_number_that_a_setting_may_change() {
    let answer =
        World::new().await.client().get(&format!("/api/v1/traces/{}", "0f".repeat(16))).await;
    assert_eq!(answer.status, Http::NOT_FOUND);
    let message = answer.json()["error"]["message"].as_str().unwrap().replace(&"0f".repeat(16), "");
    assert!(
        message.contains("retention-traces") && !message.contains(char::is_numeric),
        "{message}"
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

#[tokio::test]
async fn a_snapshot_has_the_exit_calls_and_properties_of_its_first_segment_when_they_are_asked_for()
{
    let mut world = World::new().await;
    let mut spans = newest(&world.ids);
    let text = |key: &str, value: &str| (key.to_owned(), OwnedValue::Str(value.to_owned()));
    spans[0].attributes.push(text("url.path", "/cart/17"));
    let thrown = vec![text("exception.type", "ValueError"), text("exception.message", "bad 7")];
    // The same one passed a second span of the process.
    let event = SpanEvent { attributes: thrown, ..spans[0].events[0].clone() };
    spans[1].events.push(event.clone());
    spans[0].events = vec![event];
    spans[1].status = StatusCode::Error;
    let stock = world.ids.stock;
    world.reader.spans = spans;
    let client = world.client();
    let path = "/controller/rest/applications/shop/request-snapshots?time-range-type=BEFORE_NOW\
                &duration-in-mins=60&output=JSON&error-occurred=true";
    let plain = client.json(path).await;
    assert_eq!(plain[0]["snapshotExitCalls"], json!([]));
    assert_eq!((&plain[0]["URL"], &plain[0]["errorSummary"]), (&json!("/cart"), &Value::Null));
    let found = client.json(&format!("{path}&need-props=true&need-exit-calls=true")).await;
    let snapshot = &found[0];
    let calls = |name: &str| -> Vec<Value> {
        let calls = snapshot["snapshotExitCalls"].as_array().unwrap();
        calls.iter().map(|call| call[name].clone()).collect()
    };
    assert_eq!(calls("exitPointName"), [json!("HTTP"), json!("JMS")]);
    assert_eq!(calls("toComponentId"), [json!(stock.0), json!("")]);
    assert_eq!(calls("timeTakenInMillis"), [json!(10), json!(1)]);
    assert_eq!(calls("errors"), [json!(1), json!(0)]);
    assert_eq!(calls("synchronous"), [json!(true), json!(false)]);
    assert_eq!(
        calls("properties")[1],
        json!([{"id": 0, "name": "Target", "value": "rabbitmq jobs"}])
    );
    assert_eq!(snapshot["URL"], "/cart/17");
    assert_eq!(
        snapshot["transactionProperties"],
        json!([{"id": 0, "name": "url.path", "value": "/cart/17"}])
    );
    assert_eq!(snapshot["errorSummary"], "ValueError: bad 7");
    assert_eq!(
        snapshot["errorDetails"],
        json!([{"id": 0, "name": "ValueError", "value": "bad 7"}])
    );
}

/// Asks for the snapshots of the newest trace: whether each is the first of its chain, and its tier.
async fn segments(filter: &str) -> Vec<(bool, u64)> {
    let mut world = World::new().await;
    let mut spans = newest(&world.ids);
    let text = |key: &str, value: &str| (key.to_owned(), OwnedValue::Str(value.to_owned()));
    spans[0].attributes.push(text("session.id", "s1"));
    spans[1].attributes.push(text("enduser.id", "ann"));
    spans[2].status = StatusCode::Error;
    spans[2].events.push(SpanEvent {
        at_ns: 0,
        name: "exception".to_owned(),
        attributes: vec![text("exception.type", "KeyError"), text("exception.message", "no 7")],
    });
    let error =
        world.entity(EntityKind::ErrorGroup, world.ids.shop, world.ids.stock, "KeyError: no {n}");
    world.reader.spans = spans;
    let (stock, stock1) = (world.ids.stock, world.ids.stock1);
    let filter = filter
        .replace("STOCK1", &stock1.to_string())
        .replace("STOCK", &stock.to_string())
        .replace("GROUP", &error.to_string());
    let path = format!(
        "/controller/rest/applications/shop/request-snapshots?time-range-type=BEFORE_NOW&duration-in-mins=60\
         &output=JSON&guids={}&{filter}",
        "01".repeat(16)
    );
    let found = world.client().json(&path).await;
    let brief = |one: &Value| {
        (one["firstInChain"].as_bool().unwrap(), one["applicationComponentId"].as_u64().unwrap())
    };
    found.as_array().unwrap().iter().map(brief).collect()
}

#[tokio::test]
async fn a_transaction_has_a_snapshot_for_each_tier_that_it_passed() {
    let (web, stock) = ((true, 2), (false, 3));
    for (filter, expected) in [
        ("", vec![web, stock]),
        ("first-in-chain=false", vec![web, stock]),
        ("first-in-chain=true", vec![web]),
        ("application-component-ids=STOCK", vec![stock]),
        ("application-component-node-ids=STOCK1", vec![stock]),
        ("application-component-ids=STOCK&first-in-chain=true", vec![]),
        ("maximum-results=1", vec![web]),
        ("session-id=s1", vec![web, stock]),
        ("session-id=s1&first-in-chain=true", vec![web]),
        ("session-id=s2", vec![]),
        ("user-principal-id=ann", vec![web, stock]),
        ("error-ids=GROUP", vec![stock]),
        ("error-occurred=true&application-component-ids=STOCK", vec![stock]),
        ("execution-time-in-milis=21", vec![]),
    ] {
        assert_eq!(segments(filter).await, expected, "{filter}");
    }
}

#[tokio::test]
async fn a_later_segment_says_how_it_was_reached() {
    let mut world = World::new().await;
    world.reader.spans = newest(&world.ids);
    let stock = world.ids.stock;
    let path = format!(
        "/controller/rest/applications/shop/request-snapshots?time-range-type=BEFORE_NOW&duration-in-mins=60\
         &output=JSON&need-exit-calls=true&application-component-ids={stock}"
    );
    let found = world.client().json(&path).await;
    let segment = &found[0];
    let start = NOW.start_millis() - 60_000;
    assert_eq!(segment["callChain"], "Component:2|Exit Call:HTTP|To:3|Component:3");
    assert_eq!((&segment["snapshotExitSequence"], &segment["async"]), (&json!("1"), &json!(false)));
    assert_eq!(segment["timeTakenInMilliSecs"], 6);
    // Its clock is a second behind.
    assert_eq!(
        (&segment["serverStartTime"], &segment["localStartTime"]),
        (&json!(start + 4), &json!(start - 1000))
    );
    assert_eq!(
        (&segment["userExperience"], &segment["errorOccured"]),
        (&json!("ERROR"), &json!(false))
    );
    assert_eq!(segment["snapshotExitCalls"][0]["exitPointName"], "JDBC");
    assert_eq!(segment["unresolvedCallInCallChain"], true);
}
