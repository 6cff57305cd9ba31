//! The process about itself, for the API.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};

use api::{Certificate, Readiness, Status};
use api_types::Loopback;
use daemon::{config::Settings, metrics::Metrics, tls::ServerTls};
use ingest::pipeline::Stats;

/// What is known of the process.
pub(crate) struct ProcessStatus {
    pub(crate) tls: Arc<ServerTls>,
    pub(crate) public_url: String,
    pub(crate) loopback: OnceLock<Loopback>,
    pub(crate) stats: Arc<Stats>,
    /// Records that were waiting in the journal when the process started.
    pub(crate) replay: u64,
    pub(crate) startup_seconds: AtomicU64,
    pub(crate) metrics: OnceLock<Metrics>,
}

impl std::fmt::Debug for ProcessStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProcessStatus")
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

impl Status for ProcessStatus {
    fn version(&self) -> String {
        env!("CARGO_PKG_VERSION").to_owned()
    }

    fn readiness(&self) -> Readiness {
        Readiness { ready: self.stats.pausing().is_none(), reasons: self.partial() }
    }

    fn partial(&self) -> Vec<String> {
        if let Some(error) = self.stats.pausing() {
            return vec![format!("the pipeline pauses: {error}")];
        }
        let left = self.stats.lag.load(Ordering::Relaxed);
        if self.replay == 0 || left == 0 || self.stats.caught_up.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let done = 100 * self.replay.saturating_sub(left) / self.replay;
        vec![format!("journal replay is at {done} %")]
    }

    fn active(&self) -> bool {
        true
    }

    fn startup_seconds(&self) -> u64 {
        self.startup_seconds.load(Ordering::Relaxed)
    }

    fn certificate(&self) -> Certificate {
        let state = self.tls.state();
        let (ca_pem, ca_fingerprint_sha256) = state
            .authority
            .map(|authority| (authority.pem, authority.fingerprint))
            .unwrap_or_default();
        let names = state.names.iter().map(|name| name.as_str().to_owned()).collect();
        Certificate { ca_pem, ca_fingerprint_sha256, names, public_url: self.public_url.clone() }
    }

    fn loopback(&self) -> Loopback {
        self.loopback.get().cloned().unwrap_or(Loopback { grpc: None, http: None })
    }

    fn metrics_text(&self) -> String {
        self.metrics.get().map(Metrics::render).unwrap_or_default()
    }
}

/// The URL under which people and agents reach this server: the configured one, else by this machine's name.
pub(crate) fn public_url(settings: &Settings, port: u16) -> String {
    if let Some(url) = &settings.public_url.value {
        return url.to_string().trim_end_matches('/').to_owned();
    }
    let host =
        settings.tls_name.first().map(|name| name.as_str().to_owned()).unwrap_or_else(host_name);
    match port {
        443 => format!("https://{host}"),
        _ => format!("https://{host}:{port}"),
    }
}

fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "localhost".to_owned(),
        name => name.to_owned(),
    }
}
