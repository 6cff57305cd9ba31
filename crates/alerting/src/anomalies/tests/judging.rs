//! What is told when.

use std::time::Duration;

use daemon::{absence::Absence, clock::UnixNanos};
use metadata_store::AnomalyStatus;
use model::{
    anomaly::{AnomalySensitivity, AnomalySettings, TransactionSettings},
    entity::{EntityKey, EntityKind, Properties},
    figure::{FigureKey, Scope},
    id::{AccountId, EntityId},
    time::Minute,
};

use super::world::{HISTORY, Shop, T, USUAL, World};
use crate::anomalies::{SeriesKey, Watch, What};

const SLOW: Shop = Shop { mysql: 400.0, ..USUAL };

#[test]
fn what_is_usual_says_nothing() {
    let mut world = World::new();
    world.run(HISTORY..HISTORY + 240, USUAL);
    assert_eq!(world.anomalies(), [], "four hours without anything");
    assert!(world.watch.series(SeriesKey { entity: world.ids.mysql, what: What::Calls }).is_some());
}

#[test]
fn an_anomaly_opens_within_three_minutes_and_ends_once_all_is_calm() {
    let mut world = World::new();
    world.run(HISTORY..HISTORY + 10, USUAL);
    let began = HISTORY + 10;
    world.run(began..began + 20, SLOW);
    let open = world.anomaly_of(world.ids.checkout);
    assert_eq!(open.standing.status, AnomalyStatus::Open);
    assert_eq!(open.onset_minute, T + began, "its beginning is found back in time");
    world.run(began + 20..began + 30, USUAL);
    let told = world.told_of(world.ids.checkout);
    let (opened, kind) = &told[0];
    assert!(kind.starts_with("ANOMALY_OPEN"), "{told:?}");
    assert!((began..began + 3).contains(opened), "{told:?}");
    let (closed, kind) = told.last().unwrap();
    assert!(kind.starts_with("ANOMALY_CLOSE"), "{told:?}");
    assert!((began + 24..began + 28).contains(closed), "{told:?}");
    let anomaly = world.anomaly_of(world.ids.checkout);
    assert_eq!(anomaly.standing.status, AnomalyStatus::Closed);
    let body: serde_json::Value = serde_json::from_str(&anomaly.standing.body).unwrap();
    let observed = body["observed"].as_f64().unwrap();
    let expected = body["expected"].as_f64().unwrap();
    assert!((400.0..500.0).contains(&observed) && (45.0..70.0).contains(&expected), "{body}");
    assert_eq!(body["unit"], "ms");
}

#[test]
fn what_gets_worse_is_told_once_more() {
    let mut world = World::new();
    world.run(HISTORY..HISTORY + 10, USUAL);
    // A little at first: enough for a warning, where nothing is too little.
    let nothing = AnomalySettings {
        min_deviation_percent: 0.0,
        min_deviation_ms: 0.0,
        ..AnomalySettings::default()
    };
    world.set(&nothing);
    let began = HISTORY + 10;
    let mut millis = 20.0;
    let mut minute = began;
    while world.told_of(world.ids.checkout).is_empty() {
        millis += 0.25;
        world.run(minute..minute + 1, Shop { mysql: millis, ..USUAL });
        minute += 1;
        assert!(minute < began + 120, "a slow rise is seen");
    }
    world.run(minute..minute + 5, SLOW);
    let kinds: Vec<String> =
        world.told_of(world.ids.checkout).into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(kinds, ["ANOMALY_OPEN_WARNING", "ANOMALY_UPGRADED"]);
}

#[test]
fn response_time_and_failures_of_one_entity_are_one_anomaly() {
    let mut world = World::new();
    let broken = Shop { cart: 300.0, cart_fails: 0.5, ..USUAL };
    world.run(HISTORY..HISTORY + 10, broken);
    let of_checkout = world.anomaly_of(world.ids.checkout);
    let opened: Vec<(u32, String)> = world.told_of(world.ids.checkout);
    let opens = opened.iter().filter(|(_, kind)| kind.starts_with("ANOMALY_OPEN")).count();
    assert_eq!(opens, 1, "{opened:?}");
    assert_eq!(of_checkout.standing.status, AnomalyStatus::Open);
}

#[test]
fn what_reports_no_more_ends_after_an_hour() {
    let mut world = World::new();
    world.run(HISTORY..HISTORY + 10, SLOW);
    for minute in HISTORY + 10..HISTORY + 69 {
        world.judge(minute);
    }
    assert_eq!(world.anomaly_of(world.ids.checkout).standing.status, AnomalyStatus::Open);
    for minute in HISTORY + 69..HISTORY + 72 {
        world.judge(minute);
    }
    assert_eq!(world.anomaly_of(world.ids.checkout).standing.status, AnomalyStatus::Closed);
}

#[test]
fn thousands_of_new_series_are_watched_from_their_first_minute() {
    let mut world = World::new();
    world.run(HISTORY..HISTORY + 2, USUAL);
    let before = world.judge_next_with(HISTORY + 2, USUAL);
    let ids = world.ids;
    let at = Minute(T + HISTORY + 3);
    world.minute(HISTORY + 3, USUAL);
    let new = |number: u32| EntityKey {
        account: AccountId::FIRST,
        kind: EntityKind::BusinessTransaction,
        application: ids.application,
        parent: ids.web,
        name: format!("GET /{number}"),
    };
    let keys: Vec<_> = (0..2_000).map(|number| (new(number), Properties::default())).collect();
    for bt in world.directory.resolve(&keys, at.start_millis()).unwrap() {
        let (application, peer, none) = (ids.application, ids.nodes[0], EntityId::NONE);
        let scope = Scope::BusinessTransaction;
        world.fake.count(
            at,
            FigureKey { scope, application, subject: bt, peer, bt: none },
            (3, 0, 5.0),
        );
    }
    let after = world.judge(HISTORY + 3).series;
    assert_eq!(after - before, 3 * 2_000, "response time, failures and calls of each");
}

#[test]
fn series_without_room_are_left_out_and_counted() {
    let mut world = World::new();
    world.restart_with(Watch::within(10_000), |store| Box::new(store));
    world.run(HISTORY..HISTORY + 2, USUAL);
    let watching = world.watch.watching();
    let [one] = &*watching else { panic!("{watching:?}") };
    // Eight entities have three series each.
    assert_eq!((one.series, one.left_out), (14, 10));
    world.restart_with(Watch::within(10_000), |store| Box::new(store));
    world.run(HISTORY + 2..HISTORY + 3, USUAL);
    assert_eq!(world.watch.watching(), watching, "a restart makes no room");
}

#[test]
fn who_is_switched_off_is_not_heard_of() {
    let mut world = World::new();
    let off = TransactionSettings {
        id: world.ids.checkout.0,
        enabled: false,
        sensitivity: AnomalySensitivity::Medium,
    };
    let settings = AnomalySettings { transactions: vec![off], ..AnomalySettings::default() };
    world.set(&settings);
    world.run(HISTORY..HISTORY + 10, SLOW);
    assert_eq!(world.told_of(world.ids.checkout), []);
    assert!(!world.told_of(world.ids.web).is_empty(), "its tier still is");
    // Off altogether: what is open ends, what was learnt is forgotten.
    world.set(&AnomalySettings { enabled: false, ..settings });
    world.run(HISTORY + 10..HISTORY + 11, SLOW);
    let open = |one: &metadata_store::Anomaly| one.standing.status == AnomalyStatus::Open;
    assert!(!world.anomalies().iter().any(open));
    assert_eq!(world.watch.watching(), []);
    // On again: it is learnt from what is stored.
    world.set(&AnomalySettings::default());
    world.run(HISTORY + 11..HISTORY + 12, USUAL);
    let known = world.watch.series(SeriesKey { entity: world.ids.web, what: What::ResponseTime });
    let explained = known.unwrap().explain(
        &analysis::anomaly::Config::default(),
        &analysis::anomaly::Sensitivity::default(),
        analysis::anomaly::Moment { minute: T + HISTORY + 12, hour_of_week: 30 },
        None,
    );
    assert!(explained.readings > 600, "{explained:?}");
}

#[test]
fn limits_keep_small_things_quiet() {
    let mut world = World::new();
    // Forty milliseconds more are less than a thousand percent.
    world.set(&AnomalySettings { min_deviation_percent: 1_000.0, ..AnomalySettings::default() });
    world.run(HISTORY..HISTORY + 10, Shop { mysql: 60.0, ..USUAL });
    assert_eq!(world.told_of(world.ids.checkout), []);
    let mut world = World::new();
    world.run(HISTORY..HISTORY + 10, Shop { mysql: 60.0, ..USUAL });
    assert!(!world.told_of(world.ids.checkout).is_empty());
}

#[test]
fn what_was_missed_is_made_up_for_within_bounds() {
    let mut world = World::new();
    world.run(HISTORY..HISTORY + 5, USUAL);
    for minute in HISTORY + 5..HISTORY + 1_000 {
        world.minute(minute, USUAL);
    }
    let first = world.engine.step(World::due(HISTORY + 999), &|| true).unwrap().unwrap();
    assert_eq!(first.minute, Minute(T + HISTORY + 999 - 360), "six hours are made up for");
    let next = world.engine.step(World::due(HISTORY + 999), &|| true).unwrap().unwrap();
    assert_eq!(next.minute.0, first.minute.0 + 1);
}

impl World {
    /// How many series there are after a minute.
    fn judge_next_with(&mut self, minute: u32, shop: Shop) -> usize {
        self.minute(minute, shop);
        self.judge(minute).series
    }
}

/// What a shop does in the minutes around a suspension: half of one minute's calls, then what had piled up.
fn piled_up(minute: u32) -> Shop {
    match minute - HISTORY {
        12 => Shop { calls: 5, ..USUAL },
        13..=15 => Shop { calls: 1, mysql: 2_000.0, cart_fails: 1.0, ..USUAL },
        16 => Shop { calls: 400, mysql: 900.0, ..USUAL },
        _ => USUAL,
    }
}

/// From the first third of minute 12 to the last of minute 16.
fn suspension() -> Absence {
    let at = |minute: u32, seconds: u64| {
        UnixNanos::from_minute(T + HISTORY + minute).saturating_add(Duration::from_secs(seconds))
    };
    Absence { from: at(12, 15), to: at(16, 45) }
}

#[test]
fn what_was_counted_while_vedette_was_away_is_nothing_that_a_series_did() {
    let run = |absences: &[Absence], restart: bool| {
        let mut world = World::new();
        for minute in HISTORY..HISTORY + 40 {
            world.engine.was_absent(absences);
            world.run(minute..minute + 1, piled_up(minute));
            if restart {
                world.restart(|store| Box::new(store));
                world.engine.was_absent(absences);
            }
        }
        // What was not read back yet is, with this.
        world.run(HISTORY + 40..HISTORY + 41, USUAL);
        let state = world.watch.state.read().to_bytes(Minute(T + HISTORY + 41));
        (world.all_events().len(), state)
    };
    let (told, _) = run(&[], false);
    assert!(told > 0, "it is enough to be told");
    let (told, state) = run(&[suspension()], false);
    assert_eq!(told, 0);
    let (told, read_back) = run(&[suspension()], true);
    assert_eq!(told, 0);
    assert_eq!(state, read_back, "minutes that are taken again are left out again");
}

#[test]
fn a_past_is_learnt_without_the_minutes_in_which_vedette_was_away() {
    let learnt = |shop: fn(u32) -> Shop, absences: &[Absence]| {
        let mut world = World::new();
        for minute in HISTORY..HISTORY + 60 {
            world.minute(minute, shop(minute));
        }
        world.engine.was_absent(absences);
        world.minute(HISTORY + 60, USUAL);
        world.judge(HISTORY + 60);
        world.watch.state.read().to_bytes(Minute(T + HISTORY + 61))
    };
    let away = learnt(piled_up, &[suspension()]);
    assert_eq!(away, learnt(|_| USUAL, &[suspension()]));
    assert_ne!(away, learnt(piled_up, &[]));
}
