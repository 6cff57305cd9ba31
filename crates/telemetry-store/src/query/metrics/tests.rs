use model::{
    id::EntityId,
    time::{Minute, MinuteRange},
};

use super::matches;
use crate::{
    fixture::{ACCOUNT, Fixture, HOUR, series_row},
    reader::{MetricQuery, Points, Reader, Resolution},
    segment::{
        counted::{CountedSample, Role},
        metrics::SeriesName,
        series::{Counts, SeriesRow},
    },
};

#[test]
fn a_star_stands_for_one_segment() {
    assert!(matches("Hardware Resources|*|%Busy", "Hardware Resources|CPU|%Busy"));
    assert!(!matches("Hardware Resources|*", "Hardware Resources|CPU|%Busy"));
    assert!(!matches("Hardware Resources|CPU|%Busy|x", "Hardware Resources|CPU|%Busy"));
    assert!(matches("JVM|Threads", "JVM|Threads"));
}

fn query(path: &str) -> MetricQuery {
    MetricQuery {
        account: ACCOUNT,
        application: EntityId(1),
        tier: Some(EntityId(2)),
        paths: vec![path.to_owned()],
        range: MinuteRange { start: HOUR, end: Minute(HOUR.0 + 2) },
        points: Points::Every(Resolution::OneMinute),
        names_only: false,
        max_series: 10,
    }
}

/// Path, minute after [`HOUR`], count and sum of each point.
fn found(fixture: &Fixture, query: &MetricQuery) -> Vec<(String, u32, f64, f64)> {
    let answer = fixture.store.metrics(query).expect("it reads");
    assert!(answer.partial.is_empty());
    let series = answer.value.into_iter().flat_map(|series| {
        let path = series.path;
        series.points.into_iter().map(move |at| (path.clone(), at.at.0 - HOUR.0, at.count, at.sum))
    });
    series.collect()
}

#[test]
fn minutes_are_told_by_samples_in_segments_and_in_both_heads() {
    let mut fixture = Fixture::new();
    let row = |id, path: &str, factor| SeriesRow {
        counts: Some(Counts { name: SeriesName::new(path, "1/min"), factor }),
        ..series_row("orders", id)
    };
    let sample = |id, second: i64, value, role| {
        CountedSample::new(id, HOUR.start_millis() + second * 1000, value, role)
    };
    fixture.write(|rows| {
        rows.series(row(7, "a|b", 1.0));
        rows.series(row(8, "a|c", 0.5));
        rows.counted.push(sample(7, 0, 10.0, Role::First));
        rows.counted.push(sample(7, 20, 11.0, Role::Next));
        rows.counted.push(sample(8, 20, 8.0, Role::Value));
    });
    fixture.fill(|rows| {
        rows.counted.push(sample(7, 20, 11.0, Role::Base));
        rows.counted.push(sample(7, 70, 15.0, Role::Next));
        // The counter began again.
        rows.counted.push(sample(7, 80, 3.0, Role::Next));
    });
    let frozen = fixture.freeze();
    fixture.fill(|rows| {
        rows.counted.push(sample(7, 80, 3.0, Role::Base));
        rows.counted.push(sample(7, 90, 5.0, Role::Next));
        rows.counted.push(sample(7, 130, 50.0, Role::Next));
    });
    let b = |minute, count, sum| ("a|b".to_owned(), minute, count, sum);
    let wanted = [b(0, 1.0, 1.0), b(1, 3.0, 4.0 + 3.0 + 2.0)];
    assert_eq!(found(&fixture, &query("a|b")), wanted);
    let both = found(&fixture, &query("a|*"));
    assert_eq!(both, [wanted.as_slice(), &[("a|c".to_owned(), 0, 1.0, 4.0)]].concat());
    assert_eq!(found(&fixture, &MetricQuery { tier: Some(EntityId(3)), ..query("a|b") }), []);
    let written = frozen.write(&fixture.store, 0).expect("the disk works");
    fixture.store.commit(&written).expect("the catalogue answers");
    assert_eq!(found(&fixture, &query("a|b")), wanted);

    let names = MetricQuery { names_only: true, ..query("a|*") };
    let names_in = |start: u32, end: u32| {
        let range = MinuteRange { start: Minute(HOUR.0 + start), end: Minute(HOUR.0 + end) };
        let answer = fixture.store.metrics(&MetricQuery { range, ..names.clone() });
        let series = answer.expect("it reads").value.into_iter();
        series.map(|series| series.path).collect::<Vec<String>>()
    };
    assert_eq!(names_in(0, 2), ["a|b", "a|c"]);
    assert_eq!(names_in(1, 3), ["a|b"]);
    assert_eq!(names_in(3, 60), [""; 0]);
}
