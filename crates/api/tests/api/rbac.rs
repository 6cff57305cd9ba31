//! Users, groups and roles as scripts of the reference product manage them, quirks included.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Client, World};

const MEDIA: &str = "application/vnd.appd.cntrl+json;v=1";
const BASE: &str = "/controller/api/rbac/v1";
const PASSWORD: &str = "three wise otters";

async fn script() -> Client {
    World::new().await.client().with("accept", MEDIA)
}

async fn send(client: &Client, method: Method, path: &str, body: Value) -> Answer {
    let client = client.clone().with("content-type", MEDIA);
    client.send_text(method, &format!("{BASE}{path}"), &body.to_string()).await
}

async fn get(client: &Client, path: &str) -> Answer {
    client.get(&format!("{BASE}{path}")).await
}

fn user(name: &str) -> Value {
    json!({"name": name, "displayName": "Ada", "security_provider_type": "INTERNAL", "password": PASSWORD})
}

#[tokio::test]
async fn a_user_goes_round_with_its_quirks() {
    let script = script().await;
    let made = send(&script, Method::POST, "/users", user("ada")).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    assert_eq!(made.header("content-type"), MEDIA);
    let id = made.json()["id"].clone();
    let expected = json!({"id": id, "name": "ada", "email": "", "displayName": "Ada",
        "security_provider_type": "INTERNAL", "roles": [], "groups": []});
    assert_eq!(made.json(), expected);
    let path = format!("/users/{id}");
    assert_eq!(get(&script, &path).await.json(), expected);
    assert_eq!(get(&script, "/users/name/ada").await.json(), expected);
    let listed = get(&script, "/users").await.json();
    assert_eq!(listed, json!({"users": [{"id": 1, "name": "admin"}, {"id": id, "name": "ada"}]}));

    let mut change =
        json!({"id": id, "security_provider_type": "INTERNAL", "displayName": "Ada L."});
    let changed = send(&script, Method::PUT, &path, change.clone()).await;
    assert_eq!(changed.json()["displayName"], "Ada L.", "{}", changed.text);
    assert_eq!(changed.json()["name"], "ada", "what is not sent stays");
    for lacking in ["id", "security_provider_type"] {
        let mut body = change.clone();
        body.as_object_mut().unwrap().remove(lacking);
        let refused = send(&script, Method::PUT, &path, body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{lacking}");
    }
    change["password"] = json!(PASSWORD);
    let refused = send(&script, Method::PUT, &path, change).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);

    assert_eq!(
        send(&script, Method::DELETE, &path, json!({})).await.status,
        StatusCode::NO_CONTENT
    );
    for gone in [path.as_str(), "/users/name/ada", "/groups/9", "/roles/999"] {
        let answer = get(&script, gone).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{gone}");
        assert!(answer.text.starts_with("there is no"), "{}", answer.text);
    }
}

#[tokio::test]
async fn groups_and_roles_are_joined() {
    let script = script().await;
    let ada = send(&script, Method::POST, "/users", user("ada")).await.json()["id"].clone();
    let body = json!({"name": "team", "description": "d", "security_provider_type": "INTERNAL"});
    let team = send(&script, Method::POST, "/groups", body).await.json()["id"].clone();
    let permissions = json!([{"entity_type": "ACCOUNT", "action": "VIEW"}]);
    let body = json!({"name": "seer", "description": "", "permissions": permissions});
    let seer = send(&script, Method::POST, "/roles", body).await.json()["id"].clone();
    let all = [
        format!("/groups/{team}/users/{ada}"),
        format!("/roles/{seer}/users/{ada}"),
        format!("/roles/{seer}/groups/{team}"),
    ];
    for path in &all {
        let done = script.send(Method::PUT, &format!("{BASE}{path}"), None).await;
        assert_eq!(done.status, StatusCode::NO_CONTENT, "{path} {}", done.text);
    }
    let user = get(&script, &format!("/users/{ada}")).await.json();
    assert_eq!(user["roles"], json!([{"id": seer, "name": "seer"}]));
    assert_eq!(user["groups"], json!([{"id": team, "name": "team"}]));
    let group = get(&script, "/groups/name/team").await.json();
    assert_eq!(group["roles"], json!([{"id": seer, "name": "seer"}]));
    assert_eq!(group["users"], json!([{"id": ada, "name": "ada"}]));
    let plain = get(&script, &format!("/roles/{seer}")).await.json();
    assert_eq!(plain, json!({"id": seer, "name": "seer", "description": ""}));
    let whole = get(&script, &format!("/roles/{seer}?include-permissions=true")).await.json();
    assert_eq!(
        whole["permissions"],
        json!([{"entity_type": "ACCOUNT", "entity_id": 0, "action": "view", "allowed": true}])
    );
    for path in &all {
        let done = script.send(Method::DELETE, &format!("{BASE}{path}"), None).await;
        assert_eq!(done.status, StatusCode::NO_CONTENT, "{path} {}", done.text);
    }
    assert_eq!(get(&script, &format!("/users/{ada}")).await.json()["roles"], json!([]));

    let change = json!({"id": seer, "name": "seers"});
    let changed = send(&script, Method::PUT, &format!("/roles/{seer}"), change.clone()).await;
    assert_eq!(changed.json()["name"], "seers", "{}", changed.text);
    let mut with = change;
    with["permissions"] = json!([]);
    let refused = send(&script, Method::PUT, &format!("/roles/{seer}"), with).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
    let predefined = send(&script, Method::DELETE, "/roles/1", json!({})).await;
    assert_eq!(predefined.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn another_media_type_is_refused() {
    let script = script().await;
    let plain = script.clone().with("content-type", "application/json");
    let refused =
        plain.send_text(Method::POST, &format!("{BASE}/users"), &user("ada").to_string()).await;
    assert_eq!(refused.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    for accept in ["application/json", "*/*", "application/vnd.appd.cntrl+json"] {
        let refused = get(&script.clone().with("accept", accept), "/users").await;
        assert_eq!(refused.status, StatusCode::NOT_ACCEPTABLE, "{accept}");
        assert!(refused.text.contains(MEDIA), "{}", refused.text);
    }
}

#[tokio::test]
async fn users_are_saved_by_a_form_too() {
    let script = World::new().await.client();
    let path = "/controller/rest/users";
    let form = "user-name=ada&user-display-name=Ada&user-email=a%40b.c&user-password=three+wise+otters&user-roles=Viewer,User";
    let made = script.form(path, form).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    assert!(made.header("content-type").starts_with("text/plain"));
    let id = made.text.trim().rsplit(':').next().unwrap().to_owned();
    let ada = script.json(&format!("/api/v1/users/{id}")).await;
    assert_eq!((&ada["email"], &ada["roles"]), (&json!("a@b.c"), &json!([4, 5])));
    let changed = script.form(path, &format!("user-id={id}&user-roles=Viewer")).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    let ada = script.json(&format!("/api/v1/users/{id}")).await;
    assert_eq!((&ada["email"], &ada["roles"]), (&json!("a@b.c"), &json!([5])));
    for wrong in [
        "user-name=bob",
        "user-name=bob&user-password=short",
        "user-id=x",
        "user-name=bob&user-password=three+wise+otters&user-roles=Emperor",
    ] {
        let refused = script.form(path, wrong).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{wrong}: {}", refused.text);
    }
}
