//! A stop anywhere changes nothing of what is told, nor of what is known.

use std::sync::{Arc, atomic::Ordering};

use model::time::Minute;
use parking_lot::Mutex;

use super::world::{Crash, Failing, HISTORY, Shop, T, USUAL, World};
use crate::anomalies::AnomalyStore;

/// What the shop does in a minute of the story: two faults, one after the other.
fn story(minute: u32) -> Shop {
    match minute - HISTORY {
        12..=20 => Shop { mysql: 300.0, ..USUAL },
        33..=40 => Shop { cart_fails: 0.4, ..USUAL },
        _ => USUAL,
    }
}

const END: u32 = HISTORY + 52;

type Told = Vec<(i64, String, String, Vec<(String, String)>)>;

/// Everything that was told, and the state in the end.
fn outcome(world: &World) -> (Told, Vec<u8>) {
    let told = world
        .all_events()
        .into_iter()
        .map(|event| (event.time_ms, event.kind, event.summary, event.properties));
    let state = world.watch.state.read().to_bytes(Minute(T + END));
    (told.collect(), state)
}

fn undisturbed() -> (Told, Vec<u8>) {
    let mut world = World::new();
    for minute in HISTORY..END {
        world.run(minute..minute + 1, story(minute));
    }
    let outcome = outcome(&world);
    assert!(outcome.0.len() >= 4, "the story has something to tell: {:?}", outcome.0);
    outcome
}

#[test]
fn a_restart_after_any_minute_gives_the_same_scores_and_tells_nothing_twice() {
    let expected = undisturbed();
    let mut world = World::new();
    for minute in HISTORY..END {
        world.run(minute..minute + 1, story(minute));
        world.restart(|store| Box::new(store));
    }
    // What an engine reads back is what the last one knew.
    world.minute(END, USUAL);
    world.judge(END);
    let mut undisturbed = World::new();
    for minute in HISTORY..=END {
        undisturbed.run(minute..minute + 1, story(minute));
    }
    assert_eq!(outcome(&world).1, outcome(&undisturbed).1);
    assert_eq!(outcome(&world).0, expected.0);
    assert!(world.objects.0.lock().len() <= 2, "replaced states are removed");
}

#[test]
fn a_commit_that_fails_or_whose_answer_is_lost_counts_once() {
    let expected = undisturbed();
    for crash in [Crash::BeforeCommit, Crash::AfterCommit] {
        // As an anomaly opens, as the state is stored, as it ends.
        for minute in [HISTORY + 13, HISTORY + 15, HISTORY + 14, HISTORY + 25] {
            let at = Arc::new(Mutex::new(Some((Minute(T + minute), crash))));
            let wrap = |inner| -> Box<dyn AnomalyStore> {
                Box::new(Failing { inner, at: Arc::clone(&at) })
            };
            let mut world = World::over(wrap);
            let mut failures = 0;
            for minute in HISTORY..END {
                world.minute(minute, story(minute));
                while match world.engine.step(World::due(minute), &|| true) {
                    Ok(judged) => judged.is_some(),
                    Err(_) => {
                        failures += 1;
                        true
                    }
                } {}
            }
            assert_eq!((failures, outcome(&world)), (1, expected.clone()), "{crash:?} {minute}");
        }
    }
}

#[test]
fn a_store_that_does_not_answer_delays_and_changes_nothing() {
    let expected = undisturbed();
    let mut world = World::new();
    for minute in HISTORY..END {
        world.minute(minute, story(minute));
        // The questions of a minute fail one after the other.
        if (HISTORY + 11..HISTORY + 16).contains(&minute) {
            for question in 0..2 {
                world.fake.fails_in.store(question, Ordering::Relaxed);
                assert!(world.engine.step(World::due(minute), &|| true).is_err());
            }
            world.fake.fails_in.store(-1, Ordering::Relaxed);
        }
        world.judge(minute);
    }
    assert_eq!(outcome(&world), expected);
}

#[test]
fn a_damaged_state_is_learnt_anew_from_what_is_stored() {
    let mut world = World::new();
    world.run(HISTORY..HISTORY + 10, USUAL);
    world.objects.0.lock().values_mut().for_each(|bytes| bytes.truncate(100));
    world.restart(|store| Box::new(store));
    world.run(HISTORY + 10..HISTORY + 20, Shop { mysql: 300.0, ..USUAL });
    assert!(!world.told_of(world.ids.checkout).is_empty());
}

#[test]
fn the_state_of_a_newer_version_is_refused_and_left_untouched() {
    let mut world = World::new();
    world.run(HISTORY..HISTORY + 10, USUAL);
    world.objects.0.lock().values_mut().for_each(|bytes| bytes[0] = 99);
    let before = world.objects.0.lock().clone();
    world.restart(|store| Box::new(store));
    world.minute(HISTORY + 10, USUAL);
    let refused = world.engine.step(World::due(HISTORY + 10), &|| true).unwrap_err();
    assert!(refused.to_string().contains("version 99"), "{refused}");
    assert_eq!(*world.objects.0.lock(), before);
}
