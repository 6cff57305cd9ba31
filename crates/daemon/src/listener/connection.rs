//! HTTP on one connection, from the first byte behind the handshake to the last.

use std::{
    convert::Infallible,
    error::Error,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::{
    body::{Body, Incoming},
    service::Service as HyperService,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time,
};
use tokio_util::sync::CancellationToken;
use tower_service::Service;
use tracing::debug;

use super::{Limits, Peer};

/// What may be under way to us of one request's body before the application has read it. At 1 MiB a sender 100 ms away
/// still reaches 10 MiB/s.
const STREAM_WINDOW: u32 = 1 << 20;
/// The same for all requests of a connection together.
const CONNECTION_WINDOW: u32 = 4 << 20;

const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// Which HTTP the other side speaks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Version {
    One,
    Two,
    /// Told by the first bytes.
    Sniffed,
}

impl Version {
    pub(super) fn of(alpn: Option<&[u8]>) -> Self {
        if alpn == Some(b"h2") { Self::Two } else { Self::One }
    }
}

/// How HTTP is spoken, made once for all connections.
#[derive(Debug)]
pub(super) struct Http {
    one: Builder<TokioExecutor>,
    two: Builder<TokioExecutor>,
    sniffed: Builder<TokioExecutor>,
    idle_timeout: Duration,
}

impl Http {
    pub(super) fn new(limits: &Limits) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.idle_timeout)
            .max_buf_size(limits.max_header_bytes.max(8 << 10) as usize);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.max_concurrent_streams)
            .max_header_list_size(limits.max_header_bytes)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT);
        Self {
            one: builder.clone().http1_only(),
            two: builder.clone().http2_only(),
            sniffed: builder,
            idle_timeout: limits.idle_timeout,
        }
    }

    /// Serves until the other side ends, is idle for too long, or `stop` is cancelled and what is under way is done.
    /// Returns how many requests there were.
    pub(super) async fn serve<I, S, B>(
        &self,
        io: I,
        version: Version,
        peer: Peer,
        app: S,
        stop: &CancellationToken,
    ) -> u64
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send + 'static,
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let builder = match version {
            Version::One => &self.one,
            Version::Two => &self.two,
            Version::Sniffed => &self.sniffed,
        };
        let requests = Arc::new(Requests::default());
        let service = Counting { app, peer, requests: Arc::clone(&requests) };
        let mut connection = pin!(builder.serve_connection(TokioIo::new(io), service));
        let idle = requests.idle(self.idle_timeout);
        let ended = tokio::select! {
            ended = connection.as_mut() => Some(ended),
            () = idle => None,
            () = stop.cancelled() => None,
        };
        let ended = match ended {
            Some(ended) => ended,
            None => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = connection.as_mut() => ended,
                    // One that has nothing under way, yet does not close, has not even begun to speak HTTP/2.
                    () = requests.idle(self.idle_timeout) => Ok(()),
                }
            }
        };
        if let Err(error) = ended {
            debug!(%error, peer = %peer.0, "connection ended");
        }
        requests.started.load(Ordering::Relaxed)
    }
}

/// Requests of one connection.
#[derive(Debug, Default)]
struct Requests {
    started: AtomicU64,
    /// Requests whose response is not sent to its end.
    under_way: AtomicU64,
}

impl Requests {
    /// Returns once nothing has been under way for a whole `period`.
    async fn idle(&self, period: Duration) {
        let mut before = None;
        loop {
            let started = self.started.load(Ordering::Relaxed);
            let quiet = self.under_way.load(Ordering::Relaxed) == 0;
            if quiet && before == Some(started) {
                return;
            }
            before = quiet.then_some(started);
            time::sleep(period).await;
        }
    }
}

/// One request, until its response is sent or given up.
struct UnderWay(Arc<Requests>);

impl UnderWay {
    fn start(requests: &Arc<Requests>) -> Self {
        requests.started.fetch_add(1, Ordering::Relaxed);
        requests.under_way.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(requests))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Gives the application each request with its sender, and counts.
#[derive(Clone)]
struct Counting<S> {
    app: S,
    peer: Peer,
    requests: Arc<Requests>,
}

type BoxError = Box<dyn Error + Send + Sync>;
type BoxBody<D> = http_body_util::combinators::UnsyncBoxBody<D, BoxError>;
type Answer<D> = Pin<Box<dyn Future<Output = Result<Response<BoxBody<D>>, Infallible>> + Send>>;

impl<S, B> HyperService<Request<Incoming>> for Counting<S>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<BoxBody<B::Data>>;
    type Error = Infallible;
    type Future = Answer<B::Data>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let under_way = UnderWay::start(&self.requests);
        request.extensions_mut().insert(self.peer);
        let mut app = self.app.clone();
        Box::pin(async move {
            std::future::poll_fn(|context| app.poll_ready(context)).await?;
            let response = app.call(request).await?;
            // The body takes the count along and gives it back when it is dropped: sent, or given up.
            Ok(response.map(|body| {
                let error = move |error: B::Error| {
                    let _ = &under_way;
                    error.into()
                };
                body.map_err(error).boxed_unsync()
            }))
        })
    }
}
