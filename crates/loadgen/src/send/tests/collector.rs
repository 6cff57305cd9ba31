//! A server for HTTP/1.1 and HTTP/2 that answers as scripted, the last script for ever.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpListener;

use crate::wire::{put_bytes, put_number};

#[derive(Debug, Clone, Copy)]
pub(super) enum Script {
    Accept,
    /// Overloaded, come again at once.
    Later,
    /// Partial success.
    Reject(u64),
    /// Drops the connection after the request was read.
    Break,
    Answer(StatusCode, &'static str),
}

#[derive(Debug, Clone)]
pub(super) struct Received {
    pub(super) path: String,
    headers: HashMap<String, String>,
    pub(super) body: Bytes,
}

impl Received {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

#[derive(Debug, Clone)]
pub(super) struct Collector {
    port: u16,
    scripts: Arc<Vec<Script>>,
    received: Arc<Mutex<Vec<Received>>>,
}

type Answered = Result<Response<BoxBody<Bytes, Infallible>>, std::io::Error>;

impl Collector {
    pub(super) async fn start(scripts: Vec<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let collector = Self { port, scripts: Arc::new(scripts), received: Arc::default() };
        let serving = collector.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let collector = serving.clone();
                tokio::spawn(async move {
                    let answer = service_fn(move |request| collector.clone().answer(request));
                    // A scripted break ends the connection with an error; that is its purpose.
                    drop(
                        Builder::new(TokioExecutor::new())
                            .serve_connection(TokioIo::new(stream), answer)
                            .await,
                    );
                });
            }
        });
        collector
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    async fn answer(self, request: Request<Incoming>) -> Answered {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
        let headers = head
            .headers
            .iter()
            .map(|(n, v)| (n.to_string(), v.to_str().unwrap().to_owned()))
            .collect();
        let number = {
            let mut received = self.received.lock().unwrap();
            received.push(Received { path: head.uri.path().to_owned(), headers, body });
            received.len() - 1
        };
        let script = self.scripts[number.min(self.scripts.len() - 1)];
        if head.headers["content-type"] == "application/grpc" {
            grpc(script)
        } else {
            http(script, &head.headers)
        }
    }
}

fn http(script: Script, headers: &HeaderMap) -> Answered {
    let kind = headers["content-type"].clone();
    let response = Response::builder().header("content-type", kind);
    let response = match script {
        Script::Accept if headers["content-type"] == "application/json" => {
            response.body(Bytes::from("{}"))
        }
        Script::Accept => response.body(Bytes::new()),
        Script::Reject(spans) => response.body(partial_success(spans).into()),
        Script::Later => response.status(503).header("retry-after", "0").body(Bytes::new()),
        Script::Answer(status, text) => response.status(status).body(Bytes::from(text)),
        Script::Break => return Err(std::io::Error::other("scripted")),
    };
    Ok(response.unwrap().map(|body| Full::new(body).boxed()))
}

fn grpc(script: Script) -> Answered {
    let (status, message) = match script {
        Script::Accept => ("0", Vec::new()),
        Script::Reject(spans) => ("0", partial_success(spans)),
        // RetryInfo of no delay at all: Status { details: Any { type_url, value: RetryInfo { retry_delay: {} } } }.
        Script::Later => ("14", Vec::new()),
        other => unreachable!("{other:?} is not scripted over gRPC"),
    };
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", status.parse().unwrap());
    if matches!(script, Script::Later) {
        trailers.insert("grpc-status-details-bin", retry_at_once().parse().unwrap());
    }
    let framed = [&[0], &(message.len() as u32).to_be_bytes()[..], &message].concat();
    let body = Full::new(Bytes::from(framed)).with_trailers(async move { Some(Ok(trailers)) });
    Ok(Response::builder().header("content-type", "application/grpc").body(body.boxed()).unwrap())
}

fn retry_at_once() -> String {
    use base64::Engine;
    let (mut info, mut any, mut status) = (Vec::new(), Vec::new(), Vec::new());
    put_bytes(&mut info, 1, &[]);
    put_bytes(&mut any, 1, b"type.googleapis.com/google.rpc.RetryInfo");
    put_bytes(&mut any, 2, &info);
    put_bytes(&mut status, 3, &any);
    base64::engine::general_purpose::STANDARD.encode(status)
}

fn partial_success(spans: u64) -> Vec<u8> {
    let (mut partial, mut answer) = (Vec::new(), Vec::new());
    put_number(&mut partial, 1, spans);
    put_bytes(&mut partial, 2, b"too old");
    put_bytes(&mut answer, 1, &partial);
    answer
}
