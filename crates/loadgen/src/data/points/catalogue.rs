//! The metrics of one node: 23 names, the first with twelve combinations of attributes and the others with four. The
//! names are an application's own, so that a server cannot fold several series into a path it knows. A thousand nodes
//! have twelve thousand series of the first one, about which queries over many series ask.

use serde::{Deserialize, Serialize};

use super::Instruments;

pub(crate) const SERIES_PER_NODE: usize = CHANNELS.len() + (METRICS - 1) * FEW;
/// Of the first metric, in each node.
pub(crate) const SERIES_OF_THE_FIRST: usize = CHANNELS.len();
const METRICS: usize = 23;
/// Of the metrics that are numbers, those that count.
const COUNTERS: usize = 13;
pub(crate) const CHANNEL: &str = "channel";
const CHANNELS: [&str; 12] = [
    "web", "app", "store", "partner", "phone", "kiosk", "mail", "chat", "market", "social", "club",
    "export",
];
/// Channels of all metrics but the first.
const FEW: usize = 4;
const THINGS: [&str; METRICS] = [
    "orders", "baskets", "payments", "refunds", "searches", "logins", "emails", "coupons",
    "parcels", "returns", "reviews", "imports", "sessions", "stock", "queue", "pool", "cache",
    "workers", "backlog", "price", "load", "depth", "lag",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

#[derive(Debug, Clone)]
pub(crate) struct Metric {
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    pub(crate) kind: Kind,
    /// Values of [`CHANNEL`]: one series each.
    pub(crate) channels: &'static [&'static str],
}

/// In the order of a request.
pub(crate) fn metrics(instruments: Instruments) -> Vec<Metric> {
    THINGS.iter().enumerate().map(|(number, thing)| metric(instruments, number, thing)).collect()
}

fn metric(instruments: Instruments, number: usize, thing: &str) -> Metric {
    let (name, unit, kind) = match instruments {
        Instruments::Histograms => (format!("shop.{thing}.handling"), "ms", Kind::Histogram),
        Instruments::Numbers if number < COUNTERS => {
            (format!("shop.{thing}.completed"), "{item}", Kind::Counter)
        }
        Instruments::Numbers => (format!("shop.{thing}.level"), "{item}", Kind::Gauge),
    };
    let channels = if number == 0 { &CHANNELS[..] } else { &CHANNELS[..FEW] };
    Metric { name, unit, kind, channels }
}
