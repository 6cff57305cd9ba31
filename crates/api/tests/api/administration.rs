//! What whoever runs Vedette asks of it: storage, limits, health, access keys.

use std::sync::Arc;

use http::Method;
use serde_json::json;

use crate::support::World;

#[tokio::test]
async fn storage_tells_what_each_table_takes_and_will_take() {
    let storage = World::new().await.client().json("/api/v1/storage").await;
    let spans = &storage["tables"][0];
    assert_eq!(
        (&spans["table"], &spans["bytes"], &spans["setting"]),
        (&json!("spans"), &json!(1_000_000), &json!("retention-traces"))
    );
    assert_eq!(spans["expected_bytes"], 24_000_000);
    assert!(
        storage["disk"]["free_bytes"].as_u64() > storage["disk"]["refuse_below_bytes"].as_u64()
    );
    assert_eq!(storage["journal"]["bytes"], storage["journal"]["max_bytes"]);
}

#[tokio::test]
async fn storage_tells_of_events_too() {
    let client = World::new().await.client();
    let at = crate::support::NOW.start_millis() - 86_400_000;
    let event = json!({"application": 1, "type": "CUSTOM", "summary": "x", "at": at});
    client.post("/api/v1/events", event).await;
    let storage = client.json("/api/v1/storage").await;
    let events = storage["tables"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&events["table"], &events["rows"], &events["oldest"]),
        (&json!("events"), &json!(1), &json!(at))
    );
    let number = |name: &str| events[name].as_f64().unwrap();
    assert_eq!(number("retention_ms"), 14.0 * 86_400_000.0);
    assert!((number("expected_bytes") / number("bytes_per_day") - 14.0).abs() < 0.2, "{events}");
}

#[tokio::test]
async fn a_longer_retention_holds_at_once_and_a_shorter_one_that_deletes_has_to_be_confirmed() {
    let client = World::new().await.client();
    let hour = 3_600_000;
    let body = |ms: serde_json::Value, confirmed: bool| json!({"retentions": [{"setting": "retention-traces", "ms": ms}], "confirmed": confirmed});
    let put = async |body| client.send(Method::PUT, "/api/v1/storage/retention", Some(body)).await;
    let preview = async |body| client.post("/api/v1/storage/retention/preview", body).await.json();
    let longer = put(body(json!(48 * hour), false)).await;
    assert_eq!(longer.status, 200);
    let traces = &longer.json()["retentions"][0];
    assert_eq!(
        (&traces["ms"], &traces["configured_ms"], &traces["changed"]),
        (&json!(48 * hour), &json!(24 * hour), &json!(true))
    );
    let shorter = body(json!(6 * hour), false);
    assert_eq!(preview(shorter.clone()).await["tables"][0]["rows"], 20_000);
    let refused = put(shorter).await;
    assert_eq!(refused.status, 409);
    assert!(refused.text.contains("confirmed"), "{}", refused.text);
    let kept = client.json("/api/v1/storage").await;
    assert_eq!(kept["retentions"][0]["ms"], json!(48 * hour), "nothing has changed");
    assert_eq!(put(body(json!(6 * hour), true)).await.status, 200);
    let back = put(body(json!(null), true)).await.json();
    assert_eq!(
        (&back["retentions"][0]["ms"], &back["retentions"][0]["changed"]),
        (&json!(24 * hour), &json!(false))
    );
    assert_eq!(preview(body(json!(24 * hour), false)).await["tables"], json!([]));
    for (body, status) in [
        (json!({"retentions": []}), 400),
        (body(json!(1), true), 400),
        (json!({"retentions": [{"setting": "retention-dreams", "ms": hour}]}), 422),
    ] {
        assert_eq!(put(body.clone()).await.status, status, "{body}");
    }
}

#[tokio::test]
async fn the_nearest_limit_comes_first_and_entities_from_half_of_it_on() {
    let limits = World::new().await.client().json("/api/v1/limits").await;
    let told: Vec<_> = limits["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|limit| {
            json!([limit["limit"], limit["application"]["name"], limit["used"], limit["state"]])
        })
        .collect();
    assert_eq!(
        told,
        [
            json!(["journal", null, 100, "reached"]),
            json!(["queues", "shop", 1, "reached"]),
            json!(["backends", "shop", 1, "reached"]),
            json!(["error-groups", "shop", 1, "reached"]),
            json!(["business-transactions", "shop", 2, "ok"]),
            json!(["memory", null, 1, "ok"]),
            json!(["watched-series-of-all", null, 0, "ok"]),
        ]
    );
    assert_eq!(limits["refusals"][0]["reason"], "too_old");
    assert!(limits["since"].as_i64().unwrap() > 0);
}

#[tokio::test]
async fn health_names_the_application_that_vedette_reports_to_itself_as() {
    let world = World::new().await;
    let client = world.client();
    let health = client.json("/api/v1/health").await;
    assert_eq!(health["application"], json!(null));
    assert_eq!(health["tasks"][0]["last_result"], "disk full");

    let world = World::new().await;
    let none = model::id::EntityId::NONE;
    let own = world.entity(model::entity::EntityKind::Application, none, none, "Vedette");
    let health = world.client().json("/api/v1/health").await;
    assert_eq!(health["application"], json!({"id": own.0, "name": "Vedette"}));
}

#[tokio::test]
async fn keys_are_rotated_with_an_overlap_and_intake_hears_of_it_before_the_answer() {
    let world = World::new().await;
    let held = Arc::clone(&world.held_keys);
    let client = world.client();
    let make = async |name: &str| client.post("/api/v1/access-keys", json!({"name": name})).await;
    let old = make("old").await.json();
    assert_eq!(*held.lock(), ["old"]);
    make("new").await;
    assert_eq!(*held.lock(), ["old", "new"]);
    client.send(Method::DELETE, &format!("/api/v1/access-keys/{}", old["id"]), None).await;
    assert_eq!(*held.lock(), ["new"]);
}

#[tokio::test]
async fn a_disabled_access_key_stays_in_the_list() {
    let client = World::new().await.client();
    let made = client.post("/api/v1/access-keys", json!({"name": "staging"})).await.json();
    let path = format!("/api/v1/access-keys/{}", made["id"]);
    for _ in 0..2 {
        let disabled = client.send(Method::DELETE, &path, None).await.json();
        assert_eq!((&disabled["disabled"], &disabled["key"]), (&json!(true), &made["key"]));
    }
    let keys = client.json("/api/v1/access-keys").await;
    let listed = keys["items"].as_array().unwrap();
    assert!(listed.iter().any(|key| key["name"] == "staging" && key["disabled"] == true));

    let missing = client.send(Method::DELETE, "/api/v1/access-keys/999", None).await;
    assert_eq!(missing.status, 404);
}
