use std::collections::BTreeMap;

use daemon::disk::Disk;
use metadata_store::Catalogue;
use model::{
    figure::{Figure, FigureKey, Scope},
    id::{EntityId, SpanId},
    span::Outcome,
};
use proptest::prelude::*;

use super::*;
use crate::{
    cut::CutOutcome,
    fixture::{
        ACCOUNT, AFTER_MS, Fixture, HOUR, call, figure_query, key, log, log_query, push_span,
        trace, trace_query, transaction,
    },
    head::Rows,
    reader::{Detail, GroupBy, Points, QueryError, TraceRow},
    segment::metrics::{Point, SeriesKey, SeriesName},
};

const RANGE: MinuteRange = MinuteRange { start: Minute(0), end: Minute(u32::MAX) };

/// One of each kind of row.
fn one_of_each(rows: &mut Rows, number: u64) {
    rows.count(key(1), HOUR, &call(5));
    push_span(&mut rows.spans, trace(number), number, HOUR);
    rows.traces.push(transaction(number, 5, 1));
    rows.log(log(5, "a record"));
    rows.point(series("JVM|Threads"), HOUR, &Point::of(5.0, HOUR.start_millis()));
}

fn series(path: &str) -> SeriesKey {
    SeriesKey {
        application: EntityId(1),
        tier: EntityId(2),
        node: EntityId(3),
        name: SeriesName::new(path, ""),
    }
}

fn metric_query(points: Points) -> MetricQuery {
    MetricQuery {
        account: ACCOUNT,
        application: EntityId::NONE,
        tier: None,
        paths: Vec::new(),
        range: RANGE,
        points,
        names_only: false,
        max_series: 100,
    }
}

#[track_caller]
fn check_each_row_once(fixture: &Fixture, rows: u64, when: &str) {
    let store = &fixture.store;
    let figures = store.figures(&figure_query(RANGE, Points::Total)).expect("it reads").value;
    assert_eq!(
        figures.iter().map(|row| row.figure.calls).sum::<f64>(),
        rows as f64,
        "calls {when}"
    );
    let page = store.traces(&trace_query(100)).expect("it reads").value;
    assert_eq!(page.rows.len() as u64, rows, "transactions {when}");
    let logs = store.logs(&log_query(100)).expect("it reads").value;
    assert_eq!(logs.rows.len() as u64, rows, "records {when}");
    let metrics = store.metrics(&metric_query(Points::Total)).expect("it reads").value;
    assert_eq!(metrics[0].points[0].count, rows as f64, "points {when}");
    let spans = (1..=rows)
        .map(|number| store.trace_spans_since(ACCOUNT, trace(number), 0).expect("it reads"));
    assert_eq!(spans.map(|batch| batch.len() as u64).sum::<u64>(), rows, "spans {when}");
}

#[test]
fn each_row_is_read_once_at_every_moment_of_a_cut() {
    let mut fixture = Fixture::new();
    fixture.fill(|rows| one_of_each(rows, 1));
    check_each_row_once(&fixture, 1, "in the head");
    let frozen = fixture.freeze();
    check_each_row_once(&fixture, 1, "in a frozen head");
    fixture.fill(|rows| one_of_each(rows, 2));
    check_each_row_once(&fixture, 2, "in a frozen head and the next one");
    let written = frozen.write(&fixture.store, 0).expect("the disk works");
    check_each_row_once(&fixture, 2, "written and not committed");
    fixture.catalogue.fail_before_commit(1);
    fixture.store.commit(&written).expect_err("it was told to fail");
    check_each_row_once(&fixture, 2, "after a commit that did not happen");
    fixture.catalogue.fail_after_commit(1);
    fixture.store.commit(&written).expect_err("it was told to fail");
    check_each_row_once(&fixture, 2, "after a commit whose answer got lost");
    // Upkeep reads the catalogue again, and finds what nobody was told of.
    fixture.upkeep(AFTER_MS);
    check_each_row_once(&fixture, 2, "after upkeep in between");
    assert_eq!(fixture.store.commit(&written).expect("it answers"), CutOutcome::Committed);
    check_each_row_once(&fixture, 2, "after the commit was repeated");
    fixture.cut();
    check_each_row_once(&fixture, 2, "after the next cut");
    fixture.upkeep(AFTER_MS);
    check_each_row_once(&fixture, 2, "after merging");
    check_each_row_once(&fixture.crash(), 2, "after a crash");
}

#[test]
fn a_writer_that_was_superseded_shows_nothing_of_its_cut() {
    let mut fixture = Fixture::new();
    fixture.fill(|rows| one_of_each(rows, 1));
    let frozen = fixture.freeze();
    let written = frozen.write(&fixture.store, 0).expect("the disk works");
    fixture.catalogue.claim("writer", &[0]).expect("memory answers");
    assert_eq!(fixture.store.commit(&written).expect("it answers"), CutOutcome::Superseded);
    let page = fixture.store.traces(&trace_query(100)).expect("it reads").value;
    assert_eq!(page.rows, []);
}

#[test]
fn a_writer_that_begins_again_at_its_last_cut_counts_nothing_twice() {
    let mut fixture = Fixture::new();
    fixture.write(|rows| one_of_each(rows, 1));
    fixture.fill(|rows| one_of_each(rows, 2));
    let frozen = fixture.freeze();
    let written = frozen.write(&fixture.store, 0).expect("the disk works");
    fixture.catalogue.fail_after_commit(1);
    fixture.store.commit(&written).expect_err("it was told to fail");
    fixture.fill(|rows| one_of_each(rows, 3));
    fixture.store.discard_head().expect("memory answers");
    check_each_row_once(&fixture, 2, "after the heads were discarded");
}

/// A batch of calls: subject, minute after [`HOUR`], microseconds, whether it is taken back later.
type Batch = Vec<(u32, u32, u32)>;

fn batches() -> impl Strategy<Value = Vec<Batch>> {
    prop::collection::vec(prop::collection::vec((0u32..3, 0u32..200, 1u32..1_000_000), 1..20), 1..8)
}

fn directly(batches: &[Batch], points: Points) -> BTreeMap<(FigureKey, Minute), Figure> {
    let mut figures: BTreeMap<(FigureKey, Minute), Figure> = BTreeMap::new();
    for (subject, minute, micros) in batches.iter().flatten() {
        let at = match points {
            Points::Total => Minute(0),
            Points::Every(resolution) => resolution.floor(Minute(HOUR.0 + minute)),
        };
        figures.entry((key(*subject), at)).or_default().add(&call(*micros));
    }
    figures
}

fn asked(store: &Store, points: Points) -> BTreeMap<(FigureKey, Minute), Figure> {
    let rows = store.figures(&figure_query(RANGE, points)).expect("it reads").value;
    // Only baselines use how many minutes stand behind a point; that is tested with rolling up.
    let plain = |figure| Figure { minutes: None, ..figure };
    rows.into_iter().map(|row| ((row.key, row.at), plain(row.figure))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn points_of_any_width_equal_the_figures_counted_directly(batches in batches(), rolled in 0usize..8, in_head in any::<bool>()) {
        let mut fixture = Fixture::new();
        for (number, batch) in batches.iter().enumerate() {
            fixture.fill(|rows| for (subject, minute, micros) in batch {
                rows.count(key(*subject), Minute(HOUR.0 + minute), &call(*micros));
            });
            if !in_head || number + 1 < batches.len() {
                fixture.cut();
            }
            if number + 1 == rolled {
                fixture.upkeep(AFTER_MS + 4 * 3_600_000);
            }
        }
        for points in [Points::Total, Points::Every(Resolution::OneMinute), Points::Every(Resolution::TenMinutes), Points::Every(Resolution::OneHour)] {
            prop_assert_eq!(asked(&fixture.store, points), directly(&batches, points), "{:?}", points);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_total_ends_where_it_was_asked_to_whatever_is_rolled_up(batches in batches(), rolled in 0usize..8, start in 0u32..200, length in 1u32..200) {
        let mut fixture = Fixture::new();
        for (number, batch) in batches.iter().enumerate() {
            fixture.write(|rows| for (subject, minute, micros) in batch {
                rows.count(key(*subject), Minute(HOUR.0 + minute), &call(*micros));
            });
            if number + 1 == rolled {
                fixture.upkeep(AFTER_MS + 4 * 3_600_000);
            }
        }
        let range = MinuteRange { start: Minute(HOUR.0 + start), end: Minute(HOUR.0 + start + length) };
        let inside: Batch = batches.iter().flatten().copied().filter(|(_, minute, _)| (start..start + length).contains(minute)).collect();
        for detail in [Detail::Whole, Detail::Minutes] {
            let query = FigureQuery { detail, ..figure_query(range, Points::Total) };
            let rows = fixture.store.figures(&query).expect("it reads").value;
            let calls: BTreeMap<_, _> = rows.iter().map(|row| (row.key, (row.figure.calls, row.figure.sum))).collect();
            let expected = directly(std::slice::from_ref(&inside), Points::Total);
            prop_assert_eq!(calls, expected.iter().map(|((key, _), figure)| (*key, (figure.calls, figure.sum))).collect(), "{:?}", detail);
            if detail == Detail::Whole {
                let whole: BTreeMap<_, _> = rows.into_iter().map(|row| ((row.key, Minute(0)), row.figure)).collect();
                prop_assert_eq!(whole, expected);
            }
        }
    }
}

#[test]
fn a_total_of_whole_tens_tells_as_little_of_how_minutes_spread_as_any_other() {
    let mut fixture = Fixture::new();
    fixture.write(|rows| rows.count(key(0), HOUR, &call(1)));
    fixture.upkeep(AFTER_MS + 4 * 3_600_000);
    for length in [40, 41] {
        let range = MinuteRange { start: HOUR, end: Minute(HOUR.0 + length) };
        let query = figure_query(range, Points::Total);
        let rows = fixture.store.figures(&query).expect("it reads").value;
        assert_eq!(rows[0].figure.minutes, None, "{length} minutes");
    }
}

#[test]
fn metric_points_of_an_hour_are_the_same_before_and_after_rolling_up() {
    let mut fixture = Fixture::new();
    for minute in 0..60 {
        fixture.write(|rows| {
            rows.point(
                series("JVM|Threads"),
                Minute(HOUR.0 + minute),
                &Point::of(f64::from(minute), Minute(HOUR.0 + minute).start_millis()),
            );
        });
    }
    let ask = || {
        fixture
            .store
            .metrics(&metric_query(Points::Every(Resolution::OneHour)))
            .expect("it reads")
            .value
    };
    let before = ask();
    let point = before[0].points[0];
    assert_eq!(
        (point.count, point.sum, point.min, point.max, point.last),
        (60.0, 1770.0, 0.0, 59.0, 59.0)
    );
    fixture.upkeep(AFTER_MS);
    assert_eq!(ask(), before);
}

#[test]
fn a_later_row_about_a_transaction_stands_whatever_was_merged() {
    let mut fixture = Fixture::new();
    fixture.write(|rows| rows.traces.push(transaction(1, 5, 1)));
    for number in 2..=15 {
        fixture.write(|rows| rows.traces.push(transaction(number, 5, 1)));
    }
    fixture.write(|rows| rows.traces.push(transaction(16, 5, 1)));
    // It was no transaction of its own; this is written before the others are merged to a segment of a higher id.
    fixture.write(|rows| {
        rows.traces.push(TraceRow { spans: 0, bt: EntityId::NONE, ..transaction(1, 5, 1) })
    });
    let during_the_hour = i64::from(HOUR.0) * 60_000 + 1;
    assert_eq!(fixture.upkeep(during_the_hour).len(), 1);
    let of_bt = TraceQuery { bt: Some(EntityId(1)), ..trace_query(100) };
    for query in [&of_bt, &trace_query(100)] {
        let rows = fixture.store.traces(query).expect("it reads").value.rows;
        assert_eq!(rows.len(), 15, "{query:?}");
        assert!(rows.iter().all(|row| row.trace != trace(1)));
    }
    fixture.write(|rows| rows.traces.push(transaction(1, 5, 2)));
    let rows = fixture.store.traces(&trace_query(100)).expect("it reads").value.rows;
    assert_eq!(rows.len(), 16, "it is one again");
    fixture.upkeep(AFTER_MS);
    assert_eq!(fixture.store.traces(&trace_query(100)).expect("it reads").value.rows, rows);
}

#[test]
fn a_transaction_that_got_another_name_is_listed_under_that_alone_whatever_was_merged() {
    let mut fixture = Fixture::new();
    let (old, new) = (transaction(1, 5, 7), transaction(1, 5, 3));
    let other = transaction(2, 5, 7);
    fixture.write(|rows| rows.traces.extend([old, other]));
    let renamed = [TraceRow { spans: 0, ..old }, new];
    let check = |fixture: &Fixture, when: &str| {
        let of = |bt: Option<u32>| {
            let query = TraceQuery { bt: bt.map(EntityId), ..trace_query(100) };
            fixture.store.traces(&query).expect("it reads").value.rows
        };
        assert_eq!(of(Some(7)), [other], "under the old name {when}");
        assert_eq!(of(Some(3)), [new], "under the new name {when}");
        assert_eq!(of(None).len(), 2, "of all {when}");
        assert!(of(None).contains(&new), "of all {when}");
    };
    fixture.fill(|rows| rows.traces.extend(renamed));
    check(&fixture, "in the head");
    fixture.cut();
    check(&fixture, "in two segments");
    fixture.upkeep(AFTER_MS);
    check(&fixture, "merged");
}

#[test]
fn pages_of_transactions_come_newest_first_and_leave_none_out() {
    let mut fixture = Fixture::new();
    for number in 1..=40 {
        fixture.fill(|rows| rows.traces.push(transaction(number, number % 7, 1)));
        if number % 10 == 0 {
            fixture.cut();
        }
    }
    // One of each page is retired by a newer row.
    for number in [7, 14, 20] {
        fixture.fill(|rows| {
            rows.traces.push(TraceRow {
                spans: 0,
                bt: EntityId::NONE,
                ..transaction(number, number % 7, 1)
            })
        });
    }
    let mut query = trace_query(4);
    let mut seen = Vec::new();
    loop {
        let page = fixture.store.traces(&query).expect("it reads").value;
        seen.extend(page.rows.iter().map(|row| (row.end_ns, row.trace, row.entry)));
        let Some(next) = page.next else { break };
        assert_eq!(page.rows.len(), 4);
        query.before = Some(next);
    }
    assert_eq!(seen.len(), 37);
    assert!(seen.is_sorted_by(|a, b| a > b));
    assert!(!seen.iter().any(|(_, _, entry)| [7, 14, 20].map(SpanId).contains(entry)));
}

#[test]
fn pages_of_records_never_part_those_of_one_instant() {
    let mut fixture = Fixture::new();
    for number in 0..30u64 {
        fixture.fill(|rows| rows.log(log(number / 4, &number.to_string())));
        if number % 7 == 0 {
            fixture.cut();
        }
    }
    let mut query = log_query(3);
    let mut seen = Vec::new();
    loop {
        let page = fixture.store.logs(&query).expect("it reads").value;
        seen.extend(page.rows.into_iter().map(|row| (row.at_ns, row.body)));
        let Some(next) = page.next else { break };
        query.before = Some(next);
    }
    assert!(seen.is_sorted_by(|a, b| a.0 >= b.0));
    let mut numbers: Vec<u64> =
        seen.iter().map(|(_, body)| body.parse().expect("a number")).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..30).collect::<Vec<_>>());
}

#[test]
fn an_answer_over_its_limit_is_an_error_and_not_a_part() {
    let fixture = Fixture::new();
    fixture.fill(|rows| (0..11).for_each(|subject| rows.count(key(subject), HOUR, &call(5))));
    let query = FigureQuery { max_rows: 10, ..figure_query(RANGE, Points::Total) };
    assert!(matches!(fixture.store.figures(&query), Err(QueryError::TooLarge(10))));
}

#[test]
fn a_span_stored_twice_is_shown_once() {
    let mut fixture = Fixture::new();
    fixture.write(|rows| push_span(&mut rows.spans, trace(1), 1, HOUR));
    fixture.write(|rows| push_span(&mut rows.snapshots, trace(1), 1, HOUR));
    assert_eq!(fixture.store.trace(ACCOUNT, trace(1)).expect("it reads").value.len(), 1);
}

fn damage(fixture: &Fixture, path: &str) {
    fixture.disk.remove(path.as_ref()).expect("it is there");
    let mut file = fixture.disk.create(path.as_ref()).expect("the disk works");
    file.append(b"no segment at all, whatever its name says").expect("the disk works");
}

#[test]
fn a_lost_or_damaged_segment_makes_answers_partial_and_stops_nothing_else() {
    let mut fixture = Fixture::new();
    for number in 0..3 {
        fixture.write(|rows| one_of_each(rows, number));
    }
    let listed = fixture.catalogue.snapshot().expect("memory answers").segments;
    for table in Table::ALL {
        let mut of_table = listed.iter().filter(|segment| segment.table == table as u8);
        let [Some(lost), Some(damaged)] = [of_table.next(), of_table.next()] else { continue };
        fixture.disk.remove(lost.path.as_ref()).expect("it is there");
        damage(&fixture, &damaged.path);
    }
    let store = &fixture.store;
    let said = |partial: Vec<String>| {
        assert!(partial[0].starts_with("2 stored segments are lost or damaged"), "{partial:?}");
    };
    let figures = store.figures(&figure_query(RANGE, Points::Total)).expect("it answers");
    assert_eq!(figures.value[0].figure.calls, 1.0);
    said(figures.partial);
    let metrics = store.metrics(&metric_query(Points::Total)).expect("it answers");
    assert_eq!(metrics.value[0].points[0].count, 1.0);
    said(metrics.partial);
    let traces = store.traces(&trace_query(10)).expect("it answers");
    assert_eq!(traces.value.rows.len(), 1);
    said(traces.partial);
    let logs = store.logs(&log_query(10)).expect("it answers");
    assert_eq!(logs.value.rows.len(), 1);
    said(logs.partial);
    let spans = store.trace(ACCOUNT, trace(2)).expect("it answers");
    assert_eq!(spans.value.len(), 1);
    said(spans.partial);
    // The pipeline goes on without it, and so does upkeep, until the damaged ones' time is over.
    assert_eq!(store.trace_spans_since(ACCOUNT, trace(0), 0).expect("it answers").len(), 0);
    assert_eq!(store.damaged_segment_count(), 10);
    fixture.upkeep(AFTER_MS + 500 * 24 * 3_600_000);
    assert_eq!(fixture.store.segment_count(), 0);
    assert_eq!(fixture.store.damaged_segment_count(), 0);
}

#[test]
fn upkeep_finds_a_damaged_segment_by_itself_and_goes_on_with_the_others() {
    let mut fixture = Fixture::new();
    for _ in 0..4 {
        fixture.write(|rows| rows.count(key(1), HOUR, &call(5)));
    }
    let listed = fixture.catalogue.snapshot().expect("memory answers").segments;
    let of_figures = listed.iter().find(|segment| segment.table == Table::Figures as u8);
    damage(&fixture, &of_figures.expect("there are figures").path);
    fixture.store.upkeep(AFTER_MS, &crate::fixture::KEEP).expect_err("it meets the damage");
    fixture.upkeep(AFTER_MS);
    let hours = figure_query(RANGE, Points::Every(Resolution::OneHour));
    let hours = fixture.store.figures(&hours).expect("it answers");
    assert_eq!(hours.value[0].figure.calls, 3.0);
}

#[test]
fn a_search_that_finds_little_says_where_it_ended_and_goes_on_from_there() {
    let mut fixture = Fixture::new();
    // More rows than are read for one page, none of which matches but the oldest.
    let rows = 420_000u64;
    for from in (0..rows).step_by(30_000) {
        fixture.write(|head| {
            head.traces.extend((from..from + 30_000).map(|number| TraceRow {
                outcome: if number == 0 { Outcome::Error } else { Outcome::Normal },
                ..transaction(number + 1, number / 100, 1)
            }))
        });
    }
    let mut query = TraceQuery { outcomes: vec![Outcome::Error], ..trace_query(10) };
    let answer = fixture.store.traces(&query).expect("it reads");
    assert_eq!(answer.value.rows, []);
    assert_eq!(answer.partial.len(), 1, "it says so: {:?}", answer.partial);
    query.before = answer.value.next;
    assert!(query.before.is_some(), "there is a next page");
    let answer = fixture.store.traces(&query).expect("it reads");
    assert_eq!(answer.value.rows.len(), 1);
    assert_eq!((answer.value.next, answer.partial), (None, Vec::new()));
    // By duration pages are passed over, and all is looked through at once.
    let slowest = TraceQuery { min_duration_us: 1000 + rows, ..trace_query(10) };
    let answer = fixture.store.traces(&slowest).expect("it reads");
    assert_eq!((answer.value.rows.len(), answer.partial), (1, Vec::new()));
}

#[test]
fn rows_are_grouped_by_what_is_told_apart() {
    let keys: Vec<FigureKey> = (0..8)
        .map(|n| FigureKey {
            scope: if n < 4 { Scope::Edge } else { Scope::Node },
            application: EntityId(1),
            subject: EntityId(10 + n / 2 % 2),
            peer: EntityId(20 + n % 2),
            bt: EntityId(n % 2),
        })
        .collect();
    let mut fixture = Fixture::new();
    let fill = |rows: &mut Rows, nth: u32| {
        for (n, key) in (0..).zip(&keys) {
            rows.count(*key, HOUR, &call(10 + n * nth));
        }
    };
    fixture.write(|rows| fill(rows, 1));
    fixture.fill(|rows| fill(rows, 2));
    for peer in [None, Some(EntityId(21))] {
        let query = |group_by| FigureQuery { peer, group_by, ..figure_query(RANGE, Points::Total) };
        let rows = fixture.store.figures(&query(GroupBy::Key)).expect("it reads").value;
        assert_eq!(rows.len(), if peer.is_none() { 8 } else { 4 });
        for group_by in [
            GroupBy::Subject,
            GroupBy::Scope { except: Vec::new() },
            GroupBy::Scope { except: vec![EntityId(9), EntityId(11)] },
        ] {
            let mut expected = BTreeMap::<FigureKey, Figure>::new();
            for row in &rows {
                let except = |excepted: &Vec<EntityId>| excepted.contains(&row.key.subject);
                let key = FigureKey { peer: EntityId::NONE, bt: EntityId::NONE, ..row.key };
                let key = match &group_by {
                    GroupBy::Scope { except: excepted } if except(excepted) => continue,
                    GroupBy::Scope { .. } => FigureKey { subject: EntityId::NONE, ..key },
                    _ => key,
                };
                expected.entry(key).or_default().merge(&row.figure);
            }
            let found = fixture.store.figures(&query(group_by)).expect("it reads").value;
            let found: BTreeMap<_, _> =
                found.into_iter().map(|row| (row.key, row.figure)).collect();
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn a_figure_has_as_much_as_was_asked_for_wherever_it_lies() {
    let mut fixture = Fixture::new();
    fixture.write(|rows| rows.count(key(1), HOUR, &call(6)));
    fixture.fill(|rows| rows.count(key(1), HOUR, &call(501)));
    let figure = |detail| {
        let query = FigureQuery { detail, ..figure_query(RANGE, Points::Total) };
        let rows = fixture.store.figures(&query).expect("it reads").value;
        rows.into_iter().next().expect("there is one").figure
    };
    let whole = figure(Detail::Whole);
    assert_eq!((whole.calls, whole.errors, whole.sum), (2.0, 2.0, 507.0));
    assert_eq!((whole.min, whole.max, whole.last), (Some(6.0), Some(501.0), Some(501.0)));
    assert_eq!(whole.histogram.buckets().len(), 2);
    assert_eq!(figure(Detail::Times), whole.without_spread());
    assert_eq!(figure(Detail::Counts), whole.counts());
}
