//! The synthetic estate of metrics: nodes of many tiers that report the same hundred series each, at a steady
//! interval, as SDKs behind a Collector do.
//!
//! `catalogue` says which metrics a node has, `encoding` writes them once with blanks for times and values, `values`
//! moves the values from sample to sample, `node` stamps them into requests. Nothing here does IO.

pub(crate) mod catalogue;
mod encoding;
pub(crate) mod node;
mod remote_write;
mod values;

#[cfg(test)]
mod tests;

use std::fmt::{Display, Formatter};

use anyhow::{Result, ensure};

use self::catalogue::{SERIES_OF_THE_FIRST, SERIES_PER_NODE};

/// Below the bound of live nodes a tier that servers have.
const NODES_PER_TIER: usize = 10;
/// Older points are refused.
const OLDEST_S: u64 = 8 * 24 * 3600;

/// What the series look like.
#[derive(Debug, Clone)]
pub(crate) struct SeriesShape {
    pub(crate) namespace: String,
    /// Rounded up to whole nodes.
    pub(crate) series: usize,
    pub(crate) samples: u64,
    pub(crate) interval_s: u64,
    /// Since the last sample.
    pub(crate) ago_s: u64,
    pub(crate) points_per_request: usize,
    pub(crate) instruments: Instruments,
    pub(crate) form: Form,
    pub(crate) seed: u64,
}

/// As what the points are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Otlp,
    /// A process is a target whose job is the tier and whose instance is the node.
    RemoteWrite,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Instruments {
    /// Six in ten are monotonic cumulative sums of integers, four are gauges with two decimals.
    Numbers,
    /// Cumulative, with fifteen bounds.
    Histograms,
}

impl SeriesShape {
    pub(crate) fn nodes(&self) -> usize {
        self.series.div_ceil(SERIES_PER_NODE)
    }

    pub(crate) fn tiers(&self) -> usize {
        self.nodes().div_ceil(NODES_PER_TIER)
    }

    /// Series that are really sent.
    pub(crate) fn all_series(&self) -> usize {
        self.nodes() * SERIES_PER_NODE
    }

    /// The metric with the most series under the name that Prometheus' language has for it, and how many those are.
    pub(crate) fn largest_metric(&self) -> (&'static str, usize) {
        let name = match self.instruments {
            Instruments::Numbers => "shop_orders_completed_total",
            Instruments::Histograms => "shop_orders_handling_milliseconds_count",
        };
        (name, self.nodes() * SERIES_OF_THE_FIRST)
    }

    pub(crate) fn nodes_per_request(&self) -> usize {
        (self.points_per_request / SERIES_PER_NODE).max(1)
    }

    /// Nodes by request: a Collector batches the same ones each time.
    pub(crate) fn batches(&self) -> Vec<std::ops::Range<usize>> {
        let (nodes, size) = (self.nodes(), self.nodes_per_request());
        (0..nodes).step_by(size).map(|first| first..(first + size).min(nodes)).collect()
    }

    pub(crate) fn application(&self) -> String {
        match self.form {
            Form::Otlp => format!("{}-production", self.namespace),
            Form::RemoteWrite => self.namespace.clone(),
        }
    }

    pub(crate) fn check(&self) -> Result<()> {
        ensure!((1..=10_000_000).contains(&self.series), "--series must be 1 to 10000000");
        ensure!(self.samples > 0, "--samples must be at least 1");
        ensure!(self.interval_s > 0, "--interval must be at least 1 second");
        let history_s = self.samples.saturating_mul(self.interval_s).saturating_add(self.ago_s);
        ensure!(history_s < OLDEST_S, "--samples times --interval and --ago must be below 8 days");
        ensure!(
            self.form == Form::Otlp || self.instruments == Instruments::Numbers,
            "--protocol remote-write sends --instruments numbers only"
        );
        let possible = SERIES_PER_NODE..=10_000;
        ensure!(
            possible.contains(&self.points_per_request),
            "--points-per-request must be {SERIES_PER_NODE} (one node's) to 10000"
        );
        Ok(())
    }
}

impl Display for SeriesShape {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} points a request", self.nodes_per_request() * SERIES_PER_NODE)
    }
}
