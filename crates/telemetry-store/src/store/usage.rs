//! What each table of an account takes on the disk, from the catalogue alone.

use metadata_store::SegmentMeta;
use model::id::AccountId;

use super::Store;
use crate::{
    table::Table,
    upkeep::{Retention, is_expired},
};

/// What one table of an account takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableUsage {
    pub table: Table,
    pub bytes: u64,
    pub rows: u64,
    pub segments: u64,
    /// Time of its earliest and its latest row, Unix milliseconds; nothing while it is empty.
    pub times_ms: Option<(i64, i64)>,
    /// What was added a day, by the last day or by as much of it as there is; nothing while there is less than ten minutes.
    pub bytes_a_day: Option<u64>,
}

/// What of a table would go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expired {
    pub table: Table,
    pub segments: u64,
    pub bytes: u64,
    pub rows: u64,
}

const DAY_MS: i64 = 24 * 3_600_000;
/// Of less a day cannot be told.
const LEAST_MS: i64 = 10 * 60_000;

impl Store {
    /// What each table of an account takes, all of them in their order.
    pub fn usage(&self, account: AccountId, now_ms: i64) -> Vec<TableUsage> {
        let pin = self.pin();
        let segments = pin.segments.by_id.values().map(|segment| &segment.meta);
        let own: Vec<&SegmentMeta> =
            segments.filter(|segment| segment.account == account.0).collect();
        Table::ALL.into_iter().map(|table| usage(table, &own, now_ms)).collect()
    }

    /// What of each table of an account would go with this retention, now: whole segments all of whose rows are older. Tables
    /// of which nothing would are left out.
    pub fn expired(&self, account: AccountId, now_ms: i64, retention: &Retention) -> Vec<Expired> {
        let pin = self.pin();
        let segments = pin.segments.by_id.values().map(|segment| &segment.meta);
        let gone: Vec<&SegmentMeta> = segments
            .filter(|segment| segment.account == account.0)
            .filter(|segment| is_expired(segment, now_ms, retention))
            .collect();
        let of = |table: Table| {
            let of_table = || gone.iter().filter(|segment| segment.table == table as u8);
            Expired {
                table,
                segments: of_table().count() as u64,
                bytes: of_table().map(|segment| segment.bytes).sum(),
                rows: of_table().map(|segment| segment.rows).sum(),
            }
        };
        Table::ALL.into_iter().map(of).filter(|expired| expired.segments > 0).collect()
    }
}

fn usage(table: Table, segments: &[&SegmentMeta], now_ms: i64) -> TableUsage {
    let of_table = || segments.iter().filter(|segment| segment.table == table as u8);
    let times = of_table().map(|segment| times_ms(segment));
    let times_ms = times.reduce(|(from, to), (first, last)| (from.min(first), to.max(last)));
    TableUsage {
        table,
        bytes: of_table().map(|segment| segment.bytes).sum(),
        rows: of_table().map(|segment| segment.rows).sum(),
        segments: of_table().count() as u64,
        times_ms,
        bytes_a_day: times_ms.and_then(|(first, _)| bytes_a_day(of_table(), first, now_ms)),
    }
}

/// Each segment counts by the share of its time that lies within the last day.
fn bytes_a_day<'s>(
    segments: impl Iterator<Item = &'s &'s SegmentMeta>,
    first_ms: i64,
    now_ms: i64,
) -> Option<u64> {
    let from_ms = first_ms.max(now_ms - DAY_MS);
    let span_ms = now_ms - from_ms;
    if span_ms < LEAST_MS {
        return None;
    }
    let within = |segment: &SegmentMeta| {
        let (first, last) = times_ms(segment);
        let share = (last.min(now_ms) - first.max(from_ms) + 1).max(0) as f64;
        segment.bytes as f64 * share / (last - first + 1) as f64
    };
    let bytes: f64 = segments.map(|segment| within(segment)).sum();
    Some((bytes * DAY_MS as f64 / span_ms as f64) as u64)
}

fn times_ms(segment: &SegmentMeta) -> (i64, i64) {
    let first = segment.min_time_ns / 1_000_000;
    (first, (segment.max_time_ns / 1_000_000).max(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;
    const NOW_MS: i64 = 100 * DAY_MS;

    fn segment(table: Table, hours_ago: (i64, i64), bytes: u64) -> SegmentMeta {
        let ns = |hours: i64| (NOW_MS - hours * HOUR_MS) * 1_000_000;
        SegmentMeta {
            id: bytes,
            account: 1,
            table: table as u8,
            period_start_ms: 0,
            period_ms: table.period_ms(),
            level: 0,
            path: String::new(),
            bytes,
            rows: bytes / 10,
            min_time_ns: ns(hours_ago.0),
            max_time_ns: ns(hours_ago.1),
            rolled_up: false,
            format: 1,
            created_ms: 0,
            detail: String::new(),
        }
    }

    fn check(segments: &[SegmentMeta], bytes: u64, a_day: Option<u64>) {
        let segments: Vec<&SegmentMeta> = segments.iter().collect();
        let usage = usage(Table::Spans, &segments, NOW_MS);
        assert_eq!(usage.bytes, bytes);
        match (usage.bytes_a_day, a_day) {
            (Some(got), Some(wanted)) => assert!(got.abs_diff(wanted) <= wanted / 1000, "{got}"),
            (got, wanted) => assert_eq!(got, wanted),
        }
    }

    #[test]
    fn a_day_is_told_by_the_last_one() {
        let old = segment(Table::Spans, (240, 239), 7_000_000);
        let across = segment(Table::Spans, (30, 18), 1_000_000);
        let new = segment(Table::Spans, (2, 1), 2_000_000);
        check(&[old, across, new], 10_000_000, Some(2_500_000));
    }

    #[test]
    fn a_day_is_told_by_the_hours_that_there_are() {
        check(&[segment(Table::Spans, (6, 0), 1_000_000)], 1_000_000, Some(4_000_000));
    }

    #[test]
    fn nothing_is_told_of_minutes_or_of_nothing() {
        check(&[segment(Table::Spans, (0, 0), 1_000_000)], 1_000_000, None);
        check(&[segment(Table::Logs, (6, 0), 1_000_000)], 0, None);
    }
}
