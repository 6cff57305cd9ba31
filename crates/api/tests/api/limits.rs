//! Malformed and oversized requests, and too many of them.

use std::time::Duration;

use api::Config;
use http::{Method, StatusCode};
use serde_json::json;

use crate::support::{World, hour};

#[tokio::test]
async fn bad_parameters_are_refused_with_a_sentence() {
    let client = World::new().await.client();
    for (path, part) in [
        ("/api/v1/applications?from=x", "invalid digit"),
        ("/api/v1/applications?limit=0", "between 1 and 1000"),
        ("/api/v1/applications?limit=1001", "between 1 and 1000"),
        ("/api/v1/applications/x", "has to be a whole number"),
        ("/api/v1/applications/1/flow-map?bt=x", "invalid digit"),
        ("/api/v1/applications/1/business-transactions?sort=beauty", "cannot be sorted by"),
        ("/api/v1/snapshots?outcome=GOOD", "is no outcome"),
        ("/api/v1/snapshots?min_duration_ms=-1", "min_duration_ms has to be"),
        ("/api/v1/snapshots?min_duration_ms=NaN", "min_duration_ms has to be"),
        ("/api/v1/snapshots?kept=maybe", "true"),
        ("/api/v1/spans?attribute=user", "has to be key=value"),
        ("/api/v1/spans?attribute==1", "has to be key=value"),
        (&format!("/api/v1/spans?limit=10{}", "&attribute=a=1".repeat(9)), "more than 8 times"),
        ("/api/v1/spans?max_duration_ms=-1", "max_duration_ms has to be"),
        ("/api/v1/span-attributes?limit=201", "between 1 and 200"),
        ("/api/v1/span-attributes/values", "key"),
        ("/api/v1/span-attributes/values?key=", "key has to be"),
        (
            &format!("/api/v1/span-attributes?part={}", "x".repeat(257)),
            "longer than 256 characters",
        ),
        ("/api/v1/traces/xyz", "32 hexadecimal digits"),
        ("/api/v1/logs?trace_id=0", "32 hexadecimal digits"),
        ("/api/v1/metric-series/xyz/samples", "16 hexadecimal digits"),
        ("/api/v1/metric-series/+123456789abcdef/samples", "16 hexadecimal digits"),
        ("/api/v1/applications/1/metrics?prefix=a%7C%7Cb", "a metric path has"),
        ("/api/v1/applications/1/metric-data", "path"),
    ] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}: {}", answer.text);
        let body = answer.json();
        assert_eq!(body["error"]["code"], "bad_request", "{path}");
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains(part), "{path}: {message}");
    }
}

#[tokio::test]
async fn sound_values_that_ask_for_nothing_there_can_be_are_refused_as_such() {
    let client = World::new().await.client();
    for (path, part) in [
        ("/api/v1/applications?from=5&to=5", "the range is empty"),
        ("/api/v1/applications?from=0", "longer than 401 days"),
        ("/api/v1/applications?cursor=x", "the cursor is not one"),
        ("/api/v1/snapshots?cursor=1-2-3", "the cursor is of another list"),
        (&format!("/api/v1/traces/{}", "0".repeat(32)), "not all of them 0"),
    ] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", answer.text);
        let error = &answer.json()["error"];
        assert_eq!(error["code"], "unprocessable", "{path}");
        assert!(error["message"].as_str().unwrap().contains(part), "{path}: {error}");
    }
}

#[tokio::test]
async fn a_cursor_is_of_one_list_with_its_filters_and_order() {
    let client = World::new().await.client();
    let tiers = "/api/v1/applications/1/tiers?limit=1";
    let next = client.json(tiers).await["next"].as_str().unwrap().to_owned();
    let again = client.json(&format!("{tiers}&cursor={next}")).await;
    assert_eq!(again["items"][0]["name"], "web");
    let snapshots = "/api/v1/snapshots?limit=1&kept=true";
    let other = client.json(snapshots).await["next"].as_str().unwrap().to_owned();
    for path in [
        format!("/api/v1/applications/1/nodes?cursor={next}"),
        format!("/api/v1/applications/1/business-transactions?cursor={next}"),
        format!("/api/v1/snapshots?limit=1&kept=false&cursor={other}"),
        format!("/api/v1/logs?cursor={other}"),
    ] {
        let answer = client.get(&path).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", answer.text);
        let message = answer.json()["error"]["message"].to_string();
        assert!(message.contains("of another list"), "{path}: {message}");
    }
    assert_eq!(client.get(&format!("{snapshots}&cursor={other}")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn bodies_that_are_not_what_was_asked_for_are_refused() {
    let client = World::new().await.client();
    let post = async |body: &str, kind: &str| {
        let client = client.clone().with("content-type", kind);
        client.send_text(Method::POST, "/api/v1/access-keys", body).await
    };
    for (body, kind, status) in [
        ("", "application/json", 400),
        ("{", "application/json", 400),
        ("{}", "application/json", 400),
        (r#"{"name":7}"#, "application/json", 400),
        (r#"{"name":" "}"#, "application/json", 400),
        (r#"{"name":"k"}"#, "text/plain", 400),
        (&format!(r#"{{"name":"{}"}}"#, "k".repeat(256)), "application/json", 400),
        (&format!(r#"{{"name":"{}"}}"#, "k".repeat(300_000)), "application/json", 413),
        (&"[".repeat(60_000), "application/json", 400),
    ] {
        let answer = post(body, kind).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert!(answer.json()["error"]["message"].as_str().unwrap().len() > 20);
    }
}

#[tokio::test]
async fn a_uri_without_end_and_a_method_without_sense_are_refused() {
    let client = World::new().await.client();
    let long = format!("/api/v1/applications?cursor={}", "1".repeat(9000));
    assert_eq!(client.get(&long).await.status, StatusCode::BAD_REQUEST);
    let refused = client.send(Method::PUT, "/api/v1/applications", Some(json!({}))).await;
    assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(refused.json()["error"]["code"], "method_not_allowed");
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let stranger = World::new().await.stranger();
    for path in
        ["/healthz", "/api/v1/about", "/api/v1/applications", "/controller/rest/serverstatus"]
    {
        let answer = stranger.get(path).await;
        assert!(answer.header("content-security-policy").contains("default-src 'self'"), "{path}");
        assert!(
            answer.header("content-security-policy").contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert!(answer.header("strict-transport-security").starts_with("max-age="), "{path}");
    }
}

#[tokio::test]
async fn a_question_over_its_deadline_is_answered_and_keeps_its_place_until_it_ends() {
    let mut world = World::new().await;
    let hold = world.block_reader();
    world.config = Config {
        queries_at_once: 1,
        queries_waiting: 0,
        query_deadline: Duration::from_millis(30),
        ..Config::default()
    };
    let client = world.client();
    let late = client.get("/api/v1/applications").await;
    assert_eq!(
        (late.status, late.json()["error"]["code"].as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, Some("deadline"))
    );
    let refused = client.get("/api/v1/applications").await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        (refused.json()["error"]["code"].as_str(), refused.header("retry-after")),
        (Some("overloaded"), "2")
    );
    drop(hold);
}

#[tokio::test]
async fn an_answer_that_is_not_whole_says_why() {
    let mut world = World::new().await;
    world.status.partial = vec!["journal replay is at 40 %".to_owned()];
    world.reader.partial = vec!["segment 7 cannot be read".to_owned()];
    let shop = world.ids.shop;
    let client = world.client();
    for path in [
        "applications".to_owned(),
        format!("applications/{shop}/flow-map"),
        format!("tiers/{}/series", 2),
        "snapshots".to_owned(),
    ] {
        let body = client.json(&format!("/api/v1/{path}")).await;
        let reasons = json!({"reasons": ["journal replay is at 40 %", "segment 7 cannot be read"]});
        assert_eq!(body["partial"], reasons, "{path}");
    }
}

#[tokio::test]
async fn what_a_chart_is_made_of_may_be_more_than_fits_in_one_answer() {
    let whole = World::new().await;
    let mut narrow = World::new().await;
    // Every minute has more rows of tiers, and of them more together, than the one and the other.
    narrow.config = Config { rows: 8, ..Config::default() };
    let shop = whole.ids.shop;
    let cart = whole.ids.cart;
    let paths = [
        format!("/api/v1/business-transactions/{cart}/series?{}", hour()),
        format!("/api/v1/business-transactions/{cart}/histogram?{}", hour()),
        format!("/api/v1/applications/{shop}/series?{}", hour()),
    ];
    let (whole, narrow) = (whole.client(), narrow.client());
    for path in paths {
        let expected = whole.json(&path).await;
        assert!(expected.to_string().len() > 200, "{path} tells something");
        assert_eq!(narrow.json(&path).await, expected, "{path}");
    }
}
