//! What listeners count about themselves.

use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use super::HandshakeCause;

type Labels<const N: usize> = [(&'static str, &'static str); N];

/// Connections and failed handshakes by listener; one for all listeners of a process. The default counts unseen.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    open: Family<Labels<1>, Gauge>,
    opened: Family<Labels<1>, Counter>,
    handshakes_failed: Family<Labels<2>, Counter>,
}

impl Metrics {
    /// Counts, to be seen in `registry`.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register("connections_open", "Open connections", metrics.open.clone());
        registry.register("connections", "Connections accepted", metrics.opened.clone());
        registry.register(
            "tls_handshakes_failed",
            "Failed TLS handshakes by cause",
            metrics.handshakes_failed.clone(),
        );
        metrics
    }

    pub(super) fn opened(&self, listener: &'static str) -> OpenConnection {
        let labels = [("listener", listener)];
        self.opened.get_or_create(&labels).inc();
        let open = self.open.get_or_create(&labels).clone();
        open.inc();
        OpenConnection(open)
    }

    pub(super) fn handshake_failed(&self, listener: &'static str, cause: HandshakeCause) {
        self.handshakes_failed
            .get_or_create(&[("listener", listener), ("cause", cause.name())])
            .inc();
    }
}

/// Counts as open until dropped.
pub(super) struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}
