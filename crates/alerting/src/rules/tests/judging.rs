//! What rules find in made-up minutes.

use model::{
    id::EntityId,
    rule::{
        AffectedKind, BaselineUnit, Compare, Condition, Criteria, Deviation, Evidence,
        ExpectedValue, Function, Input, NameMatch, NoData, NodeMatch, NodeRuntime, Operator,
        Persistence, Rule, Schedule, Scope, Times, Variable, factory_rules,
    },
};

use super::world::{World, criteria, over, rule};
use crate::rules::EntityHealth;

const CALLS: &str = "Calls per Minute";
const ERRORS: &str = "Errors per Minute";
const TIME: &str = "Average Response Time (ms)";
const BUSY: &str = "Hardware Resources|CPU|%Busy";

/// The events of a rule over the calls of minutes.
#[track_caller]
fn check(rules: &[Rule], minutes: &[(u32, u32, f64)], expected: &[(u32, &str)]) {
    let mut world = World::with(rules);
    for (minute, (calls, errors, millis)) in (0..).zip(minutes) {
        if *calls > 0 {
            world.calls(minute, *calls, *errors, *millis);
        }
        world.judge(minute);
    }
    let told = world.told();
    let told: Vec<(u32, &str)> = told.iter().map(|(at, kind)| (*at, kind.as_str())).collect();
    assert_eq!(told, expected);
}

fn transactions(window: u16, critical: Condition) -> Rule {
    rule(AffectedKind::BusinessTransactions, window, critical)
}

#[test]
fn a_violation_opens_gets_worse_goes_on_gets_better_and_closes() {
    let warned = Rule {
        warning: Some(criteria(over(ERRORS, Function::Value, 2.0))),
        ..transactions(1, over(ERRORS, Function::Value, 5.0))
    };
    let errors = [0, 3, 3, 6, 6, 6, 6, 6, 6, 6, 3, 3, 0];
    let minutes: Vec<(u32, u32, f64)> =
        errors.into_iter().map(|errors| (10, errors, 1.0)).collect();
    check(
        &[warned],
        &minutes,
        &[
            (1, "POLICY_OPEN_WARNING"),
            (3, "POLICY_UPGRADED"),
            (8, "POLICY_CONTINUES_CRITICAL"),
            (10, "POLICY_DOWNGRADED"),
            (12, "POLICY_CLOSE_WARNING"),
        ],
    );
}

#[test]
fn functions_say_what_a_window_comes_to() {
    let minutes = [(10, 0, 10.0), (10, 5, 30.0), (30, 0, 50.0)];
    let opens_at = |path: &str, function, value, at: u32| {
        check(
            &[transactions(3, over(path, function, value))],
            &minutes,
            &[(at, "POLICY_OPEN_CRITICAL")],
        );
    };
    // 10·10 + 10·30 + 30·50 over 50 calls are 38 ms.
    opens_at(TIME, Function::Value, 37.9, 2);
    opens_at(TIME, Function::Max, 49.9, 2);
    opens_at(TIME, Function::Min, 9.9, 0);
    opens_at(TIME, Function::Count, 49.0, 2);
    opens_at(TIME, Function::Current, 29.9, 1);
    opens_at(CALLS, Function::Sum, 19.0, 1);
    opens_at(CALLS, Function::Value, 16.6, 2);
    check(&[transactions(3, over(TIME, Function::Value, 38.1))], &minutes, &[]);
}

#[test]
fn several_metrics_come_together_in_an_expression() {
    let variable = |name: &str, path: &str| Variable {
        name: name.to_owned(),
        function: Function::Sum,
        path: path.to_owned(),
    };
    let share = Condition {
        input: Input::Expression {
            expression: "{errors} / {calls} * 100".to_owned(),
            variables: vec![variable("errors", ERRORS), variable("calls", CALLS)],
        },
        ..over(CALLS, Function::Sum, 20.0)
    };
    check(
        &[transactions(2, share)],
        &[(10, 1, 1.0), (10, 3, 1.0), (10, 2, 1.0)],
        &[(2, "POLICY_OPEN_CRITICAL")],
    );
}

#[test]
fn what_is_normal_is_compared_with_in_deviations_or_percent() {
    let baseline = |deviation, unit, value, name: Option<&str>| Condition {
        compare: Compare::Baseline { deviation, baseline: name.map(str::to_owned), unit, value },
        ..over(CALLS, Function::Value, 0.0)
    };
    let opens = |condition: Condition, calls: u32, expected: bool| {
        let events: &[(u32, &str)] = if expected { &[(0, "POLICY_OPEN_CRITICAL")] } else { &[] };
        check(&[transactions(1, condition)], &[(calls, 0, 1.0)], events);
    };
    use BaselineUnit::{Percent, StandardDeviations};
    // 100 ± 10.
    opens(baseline(Deviation::Above, StandardDeviations, 3.0, None), 131, true);
    opens(baseline(Deviation::Above, StandardDeviations, 3.0, None), 130, false);
    opens(baseline(Deviation::Below, Percent, 50.0, None), 49, true);
    opens(baseline(Deviation::Below, Percent, 50.0, None), 50, false);
    opens(baseline(Deviation::Outside, StandardDeviations, 1.0, None), 89, true);
    opens(baseline(Deviation::Within, StandardDeviations, 1.0, None), 95, true);
    opens(baseline(Deviation::Above, StandardDeviations, 3.0, Some("unknown")), 500, false);
}

#[test]
fn a_condition_may_have_to_hold_in_n_of_the_last_m_minutes() {
    let often = Condition {
        persistence: Some(Persistence { violations: 2, of_minutes: 3 }),
        ..over(ERRORS, Function::Value, 2.0)
    };
    let minutes = [3, 0, 0, 3, 0, 3, 0, 0].map(|errors| (10, errors, 1.0));
    check(
        &[transactions(5, often)],
        &minutes,
        &[(5, "POLICY_OPEN_CRITICAL"), (6, "POLICY_CLOSE_CRITICAL")],
    );
}

#[test]
fn where_nothing_is_reported_a_condition_is_what_it_says() {
    let silent = |no_data| Condition { no_data, ..over(CALLS, Function::Value, 20.0) };
    let minutes = [(10, 0, 1.0), (0, 0, 0.0), (0, 0, 0.0), (10, 0, 1.0)];
    let expected = [(1, "POLICY_OPEN_CRITICAL"), (3, "POLICY_CLOSE_CRITICAL")];
    check(&[transactions(1, silent(NoData::True))], &minutes, &expected);
    check(&[transactions(1, silent(NoData::False))], &minutes, &[]);
    check(&[transactions(1, silent(NoData::Unknown))], &minutes, &[]);
    // An open violation stays while nothing can be told.
    let busy = transactions(1, over(CALLS, Function::Value, 5.0));
    check(&[busy], &minutes[..3], &[(0, "POLICY_OPEN_CRITICAL")]);
}

/// Events of a rule about what nodes report in one minute, and in the next.
fn of_nodes(rule: Rule, minutes: &[&[(usize, f64)]]) -> Vec<(u32, String, String)> {
    let mut world = World::with(&[rule]);
    for (minute, values) in (0..).zip(minutes) {
        world.reported(minute, BUSY, values);
        world.judge(minute);
    }
    world.events()
}

#[test]
fn a_tier_is_judged_as_one_or_by_its_nodes() {
    let tier = |nodes| {
        let busy = rule(AffectedKind::TierHardware, 1, over(BUSY, Function::Value, 90.0));
        Rule { critical: Some(Criteria { nodes, ..busy.critical.clone().unwrap() }), ..busy }
    };
    let opens = |nodes, values: &[(usize, f64)], expected: usize| {
        let events = of_nodes(tier(nodes), &[values]);
        assert_eq!(events.len(), expected, "{nodes:?} {values:?}");
    };
    let one = [(0, 95.0), (1, 10.0), (2, 10.0), (3, 10.0)];
    let half = [(0, 95.0), (1, 95.0), (2, 10.0), (3, 10.0)];
    opens(NodeMatch::Average, &one, 0);
    opens(NodeMatch::Average, &[(0, 95.0), (1, 96.0)], 1);
    opens(NodeMatch::AnyNode, &one, 1);
    opens(NodeMatch::AnyNode, &[(0, 90.0)], 0);
    opens(NodeMatch::PercentageNodes { value: 50.0 }, &one, 0);
    opens(NodeMatch::PercentageNodes { value: 50.0 }, &half, 1);
    opens(NodeMatch::NumberOfNodes { value: 2 }, &one, 0);
    opens(NodeMatch::NumberOfNodes { value: 2 }, &half, 1);
}

#[test]
fn only_what_is_in_the_scope_is_judged() {
    let busy = || rule(AffectedKind::NodeHardware, 1, over(BUSY, Function::Value, 90.0));
    let names = |rule: Rule| -> Vec<String> {
        let all = [(0, 95.0), (1, 95.0), (2, 95.0), (3, 95.0)];
        of_nodes(rule, &[&all]).into_iter().map(|(_, _, name)| name).collect()
    };
    let scoped = |scope| {
        let mut rule = busy();
        rule.affects.scope = scope;
        names(rule)
    };
    assert_eq!(names(busy()), ["n1", "n2", "n3", "n4"]);
    let specific = Scope::Specific { names: vec!["n3".to_owned()], should_not: true };
    assert_eq!(scoped(specific), ["n1", "n2", "n4"]);
    let value = "^n[34]$".to_owned();
    let regex = Scope::Matching { how: NameMatch::Regex, value, should_not: false };
    assert_eq!(scoped(regex), ["n3", "n4"]);
    let tiers = Scope::WithinTiers { tiers: vec!["other".to_owned()], should_not: false };
    assert!(scoped(tiers).is_empty());
    let mut java = busy();
    java.affects.runtime = NodeRuntime::Java;
    assert_eq!(names(java), ["n1", "n2"]);
    // Two nodes on one host are one server, whose value they agree on.
    let servers = Rule { affects: model::rule::Affects::all(AffectedKind::Servers), ..busy() };
    assert_eq!(names(servers), ["h1"]);
}

#[test]
fn absolute_paths_lead_anywhere_and_stars_to_several_series() {
    let custom =
        |path: &str, function, value| rule(AffectedKind::Custom, 1, over(path, function, value));
    let opens = |rule: Rule, expected: usize| {
        let mut world = World::with(std::slice::from_ref(&rule));
        world.calls(0, 10, 4, 25.0);
        world.reported(0, "Hardware Resources|Disks|sda|Used %", &[(0, 50.0), (1, 60.0)]);
        world.reported(0, "Hardware Resources|Disks|sdb|Used %", &[(0, 70.0)]);
        world.judge(0);
        assert_eq!(world.events().len(), expected, "{rule:?}");
    };
    let bt = "Business Transaction Performance|Business Transactions|web|GET /cart";
    opens(custom(&format!("{bt}|{CALLS}"), Function::Value, 9.0), 1);
    opens(custom(&format!("{bt}|Individual Nodes|n1|{TIME}"), Function::Value, 24.0), 1);
    opens(custom(&format!("{bt}|Individual Nodes|n2|{CALLS}"), Function::Value, 1.0), 0);
    opens(custom(&format!("Overall Application Performance|web|{ERRORS}"), Function::Sum, 3.0), 1);
    opens(custom(&format!("Overall Application Performance|{CALLS}"), Function::Sum, 9.0), 1);
    opens(
        custom(&format!("Overall Application Performance|nobody|{CALLS}"), Function::Sum, 0.0),
        0,
    );
    let disks = "Application Infrastructure Performance|web|Hardware Resources|Disks|*|Used %";
    opens(custom(disks, Function::Max, 69.0), 1);
    opens(custom(disks, Function::GroupCount, 2.0), 1);
    opens(custom(disks, Function::GroupCount, 3.0), 0);
    let of_node = disks.replace("web|", "web|Individual Nodes|n1|");
    opens(custom(&of_node, Function::GroupCount, 1.0), 1);
    opens(custom(&of_node, Function::GroupCount, 2.0), 0);
}

#[test]
fn a_tier_that_falls_silent_is_told_and_a_node_that_is_retired_is_not() {
    let silent = factory_rules().into_iter().find(|rule| rule.name == "Tier stopped reporting");
    let busy = rule(AffectedKind::NodeHardware, 1, over(BUSY, Function::Value, 90.0));
    let mut world = World::with(&[silent.unwrap(), Rule { name: "busy".to_owned(), ..busy }]);
    for minute in 0..3 {
        world.reported(minute, BUSY, &[(0, 95.0), (1, 50.0)]);
        world.judge(minute);
    }
    // One of the two nodes is scaled away; the tier goes on for an hour and then falls silent.
    for minute in 3..70 {
        world.reported(minute, BUSY, &[(1, 50.0)]);
        world.judge(minute);
    }
    for minute in 70..80 {
        world.judge(minute);
    }
    let events = world.events();
    let of = |name: &str| -> Vec<(u32, &str)> {
        let events = events.iter().filter(|(_, _, affected)| affected == name);
        events.map(|(at, kind, _)| (*at, kind.as_str())).collect()
    };
    assert_eq!(of("n1"), [(0, "POLICY_OPEN_CRITICAL"), (63, "POLICY_CANCELED_CRITICAL")]);
    assert_eq!(of("web"), [(72, "POLICY_OPEN_CRITICAL")]);
    world.reported(80, BUSY, &[(1, 50.0)]);
    world.judge(80);
    assert_eq!(world.events().last().unwrap().1, "POLICY_CLOSE_CRITICAL");
}

#[test]
fn nobody_was_silent_while_vedette_did_not_run() {
    let silent = factory_rules().into_iter().find(|rule| rule.name == "Tier stopped reporting");
    let mut world = World::with(&[silent.unwrap()]);
    let batch = world.tier("batch");
    for minute in 0..10 {
        world.reported(minute, BUSY, &[(1, 50.0)]);
        if minute < 4 {
            world.seen(minute, &[batch]);
        }
        world.judge(minute);
    }
    // One that was silent before still is, and nothing is told of the other.
    let of_batch = [(6, "POLICY_OPEN_CRITICAL".to_owned(), "batch".to_owned())];
    assert_eq!(world.events(), of_batch);
    // Two more minutes were reported and not judged, then it stands still for half an hour.
    (10..12).for_each(|minute| world.reported(minute, BUSY, &[(1, 50.0)]));
    world.restart_after_a_stop(40);
    let judged = |world: &mut World, now: u32| {
        let mut minutes = Vec::new();
        while let Some(judged) = world.engine.step(World::due(now)).unwrap() {
            minutes.push(judged.minute.0 - super::world::T);
        }
        minutes
    };
    assert_eq!(judged(&mut world, 41), [10, 11, 41]);
    world.reported(42, BUSY, &[(1, 50.0)]);
    assert_eq!(judged(&mut world, 42), [42]);
    let goes_on = (41, "POLICY_CONTINUES_CRITICAL".to_owned(), "batch".to_owned());
    assert_eq!(world.events()[1..], [goes_on]);
    // From then on silence counts again.
    for minute in 43..46 {
        judged(&mut world, minute);
    }
    let last = world.events().pop().unwrap();
    assert_eq!((last.0, last.2.as_str()), (45, "web"), "{:?}", world.events());
}

#[test]
fn nobody_was_silent_while_vedette_was_suspended() {
    let silent = factory_rules().into_iter().find(|rule| rule.name == "Tier stopped reporting");
    let mut world = World::with(&[silent.unwrap()]);
    let batch = world.tier("batch");
    for minute in 0..10 {
        world.reported(minute, BUSY, &[(1, 50.0)]);
        world.seen(minute, &[batch]);
    }
    let judged = |world: &mut World, now: u32| {
        let mut minutes = Vec::new();
        while let Some(judged) = world.engine.step(World::due(now)).unwrap() {
            minutes.push(judged.minute.0 - super::world::T);
        }
        minutes
    };
    (0..9).for_each(|minute| drop(judged(&mut world, minute)));
    // From the second half of minute 10 to the first of 40: of both there is enough to judge.
    world.reported(10, BUSY, &[(1, 50.0)]);
    world.absent((10, 40), (40, 10));
    assert_eq!(judged(&mut world, 39), [9, 10]);
    world.reported(40, BUSY, &[(1, 50.0)]);
    assert_eq!(judged(&mut world, 40), [40]);
    assert!(world.events().is_empty(), "{:?}", world.events());
    // Twice more; each minute of it counts once, and those between count as silence of whoever says nothing.
    world.absent((41, 20), (44, 50));
    world.reported(45, BUSY, &[(1, 50.0)]);
    assert_eq!(judged(&mut world, 45), [45]);
    let told = world.events();
    let of_batch = [(45, "POLICY_OPEN_CRITICAL".to_owned(), "batch".to_owned())];
    assert_eq!(told, of_batch, "it is silent for three minutes that Vedette was there");
    // From then on silence counts again.
    (46..49).for_each(|minute| drop(judged(&mut world, minute)));
    let last = world.events().pop().unwrap();
    assert_eq!((last.0, last.2.as_str()), (48, "web"), "{:?}", world.events());
}

#[test]
fn who_restarts_soon_after_a_suspension_or_twice_judges_no_minute_of_either() {
    let silent = factory_rules().into_iter().find(|rule| rule.name == "Tier stopped reporting");
    let compare = Compare::Value { operator: Operator::Less, value: 5.0 };
    let few = Condition { compare, ..over(CALLS, Function::Value, 5.0) };
    let few = Rule { name: "few".to_owned(), ..rule(AffectedKind::BusinessTransactions, 10, few) };
    let mut world = World::with(&[silent.unwrap(), few]);
    let judged = |world: &mut World, now: u32| {
        let mut minutes = Vec::new();
        while let Some(judged) = world.engine.step(World::due(now)).unwrap() {
            minutes.push(judged.minute.0 - super::world::T);
        }
        minutes
    };
    let works = |world: &mut World, minutes: std::ops::Range<u32>| {
        for minute in minutes {
            world.reported(minute, BUSY, &[(1, 50.0)]);
            world.calls(minute, 10, 0, 1.0);
        }
    };
    works(&mut world, 0..10);
    assert_eq!(judged(&mut world, 9).last(), Some(&9));
    // Suspended for half an hour, awake for a minute, restarted before anything of it was due; and once more two minutes later.
    world.absent((10, 5), (40, 10));
    works(&mut world, 40..42);
    world.restart_after_a_stop(42);
    works(&mut world, 43..44);
    world.restart_after_a_stop(47);
    assert_eq!(judged(&mut world, 46), [40, 41, 43]);
    works(&mut world, 48..51);
    assert_eq!(judged(&mut world, 50), [48, 49, 50]);
    assert!(world.events().is_empty(), "{:?}", world.events());
    // From then on silence and few calls count again.
    for minute in 51..70 {
        judged(&mut world, minute);
    }
    let kinds: Vec<(String, String)> =
        world.events().into_iter().map(|(_, kind, whom)| (kind, whom)).collect();
    assert!(kinds.contains(&("POLICY_OPEN_CRITICAL".to_owned(), "web".to_owned())), "{kinds:?}");
}

#[test]
fn what_lacks_data_is_not_broken_by_minutes_in_which_vedette_was_suspended() {
    let mut condition = over(BUSY, Function::Value, 90.0);
    condition.no_data = NoData::True;
    condition.persistence = Some(Persistence { violations: 2, of_minutes: 5 });
    let mut world = World::with(&[rule(AffectedKind::NodeHardware, 5, condition)]);
    let all = [0, 1, 2, 3].map(|node| (node, 50.0));
    for minute in 0..5 {
        world.reported(minute, BUSY, &all);
    }
    world.judge(4);
    world.absent((5, 5), (8, 55));
    world.reported(9, BUSY, &all);
    world.judge(9);
    assert!(world.told().is_empty(), "{:?}", world.events());
    world.judge(10);
    assert!(world.told().is_empty(), "one minute without data is not two");
    world.judge(11);
    assert_eq!(world.told(), vec![(11, "POLICY_OPEN_CRITICAL".to_owned()); 4]);
}

#[test]
fn a_node_that_an_operator_retires_is_no_alarm_nor_is_its_tier() {
    let silent = factory_rules().into_iter().find(|rule| rule.name == "Tier stopped reporting");
    let busy = rule(AffectedKind::NodeHardware, 1, over(BUSY, Function::Value, 90.0));
    let mut world = World::with(&[silent.unwrap(), Rule { name: "busy".to_owned(), ..busy }]);
    for minute in 0..2 {
        world.reported(minute, BUSY, &[(0, 95.0)]);
        world.judge(minute);
    }
    world.retire(1);
    for minute in 2..8 {
        world.judge(minute);
    }
    let told = [(0, "POLICY_OPEN_CRITICAL".to_owned()), (2, "POLICY_CANCELED_CRITICAL".to_owned())];
    assert_eq!(world.told(), told);
    // It reports after all.
    (8..10).for_each(|minute| {
        world.reported(minute, BUSY, &[(0, 95.0)]);
        world.judge(minute);
    });
    assert_eq!(world.told()[2..], [(8, "POLICY_OPEN_CRITICAL".to_owned())]);
}

#[test]
fn a_rule_that_changes_ends_what_it_found_and_judges_anew() {
    let mut world = World::with(&[transactions(3, over(CALLS, Function::Sum, 20.0))]);
    for minute in 0..4 {
        world.calls(minute, 10, 0, 1.0);
        world.judge(minute);
    }
    world.change_rule(|rule| rule.window_minutes = 5);
    for minute in 4..6 {
        world.calls(minute, 10, 0, 1.0);
        world.judge(minute);
    }
    world.change_rule(|rule| rule.enabled = false);
    world.calls(6, 10, 0, 1.0);
    world.judge(6);
    let expected = [
        (2, "POLICY_OPEN_CRITICAL"),
        (4, "POLICY_CANCELED_CRITICAL"),
        (5, "POLICY_OPEN_CRITICAL"),
        (6, "POLICY_CANCELED_CRITICAL"),
    ];
    assert_eq!(world.told(), expected.map(|(at, kind)| (at, kind.to_owned())));
    let reasons: Vec<String> = world
        .violations()
        .iter()
        .map(|one| serde_json::from_str::<Evidence>(&one.evidence).unwrap().reason)
        .collect();
    assert_eq!(reasons, ["the rule was disabled", "the rule was changed"]);
}

#[test]
fn a_rule_holds_by_its_schedule() {
    let busy =
        Rule { schedule: "Night".to_owned(), ..transactions(1, over(CALLS, Function::Sum, 5.0)) };
    let mut world = World::with(&[busy]);
    // The first minute is 21:20 in UTC.
    let schedule = |start: &str, end: &str| Schedule {
        name: "Night".to_owned(),
        description: String::new(),
        timezone: "UTC".to_owned(),
        times: Times::Daily { start_time: start.to_owned(), end_time: end.to_owned() },
    };
    let time = |minute: u32| {
        let of_day = (super::world::T + minute) % 1440;
        format!("{:02}:{:02}", of_day / 60, of_day % 60)
    };
    world.put_schedule(&schedule(&time(2), &time(4)));
    for minute in 0..6 {
        world.calls(minute, 10, 0, 1.0);
        world.judge(minute);
    }
    let expected = [(2, "POLICY_OPEN_CRITICAL"), (4, "POLICY_CANCELED_CRITICAL")];
    assert_eq!(world.told(), expected.map(|(at, kind)| (at, kind.to_owned())));
}

#[test]
fn evidence_says_what_decided_and_states_how_entities_are() {
    let two = {
        let mut rule = transactions(2, over(ERRORS, Function::Sum, 5.0));
        let critical = rule.critical.as_mut().unwrap();
        let slower = Compare::Baseline {
            deviation: Deviation::Above,
            baseline: None,
            unit: BaselineUnit::StandardDeviations,
            value: 2.0,
        };
        critical.conditions.push(Condition {
            short_name: "B".to_owned(),
            compare: slower,
            ..over(TIME, Function::Value, 0.0)
        });
        rule
    };
    let mut world = World::with(&[two]);
    world.calls(0, 10, 4, 150.0);
    world.judge(0);
    let health = world.states.newest();
    assert_eq!(health.of(world.bt), Some(EntityHealth::Normal));
    assert_eq!(health.of(EntityId(999)), None);
    world.calls(1, 10, 4, 150.0);
    world.judge(1);
    assert_eq!(world.states.newest().of(world.bt), Some(EntityHealth::Critical));
    let violation = world.violations().remove(0);
    let evidence: Evidence = serde_json::from_str(&violation.evidence).unwrap();
    let seen: Vec<_> = evidence
        .conditions
        .iter()
        .map(|one| (one.short_name.as_str(), one.value, one.threshold, one.expected, one.holds))
        .collect();
    assert_eq!(
        seen,
        [
            ("A", Some(8.0), Some(5.0), None, Some(true)),
            (
                "B",
                Some(150.0),
                Some(120.0),
                Some(ExpectedValue { mean: 100.0, deviation: 10.0 }),
                Some(true)
            ),
        ]
    );
    assert_eq!(
        evidence.sentence(),
        "Errors per Minute is 8 (compared with 5); Average Response Time (ms) is 150 (compared with 120), where 100 is expected"
    );
    let changes = world
        .runtime
        .block_on(metadata_store::Violations::violation_changes(&world.store, violation.id));
    assert_eq!(changes.unwrap().len(), 1);
}

#[test]
fn an_application_is_given_what_every_one_begins_with_once() {
    let mut world = World::with(&[]);
    let key = model::entity::EntityKey {
        account: model::id::AccountId::FIRST,
        kind: model::entity::EntityKind::Application,
        application: EntityId::NONE,
        parent: EntityId::NONE,
        name: "bank".to_owned(),
    };
    let bank = world.directory.resolve(&[(key, Default::default())], 0).unwrap()[0];
    let names = |world: &World| -> Vec<String> {
        let rules = metadata_store::HealthRules::health_rules(&world.store, bank.0);
        world.runtime.block_on(rules).unwrap().into_iter().map(|rule| rule.name).collect()
    };
    world.judge(0);
    let expected: Vec<String> = factory_rules().into_iter().map(|rule| rule.name).collect();
    assert_eq!(names(&world), expected);
    let first = world
        .runtime
        .block_on(metadata_store::HealthRules::health_rules(&world.store, bank.0))
        .unwrap()[0]
        .id;
    let account = model::id::AccountId::FIRST.0;
    let deleted = metadata_store::HealthRules::delete_health_rule(
        &world.store,
        account,
        bank.0,
        first,
        &|_| None,
    );
    world.runtime.block_on(deleted).unwrap();
    world.judge(1);
    assert_eq!(names(&world), expected[1..]);
}
