//! Where agents report: OTLP over HTTP and gRPC, on any number of listeners.
//!
//! ```text
//! request ─▶ path, content type, key ─▶ body, under caps and budget ─▶ inflate, convert, check, cut ─▶ journal ─▶ answer
//! ```
//!
//! Decided here: who may send, what is refused and in which words, how much may be under way at a time. Success is
//! answered only once [`Journal::append`] says that the data are durable. Nothing queues without bound: every body is
//! paid for from one budget of bytes, and a request that the budget has no room for is told when to come again. What
//! the data mean is the pipeline's business.
//!
//! The answers follow the OTLP specification 1.10 and gRPC's "over HTTP2" description to the letter; where those leave
//! a choice, the choice stands beside the code that makes it.

mod attempts;
mod body;
mod budget;
mod config;
mod export;
mod grpc;
mod http;
mod inflate;
mod journal;
mod keys;
mod metrics;
mod paths;
mod prepare;
mod refused;

use std::{convert::Infallible, net::IpAddr, sync::Arc};

use ::http::{HeaderMap, Request, request::Parts};
use axum::{Router, body::Body, response::Response};
use daemon::{
    clock::SharedClock,
    listener::{HandshakeFailure, Peer},
    memory::Guard,
};
use prometheus_client::registry::Registry;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::room::Room;

use self::{attempts::Attempts, budget::Budget, metrics::Metrics, paths::Target};
pub use self::{
    attempts::{Attempt, AttemptResult},
    config::{Config, Kept, Limits},
    journal::{AppendError, Appending, Batch, Journal, Topic},
    keys::{KeyRule, Keys},
};

/// What intake is built from.
#[derive(Clone)]
pub struct Deps {
    pub journal: Arc<dyn Journal>,
    pub keys: Arc<dyn Keys>,
    pub clock: SharedClock,
    pub memory: Guard,
    /// What the pipeline says of metric streams.
    pub room: Room,
}

impl std::fmt::Debug for Deps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

impl Config {
    /// Builds intake; its counters are to be seen in `registry`.
    pub fn build(self, deps: Deps, registry: &mut Registry) -> Intake {
        let Deps { journal, keys, clock, memory, room } = deps;
        let budget = Budget::new(self.limits.in_flight_bytes, memory);
        let metrics = Metrics::register(registry, &budget);
        let workers = Arc::new(Semaphore::new(self.limits.workers));
        Intake(Arc::new(Shared {
            journal,
            keys,
            clock,
            room,
            budget,
            metrics,
            workers,
            attempts: Attempts::default(),
            tasks: TaskTracker::new(),
            config: self,
        }))
    }
}

/// Intake. Clones are the same one.
#[derive(Clone)]
pub struct Intake(Arc<Shared>);

impl std::fmt::Debug for Intake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intake").field("config", &self.0.config).finish_non_exhaustive()
    }
}

/// What all requests share.
struct Shared {
    config: Config,
    journal: Arc<dyn Journal>,
    keys: Arc<dyn Keys>,
    clock: SharedClock,
    room: Room,
    budget: Budget,
    metrics: Metrics,
    /// Bounds how many large bodies are worked on at a time.
    workers: Arc<Semaphore>,
    attempts: Attempts,
    /// Requests whose body is read: they go on when their sender goes away.
    tasks: TaskTracker,
}

impl Intake {
    /// Serves one listener: OTLP/HTTP and OTLP/gRPC on the same port. What is neither is answered with a hint.
    pub fn router(&self, key_rule: KeyRule) -> Router {
        let shared = Arc::clone(&self.0);
        let service = tower::service_fn(move |request| {
            let shared = Arc::clone(&shared);
            async move { Ok::<_, Infallible>(answer(shared, key_rule, request).await) }
        });
        Router::new().fallback_service(service)
    }

    /// The last attempts to report, newest first: at most 50.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.0.attempts.list()
    }

    /// Notes a connection that did not get as far as a request.
    pub fn record_tls_failure(&self, failure: &HandshakeFailure) {
        self.0.attempts.tls_failed(failure, self.0.clock.now());
    }

    /// Returns once every request whose body was read is appended or refused. To be called after the listeners ended.
    pub async fn drained(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}

/// Whether a request on a port that others share is intake's to answer: an agent's path, or an agent's content type on
/// a wrong path, which deserves a hint.
pub fn claims(request: &Parts) -> bool {
    paths::is_agents(request.uri.path()) || http::is_agents_content_type(&request.headers)
}

/// What is known of a request before its body.
struct Call {
    key_rule: KeyRule,
    sender: Option<IpAddr>,
    path: String,
    headers: HeaderMap,
}

async fn answer(shared: Arc<Shared>, key_rule: KeyRule, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let sender = parts.extensions.get::<Peer>().map(|peer| peer.0.ip().to_canonical());
    let target = paths::target_of(parts.uri.path());
    let call = Call { key_rule, sender, path: parts.uri.path().to_owned(), headers: parts.headers };
    if grpc::is_grpc(&call.headers) {
        return grpc::answer(&shared, call, target, body).await;
    }
    let request = http::Incoming { method: parts.method, body };
    match target {
        Target::GrpcMethod(_) => http::answer_misdirected_grpc(&shared, call, request).await,
        _ => http::answer(&shared, call, target, request).await,
    }
}
