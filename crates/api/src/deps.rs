//! What the API needs of the rest of the process.

use std::{fmt::Debug, io, pin::Pin, sync::Arc, time::Duration};

use alerting::{
    anomalies::Watch,
    baselines::Baselines,
    rules::{Expectations, States},
};
use api_types::{
    Attempt, Health, Limit, Loopback, NewRetention, Refusal, Retention, RetentionLoss, Storage,
};
use daemon::clock::{SharedClock, UnixNanos};
use metadata_store::{Directory, MetadataStore};
use model::id::AccountId;
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
    pub operations: Arc<dyn Operations>,
    pub held_keys: Arc<dyn HeldKeys>,
    pub observer: Arc<dyn Observer>,
    pub sealer: Sealer,
    pub notifier: Arc<alerting::Notifier>,
    pub baselines: Arc<Baselines>,
    /// The same, as health rules ask them.
    pub expectations: Arc<dyn Expectations>,
    /// How entities are by health rules.
    pub health: Arc<States>,
    /// What is watched for anomalies.
    pub watch: Arc<Watch>,
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

/// What the process keeps, works on and is limited to, for whoever runs it. Calls may ask the disk: make them from threads of
/// their own.
pub trait Operations: Send + Sync + Debug {
    /// What each table of an account takes.
    ///
    /// # Errors
    /// When the disk does not tell how much room there is.
    fn storage(&self, account: AccountId) -> io::Result<Storage>;

    /// How long what is kept.
    fn retentions(&self) -> Vec<Retention>;

    /// What of an account would go at once if these held beside those that stay.
    fn would_lose(&self, account: AccountId, wanted: &[NewRetention]) -> RetentionLoss;

    /// Lets these hold from now on, beside those that stay. Whoever calls has stored them.
    fn set_retentions(&self, wanted: &[NewRetention]);

    /// The limits of the process itself.
    ///
    /// # Errors
    /// As [`Operations::storage`].
    fn limits(&self) -> io::Result<Vec<Limit>>;

    /// How many entities there may be.
    fn caps(&self) -> Caps;

    /// What was refused since the start.
    fn refusals(&self) -> Vec<Refusal>;

    /// The process and its tasks; the application that it reports to itself as is not its business.
    fn health(&self) -> Health;
}

/// The access keys as intake holds them.
pub trait HeldKeys: Send + Sync + Debug {
    /// Makes intake go by the keys that are stored now, before it is done. Where the store does not answer, intake looks again
    /// by itself some seconds later.
    fn reread(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// Whoever wants to hear of every answered request. Calls must not block.
pub trait Observer: Send + Sync + Debug {
    fn answered(&self, request: Answered);
}

/// A request that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// `GET`, `HEAD`, `POST`, `PUT`, `DELETE` or `other`.
    pub method: &'static str,
    /// As routed, `/api/v1/traces/{trace_id}`.
    pub route: String,
    pub status: u16,
    pub began: UnixNanos,
    /// Until the head of its answer.
    pub took: Duration,
}

/// How many entities there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Business transactions an application.
    pub transactions: u64,
    /// Tiers an application.
    pub tiers: u64,
    /// Live nodes a tier.
    pub nodes: u64,
    /// Applications an account.
    pub applications: u64,
    /// Backends of a type that a tier calls.
    pub backends: u64,
    /// Queues an application.
    pub queues: u64,
    /// Service endpoints a tier.
    pub endpoints: u64,
    /// Groups of errors a tier.
    pub errors: u64,
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
