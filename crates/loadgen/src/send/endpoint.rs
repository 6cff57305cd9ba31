//! Where to connect and whom to trust there.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use http::Uri;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Which certificates an https endpoint may show.
#[derive(Debug, Clone)]
pub(crate) enum Trust {
    /// None: https is refused with a sentence that says what to give.
    Nothing,
    /// Those signed by one of these authorities.
    Authorities(Vec<CertificateDer<'static>>),
    /// Any: for measuring on loopback and for fetching the authority's certificate.
    Anyone,
}

impl Trust {
    pub(crate) fn from_file(path: &Path) -> Result<Self> {
        let pem = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::from_pem(&pem).with_context(|| format!("{} holds no certificate", path.display()))
    }

    pub(crate) fn from_pem(pem: &[u8]) -> Result<Self> {
        let found: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>()?;
        if found.is_empty() {
            bail!("no PEM certificate found")
        } else {
            Ok(Self::Authorities(found))
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    Http1,
    Http2,
}

#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) host: String,
    pub(crate) port: u16,
    tls: Option<Arc<ClientConfig>>,
}

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Endpoint {
    pub(crate) fn parse(url: &str, trust: &Trust) -> Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("{url} is not a URL"))?;
        let host = uri.host().with_context(|| format!("{url} names no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        match uri.scheme_str() {
            Some("http") => Ok(Self { host, port: uri.port_u16().unwrap_or(80), tls: None }),
            Some("https") => {
                Ok(Self { host, port: uri.port_u16().unwrap_or(443), tls: Some(tls(trust)?) })
            }
            _ => bail!("{url} must begin with http:// or https://"),
        }
    }

    pub(crate) fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// As `Host` and `:authority` carry it.
    pub(crate) fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    pub(crate) async fn connect(&self, version: Version) -> Result<Box<dyn Stream>> {
        let tcp = TcpStream::connect((self.host.as_str(), self.port)).await;
        let tcp = tcp.with_context(|| format!("cannot connect to {}", self.authority()))?;
        tcp.set_nodelay(true).context("cannot set TCP_NODELAY")?;
        let Some(tls) = &self.tls else { return Ok(Box::new(tcp)) };
        let mut config = ClientConfig::clone(tls);
        let alpn: &[u8] = if version == Version::Http1 { b"http/1.1" } else { b"h2" };
        config.alpn_protocols = vec![alpn.to_vec()];
        let name = ServerName::try_from(self.host.clone())
            .with_context(|| format!("{} is no TLS name", self.host))?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await;
        let stream = stream.with_context(|| format!("TLS with {} failed", self.authority()))?;
        if version == Version::Http2 && stream.get_ref().1.alpn_protocol() != Some(b"h2") {
            bail!("{} did not agree to HTTP/2 (ALPN h2)", self.authority());
        }
        Ok(Box::new(stream))
    }
}

fn tls(trust: &Trust) -> Result<Arc<ClientConfig>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().context("no usable TLS version")?;
    let config = match trust {
        Trust::Nothing => bail!("https needs --ca FILE, or --insecure to trust any certificate"),
        Trust::Authorities(authorities) => {
            let mut roots = RootCertStore::empty();
            for authority in authorities {
                roots.add(authority.clone()).context("the CA certificate cannot be used")?;
            }
            builder.with_root_certificates(roots).with_no_client_auth()
        }
        Trust::Anyone => {
            let verifier = Arc::new(TrustAnyone { provider });
            builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
        }
    };
    Ok(Arc::new(config))
}

/// Accepts every certificate, yet checks that the peer holds its key.
#[derive(Debug)]
struct TrustAnyone {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for TrustAnyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
