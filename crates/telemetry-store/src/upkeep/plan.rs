//! What to do next, decided from the catalogue alone.

use std::collections::BTreeMap;

use metadata_store::SegmentMeta;

use crate::table::Table;

/// How long each kind of row is kept, milliseconds since its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    pub traces_ms: i64,
    pub snapshots_ms: i64,
    pub minutes_ms: i64,
    pub ten_minutes_ms: i64,
    pub hours_ms: i64,
    pub logs_ms: i64,
}

impl Retention {
    /// What holds for a table.
    pub fn of(&self, table: Table) -> i64 {
        match table {
            Table::Spans => self.traces_ms,
            // The index of kept traces lives as long as they do.
            Table::TraceIndex | Table::Snapshots => self.snapshots_ms,
            Table::Figures | Table::Metrics => self.minutes_ms,
            Table::FiguresTen | Table::MetricsTen => self.ten_minutes_ms,
            Table::FiguresHour | Table::MetricsHour => self.hours_ms,
            Table::Logs => self.logs_ms,
        }
    }
}

/// One piece of work on the segments with these ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    /// Their rows are over their retention.
    Drop { segments: Vec<u64> },
    /// Many small ones of one account, table and period become one of this level.
    Merge { table: Table, segments: Vec<u64>, level: u8 },
    /// Minutes of a closed hour become points of ten minutes and an hour.
    RollUp { table: Table, segments: Vec<u64> },
}

/// So many segments of one level become one of the next.
const FAN_IN: usize = 16;
/// A merged segment grows no larger.
const MAX_BYTES: u64 = 256 << 20;
/// After the end of its period so long nothing much is expected to come, milliseconds.
const SETTLE_MS: i64 = 15 * 60_000;

/// The most urgent job.
pub fn plan(segments: &[SegmentMeta], now_ms: i64, retention: &Retention) -> Option<Job> {
    drop_expired(segments, now_ms, retention)
        .or_else(|| merge(segments, now_ms))
        .or_else(|| roll_up(segments, now_ms))
}

fn drop_expired(segments: &[SegmentMeta], now_ms: i64, retention: &Retention) -> Option<Job> {
    let expired = |segment: &&SegmentMeta| {
        Table::from_number(segment.table)
            .is_some_and(|table| segment.max_time_ns / 1_000_000 < now_ms - retention.of(table))
    };
    let segments: Vec<u64> = segments.iter().filter(expired).map(|segment| segment.id).collect();
    (!segments.is_empty()).then_some(Job::Drop { segments })
}

/// Segments that may be merged with one another.
type Group = (u32, u8, i64, bool);

fn groups<'a>(
    segments: impl Iterator<Item = &'a SegmentMeta>,
) -> BTreeMap<Group, Vec<&'a SegmentMeta>> {
    let mut groups: BTreeMap<Group, Vec<&SegmentMeta>> = BTreeMap::new();
    for segment in segments.filter(|segment| segment.bytes < MAX_BYTES) {
        let group = (segment.account, segment.table, segment.period_start_ms, segment.rolled_up);
        groups.entry(group).or_default().push(segment);
    }
    groups
}

fn is_closed(segment: &SegmentMeta, now_ms: i64) -> bool {
    now_ms > segment.period_start_ms + segment.period_ms + SETTLE_MS
}

fn merge(segments: &[SegmentMeta], now_ms: i64) -> Option<Job> {
    groups(segments.iter()).into_iter().find_map(|((_, table, _, _), group)| {
        let table = Table::from_number(table)?;
        let chosen = full_level(&group).or_else(|| rest_of_closed(&group, now_ms))?;
        let level = chosen.iter().map(|segment| segment.level).max()?.saturating_add(1);
        Some(Job::Merge {
            table,
            segments: chosen.iter().map(|segment| segment.id).collect(),
            level,
        })
    })
}

/// The lowest level with enough segments.
fn full_level<'a>(group: &[&'a SegmentMeta]) -> Option<Vec<&'a SegmentMeta>> {
    (0..=u8::MAX).take_while(|level| group.iter().any(|segment| segment.level >= *level)).find_map(
        |level| {
            let of_level = group.iter().copied().filter(|segment| segment.level == level);
            let chosen = within_bytes(of_level);
            (chosen.len() >= FAN_IN).then_some(chosen)
        },
    )
}

/// All that is left of a period that has ended.
fn rest_of_closed<'a>(group: &[&'a SegmentMeta], now_ms: i64) -> Option<Vec<&'a SegmentMeta>> {
    if !group.iter().all(|segment| is_closed(segment, now_ms)) {
        return None;
    }
    let mut smallest_first = group.to_vec();
    smallest_first.sort_by_key(|segment| (segment.bytes, segment.id));
    let mut chosen = within_bytes(smallest_first.into_iter());
    chosen.sort_by_key(|segment| segment.id);
    (chosen.len() >= 2).then_some(chosen)
}

/// As many of the first ones as make a segment that is not too large.
fn within_bytes<'a>(segments: impl Iterator<Item = &'a SegmentMeta>) -> Vec<&'a SegmentMeta> {
    let mut bytes = 0;
    segments
        .take_while(|segment| {
            bytes += segment.bytes;
            bytes <= MAX_BYTES
        })
        .take(FAN_IN)
        .collect()
}

fn roll_up(segments: &[SegmentMeta], now_ms: i64) -> Option<Job> {
    let due = |segment: &&SegmentMeta| {
        !segment.rolled_up
            && (segment.table == Table::Figures as u8 || segment.table == Table::Metrics as u8)
            && is_closed(segment, now_ms)
    };
    let (key, group) = groups(segments.iter().filter(due)).into_iter().next()?;
    let table = Table::from_number(key.1)?;
    Some(Job::RollUp { table, segments: group.iter().map(|segment| segment.id).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;
    const KEEP: Retention = Retention {
        traces_ms: 24 * HOUR,
        snapshots_ms: 14 * 24 * HOUR,
        minutes_ms: 8 * 24 * HOUR,
        ten_minutes_ms: 32 * 24 * HOUR,
        hours_ms: 400 * 24 * HOUR,
        logs_ms: 8 * 24 * HOUR,
    };

    fn segment(id: u64, table: Table, level: u8) -> SegmentMeta {
        SegmentMeta {
            id,
            account: 1,
            table: table as u8,
            period_start_ms: 0,
            period_ms: table.period_ms(),
            level,
            path: String::new(),
            bytes: 1000,
            rows: 1,
            min_time_ns: 0,
            max_time_ns: HOUR * 1_000_000 - 1,
            rolled_up: false,
            format: 1,
            created_ms: 0,
            detail: String::new(),
        }
    }

    #[test]
    fn sixteen_small_segments_become_one_while_their_hour_runs() {
        let few: Vec<_> = (1..16).map(|id| segment(id, Table::Spans, 0)).collect();
        assert_eq!(plan(&few, HOUR / 2, &KEEP), None);
        let enough: Vec<_> = (1..=16).map(|id| segment(id, Table::Spans, 0)).collect();
        let wanted = Job::Merge { table: Table::Spans, segments: (1..=16).collect(), level: 1 };
        assert_eq!(plan(&enough, HOUR / 2, &KEEP), Some(wanted));
    }

    #[test]
    fn what_is_left_of_a_closed_hour_is_merged_then_rolled_up_once() {
        let rest = [segment(1, Table::Figures, 1), segment(2, Table::Figures, 0)];
        let merge = Job::Merge { table: Table::Figures, segments: vec![1, 2], level: 2 };
        assert_eq!(plan(&rest, 2 * HOUR, &KEEP), Some(merge));
        let merged = [segment(3, Table::Figures, 2)];
        assert_eq!(
            plan(&merged, 2 * HOUR, &KEEP),
            Some(Job::RollUp { table: Table::Figures, segments: vec![3] })
        );
        let rolled = [SegmentMeta { rolled_up: true, ..segment(3, Table::Figures, 2) }];
        assert_eq!(plan(&rolled, 2 * HOUR, &KEEP), None);
    }

    #[test]
    fn what_was_rolled_up_is_never_merged_with_what_was_not() {
        let mixed = [
            SegmentMeta { rolled_up: true, ..segment(3, Table::Figures, 2) },
            segment(4, Table::Figures, 0),
        ];
        assert_eq!(
            plan(&mixed, 2 * HOUR, &KEEP),
            Some(Job::RollUp { table: Table::Figures, segments: vec![4] })
        );
    }

    #[test]
    fn each_table_is_dropped_after_its_own_time() {
        let both = [segment(1, Table::Spans, 2), segment(2, Table::TraceIndex, 2)];
        assert_eq!(plan(&both, 24 * HOUR, &KEEP), None);
        assert_eq!(plan(&both, 26 * HOUR, &KEEP), Some(Job::Drop { segments: vec![1] }));
    }

    #[test]
    fn large_segments_are_left_alone() {
        let large: Vec<_> = (1..=20)
            .map(|id| SegmentMeta { bytes: MAX_BYTES / 2 + 1, ..segment(id, Table::Spans, 0) })
            .collect();
        assert_eq!(plan(&large, HOUR / 2, &KEEP), None);
    }
}
