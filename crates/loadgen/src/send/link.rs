//! One keep-alive connection, HTTP/1.1 or HTTP/2, opened when first needed and again after it broke. It retries
//! nothing: whether to send again is the agent's decision.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use bytes::Bytes;
use http::header::HOST;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::endpoint::{Endpoint, Version};

const ANSWER_WITHIN: Duration = Duration::from_secs(120);
const LARGEST_ANSWER: usize = 64 << 20;

#[derive(Debug)]
pub(crate) struct Link {
    endpoint: Endpoint,
    version: Version,
    open: Option<Open>,
}

#[derive(Debug)]
enum Open {
    One(http1::SendRequest<Full<Bytes>>),
    Two(http2::SendRequest<Full<Bytes>>),
}

#[derive(Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) trailers: HeaderMap,
}

impl Link {
    pub(crate) fn new(endpoint: Endpoint, version: Version) -> Self {
        Self { endpoint, version, open: None }
    }

    /// Sends the request, whose URI is a path, and reads the whole answer. After an error the next call connects anew.
    pub(crate) async fn ask(&mut self, request: Request<Full<Bytes>>) -> Result<Reply> {
        let answer = tokio::time::timeout(ANSWER_WITHIN, self.exchange(request)).await;
        let answer = answer
            .unwrap_or_else(|_| Err(anyhow!("no answer within {} s", ANSWER_WITHIN.as_secs())));
        if answer.is_err() {
            self.open = None;
        }
        answer
    }

    async fn exchange(&mut self, mut request: Request<Full<Bytes>>) -> Result<Reply> {
        self.ensure_open().await?;
        let answer = match self.open.as_mut().expect("the connection was just opened") {
            Open::One(sender) => {
                let host = HeaderValue::try_from(self.endpoint.authority())
                    .context("the host is no header value")?;
                request.headers_mut().insert(HOST, host);
                sender.send_request(request).await
            }
            Open::Two(sender) => {
                let path = request.uri().path_and_query().map_or("/", |p| p.as_str());
                let uri =
                    format!("{}://{}{path}", self.endpoint.scheme(), self.endpoint.authority());
                *request.uri_mut() = uri.parse().context("the address makes no URI")?;
                sender.send_request(request).await
            }
        };
        let (head, body) = answer.context("the connection broke before an answer")?.into_parts();
        let body = Limited::new(body, LARGEST_ANSWER).collect().await;
        let body = body.map_err(|error| anyhow!("the answer could not be read: {error}"))?;
        let trailers = body.trailers().cloned().unwrap_or_default();
        Ok(Reply { status: head.status, headers: head.headers, body: body.to_bytes(), trailers })
    }

    /// A connection the server has closed meanwhile is replaced here, before a body is entrusted to it.
    async fn ensure_open(&mut self) -> Result<()> {
        let usable = match &mut self.open {
            None => false,
            Some(Open::One(sender)) => sender.ready().await.is_ok(),
            Some(Open::Two(sender)) => sender.ready().await.is_ok(),
        };
        if !usable {
            self.open = Some(self.connect().await?);
        }
        Ok(())
    }

    async fn connect(&self) -> Result<Open> {
        let io = TokioIo::new(self.endpoint.connect(self.version).await?);
        match self.version {
            Version::Http1 => {
                let (sender, connection) =
                    http1::handshake(io).await.context("HTTP/1.1 handshake failed")?;
                tokio::spawn(connection);
                Ok(Open::One(sender))
            }
            Version::Http2 => {
                let shake = http2::handshake(TokioExecutor::new(), io).await;
                let (sender, connection) = shake.context("HTTP/2 handshake failed")?;
                tokio::spawn(connection);
                Ok(Open::Two(sender))
            }
        }
    }
}
