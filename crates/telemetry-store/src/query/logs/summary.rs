//! Records counted: over time, and by what they are of.

use std::{cmp::Reverse, collections::BTreeMap, hash::Hash};

use model::id::EntityId;
use rustc_hash::FxHashMap;

use super::{
    super::Lacks,
    filter::{Failed, Filter},
    walk::{Sought, walk},
};
use crate::{
    reader::{Counted, LogBar, LogSummary, LogSummaryQuery, QueryError, Severity},
    segment::logs::LogView,
    store::Store,
};

/// Bytes that are counted for one answer, about: two million records where no text is looked for, some two hundred
/// milliseconds of them. Each takes more work than one of a page, which is only looked at.
const MAX_BYTES: usize = 96 << 20;
/// Loggers that are told apart; records of further ones count among the others.
const MAX_LOGGERS: usize = 10_000;

pub(crate) fn log_summary(
    store: &Store,
    query: &LogSummaryQuery,
    lacks: &mut Lacks,
) -> Result<LogSummary, QueryError> {
    log_summary_within(store, query, MAX_BYTES, lacks)
}

pub(super) fn log_summary_within(
    store: &Store,
    query: &LogSummaryQuery,
    max_bytes: usize,
    lacks: &mut Lacks,
) -> Result<LogSummary, QueryError> {
    let filter = Filter::new(&query.filter, query.from_ns, query.to_ns)?;
    let mut counts = Counts { bar_ns: query.bar_ns.max(1), ..Counts::default() };
    let reached =
        walk(store, query.account, &filter, filter.reads(), max_bytes, lacks, &mut counts)?;
    Ok(counts.finish(query.values, reached))
}

#[derive(Default)]
struct Counts {
    bar_ns: u64,
    /// By the number of the bar.
    bars: BTreeMap<u64, [u64; 7]>,
    severities: [u64; 7],
    applications: FxHashMap<EntityId, u64>,
    tiers: FxHashMap<EntityId, u64>,
    nodes: FxHashMap<EntityId, u64>,
    loggers: FxHashMap<String, u64>,
    other_loggers: u64,
}

impl Sought for Counts {
    fn wants(&self, _: u64) -> bool {
        true
    }

    fn take(&mut self, filter: &Filter<'_>, log: &LogView<'_>) {
        let Some(failed) = filter.failed(log) else { return };
        let severity = Severity::of(log.severity) as usize;
        if failed == Failed::NONE {
            self.bars.entry(log.at_ns / self.bar_ns).or_default()[severity] += 1;
        }
        if failed.only(Failed::SEVERITY) {
            self.severities[severity] += 1;
        }
        if failed.only(Failed::APPLICATION) {
            *self.applications.entry(log.application).or_default() += 1;
        }
        if failed.only(Failed::TIER) {
            *self.tiers.entry(log.tier).or_default() += 1;
        }
        if failed.only(Failed::NODE) && log.node.some().is_some() {
            *self.nodes.entry(log.node).or_default() += 1;
        }
        if failed.only(Failed::LOGGER)
            && let Some(logger) = filter.logger(log)
        {
            self.logger(logger);
        }
    }
}

impl Counts {
    fn logger(&mut self, logger: &str) {
        if let Some(count) = self.loggers.get_mut(logger) {
            *count += 1;
        } else if self.loggers.len() < MAX_LOGGERS {
            self.loggers.insert(logger.to_owned(), 1);
        } else {
            self.other_loggers += 1;
        }
    }

    fn finish(self, values: usize, reached: Option<u64>) -> LogSummary {
        let bar_ns = self.bar_ns;
        let bar = |(number, counts)| LogBar { at_ns: number * bar_ns, counts };
        let mut loggers = most(self.loggers, values);
        loggers.others += self.other_loggers;
        LogSummary {
            bars: self.bars.into_iter().map(bar).collect(),
            severities: self.severities,
            applications: most(self.applications, values),
            tiers: most(self.tiers, values),
            nodes: most(self.nodes, values),
            loggers,
            complete_from_ns: reached.map(|ns| ns + 1),
        }
    }
}

/// The most frequent, those alike in their own order.
fn most<T: Ord + Hash>(counts: FxHashMap<T, u64>, values: usize) -> Counted<T> {
    let mut all: Vec<(T, u64)> = counts.into_iter().collect();
    all.sort_unstable_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
    let others = all.iter().skip(values).map(|(_, count)| count).sum();
    all.truncate(values);
    Counted { values: all, others }
}
