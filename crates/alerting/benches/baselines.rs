//! How long baselines of many series take from hourly roll-ups: `cargo bench -p alerting -- [series] [days]`, 100,000 of 30
//! days without them. One thread asks; what is said of time is of that thread's core.
//!
//! A third of the series each are response times, errors and calls of tiers, which report once an hour, so that the store is
//! filled in minutes: an hourly row costs the same however many minutes stand behind it.

use std::{io::Write, sync::Arc, time::Duration};

use alerting::baselines::{Baseline, Calendar, Config, Key, Metric, Season, Window};
use daemon::{
    clock::{SharedClock, SystemClock},
    disk::LocalDisk,
    metrics::ProcessUsage,
};
use metadata_store::{Catalogue, Directory, MemoryCatalogue, MemoryEntities};
use model::{
    figure::{Call, FigureKey, Scope},
    id::{AccountId, EntityId},
    measured::Measured,
    span::Outcome,
    time::Minute,
};
use telemetry_store::{Memory, Store, cut::Position, upkeep::Retention};

const ACCOUNT: AccountId = AccountId::FIRST;
const APPLICATION: EntityId = EntityId(1);
const METRICS: [Metric; 3] = [Metric::ResponseTime, Metric::Errors, Metric::Calls];
/// Midnight of 1 January 2026, UTC.
const START: Minute = Minute(29_453_760);
const DAY_MS: i64 = 24 * 3_600_000;

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|text| text.parse::<u32>().ok());
    let (series, days) = (numbers.next().unwrap_or(100_000), numbers.next().unwrap_or(30));
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let catalogue = MemoryCatalogue::new();
    let store = telemetry_store::Config {
        disk: Arc::new(LocalDisk::new(folder.path()).expect("it is writable")),
        catalogue: Arc::new(catalogue.clone()),
        memory: Memory::default(),
    };
    let store = Arc::new(store.open().expect("it opens"));
    let clock = SystemClock::shared();
    let tiers = series.div_ceil(3);
    let (_, filled) = timed(&clock, || fill(&store, &catalogue, tiers, days));
    say(&format!("{tiers} tiers, {days} days of hours: stored in {:.1} s", filled.as_secs_f64()));

    let directory = Directory::load(Arc::new(MemoryEntities::default())).expect("it is empty");
    let mut registry = prometheus_client::registry::Registry::default();
    let config = Config { cache_bytes: 64 << 20, rows: 1_000_000 };
    let baselines = config.build(store, Arc::new(directory), Arc::clone(&clock), &mut registry);
    let keys: Vec<Key> = (0..series)
        .map(|number| Key::Figure {
            application: APPLICATION,
            of: Measured::Tier(tier(number / 3)),
            metric: METRICS[number as usize % 3],
        })
        .collect();
    let seasons = [("daily", Season::Day, days), ("all data", Season::None, days.min(15))];
    for (name, season, days) in seasons {
        let window = Window::Rolling { days };
        let baseline = Baseline { calendar: Calendar::utc(), season, window };
        let at = Minute(START.0 + days * 1440 + 12 * 60 + 30);
        for state in ["cold", "cached"] {
            let cpu = cpu_seconds();
            let ask = || baselines.expected(ACCOUNT, &baseline, &keys, at).expect("it reads");
            let (answer, took) = timed(&clock, ask);
            let known = answer.value.iter().flatten().count();
            let cpu = cpu_seconds() - cpu;
            let seconds = took.as_secs_f64();
            say(&format!(
                "{name}, {state}: {} series, {known} with a baseline, {seconds:.3} s ({cpu:.2} s CPU), {:.0} a second",
                keys.len(),
                f64::from(series) / seconds,
            ));
        }
    }
    let resident = ProcessUsage::read().map_or(0, |usage| usage.resident_bytes) >> 20;
    say(&format!("{resident} MiB resident at the end"));
}

fn tier(number: u32) -> EntityId {
    EntityId(10 + number)
}

/// One minute of each tier in each hour, and the day after it began so that the last hours are rolled up.
fn fill(store: &Store, catalogue: &MemoryCatalogue, tiers: u32, days: u32) {
    let epoch = catalogue.claim("bench", &[0]).expect("memory answers").epoch;
    let keep = Retention {
        traces_ms: DAY_MS,
        snapshots_ms: DAY_MS,
        minutes_ms: DAY_MS,
        ten_minutes_ms: DAY_MS,
        hours_ms: 400 * DAY_MS,
        logs_ms: DAY_MS,
        samples_ms: DAY_MS,
        keep_free_percent: 0,
    };
    for hour in 0..(days + 1) * 24 {
        let at = Minute(START.0 + hour * 60 + 7);
        store.with_head(|head| {
            let rows = head.rows(ACCOUNT);
            for number in 0..tiers {
                let key = FigureKey {
                    scope: Scope::Tier,
                    application: APPLICATION,
                    subject: tier(number),
                    peer: EntityId::NONE,
                    bt: EntityId::NONE,
                };
                rows.count(key, at, &call(at, 1000.0 + f64::from(number % 97 + hour % 24)));
            }
        });
        let position = Position {
            consumer: "bench".to_owned(),
            epoch,
            from: vec![(0, u64::from(hour))],
            to: vec![(0, u64::from(hour) + 1)],
        };
        let now_ms = at.start_millis();
        let frozen = store.freeze(position, Vec::new());
        let written = frozen.write(store, now_ms).expect("the disk works");
        store.commit(&written).expect("the catalogue answers");
        while store.upkeep(now_ms, &keep).expect("disk and catalogue work").is_some() {}
    }
    let long_after = START.start_millis() + i64::from(days + 2) * DAY_MS;
    while store.upkeep(long_after, &keep).expect("disk and catalogue work").is_some() {}
}

fn call(at: Minute, micros: f64) -> Call {
    Call {
        micros,
        weight: 1.0,
        failed: false,
        http_error: false,
        outcome: Outcome::Normal,
        long_lived: false,
        at_ms: at.start_millis(),
    }
}

fn timed<T>(clock: &SharedClock, work: impl FnOnce() -> T) -> (T, Duration) {
    let began = clock.monotonic();
    let made = work();
    (made, clock.monotonic().saturating_sub(began))
}

fn cpu_seconds() -> f64 {
    ProcessUsage::read().map_or(0.0, |usage| usage.cpu_seconds)
}

fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("somebody listens");
}
