//! What the API needs of the rest of the process.

use std::{fmt::Debug, sync::Arc};

use api_types::{Attempt, Loopback};
use daemon::clock::SharedClock;
use metadata_store::{Directory, MetadataStore};
use telemetry_store::reader::Reader;

use crate::access_key::Sealer;

/// Everything that [`Config::build`](crate::Config::build) is given.
#[derive(Debug)]
pub struct Deps {
    pub reader: Arc<dyn Reader>,
    pub directory: Arc<Directory>,
    pub store: MetadataStore,
    pub clock: SharedClock,
    pub attempts: Arc<dyn AttemptsSource>,
    pub status: Arc<dyn Status>,
    pub sealer: Sealer,
}

/// The last attempts to report, as intake remembers them. Calls must not block.
pub trait AttemptsSource: Send + Sync + Debug {
    /// At most `limit`, newest first.
    fn newest(&self, limit: usize) -> Vec<Attempt>;
}

/// The process about itself. Calls must not block; answers may change at any time.
pub trait Status: Send + Sync + Debug {
    /// The build's version, `0.1.0`.
    fn version(&self) -> String;

    /// Whether requests can be served, and what is still going on.
    fn readiness(&self) -> Readiness;

    /// Why telemetry answers may not be whole just now (`journal replay is at 40 %`); empty when they are.
    fn partial(&self) -> Vec<String>;

    /// Whether this is the Controller that serves, rather than one that stands by.
    fn active(&self) -> bool;

    /// How long the start took, in whole seconds.
    fn startup_seconds(&self) -> u64;

    /// What browsers and agents must trust, and under which names.
    fn certificate(&self) -> Certificate;

    /// Where agents on this machine may report in plain text.
    fn loopback(&self) -> Loopback;

    /// The process's own metrics in Prometheus' (OpenMetrics) text format.
    fn metrics_text(&self) -> String;
}

/// Whether requests can be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    pub ready: bool,
    /// What is still going on, or missing; sentences.
    pub reasons: Vec<String>,
}

/// What browsers and agents must trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The CA's certificate.
    pub ca_pem: String,
    /// `3F:A1:…`.
    pub ca_fingerprint_sha256: String,
    /// Names and addresses in the server's certificate.
    pub names: Vec<String>,
    /// `https://apm.example.com`, without a slash at the end.
    pub public_url: String,
}
