//! An engine that is stopped anywhere leaves the same trace as one that is not.

use std::sync::{Arc, atomic::Ordering};

use model::{
    rule::{AffectedKind, Function, Rule},
    time::Minute,
};
use parking_lot::Mutex;

use super::world::{Crash, Failing, T, World, criteria, over, rule};
use crate::rules::{RuleStore, SqlRules};

const MINUTES: u32 = 14;
type Trace = (Vec<(u32, String, String)>, Vec<(u32, u32, u32, u8)>);

fn rules() -> Vec<Rule> {
    let errors =
        rule(AffectedKind::BusinessTransactions, 3, over("Errors per Minute", Function::Sum, 8.0));
    let warned =
        Rule { warning: Some(criteria(over("Errors per Minute", Function::Sum, 2.0))), ..errors };
    let busy = rule(
        AffectedKind::NodeHardware,
        2,
        over("Hardware Resources|CPU|%Busy", Function::Value, 80.0),
    );
    vec![warned, Rule { name: "busy".to_owned(), ..busy }]
}

fn happens(world: &World, minute: u32) {
    let errors = [0, 1, 2, 3, 4, 5, 4, 3, 2, 2, 2, 1, 0, 0][minute as usize];
    world.calls(minute, 10, errors, 5.0);
    let busy = [10.0, 90.0, 95.0, 20.0][minute as usize % 4];
    world.reported(minute, "Hardware Resources|CPU|%Busy", &[(0, busy), (1, 100.0 - busy)]);
}

fn trace(world: &World) -> Trace {
    let violations = world
        .violations()
        .into_iter()
        .map(|one| (one.violated.entity_id, one.opened_minute - T, one.closed_minute, one.level));
    (world.events(), violations.collect())
}

/// The trace of a run in which something fails once, and all is tried again, by the same engine or a new one.
fn run(crash: Option<(u32, Crash)>, telemetry_fails_in: i32, is_new_engine: bool) -> Trace {
    let at = Arc::new(Mutex::new(crash.map(|(minute, crash)| (Minute(T + minute), crash))));
    let wrap = move |inner: SqlRules| -> Box<dyn RuleStore> {
        Box::new(Failing { inner, at: Arc::clone(&at) })
    };
    let mut world = World::over(&rules(), &wrap);
    world.fake.fails_in.store(telemetry_fails_in, Ordering::Relaxed);
    for minute in 0..MINUTES {
        happens(&world, minute);
        let mut tries = 0;
        loop {
            match world.engine.step(World::due(minute)) {
                Ok(None) => break,
                Ok(Some(_)) => {}
                Err(_) if is_new_engine => world.restart(&wrap),
                Err(_) => {}
            }
            tries += 1;
            assert!(tries < 5, "it does not come to an end");
        }
    }
    trace(&world)
}

#[test]
fn whatever_fails_no_event_is_lost_or_told_twice() {
    let expected = run(None, -1, false);
    assert!(expected.0.len() > 8, "the run has to have something to lose: {expected:?}");
    for minute in 0..MINUTES {
        for crash in [Crash::BeforeCommit, Crash::AfterCommit] {
            for is_new_engine in [false, true] {
                let trace = run(Some((minute, crash)), -1, is_new_engine);
                assert_eq!(trace, expected, "{crash:?} in minute {minute}");
            }
        }
    }
    for question in 0..(2 * MINUTES as i32) {
        assert_eq!(run(None, question, true), expected, "question {question} failed");
    }
}

#[test]
fn what_was_missed_is_made_up_for_minute_by_minute() {
    let mut world = World::with(&rules());
    let mut late = World::with(&rules());
    for minute in 0..MINUTES {
        happens(&world, minute);
        happens(&late, minute);
        world.judge(minute);
        if minute == 2 {
            late.engine.step(World::due(0)).unwrap().unwrap();
        }
    }
    while late.engine.step(World::due(MINUTES - 1)).unwrap().is_some() {}
    assert_eq!(trace(&late), trace(&world));
}

#[test]
fn two_that_judge_leave_one_trace() {
    let mut world = World::with(&rules());
    let mut other = World::with(&[]);
    // The other engine has the same stores and directory.
    other.store = world.store.clone();
    other.directory = Arc::clone(&world.directory);
    other.fake = Arc::clone(&world.fake);
    let handle = world.runtime.handle().clone();
    let store = world.store.clone();
    let sql = move |_: SqlRules| -> Box<dyn RuleStore> {
        Box::new(SqlRules::new(store.clone(), handle.clone()))
    };
    other.restart(sql);
    for minute in 0..MINUTES {
        happens(&world, minute);
        world.engine.step(World::due(minute)).unwrap();
        other.engine.step(World::due(minute)).unwrap();
        world.engine.step(World::due(minute)).unwrap();
    }
    assert_eq!(trace(&world), run(None, -1, false));
}
