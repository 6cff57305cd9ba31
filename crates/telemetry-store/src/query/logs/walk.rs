//! The way through the segments: row groups from the newest to the oldest, whichever segments they are in.

use std::{collections::BinaryHeap, sync::Arc};

use model::id::AccountId;

use super::{super::Lacks, filter::Filter};
use crate::{
    reader::QueryError,
    segment::logs::{LogView, Read, each_view, groups},
    store::{Segment, Store},
    table::Table,
};

/// Bytes that are looked at for one answer, about: some two hundred milliseconds.
pub(super) const MAX_BYTES: usize = 192 << 20;
/// What a record takes beside its body and attributes.
const RECORD: usize = 48;

/// What is looked at next; the newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    newest_ns: u64,
    segment: usize,
    /// None: the segment is to be opened.
    group: Option<usize>,
}

/// What records are looked through for.
pub(super) trait Sought {
    /// Whether records as old as this are wanted still.
    fn wants(&self, at_ns: u64) -> bool;

    /// Looks at a record of any time.
    fn take(&mut self, filter: &Filter<'_>, log: &LogView<'_>);
}

/// Gives an account's records of the filter's time to what is sought, those of the heads and then row group by row group,
/// until none older are wanted. Where there is too much, gives the time at and before which records were missed.
pub(super) fn walk(
    store: &Store,
    account: AccountId,
    filter: &Filter<'_>,
    read: Read,
    max_bytes: usize,
    lacks: &mut Lacks,
    sought: &mut impl Sought,
) -> Result<Option<u64>, QueryError> {
    let pin = store.pin_with_heads(|head| {
        let logs = head.get(account).into_iter().flat_map(|rows| &rows.logs);
        logs.for_each(|log| sought.take(filter, &log.view()));
    });
    let time = filter.time();
    let begin_ns = time.end.saturating_sub(1);
    let segments: Vec<&Arc<Segment>> = pin
        .unordered(account, Table::Logs)
        .filter(|segment| segment.overlaps(time.start, time.end))
        .collect();
    let whole = segments.iter().enumerate().map(|(segment, found)| Step {
        newest_ns: (found.meta.max_time_ns as u64).min(begin_ns),
        segment,
        group: None,
    });
    let mut steps: BinaryHeap<Step> = whole.collect();
    let mut bytes = 0;
    while let Some(step) = steps.pop().filter(|step| sought.wants(step.newest_ns)) {
        // A page that ends where it began would be asked for again and again.
        if bytes >= max_bytes && step.newest_ns < begin_ns {
            return Ok(Some(step.newest_ns));
        }
        store.read_each([segments[step.segment]].into_iter(), lacks, |segment| {
            let opened = segment.open()?;
            let Some(group) = step.group else {
                steps.extend(groups(&opened, &time).map(|(group, newest_ns)| Step {
                    newest_ns: newest_ns.min(step.newest_ns),
                    group: Some(group),
                    ..step
                }));
                return Ok(());
            };
            each_view(&opened, group, read, |log| {
                bytes += RECORD + log.body.len() + log.attributes.len();
                sought.take(filter, log);
            })
        })?;
    }
    Ok(None)
}
