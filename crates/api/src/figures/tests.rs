use model::{
    figure::{Call, Figure, FigureKey, Scope},
    id::EntityId,
    span::Outcome,
    time::{Minute, MinuteRange},
};
use telemetry_store::reader::FigureRow;

use super::*;
use crate::period::Period;

const APP: EntityId = EntityId(1);
const TIER: EntityId = EntityId(2);
const NODE: EntityId = EntityId(3);
const OTHER_NODE: EntityId = EntityId(4);
const BT: EntityId = EntityId(5);
const BACKGROUND: EntityId = EntityId(6);
const DATABASE: EntityId = EntityId(7);
const OTHER_TIER: EntityId = EntityId(8);

fn calls(millis: &[f64], failed: usize) -> Figure {
    let mut figure = Figure::default();
    for (n, millis) in millis.iter().enumerate() {
        figure.add(&Call {
            micros: millis * 1000.0,
            weight: 1.0,
            failed: n < failed,
            http_error: false,
            outcome: Outcome::Normal,
            long_lived: false,
            at_ms: 0,
        });
    }
    figure
}

/// All but the background work are the application's own, and [`BT`] is in a group.
struct Shop;

impl Belonging for Shop {
    fn is_key(&self, bt: EntityId) -> bool {
        bt != BACKGROUND
    }

    fn group_of(&self, bt: EntityId) -> Option<u32> {
        (bt == BT).then_some(4)
    }
}

/// A range that has no filling minute.
fn whole(figure: Figure) -> Total {
    Total { all: figure.clone(), complete: figure }
}

#[test]
fn counts_include_the_filling_minute_and_averages_do_not() {
    let sums = sums(&[
        row(Scope::Tier, TIER, NONE, NONE, 10, calls(&[10.0, 30.0], 0)),
        row(Scope::Tier, TIER, NONE, NONE, 12, calls(&[90.0], 1)),
    ]);
    let shown = figures(&sums.total(Measured::Tier(TIER), Some(Minute(12))), 2);
    assert_eq!((shown.calls, shown.errors), (3.0, 1.0));
    assert_eq!(
        (shown.calls_per_minute, shown.error_percent, shown.average_ms),
        (1.0, 0.0, Some(20.0))
    );
    let only_filling = figures(&sums.total(Measured::Tier(TIER), Some(Minute(10))), 0);
    assert_eq!((only_filling.calls, only_filling.calls_per_minute), (3.0, 0.0));
    assert_eq!(only_filling.average_ms.map(f64::round), Some(43.0));
}

#[test]
fn a_group_is_all_of_its_members_together() {
    let sums = sums(&[
        row(Scope::BusinessTransaction, BT, NODE, NONE, 10, calls(&[10.0, 30.0], 1)),
        row(Scope::BusinessTransaction, BT, OTHER_NODE, NONE, 10, calls(&[50.0], 0)),
        row(Scope::BusinessTransaction, BACKGROUND, NODE, NONE, 10, calls(&[9.0], 0)),
    ]);
    let group = Measured::Group { application: APP, group: 4 };
    let shown = figures(&sums.total(group, None), 1);
    assert_eq!((shown.calls, shown.errors, shown.average_ms), (3.0, 1.0, Some(30.0)));
}

fn row(
    scope: Scope,
    subject: EntityId,
    peer: EntityId,
    bt: EntityId,
    at: u32,
    figure: Figure,
) -> FigureRow {
    let key = FigureKey { scope, application: APP, subject, peer, bt };
    FigureRow { key, at: Minute(at), figure }
}

fn sums(rows: &[FigureRow]) -> Sums {
    Sums::of(rows, &Shop, |_| true)
}

const NONE: EntityId = EntityId::NONE;

#[test]
fn an_application_is_the_sum_of_its_transactions_without_background_work() {
    let sums = sums(&[
        row(Scope::BusinessTransaction, BT, NODE, NONE, 10, calls(&[10.0, 30.0], 1)),
        row(Scope::BusinessTransaction, BT, OTHER_NODE, NONE, 10, calls(&[20.0], 0)),
        row(Scope::BusinessTransaction, BACKGROUND, NODE, NONE, 10, calls(&[900.0], 1)),
    ]);
    let shown = figures(&sums.total(Measured::Application(APP), None), 2);
    assert_eq!((shown.calls, shown.errors, shown.calls_per_minute), (3.0, 1.0, 1.5));
    assert_eq!(
        (shown.average_ms, shown.min_ms, shown.max_ms),
        (Some(20.0), Some(10.0), Some(30.0))
    );
    assert_eq!(sums.total(Measured::Transaction(BT), None).all.calls, 3.0);
    assert_eq!(
        sums.total(Measured::TransactionOn { bt: BT, node: OTHER_NODE }, None).all.calls,
        1.0
    );
}

#[test]
fn a_backend_is_the_sum_of_the_edges_to_it_each_counted_once() {
    let sums = sums(&[
        row(Scope::Edge, TIER, DATABASE, NONE, 10, calls(&[1.0, 2.0], 1)),
        row(Scope::Edge, OTHER_TIER, DATABASE, NONE, 10, calls(&[3.0], 0)),
        row(Scope::Edge, TIER, DATABASE, BT, 10, calls(&[1.0, 2.0], 1)),
    ]);
    assert_eq!(sums.total(Measured::CallsTo(DATABASE), None).all.calls, 3.0);
    assert_eq!(sums.total(Measured::Call { from: TIER, to: DATABASE }, None).all.errors, 1.0);
    assert_eq!(
        sums.total(Measured::CallUnder { bt: BT, from: TIER, to: DATABASE }, None).all.calls,
        2.0
    );
}

#[test]
fn response_times_are_weighted_by_calls_not_by_minutes() {
    let sums = sums(&[
        row(Scope::Tier, TIER, NONE, NONE, 10, calls(&[100.0], 0)),
        row(Scope::Tier, TIER, NONE, NONE, 11, calls(&[10.0; 9], 0)),
    ]);
    assert_eq!(figures(&sums.total(Measured::Tier(TIER), None), 2).average_ms, Some(19.0));
}

#[test]
fn without_calls_there_is_no_response_time_and_no_division_by_zero() {
    let shown = figures(&Total::default(), 0);
    assert_eq!(shown, api_types::Figures::default());
    assert_eq!((shown.average_ms, shown.p95_ms, shown.error_percent), (None, None, 0.0));
}

#[test]
fn a_sampled_entity_says_how_much_its_agents_report() {
    let mut figure = Figure::default();
    figure.add(&Call {
        micros: 5.0,
        weight: 10.0,
        failed: false,
        http_error: false,
        outcome: Outcome::Normal,
        long_lived: false,
        at_ms: 0,
    });
    assert_eq!(figures(&whole(figure.clone()), 1).sampled_percent, Some(10.0));
    assert_eq!(figures(&whole(calls(&[1.0], 0)), 1).sampled_percent, None);
}

#[test]
fn the_percentile_comes_from_the_histogram() {
    let mut times = vec![10.0; 94];
    times.extend([1000.0; 6]);
    let p95 = figures(&whole(calls(&times, 0)), 1).p95_ms.unwrap();
    assert!((p95 / 1000.0 - 1.0).abs() < 0.03, "{p95}");
}

fn period(from: u32, to: u32, now: u32) -> Period {
    let ms = |minute| Minute(minute).start_millis();
    Period::between(ms(from), ms(to), Minute(now)).unwrap()
}

#[test]
fn a_silent_application_is_a_gap_and_an_idle_entity_is_zero() {
    let sums = sums(&[
        row(Scope::Tier, OTHER_TIER, NONE, NONE, 1000, calls(&[1.0], 0)),
        row(Scope::Tier, OTHER_TIER, NONE, NONE, 1002, calls(&[1.0], 0)),
        row(Scope::BusinessTransaction, BT, NODE, NONE, 1002, calls(&[7.0], 1)),
    ]);
    let points = sums.points(Measured::Transaction(BT)).unwrap();
    let total = sums.total(Measured::Transaction(BT), None);
    let shown = series(points, &sums.reported(APP), &period(1000, 1004, 2000), &total);
    let seen: Vec<(i64, f64, Option<f64>)> = shown
        .points
        .iter()
        .map(|point| (point.at / 60_000, point.calls, point.average_ms))
        .collect();
    assert_eq!(seen, [(1000, 0.0, None), (1002, 1.0, Some(7.0))]);
    assert_eq!((shown.filling_from, shown.totals.calls_per_minute), (None, 0.25));
}

#[test]
fn the_filling_minute_is_marked() {
    let shown = series(
        &Default::default(),
        &Default::default(),
        &period(1000, 1011, 1010),
        &Total::default(),
    );
    assert_eq!(shown.filling_from, Some(1010 * 60_000));
}

#[test]
fn a_sparkline_has_at_most_thirty_points_and_loses_no_call() {
    for minutes in [1u32, 29, 30, 31, 60, 61, 150, 151, 1440, 2000, 60 * 24 * 30] {
        let complete = MinuteRange { start: Minute(60_000), end: Minute(60_000 + minutes) };
        let step = sparkline_resolution(minutes).minutes();
        let rows: Vec<FigureRow> = (0..minutes)
            .step_by(step as usize)
            .map(|at| row(Scope::Tier, TIER, NONE, NONE, 60_000 + at, calls(&[1.0], 0)))
            .collect();
        let sums = sums(&rows);
        let line = sparkline(sums.points(Measured::Tier(TIER)), &sums.reported(APP), complete);
        assert!(!line.is_empty() && line.len() <= 30, "{minutes}: {}", line.len());
        let width = minutes.div_ceil(30).next_multiple_of(step);
        let widths = (0..minutes).step_by(width as usize).map(|at| width.min(minutes - at));
        let calls: f64 =
            line.iter().zip(widths).map(|(rate, width)| rate.unwrap() * f64::from(width)).sum();
        assert!((calls - rows.len() as f64).abs() < 1e-6, "{minutes}: {calls}");
    }
}

#[test]
fn a_sparkline_of_silence_is_made_of_gaps() {
    let complete = MinuteRange { start: Minute(10), end: Minute(13) };
    let sums = sums(&[row(Scope::Tier, TIER, NONE, NONE, 11, calls(&[1.0], 0))]);
    assert_eq!(sparkline(None, &sums.reported(APP), complete), [None, Some(0.0), None]);
}
