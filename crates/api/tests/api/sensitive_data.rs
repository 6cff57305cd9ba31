//! What may tell of people is shown to who has `sensitive-data` over its application, and to nobody else, by every API.

use http::StatusCode;
use model::{
    access::{Grant, Permission},
    id::{SpanId, TraceId},
    span::{SpanKind, StatusCode as Status},
    time::Minute,
};
use telemetry_store::reader::{OwnedValue, Span, SpanEvent};

use crate::support::{Client, NOW, World, hour, world_password};

const MAIL: &str = "ada@example.com";
const HIDDEN: &str = "(hidden: needs the permission sensitive-data)";

fn texts(pairs: &[(&str, &str)]) -> Vec<(String, OwnedValue)> {
    let owned =
        |(key, value): &(&str, &str)| ((*key).to_owned(), OwnedValue::Str((*value).to_owned()));
    pairs.iter().map(owned).collect()
}

/// A cart whose newest trace and log records name a person wherever one can be named.
async fn world() -> World {
    let mut world = World::new().await;
    let ids = world.ids;
    let start_ns = Minute(NOW.0 - 1).start_ns();
    let span = |id: u64, parent: u64, kind: SpanKind, attributes: &[(&str, &str)]| Span {
        trace: TraceId([1; 16]),
        id: SpanId(id),
        parent: SpanId(parent),
        start_ns,
        duration_ns: 20_000_000,
        kind,
        status: Status::Error,
        status_message: format!("no account of {MAIL}"),
        flags: 0,
        name: format!("span {id}"),
        scope: "test".to_owned(),
        trace_state: String::new(),
        application: ids.shop,
        tier: ids.web,
        node: ids.web1,
        attributes: texts(attributes),
        resource: texts(&[("process.command_line", &format!("serve --for {MAIL}"))]),
        events: vec![SpanEvent {
            at_ns: start_ns,
            name: "exception".to_owned(),
            attributes: texts(&[
                ("exception.type", "KeyError"),
                ("exception.message", &format!("'{MAIL}'")),
                ("exception.stacktrace", &format!("raise KeyError('{MAIL}')")),
            ]),
        }],
        links: Vec::new(),
    };
    let url = format!("https://shop.example.com/cart?mail={MAIL}");
    let statement = format!("SELECT * FROM carts WHERE mail = '{MAIL}'");
    let call =
        [("db.system.name", "mysql"), ("server.address", "db1"), ("db.query.text", &*statement)];
    world.reader.spans = vec![
        span(1, 0, SpanKind::Server, &[("enduser.id", MAIL), ("url.full", &url)]),
        span(2, 1, SpanKind::Client, &call),
    ];
    for row in &mut world.reader.logs {
        row.body = format!("cart of {MAIL}");
        row.attributes = texts(&[("enduser.id", MAIL)]);
    }
    world
}

/// Answers that hold the person's name for who may see it.
fn paths() -> Vec<String> {
    let hour = hour();
    let trace = "01".repeat(16);
    vec![
        format!("/api/v1/traces/{trace}"),
        format!("/api/v1/logs?{hour}"),
        format!("/api/v1/span-attributes/values?{hour}&application=1&key=enduser.id"),
        format!("/jaeger/api/traces/{trace}"),
    ]
}

async fn pair() -> (Client, Client) {
    let world = world().await;
    let view = Grant { permission: Permission::View, application: Some(world.ids.shop) };
    let open = Grant { permission: Permission::SensitiveData, ..view };
    world.user("sees all", &[view, open]).await;
    world.user("sees some", &[view]).await;
    let stranger = world.stranger();
    let of = |user: &str| stranger.clone().with_basic(user, world_password());
    (of("sees all"), of("sees some"))
}

#[tokio::test]
async fn who_may_sees_it_and_who_may_not_does_not() {
    let (all, some) = pair().await;
    for path in paths() {
        let open = all.get(&path).await;
        assert_eq!(open.status, StatusCode::OK, "{path}: {}", open.text);
        assert!(open.text.contains(MAIL), "{path}: {}", open.text);
        assert!(!open.text.contains(HIDDEN), "{path}: {}", open.text);
        let masked = some.get(&path).await;
        assert_eq!(masked.status, StatusCode::OK, "{path}: {}", masked.text);
        assert!(!masked.text.contains(MAIL), "{path}: {}", masked.text);
    }
}

#[tokio::test]
async fn what_is_hidden_says_so_and_the_rest_is_told() {
    let (_, some) = pair().await;
    let trace = some.json(&format!("/api/v1/traces/{}", "01".repeat(16))).await;
    let root = &trace["spans"][0];
    assert_eq!(root["attributes"]["enduser.id"], HIDDEN);
    assert_eq!(root["attributes"]["url.full"], "https://shop.example.com/cart");
    assert_eq!(root["resource"]["process.command_line"], HIDDEN);
    assert_eq!(root["status_message"], HIDDEN);
    assert_eq!(root["events"][0]["attributes"]["exception.type"], "KeyError");
    assert_eq!(root["events"][0]["attributes"]["exception.stacktrace"], HIDDEN);
    let call = &trace["spans"][1];
    assert_eq!(call["attributes"]["db.query.text"], "SELECT * FROM carts WHERE mail = ?");
    assert_eq!(call["exit"]["target"]["kind"], "backend");
    let logs = some.json(&format!("/api/v1/logs?{}", hour())).await;
    assert_eq!(logs["items"][0]["body"], HIDDEN);
    assert_eq!(logs["items"][0]["attributes"]["enduser.id"], HIDDEN);
}

#[tokio::test]
async fn what_is_hidden_cannot_be_found_out_by_searching() {
    let (all, some) = pair().await;
    let hour = hour();
    for path in [
        format!("/api/v1/spans?{hour}&attribute=enduser.id%3D{MAIL}"),
        format!("/api/v1/logs?{hour}&text=ada"),
        format!("/api/v1/logs?{hour}&attribute=enduser.id%3D{MAIL}"),
    ] {
        let found = all.json(&path).await;
        assert!(!found["items"].as_array().unwrap().is_empty(), "{path}: {found}");
        let hidden = some.json(&path).await;
        assert_eq!(hidden["items"].as_array().unwrap().len(), 0, "{path}: {hidden}");
        let reasons = hidden["partial"]["reasons"].to_string();
        assert!(reasons.contains("were not searched by text or attributes"), "{path}: {reasons}");
    }
    // By what is shown one may search.
    let path = format!("/api/v1/spans?{hour}&attribute=server.address%3Ddb1");
    assert_eq!(some.json(&path).await["items"].as_array().unwrap().len(), 1);
}
