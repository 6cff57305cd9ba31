//! What intake counts about itself.

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::Counter, family::Family, gauge::ConstGauge},
    registry::Registry,
};

use super::budget::Budget;
use crate::otlp::{Signal, slice::Cut};

/// How a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Transport {
    HttpProtobuf,
    HttpJson,
    /// HTTP of a content type that is not taken.
    Http,
    Grpc,
    RemoteWrite,
}

impl Transport {
    /// As in `OTEL_EXPORTER_OTLP_PROTOCOL`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Transport::HttpProtobuf => "http/protobuf",
            Transport::HttpJson => "http/json",
            Transport::Http => "http",
            Transport::Grpc => "grpc",
            Transport::RemoteWrite => "remote write",
        }
    }
}

type Labels<const N: usize> = [(&'static str, &'static str); N];

/// Counters by signal and transport.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    requests: Family<Labels<3>, Counter>,
    bytes: Family<Labels<2>, Counter>,
    accepted: Family<Labels<2>, Counter>,
    refused: Family<Labels<3>, Counter>,
    truncated: Family<Labels<2>, Counter>,
    unlinked: Family<Labels<2>, Counter>,
}

impl Metrics {
    pub(super) fn register(registry: &mut Registry, budget: &Budget) -> Metrics {
        let metrics = Metrics::default();
        registry.register(
            "intake_requests",
            "Requests answered, by result",
            metrics.requests.clone(),
        );
        registry.register("intake_bytes", "Bytes of bodies as sent", metrics.bytes.clone());
        registry.register(
            "intake_accepted_items",
            "Spans, data points and log records accepted and durable",
            metrics.accepted.clone(),
        );
        registry.register(
            "intake_refused_items",
            "Spans, data points and log records refused from requests that were taken, by reason",
            metrics.refused.clone(),
        );
        registry.register(
            "intake_truncated_items",
            "Spans, data points and log records accepted with attributes beyond the limits",
            metrics.truncated.clone(),
        );
        registry.register(
            "intake_unlinked_items",
            "Log records accepted without their trace or span id, which was no id",
            metrics.unlinked.clone(),
        );
        registry.register_collector(Box::new(InFlight(budget.clone())));
        metrics
    }

    /// A request was answered; `result` is `ok` or the cause of its refusal.
    pub(super) fn answered(
        &self,
        signal: Option<Signal>,
        transport: Transport,
        result: &'static str,
    ) {
        let signal = signal.map_or("none", Signal::name);
        let labels = [("signal", signal), ("transport", transport.name()), ("result", result)];
        self.requests.get_or_create(&labels).inc();
    }

    /// A body was read.
    pub(super) fn received(&self, signal: Signal, transport: Transport, bytes: usize) {
        self.bytes.get_or_create(&labels(signal, transport)).inc_by(bytes as u64);
    }

    /// A request was taken, or parts of it.
    pub(super) fn cut(&self, signal: Signal, transport: Transport, cut: &Cut) {
        let labels = labels(signal, transport);
        self.accepted.get_or_create(&labels).inc_by(cut.accepted);
        if cut.oversized > 0 {
            self.truncated.get_or_create(&labels).inc_by(cut.oversized);
        }
        if cut.unlinked > 0 {
            self.unlinked.get_or_create(&labels).inc_by(cut.unlinked);
        }
        for (why, count) in cut.refused.iter() {
            let [signal, transport] = labels;
            let labels = [signal, transport, ("reason", why.name())];
            self.refused.get_or_create(&labels).inc_by(count);
        }
    }
}

fn labels(signal: Signal, transport: Transport) -> Labels<2> {
    [("signal", signal.name()), ("transport", transport.name())]
}

/// Reads the budget when asked.
#[derive(Debug)]
struct InFlight(Budget);

impl Collector for InFlight {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let gauge = ConstGauge::new(self.0.held() as i64);
        let encoder = encoder.encode_descriptor(
            "intake_in_flight_bytes",
            "Bytes that requests under way hold",
            None,
            gauge.metric_type(),
        )?;
        gauge.encode(encoder)
    }
}
