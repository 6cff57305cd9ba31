//! What would have been, against what was.

use model::{
    id::AccountId,
    rule::{AffectedKind, BaselineUnit, Compare, Deviation, Function, Level, Rule, factory_rules},
    time::{Minute, MinuteRange},
};

use super::world::{Steady, T, World, criteria, over, rule};
use crate::rules::{BackTest, BackTested, ChartedCondition};

fn back_test(
    world: &World,
    rule: Rule,
    minutes: u32,
    may_go_on: &dyn Fn(bool) -> bool,
) -> BackTested {
    let range = MinuteRange { start: Minute(T), end: Minute(T + minutes) };
    let test = BackTest {
        telemetry: &*world.fake,
        directory: &world.directory,
        expectations: &Steady,
        account: AccountId::FIRST,
        application: world.application,
        schedule: None,
        range,
        charted: None,
        alone: false,
    };
    test.run(rule, may_go_on).unwrap()
}

fn noisy() -> Rule {
    let path = "Errors per Minute";
    Rule {
        warning: Some(criteria(over(path, Function::Sum, 2.0))),
        ..rule(AffectedKind::BusinessTransactions, 2, over(path, Function::Sum, 6.0))
    }
}

#[test]
fn the_past_is_judged_as_it_would_have_been() {
    let mut world = World::with(&[noisy()]);
    for minute in 0..200 {
        let errors = if minute % 50 < 5 { minute % 50 + 1 } else { 0 };
        world.calls(minute, 10, errors, 5.0);
        world.judge(minute);
    }
    let found = back_test(&world, noisy(), 200, &|_| true);
    let mut real: Vec<(u32, u32)> = world
        .violations()
        .iter()
        .map(|one| (one.opened_minute - T, one.closed_minute - T))
        .collect();
    real.sort_unstable();
    let told: Vec<(u32, u32)> = found
        .episodes
        .iter()
        .map(|one| (one.from.0 - T, one.until.expect("all are over").0 - T))
        .collect();
    assert_eq!(told, real);
    assert_eq!(told.len(), 4);
    assert!(found.episodes.iter().all(|one| one.level == Level::Critical));
    assert_eq!((found.entities, found.more, found.lacks.len()), (1, false, 0));
    let chart = found.chart.expect("somebody broke it");
    assert_eq!((chart.entity, chart.points.len(), chart.level), (world.bt, 200, Level::Critical));
    let point = &chart.points[53];
    let sums = ChartedCondition { value: Some(4.0), compared: Some(7.0), threshold: Some(6.0) };
    assert_eq!(point.conditions, [sums]);
    assert_eq!(point.level, Some(Level::Critical));
    assert_eq!(chart.points[10].level, None);
    // Nothing of it is stored.
    assert_eq!(world.violations().len(), 4);
}

#[test]
fn it_ends_in_time_and_says_what_it_lacks() {
    let world = World::with(&[]);
    (0..200).for_each(|minute| world.calls(minute, 10, 9, 5.0));
    let left = std::cell::Cell::new(2);
    let found = back_test(&world, noisy(), 200, &|_| left.replace(left.get() - 1) > 0);
    assert!(found.range.end < Minute(T + 200) && found.range.end > Minute(T), "{:?}", found.range);
    assert_eq!(found.episodes.len(), 1);
    assert_eq!(found.episodes[0].until, None);
    assert!(found.lacks.iter().any(|reason| reason.contains("no time for the whole range")));
    let silent = factory_rules().into_iter().find(|rule| rule.name == "Tier stopped reporting");
    let found = back_test(&world, silent.unwrap(), 100, &|_| true);
    assert!(found.lacks.iter().any(|reason| reason.contains("silent")), "{:?}", found.lacks);
}

#[test]
fn it_says_of_how_many_nobody_could_tell_anything() {
    let world = World::with(&[]);
    world.calls(3, 10, 0, 5.0);
    let found = back_test(&world, noisy(), 10, &|_| true);
    assert_eq!((found.entities, found.unjudged), (1, 0));
    let path = "Average Response Time (ms)";
    let without_baseline = {
        let mut condition = over(path, Function::Value, 0.0);
        condition.compare = Compare::Baseline {
            deviation: Deviation::Above,
            baseline: Some("unknown".to_owned()),
            unit: BaselineUnit::StandardDeviations,
            value: 3.0,
        };
        rule(AffectedKind::BusinessTransactions, 2, condition)
    };
    let found = back_test(&world, without_baseline, 10, &|_| true);
    assert_eq!((found.episodes.len(), found.entities, found.unjudged), (0, 1, 1));
}
