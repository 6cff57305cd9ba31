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
    let mut newest = Newest { query, rows: BTreeMap::new(), count: 0 };
    let pin = store.pin_with_heads(|head| {
        head.get(query.account)
            .into_iter()
            .flat_map(|rows| &rows.logs)
            .for_each(|log| newest.add(log));
    });
    let overlaps = |segment: &Segment| segment.overlaps(query.from_ns, query.to_ns);
    read_each(&pin, query.account, Table::Logs, overlaps, |segment| {
        each_log(&*segment.open()?, |log| newest.add(&log))
    })?;
    Ok(newest.finish())
}

/// Keyed by time; a counter keeps records of one instant apart.
struct Newest<'a> {
    query: &'a LogQuery,
    rows: BTreeMap<(u64, u64), Log>,
    count: u64,
}

impl Newest<'_> {
    fn add(&mut self, log: &Log) {
        if !takes(self.query, log) {
            return;
        }
        let full = self.rows.len() > self.query.limit;
        if full && self.rows.first_key_value().is_some_and(|((oldest, _), _)| log.at_ns < *oldest) {
            return;
        }
        self.count += 1;
        self.rows.insert((log.at_ns, self.count), log.clone());
        if self.rows.len() > self.query.limit + 1 {
            self.rows.pop_first();
        }
    }

    fn finish(self) -> LogPage {
        let more = self.rows.len() > self.query.limit;
        let rows: Vec<Log> = self.rows.into_values().rev().take(self.query.limit).collect();
        let next = rows.last().filter(|_| more).map(|log| log.at_ns);
        LogPage { rows: rows.iter().map(Log::to_row).collect(), next }
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
