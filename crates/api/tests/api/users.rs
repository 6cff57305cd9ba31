//! Users, groups and roles as administrators manage them, sessions, passwords and locks.

use std::time::Duration;

use http::{Method, StatusCode};
use model::access::{Grant, Permission};
use serde_json::{Value, json};

use crate::support::{Answer, Client, World, world_password as password};

const NEW: &str = "three wise otters";

async fn put(client: &Client, path: &str, body: Value) -> Answer {
    client.send(Method::PUT, path, Some(body)).await
}

async fn delete(client: &Client, path: &str) -> Answer {
    client.send(Method::DELETE, path, None).await
}

/// A browser that is signed in, with its CSRF token.
async fn browser(stranger: &Client, user: &str, password: &str) -> Client {
    let answer =
        stranger.post("/api/v1/session", json!({"user": user, "password": password})).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let token = answer.json()["csrf_token"].as_str().unwrap().to_owned();
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    stranger.clone().with("cookie", &cookie).with("x-csrf-token", &token)
}

fn new_user(name: &str, roles: &[u32]) -> Value {
    json!({"name": name, "password": NEW, "roles": roles, "must_change_password": false})
}

#[tokio::test]
async fn a_user_is_made_changed_disabled_and_deleted() {
    let stranger = World::new().await.stranger();
    let admin = stranger.clone().with_basic("admin", password());
    let made = admin.post("/api/v1/users", new_user("ada", &[5])).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    assert!(!made.text.contains("argon2") && !made.text.contains(NEW));
    let path = format!("/api/v1/users/{}", made.json()["id"]);
    let ada = stranger.clone().with_basic("ada", NEW);
    assert_eq!(ada.get("/api/v1/applications").await.status, StatusCode::OK);
    assert_eq!(ada.get("/api/v1/users").await.status, StatusCode::FORBIDDEN);

    let mut change = json!({"name": "ada", "display_name": "Ada L.", "email": "", "enabled": true,
        "roles": [2], "groups": []});
    let changed = put(&admin, &path, change.clone()).await;
    assert_eq!(changed.json()["display_name"], "Ada L.", "{}", changed.text);
    assert_eq!(ada.get("/api/v1/users").await.status, StatusCode::OK, "at once");

    change["enabled"] = json!(false);
    put(&admin, &path, change).await;
    assert_eq!(ada.get("/api/v1/users").await.status, StatusCode::UNAUTHORIZED, "at once");
    assert_eq!(delete(&admin, &path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(admin.get(&path).await.status, StatusCode::NOT_FOUND);
    let twin = admin.post("/api/v1/users", new_user("admin", &[])).await;
    assert_eq!(twin.status, StatusCode::CONFLICT, "{}", twin.text);
}

#[tokio::test]
async fn nobody_gives_away_or_takes_over_more_than_he_may() {
    let world = World::new().await;
    world.user("deputy", &[Grant::everywhere(Permission::AdministerUsers)]).await;
    let stranger = world.stranger();
    let admin = stranger.clone().with_basic("admin", password());
    let deputy = stranger.with_basic("deputy", password());
    let beyond = |answer: Answer| {
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
        assert_eq!(answer.json()["error"]["code"], "beyond_own_permissions", "{}", answer.text);
    };
    beyond(deputy.post("/api/v1/users", new_user("mole", &[1])).await);
    let grants = json!([{"permission": "view", "application": null}]);
    beyond(deputy.post("/api/v1/roles", json!({"name": "all", "grants": grants})).await);
    beyond(deputy.post("/api/v1/groups", json!({"name": "all", "roles": [5]})).await);
    // With the owner's password or sessions he would be the owner.
    beyond(put(&deputy, "/api/v1/users/1/password", json!({"password": NEW})).await);
    beyond(delete(&deputy, "/api/v1/users/1").await);
    beyond(delete(&deputy, "/api/v1/users/1/sessions").await);
    let group = admin.post("/api/v1/groups", json!({"name": "seers", "roles": [5]})).await.json();
    beyond(
        deputy
            .post(
                "/api/v1/users",
                json!({"name": "mole", "password": NEW, "groups": [group["id"]]}),
            )
            .await,
    );
    let made = deputy.post("/api/v1/users", new_user("peer", &[])).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let last = delete(&admin, "/api/v1/users/1").await;
    assert_eq!(last.status, StatusCode::CONFLICT, "one owner remains: {}", last.text);
}

#[tokio::test]
async fn passwords_have_a_policy_and_may_have_to_be_changed_first() {
    let stranger = World::new().await.stranger();
    let admin = stranger.clone().with_basic("admin", password());
    for weak in ["short", "administrator1", "aaaaaaaaaaaaaaaa"] {
        let body = json!({"name": "administrator", "password": weak});
        let refused = admin.post("/api/v1/users", body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{weak}");
        assert!(!refused.text.contains(weak), "{}", refused.text);
    }
    let body = json!({"name": "ada", "password": NEW, "roles": [5]});
    let made = admin.post("/api/v1/users", body).await;
    assert_eq!(made.json()["must_change_password"], true);
    let ada = browser(&stranger, "ada", NEW).await;
    let refused = ada.get("/api/v1/applications").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused.json()["error"]["code"], "password_must_change");
    assert_eq!(ada.json("/api/v1/session").await["must_change_password"], true);

    let wrong = json!({"current": "wrong wrong wrong", "new": "four loud badgers"});
    let wrong = put(&ada, "/api/v1/profile/password", wrong).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.text);
    let other = browser(&stranger, "ada", NEW).await;
    let right = json!({"current": NEW, "new": "four loud badgers"});
    let changed = put(&ada, "/api/v1/profile/password", right).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{}", changed.text);
    assert_eq!(ada.get("/api/v1/applications").await.status, StatusCode::OK, "this session stays");
    assert_eq!(other.get("/api/v1/session").await.status, StatusCode::UNAUTHORIZED, "others end");
}

#[tokio::test]
async fn wrong_passwords_lock_a_user_until_somebody_lifts_it_but_not_where_he_is_known() {
    let world = World::new().await;
    let clock = world.clock.clone();
    let stranger = world.stranger();
    let admin = stranger.clone().with_basic("admin", password());
    let made = admin.post("/api/v1/users", new_user("ada", &[5])).await.json();
    let at_home = stranger.clone().at_peer([192, 0, 2, 50]);
    let sign_in = async |client: &Client, password: &str| {
        let body = json!({"user": "ada", "password": password});
        client.post("/api/v1/session", body).await.status
    };
    assert_eq!(sign_in(&at_home, NEW).await, StatusCode::OK);
    for n in 0..10 {
        let elsewhere = stranger.clone().at_peer([198, 51, 100, n]);
        assert_eq!(sign_in(&elsewhere, "wrong").await, StatusCode::UNAUTHORIZED);
    }
    let path = format!("/api/v1/users/{}", made["id"]);
    let elsewhere = stranger.clone().at_peer([198, 51, 100, 99]);
    assert!(admin.json(&path).await["locked_until"].is_i64(), "it is seen");
    assert_eq!(sign_in(&elsewhere, NEW).await, StatusCode::UNAUTHORIZED, "locked");
    assert_eq!(delete(&admin, &format!("{path}/lock")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(admin.json(&path).await["locked_until"], Value::Null);
    assert_eq!(sign_in(&elsewhere, NEW).await, StatusCode::OK);

    for n in 0..10 {
        let again = stranger.clone().at_peer([198, 51, 101, n]);
        assert_eq!(sign_in(&again, "wrong").await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(sign_in(&elsewhere, NEW).await, StatusCode::OK, "where he came from last");
    for n in 0..10 {
        let again = stranger.clone().at_peer([198, 51, 102, n]);
        assert_eq!(sign_in(&again, "wrong").await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(sign_in(&at_home, NEW).await, StatusCode::UNAUTHORIZED);
    clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(sign_in(&at_home, NEW).await, StatusCode::OK, "after a quarter of an hour");
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_user_and_by_administrators() {
    let stranger = World::new().await.stranger();
    let admin = stranger.clone().with_basic("admin", password());
    admin.post("/api/v1/users", new_user("ada", &[5])).await;
    let phone = browser(&stranger.clone().with("user-agent", "Phone/1"), "ada", NEW).await;
    let desk = browser(&stranger.clone().with("user-agent", "Desk/1"), "ada", NEW).await;
    let own = desk.json("/api/v1/profile/sessions").await;
    let sessions = own["items"].as_array().unwrap();
    let agents: Vec<(&str, bool)> = sessions
        .iter()
        .map(|session| (session["agent"].as_str().unwrap(), session["own"].as_bool().unwrap()))
        .collect();
    assert_eq!(agents.len(), 2);
    assert!(agents.contains(&("Phone/1", false)) && agents.contains(&("Desk/1", true)), "{own}");
    assert_eq!(sessions[0]["address"], "192.0.2.7");
    let of = |agent: &str| {
        let found = sessions.iter().find(|session| session["agent"] == agent).unwrap();
        found["id"].as_str().unwrap().to_owned()
    };
    let ended = delete(&desk, &format!("/api/v1/profile/sessions/{}", of("Phone/1"))).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT, "{}", ended.text);
    assert_eq!(phone.get("/api/v1/session").await.status, StatusCode::UNAUTHORIZED);

    let all = admin.json("/api/v1/sessions").await;
    assert_eq!(all["items"][0]["user"], "ada", "{all}");
    let owner = browser(&stranger, "admin", password()).await;
    let foreign = owner.json("/api/v1/profile/sessions").await["items"][0]["id"].clone();
    let foreign = foreign.as_str().unwrap();
    let not_his = delete(&desk, &format!("/api/v1/profile/sessions/{foreign}")).await;
    assert_eq!(not_his.status, StatusCode::NOT_FOUND);
    let ended = delete(&admin, &format!("/api/v1/sessions/{}", of("Desk/1"))).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT, "{}", ended.text);
    assert_eq!(desk.get("/api/v1/session").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn roles_are_of_known_permissions_and_applications() {
    let world = World::new().await;
    let shop = world.ids.shop;
    let stranger = world.stranger();
    let admin = stranger.with_basic("admin", password());
    let all = admin.json("/api/v1/permissions").await;
    assert_eq!(all["items"].as_array().unwrap().len(), Permission::ALL.len());
    let of = |permission: &str, application: Value| json!({"name": "r", "grants": [{"permission": permission, "application": application}]});
    for wrong in
        [of("fly", Value::Null), of("administer-users", json!(shop.0)), of("view", json!(987_654))]
    {
        let refused = admin.post("/api/v1/roles", wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    }
    let made = admin.post("/api/v1/roles", of("view", json!(shop.0))).await;
    assert_eq!(made.json()["grants"], json!([{"permission": "view", "application": shop.0}]));
    let path = format!("/api/v1/roles/{}", made.json()["id"]);
    let changed = put(&admin, &path, of("configure", Value::Null)).await;
    let grants = json!([{"permission": "configure", "application": null}]);
    assert_eq!(changed.json()["grants"], grants, "{}", changed.text);
    assert_eq!(delete(&admin, &path).await.status, StatusCode::NO_CONTENT);
    let kept = delete(&admin, "/api/v1/roles/1").await;
    assert_eq!(kept.status, StatusCode::CONFLICT, "{}", kept.text);
}

#[tokio::test]
async fn what_a_page_of_another_site_sends_is_refused() {
    let stranger = World::new().await.stranger();
    let admin = browser(&stranger, "admin", password()).await;
    let basic = stranger.clone().with_basic("admin", password());
    let body = json!({"name": "k"});
    for client in [&admin, &basic] {
        let host = client.clone().with("host", "apm.example.com");
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example.com"),
            ("origin", "null"),
        ] {
            let refused =
                host.clone().with(name, value).post("/api/v1/access-keys", body.clone()).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{name}: {value}");
            assert_eq!(refused.json()["error"]["code"], "other_site");
        }
        for (name, value) in [
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
            ("origin", "https://apm.example.com"),
        ] {
            let taken =
                host.clone().with(name, value).post("/api/v1/access-keys", body.clone()).await;
            assert_eq!(taken.status, StatusCode::OK, "{name}: {value}");
        }
        let linked = client.clone().with("sec-fetch-site", "cross-site");
        let read = linked.get("/api/v1/applications").await;
        assert_eq!(read.status, StatusCode::OK, "a link from elsewhere");
    }
    let sign_in = json!({"user": "admin", "password": password()});
    let foreign = stranger.with("sec-fetch-site", "cross-site");
    let refused = foreign.post("/api/v1/session", sign_in).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}
