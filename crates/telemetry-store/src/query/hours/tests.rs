use model::{figure::Scope, id::EntityId};

use super::*;
use crate::{
    fixture::{ACCOUNT, AFTER_MS, Fixture, HOUR, call, key},
    reader::Reader,
    segment::metrics::SeriesName,
};

fn query(hours: &[Minute]) -> FigureHours {
    FigureHours {
        account: ACCOUNT,
        application: EntityId::NONE,
        scopes: Vec::new(),
        subjects: Vec::new(),
        bt: None,
        hours: hours.to_vec(),
        max_rows: 100,
    }
}

/// Subject, hours after [`HOUR`], calls, and of the minutes: how many, the squares of their calls and of their mean times.
fn found(fixture: &Fixture, query: &FigureHours) -> Vec<(u32, i64, f64, [f64; 3])> {
    let mut rows = Vec::new();
    let answer = fixture.store.figure_hours(query, &mut |key, at, figure| {
        let minutes = figure.minutes.as_deref().expect("hours know their minutes");
        let after = (i64::from(at.0) - i64::from(HOUR.0)) / 60;
        let minutes = [minutes.count, minutes.calls_squares, minutes.average_squares];
        rows.push((key.subject.0, after, figure.calls, minutes));
    });
    assert!(answer.expect("it reads").partial.is_empty());
    rows
}

fn minute(after: u32) -> Minute {
    Minute(HOUR.0 + after)
}

#[test]
fn an_hour_is_the_same_in_heads_in_minutes_and_rolled_up() {
    let mut fixture = Fixture::new();
    fixture.write(|rows| {
        rows.count(key(1), minute(0), &call(5));
        rows.count(key(1), minute(0), &call(7));
        rows.count(key(1), minute(59), &call(5));
    });
    // More of the first minute comes with the next cut, and with the head.
    fixture.write(|rows| rows.count(key(1), minute(0), &call(6)));
    fixture.fill(|rows| {
        rows.count(key(1), minute(0), &call(6));
        rows.count(key(1), minute(60), &call(9));
        rows.count(key(2), minute(1), &call(9));
    });
    let millis = |minute_ms: f64| (minute_ms * 1000.0).powi(2);
    let both = millis(6.0) + millis(5.0);
    let wanted = vec![
        (1, 0, 5.0, [2.0, 17.0, both]),
        (2, 0, 1.0, [1.0, 1.0, millis(9.0)]),
        (1, 1, 1.0, [1.0, 1.0, millis(9.0)]),
    ];
    let hours = query(&[HOUR, minute(60)]);
    let as_found = found(&fixture, &hours);
    let scale = as_found[0].3[2] / both;
    let scaled = |rows: Vec<(u32, i64, f64, [f64; 3])>| -> Vec<_> {
        let of = |(subject, after, calls, [count, calls_squares, squares]): (
            u32,
            i64,
            f64,
            [f64; 3],
        )| {
            (subject, after, calls, [count, calls_squares, (squares / scale).round()])
        };
        rows.into_iter().map(of).collect()
    };
    assert_eq!(scaled(as_found), wanted);
    fixture.cut();
    assert_eq!(scaled(found(&fixture, &hours)), wanted, "in segments");
    let jobs = fixture.upkeep(AFTER_MS + 3_600_000);
    assert!(jobs.iter().any(|job| matches!(job, crate::upkeep::Job::RollUp { .. })));
    assert_eq!(scaled(found(&fixture, &hours)), wanted, "rolled up");
    assert_eq!(scaled(found(&fixture, &query(&[minute(60)]))), wanted[2..]);
}

#[test]
fn only_what_is_asked_for_is_given_and_no_more_than_may_be() {
    let fixture = Fixture::new();
    fixture.fill(|rows| {
        (1..=5).for_each(|subject| rows.count(key(subject), minute(3), &call(5)));
    });
    let subjects = |subjects: &[u32]| FigureHours {
        subjects: subjects.iter().map(|id| EntityId(*id)).collect(),
        ..query(&[HOUR])
    };
    let ids = |query: &FigureHours| -> Vec<u32> {
        found(&fixture, query).iter().map(|row| row.0).collect()
    };
    assert_eq!(ids(&subjects(&[2, 4, 9])), [2, 4]);
    assert_eq!(ids(&subjects(&[3])), [3]);
    assert_eq!(ids(&query(&[minute(60)])), [0; 0]);
    let other = FigureHours { scopes: vec![Scope::Error], ..query(&[HOUR]) };
    assert_eq!(ids(&other), [0; 0]);
    let few = FigureHours { max_rows: 4, ..query(&[HOUR]) };
    let refused = fixture.store.figure_hours(&few, &mut |_, _, _| {}).expect_err("five rows");
    assert!(matches!(refused, QueryError::TooLarge(4)), "{refused}");
}

#[test]
fn a_metric_s_hour_has_its_minutes_values_wherever_they_lie() {
    let mut fixture = Fixture::new();
    let series = |path: &str| SeriesKey {
        application: EntityId(1),
        tier: EntityId(2),
        node: EntityId(3),
        name: SeriesName::new(path, "%"),
    };
    let at = |after: u32| minute(after).start_millis();
    fixture.write(|rows| {
        rows.point(series("CPU|%Busy"), minute(0), &Point::of(10.0, at(0)));
        rows.point(series("Memory|Used %"), minute(0), &Point::of(99.0, at(0)));
    });
    fixture.fill(|rows| {
        // The first minute's mean is 20 then.
        rows.point(series("CPU|%Busy"), minute(0), &Point::of(30.0, at(0) + 1));
        rows.point(series("CPU|%Busy"), minute(1), &Point::of(40.0, at(1)));
    });
    let query = MetricHours {
        account: ACCOUNT,
        application: EntityId(1),
        tier: None,
        paths: vec!["CPU|*".to_owned()],
        hours: vec![HOUR],
        max_rows: 10,
    };
    let found = |fixture: &Fixture| {
        let mut rows = Vec::new();
        let answer = fixture.store.metric_hours(&query, &mut |hour| {
            rows.push((hour.path.to_owned(), hour.at, [hour.minutes, hour.sum, hour.squares]));
        });
        answer.expect("it reads");
        rows
    };
    let wanted = vec![("CPU|%Busy".to_owned(), HOUR, [2.0, 60.0, 2000.0])];
    assert_eq!(found(&fixture), wanted, "in the head");
    fixture.cut();
    assert_eq!(found(&fixture), wanted, "in segments");
    fixture.upkeep(AFTER_MS);
    assert_eq!(found(&fixture), wanted, "rolled up");
}
