//! What health rules found.

use alerting::rules::ChangeKind;
use api_types::{
    EntityHealth, EntityHealths, HealthLevel, Page, Partial, Ref, ViolatedKind, Violation,
    ViolationChange, ViolationChangeKind, ViolationDetail, ViolationStatus,
};
use axum::{Json, extract::State};
use metadata_store::{
    Violation as Stored, ViolationFilter, ViolationStatus as StoredStatus, Violations as _,
};
use model::{
    entity::EntityKind,
    id::EntityId,
    rule::{Evidence, Level},
    time::Minute,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Refusals, health_rules::application};
use crate::{
    auth::Caller,
    context::{Context, Shared},
    error::ApiError,
    extract::{Params, PathId, Range, RangeParams},
    paging::{PageParams, Paging},
};

/// Which violations.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ViolationParams {
    /// Of this application.
    application: Option<u32>,
    /// Of this entity.
    entity: Option<u32>,
    /// Of this health rule.
    rule: Option<u32>,
    status: Option<ViolationStatus>,
    /// That are, or were at last, of this level.
    level: Option<Level>,
}

/// Violations that were open at some time of the range, those that opened last first.
#[utoipa::path(get, path = "/api/v1/violations", tag = "violations",
    params(ViolationParams, RangeParams, PageParams),
    responses((status = 200, body = Page<Violation>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    Params(wanted): Params<ViolationParams>,
    range: Range,
    paging: Paging,
) -> Result<Json<Page<Violation>>, ApiError> {
    let filter = ViolationFilter {
        account_id: caller.account.0,
        applications: context.entities(&caller).seen(wanted.application),
        entity_id: wanted.entity,
        rule_id: wanted.rule,
        status: wanted.status.map(|status| match status {
            ViolationStatus::Open => StoredStatus::Open,
            ViolationStatus::Resolved => StoredStatus::Resolved,
            ViolationStatus::Canceled => StoredStatus::Canceled,
        }),
        level: wanted.level.map(number),
        from_minute: Minute::of_millis(range.from_ms).0,
        until_minute: Minute::of_millis(range.to_ms).0.saturating_add(1),
    };
    let before = paging.opened_before()?;
    let found = context.store.violations(&filter, before, paging.wanted()).await?;
    let (found, next) = paging.opened(found, |one| (one.opened_minute, one.id));
    let items = found.iter().map(|stored| body(&context, &caller, stored)).collect();
    Ok(Json(Page { items, next, partial: None }))
}

/// One violation with all that happened to it, and what decided each time.
#[utoipa::path(get, path = "/api/v1/violations/{id}", tag = "violations",
    params(("id" = u32, Path)), responses((status = 200, body = ViolationDetail), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Json<ViolationDetail>, ApiError> {
    let found = context.store.violation(caller.account.0, id.0).await?;
    let entities = context.entities(&caller);
    let shows = |found: &Stored| entities.sight().shows(EntityId(found.violated.application_id));
    let found = found.filter(shows).ok_or_else(|| ApiError::missing("violation", id))?;
    let changes = context.store.violation_changes(id.0).await?.into_iter().map(|change| {
        let evidence = evidence(&change.evidence);
        ViolationChange {
            kind: kind(change.kind),
            level: level(change.level),
            at: end_of(change.minute),
            summary: evidence.sentence(),
            evidence,
        }
    });
    let violated = &found.violated;
    let rule = context.store.rule_of_violation(violated.rule_id, violated.rule_version).await?;
    Ok(Json(ViolationDetail {
        // What a newer version wrote cannot be read.
        rule: rule.and_then(|rule| serde_json::from_str(&rule).ok()),
        changes: changes.collect(),
        violation: body(&context, &caller, &found),
    }))
}

/// How the entities of an application are just now, by its health rules: what colours icons.
#[utoipa::path(get, path = "/api/v1/applications/{id}/entity-health", tag = "violations",
    params(("id" = u32, Path)), responses((status = 200, body = EntityHealths), Refusals))]
pub(crate) async fn of_entities(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Json<EntityHealths>, ApiError> {
    application(&context, &caller, id)?;
    let health = context.health.newest();
    let entities = context.entities(&caller);
    let is_here = |entity: EntityId| {
        let known = entities.get(entity);
        entity == id || known.is_some_and(|known| known.key.application == id)
    };
    let all = health.entities.iter().filter(|(entity, _)| is_here(**entity));
    let mut all: Vec<EntityHealth> =
        all.map(|(entity, health)| EntityHealth { id: entity.0, health: shown(*health) }).collect();
    all.sort_by_key(|entity| entity.id);
    Ok(Json(EntityHealths {
        at: health.at.map(|minute| end_of(minute.0)),
        entities: all,
        partial: Partial::of(health.lacks.clone()),
    }))
}

fn shown(health: alerting::rules::EntityHealth) -> HealthLevel {
    use alerting::rules::EntityHealth as Known;
    match health {
        Known::Unknown => HealthLevel::Unknown,
        Known::Normal => HealthLevel::Normal,
        Known::Warning => HealthLevel::Warning,
        Known::Critical => HealthLevel::Critical,
    }
}

pub(crate) fn body(context: &Context, caller: &Caller, stored: &Stored) -> Violation {
    let entities = context.entities(caller);
    let violated = &stored.violated;
    let is_closed = stored.status != StoredStatus::Open;
    Violation {
        id: stored.id,
        application: entities.mention(EntityId(violated.application_id)),
        rule: Ref { id: violated.rule_id, name: violated.rule_name.clone() },
        entity: Ref { id: violated.entity_id, name: violated.entity_name.clone() },
        entity_kind: kind_of(violated.entity_kind),
        tier: entities.tier_of_node(EntityId(violated.entity_id)),
        level: level(stored.level),
        status: match stored.status {
            StoredStatus::Open => ViolationStatus::Open,
            StoredStatus::Resolved => ViolationStatus::Resolved,
            StoredStatus::Canceled => ViolationStatus::Canceled,
        },
        opened_at: end_of(stored.opened_minute),
        changed_at: end_of(stored.changed_minute),
        closed_at: is_closed.then(|| end_of(stored.closed_minute)),
        summary: evidence(&stored.evidence).sentence(),
    }
}

/// What was seen in a minute was known at its end.
pub(crate) fn end_of(minute: u32) -> i64 {
    Minute(minute.saturating_add(1)).start_millis()
}

/// The persisted number of a level.
pub(crate) fn number(level: Level) -> u8 {
    match level {
        Level::Warning => 1,
        Level::Critical => 2,
    }
}

pub(crate) fn level(number: u8) -> Level {
    if number == 1 { Level::Warning } else { Level::Critical }
}

/// Evidence that a newer version wrote says nothing.
pub(crate) fn evidence(json: &str) -> Evidence {
    serde_json::from_str(json).unwrap_or_default()
}

fn kind(number: u8) -> ViolationChangeKind {
    match ChangeKind::from_number(number) {
        Some(ChangeKind::Opened) => ViolationChangeKind::Opened,
        Some(ChangeKind::Continued) | None => ViolationChangeKind::Continued,
        Some(ChangeKind::Upgraded) => ViolationChangeKind::Upgraded,
        Some(ChangeKind::Downgraded) => ViolationChangeKind::Downgraded,
        Some(ChangeKind::Closed) => ViolationChangeKind::Closed,
        Some(ChangeKind::Canceled) => ViolationChangeKind::Canceled,
    }
}

fn kind_of(number: u8) -> ViolatedKind {
    match EntityKind::from_number(number) {
        Some(EntityKind::Tier) => ViolatedKind::Tier,
        Some(EntityKind::Node) => ViolatedKind::Node,
        Some(EntityKind::BusinessTransaction) => ViolatedKind::BusinessTransaction,
        Some(EntityKind::ServiceEndpoint) => ViolatedKind::ServiceEndpoint,
        Some(EntityKind::Backend) => ViolatedKind::Backend,
        Some(EntityKind::Queue) => ViolatedKind::Queue,
        Some(EntityKind::ErrorGroup) => ViolatedKind::Error,
        _ => ViolatedKind::Application,
    }
}
