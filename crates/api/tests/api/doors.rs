//! Every door is tried without a key: the list is the router's own.

use api::{Access, RouteInfo, routes};
use http::{Method, StatusCode};
use serde_json::json;

use crate::support::{Client, World};

/// A path of the route with something for each parameter.
fn concrete(route: &RouteInfo) -> String {
    let part = |part: &str| match part.starts_with('{') {
        true => "1".to_owned(),
        false => part.to_owned(),
    };
    route.path.split('/').map(part).collect::<Vec<_>>().join("/")
}

async fn knock(client: &Client, route: &RouteInfo) -> StatusCode {
    let body = (!route.method.is_safe()).then(|| json!({}));
    client.send(route.method.clone(), &concrete(route), body).await.status
}

#[tokio::test]
async fn every_route_but_these_refuses_a_stranger() {
    let stranger = World::new().await.stranger();
    let mut public = Vec::new();
    for route in routes() {
        let status = knock(&stranger, &route).await;
        match route.access {
            Access::Public => public.push(format!("{} {}", route.method, route.path)),
            _ => {
                assert_eq!(status, StatusCode::UNAUTHORIZED, "{} {}", route.method, route.path);
            }
        }
    }
    assert_eq!(
        public,
        [
            "GET /healthz",
            "GET /readyz",
            "GET /ca.pem",
            "GET /api/v1/about",
            "POST /api/v1/session",
            "GET /controller/rest/serverstatus",
            "POST /controller/api/oauth/access_token",
        ]
    );
}

#[tokio::test]
async fn every_route_refuses_a_wrong_password_and_lets_the_right_one_in() {
    let stranger = World::new().await.stranger();
    let right = stranger.clone().with_basic("admin", crate::support::world_password());
    for (n, route) in (0u16..).zip(routes()) {
        if route.access == Access::Public {
            continue;
        }
        // From an address each, or the throttle would answer.
        let wrong = stranger.clone().with_basic("admin", "wrong").at_peer([
            198,
            51,
            n.to_be_bytes()[0],
            n.to_be_bytes()[1],
        ]);
        assert_eq!(knock(&wrong, &route).await, StatusCode::UNAUTHORIZED, "{}", route.path);
        let status = knock(&right, &route).await;
        assert!(
            status != StatusCode::UNAUTHORIZED
                && (!status.is_server_error() || route.path.contains("/rbac/")),
            "{} {status}",
            route.path
        );
    }
}

#[tokio::test]
async fn a_stranger_does_not_learn_what_exists() {
    let stranger = World::new().await.stranger();
    for path in
        ["/api/v1/nothing", "/api/v2", "/jaeger/x", "/controller/rest/nothing", "/controller/auth"]
    {
        assert_eq!(stranger.get(path).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    for path in ["/controller/rest/applications", "/prometheus/api/v1/labels"] {
        let refused = stranger.get(path).await;
        let challenges: Vec<_> = refused.headers.get_all("www-authenticate").iter().collect();
        assert!(challenges.iter().any(|it| it.as_bytes().starts_with(b"Basic ")), "{challenges:?}");
        assert!(
            challenges.iter().any(|it| it.as_bytes().starts_with(b"Bearer ")),
            "{challenges:?}"
        );
    }
    // At Basic a browser would ask for a password over the page's own sign-in.
    let refused = stranger.get("/api/v1/applications").await;
    assert_eq!(refused.header("www-authenticate"), "Bearer realm=\"Vedette\"");
}

#[tokio::test]
async fn what_no_api_serves_is_refused_in_the_words_of_that_api() {
    let client = World::new().await.client();
    for (path, status, kind, part) in [
        ("/api", 404, "application/json", "\"code\":\"not_found\""),
        ("/api/", 404, "application/json", "nothing is served under /api/"),
        ("/api/v1", 404, "application/json", "nothing is served under /api/v1;"),
        ("/api/v1/nothing", 404, "application/json", "\"code\":\"not_found\""),
        ("/api/v2/applications", 404, "application/json", "\"code\":\"not_found\""),
        ("/jaeger/api/archive/1", 404, "application/json", "\"errors\":[{\"code\":404"),
        ("/prometheus/api/v1/rules", 404, "application/json", "\"errorType\":\"not_found\""),
        ("/controller", 404, "text/plain", "is not supported"),
        ("/controller/", 404, "text/plain", "is not supported"),
        ("/controller/auth", 404, "text/plain", "is not supported"),
        ("/controller/rest/nothing", 400, "text/plain", "is not supported"),
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let answer = client.send(method.clone(), path, None).await;
            assert_eq!(answer.status, status, "{method} {path}");
            assert!(answer.header("content-type").starts_with(kind), "{method} {path}");
            assert!(answer.text.contains(part), "{method} {path}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn metrics_are_for_this_machine_or_who_is_signed_in() {
    let stranger = World::new().await.stranger();
    let local = stranger.clone().at_peer([127, 0, 0, 1]);
    let plain = local.get("/metrics").await;
    assert_eq!(
        (plain.header("content-type"), &*plain.text),
        ("text/plain; version=0.0.4; charset=utf-8", "")
    );
    let asked = local.clone().with("accept", "application/openmetrics-text").get("/metrics").await;
    assert!(
        asked.header("content-type").starts_with("application/openmetrics-text; version=1.0.0")
    );
    assert_eq!(asked.text, "# EOF\n");
    assert_eq!(local.get("/api/v1/applications").await.status, StatusCode::UNAUTHORIZED);
    let program = stranger.with_basic("admin", crate::support::world_password());
    assert_eq!(program.get("/metrics").await.status, StatusCode::OK);
}

#[tokio::test]
async fn probes_say_how_it_stands() {
    let mut world = World::new().await;
    world.status.not_ready = vec!["the journal is being opened".to_owned()];
    let stranger = world.stranger();
    assert_eq!(stranger.get("/healthz").await.status, StatusCode::OK);
    let ready = stranger.get("/readyz").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready.json(), json!({"ready": false, "reasons": ["the journal is being opened"]}));
    assert!(stranger.get("/ca.pem").await.text.starts_with("-----BEGIN"));
    let about = stranger.get("/api/v1/about").await.json();
    assert_eq!((&about["product"], &about["version"]), (&json!("Vedette"), &json!("0.1.0")));
}

#[tokio::test]
async fn a_server_with_a_certificate_of_its_own_has_no_ca_to_give() {
    let mut world = World::new().await;
    world.status.own_certificate = true;
    let stranger = world.stranger();
    let answer = stranger.get("/ca.pem").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.text.contains("trust the authority that issued it"), "{}", answer.text);
    assert_eq!(stranger.json("/api/v1/about").await["ca_fingerprint_sha256"], "");
}

#[tokio::test]
async fn a_query_parameter_that_a_route_does_not_have_is_refused_with_those_that_it_has() {
    let client = World::new().await.client();
    for route in routes().into_iter().filter(|route| route.path.starts_with("/api/v1/")) {
        let body = (!route.method.is_safe()).then(|| json!({}));
        let path = format!("{}?form=1", concrete(&route));
        let refused = client.send(route.method.clone(), &path, body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{} {path}", route.method);
        let text = &refused.text;
        assert!(text.contains("no query parameter \\\"form\\\" here; there are: "), "{text}");
    }
    let refused = client.get("/api/v1/applications?range=last-6h").await;
    assert!(refused.text.contains("from, "), "{}", refused.text);
    assert_eq!(client.get("/api/v1/applications?from=1&to=2").await.status, StatusCode::OK);
    // These are other people's APIs, which pass over what they do not know.
    assert_eq!(client.get("/controller/rest/applications?form=1").await.status, StatusCode::OK);
}
