//! Signing in, staying signed in, and being kept out.

use std::time::Duration;

use daemon::clock::ManualClock;
use http::{Method, StatusCode};
use serde_json::json;

use crate::support::{Answer, Client, World, world_password as password};

async fn sign_in(client: &Client, user: &str, password: &str) -> Answer {
    client.post("/api/v1/session", json!({"user": user, "password": password})).await
}

/// A browser that is signed in, without the CSRF header, and the token for it.
async fn browser() -> (ManualClock, Client, String) {
    let world = World::new().await;
    let clock = world.clock.clone();
    let client = world.stranger();
    let answer = sign_in(&client, "admin", password()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let cookie = answer.header("set-cookie").to_owned();
    for wanted in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(wanted), "{cookie}");
    }
    let token = answer.json()["csrf_token"].as_str().unwrap().to_owned();
    let pair = cookie.split(';').next().unwrap().to_owned();
    (clock, client.with("cookie", &pair), token)
}

#[tokio::test]
async fn a_person_signs_in_writes_with_the_token_and_signs_out() {
    let (_, browser, token) = browser().await;
    let session = browser.json("/api/v1/session").await;
    assert_eq!(session["user"]["display_name"], "Administrator");
    assert_eq!(session["csrf_token"], token);

    let refused = browser.post("/api/v1/access-keys", json!({"name": "k"})).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused.json()["error"]["code"], "csrf");
    let writer = browser.clone().with("x-csrf-token", &token);
    let made = writer.post("/api/v1/access-keys", json!({"name": "k"})).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);

    let ended = writer.send(Method::DELETE, "/api/v1/session", None).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert!(ended.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(browser.get("/api/v1/session").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_ends_after_half_an_hour_of_silence_and_after_half_a_day_of_use() {
    let (clock, browser, _) = browser().await;
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    for _ in 0..28 {
        clock.advance(minutes(25));
        assert_eq!(browser.get("/api/v1/session").await.status, StatusCode::OK);
    }
    clock.advance(minutes(20));
    assert_eq!(browser.get("/api/v1/session").await.status, StatusCode::UNAUTHORIZED);

    let (clock, browser, _) = self::browser().await;
    clock.advance(minutes(30));
    assert_eq!(browser.get("/api/v1/session").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_cookie_that_was_changed_is_no_session() {
    let (_, browser, _) = browser().await;
    let cookie = |text: &str| browser.clone().with("cookie", &format!("vedette_session={text}"));
    for changed in ["", "00", &"00".repeat(40), "zz"] {
        let answer = cookie(changed).get("/api/v1/session").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_program_signs_each_request_with_user_or_user_at_account() {
    let stranger = World::new().await.stranger();
    for user in ["admin", "admin@customer1"] {
        let program = stranger.clone().with_basic(user, password());
        for _ in 0..2 {
            assert_eq!(program.get("/api/v1/applications").await.status, StatusCode::OK, "{user}");
        }
        let made = program.post("/api/v1/access-keys", json!({"name": "by a script"})).await;
        assert_eq!(made.status, StatusCode::OK, "no CSRF token for programs");
    }
    for (user, with) in [("admin", "wrong"), ("nobody", password()), ("admin@other", password())] {
        let program = stranger.clone().with_basic(user, with);
        assert_eq!(
            program.get("/api/v1/applications").await.status,
            StatusCode::UNAUTHORIZED,
            "{user}"
        );
    }
    let other = stranger.with("authorization", "Bearer abc");
    assert_eq!(other.get("/api/v1/applications").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn who_fails_five_times_has_to_wait_but_others_have_not() {
    let world = World::new().await;
    let clock = world.clock.clone();
    let client = world.stranger();
    for _ in 0..5 {
        assert_eq!(sign_in(&client, "admin", "wrong").await.status, StatusCode::UNAUTHORIZED);
    }
    let refused = sign_in(&client, "admin", password()).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.header("retry-after"), "60");
    let elsewhere = client.clone().at_peer([192, 0, 2, 8]);
    assert_eq!(sign_in(&elsewhere, "admin", password()).await.status, StatusCode::OK);
    clock.advance(Duration::from_secs(60));
    assert_eq!(sign_in(&client, "admin", password()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn access_keys_are_shown_to_administrators_and_stored_sealed() {
    use metadata_store::AccessKeys as _;

    let world = World::new().await;
    let store = world.store.clone();
    let client = world.client();
    let made = client.post("/api/v1/access-keys", json!({"name": " ci "})).await.json();
    let key = made["key"].as_str().unwrap().to_owned();
    assert_eq!(made["name"], "ci");
    let listed = client.json("/api/v1/access-keys").await;
    assert_eq!(listed["items"], json!([made]));
    assert_eq!(client.json("/api/v1/connect").await["access_key"], key);

    let found = store.access_key_by_hash(&api::access_key::hash(&key)).await.unwrap().unwrap();
    assert!(!found.sealed.windows(8).any(|part| key.as_bytes().windows(8).any(|of| of == part)));
}
