//! The metrics of one node: 25 names with four combinations of attributes each. The names are an application's own,
//! so that a server cannot fold several series into a path it knows.

use super::Instruments;

pub(crate) const SERIES_PER_NODE: usize = METRICS * CHANNELS.len();
const METRICS: usize = 25;
/// Of the metrics that are numbers, those that count.
const COUNTERS: usize = 15;
pub(crate) const CHANNEL: &str = "channel";
pub(crate) const CHANNELS: [&str; 4] = ["web", "app", "store", "partner"];
const THINGS: [&str; METRICS] = [
    "orders", "baskets", "payments", "refunds", "searches", "logins", "emails", "coupons",
    "parcels", "returns", "reviews", "imports", "exports", "invoices", "sessions", "stock",
    "queue", "pool", "cache", "workers", "backlog", "price", "load", "depth", "lag",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
}

/// In the order of a request. Each has one series a channel.
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
    Metric { name, unit, kind }
}
