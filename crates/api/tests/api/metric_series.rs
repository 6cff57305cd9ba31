//! Raw samples and their series.

use serde_json::json;

use crate::support::{World, hour};

#[tokio::test]
async fn series_are_listed_by_name_a_page_at_a_time() {
    let client = World::new().await.client();
    let path = format!("/api/v1/metric-series?{}&limit=2", hour());
    let first = client.json(&path).await;
    let series = &first["items"][1];
    assert_eq!(series["id"], "2000000000000000");
    assert_eq!(
        (&series["name"], &series["instrument"], &series["unit"], &series["node"]["name"]),
        (&json!("queue.depth"), &json!("GAUGE"), &json!("{item}"), &json!("web1"))
    );
    assert_eq!(series["attributes"], json!({"queue": 2}));
    let next = first["next"].as_str().unwrap();
    let second = client.json(&format!("{path}&cursor={next}")).await;
    assert_eq!(second["items"].as_array().unwrap().len(), 1);
    assert_eq!(second["items"][0]["name"], "sizes");
    assert_eq!(second["next"], json!(null));

    let named = client.json(&format!("/api/v1/metric-series?{}&name=sizes", hour())).await;
    assert_eq!(named["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn samples_are_as_they_were_sent() {
    let client = World::new().await.client();
    let of = |id: &str| format!("/api/v1/metric-series/{id}/samples?{}", hour());
    let numbers = client.json(&of("1000000000000000")).await;
    let values: Vec<_> =
        numbers["items"].as_array().unwrap().iter().map(|it| &it["value"]).collect();
    assert_eq!(values, [&json!(2.5), &json!(null)]);
    let sizes = client.json(&of("3000000000000000")).await;
    assert_eq!(
        sizes["items"][0]["distribution"],
        json!({"count": 5, "sum": 35.0, "min": null, "max": 20.0, "buckets": [
            {"above": null, "upto": 5.0, "count": 2},
            {"above": 10.0, "upto": null, "count": 3},
        ]})
    );
    assert_eq!(client.json(&of("00000000000000ff")).await["items"], json!([]));
}
