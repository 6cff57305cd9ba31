//! The one table that says which OpenTelemetry metric becomes which metric path below a node, in which unit, and how the
//! processes of a node combine in it.
//!
//! A [`Series`] is a line of the metric tree with the [`Recipe`]s that give its value, the best first: where one export
//! holds several of them (old and new names side by side, times and ready-made shares), the first that gives a value
//! counts and the others do not. The new names of OpenTelemetry's semantic conventions stand first, the old ones behind
//! them. What the table does not know becomes a path under `Custom Metrics` ([`custom`]).
//!
//! How a stored row is read depends on its [`Kind`], which follows from path and unit alone ([`MetricTable::kind`]):
//!
//! | kind | a row of one minute holds | shown | a tier is |
//! |---|---|---|---|
//! | `Host` | samples of the whole host, from however many processes | sum ÷ count | the mean of its nodes |
//! | `Average` | samples of all processes | sum ÷ count | the mean of its nodes' samples |
//! | `Level` | samples of the total over the node's processes | sum ÷ count | the sum of its nodes |
//! | `PerMinute` | increases; their `sum` is what happened | sum ÷ minutes | the sum of its nodes |
//!
//! `PerMinute` is the SUM of other tools, the other three are AVERAGEs. The unit of a `PerMinute` row ends in `/min`, and
//! no other unit does, so that a reader of a custom metric needs no more than its unit ([`is_sum`]).
//!
//! It does not keep state: increases of cumulative counters are worked out by the pipeline.

mod custom;
mod host;
mod pools;
mod process;
mod recipe;
mod runtime;
mod unit;

use std::{borrow::Cow, collections::HashMap};

pub use custom::{Custom, Instrument, custom, percentile, without_attributes};
pub use recipe::{Fold, Part, Pick, Reading, Recipe, Series};
pub use unit::Unit;

use crate::attributes::Attributes;

/// How the rows of a series are read, and how the processes of a node and the nodes of a tier combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Of the whole host: each process that reports it says the same, so that it is averaged and never added.
    Host,
    /// A measure of one process; the node's is their mean.
    Average,
    /// A level (threads, memory in use): the node's is the sum of its processes' levels.
    Level,
    /// What happened in a minute, added up over the processes.
    PerMinute,
}

/// Whether the rows of a series with this unit are summed over a minute rather than averaged.
pub fn is_sum(unit: &str) -> bool {
    unit.ends_with(PER_MINUTE)
}

/// Ends the unit of every [`Kind::PerMinute`] series.
const PER_MINUTE: &str = "/min";

/// What belongs to the host rather than to a process: it is older than the process that reports it, and every process of
/// the host reports the same.
pub fn is_of_host(metric: &str) -> bool {
    ["system.", "host.", "k8s.node."].iter().any(|prefix| metric.starts_with(prefix))
}

/// One place where a metric is used.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    pub series: &'static Series,
    /// Which of the series' recipes; a lower one is better.
    pub recipe: usize,
    pub fold: Fold,
    pub part: Part,
    pub pick: &'static Pick,
}

impl Use {
    /// The path that a point with these attributes belongs to; nothing where it is not for this use.
    pub fn path(&self, attributes: &Attributes<'_>) -> Option<Cow<'static, str>> {
        (self.pick.takes(attributes) && (self.series.counts)(attributes))
            .then(|| recipe::fill(self.series.path, attributes))
            .flatten()
    }

    /// By what a value is multiplied to stand in the series' unit.
    pub fn factor(&self, sent_unit: &str) -> f64 {
        match self.fold {
            // A share of two values of one unit.
            Fold::Percent | Fold::Rest => 1.0,
            // Counts how many values stand behind the mean.
            Fold::MeanOf if self.part == Part::Whole => 1.0,
            _ if self.pick.reading == Reading::CountIncrease => 1.0,
            _ => self.series.unit.factor(sent_unit, self.pick.metric),
        }
    }
}

/// The table, ready for look-ups.
#[derive(Debug)]
pub struct MetricTable {
    by_metric: HashMap<&'static str, Vec<Use>>,
    fixed: HashMap<&'static str, Kind>,
    /// Paths with an attribute's value in them.
    patterns: Vec<&'static Series>,
}

impl Default for MetricTable {
    fn default() -> Self {
        MetricTable::new()
    }
}

impl MetricTable {
    /// Indexes the table.
    pub fn new() -> MetricTable {
        let mut table =
            MetricTable { by_metric: HashMap::new(), fixed: HashMap::new(), patterns: Vec::new() };
        for series in all() {
            table.index(series);
        }
        table
    }

    fn index(&mut self, series: &'static Series) {
        if series.path.contains('{') {
            self.patterns.push(series);
        } else {
            self.fixed.insert(series.path, series.kind);
        }
        for (number, recipe) in series.from.iter().enumerate() {
            for (part, pick) in recipe.parts() {
                let fold = recipe.fold();
                let place = Use { series, recipe: number, fold, part, pick };
                self.by_metric.entry(pick.metric).or_default().push(place);
            }
        }
    }

    /// Everywhere a metric is used; empty where the table does not know it.
    pub fn uses(&self, metric: &str) -> &[Use] {
        self.by_metric.get(metric).map_or(&[], Vec::as_slice)
    }

    /// How a stored series is to be read.
    pub fn kind(&self, path: &str, unit: &str) -> Kind {
        if is_sum(unit) {
            return Kind::PerMinute;
        }
        if let Some(kind) = self.fixed.get(path) {
            return *kind;
        }
        if let Some(series) = self.patterns.iter().find(|series| recipe::fits(series.path, path)) {
            return series.kind;
        }
        match path.strip_prefix(custom::FOLDER) {
            Some(metric) if is_of_host(metric) => Kind::Host,
            _ => Kind::Average,
        }
    }
}

/// The unit of a path below a node; nothing where the table does not know it.
pub fn unit_of(path: &str) -> Option<Unit> {
    let fits = |series: &&Series| match series.path.contains('{') {
        true => recipe::fits(series.path, path),
        false => series.path == path,
    };
    all().find(fits).map(|series| series.unit)
}

/// Every line of the table.
pub fn all() -> impl Iterator<Item = &'static Series> {
    [host::SERIES, process::SERIES, pools::SERIES, runtime::JVM, runtime::CLR, runtime::NODE_JS]
        .into_iter()
        .chain([runtime::PYTHON, runtime::GO])
        .flatten()
}

#[cfg(test)]
mod tests;
