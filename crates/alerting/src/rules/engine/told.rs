//! How a change is told: the row of the violation, and its event.

use metadata_store::{
    EntityRef, EventSeverity, NewEvent, NewViolationChange, Violated, ViolationStatus, event_key,
};
use model::{
    entity::EntityKind,
    rule::{Evidence, Level, SeenCondition},
    time::Minute,
};
use serde::Serialize;

use crate::notice::called;

use super::{Change, ChangeKind, Changed, Open, change_of};

/// The persisted number of a level.
pub(super) fn number(level: Level) -> u8 {
    match level {
        Level::Warning => 1,
        Level::Critical => 2,
    }
}

/// Reads the persisted number; what a newer version made counts as critical.
pub(super) fn level(number: u8) -> Level {
    if number == 1 { Level::Warning } else { Level::Critical }
}

fn json(evidence: &Evidence) -> String {
    serde_json::to_string(evidence).expect("evidence is plain data")
}

/// A change with everything that is stored of it; `tier` is what a node's tier is called.
pub(super) fn changed(
    key: (u32, u32),
    (violated, tier): (Violated, Option<String>),
    open: Option<Open>,
    change: Change,
    evidence: &Evidence,
    minute: Minute,
) -> Changed {
    let status = match change.kind {
        ChangeKind::Closed => ViolationStatus::Resolved,
        ChangeKind::Canceled => ViolationStatus::Canceled,
        _ => ViolationStatus::Open,
    };
    let stored = NewViolationChange {
        of: change_of(open, &violated),
        status,
        kind: change.kind as u8,
        level: number(change.level),
        evidence: json(evidence),
        event: event(
            (&violated, tier.as_deref()),
            change,
            evidence,
            open.map_or(minute, |open| open.since),
            minute,
        ),
    };
    Changed { key, violated, change, stored }
}

/// What the event of a change keeps of what decided: what notices tell of it.
#[derive(Debug, Serialize)]
struct Detail {
    /// When the violation opened.
    since_ms: i64,
    window_minutes: u16,
    /// Those of the rule, and of the nodes that broke it.
    conditions: Vec<DetailCondition>,
}

#[derive(Debug, Serialize)]
struct DetailCondition {
    metric: String,
    value: Option<f64>,
    unit: String,
    /// What the value would have to be.
    expected: String,
    violated: bool,
}

impl Detail {
    fn of(evidence: &Evidence, since: Minute) -> Detail {
        let own = evidence.conditions.iter().map(|one| DetailCondition::of(one, None));
        let of_nodes = evidence.nodes.iter().flat_map(|node| {
            node.conditions.iter().map(|one| DetailCondition::of(one, Some(&node.name)))
        });
        Detail {
            since_ms: Minute(since.0 + 1).start_millis(),
            window_minutes: evidence.window_minutes,
            conditions: own.chain(of_nodes).collect(),
        }
    }
}

impl DetailCondition {
    fn of(seen: &SeenCondition, node: Option<&str>) -> DetailCondition {
        let name = match model::leaf::Leaf::named(&seen.metric) {
            // Said as it is known everywhere else.
            Some(leaf) => leaf.name(),
            None => &seen.name,
        };
        DetailCondition {
            metric: node.map_or_else(|| name.to_owned(), |node| format!("{name} of {node}")),
            value: seen.value,
            unit: seen.unit.clone(),
            expected: seen.expectation(),
            violated: seen.holds == Some(true),
        }
    }
}

fn event(
    (violated, tier): (&Violated, Option<&str>),
    change: Change,
    evidence: &Evidence,
    since: Minute,
    minute: Minute,
) -> NewEvent {
    let kind = change.event_kind();
    let ends = matches!(change.kind, ChangeKind::Closed | ChangeKind::Canceled);
    let severity = match change.level {
        _ if ends => EventSeverity::Info,
        Level::Warning => EventSeverity::Warn,
        Level::Critical => EventSeverity::Error,
    };
    let level = match change.level {
        Level::Warning => "warning",
        Level::Critical => "critical",
    };
    let what = match change.kind {
        ChangeKind::Opened => format!("is violated ({level})"),
        ChangeKind::Continued => format!("is still violated ({level})"),
        ChangeKind::Upgraded => "is violated worse than before (critical)".to_owned(),
        ChangeKind::Downgraded => "is violated less than before (warning)".to_owned(),
        ChangeKind::Closed => format!("holds again (was {level})"),
        ChangeKind::Canceled => format!("is no longer judged (was {level})"),
    };
    let entity = EntityRef {
        kind: violated.entity_kind,
        id: violated.entity_id,
        name: violated.entity_name.clone(),
    };
    let of = kind_name(violated.entity_kind);
    let whose = called(&violated.entity_name, tier);
    let summary = format!("Health rule {} {what}: {of} {whose}", violated.rule_name);
    let key = event_key(&[
        b"violation",
        &violated.rule_id.to_be_bytes(),
        &violated.rule_version.to_be_bytes(),
        &violated.entity_id.to_be_bytes(),
        &minute.0.to_be_bytes(),
        kind.as_bytes(),
    ]);
    NewEvent {
        account_id: violated.account_id,
        application_id: Some(violated.application_id),
        kind: kind.to_owned(),
        sub_type: String::new(),
        severity,
        // It was known once the minute was over.
        time_ms: Minute(minute.0 + 1).start_millis(),
        summary,
        comment: evidence.sentence(),
        affected: vec![entity],
        triggered: Some(EntityRef {
            kind: EntityRef::HEALTH_RULE,
            id: violated.rule_id,
            name: violated.rule_name.clone(),
        }),
        properties: vec![("level".to_owned(), level.to_owned())],
        key: Some(key),
        repeats: 1,
        detail: serde_json::to_string(&Detail::of(evidence, since)).expect("it is plain data"),
    }
}

fn kind_name(kind: u8) -> &'static str {
    match EntityKind::from_number(kind) {
        Some(EntityKind::Application) => "application",
        Some(EntityKind::Tier) => "tier",
        Some(EntityKind::Node) => "node",
        Some(EntityKind::BusinessTransaction) => "business transaction",
        Some(EntityKind::ServiceEndpoint) => "service endpoint",
        Some(EntityKind::Backend) => "backend",
        Some(EntityKind::Queue) => "queue",
        Some(EntityKind::ErrorGroup) => "error",
        _ => "entity",
    }
}

#[cfg(test)]
mod tests {
    use metadata_store::Event;
    use model::rule::{BrokenNodes, Compare, Deviation, ExpectedValue, Operator, SeenNode};

    use super::*;
    use crate::notice::Entry;

    fn seen(
        metric: &str,
        unit: &str,
        value: f64,
        compare: Compare,
        threshold: f64,
    ) -> SeenCondition {
        SeenCondition {
            short_name: "A".to_owned(),
            name: metric.to_owned(),
            metric: metric.to_owned(),
            compare,
            value: Some(value),
            unit: unit.to_owned(),
            threshold: Some(threshold),
            expected: None,
            minutes: None,
            holds: Some(value > threshold),
        }
    }

    fn entry(kind: ChangeKind, evidence: &Evidence) -> Entry {
        let violated = Violated {
            account_id: 1,
            application_id: 3,
            rule_id: 9,
            rule_version: 1,
            rule_name: "Checkout is slow".to_owned(),
            entity_kind: 4,
            entity_id: 17,
            entity_name: "POST /checkout".to_owned(),
        };
        let change = Change { kind, level: Level::Critical };
        let new = event((&violated, None), change, evidence, Minute(100), Minute(130));
        Entry::of(
            &Event {
                id: 1,
                account_id: new.account_id,
                application_id: new.application_id,
                kind: new.kind,
                sub_type: new.sub_type,
                severity: new.severity,
                time_ms: new.time_ms,
                repeats: new.repeats,
                summary: new.summary,
                comment: new.comment,
                affected: new.affected,
                triggered: new.triggered,
                properties: new.properties,
                detail: new.detail,
                is_read: false,
                is_resolved: false,
            },
            "https://apm.example.com",
        )
    }

    #[test]
    fn a_notice_tells_value_expectation_and_since_when_of_what_decided() {
        let above = |value| Compare::Value { operator: Operator::Greater, value };
        let baseline = Compare::Baseline {
            deviation: Deviation::Above,
            baseline: None,
            unit: model::rule::BaselineUnit::StandardDeviations,
            value: 3.0,
        };
        let time = SeenCondition {
            expected: Some(ExpectedValue { mean: 120.0, deviation: 20.0 }),
            ..seen("Average Response Time (ms)", "ms", 812.0, baseline, 180.0)
        };
        let evidence = Evidence {
            window_minutes: 30,
            conditions: vec![seen("Calls per Minute", "per minute", 40.0, above(50.0), 50.0), time],
            ..Evidence::default()
        };
        let told = entry(ChangeKind::Opened, &evidence);
        let measures: Vec<(&str, &str, &str)> =
            told.measures.iter().map(|one| (&*one.name, &*one.value, &*one.expected)).collect();
        assert_eq!(
            measures,
            [
                (
                    "Average Response Time (ms)",
                    "812 ms",
                    "at most 180 ms (its baseline 120 and 3 σ)"
                ),
                ("Calls per Minute", "40 per minute", "at most 50 per minute"),
            ],
            "what was broken comes first"
        );
        // What was seen in a minute was known at its end.
        assert_eq!((told.since_ms, told.ended_ms), (101 * 60_000, None));
        let over = entry(ChangeKind::Closed, &evidence);
        assert_eq!((over.since_ms, over.ended_ms), (101 * 60_000, Some(131 * 60_000)));
    }

    #[test]
    fn a_tier_is_told_by_its_nodes() {
        let compare = Compare::Value { operator: Operator::Greater, value: 90.0 };
        let busy = seen("Hardware Resources|CPU|%Busy", "%", 97.25, compare, 90.0);
        let busy = SeenCondition { name: "CPU".to_owned(), ..busy };
        let node = SeenNode { id: 5, name: "cart-1".to_owned(), conditions: vec![busy] };
        let evidence = Evidence {
            nodes: vec![node],
            broken_nodes: Some(BrokenNodes { broken: 1, judged: 2 }),
            ..Evidence::default()
        };
        let told = entry(ChangeKind::Opened, &evidence);
        let [measure] = &*told.measures else { panic!("{:?}", told.measures) };
        assert_eq!(
            (&*measure.name, &*measure.value, &*measure.expected),
            ("CPU of cart-1", "97.25 %", "at most 90 %")
        );
    }

    #[test]
    fn a_node_is_told_with_its_tier() {
        let violated = Violated {
            account_id: 1,
            application_id: 3,
            rule_id: 9,
            rule_version: 1,
            rule_name: "Busy".to_owned(),
            entity_kind: EntityKind::Node as u8,
            entity_id: 20,
            entity_name: "vm-1".to_owned(),
        };
        let change = Change { kind: ChangeKind::Opened, level: Level::Critical };
        let whose = (&violated, Some("catalog"));
        let told = event(whose, change, &Evidence::default(), Minute(100), Minute(130));
        assert_eq!(told.summary, "Health rule Busy is violated (critical): node vm-1 of catalog");
        assert_eq!(told.affected[0].name, "vm-1");
    }
}
