//! Flipped bits and torn files of every table: an answer is as if nothing had happened, or says that it is not whole.

use std::collections::BTreeSet;

use metadata_store::SegmentMeta;
use model::{
    id::EntityId,
    time::{Minute, MinuteRange},
};

use super::*;
use crate::{
    fixture::{figure_query, log, log_query, open, series_row, trace_query, transaction},
    head::Rows,
    reader::{Answer, MetricQuery, Points, Resolution, SampleQuery, SeriesFilter, SeriesQuery},
    segment::{
        counted::{CountedSample, Role},
        metrics::{Point, SeriesKey, SeriesName},
        series::{Counts, SeriesRow},
    },
};

/// One byte of so many is changed.
const EVERY: usize = 41;

fn some_of_everything(rows: &mut Rows, number: u64) {
    for at in 0..4 {
        let (number, minute) = (4 * number + at, Minute(HOUR.0 + at as u32));
        rows.count(key(number as u32), minute, &call(5 + at as u32));
        push_span(&mut rows.spans, trace(number), number, minute);
        push_span(&mut rows.snapshots, trace(number), number, minute);
        rows.traces.push(transaction(number, 5 + at, 1));
        rows.log(log(5 + at, &format!("record {number}")));
        let name = SeriesName::new(&format!("JVM|Threads {at}"), "");
        let [application, tier, node] = [1, 2, 3].map(EntityId);
        let series = SeriesKey { application, tier, node, name };
        rows.point(series, minute, &Point::of(number as f64, minute.start_millis()));
        rows.series(series_row(&format!("gauge {at}"), at));
        rows.samples.number(at, minute.start_millis() + number as i64, number as f64);
        // One that counts for a path of its own.
        let name = SeriesName::new(&format!("Custom Metrics|orders {at}"), "");
        let counts = Some(Counts { name, factor: 1.0 });
        rows.series(SeriesRow { counts, ..series_row(&format!("orders {at}"), 4 + at) });
        let at_ms = minute.start_millis() + number as i64;
        rows.counted.push(CountedSample::new(4 + at, at_ms, number as f64, Role::Value));
    }
}

/// What every kind of query says, and whether all of it says that it is whole.
fn everything(store: &crate::Store) -> (Vec<String>, bool) {
    let mut said = Vec::new();
    let mut whole = true;
    let range = MinuteRange { start: HOUR, end: Minute(HOUR.0 + 60) };
    fn note<T: std::fmt::Debug>(said: &mut Vec<String>, whole: &mut bool, answer: Answer<T>) {
        said.push(format!("{:?}", answer.value));
        *whole &= answer.partial.is_empty();
    }
    for resolution in [Resolution::OneMinute, Resolution::TenMinutes, Resolution::OneHour] {
        let points = Points::Every(resolution);
        let figures = store.figures(&figure_query(range, points)).expect("it answers");
        note(&mut said, &mut whole, figures);
        let metrics = store.metrics(&MetricQuery {
            account: ACCOUNT,
            application: EntityId::NONE,
            tier: None,
            paths: Vec::new(),
            range,
            points,
            names_only: false,
            max_series: 100,
        });
        note(&mut said, &mut whole, metrics.expect("it answers"));
    }
    for number in 0..9 {
        note(&mut said, &mut whole, store.trace(ACCOUNT, trace(number)).expect("it answers"));
    }
    note(&mut said, &mut whole, store.traces(&trace_query(100)).expect("it answers"));
    note(&mut said, &mut whole, store.logs(&log_query(100)).expect("it answers"));
    let series = SeriesQuery {
        account: ACCOUNT,
        application: None,
        tier: None,
        node: None,
        name: None,
        only: SeriesFilter::default(),
        from_ns: 0,
        to_ns: u64::MAX,
        after: None,
        limit: 100,
    };
    note(&mut said, &mut whole, store.series(&series).expect("it answers"));
    let samples = SampleQuery {
        account: ACCOUNT,
        series: (0..8).collect(),
        from_ms: 0,
        to_ms: i64::MAX,
        max_samples: 1000,
    };
    note(&mut said, &mut whole, store.samples(&samples).expect("it answers"));
    (said, whole)
}

/// A store with segments of every table, and one of each.
fn filled() -> (Fixture, Vec<SegmentMeta>) {
    let mut fixture = Fixture::new();
    for number in 0..2 {
        fixture.write(|rows| some_of_everything(rows, number));
    }
    fixture.upkeep(AFTER_MS);
    fixture.write(|rows| some_of_everything(rows, 2));
    let listed = fixture.catalogue.snapshot().expect("memory answers").segments;
    let mut tables = BTreeSet::new();
    let of_each: Vec<_> =
        listed.into_iter().filter(|segment| tables.insert(segment.table)).collect();
    assert_eq!(of_each.len(), Table::ALL.len(), "{of_each:?}");
    (fixture, of_each)
}

/// Puts other bytes in the place of a segment's, and asks a store that is opened on them.
fn check(fixture: &Fixture, segment: &SegmentMeta, bytes: &[u8], whole: &[String], what: &str) {
    let path = segment.path.as_ref();
    fixture.disk.remove(path).expect("it is there");
    let mut file = fixture.disk.create(path).expect("the disk works");
    file.append(bytes).expect("the disk works");
    let store = open(&fixture.disk, &fixture.catalogue);
    let (said, is_whole) = everything(&store);
    assert!(!is_whole || said == whole, "{what}: an answer is silently wrong");
    assert_eq!(is_whole, store.damaged_segment_count() == 0, "{what}");
    assert!(fixture.disk.len(path).is_ok(), "{what}: the file is gone");
}

#[test]
fn no_flipped_bit_in_a_segment_makes_an_answer_silently_wrong() {
    let (fixture, segments) = filled();
    let (whole, is_whole) = everything(&open(&fixture.disk, &fixture.catalogue));
    assert!(is_whole);
    for segment in &segments {
        let bytes = fixture.disk.read(segment.path.as_ref()).expect("it is there");
        for at in (0..bytes.len()).step_by(EVERY) {
            let mut flipped = bytes.to_vec();
            flipped[at] ^= 1 << (at % 8);
            check(&fixture, segment, &flipped, &whole, &format!("byte {at} of {}", segment.path));
        }
        check(&fixture, segment, &bytes, &whole, &segment.path);
    }
}

#[test]
fn no_torn_segment_makes_an_answer_silently_wrong() {
    let (fixture, segments) = filled();
    let (whole, _) = everything(&open(&fixture.disk, &fixture.catalogue));
    for segment in &segments {
        let bytes = fixture.disk.read(segment.path.as_ref()).expect("it is there");
        for length in (0..bytes.len()).step_by(2 * EVERY) {
            let what = format!("{} torn at {length}", segment.path);
            check(&fixture, segment, &bytes[..length], &whole, &what);
        }
        check(&fixture, segment, &bytes, &whole, &segment.path);
    }
}

#[test]
fn a_flipped_bit_is_met_by_upkeep_too() {
    let mut fixture = Fixture::new();
    for number in 0..2 {
        fixture.write(|rows| some_of_everything(rows, number));
    }
    let listed = fixture.catalogue.snapshot().expect("memory answers").segments;
    for segment in listed.iter().take(Table::ALL.len() - 4) {
        let path = segment.path.as_ref();
        let mut bytes = fixture.disk.read(path).expect("it is there").to_vec();
        // In the middle of its first page.
        bytes[40] ^= 1;
        fixture.disk.remove(path).expect("it is there");
        fixture.disk.create(path).and_then(|mut file| file.append(&bytes)).expect("it is written");
    }
    // Each error names a segment, after which the next run goes without it.
    let runs = 4 * listed.len();
    let at_rest = (0..runs)
        .find(|_| matches!(fixture.store.upkeep(AFTER_MS, &crate::fixture::KEEP), Ok(None)));
    assert!(at_rest.is_some(), "upkeep does not come to rest");
    assert!(fixture.store.damaged_segment_count() > 0);
    for segment in &listed {
        let is_damaged = fixture.store.is_damaged(segment.id);
        let is_there = fixture.disk.len(segment.path.as_ref()).is_ok();
        assert!(!is_damaged || is_there, "{} was damaged and removed", segment.path);
    }
}
