//! Who calls a single node and whom it calls, which is told of traces.

use http::StatusCode as Http;
use model::{
    entity::EntityKind,
    id::{EntityId, TraceId},
    span::StatusCode,
};
use serde_json::{Value, json};

use crate::{
    support::{Client, Ids, World, hour},
    trace::newest,
};

/// `from -> to` by name, with calls and failed calls.
fn edges(map: &Value) -> Vec<String> {
    let name = |id: &Value| {
        let node = map["nodes"].as_array().unwrap().iter().find(|node| node["id"] == *id).unwrap();
        node["name"].as_str().unwrap().to_owned()
    };
    let edge = |edge: &Value| {
        let figures = &edge["figures"];
        let ends = (name(&edge["from"]), name(&edge["to"]));
        format!("{} -> {} {}, {} failed", ends.0, ends.1, figures["calls"], figures["errors"])
    };
    let mut edges: Vec<String> = map["edges"].as_array().unwrap().iter().map(edge).collect();
    edges.sort();
    edges
}

async fn map_of(client: &Client, node: EntityId) -> Value {
    client.json(&format!("/api/v1/nodes/{node}/flow-map?{}", hour())).await
}

/// Two traces: the first through `web1`, the second, whose call of `stock` fails, through another node of the tier.
async fn world() -> (World, EntityId) {
    let mut world = World::new().await;
    let Ids { shop, web, .. } = world.ids;
    let web2 = world.entity(EntityKind::Node, shop, web, "web2");
    let first = newest(&world.ids);
    let mut second = first.clone();
    for span in &mut second {
        span.trace = TraceId([2; 16]);
        if span.tier == web {
            span.node = web2;
        }
    }
    second[1].status = StatusCode::Error;
    world.reader.spans = first.into_iter().chain(second).collect();
    (world, web2)
}

#[tokio::test]
async fn a_node_has_a_map_of_its_own_calls_only() {
    let (world, web2) = world().await;
    let Ids { web1, stock1, .. } = world.ids;
    let client = world.client();
    let map = map_of(&client, web1).await;
    assert_eq!(edges(&map), ["web1 -> rabbitmq jobs 1, 0 failed", "web1 -> stock 1, 0 failed"]);
    // Of the tier's six spans, in both traces, three are the node's, in one.
    assert_eq!((&map["traces"], &map["looked_at"]), (&json!(1), &json!(6)));
    let other = map_of(&client, web2).await;
    assert_eq!(edges(&other), ["web2 -> rabbitmq jobs 1, 0 failed", "web2 -> stock 1, 1 failed"]);
    // Called in both traces; the caller is a tier, as are those that are called.
    let called = map_of(&client, stock1).await;
    assert_eq!(
        edges(&called),
        ["stock1 -> mysql db1:3306/shop 2, 0 failed", "web -> stock1 2, 0 failed"]
    );
    let itself = called["nodes"].as_array().unwrap().iter().find(|node| node["kind"] == "node");
    let itself = itself.unwrap();
    assert_eq!(
        (&itself["name"], &itself["entry"], &itself["figures"]["calls"]),
        (&json!("stock1"), &json!(true), &json!(2))
    );
}

#[tokio::test]
async fn a_node_without_traces_stands_alone_and_what_is_no_node_has_no_such_map() {
    let (world, _) = world().await;
    let Ids { worker1, web, .. } = world.ids;
    let client = world.client();
    let map = map_of(&client, worker1).await;
    assert_eq!(edges(&map), Vec::<String>::new());
    assert_eq!((&map["traces"], &map["looked_at"]), (&json!(0), &json!(0)));
    assert_eq!(map["nodes"].as_array().unwrap().len(), 1);
    let answer = client.get(&format!("/api/v1/nodes/{web}/flow-map")).await;
    assert_eq!(answer.status, Http::NOT_FOUND, "{}", answer.text);
}

#[tokio::test]
async fn the_map_of_a_node_is_of_a_bounded_sample() {
    let mut world = World::new().await;
    let Ids { web1, .. } = world.ids;
    let all = newest(&world.ids);
    world.reader.spans = (1..=200u8)
        .flat_map(|trace| {
            all.iter().cloned().map(move |mut span| {
                span.trace = TraceId([trace; 16]);
                span
            })
        })
        .collect();
    let map = map_of(&world.client(), web1).await;
    let traces = map["traces"].as_u64().unwrap();
    assert!((1..=40).contains(&traces), "{traces}");
    let figures = map["edges"].as_array().unwrap().iter().map(|edge| &edge["figures"]["calls"]);
    assert!(figures.clone().all(|calls| calls == traces), "{map}");
}

#[tokio::test]
async fn a_node_is_found_behind_newer_spans_of_others() {
    let (mut world, web2) = world().await;
    let Ids { web1, web, .. } = world.ids;
    let first = newest(&world.ids);
    let later = |trace: u8| {
        first.iter().cloned().map(move |mut span| {
            span.trace = TraceId([trace; 16]);
            span.start_ns += u64::from(trace) * 1_000_000;
            if span.tier == web {
                span.node = web2;
            }
            span
        })
    };
    world.reader.spans = first.iter().cloned().chain((100..=200).flat_map(later)).collect();
    let map = map_of(&world.client(), web1).await;
    assert_eq!((&map["traces"], &map["looked_at"]), (&json!(1), &json!(3 * 102)));
}
