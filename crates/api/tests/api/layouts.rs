//! Layouts of flow maps that are kept under a name.

use http::{Method, StatusCode};
use serde_json::json;

use crate::support::World;

const PATH: &str = "/api/v1/flow-map-layouts";

#[tokio::test]
async fn a_layout_is_kept_with_its_groups_renamed_and_forgotten() {
    let world = World::new().await;
    let ids = world.ids;
    let client = world.client();
    let scope = format!("application:{}", ids.shop);
    let day = json!({
        "scope": scope, "name": "Day", "default": true,
        "positions": [{"id": ids.web.0, "x": 10.0, "y": 20.0, "pinned": true}],
        "groups": [{"name": "Stock", "prefix": "stock", "members": []}, {"name": "Own", "prefix": "", "members": [ids.web.0]}],
    });
    let made = client.post(PATH, day.clone()).await;
    assert_eq!((made.status, made.json()["name"].clone()), (StatusCode::CREATED, json!("Day")));
    let id = made.json()["id"].clone();
    assert_eq!(client.post(PATH, day.clone()).await.status, StatusCode::CONFLICT);
    let one = client.json(&format!("{PATH}/{id}")).await;
    assert_eq!(
        (&one["positions"], &one["groups"], &one["default"]),
        (&day["positions"], &day["groups"], &json!(true))
    );
    let night = json!({"scope": scope, "name": "Night", "default": true});
    assert_eq!(client.post(PATH, night).await.status, StatusCode::CREATED);
    let listed = client.json(&format!("{PATH}?scope={scope}")).await;
    let names: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["name"].clone(), it["default"].clone()))
        .collect();
    assert_eq!(names, [(json!("Day"), json!(false)), (json!("Night"), json!(true))]);
    assert_eq!(client.json(&format!("{PATH}?scope=all")).await["items"], json!([]));
    let renamed = json!({"scope": scope, "name": "Morning"});
    let put = client.send(Method::PUT, &format!("{PATH}/{id}"), Some(renamed)).await;
    assert_eq!(put.status, StatusCode::NO_CONTENT);
    assert_eq!(client.json(&format!("{PATH}/{id}")).await["positions"], json!([]));
    let gone = client.send(Method::DELETE, &format!("{PATH}/{id}"), None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(client.get(&format!("{PATH}/{id}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_no_layout_or_of_no_map_is_refused() {
    let world = World::new().await;
    let ids = world.ids;
    let client = world.client();
    let scope = format!("tier:{}", ids.web);
    let group = |prefix: &str, members: &[u32]| json!([{"name": "g", "prefix": prefix, "members": members}]);
    for (body, status) in [
        (json!({"scope": "elsewhere", "name": "a"}), 400),
        (json!({"scope": "tier:99999", "name": "a"}), 404),
        (json!({"scope": format!("tier:{}", ids.shop), "name": "a"}), 404),
        (json!({"scope": scope, "name": " "}), 422),
        (json!({"scope": scope, "name": "x".repeat(101)}), 400),
        (json!({"scope": scope, "name": "a", "groups": group("", &[])}), 422),
        (json!({"scope": scope, "name": "a", "groups": group("p", &[1])}), 422),
        (
            json!({"scope": scope, "name": "a", "positions": [{"id": 1, "x": 1e9, "y": 0.0, "pinned": false}]}),
            400,
        ),
    ] {
        assert_eq!(client.post(PATH, body.clone()).await.status, status, "{body}");
    }
    assert_eq!(client.get(&format!("{PATH}?scope=x")).await.status, 400);
}
