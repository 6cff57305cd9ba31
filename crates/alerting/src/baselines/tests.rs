use std::sync::Arc;

use analysis::baseline::{Basis, Calendar, Season};
use daemon::{
    clock::{ManualClock, UnixNanos},
    disk::SimulatedDisk,
};
use metadata_store::{BaselinesOfAccount, MemoryCatalogue, MemoryEntities};
use model::{
    figure::{Call, FigureKey, Scope},
    span::Outcome,
};
use telemetry_store::{
    Memory, Store,
    segment::metrics::{Point, SeriesKey, SeriesName},
};

use super::*;

const ACCOUNT: AccountId = AccountId::FIRST;
const SHOP: EntityId = EntityId(1);
const ORDERS: EntityId = EntityId(2);
const CHECKOUT: EntityId = EntityId(3);
const NODES: [EntityId; 2] = [EntityId(4), EntityId(5)];
/// Midnight of 1 January 2026, UTC.
const START: Minute = Minute(29_453_760);

struct Fixture {
    store: Arc<Store>,
    registry: Registry,
    baselines: Baselines,
}

impl Fixture {
    fn new(config: Config) -> Fixture {
        let store = telemetry_store::Config {
            disk: Arc::new(SimulatedDisk::new()),
            catalogue: Arc::new(MemoryCatalogue::new()),
            memory: Memory::default(),
        };
        let store = Arc::new(store.open().expect("it opens"));
        let directory = Directory::load(Arc::new(MemoryEntities::default())).expect("it is empty");
        let clock = Arc::new(ManualClock::new(UnixNanos(0)));
        let mut registry = Registry::default();
        let baselines =
            config.build(Arc::clone(&store) as _, Arc::new(directory), clock, &mut registry);
        Fixture { store, registry, baselines }
    }

    /// Calls of a business transaction in one minute on one node.
    fn calls(&self, node: EntityId, at: Minute, calls: u32, millis: f64) {
        let key = FigureKey {
            scope: Scope::BusinessTransaction,
            application: SHOP,
            subject: CHECKOUT,
            peer: node,
            bt: EntityId::NONE,
        };
        let call = Call {
            micros: millis * 1000.0,
            weight: 1.0,
            failed: false,
            http_error: false,
            outcome: Outcome::Normal,
            long_lived: false,
            at_ms: at.start_millis(),
        };
        self.store.with_head(|head| {
            (0..calls).for_each(|_| head.rows(ACCOUNT).count(key, at, &call));
        });
    }

    /// So many days in which noon has ten calls a minute of 50 ms and every other hour two of 10 ms, on each node.
    fn days(&self, days: u32) {
        for minute in 0..days * 1440 {
            let is_noon = minute % 1440 / 60 == 12;
            let (calls, millis) = if is_noon { (10, 50.0) } else { (2, 10.0) };
            NODES
                .iter()
                .for_each(|node| self.calls(*node, Minute(START.0 + minute), calls, millis));
        }
    }

    fn expected(&self, keys: &[Key], at: Minute) -> Vec<Option<Expected>> {
        let answer = self.baselines.expected(ACCOUNT, &daily(), keys, at).expect("it reads");
        assert!(answer.partial.is_empty());
        answer.value
    }

    fn measured(&self, line: &str) -> bool {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).expect("it is a text");
        text.lines().any(|found| found == line)
    }
}

fn config() -> Config {
    Config { cache_bytes: 1 << 20, rows: 100_000 }
}

fn daily() -> Baseline {
    let window = Window::Rolling { days: 30 };
    Baseline { calendar: Calendar::utc(), season: Season::Day, window }
}

fn checkout(metric: Metric) -> Key {
    Key::Figure { application: SHOP, of: Measured::Transaction(CHECKOUT), metric }
}

fn hour(day: u32, hour: u32) -> Minute {
    Minute(START.0 + day * 1440 + hour * 60)
}

#[test]
fn a_business_transaction_is_expected_to_be_what_its_nodes_were_together_at_this_hour() {
    let fixture = Fixture::new(config());
    fixture.days(4);
    let keys = [checkout(Metric::Calls), checkout(Metric::ResponseTime), checkout(Metric::Errors)];
    let found = fixture.expected(&keys, Minute(hour(4, 12).0 + 17));
    let [Some(calls), Some(time), Some(errors)] = found[..] else { panic!("{found:?}") };
    assert_eq!((calls.mean, calls.deviation, calls.hours), (20.0, 0.0, 4));
    assert!((time.mean - 50.0).abs() < 1e-9 && time.deviation < 1e-3, "{time:?}");
    assert_eq!((errors.mean, errors.minutes, errors.basis), (0.0, 240, Basis::Season));
    let night = fixture.expected(&keys[..1], hour(4, 3));
    assert_eq!(night[0].map(|night| night.mean), Some(4.0));
    let nobody = Key::Figure {
        application: SHOP,
        of: Measured::Transaction(EntityId(99)),
        metric: Metric::Calls,
    };
    assert_eq!(fixture.expected(&[nobody], hour(4, 12)), [None]);
}

#[test]
fn answers_are_in_the_order_of_the_keys_and_remembered_for_the_hour() {
    let fixture = Fixture::new(config());
    fixture.days(3);
    let application =
        Key::Figure { application: SHOP, of: Measured::Application(SHOP), metric: Metric::Calls };
    let one = fixture.expected(&[checkout(Metric::Calls)], hour(3, 12));
    // What comes later changes nothing in this hour.
    NODES.iter().for_each(|node| fixture.calls(*node, hour(2, 12), 5_000, 1.0));
    let two = fixture.expected(&[application.clone(), checkout(Metric::Calls)], hour(3, 12));
    assert_eq!(two[1], one[0]);
    assert!(two[0].expect("there are two days").mean > 20.0, "{two:?}");
    assert!(fixture.measured("baselines_asked_total{from=\"cache\"} 1"));
    assert!(fixture.measured("baselines_asked_total{from=\"store\"} 2"));
    let next_day = fixture.expected(&[checkout(Metric::Calls)], hour(4, 12));
    assert!(next_day[0].expect("there are three days").mean > 20.0);
}

#[test]
fn the_hour_that_runs_is_no_part_of_its_own_baseline() {
    let fixture = Fixture::new(config());
    fixture.days(3);
    NODES.iter().for_each(|node| fixture.calls(*node, hour(3, 12), 9_000, 500.0));
    let found = fixture.expected(&[checkout(Metric::Calls)], Minute(hour(3, 12).0 + 59));
    assert_eq!(found[0].map(|found| (found.mean, found.hours)), Some((20.0, 3)));
}

#[test]
fn a_young_installation_has_a_baseline_after_two_hours_and_none_before() {
    let fixture = Fixture::new(config());
    for minute in 0..150 {
        fixture.calls(NODES[0], Minute(START.0 + minute), 3, 10.0);
    }
    let key = [checkout(Metric::Calls)];
    assert_eq!(fixture.expected(&key, hour(0, 1)), [None]);
    let third = fixture.expected(&key, hour(0, 2));
    let third = third[0].expect("there are two hours");
    assert_eq!((third.mean, third.basis, third.hours), (3.0, Basis::LastDay, 2));
}

#[test]
fn a_chart_is_told_what_is_expected_of_each_hour_as_rules_are() {
    let fixture = Fixture::new(config());
    fixture.days(4);
    let key = checkout(Metric::ResponseTime);
    let hours: Vec<Minute> = (0..48).map(|number| hour(3, number)).collect();
    let over = fixture.baselines.over(ACCOUNT, &daily(), &key, &hours).expect("it reads").value;
    let other = Fixture::new(config());
    other.days(4);
    for (hour, expected) in hours.iter().zip(&over) {
        assert_eq!(other.expected(std::slice::from_ref(&key), *hour)[0], *expected, "{hour:?}");
    }
    assert!(over[12].expect("noon").mean > 49.0 && over[13].expect("one").mean < 11.0);
    // All of it is remembered.
    fixture.calls(NODES[0], hour(2, 12), 9_000, 1.0);
    let again = fixture.baselines.over(ACCOUNT, &daily(), &key, &hours).expect("it reads").value;
    assert_eq!(again, over);
    let many: Vec<Minute> = (0..=MOST_HOURS as u32).map(|number| hour(0, number)).collect();
    assert!(fixture.baselines.over(ACCOUNT, &daily(), &key, &many).is_err());
}

#[test]
fn metrics_of_nodes_have_baselines_by_their_paths() {
    let fixture = Fixture::new(config());
    let series = |path: &str| SeriesKey {
        application: SHOP,
        tier: ORDERS,
        node: NODES[0],
        name: SeriesName::new(path, "%"),
    };
    for minute in 0..3 * 1440 {
        let (at, busy) = (Minute(START.0 + minute), f64::from(minute % 2) * 20.0 + 40.0);
        fixture.store.with_head(|head| {
            let rows = head.rows(ACCOUNT);
            rows.point(series("CPU|%Busy"), at, &Point::of(busy, at.start_millis()));
            rows.point(series("Memory|Used %"), at, &Point::of(70.0, at.start_millis()));
        });
    }
    let key = |path: &str| Key::Series {
        application: SHOP,
        tier: ORDERS,
        node: NODES[0],
        path: path.into(),
    };
    let found = fixture.expected(
        &[key("Memory|Used %"), key("CPU|%Busy"), key("CPU|%Idle"), checkout(Metric::Calls)],
        hour(3, 12),
    );
    let [Some(memory), Some(cpu), None, None] = found[..] else { panic!("{found:?}") };
    assert_eq!((memory.mean, memory.deviation, cpu.mean, cpu.hours), (70.0, 0.0, 50.0, 3));
    assert!((cpu.deviation - 10.0).abs() < 0.05, "{cpu:?}");
}

#[test]
fn what_is_remembered_stays_within_its_bound_and_answers_stay_right() {
    let fixture = Fixture::new(Config { cache_bytes: 2_000, rows: 100_000 });
    fixture.days(3);
    let mut keys: Vec<Key> = (100..150)
        .map(|id| Key::Figure {
            application: SHOP,
            of: Measured::Transaction(EntityId(id)),
            metric: Metric::Calls,
        })
        .collect();
    keys.insert(20, checkout(Metric::Calls));
    for number in [12, 13, 12] {
        let found = fixture.expected(&keys, hour(3, number));
        let mean = if number == 12 { 20.0 } else { 4.0 };
        assert_eq!(found[20].map(|found| found.mean), Some(mean));
        assert_eq!(found.iter().flatten().count(), 1);
        let bytes = fixture.baselines.cache.lock().bytes();
        assert!((1..=2_000).contains(&bytes), "{bytes}");
    }
}

#[test]
fn hours_are_read_in_parts_where_a_day_has_more_rows_than_there_is_room_for() {
    // 60 rows: one key has room for 15 hours of a day at once.
    let fixture = Fixture::new(Config { cache_bytes: 0, rows: 130 });
    fixture.days(1);
    let found = fixture.expected(&[checkout(Metric::Calls)], hour(1, 0));
    let mean = (20.0 + 23.0 * 4.0) / 24.0;
    let found = found[0].expect("there is a day");
    assert!((found.mean - mean).abs() < 1e-9 && found.hours == 24, "{found:?}");
    assert_eq!(in_parts(&[hour(0, 0), hour(0, 1), hour(0, 2), hour(1, 0)], 2).len(), 3);
    assert_eq!(in_parts(&[hour(0, 0), hour(1, 0)], 24).len(), 1);
}

#[test]
fn every_application_has_four_baselines_and_its_own_and_one_default() {
    let mut set = BaselinesOfAccount {
        time_zone: Some("Europe/Berlin".to_owned()),
        ..BaselinesOfAccount::default()
    };
    let defaults = |set: &BaselinesOfAccount, application| {
        let all = Definitions::of(set.clone()).of_application(application);
        all.into_iter().filter(|one| one.is_default).map(|one| one.id).collect::<Vec<_>>()
    };
    assert_eq!(defaults(&set, SHOP), [DAILY]);
    let window = metadata_store::BaselineWindow::Fixed { from_ms: 0, to_ms: 3_600_000 };
    set.baselines.push(metadata_store::Baseline {
        id: 101,
        application_id: SHOP.0,
        name: "own".to_owned(),
        season: 2,
        window,
    });
    set.defaults.insert(SHOP.0, 101);
    set.defaults.insert(9, 77);
    assert_eq!(defaults(&set, SHOP), [101]);
    assert_eq!(defaults(&set, EntityId(9)), [DAILY], "of one that is gone");
    let all = Definitions::of(set);
    assert_eq!((all.of_application(SHOP).len(), all.of_application(EntityId(9)).len()), (5, 4));
    let own = all.find(SHOP, Choice::Name("own")).expect("it is there");
    assert_eq!((own.season, all.find(SHOP, Choice::Default)), (Season::Week, Some(own.clone())));
    assert_eq!(all.baseline(&own).calendar.name(), "Europe/Berlin");
    assert_eq!(all.find(SHOP, Choice::Id(7)), None);
    for season in [Season::None, Season::Day, Season::Week, Season::Month] {
        assert_eq!(season_of(season_number(season)), Some(season));
        assert_eq!(season_of_name(season_name(season)), Some(season));
    }
}
