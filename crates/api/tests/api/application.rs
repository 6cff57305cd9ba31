//! Applications and the lists of what they are made of.

use http::{Method, StatusCode};
use model::{
    entity::{EntityKind, Properties, Waiting},
    id::EntityId,
};
use serde_json::{Value, json};

use crate::support::{NOW, World, hour};

/// The last hour of the world.
async fn list(what: &str) -> Value {
    let world = World::new().await;
    let path = format!("/api/v1/applications/{}/{what}?{}", world.ids.shop, hour());
    world.client().json(&path).await
}

#[tokio::test]
async fn an_application_counts_what_users_wait_for() {
    let client = World::new().await.client();
    let listed = client.json(&format!("/api/v1/applications?{}", hour())).await;
    let shop = &listed["items"][0];
    assert_eq!(
        (&shop["name"], &shop["tiers"], &shop["nodes"]),
        (&json!("shop"), &json!(3), &json!(3))
    );
    assert_eq!(shop["business_transactions"], 2);
    // 57 of 60 complete minutes had 10 carts each; health checks and the filling minute are outside.
    let figures = &shop["figures"];
    assert_eq!((&figures["calls"], &figures["errors"]), (&json!(573), &json!(57)));
    assert_eq!(
        (&figures["calls_per_minute"], &figures["error_percent"]),
        (&json!(9.5), &json!(10.0))
    );
    assert_eq!((&figures["average_ms"], &figures["sampled_percent"]), (&json!(20.0), &Value::Null));
    let line = shop["sparkline"].as_array().unwrap();
    assert_eq!((line.len(), &line[0], &line[15]), (30, &json!(10.0), &Value::Null));
    assert_eq!(listed["partial"], Value::Null);

    let one = client.json(&format!("/api/v1/applications/{}?{}", shop["id"], hour())).await;
    assert_eq!((&one["figures"], &one["hints"]), (&shop["figures"], &json!([])));
}

#[tokio::test]
async fn business_transactions_are_listed_with_those_in_the_background_marked() {
    let listed = list("business-transactions").await;
    let brief: Vec<Value> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|bt| {
            json!([
                bt["name"],
                bt["tier"]["name"],
                bt["entry_type"],
                bt["background"],
                bt["figures"]["calls"]
            ])
        })
        .collect();
    assert_eq!(
        brief,
        [
            json!(["GET /cart", "web", "HTTP", false, 573]),
            json!(["Health Checks", "web", "HTTP", true, 290]),
        ]
    );
}

#[tokio::test]
async fn lists_are_sorted_filtered_and_paged() {
    let world = World::new().await;
    let ids = world.ids;
    for n in 0..5 {
        world.entity(EntityKind::BusinessTransaction, ids.shop, ids.stock, &format!("GET /s{n}"));
    }
    let client = world.client();
    let base = format!("/api/v1/applications/{}/business-transactions?{}", ids.shop, hour());
    let names = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items.map(|bt| bt["name"].as_str().unwrap().to_owned()).collect()
    };
    let busiest = client.json(&format!("{base}&sort=-calls&limit=2")).await;
    assert_eq!(names(&busiest), ["GET /cart", "Health Checks"]);
    assert_eq!(
        names(&client.json(&format!("{base}&filter=STOCK&sort=-name&limit=1")).await),
        ["GET /s4"]
    );

    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.json(&format!("{base}&limit=3&cursor={cursor}")).await;
        seen.extend(names(&page));
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(
        seen,
        ["GET /cart", "GET /s0", "GET /s1", "GET /s2", "GET /s3", "GET /s4", "Health Checks"]
    );
}

#[tokio::test]
async fn tiers_nodes_backends_endpoints_and_errors_have_their_figures() {
    let tiers = list("tiers").await;
    let web = &tiers["items"][1];
    assert_eq!(web["name"], "web");
    assert_eq!(
        (&web["runtime"], &web["agent"], &web["nodes"]),
        (&json!("python"), &json!("opentelemetry 1.45.1"), &json!(1))
    );
    // 57 complete minutes of 15 calls, and 8 in the minute that is filling.
    assert_eq!(web["figures"]["calls"], 57 * 15 + 8);

    let nodes = list("nodes").await;
    let web1 = &nodes["items"][1];
    assert_eq!(
        (&web1["name"], &web1["tier"]["name"], &web1["historical"]),
        (&json!("web1"), &json!("web"), &json!(false))
    );
    assert_eq!(
        (&web1["figures"]["calls"], &web1["runtime"]),
        (&json!(57 * 15 + 8), &json!("python"))
    );

    let backends = list("backends").await;
    let mysql = &backends["items"][0];
    assert_eq!(
        (&mysql["type"], &mysql["system"], &mysql["address"]),
        (&json!("DATABASE"), &json!("mysql"), &json!("db1:3306"))
    );
    assert_eq!(
        (&mysql["figures"]["calls"], &backends["items"][1]["figures"]["calls"]),
        (&json!(57 * 20 + 6), &json!(57 * 2 + 2))
    );

    let endpoints = list("service-endpoints").await;
    assert_eq!(endpoints["items"][0]["figures"]["calls"], 573);
    // Of one tier its own alone, with the same figures; and so it is of each by itself.
    let world = World::new().await;
    let (shop, client) = (world.ids.shop, world.client());
    for tier in tiers["items"].as_array().unwrap() {
        for (kind, all) in [("service-endpoints", &endpoints), ("nodes", &nodes)] {
            let every = all["items"].as_array().unwrap().iter();
            let own: Vec<&Value> = every.filter(|one| one["tier"]["id"] == tier["id"]).collect();
            let path = format!("/api/v1/applications/{shop}/{kind}?{}", hour());
            let told = client.json(&format!("{path}&tier={}", tier["id"])).await;
            assert_eq!(json!(own), told["items"], "{kind} of {}", tier["name"]);
            for one in own.iter().filter(|_| kind == "nodes") {
                let told = client.json(&format!("/api/v1/nodes/{}?{}", one["id"], hour())).await;
                assert_eq!(told["figures"], one["figures"]);
            }
        }
        let told = client.json(&format!("/api/v1/tiers/{}?{}", tier["id"], hour())).await;
        assert_eq!(told["figures"], tier["figures"]);
    }
    let errors = list("errors").await;
    let error = &errors["items"][0];
    assert_eq!(
        (&error["type"], &error["message"], &error["count"]),
        (&json!("ValueError"), &json!("bad {n}"), &json!(57))
    );
}

#[tokio::test]
async fn snapshots_are_the_chosen_ones_and_page_to_the_last() {
    let client = World::new().await.client();
    let outcomes = |page: &Value| -> Vec<Value> {
        page["items"].as_array().unwrap().iter().map(|row| row["outcome"].clone()).collect()
    };
    let kept = client.json(&format!("/api/v1/snapshots?{}", hour())).await;
    assert_eq!(outcomes(&kept), ["ERROR", "SLOW", "NORMAL"]);
    let first = &kept["items"][0];
    assert_eq!(
        (&first["bt"]["name"], &first["reason"], &first["duration_ms"]),
        (&json!("GET /cart"), &json!("error"), &json!(20.0))
    );
    assert_eq!(first["start"], NOW.start_millis() - 60_000);
    let some = client.json(&format!("/api/v1/snapshots?{}&outcome=SLOW,STALL", hour())).await;
    assert_eq!(outcomes(&some), ["SLOW"]);

    let mut seen = 0;
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/snapshots?{}&kept=false&limit=2&cursor={cursor}", hour());
        let page = client.json(&path).await;
        seen += page["items"].as_array().unwrap().len();
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, 5);
}

#[tokio::test]
async fn logs_of_a_trace_are_found() {
    let client = World::new().await.client();
    let logs = client.json(&format!("/api/v1/logs?{}&trace_id={}", hour(), "02".repeat(16))).await;
    assert_eq!(logs["items"].as_array().unwrap().len(), 1);
    let line = &logs["items"][0];
    assert_eq!(
        (&line["severity"], &line["body"], &line["node"]["name"]),
        (&json!("ERROR"), &json!("line 2"), &json!("web1"))
    );
    assert_eq!(line["attributes"], json!({"code.line": 7}));
}

#[tokio::test]
async fn what_is_not_in_the_account_is_not_found() {
    let world = World::new().await;
    let (tier, client) = (world.ids.web, world.client());
    for path in [
        "/api/v1/applications/999".to_owned(),
        format!("/api/v1/applications/{tier}"),
        format!("/api/v1/applications/{}/tiers", EntityId(999)),
        "/api/v1/business-transactions/999/series".to_owned(),
        "/api/v1/snapshots?bt=999".to_owned(),
        format!("/api/v1/traces/{}", "ab".repeat(16)),
        "/api/v1/nothing".to_owned(),
    ] {
        let answer = client.get(&path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.json()["error"]["code"], "not_found", "{path}");
    }
}

#[tokio::test]
async fn how_to_connect_is_told_with_the_last_attempts() {
    let client = World::new().await.client();
    let connect = client.json("/api/v1/connect").await;
    assert_eq!(
        (&connect["https_url"], &connect["loopback"]),
        (&json!("https://apm.example.com"), &json!({"grpc": "127.0.0.1:4317", "http": null}))
    );
    let attempts = client.json("/api/v1/connect/attempts").await;
    assert_eq!(
        (&attempts["items"][0]["result"], &attempts["items"][0]["count"]),
        (&json!("refused"), &json!(3))
    );
}

#[tokio::test]
async fn an_operator_says_that_a_transaction_is_long_lived_and_takes_it_back() {
    let world = World::new().await;
    let ids = world.ids;
    let client = world.client();
    let path = format!("/api/v1/business-transactions/{}/long-lived", ids.cart);
    let mark = |marked: Value| client.send(Method::PUT, &path, Some(json!({ "marked": marked })));
    let shown = || async {
        let bt = format!("/api/v1/business-transactions/{}", ids.cart);
        client.json(&bt).await["long_lived_marked"].clone()
    };
    assert_eq!(shown().await, Value::Null);
    for marked in [json!(true), json!(false), Value::Null] {
        let answer = mark(marked.clone()).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({ "marked": marked })));
        assert_eq!(shown().await, marked);
    }
    assert_eq!(mark(json!("yes")).await.status, StatusCode::BAD_REQUEST);
    let nobody = format!("/api/v1/business-transactions/{}/long-lived", ids.web);
    let answer = client.send(Method::PUT, &nobody, Some(json!({ "marked": true }))).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

/// The shop whose `GET /cart` came when there was no place for it.
async fn waiting(waiting: Waiting) -> World {
    let world = World::new().await;
    world.change(world.ids.cart, |properties| properties.waiting = Some(waiting));
    world
}

fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap();
    items.iter().map(|bt| bt["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_transaction_that_waits_is_listed_apart_and_promoted() {
    let world = waiting(Waiting::default()).await;
    let (ids, client) = (world.ids, world.client());
    let of_shop = format!("/api/v1/applications/{}", ids.shop);
    let transactions = client.json(&format!("{of_shop}/business-transactions")).await;
    assert_eq!(names(&transactions), ["Health Checks"]);
    let at = |tier: EntityId| format!("{of_shop}/waiting-transactions?tier={tier}");
    let found = client.json(&at(ids.web)).await;
    assert_eq!((names(&found), &found["items"][0]["promoted"]), (vec!["GET /cart"], &json!(false)));
    assert_eq!(names(&client.json(&at(ids.stock)).await), [""; 0]);
    let path = format!("/api/v1/business-transactions/{}/promotion", ids.cart);
    for promoted in [true, false, true] {
        let body = json!({ "promoted": promoted });
        assert_eq!(client.send(Method::PUT, &path, Some(body)).await.status, StatusCode::OK);
        let found = client.json(&at(ids.web)).await;
        assert_eq!(found["items"][0]["promoted"], json!(promoted));
    }
}

#[tokio::test]
async fn a_transaction_that_got_its_place_keeps_it() {
    let world = waiting(Waiting { promoted: true, from_ns: Some(1), ..Waiting::default() }).await;
    let (ids, client) = (world.ids, world.client());
    let of_shop = format!("/api/v1/applications/{}", ids.shop);
    let waiting = client.json(&format!("{of_shop}/waiting-transactions")).await;
    assert_eq!(names(&waiting), [""; 0]);
    let transactions = client.json(&format!("{of_shop}/business-transactions")).await;
    assert_eq!(names(&transactions), ["GET /cart", "Health Checks"]);
    let path = format!("/api/v1/business-transactions/{}/promotion", ids.cart);
    let again = client.send(Method::PUT, &path, Some(json!({ "promoted": true }))).await;
    assert_eq!(again.status, StatusCode::OK);
    let refused = client.send(Method::PUT, &path, Some(json!({ "promoted": false }))).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("counts by itself already"), "{}", refused.text);
}

#[tokio::test]
async fn background_work_counts_in_an_application_s_figures_when_an_operator_wants_it() {
    let world = World::new().await;
    let (ids, client) = (world.ids, world.client());
    let shop = format!("/api/v1/applications/{}", ids.shop);
    let calls = || async {
        let shop = client.json(&shop).await;
        (shop["background_counts"].clone(), shop["figures"]["calls"].as_f64().unwrap())
    };
    let (off, without) = calls().await;
    let path = format!("{shop}/key-figures");
    let switch =
        |on: bool| client.send(Method::PUT, &path, Some(json!({ "background_counts": on })));
    assert_eq!(switch(true).await.status, StatusCode::OK);
    let (on, with) = calls().await;
    assert_eq!((off, on), (json!(false), json!(true)));
    let health = format!("/api/v1/business-transactions/{}", ids.health);
    let health = client.json(&health).await["figures"]["calls"].as_f64().unwrap();
    assert!(health > 0.0);
    assert_eq!(with, without + health);
    assert_eq!(switch(false).await.status, StatusCode::OK);
    assert_eq!(calls().await, (json!(false), without));
}

#[tokio::test]
async fn a_tier_whose_spans_are_a_sample_says_so_wherever_it_is_shown() {
    let world = World::new().await;
    let sample = |properties: &mut Properties| properties.spans_show_percent = Some(12);
    world.change(world.ids.web, sample);
    let shop = format!("/api/v1/applications/{}", world.ids.shop);
    let client = world.client();
    let says = |hint: &Value| hint.as_str().is_some_and(|hint| hint.contains("about 12 % of them"));
    let tiers = client.json(&format!("{shop}/tiers")).await;
    let web = tiers["items"].as_array().unwrap().iter().find(|tier| tier["name"] == "web");
    assert!(says(&web.unwrap()["hints"][0]), "{tiers}");
    let application = client.json(&shop).await;
    assert!(says(&application["hints"][0]["message"]), "{application}");
    let map = client.json(&format!("{shop}/flow-map")).await;
    let node = map["nodes"].as_array().unwrap().iter().find(|node| node["name"] == "web");
    assert!(says(&node.unwrap()["hints"][0]), "{map}");
}
