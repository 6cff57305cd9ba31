//! API clients: made by people, used by programs, gone when they are deleted.

use std::time::Duration;

use base64::Engine as _;
use daemon::clock::ManualClock;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Client, World};

const TOKEN: &str = "/controller/api/oauth/access_token";

/// The administrator, a stranger, the clock, and a client that was made.
async fn made() -> (Client, Client, ManualClock, Value) {
    let world = World::new().await;
    let clock = world.clock.clone();
    let stranger = world.stranger();
    let admin = stranger.clone().with_basic("admin", crate::support::world_password());
    let body = json!({"name": "nightly", "description": "exports", "roles": [1]});
    let client = admin.post("/api/v1/api-clients", body).await.json();
    (admin, stranger, clock, client)
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("{field} of {value}"))
}

async fn ask(client: &Client, form: &str) -> Answer {
    client.form(TOKEN, form).await
}

async fn token(stranger: &Client, client: &Value) -> String {
    let (id, secret) = (text(client, "client_id"), text(client, "secret"));
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let answer = ask(stranger, &form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    text(&answer.json(), "access_token").to_owned()
}

fn bearer(stranger: &Client, token: &str) -> Client {
    stranger.clone().with("authorization", &format!("Bearer {token}"))
}

#[tokio::test]
async fn a_token_opens_every_api_until_it_expires() {
    let (admin, stranger, clock, client) = made().await;
    assert_eq!(text(&client, "client_id"), "nightly@customer1");
    let form = format!(
        "grant_type=client_credentials&client_id=nightly%40customer1&client_secret={}",
        text(&client, "secret")
    );
    let answer = ask(&stranger, &form).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    assert_eq!((&body["expires_in"], &body["token_type"]), (&json!(300), &json!("Bearer")));
    let program = bearer(&stranger, text(&body, "access_token"));
    let paths = [
        "/api/v1/applications",
        "/controller/rest/applications",
        "/prometheus/api/v1/labels",
        "/metrics",
    ];
    for path in paths {
        assert_eq!(program.get(path).await.status, StatusCode::OK, "{path}");
    }
    let written = program.post("/api/v1/access-keys", json!({"name": "by a program"})).await;
    assert_eq!(written.status, StatusCode::OK, "no CSRF token for programs: {}", written.text);
    let listed = admin.json("/api/v1/api-clients").await;
    assert!(listed["items"][0]["last_used_at"].is_i64(), "{listed}");

    clock.advance(Duration::from_millis(299_999));
    assert_eq!(program.get("/api/v1/applications").await.status, StatusCode::OK);
    clock.advance(Duration::from_millis(1));
    for path in paths {
        let refused = program.get(path).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{path}");
        let challenge = refused.header("www-authenticate");
        assert!(challenge.contains("error=\"invalid_token\""), "{path}: {challenge}");
    }
}

#[tokio::test]
async fn oauths_own_ways_of_sending_the_credentials_are_understood() {
    let (_, stranger, _, client) = made().await;
    let (id, secret) = (text(&client, "client_id"), text(&client, "secret"));
    // As OAuth says: encoded as in a form, then as HTTP Basic says.
    let basic = stranger.clone().with_basic("nightly%40customer1", secret);
    let answer = ask(&basic, "grant_type=client_credentials").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    // The media type of older scripts.
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let old = stranger.with("content-type", "application/vnd.appd.cntrl+protobuf;v=1");
    let answer = old.send_text(Method::POST, TOKEN, &form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
}

#[tokio::test]
async fn a_deleted_client_and_a_replaced_secret_are_refused_at_once() {
    let (admin, stranger, _, client) = made().await;
    let old = bearer(&stranger, &token(&stranger, &client).await);
    let path = format!("/api/v1/api-clients/{}", client["id"]);
    let replaced = admin.post(&format!("{path}/secret"), json!({})).await.json();
    assert_eq!(replaced["client_id"], client["client_id"]);
    assert_ne!(replaced["secret"], client["secret"]);
    assert_eq!(old.get("/api/v1/applications").await.status, StatusCode::UNAUTHORIZED);

    let new = bearer(&stranger, &token(&stranger, &replaced).await);
    assert_eq!(new.get("/api/v1/applications").await.status, StatusCode::OK);
    let gone = admin.send(Method::DELETE, &path, None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text);
    assert_eq!(new.get("/api/v1/applications").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(admin.json("/api/v1/api-clients").await["items"], json!([]));
    let again = admin.send(Method::DELETE, &path, None).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND, "{}", again.text);
    let form = format!(
        "grant_type=client_credentials&client_id=nightly&client_secret={}",
        text(&replaced, "secret")
    );
    let refused = ask(&stranger, &form).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.json()["error"], "invalid_client");
}

#[tokio::test]
async fn a_rotated_secret_is_taken_until_the_overlap_ends_and_the_new_one_at_once() {
    let (admin, stranger, clock, client) = made().await;
    let path = format!("/api/v1/api-clients/{}", client["id"]);
    let change = json!({"description": "exports", "token_seconds": 86_400, "roles": [1]});
    let changed = admin.send(Method::PUT, &path, Some(change)).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    let before = bearer(&stranger, &token(&stranger, &client).await);
    let rotate = async |seconds: u32| {
        let body = json!({"overlap_seconds": seconds});
        admin.post(&format!("{path}/secret"), body).await
    };
    assert_eq!(rotate(604_801).await.status, StatusCode::BAD_REQUEST, "longer than a week");
    let second = rotate(3600).await.json();

    let with_new = bearer(&stranger, &token(&stranger, &second).await);
    clock.advance(Duration::from_millis(3_599_000));
    let asked = async |client: &Value| {
        let (id, secret) = (text(client, "client_id"), text(client, "secret"));
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        ask(&stranger, &form).await
    };
    let last = asked(&client).await.json();
    assert_eq!(last["expires_in"], 1, "it ends with its secret");
    let with_old = bearer(&stranger, text(&last, "access_token"));
    for (program, what) in [(&before, "before"), (&with_old, "old"), (&with_new, "new")] {
        assert_eq!(program.get("/api/v1/applications").await.status, StatusCode::OK, "{what}");
    }
    clock.advance(Duration::from_secs(1));
    let refused = asked(&client).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{}", refused.text);
    assert_eq!(refused.json()["error"], "invalid_client");
    assert_eq!(asked(&second).await.status, StatusCode::OK);
    for (program, what) in [(&before, "before"), (&with_old, "old")] {
        let refused = program.get("/api/v1/applications").await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "a token of a day, {what}");
    }
    assert_eq!(with_new.get("/api/v1/applications").await.status, StatusCode::OK);

    // Who rotates again within an overlap lets the secret before the last go at once.
    let third = rotate(3600).await.json();
    let fourth = rotate(3600).await.json();
    assert_eq!(asked(&second).await.status, StatusCode::UNAUTHORIZED);
    for client in [&third, &fourth] {
        assert_eq!(asked(client).await.status, StatusCode::OK);
    }
    // And who has to take one back now, though it was to overlap, does so without an overlap.
    let fifth = rotate(0).await.json();
    for client in [&third, &fourth] {
        assert_eq!(asked(client).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(asked(&fifth).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_no_sound_question_for_a_token_is_refused_in_oauths_words() {
    let (_, stranger, _, client) = made().await;
    let secret = text(&client, "secret");
    for (form, status, word) in [
        (String::new(), 400, "invalid_request"),
        (
            "grant_type=password&client_id=a&client_secret=b".to_owned(),
            400,
            "unsupported_grant_type",
        ),
        ("grant_type=client_credentials".to_owned(), 400, "invalid_request"),
        ("grant_type=client_credentials&client_id=nightly".to_owned(), 400, "invalid_request"),
        (
            format!("grant_type=client_credentials&client_id=other&client_secret={secret}"),
            401,
            "invalid_client",
        ),
    ] {
        let refused = ask(&stranger, &form).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["error"]), (status, &json!(word)));
    }
    let wrong = "grant_type=client_credentials&client_id=nightly&client_secret=wrong";
    for _ in 0..5 {
        let refused = ask(&stranger, wrong).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{}", refused.text);
    }
    let slowed = ask(&stranger, wrong).await;
    assert_eq!(slowed.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(slowed.header("retry-after"), "60");
}

#[tokio::test]
async fn a_token_may_not_make_what_outlives_it_and_has_no_session() {
    let (admin, stranger, _, client) = made().await;
    let program = bearer(&stranger, &token(&stranger, &client).await);
    let path = format!("/api/v1/api-clients/{}", client["id"]);
    for (method, path) in [
        (Method::GET, "/api/v1/api-clients".to_owned()),
        (Method::POST, "/api/v1/api-clients".to_owned()),
        (Method::POST, format!("{path}/secret")),
        (Method::DELETE, path),
    ] {
        let refused = program.send(method.clone(), &path, Some(json!({"name": "x"}))).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{method} {path}");
        assert_eq!(refused.json()["error"]["code"], "users_only");
    }
    assert_eq!(program.get("/api/v1/session").await.status, StatusCode::NOT_FOUND);
    assert_eq!(admin.json("/api/v1/api-clients").await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn names_are_sound_and_given_once_and_secrets_are_never_shown_again() {
    let (admin, _, _, client) = made().await;
    let twin = admin.post("/api/v1/api-clients", json!({"name": " nightly "})).await;
    assert_eq!(twin.status, StatusCode::CONFLICT, "{}", twin.text);
    assert_eq!(twin.json()["error"]["code"], "conflict");
    for body in [
        json!({"name": ""}),
        json!({"name": "a\nb"}),
        json!({"name": "n".repeat(256)}),
        json!({"name": "n", "description": "d".repeat(256)}),
        json!({"description": "no name"}),
    ] {
        let refused = admin.post("/api/v1/api-clients", body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
    }
    let listed = admin.get("/api/v1/api-clients").await;
    assert!(!listed.text.contains(text(&client, "secret")));
    let item = &listed.json()["items"][0];
    assert_eq!((text(item, "name"), text(item, "description")), ("nightly", "exports"));
    assert_eq!(
        (text(item, "client_id"), &item["last_used_at"]),
        ("nightly@customer1", &json!(null))
    );
}

#[tokio::test]
async fn text_that_is_no_token_is_refused() {
    let (_, stranger, _, _) = made().await;
    for wrong in ["", "vt_", "abc", &"x".repeat(5000)] {
        let refused = bearer(&stranger, wrong).get("/api/v1/applications").await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    let basic = base64::engine::general_purpose::STANDARD.encode("nightly:x");
    let user = stranger.with("authorization", &format!("Basic {basic}"));
    assert_eq!(user.get("/api/v1/applications").await.status, StatusCode::UNAUTHORIZED);
}
