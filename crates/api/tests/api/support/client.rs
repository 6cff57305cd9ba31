//! A client of the router, as far as a browser or a script matters.

use std::net::SocketAddr;

use axum::{Router, body::Body, extract::ConnectInfo};
use base64::Engine as _;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;

/// Sends requests with the headers it was given.
#[derive(Clone)]
pub(crate) struct Client {
    router: Router,
    headers: Vec<(&'static str, String)>,
    peer: SocketAddr,
    _folder: std::sync::Arc<TempDir>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Client {
    pub(crate) fn new(router: Router, folder: TempDir) -> Client {
        let peer = SocketAddr::from(([192, 0, 2, 7], 40_000));
        Client { router, headers: Vec::new(), peer, _folder: folder.into() }
    }

    pub(crate) fn with_basic(self, user: &str, password: &str) -> Client {
        let encoded =
            base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        self.with("authorization", &format!("Basic {encoded}"))
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Client {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn at_peer(mut self, peer: [u8; 4]) -> Client {
        self.peer = SocketAddr::from((peer, 40_000));
        self
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        match body {
            None => self.send_text(method, path, "").await,
            Some(body) => {
                let client = self.clone().with("content-type", "application/json");
                client.send_text(method, path, &body.to_string()).await
            }
        }
    }

    pub(crate) async fn send_text(&self, method: Method, path: &str, body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request.extension(ConnectInfo(self.peer)).body(Body::from(body.to_owned()));
        let response = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn form(&self, path: &str, form: &str) -> Answer {
        let client = self.clone().with("content-type", "application/x-www-form-urlencoded");
        client.send_text(Method::POST, path, form).await
    }

    /// The body of what has to be answered with 200.
    #[track_caller]
    pub(crate) fn json(&self, path: &str) -> impl Future<Output = Value> + '_ {
        let path = path.to_owned();
        async move {
            let answer = self.get(&path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
            answer.json()
        }
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}
