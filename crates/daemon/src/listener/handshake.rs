//! TLS handshakes: done in time, or told why not in words that help to mend the sender.

use std::{fmt, io, net::SocketAddr, sync::Arc, time::Duration};

use rustls::{AlertDescription, ServerConfig, server::Acceptor};
use tokio::{net::TcpStream, time};
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};

use super::{Limits, plain_http};

/// The type of the record that every TLS connection starts with.
const HANDSHAKE_RECORD: u8 = 0x16;

/// Told about each failed handshake; must not block.
pub type OnHandshakeFailure = Arc<dyn Fn(HandshakeFailure) + Send + Sync>;

/// A connection that did not get as far as a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeFailure {
    /// Who tried.
    pub peer: SocketAddr,
    /// The name by which the sender believes to reach us, when it told.
    pub server_name: Option<String>,
    /// What kind of failure it is.
    pub cause: HandshakeCause,
    /// The particulars, such as the alert received.
    pub detail: String,
}

/// Why a handshake failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HandshakeCause {
    /// The sender does not trust our CA, or reached us by a name that is not in the certificate.
    NotTrusted,
    /// The sender holds our certificate for expired or not yet valid: a clock is wrong.
    ClockOff,
    /// Plain HTTP instead of HTTPS.
    PlainHttp,
    /// Not done in time.
    TimedOut,
    /// The sender went away in the middle without an alert, as Node.js does when it does not trust the certificate.
    Closed,
    /// The handshake was fine and no request followed. Clients that look at the certificate only afterwards end so when
    /// they do not trust it; port checks and browsers do too, now and then.
    Unused,
    /// Something else: no common version or cipher, or not TLS at all.
    Protocol,
}

impl HandshakeCause {
    /// A short name, as in metrics and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotTrusted => "not_trusted",
            Self::ClockOff => "clock_off",
            Self::PlainHttp => "plain_http",
            Self::TimedOut => "timed_out",
            Self::Closed => "closed",
            Self::Unused => "unused",
            Self::Protocol => "protocol",
        }
    }

    fn of_alert(alert: AlertDescription) -> Self {
        use AlertDescription as Alert;
        match alert {
            // Which of them a client sends for an unknown CA or a wrong name differs by TLS library.
            Alert::UnknownCA
            | Alert::BadCertificate
            | Alert::CertificateUnknown
            | Alert::UnsupportedCertificate => Self::NotTrusted,
            Alert::CertificateExpired => Self::ClockOff,
            _ => Self::Protocol,
        }
    }
}

impl fmt::Display for HandshakeCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotTrusted => "TLS not trusted",
            Self::ClockOff => "certificate outside its time: a clock is wrong",
            Self::PlainHttp => "plain HTTP on the HTTPS port",
            Self::TimedOut => "TLS handshake not done in time",
            Self::Closed => "connection closed during the TLS handshake; TLS possibly not trusted",
            Self::Unused => "connection closed before a request; TLS possibly not trusted",
            Self::Protocol => "TLS handshake failed",
        })
    }
}

/// A connection after its handshake.
#[derive(Debug)]
pub(super) struct Secured {
    pub(super) stream: TlsStream<TcpStream>,
    pub(super) server_name: Option<String>,
}

/// The first byte, without taking it; `None` when the connection ended or was silent for too long.
pub(super) async fn first_byte(stream: &TcpStream, timeout: Duration) -> Option<u8> {
    let mut first = [0];
    match time::timeout(timeout, stream.peek(&mut first)).await {
        Ok(Ok(1)) => Some(first[0]),
        _ => None,
    }
}

/// Shakes hands. `Ok(None)` is a connection that said nothing, such as a load balancer's check: no failure.
pub(super) async fn accept(
    stream: TcpStream,
    peer: SocketAddr,
    config: &Arc<ServerConfig>,
    limits: &Limits,
) -> Result<Option<Secured>, HandshakeFailure> {
    let Some(first) = first_byte(&stream, limits.handshake_timeout).await else { return Ok(None) };
    if first != HANDSHAKE_RECORD {
        let detail = plain_http::refuse(stream).await;
        return Err(HandshakeFailure {
            peer,
            server_name: None,
            cause: HandshakeCause::PlainHttp,
            detail,
        });
    }
    let mut server_name = None;
    let shaken =
        time::timeout(limits.handshake_timeout, shake(stream, config, &mut server_name)).await;
    let (cause, detail) = match shaken {
        Ok(Ok(stream)) => return Ok(Some(Secured { stream, server_name })),
        Ok(Err(error)) => explain(&error),
        Err(_) => {
            (HandshakeCause::TimedOut, format!("not done after {:?}", limits.handshake_timeout))
        }
    };
    Err(HandshakeFailure { peer, server_name, cause, detail })
}

async fn shake(
    stream: TcpStream,
    config: &Arc<ServerConfig>,
    server_name: &mut Option<String>,
) -> io::Result<TlsStream<TcpStream>> {
    let hello = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    *server_name = hello.client_hello().server_name().map(str::to_owned);
    hello.into_stream(Arc::clone(config)).await
}

fn explain(error: &io::Error) -> (HandshakeCause, String) {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match (tls, error.kind()) {
        (Some(rustls::Error::AlertReceived(alert)), _) => (
            HandshakeCause::of_alert(*alert),
            format!("the sender answered with the alert {alert:?}"),
        ),
        (Some(tls), _) => (HandshakeCause::Protocol, tls.to_string()),
        (
            None,
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe,
        ) => (HandshakeCause::Closed, error.to_string()),
        (None, _) => (HandshakeCause::Protocol, error.to_string()),
    }
}

/// What is said about a connection that was secured and then not used.
pub(super) fn unused(peer: SocketAddr, server_name: Option<String>) -> HandshakeFailure {
    let detail = "the sender closed the connection after the handshake".to_owned();
    HandshakeFailure { peer, server_name, cause: HandshakeCause::Unused, detail }
}
