//! The newest records.

use std::collections::BTreeMap;

use super::{
    super::Lacks,
    filter::Filter,
    walk::{MAX_BYTES, Sought, walk},
};
use crate::{
    reader::{LogPage, LogQuery, LogRow, QueryError},
    segment::logs::{LogView, Read},
    store::Store,
};

pub(crate) fn logs(
    store: &Store,
    query: &LogQuery,
    lacks: &mut Lacks,
) -> Result<LogPage, QueryError> {
    logs_within(store, query, MAX_BYTES, lacks)
}

pub(super) fn logs_within(
    store: &Store,
    query: &LogQuery,
    max_bytes: usize,
    lacks: &mut Lacks,
) -> Result<LogPage, QueryError> {
    let end_ns = query.before.map_or(query.to_ns, |before| before.min(query.to_ns));
    let filter = Filter::new(&query.filter, query.from_ns, end_ns)?;
    let mut newest = Newest { enough: query.limit.saturating_add(1), ..Newest::default() };
    let reached = walk(store, query.account, &filter, Read::ALL, max_bytes, lacks, &mut newest)?;
    lacks.cut |= reached.is_some();
    Ok(newest.finish(query.limit, reached))
}

/// The newest records met so far, by instant: as many whole instants as hold one more than was asked.
#[derive(Default)]
struct Newest {
    enough: usize,
    instants: BTreeMap<u64, Vec<LogRow>>,
    count: usize,
}

impl Sought for Newest {
    fn wants(&self, at_ns: u64) -> bool {
        let oldest = self.instants.first_key_value().map(|(at_ns, _)| *at_ns);
        self.count < self.enough || oldest.is_none_or(|oldest| at_ns >= oldest)
    }

    fn take(&mut self, filter: &Filter<'_>, log: &LogView<'_>) {
        if self.wants(log.at_ns) && filter.takes(log) {
            self.count += 1;
            self.instants.entry(log.at_ns).or_default().push(log.to_row());
            self.drop_beyond(self.enough);
        }
    }
}

impl Newest {
    /// Drops the oldest instants that are beyond so many records.
    fn drop_beyond(&mut self, enough: usize) {
        while let Some(oldest) = self.instants.first_entry()
            && self.count - oldest.get().len() >= enough
        {
            self.count -= oldest.remove().len();
        }
    }

    /// The page, without what stands at or before the time that was not looked through.
    fn finish(mut self, limit: usize, reached: Option<u64>) -> LogPage {
        let more = self.count > limit;
        self.drop_beyond(limit);
        let mut next = self.instants.first_key_value().map(|(at_ns, _)| *at_ns).filter(|_| more);
        if let Some(reached) = reached {
            self.instants = self.instants.split_off(&(reached + 1));
            next = Some(next.unwrap_or(0).max(reached + 1));
        }
        let newest_first = self.instants.into_values().rev();
        LogPage { rows: newest_first.flat_map(|logs| logs.into_iter().rev()).collect(), next }
    }
}
