use super::{
    super::{Calendar, Season},
    *,
};

const DAY: u32 = 24 * 60;
/// Midnight of 1 January 2026, UTC.
const START: Minute = Minute(29_453_760);

/// An hour with a count of `rate` in each of its 60 minutes.
fn steady(rate: f64) -> Hour {
    Hour { minutes: Values::of(60.0, rate, 1.0), calls: Values::default() }
}

fn hour(day: u32, hour: u32) -> Minute {
    Minute(START.0 + day * DAY + hour * 60)
}

/// So many days with 100 a minute at noon and 10 else.
fn days(count: u32) -> Vec<(Minute, Hour)> {
    let all = (0..count).flat_map(|day| (0..24).map(move |of_day| (day, of_day)));
    all.map(|(day, of_day)| (hour(day, of_day), steady(if of_day == 12 { 100.0 } else { 10.0 })))
        .collect()
}

fn in_window(
    kind: Kind,
    window: MinuteRange,
    hours: &[(Minute, Hour)],
    at: Minute,
) -> Option<Expected> {
    let calendar = Calendar::utc();
    let slots = Slots::of_hours(&calendar, Season::Day, window);
    expected(kind, &slots, window, hours, at)
}

fn daily(hours: &[(Minute, Hour)], at: Minute) -> Option<Expected> {
    let window = MinuteRange { start: Minute(at.0.saturating_sub(30 * DAY)), end: at };
    in_window(Kind::Count, window, hours, at)
}

#[test]
fn each_hour_of_the_day_has_its_own_mean() {
    let hours = days(10);
    let noon = daily(&hours, Minute(hour(9, 12).0 + 37)).expect("there are nine days");
    assert_eq!((noon.mean, noon.hours, noon.minutes, noon.basis), (100.0, 9, 540, Basis::Season));
    let one = daily(&hours, hour(9, 13)).expect("there are nine days");
    assert_eq!((one.mean.round(), one.basis), (10.0, Basis::Season));
    assert!((noon.deviation - 1.0).abs() < 0.01, "{noon:?}");
}

#[test]
fn an_hour_never_counts_into_its_own_baseline() {
    let mut hours = days(10);
    let before = daily(&hours, Minute(hour(9, 12).0 + 59));
    let own = hours.iter_mut().find(|(at, _)| *at == hour(9, 12)).expect("it is there");
    own.1 = steady(5_000.0);
    assert_eq!(daily(&hours, Minute(hour(9, 12).0 + 59)), before);
    // Nor do hours that a fixed window holds and that are still to come.
    let all = MinuteRange { start: START, end: hour(400, 0) };
    let fixed = in_window(Kind::Count, all, &hours, hour(9, 12));
    assert_eq!(fixed, before);
}

#[test]
fn deviations_hold_what_days_differ_by() {
    let rates = [80.0, 120.0, 80.0, 120.0];
    let hours: Vec<_> =
        rates.iter().zip(0..).map(|(rate, day)| (hour(day, 12), steady(*rate))).collect();
    let noon = daily(&hours, hour(4, 12)).expect("there are four days");
    // 20² between days and 1² within an hour, of 240 minutes.
    let wanted = (401.0f64 * 240.0 / 239.0).sqrt();
    assert_eq!((noon.mean, noon.deviation.to_string()), (100.0, wanted.to_string()));
}

#[test]
fn a_young_series_is_judged_by_the_day_before_and_says_so() {
    let hours = days(1);
    assert_eq!(daily(&hours[..1], hour(0, 1)), None);
    let second = daily(&hours[..2], hour(0, 2)).expect("two hours are enough");
    assert_eq!((second.basis, second.hours, second.mean), (Basis::LastDay, 2, 10.0));
    // A day later the same hour was once before: one hour is no season.
    let next = daily(&days(2), hour(1, 13)).expect("there is a day");
    assert_eq!((next.basis, next.hours), (Basis::LastDay, 24));
    let later = daily(&days(3), hour(2, 13)).expect("there are two days");
    assert_eq!((later.basis, later.hours), (Basis::Season, 2));
    // One that has been silent for longer than a day has none.
    assert_eq!(daily(&hours, hour(20, 12)), None);
}

#[test]
fn minutes_without_a_count_are_zeros_but_in_the_hour_a_series_began_in() {
    // Began at half past; later it had a call a minute in half of its minutes.
    let half = |rate| Hour { minutes: Values::of(30.0, rate, 0.0), calls: Values::default() };
    let hours = [(hour(0, 12), half(2.0)), (hour(1, 12), half(2.0)), (hour(2, 12), half(2.0))];
    let noon = daily(&hours, hour(3, 12)).expect("there are three days");
    assert_eq!((noon.minutes, noon.mean), (150, 180.0 / 150.0));
    let window = MinuteRange { start: START, end: hour(3, 0) };
    let value = in_window(Kind::Value, window, &hours, hour(3, 12));
    assert_eq!(value.map(|value| (value.minutes, value.mean)), Some((90, 2.0)));
}

#[test]
fn a_response_time_is_expected_to_be_the_mean_of_all_calls() {
    // A busy minute of 10 ms and a quiet one of 100 ms: most calls take 10 ms.
    let minutes = Values::one(10.0).with(Values::one(100.0));
    let calls = Values::of(990.0, 10.0, 4.0).with(Values::of(10.0, 100.0, 4.0));
    let mut gathered = Gathered::of(Kind::MeanOfCalls);
    (0..20).for_each(|_| gathered.add(&Hour { minutes, calls }));
    let expected = gathered.of_season().expect("40 minutes are enough");
    assert_eq!(expected.mean, 10.9);
    let about = ((0.9f64.powi(2) + 89.1f64.powi(2)) / 2.0 * 40.0 / 39.0).sqrt();
    assert!((expected.deviation - about).abs() < 1e-9, "{expected:?}");
    let Noise::OfCalls(of_calls) = expected.noise else { panic!("{expected:?}") };
    assert!((of_calls - (4.0f64 + 90.0 * 90.0 * 0.0099).sqrt()).abs() < 0.01, "{of_calls}");
}

proptest::proptest! {
    #[test]
    fn what_is_left_out_of_the_window_changes_nothing(
        rates in proptest::collection::vec(0.0f64..1e4, 40), at in 30u32..40,
    ) {
        let hours: Vec<_> =
            rates.iter().zip(0..).map(|(rate, day)| (hour(day, 12), steady(*rate))).collect();
        let window = MinuteRange { start: hour(at - 5, 0), end: hour(at, 12) };
        let all = in_window(Kind::Count, window, &hours, hour(at, 12));
        let inside = &hours[at as usize - 5..at as usize];
        proptest::prop_assert_eq!(all, in_window(Kind::Count, window, inside, hour(at, 12)));
        let mean = all.map_or(f64::NAN, |all| all.mean);
        let (low, high) = inside.iter().fold((f64::MAX, f64::MIN), |(low, high), (_, hour)| {
            (low.min(hour.minutes.mean()), high.max(hour.minutes.mean()))
        });
        proptest::prop_assert!(low - 1e-6 <= mean && mean <= high + 1e-6);
    }
}
