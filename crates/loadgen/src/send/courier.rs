//! Delivers bodies over one connection and obeys the answers: sends again what is to come later, gives up what is
//! refused, and counts what came of it. What is in the bodies is not its business.

use std::time::Duration;

use anyhow::{Context, Result};
use bytes::{BufMut, Bytes, BytesMut};
use http::Request;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, TE, USER_AGENT};
use http_body_util::Full;

use super::answer::{self, Answer};
use super::endpoint::{Endpoint, Version};
use super::link::{Link, Reply};
use super::tally::Tally;
use super::{Encoding, Manner, Protocol, compress, since};
use crate::data::Notation;
use crate::wall;

/// Pause before a broken connection is tried again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(100);
/// Pause when told to come later without being told when.
const UNHINTED_PAUSE: Duration = Duration::from_secs(1);
/// Errors one after the other after which a sender stops: the rest would fail alike.
const HOPELESS: u32 = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Traces,
    Metrics,
    Logs,
}

impl Signal {
    fn path(self, protocol: Protocol) -> &'static str {
        match (self, protocol) {
            (Self::Traces, Protocol::Http) => "/v1/traces",
            (Self::Metrics, Protocol::Http) => "/v1/metrics",
            (Self::Logs, Protocol::Http) => "/v1/logs",
            (_, Protocol::RemoteWrite) => "/prometheus/api/v1/write",
            (Self::Traces, Protocol::Grpc) => {
                "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
            }
            (Self::Metrics, Protocol::Grpc) => {
                "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
            }
            (Self::Logs, Protocol::Grpc) => {
                "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
            }
        }
    }
}

#[derive(Debug)]
pub(crate) struct Courier {
    signal: Signal,
    notation: Notation,
    manner: Manner,
    link: Link,
    failures_in_a_row: u32,
    pub(crate) tally: Tally,
}

/// A request as it goes over the wire; a resend sends the same bytes.
#[derive(Debug, Clone)]
pub(crate) struct Payload {
    bytes: Bytes,
    otlp_bytes: u64,
    /// Spans or points.
    items: u64,
    pub(crate) kind: PayloadKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PayloadKind {
    Fresh,
    Late,
    Repeated,
}

impl Payload {
    /// The same bytes once more.
    pub(crate) fn again(self) -> Self {
        Self { kind: PayloadKind::Repeated, ..self }
    }
}

impl Courier {
    pub(crate) fn new(
        signal: Signal,
        notation: Notation,
        manner: Manner,
        endpoint: Endpoint,
    ) -> Self {
        let version =
            if manner.protocol == Protocol::Grpc { Version::Http2 } else { Version::Http1 };
        let link = Link::new(endpoint, version);
        Self { signal, notation, manner, link, failures_in_a_row: 0, tally: Tally::default() }
    }

    pub(crate) fn is_hopeless(&self) -> bool {
        self.failures_in_a_row >= HOPELESS
    }

    pub(crate) fn pack(&self, body: Bytes, items: u64, kind: PayloadKind) -> Result<Payload> {
        let otlp_bytes = body.len() as u64;
        let encoded = self.manner.encoding.apply(body)?;
        let bytes = match self.manner.protocol {
            Protocol::Http => encoded,
            Protocol::Grpc => frame(&encoded, self.manner.encoding)?,
            Protocol::RemoteWrite => compress::snappy(&encoded)?,
        };
        Ok(Payload { bytes, otlp_bytes, items, kind })
    }

    /// Sends until it is accepted or given up, and counts what came of it; whether it was accepted.
    pub(crate) async fn deliver(&mut self, payload: &Payload) -> bool {
        let began = wall::instant();
        loop {
            let attempt = wall::instant();
            let pause = match self.attempt(payload).await {
                Ok(Answer::Accepted { rejected, message }) => {
                    self.tally.latency_us.saturating_record(since(attempt).as_micros() as u64);
                    self.accepted(payload, rejected, message);
                    return true;
                }
                Ok(Answer::Later(hint)) => {
                    self.tally.retries += 1;
                    self.tally.retries_without_hint += u64::from(hint.is_none());
                    if since(began) > self.manner.give_up {
                        self.fail(format!(
                            "still told to come later after {:?}",
                            self.manner.give_up
                        ));
                        return false;
                    }
                    hint.unwrap_or(UNHINTED_PAUSE)
                }
                Ok(Answer::Refused(why)) => {
                    self.fail(why);
                    return false;
                }
                Err(error) => {
                    self.tally.broken_connections += 1;
                    if since(began) >= self.manner.patience {
                        self.fail(format!("{error:#}"));
                        return false;
                    }
                    RECONNECT_PAUSE
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    pub(crate) fn fail(&mut self, why: String) {
        self.failures_in_a_row += 1;
        self.tally.error(why);
    }

    /// Sends once, whatever comes of it, and counts nothing.
    pub(crate) async fn ask(&mut self, payload: &Payload) -> Result<Reply> {
        let request = self.request(payload.bytes.clone())?;
        self.link.ask(request).await
    }

    async fn attempt(&mut self, payload: &Payload) -> Result<Answer> {
        let reply = self.ask(payload).await?;
        Ok(match self.manner.protocol {
            Protocol::Http | Protocol::RemoteWrite => answer::of_http(&reply),
            Protocol::Grpc => answer::of_grpc(&reply),
        })
    }

    fn request(&self, bytes: Bytes) -> Result<Request<Full<Bytes>>> {
        let mut request = Request::post(self.signal.path(self.manner.protocol));
        request = request.header(USER_AGENT, concat!("loadgen/", env!("CARGO_PKG_VERSION")));
        if let Some(key) = &self.manner.api_key {
            request = request.header("x-api-key", key);
        }
        let encoding = self.manner.encoding;
        request = match (self.manner.protocol, self.notation) {
            (Protocol::Grpc, _) => {
                request.header(CONTENT_TYPE, "application/grpc").header(TE, "trailers")
            }
            (Protocol::RemoteWrite, _) => request
                .header(CONTENT_TYPE, "application/x-protobuf")
                .header(CONTENT_ENCODING, "snappy")
                .header("x-prometheus-remote-write-version", "0.1.0"),
            (Protocol::Http, Notation::Protobuf) => {
                request.header(CONTENT_TYPE, "application/x-protobuf")
            }
            (Protocol::Http, Notation::Json) => request.header(CONTENT_TYPE, "application/json"),
        };
        request = match self.manner.protocol {
            _ if encoding == Encoding::Identity => request,
            Protocol::Grpc => request.header("grpc-encoding", encoding.name()),
            Protocol::Http | Protocol::RemoteWrite => {
                request.header(CONTENT_ENCODING, encoding.name())
            }
        };
        request.body(Full::new(bytes)).context("the access key is no header value")
    }

    fn accepted(&mut self, payload: &Payload, rejected: u64, message: String) {
        self.failures_in_a_row = 0;
        let tally = &mut self.tally;
        tally.requests += 1;
        tally.otlp_bytes += payload.otlp_bytes;
        tally.sent_bytes += payload.bytes.len() as u64;
        if rejected > 0 {
            let what = match self.signal {
                Signal::Traces => "spans",
                Signal::Metrics => "points",
                Signal::Logs => "log records",
            };
            tally.note(format!("{rejected} {what} refused by partial success: {message}"));
        }
        if payload.kind == PayloadKind::Repeated {
            tally.repeated_requests += 1;
            return;
        }
        tally.rejected += rejected;
        tally.acknowledged += payload.items.saturating_sub(rejected);
        tally.late += if payload.kind == PayloadKind::Late { payload.items } else { 0 };
    }
}

/// gRPC's prefix: one byte that says whether the message is compressed, four with its length.
fn frame(message: &[u8], encoding: Encoding) -> Result<Bytes> {
    let length = u32::try_from(message.len()).context("a message over 4 GiB")?;
    let mut framed = BytesMut::with_capacity(message.len() + 5);
    framed.put_u8(u8::from(encoding != Encoding::Identity));
    framed.put_u32(length);
    framed.extend_from_slice(message);
    Ok(framed.freeze())
}
