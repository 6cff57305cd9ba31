//! The synthetic data set: an invented application of many services whose every call is known beforehand.
//!
//! `topology` decides who calls whom, `span` what one span says, `template` encodes whole requests once, and
//! `generator` stamps ids, times and random values into them at sending speed. `expected` counts what a correct
//! server must show. Nothing here does IO.

pub(crate) mod encoding;
pub(crate) mod expected;
pub(crate) mod generator;
pub(crate) mod points;
pub(crate) mod span;
pub(crate) mod template;
pub(crate) mod topology;

#[cfg(test)]
mod tests;

use std::fmt::{Display, Formatter};

use anyhow::{Result, ensure};

/// What the data set looks like. The defaults are those of the published comparison: ten services of four
/// instances, traces of ten spans, a thousand spans a request.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) namespace: String,
    /// Services, front doors and routes.
    pub(crate) size: topology::Size,
    pub(crate) instances: usize,
    /// Of each span, beyond its 11 or 12.
    pub(crate) further_attributes: usize,
    pub(crate) spans: u64,
    pub(crate) spans_per_request: usize,
    pub(crate) seed: u64,
    pub(crate) spread: Spread,
    pub(crate) notation: Notation,
    /// Share of spans (0 to 1) held back and sent later than the rest of their trace.
    pub(crate) late_fraction: f64,
    /// Some requests are stamped with a time so many hours ago at most.
    pub(crate) hours: u64,
    pub(crate) past: Past,
}

/// Older spans are refused.
const OLDEST_HOURS: u64 = 8 * 24 - 1;

/// Which requests are of the hours before, where there are to be such.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Past {
    /// A quarter, each a whole number of hours ago.
    Quarter,
    /// All, from the oldest to now, more at this hour of the day than twelve hours off it: a history.
    Evenly,
}

/// How a trace's spans are spread over requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Spread {
    /// A request holds whole traces of all services, as a Collector batches them.
    Whole,
    /// A request holds the spans of one instance, as each agent exports its own.
    Agents,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notation {
    Protobuf,
    Json,
}

impl Shape {
    /// Business application the server must derive from what is sent.
    pub(crate) fn application(&self) -> String {
        format!("{}-production", self.namespace)
    }

    pub(crate) fn traces(&self) -> u64 {
        self.spans.div_ceil(topology::SPANS_PER_TRACE as u64)
    }

    pub(crate) fn check(&self) -> Result<()> {
        let topology::Size { services, front_doors, routes } = self.size;
        ensure!((2..=1000).contains(&services), "--services must be 2 to 1000, not {services}");
        ensure!(
            (1..services).contains(&front_doors),
            "--front-doors must be at least 1, and fewer than --services"
        );
        ensure!((1..=2000).contains(&routes), "--transactions must be 1 to 2000");
        ensure!(
            self.further_attributes <= span::MAX_FURTHER,
            "--attributes must be 0 to {}",
            span::MAX_FURTHER
        );
        ensure!(self.hours <= OLDEST_HOURS, "--hours must be 0 to {OLDEST_HOURS}");
        ensure!(
            (1..=1000).contains(&self.instances),
            "--instances must be 1 to 1000, not {}",
            self.instances
        );
        ensure!(self.spans > 0, "--spans must be at least 1");
        ensure!(
            (1..=10_000).contains(&self.spans_per_request),
            "--spans-per-request must be 1 to 10000"
        );
        ensure!((0.0..=1.0).contains(&self.late_fraction), "--late-fraction must be 0 to 1");
        Ok(())
    }
}

impl Display for Shape {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { notation, size, instances, further_attributes, hours, .. } = self;
        let topology::Size { services, front_doors, routes } = *size;
        write!(out, "{notation:?}, {services} services × {instances} instances")?;
        if *size != topology::Size::usual(services, 1) {
            write!(out, ", {routes} transactions at {front_doors} front doors")?;
        }
        if *further_attributes > 0 {
            write!(out, ", {further_attributes} further attributes")?;
        }
        if *hours > 0 { write!(out, ", over {hours} hours") } else { Ok(()) }
    }
}
