//! Spans found by what they are and have.

use model::{
    id::{SpanId, TraceId},
    span::{SpanKind, StatusCode},
};
use serde_json::Value;
use telemetry_store::reader::{OwnedValue, Span};

use crate::support::{NOW, World, hour};

const MS: u64 = 1_000_000;

/// Ten spans in the minute before now, ended a millisecond one after the other, of two traces and users.
async fn world() -> World {
    let mut world = World::new().await;
    let start_ns = model::time::Minute(NOW.0 - 1).start_ns();
    let (tier, node) = (world.ids.web, world.ids.web1);
    world.reader.spans = (1..=10u64)
        .map(|id| Span {
            trace: TraceId([1 + (id % 2) as u8; 16]),
            id: SpanId(id),
            parent: SpanId::NONE,
            start_ns,
            duration_ns: id * MS,
            kind: SpanKind::Client,
            status: if id == 4 { StatusCode::Error } else { StatusCode::Unset },
            status_message: String::new(),
            flags: 0,
            name: format!("span {id}"),
            scope: String::new(),
            trace_state: String::new(),
            application: model::id::EntityId(1),
            tier,
            node,
            attributes: vec![("user".to_owned(), OwnedValue::Str(format!("a=b {}", id % 3)))],
            resource: Vec::new(),
            events: Vec::new(),
            links: Vec::new(),
        })
        .collect();
    world
}

fn ids(page: &Value) -> Vec<u64> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|span| u64::from_str_radix(span["span_id"].as_str().unwrap(), 16).unwrap()).collect()
}

#[tokio::test]
async fn spans_come_newest_first_with_all_that_was_asked_of_them() {
    let client = world().await.client();
    let check = async |which: &str, expected: &[u64]| {
        let page = client.json(&format!("/api/v1/spans?{}{which}", hour())).await;
        assert_eq!(ids(&page), expected, "{which}");
        page
    };
    check("", &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]).await;
    check("&attribute=user%3Da%3Db%201", &[10, 7, 4, 1]).await;
    check("&attribute=user%3Da%3Db%201&attribute=user%3Da%3Db%202", &[]).await;
    check("&min_duration_ms=8.5", &[10, 9]).await;
    check("&min_duration_ms=3&max_duration_ms=5", &[5, 4, 3]).await;
    let failed = check("&error=true", &[4]).await;
    let span = &failed["items"][0];
    assert_eq!(
        (&span["name"], &span["kind"], &span["status"], &span["tier"]["name"]),
        (&"span 4".into(), &"CLIENT".into(), &"ERROR".into(), &"web".into())
    );
    assert_eq!((&span["trace_id"], &span["duration_ms"]), (&"01".repeat(16).into(), &4.0.into()));
    assert_eq!(failed["next"], Value::Null);
}

#[tokio::test]
async fn pages_of_spans_go_on_where_the_one_before_ended() {
    let client = world().await.client();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/spans?{}&limit=4&cursor={cursor}", hour());
        let page = client.json(&path).await;
        seen.extend(ids(&page));
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
}

#[tokio::test]
async fn what_can_be_asked_for_is_told_of_the_spans_that_were_looked_at() {
    let client = world().await.client();
    let check = async |path: &str, expected: &[&str]| {
        let answer = client.json(&format!("/api/v1/span-attributes{path}&{}", hour())).await;
        let items = answer["items"].as_array().unwrap().iter();
        let texts: Vec<&str> = items.map(|item| item["text"].as_str().unwrap()).collect();
        assert_eq!(texts, expected, "{path}");
        answer
    };
    let keys = check("?part=USE", &["user"]).await;
    assert_eq!((&keys["items"][0]["spans"], &keys["more"]), (&10.into(), &false.into()));
    let looked_at = &keys["looked_at"];
    assert_eq!((&looked_at["spans"], &looked_at["all"]), (&10.into(), &true.into()));
    check("?part=nothing", &[]).await;
    check("/values?key=user", &["a=b 0", "a=b 1", "a=b 2"]).await;
    let one = check("/values?key=user&part=B%202&limit=1", &["a=b 2"]).await;
    assert_eq!(one["more"], false);
    assert_eq!(check("/values?key=user&limit=2", &["a=b 0", "a=b 1"]).await["more"], true);
    check("/values?key=nobody", &[]).await;
}
