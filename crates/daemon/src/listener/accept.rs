//! Takes connections, each into a task of its own, and sees them out at the end.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use http::{Request, Response};
use hyper::body::{Body, Incoming};
use rustls::ServerConfig;
use tokio::{net::TcpStream, sync::Semaphore, time};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_service::Service;
use tracing::{debug, warn};

use super::{
    Limits, Listener, Metrics, OnHandshakeFailure, Peer,
    connection::{Http, Version},
    handshake::{self, Secured},
};

/// How long to wait when the system has no more file descriptors or memory for connections.
const PAUSE_WHEN_EXHAUSTED: Duration = Duration::from_millis(100);

/// When the kernel starts to ask a silent peer whether it is still there.
const TCP_KEEPALIVE: Duration = Duration::from_secs(60);

/// What a listener speaks.
#[derive(Clone)]
pub enum Protocol {
    /// HTTP/1.1, and HTTP/2 by prior knowledge.
    Plain,
    /// The same behind TLS, chosen by ALPN; without ALPN HTTP/1.1.
    Tls {
        /// How to shake hands; see [`crate::tls::ServerTls::server_config`].
        config: Arc<ServerConfig>,
        /// Told about each handshake that failed.
        on_failure: OnHandshakeFailure,
    },
}

/// Without what it cannot show.
impl std::fmt::Debug for Protocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            Self::Tls { .. } => "Tls",
        })
    }
}

/// How to serve.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is spoken.
    pub protocol: Protocol,
    /// How much is taken.
    pub limits: Limits,
    /// Where connections are counted.
    pub metrics: Metrics,
}

/// How a listener ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Connections that had to be cut because they were still busy when [`Limits::drain`] was over.
    pub cut: usize,
}

impl Listener {
    /// Serves until `stop` is cancelled; then takes no more connections, lets requests under way finish for
    /// [`Limits::drain`], cuts the rest, and returns.
    ///
    /// A response that never ends (server-sent events) must watch the shutdown itself, or it is cut.
    pub async fn serve<S, B>(self, app: S, options: Options, stop: CancellationToken) -> Drained
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let room = Arc::new(Semaphore::new(options.limits.max_connections));
        let connections = TaskTracker::new();
        let cut = CancellationToken::new();
        let serving = Arc::new(Serving {
            http: Http::new(&options.limits),
            name: self.setting,
            options,
            stop,
            cut,
        });
        while let Some((permit, stream, peer)) = self.next(&room, &serving.stop).await {
            let (serving, app) = (Arc::clone(&serving), app.clone());
            connections.spawn(async move {
                let counted = serving.options.metrics.opened(serving.name);
                serving.connection(stream, peer, app).await;
                drop((counted, permit));
            });
        }
        // Frees the port at once: whoever starts next should not have to wait for the slowest request.
        drop(self);
        connections.close();
        if time::timeout(serving.options.limits.drain, connections.wait()).await.is_ok() {
            return Drained { cut: 0 };
        }
        let drained = Drained { cut: connections.len() };
        serving.cut.cancel();
        connections.wait().await;
        drained
    }

    /// The next connection, once there is room for it; `None` when it is time to stop.
    async fn next(
        &self,
        room: &Arc<Semaphore>,
        stop: &CancellationToken,
    ) -> Option<(tokio::sync::OwnedSemaphorePermit, TcpStream, SocketAddr)> {
        let accepted = async {
            let permit =
                Arc::clone(room).acquire_owned().await.expect("this semaphore is never closed");
            loop {
                match self.socket.accept().await {
                    Ok((stream, peer)) => return (permit, stream, peer),
                    Err(error) => self.survive(&error).await,
                }
            }
        };
        stop.run_until_cancelled(accepted).await
    }

    /// Accepting fails for the one connection (it went away), or for all until something is freed; never for good.
    async fn survive(&self, error: &io::Error) {
        let only_this_one = matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionRefused
        );
        if !only_this_one {
            warn!(%error, listener = self.setting, "cannot accept connections");
            time::sleep(PAUSE_WHEN_EXHAUSTED).await;
        }
    }
}

/// What all connections of a listener have in common.
struct Serving {
    name: &'static str,
    options: Options,
    http: Http,
    stop: CancellationToken,
    cut: CancellationToken,
}

impl Serving {
    async fn connection<S, B>(&self, stream: TcpStream, peer: SocketAddr, app: S)
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        if let Err(error) = prepare(&stream) {
            debug!(%error, %peer, "cannot set socket options");
        }
        let served = async {
            match &self.options.protocol {
                Protocol::Plain => {
                    if handshake::first_byte(&stream, self.options.limits.handshake_timeout)
                        .await
                        .is_some()
                    {
                        self.http
                            .serve(stream, Version::Sniffed, Peer(peer), app, &self.stop)
                            .await;
                    }
                }
                Protocol::Tls { config, on_failure } => {
                    let report = |failure: handshake::HandshakeFailure| {
                        debug!(%peer, cause = failure.cause.name(), detail = %failure.detail, "TLS handshake failed");
                        self.options.metrics.handshake_failed(self.name, failure.cause);
                        on_failure(failure);
                    };
                    let shaken =
                        handshake::accept(stream, peer, config, &self.options.limits).await;
                    let Secured { stream, server_name } = match shaken {
                        Ok(Some(secured)) => secured,
                        Ok(None) => return,
                        Err(failure) => return report(failure),
                    };
                    let version = Version::of(stream.get_ref().1.alpn_protocol());
                    let requests =
                        self.http.serve(stream, version, Peer(peer), app, &self.stop).await;
                    if requests == 0 && !self.stop.is_cancelled() {
                        report(handshake::unused(peer, server_name));
                    }
                }
            }
        };
        self.cut.run_until_cancelled(served).await;
    }
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    rustix::net::sockopt::set_socket_keepalive(stream, true)?;
    rustix::net::sockopt::set_tcp_keepidle(stream, TCP_KEEPALIVE)?;
    Ok(())
}
