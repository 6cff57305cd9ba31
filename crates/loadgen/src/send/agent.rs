//! One simulated agent: takes turns from the schedule, fills a request, sends it, obeys the answer.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::{BufMut, Bytes, BytesMut};
use http::Request;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, TE, USER_AGENT};
use http_body_util::Full;

use super::answer::{self, Answer};
use super::endpoint::{Endpoint, Version};
use super::link::Link;
use super::schedule::{Schedule, Turn};
use super::tally::Tally;
use super::{Encoding, Manner, Protocol, since};
use crate::data::generator::Generator;
use crate::data::template::Templates;
use crate::data::{Notation, Shape};
use crate::draws::Draws;
use crate::wall;

/// Pause before a broken connection is tried again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(100);
/// Pause when told to come later without being told when.
const UNHINTED_PAUSE: Duration = Duration::from_secs(1);
/// Errors one after the other after which an agent stops: the rest would fail alike.
const HOPELESS: u32 = 10;
const GRPC_PATH: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

#[derive(Debug)]
pub(crate) struct Agent {
    generator: Generator,
    templates: Arc<Templates>,
    manner: Manner,
    notation: Notation,
    link: Link,
    draws: Draws,
    /// Bodies to send later, in the order they are due.
    held: VecDeque<Held>,
    failures_in_a_row: u32,
    done: Done,
}

/// What an agent leaves behind.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) tally: Tally,
    /// How often each template was used, the rest last.
    pub(crate) used: Vec<u64>,
    pub(crate) sample_traces: Vec<String>,
}

/// A request as it goes over the wire; a resend sends the same bytes.
#[derive(Debug, Clone)]
struct Payload {
    bytes: Bytes,
    otlp_bytes: u64,
    spans: u64,
    kind: PayloadKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PayloadKind {
    Fresh,
    Late,
    Repeated,
}

#[derive(Debug)]
struct Held {
    due: Instant,
    payload: Payload,
}

impl Agent {
    pub(crate) fn new(
        generator: Generator,
        templates: Arc<Templates>,
        manner: Manner,
        endpoint: Endpoint,
        shape: &Shape,
        number: u64,
    ) -> Self {
        let version =
            if manner.protocol == Protocol::Http { Version::Http1 } else { Version::Http2 };
        let used = vec![0; templates.full.len() + usize::from(templates.rest.is_some())];
        Self {
            generator,
            templates,
            manner,
            notation: shape.notation,
            link: Link::new(endpoint, version),
            draws: Draws::new(!shape.seed, number),
            held: VecDeque::new(),
            failures_in_a_row: 0,
            done: Done { tally: Tally::default(), used, sample_traces: Vec::new() },
        }
    }

    pub(crate) async fn run(mut self, schedule: Arc<Schedule>) -> Done {
        let mut buffers = Vec::new();
        while self.failures_in_a_row < HOPELESS {
            self.send_held(wall::instant()).await;
            let Some(turn) = schedule.take() else { break };
            self.wait_until(turn.due).await;
            self.round(turn, &mut buffers).await;
        }
        while let Some(next) =
            self.held.front().map(|held| held.due).filter(|_| self.failures_in_a_row < HOPELESS)
        {
            tokio::time::sleep_until(next.into()).await;
            self.send_held(next).await;
        }
        self.done
    }

    /// What is held back goes out in time also when the next turn is far off.
    async fn wait_until(&mut self, due: Instant) {
        while let Some(held) = self.held.front().map(|held| held.due).filter(|held| *held < due) {
            tokio::time::sleep_until(held.into()).await;
            self.send_held(held).await;
        }
        tokio::time::sleep_until(due.into()).await;
    }

    async fn send_held(&mut self, now: Instant) {
        while self.held.front().is_some_and(|held| held.due <= now) {
            let held = self.held.pop_front().expect("the front was just seen");
            self.deliver(held.payload).await;
        }
    }

    async fn round(&mut self, turn: Turn, buffers: &mut Vec<BytesMut>) {
        let templates = Arc::clone(&self.templates);
        let chosen = if turn.rest { templates.full.len() } else { self.generator.pick() };
        let template = templates
            .full
            .get(chosen)
            .or(templates.rest.as_ref())
            .expect("a rest turn has a rest template");
        self.generator.fill(template, wall::unix_nanos(), buffers);
        self.done.used[chosen] += 1;
        if turn.sampled {
            let id = self.generator.first_trace().map(|byte| format!("{byte:02x}"));
            self.done.sample_traces.push(id.concat());
        }
        for (buffer, body) in buffers.iter_mut().zip(&template.bodies) {
            let filled = std::mem::take(buffer).freeze();
            let kind = if body.late { PayloadKind::Late } else { PayloadKind::Fresh };
            let payload = match self.pack(filled.clone(), body.spans, kind) {
                Ok(payload) => payload,
                Err(error) => return self.fail(format!("{error:#}")),
            };
            if body.late {
                self.hold(payload);
            } else {
                self.deliver(payload).await;
            }
            // Nobody else holds the bytes now, unless they are to be sent again: the buffer serves the next round.
            *buffer = filled.try_into_mut().unwrap_or_default();
        }
    }

    fn pack(&self, body: Bytes, spans: u64, kind: PayloadKind) -> Result<Payload> {
        let otlp_bytes = body.len() as u64;
        let encoded = self.manner.encoding.apply(body)?;
        let bytes = match self.manner.protocol {
            Protocol::Http => encoded,
            Protocol::Grpc => frame(&encoded, self.manner.encoding)?,
        };
        Ok(Payload { bytes, otlp_bytes, spans, kind })
    }

    fn hold(&mut self, payload: Payload) {
        self.held.push_back(Held { due: wall::instant() + self.manner.delay, payload });
    }

    /// Sends until it is accepted or given up, and counts what came of it.
    async fn deliver(&mut self, payload: Payload) {
        let began = wall::instant();
        loop {
            let attempt = wall::instant();
            let pause = match self.attempt(&payload).await {
                Ok(Answer::Accepted { rejected_spans, message }) => {
                    self.done.tally.latency_us.saturating_record(since(attempt).as_micros() as u64);
                    return self.accepted(payload, rejected_spans, message);
                }
                Ok(Answer::Later(hint)) => {
                    self.done.tally.retries += 1;
                    self.done.tally.retries_without_hint += u64::from(hint.is_none());
                    if since(began) > self.manner.give_up {
                        return self.fail(format!(
                            "still told to come later after {:?}",
                            self.manner.give_up
                        ));
                    }
                    hint.unwrap_or(UNHINTED_PAUSE)
                }
                Ok(Answer::Refused(why)) => return self.fail(why),
                Err(error) => {
                    self.done.tally.broken_connections += 1;
                    if since(began) >= self.manner.patience {
                        return self.fail(format!("{error:#}"));
                    }
                    RECONNECT_PAUSE
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    async fn attempt(&mut self, payload: &Payload) -> Result<Answer> {
        let request = self.request(payload.bytes.clone())?;
        let reply = self.link.ask(request).await?;
        Ok(match self.manner.protocol {
            Protocol::Http => answer::of_http(&reply),
            Protocol::Grpc => answer::of_grpc(&reply),
        })
    }

    fn request(&self, bytes: Bytes) -> Result<Request<Full<Bytes>>> {
        let mut request = Request::post(if self.manner.protocol == Protocol::Http {
            "/v1/traces"
        } else {
            GRPC_PATH
        });
        request = request.header(USER_AGENT, concat!("loadgen/", env!("CARGO_PKG_VERSION")));
        if let Some(key) = &self.manner.api_key {
            request = request.header("x-api-key", key);
        }
        let encoding = self.manner.encoding;
        request = match (self.manner.protocol, self.notation) {
            (Protocol::Grpc, _) => {
                request.header(CONTENT_TYPE, "application/grpc").header(TE, "trailers")
            }
            (Protocol::Http, Notation::Protobuf) => {
                request.header(CONTENT_TYPE, "application/x-protobuf")
            }
            (Protocol::Http, Notation::Json) => request.header(CONTENT_TYPE, "application/json"),
        };
        request = match self.manner.protocol {
            _ if encoding == Encoding::Identity => request,
            Protocol::Grpc => request.header("grpc-encoding", encoding.name()),
            Protocol::Http => request.header(CONTENT_ENCODING, encoding.name()),
        };
        request.body(Full::new(bytes)).context("the access key is no header value")
    }

    fn accepted(&mut self, payload: Payload, rejected_spans: u64, message: String) {
        self.failures_in_a_row = 0;
        let tally = &mut self.done.tally;
        tally.requests += 1;
        tally.otlp_bytes += payload.otlp_bytes;
        tally.sent_bytes += payload.bytes.len() as u64;
        if rejected_spans > 0 {
            tally.note(format!("{rejected_spans} spans refused by partial success: {message}"));
        }
        if payload.kind == PayloadKind::Repeated {
            tally.repeated_requests += 1;
            return;
        }
        tally.rejected_spans += rejected_spans;
        tally.acknowledged_spans += payload.spans.saturating_sub(rejected_spans);
        tally.late_spans += if payload.kind == PayloadKind::Late { payload.spans } else { 0 };
        if self.draws.chance(self.manner.repeat_fraction) {
            self.hold(Payload { kind: PayloadKind::Repeated, ..payload });
        }
    }

    fn fail(&mut self, why: String) {
        self.failures_in_a_row += 1;
        self.done.tally.error(why);
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
