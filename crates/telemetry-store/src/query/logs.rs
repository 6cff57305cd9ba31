//! Log records of a range, newest first.

use std::collections::BTreeMap;

use super::Lacks;
use crate::{
    reader::{LogPage, LogQuery, QueryError},
    segment::logs::{Log, each_log},
    store::{Segment, Store},
    table::Table,
};

pub(super) fn logs(
    store: &Store,
    query: &LogQuery,
    lacks: &mut Lacks,
) -> Result<LogPage, QueryError> {
    let mut newest = Newest { query, instants: BTreeMap::new(), count: 0, more: false };
    let pin = store.pin_with_heads(|head| {
        head.get(query.account)
            .into_iter()
            .flat_map(|rows| &rows.logs)
            .for_each(|log| newest.add(log));
    });
    let time = query.from_ns..query.before.map_or(query.to_ns, |before| before.min(query.to_ns));
    let overlaps = |segment: &Segment| segment.overlaps(time.start, time.end);
    let segments = pin.of(query.account, Table::Logs).into_iter();
    store.read_each(segments.filter(|segment| overlaps(segment)), lacks, |segment| {
        each_log(&*segment.open()?, time.clone(), |log| newest.add(&log))
    })?;
    Ok(newest.finish())
}

/// The newest records met so far, by instant: as many whole instants as hold what was asked.
struct Newest<'a> {
    query: &'a LogQuery,
    instants: BTreeMap<u64, Vec<Log>>,
    count: usize,
    /// Older ones were left out.
    more: bool,
}

impl Newest<'_> {
    fn add(&mut self, log: &Log) {
        if !takes(self.query, log) {
            return;
        }
        let oldest = self.instants.first_key_value().map(|(at_ns, _)| *at_ns);
        if self.count >= self.query.limit && oldest.is_some_and(|oldest| log.at_ns < oldest) {
            self.more = true;
            return;
        }
        self.count += 1;
        self.instants.entry(log.at_ns).or_default().push(log.clone());
        while let Some(oldest) = self.instants.first_entry()
            && self.count - oldest.get().len() >= self.query.limit
        {
            self.count -= oldest.remove().len();
            self.more = true;
        }
    }

    fn finish(self) -> LogPage {
        let oldest = self.instants.first_key_value().map(|(at_ns, _)| *at_ns);
        let newest_first = self.instants.into_values().rev();
        let rows = newest_first.flat_map(|logs| logs.into_iter().rev()).map(|log| log.to_row());
        LogPage { rows: rows.collect(), next: oldest.filter(|_| self.more) }
    }
}

fn takes(query: &LogQuery, log: &Log) -> bool {
    query.from_ns <= log.at_ns
        && log.at_ns < query.to_ns
        && query.before.is_none_or(|before| log.at_ns < before)
        && query.application.is_none_or(|application| log.application == application)
        && query.tier.is_none_or(|tier| log.tier == tier)
        && query.trace.is_none_or(|trace| log.trace == Some(trace))
}
