//! What to do next, decided from the catalogue alone.

use std::{collections::BTreeMap, fmt};

use daemon::disk::Space;
use metadata_store::SegmentMeta;

use crate::{recency::recency, table::Table};

/// How long each kind of row is kept, milliseconds since its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    pub traces_ms: i64,
    pub snapshots_ms: i64,
    pub minutes_ms: i64,
    pub ten_minutes_ms: i64,
    pub hours_ms: i64,
    pub logs_ms: i64,
    /// Raw metric points; those that minutes are worked out of stay as long as minutes do.
    pub samples_ms: i64,
    /// While less of the disk is free, percent, the oldest data go before their time; 0 for never.
    pub keep_free_percent: u8,
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
            Table::Samples => self.samples_ms,
            // Minutes are worked out of them.
            Table::Counted | Table::Series => self.samples_ms.max(self.minutes_ms),
        }
    }
}

/// One piece of work on the segments with these ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    /// The disk is nearly full, and they are what can be missed first.
    MakeRoom { segments: Vec<u64> },
    /// Their rows are over their retention.
    Drop { segments: Vec<u64> },
    /// Many small ones of one account, table and period become one of this level.
    Merge { table: Table, segments: Vec<u64>, level: u8 },
    /// Minutes of a closed hour become points of ten minutes and an hour.
    RollUp { table: Table, segments: Vec<u64> },
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Job::MakeRoom { segments } => {
                write!(
                    f,
                    "dropped {} segments before their time: the disk is nearly full",
                    segments.len()
                )
            }
            Job::Drop { segments } => {
                write!(f, "dropped {} segments over their retention", segments.len())
            }
            Job::Merge { table, segments, .. } => {
                write!(f, "merged {} segments of {}", segments.len(), table.name())
            }
            Job::RollUp { table, segments } => {
                write!(f, "rolled {} segments of {} up", segments.len(), table.name())
            }
        }
    }
}

/// So many segments of one level become one of the next.
const FAN_IN: usize = 16;
/// Of samples fewer: the longer a chunk, the fewer bytes each of them takes.
const FAN_IN_OF_SAMPLES: usize = 8;
/// Of spans that are copied, which costs little, also these when no more of them make one that is not too large.
const FAN_IN_OF_COPIES: usize = 4;
/// Segments of spans with so many rows are copied: of fewer there are too many in a day to be asked for a trace in each.
pub(super) const COPIED_ROWS: u64 = 96 * 1024;
/// After the end of its period so long nothing much is expected to come, milliseconds.
const SETTLE_MS: i64 = 15 * 60_000;
/// A burst of samples is over when no segment has come for so long, milliseconds: longer than from one cut to the next.
const QUIET_MS: i64 = 15_000;
/// The rest of a closed period or of a burst is merged unless its largest segment is so many times as large as all others: late rows
/// would have it written again and again.
const WORTHWHILE: u64 = 8;

/// A merged segment grows no larger.
#[derive(Clone, Copy)]
struct Largest {
    bytes: u64,
    rows: u64,
}

impl Largest {
    /// Spans and samples are read as streams and the others whole; what a merge holds must fit its memory.
    fn of(table: Table, memory: usize) -> Largest {
        let memory = memory as u64;
        let whole = |row_bytes: u64| Largest { bytes: 16 << 20, rows: memory / row_bytes };
        match table {
            Table::Spans | Table::Snapshots | Table::Samples | Table::Counted => {
                Largest { bytes: memory.min(64 << 20), rows: u64::MAX }
            }
            Table::Figures | Table::FiguresTen | Table::FiguresHour => whole(640),
            Table::Metrics | Table::MetricsTen | Table::MetricsHour => whole(384),
            Table::TraceIndex => whole(192),
            Table::Series => whole(768),
            Table::Logs => whole(2048),
        }
    }
}

/// What merges leave free: cuts need it to work off the journal.
const MERGE_RESERVE_PERCENT: u64 = 2;

/// The most urgent job, given how much of the disk is free and how many bytes of memory one may take. What is over its
/// retention is judged by the trusted time.
pub(super) fn plan_within(
    segments: &[SegmentMeta],
    (now_ms, trusted_ms): (i64, i64),
    retention: &Retention,
    space: Space,
    memory: usize,
) -> Option<Job> {
    let wanted = space.total / 100 * u64::from(retention.keep_free_percent);
    let job = drop_expired(segments, trusted_ms, retention)
        .or_else(|| make_room(segments, trusted_ms.min(now_ms), wanted.saturating_sub(space.free)))
        .or_else(|| merge(segments, now_ms, memory))
        .or_else(|| roll_up(segments, now_ms, memory))?;
    let bytes = |ids: &[u64]| -> u64 {
        segments
            .iter()
            .filter(|segment| ids.contains(&segment.id))
            .map(|segment| segment.bytes)
            .sum()
    };
    let room = space.free.saturating_sub(space.total / 100 * MERGE_RESERVE_PERCENT);
    match &job {
        Job::Merge { segments, .. } | Job::RollUp { segments, .. } if bytes(segments) > room => {
            None
        }
        _ => Some(job),
    }
}

/// What goes first when the disk is nearly full: whole traces, log records, raw samples, minutes that are rolled up, and
/// snapshots older than a day; of each the oldest, and nothing of a period that still runs.
fn make_room(segments: &[SegmentMeta], now_ms: i64, deficit: u64) -> Option<Job> {
    const DAY_MS: i64 = 24 * 3_600_000;
    if deficit == 0 {
        return None;
    }
    let turn = |segment: &SegmentMeta| -> Option<u8> {
        match Table::from_number(segment.table)? {
            Table::Spans => Some(0),
            Table::Logs => Some(1),
            Table::Samples => Some(2),
            Table::Figures | Table::Metrics | Table::Counted => segment.rolled_up.then_some(3),
            Table::Snapshots | Table::TraceIndex => {
                (segment.max_time_ns / 1_000_000 < now_ms - DAY_MS).then_some(4)
            }
            // Small beside what they stand for.
            Table::Series
            | Table::FiguresTen
            | Table::MetricsTen
            | Table::FiguresHour
            | Table::MetricsHour => None,
        }
    };
    let mut candidates: Vec<((u8, i64, u64), u64)> = segments
        .iter()
        .filter(|segment| is_closed(segment, now_ms))
        .filter_map(|segment| {
            Some(((turn(segment)?, segment.period_start_ms, segment.id), segment.bytes))
        })
        .collect();
    candidates.sort_unstable();
    let mut freed = 0;
    let chosen = candidates.into_iter().take_while(|(_, bytes)| {
        let needed = freed < deficit;
        freed += bytes;
        needed
    });
    let segments: Vec<u64> = chosen.map(|((.., id), _)| id).collect();
    (!segments.is_empty()).then_some(Job::MakeRoom { segments })
}

fn drop_expired(segments: &[SegmentMeta], now_ms: i64, retention: &Retention) -> Option<Job> {
    let expired = |segment: &&SegmentMeta| {
        is_expired(segment, now_ms, retention)
            // Minutes that are in no rolled-up table yet are late, not over: the machine was off.
            && (segment.rolled_up
                || !Table::from_number(segment.table).is_some_and(is_rolled_up_later))
    };
    let segments: Vec<u64> = segments.iter().filter(expired).map(|segment| segment.id).collect();
    (!segments.is_empty()).then_some(Job::Drop { segments })
}

/// Whether all its rows are older than they are kept.
pub(crate) fn is_expired(segment: &SegmentMeta, now_ms: i64, retention: &Retention) -> bool {
    Table::from_number(segment.table)
        .is_some_and(|table| segment.max_time_ns / 1_000_000 < now_ms - retention.of(table))
}

fn is_rolled_up_later(table: Table) -> bool {
    matches!(table, Table::Figures | Table::Metrics | Table::Counted)
}

/// Segments that may be merged with one another: account, table, period, whether rolled up.
type Group = (u32, u8, i64, bool);

/// Those with the oldest rows first.
fn groups<'a>(
    segments: impl Iterator<Item = &'a SegmentMeta>,
) -> BTreeMap<Group, Vec<&'a SegmentMeta>> {
    let mut groups: BTreeMap<Group, Vec<&SegmentMeta>> = BTreeMap::new();
    for segment in segments {
        let group = (segment.account, segment.table, segment.period_start_ms, segment.rolled_up);
        groups.entry(group).or_default().push(segment);
    }
    groups.values_mut().for_each(|group| group.sort_by_cached_key(|segment| recency(segment)));
    groups
}

fn is_closed(segment: &SegmentMeta, now_ms: i64) -> bool {
    now_ms > segment.period_start_ms + segment.period_ms + SETTLE_MS
}

fn merge(segments: &[SegmentMeta], now_ms: i64, memory: usize) -> Option<Job> {
    groups(segments.iter()).into_iter().find_map(|((_, table, _, _), group)| {
        let table = Table::from_number(table)?;
        let largest = Largest::of(table, memory);
        let chosen =
            full_level(table, &group, largest).or_else(|| rest(table, &group, largest, now_ms))?;
        let level = chosen.iter().map(|segment| segment.level).max()?.saturating_add(1);
        Some(Job::Merge {
            table,
            segments: chosen.iter().map(|segment| segment.id).collect(),
            level,
        })
    })
}

/// The first neighbours of one level that are enough.
fn full_level<'a>(
    table: Table,
    group: &[&'a SegmentMeta],
    largest: Largest,
) -> Option<Vec<&'a SegmentMeta>> {
    let is_full = |run: &Vec<&SegmentMeta>, following: usize| {
        run.len() >= fan_in(table)
            || following > run.len() && run.len() >= FAN_IN_OF_COPIES && is_copied(table, run)
    };
    group.chunk_by(|a, b| a.level == b.level).find_map(|level| {
        let mut runs = runs(level, largest).zip((0..=level.len()).rev());
        runs.find_map(|(run, following)| is_full(&run, following).then_some(run))
    })
}

fn is_copied(table: Table, run: &[&SegmentMeta]) -> bool {
    matches!(table, Table::Spans | Table::Snapshots)
        && run.iter().all(|segment| segment.rows >= COPIED_ROWS)
}

/// Neighbours that are left of a period that has ended, or of a burst of samples.
fn rest<'a>(
    table: Table,
    group: &[&'a SegmentMeta],
    largest: Largest,
    now_ms: i64,
) -> Option<Vec<&'a SegmentMeta>> {
    let is_over = group.iter().all(|segment| is_closed(segment, now_ms))
        || is_of_samples(table)
            && group.iter().all(|segment| now_ms > segment.created_ms + QUIET_MS);
    if !is_over {
        return None;
    }
    runs(group, largest).find(|run| {
        let all: u64 = run.iter().map(|segment| segment.bytes).sum();
        let largest = run.iter().map(|segment| segment.bytes).max().unwrap_or(0);
        run.len() >= 2 && largest <= WORTHWHILE * (all - largest)
    })
}

fn is_of_samples(table: Table) -> bool {
    matches!(table, Table::Samples | Table::Counted)
}

fn fan_in(table: Table) -> usize {
    if is_of_samples(table) { FAN_IN_OF_SAMPLES } else { FAN_IN }
}

/// For each segment: it and its next neighbours, as many as make one that is not too large.
fn runs<'a>(
    group: &[&'a SegmentMeta],
    largest: Largest,
) -> impl Iterator<Item = Vec<&'a SegmentMeta>> {
    (0..group.len()).map(move |start| {
        let (mut bytes, mut rows) = (0, 0);
        let fitting = group[start..].iter().copied().take_while(|segment| {
            bytes += segment.bytes;
            rows += segment.rows;
            bytes <= largest.bytes && rows <= largest.rows
        });
        fitting.take(FAN_IN).collect()
    })
}

fn roll_up(segments: &[SegmentMeta], now_ms: i64, memory: usize) -> Option<Job> {
    let due = |segment: &&SegmentMeta| {
        !segment.rolled_up
            && Table::from_number(segment.table).is_some_and(is_rolled_up_later)
            && is_closed(segment, now_ms)
    };
    let (key, group) = groups(segments.iter().filter(due)).into_iter().next()?;
    let table = Table::from_number(key.1)?;
    // One larger than a merge would make it is rolled up alone.
    let run = runs(&group, Largest::of(table, memory)).next().filter(|run| !run.is_empty());
    let run = run.unwrap_or_else(|| vec![group[0]]);
    Some(Job::RollUp { table, segments: run.iter().map(|segment| segment.id).collect() })
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
        samples_ms: 8 * 24 * HOUR,
        keep_free_percent: 10,
    };

    const MEMORY: usize = 256 << 20;

    /// On a disk with room.
    fn plan(segments: &[SegmentMeta], now_ms: i64, retention: &Retention) -> Option<Job> {
        let space = Space { free: u64::MAX, total: 0 };
        plan_within(segments, (now_ms, now_ms), retention, space, MEMORY)
    }

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
    fn what_a_burst_of_samples_left_is_merged_when_it_is_over() {
        let few: Vec<_> = (1..=3)
            .map(|id| SegmentMeta {
                created_ms: id * 1000,
                ..segment(id as u64, Table::Counted, 0)
            })
            .collect();
        assert_eq!(plan(&few, 3_000 + QUIET_MS, &KEEP), None);
        let merge = Job::Merge { table: Table::Counted, segments: vec![1, 2, 3], level: 1 };
        assert_eq!(plan(&few, 3_001 + QUIET_MS, &KEEP), Some(merge));
        let spans: Vec<_> = (1..=3).map(|id| segment(id, Table::Spans, 0)).collect();
        assert_eq!(plan(&spans, 3_001 + QUIET_MS, &KEEP), None);
    }

    #[test]
    fn counted_samples_stay_as_long_as_the_minutes_that_they_tell() {
        let few = Retention { samples_ms: 24 * HOUR, ..KEEP };
        let old = [
            segment(1, Table::Samples, 9),
            SegmentMeta { rolled_up: true, ..segment(2, Table::Counted, 9) },
            segment(3, Table::Series, 9),
        ];
        assert_eq!(plan(&old, 26 * HOUR, &few), Some(Job::Drop { segments: vec![1] }));
        let dropped = Some(Job::Drop { segments: vec![1, 2, 3] });
        assert_eq!(plan(&old, (8 * 24 + 2) * HOUR, &few), dropped);
        // Not rolled up yet: first that.
        let late = [segment(2, Table::Counted, 9)];
        let rolled_up = Some(Job::RollUp { table: Table::Counted, segments: vec![2] });
        assert_eq!(plan(&late, (8 * 24 + 2) * HOUR, &few), rolled_up);
    }

    #[test]
    fn full_segments_of_spans_are_put_together_as_soon_as_no_further_one_fits() {
        let of = |table, rows| {
            let full = |id| SegmentMeta { bytes: 12 << 20, rows, ..segment(id, table, 0) };
            (1..=6).map(full).collect::<Vec<_>>()
        };
        let five = Job::Merge { table: Table::Spans, segments: (1..=5).collect(), level: 1 };
        assert_eq!(plan(&of(Table::Spans, 300_000), HOUR / 2, &KEEP), Some(five));
        assert_eq!(plan(&of(Table::Spans, 300_000)[..5], HOUR / 2, &KEEP), None);
        assert_eq!(plan(&of(Table::Spans, 3_000), HOUR / 2, &KEEP), None);
    }

    #[test]
    fn large_segments_are_left_alone() {
        let large: Vec<_> = (1..=20)
            .map(|id| SegmentMeta { bytes: (128 << 20) + 1, ..segment(id, Table::Spans, 0) })
            .collect();
        assert_eq!(plan(&large, HOUR / 2, &KEEP), None);
    }

    #[test]
    fn no_more_is_merged_or_rolled_up_at_a_time_than_memory_has_room_for() {
        let rows = |id| SegmentMeta { rows: 100_000, ..segment(id, Table::Figures, 0) };
        let many: Vec<_> = (1..=16).map(rows).collect();
        let job = |memory: usize, now_ms| {
            let space = Space { free: u64::MAX, total: 0 };
            plan_within(&many, (now_ms, now_ms), &KEEP, space, memory)
        };
        assert!(matches!(job(1 << 30, HOUR / 2), Some(Job::Merge { .. })));
        // Four of them fit: too few while their hour runs, enough once it is over.
        assert_eq!(job(256 << 20, HOUR / 2), None);
        let four = Job::Merge { table: Table::Figures, segments: vec![1, 2, 3, 4], level: 1 };
        assert_eq!(job(256 << 20, 2 * HOUR), Some(four));
        // Where not even two fit, each is rolled up by itself.
        let one = Job::RollUp { table: Table::Figures, segments: vec![1] };
        assert_eq!(job(64 << 20, 2 * HOUR), Some(one));
    }

    #[test]
    fn a_large_segment_is_not_written_again_for_a_few_late_rows() {
        let mut group = vec![SegmentMeta { bytes: 40 << 20, ..segment(1, Table::Spans, 3) }];
        group.push(segment(2, Table::Spans, 0));
        assert_eq!(plan(&group, 2 * HOUR, &KEEP), None);
        group.push(segment(3, Table::Spans, 0));
        let late = Job::Merge { table: Table::Spans, segments: vec![2, 3], level: 1 };
        assert_eq!(plan(&group, 2 * HOUR, &KEEP), Some(late));
    }

    #[test]
    fn only_neighbours_in_time_are_merged() {
        let mut group: Vec<_> = (1..=20).map(|id| segment(id, Table::TraceIndex, 0)).collect();
        // As new as the tenth: between those before it and those behind.
        group[9] = SegmentMeta {
            level: 1,
            detail: r#"{"as_new_as":10}"#.to_owned(),
            ..segment(99, Table::TraceIndex, 1)
        };
        assert_eq!(plan(&group, HOUR / 2, &KEEP), None);
        let closed = plan(&group, 2 * HOUR, &KEEP);
        let first: Vec<u64> = (1..10).chain([99]).chain(11..=16).collect();
        assert_eq!(
            closed,
            Some(Job::Merge { table: Table::TraceIndex, segments: first, level: 2 })
        );
    }

    #[test]
    fn a_nearly_full_disk_loses_its_oldest_traces_first_and_never_what_is_new() {
        let at = |id, table, hour: i64| SegmentMeta {
            period_start_ms: hour * HOUR,
            max_time_ns: (hour + 1) * HOUR * 1_000_000 - 1,
            rolled_up: true,
            level: 9,
            ..segment(id, table, 0)
        };
        let all = [
            at(1, Table::Spans, 21),
            at(2, Table::Spans, 20),
            at(3, Table::Spans, 23),
            at(4, Table::Logs, 1),
            at(5, Table::Samples, 1),
            at(6, Table::Figures, 1),
            SegmentMeta { rolled_up: false, ..at(7, Table::Metrics, 22) },
            at(8, Table::Snapshots, 1),
            at(9, Table::Snapshots, 12),
            at(10, Table::FiguresHour, 0),
        ];
        // Each has 1000 bytes; a tenth of the disk is to be free.
        let room = |free: u64, segments: &[SegmentMeta]| {
            let space = Space { free, total: 100_000 };
            let now = 23 * HOUR + HOUR / 2;
            match plan_within(segments, (now, now), &KEEP, space, MEMORY) {
                Some(Job::MakeRoom { segments }) => segments,
                _ => Vec::new(),
            }
        };
        assert_eq!(room(10_000, &all), Vec::<u64>::new());
        assert_eq!(room(9_999, &all), [2]);
        assert_eq!(room(8_500, &all), [2, 1]);
        // 3 is of the running hour, 7 not rolled up, 9 younger than a day; hours stay.
        let at_day = |segments: &[SegmentMeta]| {
            let space = Space { free: 0, total: 100_000 };
            let keep = Retention { traces_ms: 99 * HOUR, ..KEEP };
            plan_within(segments, (26 * HOUR, 26 * HOUR), &keep, space, MEMORY)
        };
        let everything = Job::MakeRoom { segments: vec![2, 1, 3, 4, 5, 6, 8] };
        assert_eq!(at_day(&all), Some(everything));
    }

    #[test]
    fn nothing_is_merged_where_only_the_reserve_is_left() {
        let keep = Retention { keep_free_percent: 0, ..KEEP };
        let many: Vec<_> = (1..=16).map(|id| segment(id, Table::Spans, 0)).collect();
        let job = |free| {
            plan_within(
                &many,
                (HOUR / 2, HOUR / 2),
                &keep,
                Space { free, total: 1_000_000 },
                MEMORY,
            )
        };
        assert!(matches!(job(36_000), Some(Job::Merge { .. })));
        assert_eq!(job(35_999), None);
    }

    #[test]
    fn a_clock_that_jumped_ahead_drops_nothing_but_merges_and_rolls_up() {
        let segments = [segment(1, Table::Spans, 2), segment(2, Table::Figures, 2)];
        let space = Space { free: u64::MAX, total: 0 };
        let job = plan_within(&segments, (9999 * HOUR, HOUR), &KEEP, space, MEMORY);
        assert_eq!(job, Some(Job::RollUp { table: Table::Figures, segments: vec![2] }));
    }

    #[test]
    fn minutes_are_not_dropped_before_they_are_rolled_up() {
        let late = [segment(1, Table::Figures, 0)];
        let rolled = [SegmentMeta { rolled_up: true, ..segment(1, Table::Figures, 0) }];
        let now = 30 * 24 * HOUR;
        assert_eq!(
            plan(&late, now, &KEEP),
            Some(Job::RollUp { table: Table::Figures, segments: vec![1] })
        );
        assert_eq!(plan(&rolled, now, &KEEP), Some(Job::Drop { segments: vec![1] }));
    }
}
