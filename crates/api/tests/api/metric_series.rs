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

#[tokio::test]
async fn series_are_found_by_part_of_their_name_and_by_attributes() {
    let client = World::new().await.client();
    let ids = async |only: &str| {
        let page = client.json(&format!("/api/v1/metric-series?{}&{only}", hour())).await;
        let ids = page["items"].as_array().unwrap().iter().map(|it| it["id"].clone());
        ids.collect::<Vec<_>>()
    };
    let (one, two, three) = ("1000000000000000", "2000000000000000", "3000000000000000");
    assert_eq!(ids("text=DEPTH").await, [one, two]);
    assert_eq!(ids("attribute=queue%3D2").await, [two]);
    assert_eq!(ids("text=s&attribute=queue%3D3").await, [three]);
    assert_eq!(ids("text=none").await, [] as [&str; 0]);
}

#[tokio::test]
async fn raw_series_are_drawn_as_they_were_asked_for() {
    let client = World::new().await.client();
    let ids = "3000000000000000,1000000000000000,00000000000000ff";
    let drawn = client.json(&format!("/api/v1/metric-series/points?ids={ids}&{}", hour())).await;
    assert_eq!(drawn["step_ms"], json!(null));
    let items = drawn["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "one is not known");
    assert_eq!(
        (&items[0]["series"]["name"], &items[1]["series"]["name"]),
        (&json!("sizes"), &json!("queue.depth"))
    );
    let gauge = items[1]["points"].as_array().unwrap();
    assert_eq!(gauge.len(), 2, "not what was before the range");
    assert_eq!(
        (&gauge[0]["value"], &gauge[0]["max"], &gauge[0]["per_second"]),
        (&json!(2.5), &json!(2.5), &json!(null))
    );
    // Nothing is known of before a histogram's first total.
    assert_eq!(items[0]["points"][0]["came"], json!(null));
    for (ids, status) in [("", 400), ("xyz", 400), (&*["1000000000000000"; 9].join(","), 400)] {
        let path = format!("/api/v1/metric-series/points?ids={ids}&{}", hour());
        assert_eq!(client.get(&path).await.status, status, "{ids}");
    }
}
