//! The flow map and its layout.

use http::{Method, StatusCode};
use model::{
    entity::EntityKind,
    figure::{Figure, FigureKey, Scope},
    id::EntityId,
    time::Minute,
};
use serde_json::{Value, json};
use telemetry_store::reader::FigureRow;

use crate::support::{NOW, World, hour};

/// Calls that the shop makes besides.
fn add_seven_calls(world: &mut World, from: EntityId, to: EntityId) {
    let (scope, application, bt) = (Scope::Edge, world.ids.shop, EntityId::NONE);
    let key = FigureKey { scope, application, subject: from, peer: to, bt };
    let figure = Figure { calls: 7.0, spans: 7.0, ..Figure::default() };
    world.reader.figures.push(FigureRow { key, at: Minute(NOW.0 - 5), figure });
}

/// `from -> to` by name, with type and calls.
fn edges(map: &Value) -> Vec<String> {
    let name = |id: &Value| {
        let node = map["nodes"].as_array().unwrap().iter().find(|node| node["id"] == *id).unwrap();
        node["name"].as_str().unwrap().to_owned()
    };
    let edge = |edge: &Value| {
        format!(
            "{} -> {} {} {}{}",
            name(&edge["from"]),
            name(&edge["to"]),
            edge["type"].as_str().unwrap(),
            edge["figures"]["calls"],
            if edge["async"] == true { " async" } else { "" }
        )
    };
    let mut edges: Vec<String> = map["edges"].as_array().unwrap().iter().map(edge).collect();
    edges.sort();
    edges
}

fn nodes(map: &Value) -> Vec<Value> {
    let brief = |node: &Value| {
        json!([
            node["name"],
            node["kind"],
            node["type"],
            node["figures"]["calls"],
            node["nodes"],
            node["entry"]
        ])
    };
    map["nodes"].as_array().unwrap().iter().map(brief).collect()
}

#[tokio::test]
async fn the_map_has_every_call_once_and_every_tier() {
    let world = World::new().await;
    let path = format!("/api/v1/applications/{}/flow-map?{}", world.ids.shop, hour());
    let map = world.client().json(&path).await;
    assert_eq!(
        edges(&map),
        [
            "rabbitmq jobs -> worker MESSAGING 116 async",
            "stock -> mysql db1:3306/shop DATABASE 1146",
            "web -> rabbitmq jobs MESSAGING 116 async",
            "web -> stock HTTP 573",
        ]
    );
    assert_eq!(
        nodes(&map),
        [
            json!(["web", "tier", "tier", 863, 1, true]),
            json!(["stock", "tier", "tier", 573, 1, false]),
            json!(["worker", "tier", "tier", 116, 1, false]),
            json!(["mysql db1:3306/shop", "backend", "DATABASE", 1146, 0, false]),
            json!(["rabbitmq jobs", "queue", "MESSAGING", 116, 0, false]),
        ]
    );
    assert_eq!(map["filling_from"], NOW.start_millis());
}

#[tokio::test]
async fn the_map_of_one_transaction_has_only_what_happens_under_it() {
    let world = World::new().await;
    let (shop, cart, health) = (world.ids.shop, world.ids.cart, world.ids.health);
    let client = world.client();
    let map =
        client.json(&format!("/api/v1/applications/{shop}/flow-map?{}&bt={cart}", hour())).await;
    assert_eq!(
        edges(&map),
        [
            "stock -> mysql db1:3306/shop DATABASE 1146",
            "web -> rabbitmq jobs MESSAGING 116 async",
            "web -> stock HTTP 573",
        ]
    );
    assert_eq!(nodes(&map)[0], json!(["web", "tier", "tier", 573, 1, true]));
    let lonely =
        client.json(&format!("/api/v1/applications/{shop}/flow-map?{}&bt={health}", hour())).await;
    assert_eq!((nodes(&lonely).len(), edges(&lonely).len()), (1, 0));
}

#[tokio::test]
async fn a_call_into_another_application_leads_to_that_application() {
    let mut world = World::new().await;
    let bank = world.entity(EntityKind::Application, EntityId::NONE, EntityId::NONE, "bank");
    let tier = world.entity(EntityKind::Tier, bank, EntityId::NONE, "accounts");
    let shop = world.ids.shop;
    let web = world.ids.web;
    add_seven_calls(&mut world, web, tier);
    let map =
        world.client().json(&format!("/api/v1/applications/{shop}/flow-map?{}", hour())).await;
    assert!(edges(&map).contains(&"web -> bank HTTP 7".to_owned()), "{:?}", edges(&map));
    assert!(nodes(&map).contains(&json!(["bank", "application", "application", 7, 0, false])));
}

#[tokio::test]
async fn a_map_around_something_has_each_of_its_calls_once_and_no_other() {
    let mut world = World::new().await;
    let (stock, database) = (world.ids.stock, world.ids.mysql);
    add_seven_calls(&mut world, stock, stock);
    let client = world.client();
    let map = client.json(&format!("/api/v1/tiers/{stock}/flow-map?{}", hour())).await;
    let to_database = "stock -> mysql db1:3306/shop DATABASE 1146";
    assert_eq!(edges(&map), [to_database, "stock -> stock HTTP 7", "web -> stock HTTP 573"]);
    assert_eq!(
        nodes(&map),
        [
            json!(["web", "tier", "tier", 863, 1, true]),
            json!(["stock", "tier", "tier", 573, 1, false]),
            json!(["mysql db1:3306/shop", "backend", "DATABASE", 1146, 0, false]),
        ]
    );
    let map = client.json(&format!("/api/v1/backends/{database}/flow-map?{}", hour())).await;
    assert_eq!(edges(&map), [to_database]);
}

#[tokio::test]
async fn positions_are_kept_and_nonsense_is_refused() {
    let world = World::new().await;
    let (shop, web) = (world.ids.shop, world.ids.web);
    let client = world.client();
    let path = format!("/api/v1/applications/{shop}/flow-map");
    let put = async |positions: Value| {
        let body = Some(json!({"positions": positions}));
        client.send(Method::PUT, &format!("{path}/layout"), body).await
    };
    let at = |id: u32, x: f64| json!([{"id": id, "x": x, "y": -2.5, "pinned": true}]);
    assert_eq!(put(at(web.0, 12.5)).await.status, StatusCode::NO_CONTENT);
    let map = client.json(&format!("{path}?{}", hour())).await;
    let node = |name: &str| {
        map["nodes"].as_array().unwrap().iter().find(|node| node["name"] == name).unwrap()
    };
    assert_eq!(
        (&node("web")["x"], &node("web")["y"], &node("web")["pinned"]),
        (&json!(12.5), &json!(-2.5), &json!(true))
    );
    assert_eq!((&node("stock")["x"], &node("stock")["pinned"]), (&Value::Null, &json!(false)));

    assert_eq!(put(at(9999, 1.0)).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    for wrong in [at(web.0, 1e9), json!([{"id": web.0}]), json!("no list")] {
        assert_eq!(put(wrong).await.status, StatusCode::BAD_REQUEST);
    }
    let many: Vec<Value> = (0..5001).map(|_| at(web.0, 1.0)[0].clone()).collect();
    assert_eq!(put(json!(many)).await.status, StatusCode::BAD_REQUEST);
    let thousand: Vec<Value> = many[..1500].to_vec();
    assert_eq!(put(json!(thousand)).await.status, StatusCode::NO_CONTENT);
}
