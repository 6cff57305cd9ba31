use proptest::prelude::*;

use super::*;

fn expected(mean: f64, deviation: f64, noise: Noise) -> Expected {
    Expected { mean, deviation, noise, minutes: 600, hours: 10, basis: Basis::Season }
}

fn behind(minutes: f64, calls: f64) -> Behind {
    Behind { minutes, calls }
}

#[track_caller]
fn check(value: f64, bad: Direction, state: State) {
    let time = expected(100.0, 10.0, Noise::OfCalls(50.0));
    let judged = time.judge(value, behind(1.0, 1000.0), Limits::default(), bad);
    assert_eq!(judged.0, state, "{value} {bad:?} {judged:?}");
}

#[test]
fn two_deviations_are_a_warning_and_three_critical() {
    check(119.9, Direction::High, State::Normal);
    check(120.0, Direction::High, State::Warning);
    check(130.0, Direction::High, State::Critical);
    check(70.0, Direction::High, State::Normal);
    check(70.0, Direction::Low, State::Critical);
    check(130.0, Direction::Low, State::Normal);
    check(80.0, Direction::Both, State::Warning);
    check(130.0, Direction::Both, State::Critical);
}

#[test]
fn few_calls_widen_the_band_by_the_standard_error_of_their_mean() {
    let time = expected(100.0, 10.0, Noise::OfCalls(50.0));
    assert_eq!(time.deviation_of(behind(1.0, 30.0)), 10.0);
    let four = time.deviation_of(behind(1.0, 4.0));
    assert_eq!(four, 10.0f64.hypot(25.0));
    // Ten minutes with four calls each are 40 calls: still below 30 a minute.
    assert_eq!(time.deviation_of(behind(10.0, 40.0)), 10.0f64.hypot(50.0 / 40.0f64.sqrt()));
    let slow = time.judge(140.0, behind(1.0, 1.0), Limits::default(), Direction::High);
    assert_eq!(slow.0, State::Normal);
}

#[test]
fn a_single_error_where_there_never_was_one_is_no_alarm_and_several_are() {
    let errors = expected(0.0, 0.0, Noise::OfCounting);
    let judge = |errors_in_ten: f64| {
        let rate = errors_in_ten / 10.0;
        errors.judge(rate, behind(10.0, 5000.0), Limits::default(), Direction::High).0
    };
    assert_eq!([1.0, 2.0, 4.0].map(judge), [State::Normal, State::Warning, State::Critical]);
    // Many calls a minute need no allowance.
    let calls = expected(1000.0, 20.0, Noise::OfCounting);
    assert_eq!(calls.deviation_of(behind(1.0, 1000.0)), 20.0);
}

#[test]
fn a_series_that_never_changed_knows_no_deviation_but_says_what_can_be_shown() {
    let gauge = expected(5.0, 0.0, Noise::None);
    assert_eq!(gauge.sigmas(5.0, behind(1.0, 0.0)), 0.0);
    assert_eq!(gauge.sigmas(0.1 + 0.2 + 4.7, behind(1.0, 0.0)), 0.0);
    assert_eq!(gauge.sigmas(5.1, behind(1.0, 0.0)), MOST_SIGMAS);
    assert_eq!(gauge.sigmas(4.9, behind(1.0, 0.0)), -MOST_SIGMAS);
    assert_eq!(
        (gauge.percent(6.0), expected(0.0, 1.0, Noise::None).percent(3.0)),
        (Some(20.0), None)
    );
}

#[test]
fn a_time_of_two_hours_is_expected_to_be_their_mean() {
    let one = expected(10.0, 3.0, Noise::OfCalls(4.0));
    let two = Expected { basis: Basis::LastDay, ..expected(30.0, 4.0, Noise::OfCalls(3.0)) };
    let both = Expected::of_several(&[(one, 30.0), (two, 30.0)]).expect("there are two");
    let root = 12.5f64.sqrt();
    assert_eq!((both.mean, both.deviation, both.noise), (20.0, root, Noise::OfCalls(root)));
    assert_eq!((both.minutes, both.hours, both.basis), (1200, 20, Basis::LastDay));
    assert_eq!(Expected::of_several(&[(one, 7.0)]), Some(one));
    assert_eq!(Expected::of_several(&[]), None);
}

#[test]
fn not_knowing_is_the_least_and_critical_the_worst() {
    assert!(State::NoBaseline < State::Normal && State::Normal < State::Warning);
    assert_eq!(
        [State::Warning, State::Critical, State::NoBaseline].into_iter().max(),
        Some(State::Critical)
    );
}

proptest! {
    #[test]
    fn a_worse_value_is_never_judged_better(
        mean in 0.0f64..1e4, deviation in 0.0f64..1e3, calls in 0.0f64..100.0,
        low in 0.0f64..1e5, more in 0.0f64..1e5,
    ) {
        for noise in [Noise::None, Noise::OfCalls(mean), Noise::OfCounting] {
            let series = expected(mean, deviation, noise);
            let judge = |value| series.judge(value, behind(1.0, calls), Limits::default(), Direction::High);
            prop_assert!(judge(low).0 <= judge(low + more).0);
            prop_assert!(judge(low).1.abs() <= MOST_SIGMAS);
            prop_assert!(series.deviation_of(behind(1.0, calls)) >= deviation);
        }
    }
}
