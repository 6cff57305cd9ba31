//! Prometheus' query API, as Grafana and programs written for Prometheus use it. What the language means is `promql`'s.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Client, NOW, World};

const API: &str = "/prometheus/api/v1";

fn now() -> i64 {
    NOW.start_millis() / 1000
}

async fn data(client: &Client, path: &str) -> Value {
    let answer = client.json(&format!("{API}/{path}")).await;
    assert_eq!(answer["status"], "success", "{path}: {answer}");
    answer["data"].clone()
}

async fn refused(client: &Client, path: &str) -> (u16, String, String) {
    let answer = client.get(&format!("{API}/{path}")).await;
    let body = answer.json();
    assert_eq!(body["status"], "error", "{path}");
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    (answer.status.as_u16(), text("errorType"), text("error"))
}

fn depth() -> Value {
    json!({"__name__": "queue_depth", "instance": "web1", "job": "shop/web", "otel_scope_name": "app", "queue": "1"})
}

#[tokio::test]
async fn an_expression_is_answered_at_an_instant_and_over_a_range() {
    let client = World::new().await.client();
    let at = now() - 90;
    let vector = data(&client, &format!("query?query=queue_depth&time={at}")).await;
    assert_eq!(vector["resultType"], "vector");
    assert_eq!(vector["result"], json!([{"metric": depth(), "value": [at, "2.5"]}]));
    // Without a time it is now: the newest sample is no number.
    let newest = data(&client, "query?query=sum(queue_depth)").await;
    assert_eq!(newest["result"][0]["value"][1], "NaN");
    let (start, end) = (now() - 180, now() - 61);
    let range = format!("query_range?query=queue_depth%2B1&start={start}&end={end}&step=1m");
    let matrix = data(&client, &range).await;
    assert_eq!(matrix["resultType"], "matrix");
    assert_eq!(matrix["result"][0]["values"], json!([[now() - 120, "3.5"]]));
    let scalar = data(&client, &format!("query?query=1%2B1&time={at}")).await;
    assert_eq!(scalar, json!({"resultType": "scalar", "result": [at, "2"]}));
    let buckets = data(&client, "query?query=histogram_quantile(0.5,sizes_bucket)").await;
    assert_eq!(buckets["result"][0]["value"][1], "10");
}

#[tokio::test]
async fn a_form_is_read_as_the_address_is() {
    let client = World::new().await.client();
    let form = format!("query=queue_depth&time={}", now() - 90);
    let answer = client.form(&format!("{API}/query"), &form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.json()["data"]["result"][0]["metric"], depth());
    let range = format!("query=1&start={}&end={}&step=15", now() - 30, now());
    let answer = client.form(&format!("{API}/query_range"), &range).await;
    assert_eq!(answer.json()["data"]["result"][0]["values"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn whoever_writes_a_query_learns_what_there_is() {
    let client = World::new().await.client();
    let names = data(&client, "label/__name__/values").await;
    let expected = ["queue_depth", "sizes_bucket", "sizes_count", "sizes_sum"];
    assert_eq!(names, json!(expected));
    let labels = data(&client, "labels").await;
    assert_eq!(labels, json!(["__name__", "instance", "job", "le", "otel_scope_name", "queue"]));
    let queues = data(&client, "label/queue/values?match[]=queue_depth").await;
    assert_eq!(queues, json!(["1", "2"]));
    let series = data(&client, "series?match[]=queue_depth{queue=%221%22}").await;
    assert_eq!(series, json!([depth()]));
    let all = data(&client, "series?match[]=queue_depth&match[]=sizes_sum&limit=2").await;
    assert_eq!(all.as_array().unwrap().len(), 2);
    let form = client.form(&format!("{API}/series"), "match[]=queue_depth").await.json();
    assert_eq!(form["data"].as_array().unwrap().len(), 2);
    let metadata = data(&client, "metadata").await;
    assert_eq!(metadata["sizes"], json!([{"type": "histogram", "help": "", "unit": "{item}"}]));
    assert_eq!(data(&client, "metadata?metric=queue_depth").await.as_object().unwrap().len(), 1);
    let build = data(&client, "status/buildinfo").await;
    assert_eq!((&build["version"], &build["revision"]), (&json!("2.42.0"), &json!("0.1.0")));
}

#[tokio::test]
async fn refusals_are_prometheus_own() {
    let client = World::new().await.client();
    for (path, status, kind, part) in [
        ("query", 400, "bad_data", "invalid parameter \"query\""),
        ("query?query=up{", 400, "bad_data", "parse error"),
        ("query?query=up&time=noon", 400, "bad_data", "cannot parse \"noon\""),
        ("query_range?query=up&start=0&end=10", 400, "bad_data", "\"step\""),
        ("query_range?query=up&start=0&end=10&step=0", 400, "bad_data", "no duration above 0"),
        ("query_range?query=up&start=0&end=100000&step=1", 400, "bad_data", "11000 points"),
        ("query_range?query=up&start=10&end=0&step=1", 400, "bad_data", "must not be before"),
        ("query_range?query=up[5m]&start=0&end=10&step=1", 400, "bad_data", "invalid expression"),
        ("query?query=count_values(%220%22,vector(1))", 422, "execution", "invalid label name"),
        ("series", 400, "bad_data", "no match[]"),
        ("series?match[]=up%2B1", 400, "bad_data", "no series selector"),
        ("labels?start=5&end=4", 400, "bad_data", "must not be before"),
        ("label/a/values?limit=x", 400, "bad_data", "whole number"),
        ("rules", 404, "not_found", "nothing is served under /prometheus/api/v1/rules"),
    ] {
        let (found, found_kind, sentence) = refused(&client, path).await;
        assert_eq!((found, &*found_kind), (status, kind), "{path}");
        assert!(sentence.contains(part), "{path}: {sentence}");
    }
    let deleted = client.send(Method::DELETE, &format!("{API}/query"), None).await;
    assert_eq!(deleted.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(deleted.json()["errorType"], "bad_data");
}

#[tokio::test]
async fn a_stranger_is_refused_in_the_same_words() {
    let stranger = World::new().await.stranger();
    let (status, kind, sentence) = refused(&stranger, "query?query=up").await;
    assert_eq!((status, &*kind), (401, "unauthorized"), "{sentence}");
}

#[tokio::test]
async fn a_query_over_its_limits_and_one_that_takes_too_long_are_told_so() {
    let mut world = World::new().await;
    world.config.sample_queries.series = 1;
    let client = world.client();
    let (status, kind, sentence) = refused(&client, "query?query=queue_depth").await;
    assert_eq!((status, &*kind), (422, "execution"));
    assert!(sentence.contains("select fewer by more matchers"), "{sentence}");

    let mut world = World::new().await;
    world.config.query_deadline = std::time::Duration::from_millis(10);
    let hold = world.block_reader();
    let client = world.client();
    let (status, kind, _) = refused(&client, "query?query=queue_depth").await;
    assert_eq!((status, &*kind), (503, "timeout"));
    drop(hold);
}

#[tokio::test]
async fn an_answer_that_is_not_whole_says_why() {
    let mut world = World::new().await;
    world.reader.partial = vec!["1 stored segment is lost".to_owned()];
    let client = world.client();
    let answer = client.json(&format!("{API}/query?query=queue_depth")).await;
    assert_eq!(answer["warnings"], json!(["1 stored segment is lost"]));
}
