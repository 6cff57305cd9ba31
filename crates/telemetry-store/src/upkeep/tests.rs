use std::collections::BTreeMap;

use metadata_store::Catalogue;
use model::{id::EntityId, time::Minute};

use super::{plan::COPIED_ROWS, *};
use crate::{
    fixture::{
        ACCOUNT, AFTER_MS, Fixture, HOUR, HOUR_MS, call, figure_query, key, log, push_span,
        series_row, trace, transaction,
    },
    reader::{self, Reader, Resolution, SpanQuery},
    segment::{
        counted::{CountedSample, Role},
        metrics::{Point, Points, SeriesKey, SeriesName, Wanted, each_point},
        series::{Counts, SeriesRow},
        spans,
    },
};

/// Rows of each table as it says itself.
fn rows(fixture: &Fixture) -> BTreeMap<Table, u64> {
    let sizes = fixture.store.sizes().into_iter().filter(|size| size.2 > 0);
    sizes.map(|(table, _, rows)| (table, rows)).collect()
}

fn segments(fixture: &Fixture) -> BTreeMap<Table, usize> {
    let mut counts = BTreeMap::new();
    for segment in fixture.catalogue.snapshot().expect("memory answers").segments {
        let table = Table::from_number(segment.table).expect("we made it");
        *counts.entry(table).or_default() += 1;
    }
    counts
}

fn write_one_of_each(fixture: &mut Fixture, number: u64) {
    let series = SeriesKey {
        application: EntityId(1),
        tier: EntityId(2),
        node: EntityId(3),
        name: SeriesName::new("JVM|Threads", ""),
    };
    let minute = Minute(HOUR.0 + number as u32);
    fixture.write(|rows| {
        rows.count(key(1), minute, &call(5));
        rows.point(series, minute, &Point::of(5.0, minute.start_millis()));
        // Parts of one trace in different segments.
        push_span(&mut rows.spans, trace(number / 2), number + 1, minute);
        push_span(&mut rows.snapshots, trace(number / 2), number + 1, minute);
        rows.traces.push(transaction(number + 1, number, 1));
        rows.log(log(number, "a record"));
    });
}

#[test]
fn merging_keeps_every_row_and_leaves_one_segment_a_closed_hour() {
    let mut fixture = Fixture::new();
    for number in 0..40 {
        write_one_of_each(&mut fixture, number);
    }
    let before = rows(&fixture);
    assert!(before.values().all(|rows| *rows == 40), "{before:?}");
    fixture.upkeep(AFTER_MS);
    let mut after = rows(&fixture);
    after.retain(|table, _| before.contains_key(table));
    assert_eq!(after, before);
    assert!(segments(&fixture).values().all(|count| *count == 1), "{:?}", segments(&fixture));
    for number in 0..20 {
        let spans = fixture.store.trace(ACCOUNT, trace(number)).expect("it reads").value;
        let ids: Vec<u64> = spans.iter().map(|span| span.id.0).collect();
        assert_eq!(ids, [2 * number + 1, 2 * number + 2]);
    }
    assert_eq!(fixture.files().len(), segments(&fixture).len(), "replaced files are gone");
}

#[test]
fn large_segments_are_put_together_and_answer_as_before() {
    let mut fixture = Fixture::new();
    // The newest spans are in the middle of what they are put together to.
    let (each, minutes) = (COPIED_ROWS + 9, [20, 40, 10]);
    for (number, minute) in (0..).zip(minutes) {
        let ids = number * each + 1..=(number + 1) * each;
        fixture.write(|rows| {
            for id in ids {
                push_span(&mut rows.spans, trace(id / 10), id, Minute(HOUR.0 + minute));
            }
        });
    }
    let last = 3 * each;
    let newest = SpanQuery { limit: 3, ..everything() };
    let check = |when: &str| {
        let page = fixture.store.spans(&newest).expect("it reads");
        let newest: Vec<u64> = page.value.rows.iter().map(|span| span.id.0).collect();
        assert_eq!(newest, [2 * each, 2 * each - 1, 2 * each - 2], "{when}");
        assert!(page.partial.is_empty(), "{when}");
        // The second one's spans are in two segments.
        for trace_number in [1, each / 10, each / 10 + 1, 2 * each / 10, last / 10 - 1] {
            let spans = fixture.store.trace(ACCOUNT, trace(trace_number)).expect("it reads").value;
            let ids: Vec<u64> = spans.iter().map(|span| span.id.0).collect();
            let mut wanted: Vec<u64> = (10 * trace_number..10 * trace_number + 10).collect();
            let minute = |id: &u64| minutes[((id - 1) / each) as usize];
            wanted.sort_by_key(|id| (minute(id), *id));
            assert_eq!(ids, wanted, "{when}");
        }
    };
    check("apart");
    let jobs = fixture.upkeep(AFTER_MS);
    assert!(matches!(&jobs[..], [Job::Merge { segments, .. }] if segments.len() == 3));
    assert_eq!(rows(&fixture), BTreeMap::from([(Table::Spans, last)]));
    let pin = fixture.store.pin();
    let copied = pin.unordered(ACCOUNT, Table::Spans).next().expect("there is one");
    assert_eq!(spans::runs(&copied.open().expect("it opens")).len(), 3);
    check("together");
}

fn everything() -> SpanQuery {
    SpanQuery {
        account: ACCOUNT,
        application: None,
        tier: None,
        name: None,
        bt: None,
        attributes: Vec::new(),
        min_duration_ns: 0,
        max_duration_ns: u64::MAX,
        errors_only: false,
        from_ns: 0,
        to_ns: u64::MAX,
        before: None,
        limit: 1,
    }
}

#[test]
fn each_kind_of_row_goes_after_its_own_time_and_its_file_with_it() {
    let mut fixture = Fixture::new();
    write_one_of_each(&mut fixture, 0);
    fixture.write(|rows| {
        rows.samples.number(1, HOUR.start_millis(), 5.0);
        rows.series(series_row("a.gauge", 1));
    });
    let tables_after = |days: i64| {
        fixture.upkeep(AFTER_MS + days * 24 * HOUR_MS);
        segments(&fixture).into_keys().collect::<Vec<Table>>()
    };
    use Table::*;
    let rolled = [FiguresTen, MetricsTen, FiguresHour, MetricsHour];
    let raw = [Samples, Series];
    let all =
        [Spans, TraceIndex, Snapshots, Figures, Metrics, Logs].iter().chain(&raw).chain(&rolled);
    let sorted = |tables: &[Table]| {
        let mut tables = tables.to_vec();
        tables.sort();
        tables
    };
    assert_eq!(tables_after(0), sorted(&all.copied().collect::<Vec<_>>()));
    assert_eq!(
        tables_after(7),
        sorted(&[&rolled[..], &raw, &[TraceIndex, Snapshots, Figures, Metrics, Logs]].concat())
    );
    assert_eq!(tables_after(9), sorted(&[&rolled[..], &[TraceIndex, Snapshots]].concat()));
    assert_eq!(tables_after(15), sorted(&rolled));
    assert_eq!(tables_after(34), sorted(&[FiguresHour, MetricsHour]));
    assert_eq!(fixture.files().len(), 2);
    assert_eq!(tables_after(402), []);
    assert_eq!(fixture.files(), [""; 0]);
}

#[test]
fn a_shorter_retention_drops_whole_segments_and_a_longer_one_keeps_them() {
    let mut fixture = Fixture::new();
    write_one_of_each(&mut fixture, 0);
    let hour = 3_600_000;
    let now_ms = HOUR.start_millis() + 10 * hour;
    let kept = |logs_ms| Retention {
        traces_ms: 20 * hour,
        snapshots_ms: 20 * hour,
        minutes_ms: 20 * hour,
        ten_minutes_ms: 20 * hour,
        hours_ms: 20 * hour,
        logs_ms,
        samples_ms: 20 * hour,
        keep_free_percent: 0,
    };
    let upkeep = |fixture: &Fixture, retention: &Retention| {
        while fixture.store.upkeep(now_ms, retention).expect("nothing fails").is_some() {}
        rows(fixture).contains_key(&Table::Logs)
    };
    assert!(upkeep(&fixture, &kept(20 * hour)));
    // What would go is told before it does.
    assert_eq!(fixture.store.expired(ACCOUNT, now_ms, &kept(20 * hour)), []);
    let told = fixture.store.expired(ACCOUNT, now_ms, &kept(9 * hour));
    assert_eq!((told.len(), told[0].table, told[0].segments, told[0].rows), (1, Table::Logs, 1, 1));
    assert!(upkeep(&fixture, &kept(400 * hour)), "a longer one keeps all there is");
    assert!(!upkeep(&fixture, &kept(9 * hour)));
    assert_eq!(fixture.store.expired(ACCOUNT, now_ms, &kept(9 * hour)), []);
    assert!(rows(&fixture).contains_key(&Table::Spans), "others are left alone");
}

#[test]
fn minutes_of_a_machine_that_was_off_are_rolled_up_before_they_are_dropped() {
    let mut fixture = Fixture::new();
    fixture.write(|rows| rows.count(key(1), HOUR, &call(5)));
    let jobs = fixture.upkeep(AFTER_MS + 20 * 24 * HOUR_MS);
    assert!(matches!(jobs[..], [Job::RollUp { .. }, Job::Drop { .. }]), "{jobs:?}");
    let counted = [("make-room", 0), ("drop", 1), ("merge", 0), ("roll-up", 1)];
    assert_eq!(fixture.store.jobs_done(), counted);
    assert_eq!(
        segments(&fixture).into_keys().collect::<Vec<_>>(),
        [Table::FiguresTen, Table::FiguresHour]
    );
}

#[test]
fn late_calls_change_the_squares_of_their_minute_and_not_how_many_minutes_there_were() {
    let mut fixture = Fixture::new();
    let mut calls = BTreeMap::new();
    let rounds: [&[(u32, u32)]; 3] =
        [&[(0, 3), (1, 2), (30, 1)], &[(1, 5), (2, 1)], &[(1, 1), (59, 2)]];
    for round in rounds {
        fixture.write(|rows| {
            for &(minute, count) in round {
                (0..count).for_each(|_| rows.count(key(1), Minute(HOUR.0 + minute), &call(5)));
                *calls.entry(minute).or_insert(0.0) += f64::from(count);
            }
        });
        fixture.upkeep(AFTER_MS);
    }
    let range = model::time::MinuteRange { start: HOUR, end: Minute(HOUR.0 + 60) };
    let query = figure_query(range, reader::Points::Every(Resolution::OneHour));
    let hour = fixture.store.figures(&query).expect("it reads").value.remove(0).figure;
    let squares: f64 = calls.values().map(|calls| calls * calls).sum();
    let minutes = hour.minutes.expect("it is rolled up");
    assert_eq!((minutes.count, hour.calls, minutes.calls_squares), (5.0, 15.0, squares));
    assert_eq!(
        (minutes.timed_count, minutes.average_sum, minutes.average_squares),
        (5.0, 25.0, 125.0)
    );
}

#[test]
fn late_samples_change_the_value_of_their_minute_and_not_how_many_minutes_there_were() {
    for (unit, values) in [("", [2.0f64, 4.0]), ("1/min", [6.0, 4.0])] {
        let mut fixture = Fixture::new();
        let series = SeriesKey {
            application: EntityId(1),
            tier: EntityId(2),
            node: EntityId(3),
            name: SeriesName::new("Custom Metrics|orders", unit),
        };
        // The newer sample comes first.
        for (minute, value, second) in [(0, 1.0, 50), (1, 4.0, 10), (0, 2.0, 10), (0, 3.0, 20)] {
            let minute = Minute(HOUR.0 + minute);
            let at_ms = minute.start_millis() + second * 1000;
            fixture.write(|rows| {
                rows.point(series.clone(), minute, &Point::of(value, at_ms));
            });
            fixture.upkeep(AFTER_MS);
        }
        let mut hour = Point::default();
        for segment in fixture.store.pin().of(crate::fixture::ACCOUNT, Table::MetricsHour) {
            let segment = segment.open().expect("it opens");
            each_point(&segment, &Wanted::ALL, |_, _, point| hour.merge(&point)).expect("it reads");
        }
        assert_eq!((hour.count, hour.sum, hour.squares), (4.0, 10.0, 30.0));
        assert_eq!((hour.last, hour.last_at_ms), (4.0, HOUR.start_millis() + 70_000));
        let [sum, squares] = [values[0] + values[1], values[0].powi(2) + values[1].powi(2)];
        assert_eq!((hour.minutes, hour.minutes_sum, hour.minutes_squares), (2.0, sum, squares));
    }
}

/// Minutes that are stored and minutes that samples tell are the same, whichever is rolled up first.
#[test]
fn what_samples_tell_and_what_is_stored_of_a_minute_are_rolled_up_as_one() {
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
        let mut fixture = Fixture::new();
        let name = SeriesName::new("Custom Metrics|orders", "");
        let row = SeriesRow {
            counts: Some(Counts { name: Arc::clone(&name), factor: 2.0 }),
            ..series_row("orders", 7)
        };
        let (application, tier, node) = (row.application, row.tier, row.node);
        let key = SeriesKey { application, tier, node, name };
        let at_ms = |second: i64| HOUR.start_millis() + second * 1000;
        let counted = |second, value, role| CountedSample::new(7, at_ms(second), value, role);
        for number in order {
            fixture.write(|rows| {
                rows.series(row.clone());
                match number {
                    0 => rows.point(key.clone(), HOUR, &Point::of(1.0, at_ms(50))),
                    1 => rows.counted.push(counted(10, 1.0, Role::Value)),
                    // Two of the next minute, by how much they grew.
                    2 => [(40, 5.0, Role::Base), (61, 6.0, Role::Next), (70, 7.5, Role::Next)]
                        .map(|(at, value, role)| rows.counted.push(counted(at, value, role)))
                        .into_iter()
                        .collect(),
                    _ => rows.counted.push(counted(20, 1.5, Role::Value)),
                }
            });
            fixture.upkeep(AFTER_MS);
        }
        for table in [Table::MetricsTen, Table::MetricsHour] {
            let mut all = Point::default();
            for segment in fixture.store.pin().of(ACCOUNT, table) {
                let segment = segment.open().expect("it opens");
                each_point(&segment, &Wanted::ALL, |_, _, point| all.merge(&point))
                    .expect("it reads");
            }
            assert_eq!((all.count, all.sum, all.squares), (5.0, 11.0, 1.0 + 4.0 + 9.0 + 4.0 + 9.0));
            assert_eq!((all.minutes, all.minutes_sum), (2.0, 2.0 + 2.5), "{order:?}");
            assert_eq!(all.minutes_squares, 4.0 + 6.25);
            assert_eq!((all.last, all.last_at_ms), (3.0, at_ms(70)));
        }
        assert_eq!(rows(&fixture)[&Table::Counted], 4);
    }
}

/// All rolled-up points of a table, those of one time merged.
fn rolled_up(fixture: &Fixture, table: Table) -> Points {
    let mut all = Points::new();
    for segment in fixture.store.pin().of(ACCOUNT, table) {
        let (segment, mut last) = (segment.open().expect("it opens"), None);
        each_point(&segment, &Wanted::ALL, |key, at, point| {
            let place = (key, at);
            assert!(last.as_ref() < Some(&place), "{last:?} stands before {place:?}");
            all.entry(place.clone()).or_default().merge(&point);
            last = Some(place);
        })
        .expect("it reads");
    }
    all
}

#[test]
fn a_roll_up_in_parts_says_the_same_as_one_of_all_series() {
    // Three in four paths have one series, the others three, each for some of the time; the ids lie in another order.
    let series: Vec<SeriesRow> = (0..150u64)
        .map(|number| {
            let path = if number % 2 == 0 { number } else { number / 6 * 6 + 1 };
            let name = SeriesName::new(&format!("Custom Metrics|orders {path}"), "");
            SeriesRow {
                tier: EntityId(path as u32 % 3 + 1),
                counts: Some(Counts { name, factor: 1.0 }),
                ..series_row("orders", number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
            }
        })
        .collect();
    // Each round comes after the ones before were rolled up: all series, and late samples of some.
    let rounds: [(usize, &[i64]); 3] = [(1, &[0, 70, 590, 610, 3599]), (7, &[71, 1800]), (1, &[5])];
    let rolled = |merge: usize| {
        let mut fixture = Fixture::within(crate::Memory { merge, ..crate::Memory::default() });
        let mut expected: BTreeMap<SeriesKey, (f64, f64)> = BTreeMap::new();
        for (step, seconds) in rounds {
            fixture.write(|rows| {
                for (number, row) in series.iter().enumerate().step_by(step) {
                    rows.series(row.clone());
                    for second in seconds {
                        let at_ms = HOUR.start_millis() + second * 1000;
                        let value = (number * 7) as f64 + *second as f64;
                        rows.counted.push(CountedSample::new(row.id, at_ms, value, Role::Value));
                        let key = row.counted().expect("they are counted").key;
                        let (count, sum) = expected.entry(key).or_default();
                        (*count, *sum) = (*count + 1.0, *sum + value);
                    }
                }
            });
            fixture.upkeep(AFTER_MS);
        }
        let hours = rolled_up(&fixture, Table::MetricsHour);
        let found = hours.iter().map(|((key, _), of)| (key.clone(), (of.count, of.sum)));
        assert_eq!(found.collect::<BTreeMap<_, _>>(), expected);
        assert!(hours.values().all(|of| of.minutes == 5.0 || of.minutes == 6.0));
        assert_eq!(fixture.files().len(), segments(&fixture).values().sum::<usize>());
        (hours, rolled_up(&fixture, Table::MetricsTen))
    };
    let at_once = rolled(256 << 20);
    // 8 series at a time, and where some of their minutes stand already one at a time.
    assert_eq!(rolled(64 << 10), at_once);
}

#[test]
fn a_job_that_another_was_faster_at_changes_nothing() {
    let mut fixture = Fixture::new();
    for number in 0..2 {
        write_one_of_each(&mut fixture, number);
    }
    fixture.catalogue.fail_before_commit(1);
    fixture.store.upkeep(AFTER_MS, &crate::fixture::KEEP).expect_err("it was told to fail");
    fixture.catalogue.fail_after_commit(1);
    fixture.store.upkeep(AFTER_MS, &crate::fixture::KEEP).expect_err("it was told to fail");
    let before = rows(&fixture);
    fixture.upkeep(AFTER_MS);
    let mut after = rows(&fixture);
    after.retain(|table, _| before.contains_key(table));
    assert_eq!(after, before);
    let fixture = fixture.crash();
    let listed = fixture.catalogue.snapshot().expect("memory answers").segments.len();
    assert_eq!(fixture.files().len(), listed);
}
