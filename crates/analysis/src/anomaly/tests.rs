//! Detection on made series: what each test's title says happens, minute by minute, with the product's configuration.

use super::*;

/// A Monday's midnight.
const START: u32 = 29_450_880;

/// Repeatable noise: uniform in −1 to 1.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    /// About normal, with deviation 1.
    fn normal(&mut self) -> f64 {
        (0..6).map(|_| self.next()).sum::<f64>() * 0.707
    }
}

fn moment(minute: u32) -> Moment {
    Moment { minute, hour_of_week: ((minute / 60 + 72) % 168) as u16 }
}

/// A series that is fed by the minute.
struct Fed {
    series: Series,
    config: Config,
    sensitivity: Sensitivity,
    noise: Noise,
    now: u32,
    changes: Vec<(u32, Change)>,
}

impl Fed {
    fn new(kind: Kind) -> Fed {
        let config = Config::default();
        Fed {
            series: Series::new(kind, &config),
            config,
            sensitivity: Sensitivity::default(),
            noise: Noise(9),
            now: START,
            changes: Vec::new(),
        }
    }

    fn take(&mut self, reading: Reading) -> Verdict {
        let verdict =
            self.series.observe(&self.config, &self.sensitivity, moment(self.now), reading);
        self.changes.extend(verdict.change.map(|change| (self.now, change)));
        self.now += 1;
        verdict
    }

    /// Minutes of a level with noise of a deviation.
    fn steady(&mut self, minutes: u32, level: f64, deviation: f64) {
        for _ in 0..minutes {
            let value = level + deviation * self.noise.normal();
            self.take(Reading::of(value));
        }
    }

    /// How often an operator was told that an anomaly is open, for the first time or again.
    fn told(&self) -> usize {
        let opens =
            |change: &Change| matches!(change, Change::Opened { .. } | Change::Reopened { .. });
        self.changes.iter().filter(|(_, change)| opens(change)).count()
    }

    fn opened(&self) -> Vec<(u32, u32)> {
        let opened = |(at, change): &(u32, Change)| match change {
            Change::Opened { onset } => Some((*at, *onset)),
            _ => None,
        };
        self.changes.iter().filter_map(opened).collect()
    }

    fn state(&self) -> State {
        self.series.state_at(&self.config, self.now - 1)
    }
}

#[test]
fn a_state_is_small_and_learns_for_an_hour() {
    assert!(size_of::<Series>() <= STATE_BYTES, "{}", size_of::<Series>());
    let mut fed = Fed::new(Kind::Gauge);
    fed.steady(59, 100.0, 2.0);
    assert_eq!(fed.state(), State::Learning);
    fed.steady(1, 100.0, 2.0);
    assert_eq!(fed.state(), State::Normal);
    // Nothing is said while learning, whatever happens.
    let mut fed = Fed::new(Kind::Gauge);
    fed.steady(30, 100.0, 2.0);
    fed.steady(10, 900.0, 2.0);
    assert_eq!((fed.opened(), fed.state()), (Vec::new(), State::Learning));
}

#[test]
fn a_steep_rise_opens_within_three_minutes_with_its_onset_and_closes_when_calm() {
    let mut fed = Fed::new(Kind::Milliseconds);
    fed.steady(1500, 120.0, 6.0);
    assert_eq!(fed.opened(), [], "noise is no anomaly");
    let began = fed.now;
    fed.steady(20, 600.0, 30.0);
    let opened = fed.opened();
    assert_eq!(opened.len(), 1, "one episode: {opened:?}");
    assert!(opened[0].0 <= began + 2, "opened {} minutes late", opened[0].0 - began);
    assert!(opened[0].1.abs_diff(began) <= 2, "onset {} for {began}", opened[0].1);
    assert_eq!(fed.state(), State::Critical);
    let ended = fed.now;
    fed.steady(30, 120.0, 6.0);
    let closed = fed.changes.iter().find(|(_, change)| *change == Change::Closed);
    assert!(closed.is_some_and(|(at, _)| *at - ended <= 15), "{:?}", fed.changes);
    assert_eq!(fed.opened().len(), 1);
    assert_eq!(fed.state(), State::Normal);
}

#[test]
fn a_series_of_hours_is_judged_after_30_of_them_and_told_of_sooner() {
    let c = Config::default();
    let usual = Sensitivity::default();
    let aged = |step: u32, points: u32| {
        let (mut series, mut noise) = (Series::new(Kind::Gauge, &c), Noise(5));
        for point in 0..points {
            let value = Reading::of(100.0 + noise.next());
            series.observe(&c, &usual, moment(START + point * step), value);
        }
        (series.state_at(&c, START + (points - 1) * step), series)
    };
    assert_eq!(aged(60, 29).0, State::Learning);
    assert_eq!(aged(60, 30).0, State::Normal);
    assert_eq!(aged(1, 59).0, State::Learning);
    let warning = |series: &Series| series.explain(&c, &usual, moment(START), None).warning;
    let (minutes, hours) = (aged(1, 100).1, aged(60, 100).1);
    assert!((warning(&minutes) - c.warning).abs() < 1e-3);
    // Half of a sixtieth in logarithms.
    assert!((warning(&minutes) - warning(&hours) - 0.889).abs() < 0.01);
}

#[test]
fn one_wild_minute_opens_nothing_and_two_do() {
    let mut fed = Fed::new(Kind::Gauge);
    fed.steady(1500, 50.0, 2.0);
    fed.steady(1, 500.0, 2.0);
    fed.steady(20, 50.0, 2.0);
    assert_eq!(fed.opened(), []);
    fed.steady(400, 50.0, 2.0);
    fed.steady(2, 800.0, 2.0);
    assert_eq!(fed.opened().len(), 1);
}

#[test]
fn a_jump_back_is_a_return_wherever_the_series_was_expected() {
    let mut fed = Fed::new(Kind::Gauge);
    fed.steady(3000, 50.0, 1.0);
    // It has gone elsewhere so slowly that nobody was told, and is not expected there yet.
    for minute in 0..2000 {
        fed.steady(1, 50.0 + f64::from(minute) * 0.002, 1.0);
    }
    fed.steady(300, 54.0, 1.0);
    fed.changes.clear();
    for _ in 0..20 {
        fed.steady(1, 72.0, 1.0);
        fed.steady(300, 54.0, 1.0);
    }
    assert_eq!(fed.opened(), [], "spikes of one minute each");
}

#[test]
fn an_anomaly_that_flaps_is_told_of_a_few_times() {
    let mut fed = Fed::new(Kind::Gauge);
    fed.steady(4000, 50.0, 2.0);
    for _ in 0..12 {
        fed.steady(5, 400.0, 20.0);
        fed.steady(15, 50.0, 2.0);
    }
    assert_eq!(fed.opened().len(), 1, "{:?}", fed.changes);
    assert!(fed.told() <= 3, "{:?}", fed.changes);
    fed.steady(300, 50.0, 2.0);
    assert_eq!(fed.state(), State::Normal, "closed at last");
    // What comes then is another episode, which closes as soon as any.
    fed.steady(5, 4000.0, 20.0);
    assert_eq!(fed.opened().len(), 2, "{:?}", fed.changes);
    fed.steady(20, 50.0, 2.0);
    assert_eq!(fed.state(), State::Normal, "{:?}", fed.changes);
}

#[test]
fn a_series_that_settles_somewhere_unquiet_is_told_of_once() {
    let mut fed = Fed::new(Kind::Gauge);
    fed.steady(3000, 0.0, 0.0);
    // Where it never was anything there is traffic now, whose own noise nobody knows yet.
    fed.steady(1440, 30_000.0, 3000.0);
    let shifts = fed.changes.iter().filter(|(_, change)| *change == Change::Shifted).count();
    assert_eq!((fed.opened().len(), shifts), (1, 1), "{:?}", fed.changes);
    assert!(fed.told() <= 3, "{:?}", fed.changes);
}

/// How many of thirty incidents, one a day, a series of hours is told of.
fn told_of_an_incident_a_day(mut noise: Noise) -> usize {
    let (c, usual) = (Config::default(), Sensitivity::default());
    let mut series = Series::new(Kind::Gauge, &c);
    let mut told = 0;
    for hour in 0..34 * 24 {
        // From the fifth day on eight hours of each, at another time every day.
        let since = (hour % 24 + 24 - hour / 24 * 7 % 13) % 24;
        let ill = hour >= 96 && since < 8;
        let size = if ill { 300.0 + 150.0 * noise.next() } else { 0.0 };
        let value = Reading::of(100.0 + size + 10.0 * noise.normal());
        let verdict = series.observe(&c, &usual, moment(START + hour * 60), value);
        told += usize::from(ill && matches!(verdict.change, Some(Change::Opened { .. })));
    }
    told
}

#[test]
fn a_series_of_hours_does_not_grow_deaf_to_an_incident_a_day() {
    let told: Vec<usize> = (1..6).map(|seed| told_of_an_incident_a_day(Noise(seed))).collect();
    // Were all of their hours learnt alike, it would be 20.
    assert!(told.iter().sum::<usize>() >= 23, "{told:?}");
}

#[test]
fn the_first_difference_is_the_first_scale() {
    let mut fed = Fed::new(Kind::Gauge);
    for value in [100.0, 110.0] {
        fed.take(Reading::of(value));
    }
    let explained = fed.series.explain(&fed.config, &fed.sensitivity, moment(fed.now), None);
    assert_eq!(explained.usual, 10.0, "{explained:?}");
}

#[test]
fn four_quiet_hours_lie_between_two_episodes_of_a_series_of_hours() {
    let (c, usual) = (Config::default(), Sensitivity::default());
    let (mut series, mut noise) = (Series::new(Kind::Gauge, &c), Noise(5));
    let mut opened = Vec::new();
    for hour in 0..420 {
        let ill = [400, 403, 408, 412].contains(&hour);
        let value = Reading::of(if ill { 900.0 + f64::from(hour) } else { 100.0 + noise.next() });
        let verdict = series.observe(&c, &usual, moment(START + hour * 60), value);
        if matches!(verdict.change, Some(Change::Opened { .. })) {
            opened.push(hour);
        }
    }
    assert_eq!(opened, [400, 408, 412]);
}

#[test]
fn the_same_again_within_hours_is_the_same_episode_and_a_larger_one_is_news() {
    let mut fed = Fed::new(Kind::Gauge);
    fed.steady(2000, 50.0, 2.0);
    for _ in 0..4 {
        fed.steady(6, 120.0, 2.0);
        fed.steady(30, 50.0, 2.0);
    }
    assert_eq!(fed.opened().len(), 1, "{:?}", fed.changes);
    assert!(fed.changes.iter().any(|(_, change)| matches!(change, Change::Reopened { .. })));
}

#[test]
fn a_series_that_always_spikes_is_silent_about_its_spikes_but_not_about_larger_ones() {
    let mut fed = Fed::new(Kind::Gauge);
    for _ in 0..7 * 24 {
        fed.steady(56, 50.0, 2.0);
        fed.steady(4, 150.0, 10.0);
    }
    let week = fed.opened().len();
    assert!(week <= 3, "{week} in the first week");
    for _ in 0..7 * 24 {
        fed.steady(56, 50.0, 2.0);
        fed.steady(4, 150.0, 10.0);
    }
    assert!(fed.opened().len() <= week + 1, "{} in two weeks", fed.opened().len());
    let before = fed.opened().len();
    fed.steady(30, 50.0, 2.0);
    fed.steady(4, 3000.0, 10.0);
    assert_eq!(fed.opened().len(), before + 1);
}

#[test]
fn a_level_shift_is_said_to_be_one_and_becomes_the_level() {
    let mut fed = Fed::new(Kind::Gauge);
    fed.steady(2000, 50.0, 2.0);
    fed.steady(60, 100.0, 2.0);
    let verdict = fed.take(Reading::of(100.0));
    assert!(verdict.shift, "{verdict:?}");
    fed.steady(240, 100.0, 2.0);
    assert!(fed.changes.iter().any(|(_, change)| *change == Change::Shifted), "{:?}", fed.changes);
    assert_eq!(fed.state(), State::Normal);
    let expected = fed.series.explain(&fed.config, &fed.sensitivity, moment(fed.now), None);
    assert!((expected.expected - 100.0).abs() < 5.0, "{expected:?}");
    assert_eq!(fed.opened().len(), 1);
}

/// A day's course with noise: busy by day, quiet on weekends.
fn busy(minute: u32, noise: &mut Noise) -> f64 {
    let hour = f64::from(minute % 1440) / 60.0;
    let weekend = (minute / 1440 + 3) % 7 >= 5;
    let course = (1.0 - ((hour - 3.0) / 24.0 * std::f64::consts::TAU).cos()) / 2.0;
    let size = if weekend { 200.0 } else { 900.0 };
    100.0 + size * course + 15.0 * noise.normal()
}

#[test]
fn a_season_is_learnt_and_what_is_usual_at_noon_is_anomalous_at_night() {
    let mut fed = Fed::new(Kind::Gauge);
    while fed.now < START + 21 * 1440 {
        let value = busy(fed.now, &mut fed.noise);
        fed.take(Reading::of(value));
    }
    let told = fed.opened().len();
    assert!(told <= 6, "{told} in three weeks, most of them before the season is known");
    let explained = fed.series.explain(&fed.config, &fed.sensitivity, moment(fed.now + 180), None);
    assert_ne!(explained.seasonality, Seasonality::None);
    assert!(explained.band.high < 700.0, "{explained:?}");
    for _ in 0..180 {
        let value = busy(fed.now, &mut fed.noise);
        fed.take(Reading::of(value));
    }
    let before = fed.opened().len();
    for _ in 0..5 {
        fed.take(Reading::of(900.0));
    }
    assert_eq!(fed.opened().len(), before + 1, "900 at three in the night");
}

#[test]
fn a_clock_that_changes_for_summer_opens_nothing_that_the_hours_before_did_not() {
    let run = |shift: u16| {
        let mut fed = Fed::new(Kind::Gauge);
        while fed.now < START + 22 * 1440 {
            // From the third Sunday on, people live an hour earlier by UTC, and the calendar says so.
            let summer = fed.now >= START + 20 * 1440 + 120;
            let local = fed.now + if summer { 60 } else { 0 };
            let value = busy(local, &mut fed.noise);
            let mut at = moment(fed.now);
            if summer {
                at.hour_of_week = (at.hour_of_week + shift) % 168;
            }
            let verdict = fed.series.observe(&fed.config, &fed.sensitivity, at, Reading::of(value));
            if fed.now >= START + 20 * 1440 {
                fed.changes.extend(verdict.change.map(|change| (fed.now, change)));
            }
            fed.now += 1;
        }
        fed.opened().len()
    };
    assert_eq!(run(1), 0);
}

#[test]
fn a_slow_drift_is_found_or_followed_but_never_flaps() {
    let mut fed = Fed::new(Kind::Gauge);
    fed.steady(3000, 50.0, 1.0);
    for minute in 0..600 {
        fed.steady(1, 50.0 + f64::from(minute) * 0.05, 1.0);
    }
    assert!((1..=2).contains(&fed.opened().len()), "{:?}", fed.changes);
}

#[test]
fn a_counter_that_starts_again_is_no_anomaly() {
    let mut fed = Fed::new(Kind::Total);
    let mut total = 1e9;
    for minute in 0..3000 {
        if minute % 700 == 699 {
            total = 0.0;
        }
        total += 600.0 + 20.0 * fed.noise.normal();
        fed.take(Reading::of(total));
    }
    assert_eq!(fed.opened(), []);
    for _ in 0..4 {
        total += 6000.0;
        fed.take(Reading::of(total));
    }
    assert_eq!(fed.opened().len(), 1);
}

#[test]
fn missing_and_late_data_change_nothing() {
    let mut fed = Fed::new(Kind::Gauge);
    fed.steady(2000, 50.0, 2.0);
    let before = fed.series.clone();
    fed.take(Reading::of(f64::NAN));
    fed.now -= 10;
    fed.take(Reading::of(5000.0));
    assert_eq!(fed.series, before);
    fed.now += 300;
    assert_eq!(fed.state(), State::NoData);
    fed.steady(60, 50.0, 2.0);
    assert_eq!((fed.opened(), fed.state()), (Vec::new(), State::Normal));
}

#[test]
fn a_response_time_is_judged_against_its_load_and_few_calls_are_believed_less() {
    let mut fed = Fed::new(Kind::Milliseconds);
    let at_load = |calls: f64| 20.0 + 30.0 * (1.0 + calls).ln();
    for minute in 0..4000_u32 {
        let calls = 200.0 + 180.0 * (f64::from(minute) / 60.0).sin();
        let value = at_load(calls) + 2.0 * fed.noise.normal();
        fed.take(Reading::with_calls(value, calls as f32));
    }
    assert_eq!(fed.opened(), []);
    let explain =
        |calls| fed.series.explain(&fed.config, &fed.sensitivity, moment(fed.now), Some(calls));
    assert!(explain(380.0).by_load > 10.0, "{:?}", explain(380.0));
    assert!(explain(20.0).usual > 2.0 * explain(200.0).usual);
    // A share of two calls says little, one of a thousand much.
    let mut fed = Fed::new(Kind::Share);
    for _ in 0..2000 {
        fed.take(Reading::with_calls(0.0, 4.0));
    }
    fed.take(Reading::with_calls(0.25, 4.0));
    fed.take(Reading::with_calls(0.25, 4.0));
    assert_eq!(fed.opened(), [], "one call in four");
}

#[test]
fn only_rises_of_response_times_and_shares_are_anomalous() {
    let mut fed = Fed::new(Kind::Milliseconds);
    fed.steady(2000, 300.0, 5.0);
    fed.steady(10, 20.0, 1.0);
    assert_eq!(fed.opened(), []);
    let mut fed = Fed::new(Kind::Count);
    fed.steady(2000, 300.0, 5.0);
    fed.steady(10, 20.0, 1.0);
    assert_eq!(fed.opened().len(), 1);
}

#[test]
fn sensitivity_and_limits_keep_things_from_opening() {
    let open = |sensitivity| {
        let mut fed = Fed::new(Kind::Milliseconds);
        fed.sensitivity = sensitivity;
        fed.steady(2000, 50.0, 1.0);
        fed.steady(5, 80.0, 1.0);
        fed.opened().len()
    };
    let usual = Sensitivity::default();
    assert_eq!(open(usual), 1);
    assert_eq!(open(Sensitivity { min_deviation: 50.0, ..usual }), 0);
    assert_eq!(open(Sensitivity { rarity: 30.0, ..usual }), 0);
}

#[test]
fn a_state_read_back_gives_the_same_verdicts_bit_by_bit() {
    let mut fed = Fed::new(Kind::Count);
    let mut noise = Noise(4);
    for _ in 0..5000 {
        let value = busy(fed.now, &mut fed.noise);
        fed.take(Reading::of(value));
    }
    let mut bytes = Vec::new();
    fed.series.to_bytes(&mut bytes);
    assert!(bytes.len() <= STATE_BYTES, "{}", bytes.len());
    let mut again = Series::from_bytes(&bytes).expect("it was just written");
    assert_eq!(again, fed.series);
    for minute in 0..5000 {
        let value = busy(fed.now, &mut noise) * if minute % 977 < 5 { 4.0 } else { 1.0 };
        let at = moment(fed.now);
        let second = again.observe(&fed.config, &fed.sensitivity, at, Reading::of(value));
        assert_eq!(fed.take(Reading::of(value)), second);
    }
    let (mut left, mut right) = (Vec::new(), Vec::new());
    fed.series.to_bytes(&mut left);
    again.to_bytes(&mut right);
    assert_eq!(left, right);
}

#[test]
fn many_series_at_once_say_what_each_says_alone() {
    let (c, usual) = (Config::default(), Sensitivity::default());
    let deaf = Sensitivity { min_deviation: 1e9, ..usual };
    let mut together: Vec<Series> = (0..7).map(|_| Series::new(Kind::Gauge, &c)).collect();
    let mut alone = together.clone();
    let mut noise = Noise(3);
    let mut opened = 0;
    for minute in START..START + 600 {
        // Two of them twice in a minute, one of which is late then.
        let due: Vec<Due<'_>> = [3, 1, 6, 0, 2, 4, 5, 3, 1]
            .into_iter()
            .map(|series| Due {
                series,
                at: moment(minute),
                reading: Reading::of(
                    50.0 + noise.normal() + if minute > START + 580 { 90.0 } else { 0.0 },
                ),
                sensitivity: if series == 6 { &deaf } else { &usual },
            })
            .collect();
        let mut verdicts = Vec::new();
        observe_many(&mut together, &c, &due, |one, verdict| verdicts.push((one.series, verdict)));
        for (one, verdict) in due.iter().zip(verdicts) {
            let of = &mut alone[one.series as usize];
            let expected = of.observe(&c, one.sensitivity, one.at, one.reading);
            assert_eq!(verdict, (one.series, expected));
            opened += usize::from(matches!(expected.change, Some(Change::Opened { .. })));
        }
    }
    assert_eq!(together, alone);
    assert_eq!(opened, 6, "all but the deaf one");
}

#[test]
fn values_that_no_state_can_hold_count_as_the_largest() {
    let mut fed = Fed::new(Kind::Gauge);
    fed.steady(100, 45.0, 1.0);
    for _ in 0..3 {
        let verdict = fed.take(Reading::of(f64::MAX));
        assert!(verdict.rarity.is_finite() && verdict.expected.is_finite(), "{verdict:?}");
    }
    fed.steady(5000, 45.0, 1.0);
    assert_eq!(fed.state(), State::Normal);
}

#[test]
fn a_state_of_the_versions_before_goes_on_with_what_it_learnt() {
    // They lacked the last fields, and said so in their first byte.
    for (version, lacks) in [(2, 4 + 1 + 2), (1, 4 + 4 + 1 + 2)] {
        let mut fed = Fed::new(Kind::Gauge);
        fed.steady(3000, 100.0, 2.0);
        let mut bytes = Vec::new();
        fed.series.to_bytes(&mut bytes);
        bytes.truncate(bytes.len() - lacks);
        bytes[0] = version;
        fed.series = Series::from_bytes(&bytes).expect("a state of a version before");
        assert_eq!(fed.state(), State::Normal, "learning does not begin anew");
        fed.steady(3, 150.0, 2.0);
        assert_eq!(fed.opened().len(), 1, "{version}: {:?}", fed.changes);
        assert_eq!(Series::from_bytes(&bytes[..bytes.len() - 1]), Err(BadState::Short));
    }
}

#[test]
fn bytes_that_are_no_state_are_refused() {
    let mut bytes = Vec::new();
    Series::new(Kind::Percent, &Config::default()).to_bytes(&mut bytes);
    assert!(Series::from_bytes(&bytes).is_ok());
    assert_eq!(Series::from_bytes(&bytes[..bytes.len() - 1]), Err(BadState::Short));
    assert_eq!(Series::from_bytes(&[&bytes[..], &[0]].concat()), Err(BadState::Long(1)));
    let mut other = bytes.clone();
    other[0] = 9;
    assert_eq!(Series::from_bytes(&other), Err(BadState::Version(9)));
    bytes[1] = 200;
    assert_eq!(Series::from_bytes(&bytes), Err(BadState::Kind(200)));
}

#[test]
fn constant_series_and_absurd_values_are_survived() {
    let mut fed = Fed::new(Kind::Gauge);
    fed.steady(3000, 45.0, 0.0);
    assert_eq!(fed.opened(), []);
    for value in [1e30, -1e30, f64::INFINITY, 0.0, 1e-30, 45.0, 45.0, 45.0] {
        let verdict = fed.take(Reading::of(value));
        assert!(verdict.rarity.is_finite() && verdict.expected.is_finite(), "{value} {verdict:?}");
    }
    fed.steady(5000, 45.0, 1.0);
    assert_eq!(fed.state(), State::Normal);
}
