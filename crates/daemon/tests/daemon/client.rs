//! Senders: with TLS that trusts whom it is told to, and raw ones.

use std::{error::Error, net::SocketAddr, sync::Arc};

use axum::{
    body::Bytes,
    http::{Request, StatusCode},
};
use daemon::tls::ServerTls;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Whom a client trusts.
pub(crate) enum Trust<'a> {
    /// The CA of this server.
    In(&'a ServerTls),
    /// Exactly this certificate's signer, in PEM.
    Only(&'a str),
    InNobody,
}

pub(crate) async fn tls(
    address: SocketAddr,
    trust: Trust<'_>,
    alpn: &str,
) -> std::io::Result<(TlsStream<TcpStream>, SocketAddr)> {
    tls_as(address, "localhost", trust, alpn).await
}

/// Connects to `address` believing it to be `name`; returns the client's own address too.
pub(crate) async fn tls_as(
    address: SocketAddr,
    name: &str,
    trust: Trust<'_>,
    alpn: &str,
) -> std::io::Result<(TlsStream<TcpStream>, SocketAddr)> {
    let mut roots = RootCertStore::empty();
    let pem = match trust {
        Trust::In(tls) => tls.state().authority.unwrap().pem,
        Trust::Only(pem) => pem.to_owned(),
        Trust::InNobody => {
            rcgen::generate_simple_self_signed(["stranger".to_owned()]).unwrap().cert.pem()
        }
    };
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    let mut config =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    if !alpn.is_empty() {
        config.alpn_protocols = vec![alpn.as_bytes().to_vec()];
    }
    let stream = TcpStream::connect(address).await?;
    let local = stream.local_addr()?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    Ok((TlsConnector::from(Arc::new(config)).connect(name, stream).await?, local))
}

pub(crate) async fn get<I>(io: I, two: bool, path: &str) -> (StatusCode, String)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    try_get(io, two, path).await.unwrap()
}

/// One request over `io`, by HTTP/2 or HTTP/1.1; closes the connection behind it.
pub(crate) async fn try_get<I>(
    io: I,
    two: bool,
    path: &str,
) -> Result<(StatusCode, String), Box<dyn Error + Send + Sync>>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let io = TokioIo::new(io);
    let request = Request::get(format!("http://localhost{path}"))
        .header("host", "localhost")
        .body(Empty::<Bytes>::new());
    let response = if two {
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await?;
        tokio::spawn(connection);
        sender.send_request(request?).await?
    } else {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await?;
        tokio::spawn(connection);
        sender.send_request(request?).await?
    };
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

/// Sends bytes and returns all that comes back until the server closes.
pub(crate) async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}
