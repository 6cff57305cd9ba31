//! Jaeger's query API: what its front end and Grafana's data source read.

use http::StatusCode;
use model::{
    entity::EntityKind,
    id::{EntityId, SpanId, TraceId},
    span::{SpanKind, StatusCode as SpanStatus},
    time::Minute,
};
use serde_json::{Value, json};
use telemetry_store::reader::{OwnedValue, Span, SpanEvent};

use crate::support::{NOW, World};

const MS: u64 = 1_000_000;

fn start_ns() -> u64 {
    Minute(NOW.0 - 1).start_ns()
}

fn text(key: &str, value: &str) -> (String, OwnedValue) {
    (key.to_owned(), OwnedValue::Str(value.to_owned()))
}

fn span(trace: u8, id: u64, place: (EntityId, EntityId), name: &str, millis: u64) -> Span {
    Span {
        trace: TraceId([trace; 16]),
        id: SpanId(id),
        parent: SpanId::NONE,
        start_ns: start_ns(),
        duration_ns: millis * MS,
        kind: SpanKind::Server,
        status: SpanStatus::Unset,
        status_message: String::new(),
        flags: 0x301,
        name: name.to_owned(),
        scope: String::new(),
        trace_state: String::new(),
        application: EntityId(1),
        tier: place.0,
        node: place.1,
        attributes: Vec::new(),
        resource: vec![text("service.name", "web"), text("host.name", "h1")],
        events: Vec::new(),
        links: Vec::new(),
    }
}

/// Trace 1: a cart that calls `stock`, which fails; traces 2 and 3: carts alone; trace 4: a checkout.
async fn world() -> World {
    let mut world = World::new().await;
    let ids = world.ids;
    let (web, stock) = ((ids.web, ids.web1), (ids.stock, ids.stock1));
    let mut called = span(1, 0x12, stock, "reserve", 5);
    called.parent = SpanId(0x11);
    called.status = SpanStatus::Error;
    called.status_message = "sold out".to_owned();
    called.scope = "net/http".to_owned();
    called.resource = vec![text("service.name", "stock")];
    called.attributes = vec![
        ("big".to_owned(), OwnedValue::Int(1 << 60)),
        ("ratio".to_owned(), OwnedValue::Double(0.5)),
        ("cached".to_owned(), OwnedValue::Bool(true)),
        // ["a"]
        ("list".to_owned(), OwnedValue::Encoded(vec![0x2a, 5, 0x0a, 3, 0x0a, 1, b'a'])),
    ];
    called.links = vec![(TraceId([9; 16]), SpanId(0x99))];
    called.events = vec![SpanEvent {
        at_ns: start_ns() + 2 * MS,
        name: "exception".to_owned(),
        attributes: vec![text("exception.type", "SoldOut")],
    }];
    let mut cart = span(2, 0x21, web, "GET /cart", 30);
    cart.attributes = vec![text("user.id", "ada")];
    world.reader.spans = vec![
        span(1, 0x11, web, "GET /cart", 20),
        called,
        cart,
        span(3, 0x31, web, "GET /cart", 40),
        span(4, 0x41, web, "POST /checkout", 50),
    ];
    world
}

fn traces(answer: &Value) -> Vec<u8> {
    let data = answer["data"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let id = |trace: &Value| u8::from_str_radix(&trace["traceID"].as_str().unwrap()[..2], 16);
    data.iter().map(|trace| id(trace).unwrap()).collect()
}

#[tokio::test]
async fn a_trace_has_the_shape_of_jaegers_front_end() {
    let client = world().await.client();
    let id = "01".repeat(16);
    let answer = client.json(&format!("/jaeger/api/traces/{id}")).await;
    let start_us = start_ns() / 1000;
    let tag =
        |key: &str, kind: &str, value: Value| json!({"key": key, "type": kind, "value": value});
    let expected = json!({
        "data": [{
            "traceID": id,
            "spans": [
                {
                    "traceID": id, "spanID": "0000000000000011", "flags": 1, "operationName": "GET /cart",
                    "references": [], "startTime": start_us, "duration": 20_000,
                    "tags": [tag("span.kind", "string", json!("server"))],
                    "logs": [], "processID": "p1", "warnings": null,
                },
                {
                    "traceID": id, "spanID": "0000000000000012", "flags": 1, "operationName": "reserve",
                    "references": [
                        {"refType": "CHILD_OF", "traceID": id, "spanID": "0000000000000011"},
                        {"refType": "FOLLOWS_FROM", "traceID": "09".repeat(16), "spanID": "0000000000000099"},
                    ],
                    "startTime": start_us, "duration": 5_000,
                    "tags": [
                        tag("big", "int64", json!((1i64 << 60).to_string())),
                        tag("cached", "bool", json!(true)),
                        tag("list", "string", json!("[\"a\"]")),
                        tag("ratio", "float64", json!(0.5)),
                        tag("span.kind", "string", json!("server")),
                        tag("otel.scope.name", "string", json!("net/http")),
                        tag("otel.status_code", "string", json!("ERROR")),
                        tag("otel.status_description", "string", json!("sold out")),
                        tag("error", "bool", json!(true)),
                    ],
                    "logs": [{
                        "timestamp": start_us + 2_000,
                        "fields": [
                            tag("event", "string", json!("exception")),
                            tag("exception.type", "string", json!("SoldOut")),
                        ],
                    }],
                    "processID": "p2", "warnings": null,
                },
            ],
            "processes": {
                "p1": {"serviceName": "web", "tags": [tag("host.name", "string", json!("h1"))]},
                "p2": {"serviceName": "stock", "tags": []},
            },
            "warnings": null,
        }],
        "total": 0, "limit": 0, "offset": 0, "errors": null,
    });
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn traces_are_searched_by_what_one_span_of_them_is() {
    let client = world().await.client();
    for (query, expected) in [
        ("service=web", &[4, 3, 2, 1][..]),
        ("service=web&limit=2", &[4, 3]),
        ("service=stock", &[1]),
        ("service=shop/stock", &[1]),
        ("service=nothing", &[]),
        ("service=web&operation=GET%20/cart", &[3, 2, 1]),
        ("service=web&minDuration=40ms", &[4, 3]),
        ("service=web&minDuration=25ms&maxDuration=0.04s", &[3, 2]),
        ("service=web&tags=%7B%22user.id%22%3A%22ada%22%7D", &[2]),
        ("service=web&tag=user.id:ada", &[2]),
        ("service=web&tags=%7B%22error%22%3A%22true%22%7D", &[]),
        ("service=stock&tags=%7B%22error%22%3A%22true%22%7D", &[1]),
        ("service=stock&tag=error:false", &[]),
        ("service=stock&tag=otel.status_code:ERROR&tag=span.kind:server", &[1]),
        ("service=stock&tag=span.kind:client", &[]),
        // By the ends of spans; the last two minutes, then what lies before.
        ("service=web&lookback=2m", &[4, 3, 2, 1]),
        (&format!("service=web&end={}", start_ns() / 1000), &[]),
        (&format!("service=web&start={}&lookback=custom", start_ns() / 1000 + 35_000), &[4, 3]),
        (&format!("traceID={}&traceID={}", "03".repeat(16), "01".repeat(16)), &[3, 1]),
    ] {
        let answer = client.json(&format!("/jaeger/api/traces?{query}")).await;
        assert_eq!(traces(&answer), expected, "{query}");
        assert_eq!(answer["errors"], Value::Null, "{query}");
        let same = client.json(&format!("/api/traces?{query}")).await;
        assert_eq!(same, answer, "as Grafana asks");
    }
}

#[tokio::test]
async fn what_is_wrong_or_missing_is_said_in_jaegers_words() {
    let client = world().await.client();
    for (path, status, part) in [
        ("/traces", 400, "parameter 'service' is required"),
        ("/traces?service=web&minDuration=5", 400, "'minDuration'"),
        ("/traces?service=web&minDuration=5ms&maxDuration=1ms", 400, "should be greater"),
        ("/traces?service=web&tags=x", 400, "a JSON object of texts"),
        ("/traces?service=web&tag=x", 400, "key:value"),
        ("/traces?service=web&limit=1501", 400, "up to 1500"),
        ("/traces?service=web&start=yesterday", 400, "Unix microseconds"),
        ("/traces?traceID=xyz", 400, "hexadecimal"),
        ("/traces/0", 400, "not all of them 0"),
        ("/traces/77", 404, "trace not found"),
        ("/operations", 400, "parameter 'service' is required"),
        ("/operations?service=web&spanKind=x", 400, "one of server"),
        ("/services/web", 404, "{service}/operations"),
        ("/dependencies?endTs=x", 400, "milliseconds"),
        ("/metrics/calls", 404, "nothing is served"),
    ] {
        let answer = client.get(&format!("/jaeger/api{path}")).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text);
        let body = answer.json();
        assert_eq!((&body["data"], &body["errors"][0]["code"]), (&Value::Null, &json!(status)));
        let msg = body["errors"][0]["msg"].as_str().unwrap();
        assert!(msg.contains(part), "{path}: {msg}");
    }
    let id = "77".repeat(16);
    let answer =
        client.json(&format!("/jaeger/api/traces?traceID={id}&traceID={}", "02".repeat(16))).await;
    assert_eq!(traces(&answer), [2]);
    assert_eq!(answer["errors"], json!([{"msg": "trace not found", "traceID": id}]));
}

#[tokio::test]
async fn an_answer_that_is_not_whole_says_so() {
    let mut world = world().await;
    world.reader.partial = vec!["1 stored segment is lost".to_owned()];
    let client = world.client();
    for path in ["traces?service=web", "operations?service=web", "dependencies"] {
        let answer = client.json(&format!("/jaeger/api/{path}")).await;
        assert_eq!(answer["errors"], json!([{"msg": "1 stored segment is lost"}]), "{path}");
        assert!(answer["data"].is_array());
    }
}

#[tokio::test]
async fn services_are_tiers_named_by_their_application_where_two_have_one_name() {
    let world = world().await;
    let none = EntityId::NONE;
    let bank = world.entity(EntityKind::Application, none, none, "bank");
    world.entity(EntityKind::Tier, bank, none, "stock");
    let client = world.client();
    let services = client.json("/jaeger/api/services").await;
    assert_eq!(services["data"], json!(["bank/stock", "shop/stock", "web", "worker"]));
    assert_eq!(services["total"], 4);
    for path in ["shop%2Fstock", "shop/stock"] {
        let found = client.json(&format!("/jaeger/api/services/{path}/operations")).await;
        assert_eq!((&found["data"], &found["total"]), (&json!(["reserve"]), &json!(1)), "{path}");
    }
    let trace = client.json(&format!("/jaeger/api/traces/{}", "01".repeat(16))).await;
    assert_eq!(trace["data"][0]["processes"]["p2"]["serviceName"], "shop/stock");
}

#[tokio::test]
async fn operations_are_the_names_of_spans_with_their_kinds() {
    let mut world = world().await;
    world.reader.spans[3].kind = SpanKind::Client;
    let client = world.client();
    let of = async |query: &str| client.json(&format!("/jaeger/api/operations?{query}")).await;
    let operation = |name: &str, kind: &str| json!({"name": name, "spanKind": kind});
    let all = of("service=web").await;
    assert_eq!(
        all["data"],
        json!([
            operation("GET /cart", "client"),
            operation("GET /cart", "server"),
            operation("POST /checkout", "server")
        ])
    );
    assert_eq!(
        of("service=web&spanKind=client").await["data"],
        json!([operation("GET /cart", "client")])
    );
    assert_eq!(of("service=nothing").await["data"], json!([]));
}

#[tokio::test]
async fn dependencies_are_the_calls_of_the_flow_map() {
    let client = world().await.client();
    let end_ms = NOW.start_millis();
    // Ten minutes: ten carts in each, that call `stock` once and MySQL twice; two put a message.
    let path = format!("/jaeger/api/dependencies?endTs={end_ms}&lookback=600000");
    let answer = client.json(&path).await;
    let link = |parent: &str, child: &str, calls: u64| json!({"parent": parent, "child": child, "callCount": calls});
    let data = answer["data"].as_array().unwrap();
    assert!(data.contains(&link("web", "stock", 100)), "{answer}");
    assert_eq!(data.len(), 4, "{answer}");
    let of_stock = client.json(&format!("{path}&service=stock")).await;
    let of_stock = of_stock["data"].as_array().unwrap();
    assert_eq!(of_stock.len(), 2, "{of_stock:?}");
    let answer = client.get("/jaeger/api/dependencies?endTs=0").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
}

#[tokio::test]
async fn answers_are_bounded_and_say_what_they_leave_out() {
    let mut world = World::new().await;
    let web = (world.ids.web, world.ids.web1);
    let spans = |trace: u8| {
        (1..=9_000u64).map(move |id| span(trace, id, web, "GET /cart", u64::from(trace)))
    };
    world.reader.spans = (1..=3).flat_map(spans).collect();
    let client = world.client();
    let id = |trace: u8| format!("{trace:02x}").repeat(16);
    let named = format!("traceID={}&traceID={}&traceID={}", id(1), id(2), id(3));
    let answer = client.json(&format!("/jaeger/api/traces?{named}")).await;
    assert_eq!(traces(&answer), [1, 2]);
    let msg = answer["errors"][0]["msg"].as_str().unwrap();
    assert!(msg.contains("20000 spans together"), "{msg}");

    // Ten pages of a thousand spans each: of trace 2, and some of trace 1; trace 3 takes longer.
    let answer = client.json("/jaeger/api/traces?service=web&maxDuration=2ms").await;
    assert_eq!(traces(&answer), [2, 1]);
    let msg = answer["errors"][0]["msg"].as_str().unwrap();
    assert!(msg.contains("more spans than one search looks through"), "{msg}");

    let many = format!("traceID={}&", id(1)).repeat(101);
    let refused = client.get(&format!("/jaeger/api/traces?{many}")).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
}

/// What today's front end of Jaeger asks.
#[tokio::test]
async fn the_third_api_tells_services_operations_and_what_a_list_says_of_traces() {
    let client = world().await.client();
    let services = client.json("/jaeger/api/v3/services").await;
    assert_eq!(services, json!({"services": ["stock", "web", "worker"]}));
    let operations = client.json("/jaeger/api/v3/operations?service=stock").await;
    assert_eq!(operations, json!({"operations": [{"name": "reserve", "spanKind": "server"}]}));
    let of_kind = client.json("/jaeger/api/v3/operations?service=stock&span_kind=client").await;
    assert_eq!(of_kind, json!({"operations": []}));

    let found = client.json("/jaeger/api/v3/trace-summaries?query.serviceName=stock").await;
    let start = start_ns();
    let expected = json!({"summaries": [{
        "traceId": "01".repeat(16),
        "rootServiceName": "web",
        "rootOperationName": "GET /cart",
        "minStartTimeUnixNano": start.to_string(),
        "maxEndTimeUnixNano": (start + 20 * MS).to_string(),
        "spanCount": 2,
        "errorSpanCount": 1,
        "orphanSpanCount": 0,
        "services": [
            {"name": "stock", "spanCount": 1, "errorSpanCount": 1},
            {"name": "web", "spanCount": 1, "errorSpanCount": 0},
        ],
    }]});
    assert_eq!(found, expected);
}

#[tokio::test]
async fn the_third_api_searches_by_the_same_parts_in_either_spelling() {
    let client = world().await.client();
    let time = |ms: u64| {
        let at = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(start_ns() + ms * MS));
        let text = at.unwrap().format(&time::format_description::well_known::Rfc3339).unwrap();
        text.replace(':', "%3A")
    };
    for (query, expected) in [
        ("query.serviceName=web".to_owned(), &[4, 3, 2, 1][..]),
        ("query.service_name=web&query.search_depth=2".to_owned(), &[4, 3]),
        ("query.serviceName=web&query.searchDepth=1".to_owned(), &[4]),
        ("query.serviceName=web&query.operationName=GET%20/cart".to_owned(), &[3, 2, 1]),
        (
            "query.serviceName=web&query.durationMin=25ms&query.durationMax=0.04s".to_owned(),
            &[3, 2],
        ),
        ("query.serviceName=web&query.attributes=%7B%22user.id%22%3A%22ada%22%7D".to_owned(), &[2]),
        (format!("query.serviceName=web&query.startTimeMin={}", time(35)), &[4, 3]),
        (format!("query.serviceName=web&query.start_time_max={}", time(0)), &[]),
        ("query.serviceName=nothing".to_owned(), &[]),
    ] {
        let answer = client.json(&format!("/jaeger/api/v3/trace-summaries?{query}")).await;
        let found = answer["summaries"].as_array().unwrap_or_else(|| panic!("{answer}"));
        let id = |it: &Value| u8::from_str_radix(&it["traceId"].as_str().unwrap()[..2], 16);
        let ids: Vec<u8> = found.iter().map(|it| id(it).unwrap()).collect();
        assert_eq!(ids, expected, "{query}");
        let whole = client.json(&format!("/jaeger/api/v3/traces?{query}")).await;
        let resources = whole["result"]["resourceSpans"].as_array().unwrap();
        assert_eq!(resources.is_empty(), expected.is_empty(), "{query}");
    }
    for (path, status, part) in [
        ("/trace-summaries", 400, "parameter 'query.serviceName' is required"),
        ("/traces?query.serviceName=web&query.durationMin=5", 400, "'query.durationMin'"),
        ("/traces?query.serviceName=web&query.startTimeMin=x", 400, "query.startTimeMin"),
        ("/traces?query.serviceName=web&query.searchDepth=1501", 400, "up to 1500"),
        ("/operations", 400, "parameter 'service' is required"),
        ("/traces/77", 404, "trace not found"),
        ("/nothing", 404, "nothing is served"),
    ] {
        let answer = client.get(&format!("/jaeger/api/v3{path}")).await;
        let error = &answer.json()["error"];
        assert_eq!(
            (answer.status.as_u16(), &error["httpCode"]),
            (status, &json!(status)),
            "{path}"
        );
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(part), "{path}: {message}");
    }
}

#[tokio::test]
async fn a_trace_of_the_third_api_is_in_otlp() {
    let client = world().await.client();
    let id = "01".repeat(16);
    let answer = client.json(&format!("/jaeger/api/v3/traces/{id}")).await;
    let (start, text) = (start_ns(), |text: &str| json!({"stringValue": text}));
    let pair = |key: &str, value: Value| json!({"key": key, "value": value});
    let expected = json!({"result": {"resourceSpans": [
        {
            "resource": {"attributes": [pair("service.name", text("web")), pair("host.name", text("h1"))]},
            "scopeSpans": [{"scope": {"name": ""}, "spans": [{
                "traceId": id, "spanId": "0000000000000011", "parentSpanId": "", "traceState": "", "flags": 0x301,
                "name": "GET /cart", "kind": 2, "startTimeUnixNano": start.to_string(),
                "endTimeUnixNano": (start + 20 * MS).to_string(), "attributes": [], "events": [], "links": [],
                "status": {"code": 0, "message": ""},
            }]}],
        },
        {
            "resource": {"attributes": [pair("service.name", text("stock"))]},
            "scopeSpans": [{"scope": {"name": "net/http"}, "spans": [{
                "traceId": id, "spanId": "0000000000000012", "parentSpanId": "0000000000000011", "traceState": "",
                "flags": 0x301, "name": "reserve", "kind": 2, "startTimeUnixNano": start.to_string(),
                "endTimeUnixNano": (start + 5 * MS).to_string(),
                "attributes": [
                    pair("big", json!({"intValue": (1i64 << 60).to_string()})),
                    pair("cached", json!({"boolValue": true})),
                    pair("list", json!({"arrayValue": {"values": [text("a")]}})),
                    pair("ratio", json!({"doubleValue": 0.5})),
                ],
                "events": [{
                    "timeUnixNano": (start + 2 * MS).to_string(), "name": "exception",
                    "attributes": [pair("exception.type", text("SoldOut"))],
                }],
                "links": [{"traceId": "09".repeat(16), "spanId": "0000000000000099"}],
                "status": {"code": 2, "message": "sold out"},
            }]}],
        },
    ]}});
    assert_eq!(answer, expected);
}
