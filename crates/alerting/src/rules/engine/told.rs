//! How a change is told: the row of the violation, and its event.

use metadata_store::{
    EntityRef, EventSeverity, NewEvent, NewViolationChange, Violated, ViolationStatus, event_key,
};
use model::{
    entity::EntityKind,
    rule::{Evidence, Level},
    time::Minute,
};

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

/// A change with everything that is stored of it.
pub(super) fn changed(
    key: (u32, u32),
    violated: Violated,
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
        event: event(&violated, change, evidence, minute),
    };
    Changed { key, violated, change, stored }
}

fn event(violated: &Violated, change: Change, evidence: &Evidence, minute: Minute) -> NewEvent {
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
    let summary =
        format!("Health rule {} {what}: {of} {}", violated.rule_name, violated.entity_name);
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
        detail: json(evidence),
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
