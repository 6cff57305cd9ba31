//! How many readings a second one core judges: `cargo bench -p analysis --bench anomaly -- [series] [readings]`. A million series by
//! default, in random order, so that each state comes from memory and not from a cache. Series are as noisy as real ones: one
//! reading in two thousand is wild.

use std::{io::Write, time::Instant};

use analysis::anomaly::{Config, Kind, Moment, Reading, STATE_BYTES, Sensitivity, Series};

/// Readings of each series before time is taken.
const WARM: u32 = 3;

#[allow(clippy::disallowed_methods, reason = "a bench takes time")]
fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|text| text.parse::<usize>().ok());
    let count = numbers.next().unwrap_or(1_000_000);
    let readings = numbers.next().unwrap_or(10_000_000);
    let (config, sensitivity) = (Config::default(), Sensitivity::default());
    let mut series: Vec<Series> = (0..count).map(|_| Series::new(Kind::Gauge, &config)).collect();
    let mut draws = Draws(1);
    let mut minute = 29_450_880;
    for _ in 0..WARM {
        for one in &mut series {
            one.observe(&config, &sensitivity, moment(minute), draws.reading());
        }
        minute += 1;
    }
    let mut order: Vec<usize> = (0..count).collect();
    for place in (1..count).rev() {
        order.swap(place, draws.next() as usize % (place + 1));
    }
    let began = Instant::now();
    let mut changes = 0_usize;
    for at in 0..readings {
        // So many readings are a minute of all series.
        let now = minute + (at / count) as u32;
        let one = &mut series[order[at % count]];
        let verdict = one.observe(&config, &sensitivity, moment(now), draws.reading());
        changes += usize::from(verdict.change.is_some());
    }
    let random = began.elapsed().as_secs_f64();
    minute += (readings / count) as u32 + 1;
    let began = Instant::now();
    for one in &mut series {
        let verdict = one.observe(&config, &sensitivity, moment(minute), draws.reading());
        changes += usize::from(verdict.change.is_some());
    }
    let tick = began.elapsed().as_secs_f64();
    let out = &mut std::io::stdout();
    writeln!(
        out,
        "{count} series of {} bytes (at most {STATE_BYTES}): {:.2} M readings/s in random order, {:.2} s for a minute of all; {changes} changes",
        size_of::<Series>(),
        readings as f64 / random / 1e6,
        tick,
    )
    .expect("standard output is open");
}

fn moment(minute: u32) -> Moment {
    Moment { minute, hour_of_week: ((minute / 60 + 72) % 168) as u16 }
}

struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn reading(&mut self) -> Reading {
        let noise = self.next();
        let wild = if noise.is_multiple_of(2048) { 500.0 } else { 0.0 };
        Reading::of(100.0 + (noise % 1000) as f64 / 100.0 + wild)
    }
}
