//! The server's certificate: issued by a CA of our own that first start makes, or given by the operator.
//!
//! [`ServerTls::open`] makes or loads what is there; [`ServerTls::step`] is run every few seconds and at once when
//! nudged: it issues anew when the machine's names change or the end comes near, and takes over changed files of the
//! operator's, without a restart and without touching open connections. Whatever goes wrong in a step leaves the
//! certificate in use as it was.
//!
//! Private keys are files of mode 0600 in `<data-dir>/tls`. Trusting is left to others: agents and browsers are given
//! `ca.pem`, which changes only when an operator deletes it.

mod authority;
mod files;
mod issue;
mod names;
mod own;
mod pair;

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::{Mutex, RwLock};
use rustls::{
    ServerConfig,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

pub use self::{
    issue::{Issued, Reissue, ServerCertificate, ensure, needs_reissue},
    names::{machine_names, own_addresses},
};
use crate::{
    clock::{SharedClock, UnixNanos},
    config::{Settings, TlsName},
};

/// Where certificates are, and for whom.
#[derive(Clone, Debug)]
pub struct Config {
    /// Directory of our own CA and certificate; made when missing.
    pub dir: PathBuf,
    /// Names that the certificate carries beside those of the machine.
    pub names: BTreeSet<TlsName>,
    /// The operator's own certificate, used instead of issuing one.
    pub own: Option<OwnCertificate>,
}

/// Paths of a certificate chain and its private key, both PEM.
#[derive(Clone, Debug)]
pub struct OwnCertificate {
    /// The chain, leaf first.
    pub chain: PathBuf,
    /// The leaf's private key, not encrypted.
    pub key: PathBuf,
}

impl Config {
    /// What the settings say about certificates.
    pub fn from_settings(settings: &Settings) -> Self {
        let own = settings.tls_cert.value.clone().zip(settings.tls_key.value.clone());
        let public_host = settings.public_url.as_ref().and_then(|url| TlsName::new(url.host()));
        Self {
            dir: settings.data_dir.join("tls"),
            names: settings.tls_name.iter().cloned().chain(public_host).collect(),
            own: own.map(|(chain, key)| OwnCertificate { chain, key }),
        }
    }
}

/// Why there is no certificate to serve, or no new one.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file holds no certificate.
    #[error("{} holds no certificate in PEM form", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// A file holds no usable private key.
    #[error("{} holds no private key in PEM form without a passphrase", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// A certificate that nobody can read.
    #[error("the certificate in {} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        reason: String,
    },
    /// Certificate and key are not of one pair, or of a kind that TLS does not take.
    #[error("the key in {} does not fit the certificate in {}", key.display(), chain.display())]
    Mismatch {
        /// The certificate's file.
        chain: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What rustls says.
        #[source]
        source: rustls::Error,
    },
    /// The CA's certificate is there and its key is not.
    #[error(
        "{} is missing while {} is there: restore it from a backup, or delete {} too, and every agent must trust the new CA",
        key.display(), certificate.display(), certificate.display()
    )]
    NoAuthorityKey {
        /// The missing key.
        key: PathBuf,
        /// The CA's certificate.
        certificate: PathBuf,
    },
    /// Making a key or a certificate failed.
    #[error("cannot make a certificate")]
    Generate(#[source] rcgen::Error),
    /// The cryptography in use offers no protocol version that we serve.
    #[error("cannot set up TLS")]
    Protocol(#[source] rustls::Error),
}

/// What is served at present, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsState {
    /// Our own CA; none with the operator's certificate, whose CA we do not know.
    pub authority: Option<Authority>,
    /// Names and addresses in the certificate.
    pub names: BTreeSet<TlsName>,
    /// When it ends.
    pub not_after: UnixNanos,
    /// Why the last step changed nothing although it should have.
    pub trouble: Option<String>,
}

/// A CA as those who are to trust it need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Where its certificate is on this machine.
    pub file: PathBuf,
    /// Its certificate.
    pub pem: String,
    /// SHA-256 of the certificate: pairs of upper-case hex digits joined by colons, as browsers show it.
    pub fingerprint: String,
}

/// The certificate in use, and how to serve with it.
#[derive(Debug)]
pub struct ServerTls {
    config: Config,
    clock: SharedClock,
    current: Arc<Current>,
    server_config: Arc<ServerConfig>,
    /// What the operator's files held when they were last looked at. Also keeps steps from overlapping.
    seen: Mutex<Option<own::Content>>,
    state: RwLock<TlsState>,
}

impl ServerTls {
    /// Loads the certificate, issuing CA and certificate where there is none. Blocking: a few files, one key pair.
    pub fn open(config: Config, clock: SharedClock) -> Result<Self, TlsError> {
        let (served, seen) = match &config.own {
            Some(own) => {
                let content = own::Content::read(own)?;
                (Served::from_own(own, &content)?, Some(content))
            }
            None => (Served::from_issued(ensure(&config, &machine_names(), clock.now())?), None),
        };
        let current = Arc::new(Current { certificate: RwLock::new(served.certificate) });
        let server_config = server_config(Arc::clone(&current) as Arc<dyn ResolvesServerCert>)?;
        Ok(Self {
            config,
            clock,
            current,
            server_config,
            seen: Mutex::new(seen),
            state: RwLock::new(served.state),
        })
    }

    /// For every listener: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1, always with the certificate of the moment.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.server_config)
    }

    /// What is served at present.
    pub fn state(&self) -> TlsState {
        self.state.read().clone()
    }

    /// Brings the certificate up to date; says what it did, or `None` when there was nothing to do. Blocking.
    ///
    /// An error leaves the certificate in use and shows in [`TlsState::trouble`] until a step succeeds.
    pub fn step(&self) -> Result<Option<String>, TlsError> {
        let outcome = match &self.config.own {
            Some(own) => self.reload(own),
            None => self.reissue(),
        };
        if let Err(error) = &outcome {
            self.state.write().trouble = Some(error.to_string());
        }
        outcome
    }

    fn reload(&self, own: &OwnCertificate) -> Result<Option<String>, TlsError> {
        let mut seen = self.seen.lock();
        // While the files cannot be read nothing counts as seen: when they are back unchanged, that is news.
        let before = seen.take();
        let content = own::Content::read(own)?;
        if before.as_ref() == Some(&content) {
            *seen = before;
            return Ok(None);
        }
        let served = Served::from_own(own, &content);
        // Remembered even when broken, so that a broken pair is reported once and not at every step.
        *seen = Some(content);
        self.serve(served?);
        Ok(Some(format!("took over the changed certificate {}", own.chain.display())))
    }

    fn reissue(&self) -> Result<Option<String>, TlsError> {
        let _one_at_a_time = self.seen.lock();
        let issued = ensure(&self.config, &machine_names(), self.clock.now())?;
        let reason = issued.reissued;
        if reason.is_none() && self.state.read().trouble.is_none() {
            return Ok(None);
        }
        self.serve(Served::from_issued(issued));
        Ok(reason.map(|reason| format!("issued a new certificate: {reason}")))
    }

    fn serve(&self, served: Served) {
        *self.current.certificate.write() = served.certificate;
        *self.state.write() = served.state;
    }
}

/// A certificate with what people are told about it.
struct Served {
    certificate: Arc<CertifiedKey>,
    state: TlsState,
}

impl Served {
    fn from_issued(issued: Issued) -> Self {
        let ServerCertificate { names, not_after, .. } = issued.certificate;
        let state = TlsState { authority: Some(issued.authority), names, not_after, trouble: None };
        Self { certificate: issued.certified, state }
    }

    fn from_own(own: &OwnCertificate, content: &own::Content) -> Result<Self, TlsError> {
        let certificate = Arc::new(pair::certified(own, &content.chain, &content.key)?);
        let ServerCertificate { names, not_after, .. } =
            ServerCertificate::read(&own.chain, &certificate.cert[0])?;
        Ok(Self {
            certificate,
            state: TlsState { authority: None, names, not_after, trouble: None },
        })
    }
}

/// Hands each handshake the certificate of that moment.
#[derive(Debug)]
struct Current {
    certificate: RwLock<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.certificate.read()))
    }
}

fn server_config(certificate: Arc<dyn ResolvesServerCert>) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Protocol)?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // Agents that reconnect for every export then skip the expensive half of the handshake.
    config.ticketer = rustls::crypto::ring::Ticketer::new().map_err(TlsError::Protocol)?;
    Ok(Arc::new(config))
}

/// SHA-256 as browsers and `openssl x509 -fingerprint` print it.
fn fingerprint(der: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let pairs: Vec<String> = Sha256::digest(der).iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

fn damaged(path: &Path, reason: impl ToString) -> TlsError {
    TlsError::Damaged { path: path.to_owned(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests;
