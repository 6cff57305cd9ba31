//! How many readings a second one core judges. Every minute brings one reading of each series in a random order of its own, so
//! that each state comes from memory and not from a cache. Series are three days old and as noisy as real ones: one reading in
//! two thousand is wild, and every fourth series has a course of the day.

use std::time::Duration;

use analysis::anomaly::{
    Change, Config, Due, Kind, Moment, Reading, Sensitivity, Series, Verdict, observe_many,
};

use super::timed;
use crate::draws::Draws;

/// Different series; the others are like them.
const KINDS: usize = 64;
/// Readings of each series before time is taken.
const AGE: u32 = 3 * 1440;
/// A Monday's midnight.
const START: u32 = 29_450_880;
const USUAL: Sensitivity = Sensitivity { rarity: 0.0, min_deviation: 0.0, min_calls: 0.0 };

pub(super) struct Measured {
    pub(super) series: u32,
    /// Millions a second, in random order: one by one, and as the product takes them.
    pub(super) alone: f64,
    pub(super) together: f64,
    /// Seconds for a minute of all series, in order.
    pub(super) tick: f64,
}

pub(super) fn measure(count: u32, minutes: u32) -> Measured {
    let config = Config::default();
    let mut draws = Draws::new(1);
    let old: Vec<Series> = (0..KINDS).map(|kind| aged(&config, kind, &mut draws)).collect();
    let mut series: Vec<Series> =
        (0..count as usize).map(|place| old[place % KINDS].clone()).collect();
    let mut order: Vec<u32> = (0..count).collect();
    let mut taken = Taken::default();
    let mut now = START + AGE;
    let (mut alone, mut together) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..minutes {
        let due = in_random_order(now, &mut order, &mut draws);
        let one_by_one = timed(|| {
            for one in &due {
                let of = &mut series[one.series as usize];
                taken.add(&of.observe(&config, one.sensitivity, one.at, one.reading));
            }
        });
        alone += one_by_one.0;
        let due = in_random_order(now + 1, &mut order, &mut draws);
        let all = timed(|| {
            observe_many(&mut series, &config, &due, |_, verdict| taken.add(&verdict));
        });
        together += all.0;
        now += 2;
    }
    order.sort_unstable();
    let due: Vec<Due<'_>> = order.iter().map(|place| reading_of(*place, now, &mut draws)).collect();
    let (tick, ()) =
        timed(|| observe_many(&mut series, &config, &due, |_, verdict| taken.add(&verdict)));
    // What is not looked at need not be done.
    std::hint::black_box(&taken);
    let rate = |took: Duration| f64::from(minutes) * f64::from(count) / took.as_secs_f64() / 1e6;
    Measured {
        series: count,
        alone: rate(alone),
        together: rate(together),
        tick: tick.as_secs_f64(),
    }
}

#[derive(Default)]
struct Taken {
    unusual: usize,
    opened: usize,
}

impl Taken {
    fn add(&mut self, verdict: &Verdict) {
        self.unusual += usize::from(verdict.deviation.is_some());
        self.opened += usize::from(matches!(verdict.change, Some(Change::Opened { .. })));
    }
}

fn aged(config: &Config, kind: usize, draws: &mut Draws) -> Series {
    let mut series = Series::new(Kind::Gauge, config);
    for minute in START..START + AGE {
        let due = reading_of(kind as u32, minute, draws);
        series.observe(config, due.sensitivity, due.at, due.reading);
    }
    series
}

fn in_random_order(now: u32, order: &mut [u32], draws: &mut Draws) -> Vec<Due<'static>> {
    for place in (1..order.len()).rev() {
        order.swap(place, draws.below(place + 1));
    }
    order.iter().map(|place| reading_of(*place, now, draws)).collect()
}

fn reading_of(series: u32, minute: u32, draws: &mut Draws) -> Due<'static> {
    let wild = if draws.below(2048) == 0 { 500.0 } else { 0.0 };
    let course = match series % 4 {
        0 => 80.0 * (f64::from(minute % 1440) / 1440.0 * std::f64::consts::TAU).sin(),
        _ => 0.0,
    };
    Due {
        series,
        at: Moment { minute, hour_of_week: ((minute / 60 + 72) % 168) as u16 },
        reading: Reading::of(200.0 + course + 10.0 * draws.unit() + wild),
        sensitivity: &USUAL,
    }
}
