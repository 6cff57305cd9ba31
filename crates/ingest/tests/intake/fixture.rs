//! An intake with a journal that records, keys that are known, and a clock that stands still.

use std::{
    io::Write,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Body};
use bytes::Bytes;
use daemon::{
    clock::{ManualClock, UnixNanos},
    listener::Peer,
};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use ingest::intake::{
    AppendError, Appending, Batch, Config, Deps, Intake, Journal, KeyRule, Keys, Limits,
};
use model::id::AccountId;
use parking_lot::Mutex;
use prometheus_client::registry::Registry;
use prost::Message;
use tokio::sync::{Notify, Semaphore};
use tower::ServiceExt;

use crate::proto::{self, Response, RpcStatus};

/// The clock's time.
pub(crate) const NOW: u64 = 1_800_000_000_000_000_000;

pub(crate) const SENDER: [u8; 4] = [10, 1, 2, 3];

/// Keeps what it is given, and answers what it is told.
#[derive(Default)]
pub(crate) struct FakeJournal {
    batches: Mutex<Vec<Batch>>,
    fails_with: Mutex<Option<AppendError>>,
    /// What it is said to fail with before it is asked.
    refuses_with: Mutex<Option<AppendError>>,
    /// Appends wait for a permit each while there is one.
    pub(crate) gate: Mutex<Option<Arc<Semaphore>>>,
    pub(crate) begun: Arc<Notify>,
}

/// The journal as intake has it.
struct Handle(Arc<FakeJournal>);

impl Journal for Handle {
    fn append(&self, batch: Batch) -> Appending {
        let journal = Arc::clone(&self.0);
        let gate = journal.gate.lock().clone();
        Box::pin(async move {
            journal.begun.notify_one();
            if let Some(gate) = gate {
                gate.acquire().await.expect("the gate is never closed").forget();
            }
            if let Some(error) = journal.fails_with.lock().clone() {
                return Err(error);
            }
            journal.batches.lock().push(batch);
            Ok(())
        })
    }

    fn refusal(&self, _under_way: usize) -> Option<AppendError> {
        self.0.refuses_with.lock().clone()
    }
}

impl FakeJournal {
    /// What was appended since the last call.
    pub(crate) fn take(&self) -> Vec<Batch> {
        std::mem::take(&mut self.batches.lock())
    }

    pub(crate) fn fail(&self, error: Option<AppendError>) {
        *self.fails_with.lock() = error;
    }

    pub(crate) fn refuse(&self, error: Option<AppendError>) {
        *self.refuses_with.lock() = error;
    }
}

struct FakeKeys;

impl Keys for FakeKeys {
    fn account_of(&self, key: &str) -> Option<AccountId> {
        (key == "good-key").then_some(AccountId(7))
    }
}

pub(crate) struct Fixture {
    pub(crate) intake: Intake,
    pub(crate) journal: Arc<FakeJournal>,
    pub(crate) clock: ManualClock,
    registry: Registry,
}

impl Fixture {
    pub(crate) fn new() -> Fixture {
        Fixture::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Fixture {
        let journal = Arc::<FakeJournal>::default();
        let clock = ManualClock::new(UnixNanos(NOW));
        let deps = Deps {
            journal: Arc::new(Handle(Arc::clone(&journal))),
            keys: Arc::new(FakeKeys),
            clock: clock.shared(),
            memory: daemon::memory::Guard::unlimited(),
            room: Default::default(),
        };
        let mut registry = Registry::default();
        let config = Config { limits, ..Config::default() };
        let intake = config.build(deps, &mut registry);
        Fixture { intake, journal, clock, registry }
    }

    pub(crate) fn router(&self) -> Router {
        self.intake.router(KeyRule::Optional)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        send(self.router(), request).await
    }

    /// A sound request in each signal's turn is still taken: what came before disturbed nobody.
    pub(crate) async fn assert_still_works(&self) {
        self.journal.take();
        let answer = self.send(post("/v1/traces", PROTOBUF, "", sound_spans())).await;
        assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0), "{answer:?}");
        assert_eq!(self.journal.take().len(), 1);
        assert_eq!(self.metric("intake_in_flight_bytes"), "0", "all room is given back");
    }

    /// The value of a line of the metrics, found by its beginning.
    pub(crate) fn metric(&self, line: &str) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        let value = text.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no line {line} in\n{text}")).to_owned()
    }
}

pub(crate) async fn send(router: Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.expect("intake answers everything");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("answers are whole").to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The refusal's status, in whichever encoding.
    pub(crate) fn rpc_status(&self) -> RpcStatus {
        match self.header("content-type") {
            PROTOBUF => RpcStatus::decode(&self.body[..]).unwrap(),
            _ => {
                let json: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
                let code = json["code"].as_i64().unwrap() as i32;
                let message = json["message"].as_str().unwrap().to_owned();
                RpcStatus { code, message, details: Vec::new() }
            }
        }
    }

    pub(crate) fn partial(&self) -> proto::PartialSuccess {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        Response::decode(&self.body[..]).unwrap().partial_success.unwrap_or_default()
    }
}

pub(crate) const PROTOBUF: &str = "application/x-protobuf";
pub(crate) const JSON: &str = "application/json";

pub(crate) fn post(
    path: &str,
    content_type: &str,
    coding: &str,
    body: impl Into<Body>,
) -> Request<Body> {
    let mut request = Request::post(path).header("content-type", content_type);
    if !coding.is_empty() {
        request = request.header("content-encoding", coding);
    }
    let peer = SocketAddr::from((SENDER, 40_000));
    request.extension(Peer(peer)).body(body.into()).unwrap()
}

pub(crate) fn sender() -> Option<IpAddr> {
    Some(IpAddr::from(SENDER))
}

pub(crate) fn sound_spans() -> Vec<u8> {
    proto::spans(vec![proto::span(1, NOW), proto::span(2, NOW)]).encode_to_vec()
}

pub(crate) fn compressed(coding: &str, bytes: &[u8]) -> Vec<u8> {
    match coding {
        "gzip" => {
            let level = flate2::Compression::fast();
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        "zstd" => zstd::encode_all(bytes, 1).unwrap(),
        _ => bytes.to_vec(),
    }
}

/// Limits small enough to be reached in a test.
pub(crate) fn small_limits() -> Limits {
    Limits {
        body_bytes: 100_000,
        inflated_bytes: 1 << 20,
        in_flight_bytes: 4 << 20,
        body_timeout: Duration::from_secs(5),
        ..Limits::default()
    }
}
