//! The past of an application is learnt in pieces.

use model::{
    entity::{EntityKey, EntityKind, Properties},
    figure::{FigureKey, Scope},
    id::{AccountId, EntityId},
    time::Minute,
};

use super::world::{HISTORY, Shop, T, USUAL, World};
use crate::anomalies::{SeriesKey, What, state::State};

const SLOW: Shop = Shop { mysql: 400.0, ..USUAL };
/// Readings of one step: the shop's past takes many of them.
const PIECE: usize = 4_000;

/// A second application with one tier that is as usual for as long as the shop, and begins to be watched in some minute.
fn second(world: &World) -> EntityId {
    let make = |kind, application, name: &str| {
        let parent = EntityId::NONE;
        let account = AccountId::FIRST;
        let key = EntityKey { account, kind, application, parent, name: name.to_owned() };
        let properties = Properties::default();
        world.directory.resolve(&[(key, properties)], Minute(T).start_millis()).unwrap()[0]
    };
    let application = make(EntityKind::Application, EntityId::NONE, "billing");
    let tier = make(EntityKind::Tier, application, "invoices");
    let none = EntityId::NONE;
    let key = FigureKey { scope: Scope::Tier, application, subject: tier, peer: none, bt: none };
    for minute in 0..HISTORY + 120 {
        let millis = 30.0 + f64::from(minute % 7);
        world.fake.count(Minute(T + minute), key, (20, 0, millis));
    }
    world.directory.touch(&[(tier, Minute(T + HISTORY + 120).start_millis())]);
    tier
}

fn state(world: &World, minute: u32) -> Vec<u8> {
    world.watch.state.read().to_bytes(Minute(T + minute))
}

#[test]
fn another_application_s_minutes_are_judged_while_a_long_past_is_learnt() {
    let mut world = World::new();
    world.run(HISTORY..HISTORY + 10, USUAL);
    let tier = second(&world);
    world.engine.learnt_at_a_time = 180;
    world.run(HISTORY + 10..HISTORY + 25, SLOW);
    let known = |world: &World| {
        let series = world.watch.series(SeriesKey { entity: tier, what: What::Calls });
        series.and_then(|series| series.last())
    };
    let learnt = known(&world).expect("it has begun");
    assert!(learnt < T + HISTORY, "it is not learnt yet: {}", learnt - T);
    let told = world.told_of(world.ids.checkout);
    assert!(told.iter().any(|(_, kind)| kind.starts_with("ANOMALY_OPEN")), "{told:?}");
    // Between minutes it goes on, until it can be judged with the others.
    while world.engine.learn().unwrap() {}
    world.run(HISTORY + 25..HISTORY + 26, USUAL);
    assert_eq!(known(&world), Some(T + HISTORY + 25));
}

#[test]
fn what_is_over_when_watching_begins_is_not_told_and_what_lasts_has_its_figures() {
    for lasts in [false, true] {
        let mut world = World::new();
        for minute in HISTORY - 8..HISTORY - 2 {
            world.minute(minute, SLOW);
        }
        world.run(HISTORY..HISTORY + 4, if lasts { SLOW } else { USUAL });
        let told = world.anomalies();
        assert_eq!(!told.is_empty(), lasts, "{told:#?}");
        for anomaly in told {
            let body: serde_json::Value = serde_json::from_str(&anomaly.standing.body).unwrap();
            assert!(body["observed"].as_f64() > body["expected"].as_f64(), "{body:#}");
        }
    }
}

#[test]
fn pieces_and_stops_between_them_come_to_the_same_scores() {
    let end = HISTORY + 40;
    let mut whole = World::new();
    second(&whole);
    whole.run(HISTORY..end, USUAL);
    let check = |stops: bool| {
        let mut world = World::new();
        second(&world);
        world.engine.learnt_at_a_time = PIECE;
        for minute in HISTORY..end {
            world.minute(minute, USUAL);
            world.judge(minute);
            if stops && minute % 7 == 0 {
                world.restart(|store| Box::new(store));
                world.engine.learnt_at_a_time = PIECE;
            }
        }
        assert!(state(&world, end) == state(&whole, end), "with stops: {stops}");
    };
    check(false);
    check(true);
}

#[test]
fn what_was_open_before_a_stop_stays_open_while_it_is_learnt_again() {
    let mut world = World::new();
    world.run(HISTORY..HISTORY + 20, SLOW);
    let before = world.anomalies().len();
    assert!(before > 0);
    // The state is lost: everything is learnt anew, in pieces.
    world.objects.0.lock().clear();
    world.restart(|store| Box::new(store));
    world.engine.learnt_at_a_time = 100;
    world.run(HISTORY + 20..HISTORY + 22, SLOW);
    let open = world.anomalies().iter().filter(|one| one.closed_minute == 0).count();
    assert_eq!((open, world.anomalies().len()), (before, before));
}

#[test]
fn a_state_from_before_pieces_is_read() {
    let mut world = World::new();
    world.run(HISTORY..HISTORY + 3, USUAL);
    let new = state(&world, HISTORY + 2);
    // Version 1, one application, without how many are still learnt.
    let mut old = new.clone();
    old[..2].copy_from_slice(&1_u16.to_le_bytes());
    let place = 2 + 4 + 4 + 4;
    assert_eq!(old[place..place + 4], [0; 4], "nothing is being learnt");
    old.drain(place..place + 4);
    let (minute, read) = State::from_bytes(&old).unwrap();
    assert!(read.to_bytes(minute) == new);
}
