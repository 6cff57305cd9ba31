//! Searches that a user keeps.

use http::{Method, StatusCode};
use serde_json::json;

use crate::support::World;

#[tokio::test]
async fn a_search_is_kept_replaced_by_name_and_forgotten() {
    let client = World::new().await.client();
    let post = async |name: &str, query: &str| {
        client.post("/api/v1/saved-searches", json!({ "name": name, "query": query })).await
    };
    let first = post(" slow ones ", "min=100&attr=a%3Db").await.json();
    assert_eq!(
        (&first["name"], &first["query"]),
        (&"slow ones".into(), &"min=100&attr=a%3Db".into())
    );
    assert_eq!(post("slow ones", "min=200").await.json()["id"], first["id"]);
    post("failed", "error=true").await;
    let list = client.json("/api/v1/saved-searches").await;
    let queries: Vec<_> = list["items"].as_array().unwrap().iter().map(|it| &it["query"]).collect();
    assert_eq!(queries, ["min=200", "error=true"]);
    let path = format!("/api/v1/saved-searches/{}", first["id"]);
    assert_eq!(client.send(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(client.send(Method::DELETE, &path, None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(client.json("/api/v1/saved-searches").await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn searches_that_are_too_many_or_too_long_are_refused_with_a_sentence() {
    let client = World::new().await.client();
    let post = async |name: &str, query: &str| {
        client.post("/api/v1/saved-searches", json!({ "name": name, "query": query })).await
    };
    for (name, query, part) in [
        ("", "a", "name must not be empty"),
        ("a\nb", "a", "without control characters"),
        ("a", "a\u{7}", "query has to be without control characters"),
        ("a", &*"x".repeat(4097), "query has to have"),
    ] {
        let refused = post(name, query).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{name:?}");
        assert!(refused.text.contains(part), "{}", refused.text);
    }
    for number in 0..100 {
        assert_eq!(post(&format!("s{number}"), "").await.status, StatusCode::OK);
    }
    let refused = post("one more", "").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("delete one first"), "{}", refused.text);
}
