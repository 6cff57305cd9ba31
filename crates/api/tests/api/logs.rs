//! Log records: lists and counts.

use http::StatusCode;
use serde_json::json;

use super::support::{NOW, World};

/// The last hour.
fn hour() -> String {
    let to = NOW.start_millis() + 1;
    format!("from={}&to={to}", to - 3_600_000)
}

#[tokio::test]
async fn records_are_narrowed_by_text_severity_and_attribute() {
    let mut world = World::new().await;
    world.reader.logs[0].severity = 9;
    let client = world.client();
    for (filter, count) in [
        ("", 3),
        ("&text=line%202", 1),
        ("&text=", 3),
        ("&severity=INFO", 1),
        ("&severity=ERROR&severity=FATAL", 2),
        ("&attribute=code.line%3D7", 3),
        ("&attribute=code.line%3D8", 0),
    ] {
        let logs = client.json(&format!("/api/v1/logs?{}{filter}", hour())).await;
        assert_eq!(logs["items"].as_array().unwrap().len(), count, "{filter}");
    }
}

#[tokio::test]
async fn a_record_has_the_same_id_on_every_page_and_another_one_another() {
    let client = World::new().await.client();
    let ids = |logs: &serde_json::Value| -> Vec<String> {
        let items = logs["items"].as_array().unwrap();
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    };
    let all = ids(&client.json(&format!("/api/v1/logs?{}", hour())).await);
    let one = ids(&client.json(&format!("/api/v1/logs?{}&text=line%202", hour())).await);
    assert_eq!(one, [all[1].clone()]);
    assert!(all[0] != all[1] && all[1] != all[2]);
}

#[tokio::test]
async fn records_are_counted_over_time_and_by_what_they_are_of() {
    let world = World::new().await;
    let (shop, web, web1) = (world.ids.shop, world.ids.web, world.ids.web1);
    let client = world.client();
    let found = client.json(&format!("/api/v1/logs/summary?{}&bars=60", hour())).await;
    assert_eq!(found["bar_ms"], 120_000);
    let bars = found["bars"].as_array().unwrap();
    let counts: u64 = bars
        .iter()
        .flat_map(|bar| bar["counts"].as_array().unwrap())
        .map(|count| count.as_u64().unwrap())
        .sum();
    assert_eq!((counts, &found["total"]), (3, &json!(3)));
    assert!(bars.len() > 29, "bars without records are there: {}", bars.len());
    assert_eq!(found["by_severity"], json!([{"value": "ERROR", "count": 3}]));
    let application = json!({"id": shop.0, "name": "shop"});
    let of_web = json!({"id": web.0, "name": "web", "application": application, "count": 3});
    assert_eq!(found["by_tier"], json!({"items": [of_web], "others": 0}));
    assert_eq!(found["by_node"]["items"][0]["id"], web1.0);
    assert_eq!((&found["complete_from"], &found["partial"]), (&json!(null), &json!(null)));
}

#[tokio::test]
async fn a_count_that_is_not_whole_says_from_when_it_is() {
    let mut world = World::new().await;
    world.reader.counted_from_ns = Some(NOW.start_ns() - 1);
    let found = world.client().json(&format!("/api/v1/logs/summary?{}", hour())).await;
    assert_eq!(found["complete_from"], NOW.start_millis());
    assert_eq!(found["partial"]["reasons"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn filters_that_make_no_sense_are_refused() {
    let client = World::new().await.client();
    for (filter, status) in [
        ("severity=LOUD", StatusCode::BAD_REQUEST),
        ("bars=0", StatusCode::BAD_REQUEST),
        ("bars=241", StatusCode::BAD_REQUEST),
        ("attribute=nothing", StatusCode::BAD_REQUEST),
        ("trace_id=1", StatusCode::BAD_REQUEST),
        ("node=999", StatusCode::NOT_FOUND),
    ] {
        let answer = client.get(&format!("/api/v1/logs/summary?{filter}")).await;
        assert_eq!(answer.status, status, "{filter}");
    }
    let long = format!("/api/v1/logs?text={}", "x".repeat(1025));
    assert_eq!(client.get(&long).await.status, StatusCode::BAD_REQUEST);
}
