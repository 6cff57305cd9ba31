//! Violations of health rules.

use metadata_store::{Violation, ViolationFilter, ViolationStatus, Violations as _};
use model::{entity::EntityKind, id::EntityId, rule::Level, time::Minute};

use super::{
    asked::Asked,
    document::{Document, Shape},
    time_range::TimeRange,
};
use crate::{
    error::ApiError,
    v1::violations::{end_of, evidence, level},
};

/// As many as the reference gives at most.
const MOST: u32 = 600;

pub(crate) async fn violations(asked: Asked) -> Result<Document, ApiError> {
    let app = asked.application()?;
    let range = TimeRange::of(&asked)?;
    let filter = ViolationFilter {
        account_id: asked.caller.account.0,
        applications: Some(vec![app.id.0]),
        from_minute: Minute::of_millis(range.from_ms).0,
        until_minute: Minute::of_millis(range.to_ms).0.saturating_add(1),
        ..ViolationFilter::default()
    };
    let found = asked.context().store.violations(&filter, None, MOST).await?;
    let url = asked.context().status.certificate().public_url;
    let items = found.iter().map(|violation| shape(violation, &url)).collect();
    Ok(asked.list("policy-violations", "policy-violation", items))
}

fn shape(violation: &Violation, url: &str) -> Shape {
    let violated = &violation.violated;
    let severity = match level(violation.level) {
        Level::Warning => "WARNING",
        Level::Critical => "CRITICAL",
    };
    let (status, end) = match violation.status {
        ViolationStatus::Open => ("OPEN", 0),
        ViolationStatus::Resolved => ("RESOLVED", end_of(violation.closed_minute)),
        ViolationStatus::Canceled => ("CANCELED", end_of(violation.closed_minute)),
    };
    let start = end_of(violation.opened_minute);
    Shape::Object(vec![
        ("id", violation.id.into()),
        ("name", violated.rule_name.as_str().into()),
        ("description", evidence(&violation.evidence).sentence().into()),
        ("severity", severity.into()),
        ("incidentStatus", status.into()),
        ("startTimeInMillis", start.into()),
        ("endTimeInMillis", end.into()),
        ("detectedTimeInMillis", start.into()),
        ("deepLinkUrl", format!("{url}/violations/{}", violation.id).into()),
        (
            "affectedEntityDefinition",
            entity(
                entity_type(violated.entity_kind),
                EntityId(violated.entity_id),
                &violated.entity_name,
            ),
        ),
        (
            "triggeredEntityDefinition",
            entity("POLICY", EntityId(violated.rule_id), &violated.rule_name),
        ),
    ])
}

fn entity(kind: &'static str, id: EntityId, name: &str) -> Shape {
    Shape::Object(vec![
        ("entityType", kind.into()),
        ("entityId", id.0.into()),
        ("name", name.into()),
    ])
}

fn entity_type(kind: u8) -> &'static str {
    match EntityKind::from_number(kind) {
        Some(EntityKind::Tier) => "APPLICATION_COMPONENT",
        Some(EntityKind::Node) => "APPLICATION_COMPONENT_NODE",
        Some(EntityKind::BusinessTransaction) => "BUSINESS_TRANSACTION",
        Some(EntityKind::ServiceEndpoint) => "SERVICE_END_POINT",
        Some(EntityKind::Backend | EntityKind::Queue) => "BACKEND",
        Some(EntityKind::ErrorGroup) => "ERROR",
        _ => "APPLICATION",
    }
}
