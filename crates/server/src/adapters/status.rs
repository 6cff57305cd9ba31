//! The process about itself, for the API.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use api::{Certificate, Readiness, Status};
use api_types::Loopback;
use daemon::{
    config::{Settings, TlsName},
    metrics::Metrics,
    tls::{ServerTls, TlsState},
};
use ingest::pipeline::Stats;
use journal::LocalJournal;

/// What is known of the process.
pub(crate) struct ProcessStatus {
    pub(crate) tls: Arc<ServerTls>,
    pub(crate) public_url: String,
    pub(crate) loopback: OnceLock<Loopback>,
    pub(crate) stats: Arc<Stats>,
    /// Records that were waiting in the journal when the process started.
    pub(crate) replay: u64,
    pub(crate) journal: Arc<LocalJournal>,
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
        let lost = [self.lost_in_the_journal(), self.lost_with_the_checkpoint()];
        self.replaying().into_iter().chain(lost.into_iter().flatten()).collect()
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

impl ProcessStatus {
    /// Whether what was accepted has been counted: nothing is left of an earlier run, and the pipeline does not pause.
    pub(crate) fn is_caught_up(&self) -> bool {
        self.stats.pausing().is_none() && self.replaying().is_none()
    }

    /// How far what was left in the journal at the start is worked on, until it is.
    fn replaying(&self) -> Option<String> {
        if self.replay == 0 || self.stats.caught_up.load(Ordering::Relaxed) {
            return None;
        }
        // Not told yet: nothing is done.
        let left = match self.stats.lag.load(Ordering::Relaxed) {
            0 => self.replay,
            left => left,
        };
        let done = 100 * self.replay.saturating_sub(left) / self.replay;
        Some(format!("journal replay is at {done} %"))
    }

    fn lost_in_the_journal(&self) -> Option<String> {
        let damage = self.journal.damage();
        (damage.places > 0).then(|| {
            format!(
                "the journal was damaged in {} places before it was worked on; Vedette's log names them",
                damage.places
            )
        })
    }

    fn lost_with_the_checkpoint(&self) -> Option<String> {
        let is_lost = self.stats.damaged_checkpoints.load(Ordering::Relaxed) > 0;
        is_lost.then(|| {
            "the pipeline's checkpoint was lost or damaged: transactions that were open at its last cut are missing"
                .to_owned()
        })
    }
}

/// The URL under which people and agents reach this server: the configured one, else by a name that they can verify: of
/// the operator's own certificate, else of this machine, which our own certificate always names.
pub(crate) fn public_url(settings: &Settings, tls: &TlsState, port: u16) -> String {
    if let Some(url) = &settings.public_url.value {
        return url.to_string().trim_end_matches('/').to_owned();
    }
    let machine = host_name();
    let configured = settings.tls_name.iter().find(|name| !name.is_wildcard());
    let host = match (configured, &tls.authority) {
        (Some(name), _) => name.to_string(),
        (None, Some(_)) => machine,
        (None, None) => name_of_certificate(&tls.names, &machine).unwrap_or(machine),
    };
    let host = if host.parse::<Ipv6Addr>().is_ok() { format!("[{host}]") } else { host };
    match port {
        443 => format!("https://{host}"),
        _ => format!("https://{host}:{port}"),
    }
}

/// The name by which a certificate is meant to be reached: this machine's where it has it, with a domain or without,
/// or with a wildcard in the place of it; else its first name, a DNS name before an address.
fn name_of_certificate(names: &BTreeSet<TlsName>, machine: &str) -> Option<String> {
    let machine = machine.to_ascii_lowercase();
    let short = machine.split('.').next().unwrap_or_default();
    let is_machine = |name: &&TlsName| {
        let name = name.as_str();
        name == machine || name.split_once('.').is_some_and(|(label, _)| label == short)
    };
    let is_address = |name: &TlsName| name.as_str().parse::<IpAddr>().is_ok();
    let plain = || names.iter().filter(|name| !name.is_wildcard() && name.as_str() != "localhost");
    let found = plain()
        .find(|name| !is_address(name) && is_machine(name))
        .or_else(|| plain().find(|name| !is_address(name)))
        .map(ToString::to_string);
    let by_wildcard = || {
        let domain = names.iter().find_map(|name| name.as_str().strip_prefix("*."))?;
        (!short.is_empty()).then(|| format!("{short}.{domain}"))
    };
    found.or_else(by_wildcard).or_else(|| plain().next().map(ToString::to_string))
}

/// The machine's name.
pub(crate) fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "localhost".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use daemon::{clock::UnixNanos, tls::Authority};

    use super::*;

    fn url(flags: &[(&str, &str)], names: &[&str], authority: Option<Authority>) -> String {
        let flags: Vec<_> =
            flags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let settings = Settings::load(&flags, [], None).expect("the settings are sound");
        let names = names.iter().map(|name| TlsName::new(name).expect("it is a name")).collect();
        let tls = TlsState { authority, names, not_after: UnixNanos(0), trouble: None };
        public_url(&settings, &tls, 8443)
    }

    #[test]
    fn agents_are_given_a_name_that_the_certificate_has() {
        let own = |names: &[&str]| url(&[], names, None);
        assert_eq!(own(&["10.0.0.5", "apm.example"]), "https://apm.example:8443");
        assert_eq!(own(&["2001:db8::5"]), "https://[2001:db8::5]:8443");
        let machine = host_name();
        assert_eq!(own(&[]), format!("https://{machine}:8443"));
        let ours = Authority { file: "ca".into(), pem: String::new(), fingerprint: String::new() };
        assert_eq!(url(&[], &["apm.example"], Some(ours)), format!("https://{machine}:8443"));
        let given = [("tls-name", "*.example,vedette.example")];
        assert_eq!(url(&given, &["apm.example"], None), "https://vedette.example:8443");
        let given = [("public-url", "https://v.example"), ("tls-name", "vedette.example")];
        assert_eq!(url(&given, &["apm.example"], None), "https://v.example");
    }

    #[test]
    fn of_the_names_of_a_certificate_this_machines_is_taken_first() {
        let named = |names: &[&str]| {
            let names: BTreeSet<_> = names.iter().filter_map(|name| TlsName::new(name)).collect();
            name_of_certificate(&names, "Node7").unwrap_or_default()
        };
        assert_eq!(named(&["a.example", "node7.example", "localhost"]), "node7.example");
        assert_eq!(named(&["a.example", "node7"]), "node7");
        assert_eq!(named(&["*.example", "10.0.0.5"]), "node7.example");
        assert_eq!(named(&["localhost", "10.0.0.5"]), "10.0.0.5");
        assert_eq!(named(&["localhost"]), "");
    }
}
