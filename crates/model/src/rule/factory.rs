//! The rules and schedules that every application begins with.
//!
//! The first seven are those that operators of such systems know, with their thresholds. The others are ours: what stopped
//! reporting, what suddenly has far fewer calls, and the share of errors where there are too few calls for the first rule.
//! Each path is filled by agents as they are; a test of `ingest` holds the table to that.

use super::*;

/// The schedules, by the clocks of a time zone until somebody changes them.
pub fn factory_schedules(timezone: &str) -> Vec<Schedule> {
    let workdays = || Weekday::WORKDAYS.to_vec();
    let weekend = || vec![Weekday::Saturday, Weekday::Sunday];
    [
        ("End of business hours", "5 pm to 6 pm, Monday to Friday", workdays(), "17:00", "18:00"),
        ("Weekday lunch", "12 noon to 1 pm, Monday to Friday", workdays(), "12:00", "13:00"),
        ("Weekday mornings", "6 am to 12 noon, Monday to Friday", workdays(), "06:00", "12:00"),
        ("Weekdays", "Monday to Friday", workdays(), "00:00", "00:00"),
        ("Weekends", "Saturday and Sunday", weekend(), "00:00", "00:00"),
        ("Weeknights", "6 pm to 6 am, Monday to Friday", workdays(), "18:00", "06:00"),
    ]
    .into_iter()
    .map(|(name, description, days, start, end)| Schedule {
        name: name.to_owned(),
        description: description.to_owned(),
        timezone: timezone.to_owned(),
        times: Times::Weekly { days, start_time: start.to_owned(), end_time: end.to_owned() },
    })
    .collect()
}

const TIME: &str = "Average Response Time (ms)";
const CALLS: &str = "Calls per Minute";
const ERRORS: &str = "Errors per Minute";
/// Worked out of when something was last heard of ([`crate::metric_path::SILENCE`]).
const SILENCE: &str = crate::metric_path::SILENCE;

/// The rules of an application.
pub fn factory_rules() -> Vec<Rule> {
    vec![
        transactions(),
        level(
            node("CPU utilization is too high", NodeRuntime::Any, 20),
            "Hardware Resources|CPU|%Busy",
            90.0,
            75.0,
        ),
        level(
            node("Memory utilization is too high", NodeRuntime::Any, 30),
            "Hardware Resources|Memory|Used %",
            90.0,
            75.0,
        ),
        level(
            node("JVM Heap utilization is too high", NodeRuntime::Java, 30),
            "JVM|Memory:Heap|Used %",
            90.0,
            75.0,
        ),
        level(
            node("JVM Garbage Collection Time is too high", NodeRuntime::Java, 30),
            "JVM|Garbage Collection|GC Time Spent Per Min (ms)",
            45_000.0,
            30_000.0,
        ),
        level(
            node("CLR Garbage Collection Time is too high", NodeRuntime::DotNet, 30),
            "CLR|Garbage Collection|GC Time Spent (%)",
            75.0,
            50.0,
        ),
        Rule {
            enabled: false,
            ..level(
                node("Network-Host: Packet drops too high", NodeRuntime::Any, 30),
                "Hardware Resources|Network|Dropped packets/sec",
                5.0,
                3.0,
            )
        },
        stopped_reporting(),
        few_calls(),
        error_share(),
    ]
}

/// The rules of the application that Vedette reports to itself as.
pub fn own_rules() -> Vec<Rule> {
    let silent =
        above("A", "No application has reported", CURRENT, crate::metric_path::SILENCE_OF_ALL, 3.0);
    let rule = blank("No data is accepted at all", AffectedKind::OverallApplication, 3, 30);
    vec![Rule { critical: Some(all_of(vec![silent])), ..rule }]
}

const VALUE: Function = Function::Value;
const CURRENT: Function = Function::Current;
const SUM: Function = Function::Sum;

fn blank(name: &str, kind: AffectedKind, window: u16, wait: u16) -> Rule {
    Rule {
        name: name.to_owned(),
        enabled: true,
        window_minutes: window,
        wait_minutes: wait,
        schedule: ALWAYS.to_owned(),
        affects: Affects::all(kind),
        critical: None,
        warning: None,
    }
}

fn node(name: &str, runtime: NodeRuntime, window: u16) -> Rule {
    let rule = blank(name, AffectedKind::NodeHardware, window, 30);
    Rule { affects: Affects { runtime, ..rule.affects }, ..rule }
}

/// Broken above one value, warned about above another.
fn level(rule: Rule, path: &str, critical: f64, warning: f64) -> Rule {
    let over = |value| Some(all_of(vec![above("A", path, VALUE, path, value)]));
    Rule { critical: over(critical), warning: over(warning), ..rule }
}

fn condition(short: &str, name: &str, input: Input, compare: Compare) -> Condition {
    Condition {
        short_name: short.to_owned(),
        name: name.to_owned(),
        input,
        compare,
        no_data: NoData::Unknown,
        persistence: None,
    }
}

fn metric(function: Function, path: &str) -> Input {
    Input::Metric { function, path: path.to_owned() }
}

fn above(short: &str, name: &str, function: Function, path: &str, value: f64) -> Condition {
    let compare = Compare::Value { operator: Operator::Greater, value };
    condition(short, name, metric(function, path), compare)
}

fn baseline(
    short: &str,
    path: &str,
    deviation: Deviation,
    unit: BaselineUnit,
    value: f64,
) -> Condition {
    let compare = Compare::Baseline { deviation, baseline: None, unit, value };
    condition(short, &format!("{path} against its baseline"), metric(VALUE, path), compare)
}

fn slower(short: &str, path: &str, deviations: f64) -> Condition {
    baseline(short, path, Deviation::Above, BaselineUnit::StandardDeviations, deviations)
}

fn all_of(conditions: Vec<Condition>) -> Criteria {
    Criteria { conditions, combine: Combine::All, nodes: NodeMatch::Average }
}

fn custom(conditions: Vec<Condition>, expression: &str) -> Criteria {
    let combine = Combine::Custom { expression: expression.to_owned() };
    Criteria { conditions, combine, nodes: NodeMatch::Average }
}

fn transactions() -> Rule {
    let critical = vec![
        slower("A", TIME, 3.0),
        above("B", CALLS, VALUE, CALLS, 50.0),
        slower("C", ERRORS, 3.0),
        above("D", "Errors in the window", SUM, ERRORS, 10.0),
        above("E", CALLS, VALUE, CALLS, 50.0),
    ];
    let warning = vec![
        slower("A", TIME, 2.0),
        above("B", CALLS, VALUE, CALLS, 100.0),
        slower("C", ERRORS, 2.0),
        above("D", "Errors in the window", SUM, ERRORS, 5.0),
        above("E", CALLS, VALUE, CALLS, 50.0),
    ];
    let either = "(A AND B) OR (C AND D AND E)";
    Rule {
        critical: Some(custom(critical, either)),
        warning: Some(custom(warning, either)),
        ..blank("Business Transaction Health", AffectedKind::BusinessTransactions, 30, 30)
    }
}

fn stopped_reporting() -> Rule {
    let compare = Compare::Value { operator: Operator::GreaterOrEqual, value: 3.0 };
    let silent = condition("A", "Nothing was heard of the tier", metric(CURRENT, SILENCE), compare);
    Rule {
        critical: Some(all_of(vec![silent])),
        ..blank("Tier stopped reporting", AffectedKind::Tiers, 3, 30)
    }
}

fn few_calls() -> Rule {
    let level = |deviations, percent| {
        Some(all_of(vec![
            baseline("A", CALLS, Deviation::Below, BaselineUnit::StandardDeviations, deviations),
            baseline("B", CALLS, Deviation::Below, BaselineUnit::Percent, percent),
        ]))
    };
    Rule {
        critical: level(3.0, 75.0),
        warning: level(2.0, 50.0),
        ..blank("Calls are far below their baseline", AffectedKind::Tiers, 15, 30)
    }
}

fn error_share() -> Rule {
    let variable = |name: &str, path: &str| Variable {
        name: name.to_owned(),
        function: SUM,
        path: path.to_owned(),
    };
    let share = |percent| {
        let input = Input::Expression {
            expression: "{errors} / {calls} * 100".to_owned(),
            variables: vec![variable("errors", ERRORS), variable("calls", CALLS)],
        };
        let compare = Compare::Value { operator: Operator::Greater, value: percent };
        condition("A", "Share of calls with errors (%)", input, compare)
    };
    let few = || {
        let compare = Compare::Value { operator: Operator::LessOrEqual, value: 50.0 };
        condition(
            "B",
            "Too few calls for Business Transaction Health",
            metric(VALUE, CALLS),
            compare,
        )
    };
    let enough = || above("C", "Errors in the window", SUM, ERRORS, 4.0);
    let level = |percent| Some(all_of(vec![share(percent), few(), enough()]));
    Rule {
        critical: level(20.0),
        warning: level(10.0),
        ..blank(
            "Error share of a quiet business transaction",
            AffectedKind::BusinessTransactions,
            30,
            30,
        )
    }
}
