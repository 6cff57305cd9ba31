//! A listener with a small application behind it, on a free port of the loopback interface.

use std::{fs, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::{Extension, Router, extract, http::Version, routing::get};
use daemon::{
    clock::SystemClock,
    config::TlsName,
    listener::{Drained, HandshakeFailure, Limits, Listener, Metrics, Options, Peer, Protocol},
    tls::{Config, OwnCertificate, ServerTls},
};
use prometheus_client::registry::Registry;
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) tls: Arc<ServerTls>,
    pub(crate) stop: CancellationToken,
    failures: mpsc::UnboundedReceiver<HandshakeFailure>,
    gate: Gate,
    registry: Registry,
    serving: JoinHandle<Drained>,
    _dir: tempfile::TempDir,
}

/// Requests to `/gate` wait here.
#[derive(Clone)]
struct Gate {
    arrived: Arc<Semaphore>,
    open: Arc<Semaphore>,
}

impl Server {
    /// With a certificate of a fresh CA.
    pub(crate) async fn tls(limits: Limits) -> Self {
        Self::start(Some(issued().1), limits).await
    }

    pub(crate) async fn plain(limits: Limits) -> Self {
        Self::start(None, limits).await
    }

    pub(crate) async fn start(tls: Option<Arc<ServerTls>>, limits: Limits) -> Self {
        let (dir, issued) = issued();
        let (failed, failures) = mpsc::unbounded_channel();
        let protocol = match &tls {
            None => Protocol::Plain,
            Some(tls) => Protocol::Tls {
                config: tls.server_config(),
                on_failure: Arc::new(move |failure| failed.send(failure).unwrap()),
            },
        };
        let mut registry = Registry::default();
        let options = Options { protocol, limits, metrics: Metrics::register(&mut registry) };
        let listener =
            Listener::bind("127.0.0.1:0".parse().unwrap(), "https-listen").await.unwrap();
        let address = listener.address();
        let stop = CancellationToken::new();
        let gate = Gate { arrived: Arc::new(Semaphore::new(0)), open: Arc::new(Semaphore::new(0)) };
        let serving = tokio::spawn(listener.serve(app(gate.clone()), options, stop.clone()));
        let tls = tls.unwrap_or(issued);
        Self { address, tls, stop, failures, gate, registry, serving, _dir: dir }
    }

    /// The next failed handshake.
    pub(crate) async fn failure(&mut self) -> HandshakeFailure {
        self.failures.recv().await.unwrap()
    }

    pub(crate) fn no_failure(&mut self) -> bool {
        self.failures.try_recv().is_err()
    }

    /// Returns once a request waits at the gate.
    pub(crate) async fn at_gate(&self) {
        self.gate.arrived.acquire().await.unwrap().forget();
    }

    pub(crate) fn open_gate(&self) {
        self.gate.open.add_permits(1);
    }

    pub(crate) fn metrics(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        text
    }

    pub(crate) async fn ended(self) -> Drained {
        self.serving.await.unwrap()
    }
}

fn issued() -> (tempfile::TempDir, Arc<ServerTls>) {
    let dir = tempfile::tempdir().unwrap();
    let names = [TlsName::new("v.example").unwrap()].into();
    let config = Config { dir: dir.path().join("tls"), names, own: None };
    let tls = ServerTls::open(config, SystemClock::shared()).unwrap();
    (dir, Arc::new(tls))
}

fn app(gate: Gate) -> Router {
    let who = |Extension(Peer(peer)): Extension<Peer>, version: Version| async move {
        format!("{peer} {version:?}")
    };
    let slow = |extract::Path(millis): extract::Path<u64>| {
        tokio::time::sleep(Duration::from_millis(millis))
    };
    let at_gate = move || async move {
        gate.arrived.add_permits(1);
        gate.open.acquire().await.unwrap().forget();
        "through"
    };
    Router::new()
        .route("/who", get(who))
        .route("/open", get("open"))
        .route("/slow/{millis}", get(slow))
        .route("/gate", get(at_gate))
}

pub(crate) fn own_certificate(dir: &Path) -> OwnCertificate {
    OwnCertificate { chain: dir.join("chain.pem"), key: dir.join("key.pem") }
}

/// Writes a new pair for `own.example` and returns the certificate.
pub(crate) fn write_own(own: &OwnCertificate) -> String {
    let made = rcgen::generate_simple_self_signed(["own.example".to_owned()]).unwrap();
    fs::write(&own.chain, made.cert.pem()).unwrap();
    fs::write(&own.key, made.signing_key.serialize_pem()).unwrap();
    made.cert.pem()
}
