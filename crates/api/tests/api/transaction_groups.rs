//! Groups of business transactions, and those that are excluded or marked.

use http::{Method, StatusCode};
use serde_json::json;

use crate::support::{Client, World, hour};

async fn put(client: &Client, path: &str, body: serde_json::Value) -> StatusCode {
    client.send(Method::PUT, path, Some(body)).await.status
}

#[tokio::test]
async fn a_group_is_made_read_renamed_and_dissolved() {
    let world = World::new().await;
    let ids = world.ids;
    let client = world.client();
    let groups = format!("/api/v1/applications/{}/transaction-groups", ids.shop);
    let made = client
        .post(
            &groups,
            json!({"name": " Buying ", "business_transactions": [ids.cart.0, ids.health.0]}),
        )
        .await;
    assert_eq!(
        (made.status, made.json()),
        (StatusCode::CREATED, json!({"id": 1, "name": "Buying"}))
    );
    let taken = client.post(&groups, json!({"name": "Buying", "business_transactions": []})).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);

    let listed = &client.json(&format!("{groups}?{}", hour())).await["items"][0];
    assert_eq!(listed["business_transactions"].as_array().unwrap().len(), 2);
    // Ten carts and five health checks a minute.
    let of = async |bt: u32| {
        let path = format!("/api/v1/business-transactions/{bt}?{}", hour());
        client.json(&path).await
    };
    let (cart, health) = (of(ids.cart.0).await, of(ids.health.0).await);
    let calls = |body: &serde_json::Value| body["figures"]["calls"].as_f64().unwrap();
    assert_eq!(calls(listed), calls(&cart) + calls(&health));
    assert_eq!(cart["group"], json!({"id": 1, "name": "Buying"}));

    let one = client.json(&format!("{groups}/1?{}", hour())).await;
    assert_eq!(one["members"].as_array().unwrap().len(), 2);
    let series = client.json(&format!("{groups}/1/series?{}", hour())).await;
    assert_eq!(series["totals"]["calls"], listed["figures"]["calls"]);
    let path = "Business%20Transaction%20Performance%7CBusiness%20Transaction%20Groups%7CBuying%7CCalls%20per%20Minute";
    let metric = client
        .json(&format!("/api/v1/applications/{}/metric-data?path={path}&{}", ids.shop, hour()))
        .await;
    assert_eq!(metric["items"][0]["points"][0]["value"], json!(15.0));

    let map = client.json(&format!("{groups}/1/flow-map?{}", hour())).await;
    let of_cart = client
        .json(&format!(
            "/api/v1/business-transactions/{}/flow-map?{}&baseline=none",
            ids.cart,
            hour()
        ))
        .await;
    assert_eq!(map["edges"], of_cart["edges"], "a health check calls nobody");

    let renamed = json!({"name": "Carts", "business_transactions": [ids.cart.0]});
    assert_eq!(put(&client, &format!("{groups}/1"), renamed).await, StatusCode::OK);
    let one = client.json(&format!("{groups}/1?{}", hour())).await;
    assert_eq!((&one["name"], calls(&one)), (&json!("Carts"), calls(&cart)));
    assert_eq!(of(ids.health.0).await["group"], json!(null));

    let gone = client.send(Method::DELETE, &format!("{groups}/1"), None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(client.get(&format!("{groups}/1?{}", hour())).await.status, StatusCode::NOT_FOUND);
    assert_eq!(of(ids.cart.0).await["group"], json!(null));
}

#[tokio::test]
async fn what_is_no_group_is_refused_with_what_to_do() {
    let world = World::new().await;
    let ids = world.ids;
    let client = world.client();
    let groups = format!("/api/v1/applications/{}/transaction-groups", ids.shop);
    for (body, status) in [
        (json!({"name": "a|b", "business_transactions": []}), 422),
        (json!({"name": " ", "business_transactions": []}), 422),
        (json!({"name": "x".repeat(101), "business_transactions": []}), 400),
        (json!({"name": "a", "business_transactions": [ids.mysql.0]}), 404),
        (json!({"name": "a"}), 400),
    ] {
        assert_eq!(client.post(&groups, body.clone()).await.status, status, "{body}");
    }
    for group in 1..=100 {
        let body = json!({"name": format!("g{group}"), "business_transactions": []});
        assert_eq!(client.post(&groups, body).await.status, 201);
    }
    let one_more = json!({"name": "more", "business_transactions": []});
    assert_eq!(client.post(&groups, one_more).await.status, 422);
}

#[tokio::test]
async fn an_excluded_transaction_is_out_of_lists_until_it_is_restored() {
    let world = World::new().await;
    let ids = world.ids;
    let client = world.client();
    let list = async |more: &str| {
        let path =
            format!("/api/v1/applications/{}/business-transactions?{}{more}", ids.shop, hour());
        let page = client.json(&path).await;
        let ids = page["items"].as_array().unwrap().iter().map(|it| it["id"].as_u64().unwrap());
        ids.collect::<Vec<_>>()
    };
    let before = list("").await;
    assert!(before.contains(&u64::from(ids.cart.0)));
    let exclusion = format!("/api/v1/business-transactions/{}/exclusion", ids.cart);
    assert_eq!(put(&client, &exclusion, json!({"excluded": true})).await, StatusCode::OK);
    assert_eq!(list("").await.len(), before.len() - 1);
    assert_eq!(list("&excluded=true").await, [u64::from(ids.cart.0)]);
    let one = client.json(&format!("/api/v1/business-transactions/{}?{}", ids.cart, hour())).await;
    assert_eq!(one["excluded"], json!(true));
    assert_eq!(put(&client, &exclusion, json!({"excluded": false})).await, StatusCode::OK);
    assert_eq!(list("").await, before);
    assert_eq!(list("&excluded=true").await, [] as [u64; 0]);
}

#[tokio::test]
async fn a_transaction_is_marked_as_background_work_and_leaves_the_key_figures() {
    let world = World::new().await;
    let ids = world.ids;
    let client = world.client();
    let application = format!("/api/v1/applications/{}?{}", ids.shop, hour());
    assert!(client.json(&application).await["figures"]["calls"].as_f64().unwrap() > 0.0);
    let background = format!("/api/v1/business-transactions/{}/background", ids.cart);
    assert_eq!(put(&client, &background, json!({"marked": true})).await, StatusCode::OK);
    let one = client.json(&format!("/api/v1/business-transactions/{}?{}", ids.cart, hour())).await;
    assert_eq!((&one["background"], &one["background_marked"]), (&json!(true), &json!(true)));
    assert_eq!(client.json(&application).await["figures"]["calls"].as_f64(), Some(0.0));
    // Nor does the chart count it, also while it is in no list.
    let chart = format!("/api/v1/applications/{}/series?{}", ids.shop, hour());
    let exclusion = format!("/api/v1/business-transactions/{}/exclusion", ids.cart);
    for excluded in [true, false] {
        assert_eq!(put(&client, &exclusion, json!({"excluded": excluded})).await, StatusCode::OK);
        assert_eq!(client.json(&chart).await["totals"]["calls"].as_f64(), Some(0.0));
    }
    assert_eq!(put(&client, &background, json!({"marked": null})).await, StatusCode::OK);
    assert!(client.json(&application).await["figures"]["calls"].as_f64().unwrap() > 0.0);
}

#[tokio::test]
async fn scripts_exclude_and_restore_by_an_xml_list() {
    let world = World::new().await;
    let ids = world.ids;
    let client = world.client();
    let path = "/controller/rest/applications/shop/business-transactions";
    let body = |id: u32| {
        format!(
            "<business-transactions><business-transaction><id>{id}</id></business-transaction></business-transactions>"
        )
    };
    let post = async |query: &str, body: &str| {
        let client = client.clone().with("content-type", "application/xml");
        client.send_text(Method::POST, &format!("{path}?{query}"), body).await
    };
    let excluded = post("exclude=true&output=JSON", &body(ids.cart.0)).await;
    assert_eq!(
        (excluded.status, excluded.json()[0]["id"].clone()),
        (StatusCode::OK, json!(ids.cart.0))
    );
    let listed = client.json(&format!("{path}?exclude=true&output=JSON")).await;
    assert_eq!(listed.as_array().unwrap().len(), 1);
    let wanted = client.json(&format!("{path}?output=JSON")).await;
    assert!(wanted.as_array().unwrap().iter().all(|bt| bt["id"] != json!(ids.cart.0)));
    assert_eq!(post("exclude=false", &body(ids.cart.0)).await.status, StatusCode::OK);
    assert_eq!(client.json(&format!("{path}?exclude=true&output=JSON")).await, json!([]));
    assert_eq!(post("exclude=true", "[1]").await.status, 400);
    assert_eq!(post("", &body(ids.cart.0)).await.status, 400);
    assert_eq!(post("exclude=true", &body(ids.mysql.0)).await.status, 404);
}
