//! Log records of a range, newest first.

use std::collections::BTreeMap;

use super::read_each;
use crate::{
    reader::{LogPage, LogQuery, QueryError},
    segment::logs::{Log, each_log},
    store::{Segment, Store},
    table::Table,
};

pub(super) fn logs(store: &Store, query: &LogQuery) -> Result<LogPage, QueryError> {
    let mut newest = Newest { query, instants: BTreeMap::new(), count: 0 };
    let pin = store.pin_with_heads(|head| {
        head.get(query.account)
            .into_iter()
            .flat_map(|rows| &rows.logs)
            .for_each(|log| newest.add(log));
    });
    let time = query.from_ns..query.before.map_or(query.to_ns, |before| before.min(query.to_ns));
    let overlaps = |segment: &Segment| segment.overlaps(time.start, time.end);
    read_each(&pin, query.account, Table::Logs, overlaps, |segment| {
        each_log(&*segment.open()?, time.clone(), |log| newest.add(&log))
    })?;
    Ok(newest.finish())
}

/// The newest records met so far, by instant: as many whole instants as hold what was asked, and one more.
struct Newest<'a> {
    query: &'a LogQuery,
    instants: BTreeMap<u64, Vec<Log>>,
    count: usize,
}

impl Newest<'_> {
    fn add(&mut self, log: &Log) {
        if !takes(self.query, log) {
            return;
        }
        let oldest = self.instants.first_key_value().map(|(at_ns, _)| *at_ns);
        if self.count > self.query.limit && oldest.is_some_and(|oldest| log.at_ns < oldest) {
            return;
        }
        self.count += 1;
        self.instants.entry(log.at_ns).or_default().push(log.clone());
        while let Some(oldest) = self.instants.first_entry()
            && self.count - oldest.get().len() > self.query.limit
        {
            self.count -= oldest.remove().len();
        }
    }

    fn finish(self) -> LogPage {
        let mut page = LogPage::default();
        for (at_ns, logs) in self.instants.into_iter().rev() {
            if page.rows.len() >= self.query.limit {
                page.next = page.rows.last().map(|row| row.at_ns);
                break;
            }
            debug_assert!(logs.iter().all(|log| log.at_ns == at_ns));
            page.rows.extend(logs.iter().rev().map(Log::to_row));
        }
        page
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
