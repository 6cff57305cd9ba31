//! The health rules of an application.

use std::{collections::BTreeSet, sync::LazyLock};

use alerting::rules::affected_at;
use api_types::{AffectedEntities, Enabled, HealthRule, Page, Ref};
use axum::{Json, extract::State};
use http::StatusCode;
use metadata_store::{HealthRule as Stored, HealthRules as _};
use model::{
    id::EntityId,
    rule::{Affects, Rule, factory_rules, own_rules},
};

use super::Refusals;
use crate::{
    auth::{Caller, Trail},
    context::{Context, Shared},
    error::ApiError,
    extract::{Body, PathId, PathIds},
    health_rules as rules,
    paging::{PageParams, Slice},
};

/// The health rules of an application, oldest first.
#[utoipa::path(get, path = "/api/v1/applications/{id}/health-rules", tag = "health rules",
    params(("id" = u32, Path), PageParams),
    responses((status = 200, body = Page<HealthRule>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    slice: Slice,
) -> Result<Json<Page<HealthRule>>, ApiError> {
    application(&context, &caller, id)?;
    let all = context.store.health_rules(id.0).await?;
    let bodies = all.iter().map(|stored| body(&context, &caller, stored));
    let bodies = bodies.collect::<Result<Vec<_>, ApiError>>()?;
    Ok(Json(slice.page(bodies, None, |body| body)))
}

/// Adds a health rule. It is judged by from the next minute on.
#[utoipa::path(post, path = "/api/v1/applications/{id}/health-rules", tag = "health rules",
    params(("id" = u32, Path)), request_body = Rule,
    responses(
        (status = 200, body = HealthRule),
        (status = 409, body = api_types::ErrorBody, description = "There is one of that name, or there are 1000"),
        (status = 422, body = api_types::ErrorBody, description = "The rule is not sound; the message says what to change"),
        Refusals))]
pub(crate) async fn create(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathId(id): PathId,
    Body(rule): Body<Rule>,
) -> Result<Json<HealthRule>, ApiError> {
    application(&context, &caller, id)?;
    let stored = rules::put_rule(&context, &caller, id, None, &rule).await?;
    let made = body(&context, &caller, &stored)?;
    trail.tell_made("health rule", (made.id, &stored.name), &made);
    Ok(Json(made))
}

/// One health rule.
#[utoipa::path(get, path = "/api/v1/applications/{id}/health-rules/{rule}", tag = "health rules",
    params(("id" = u32, Path), ("rule" = u32, Path)),
    responses((status = 200, body = HealthRule), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathIds(id, rule): PathIds,
) -> Result<Json<HealthRule>, ApiError> {
    application(&context, &caller, EntityId(id))?;
    let stored = rules::rule(&context, EntityId(id), rule).await?;
    body(&context, &caller, &stored).map(Json)
}

/// Replaces a health rule. Policies and suppressions that name it follow its name. What it found is canceled, and it is judged anew from the next minute on.
#[utoipa::path(put, path = "/api/v1/applications/{id}/health-rules/{rule}", tag = "health rules",
    params(("id" = u32, Path), ("rule" = u32, Path)), request_body = Rule,
    responses(
        (status = 200, body = HealthRule),
        (status = 409, body = api_types::ErrorBody, description = "There is another of that name"),
        (status = 422, body = api_types::ErrorBody, description = "The rule is not sound; the message says what to change"),
        Refusals))]
pub(crate) async fn replace(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathIds(id, known): PathIds,
    Body(rule): Body<Rule>,
) -> Result<Json<HealthRule>, ApiError> {
    application(&context, &caller, EntityId(id))?;
    let was = rules::rule(&context, EntityId(id), known).await?;
    let stored = rules::put_rule(&context, &caller, EntityId(id), Some(known), &rule).await?;
    changed(&context, (&caller, &trail), &was, &stored).map(Json)
}

/// Switches a health rule on or off.
#[utoipa::path(put, path = "/api/v1/applications/{id}/health-rules/{rule}/enabled", tag = "health rules",
    params(("id" = u32, Path), ("rule" = u32, Path)), request_body = Enabled,
    responses((status = 200, body = HealthRule), Refusals))]
pub(crate) async fn put_enabled(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathIds(id, known): PathIds,
    Body(wanted): Body<Enabled>,
) -> Result<Json<HealthRule>, ApiError> {
    let application_id = EntityId(id);
    application(&context, &caller, application_id)?;
    let was = rules::rule(&context, application_id, known).await?;
    let mut stored = was.clone();
    if stored.enabled != wanted.enabled {
        let rule = Rule { enabled: wanted.enabled, ..rules::rule_of(&stored)? };
        stored = rules::put_rule(&context, &caller, application_id, Some(known), &rule).await?;
    }
    changed(&context, (&caller, &trail), &was, &stored).map(Json)
}

/// Deletes a health rule that no policy or suppression names. What it found stays readable; what is open is canceled.
#[utoipa::path(delete, path = "/api/v1/applications/{id}/health-rules/{rule}", tag = "health rules",
    params(("id" = u32, Path), ("rule" = u32, Path)),
    responses(
        (status = 204, description = "Deleted"),
        (status = 409, body = api_types::ErrorBody, description = "Policies or suppressions name it; the message says which"),
        Refusals))]
pub(crate) async fn delete(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathIds(id, rule): PathIds,
) -> Result<StatusCode, ApiError> {
    application(&context, &caller, EntityId(id))?;
    let was = rules::rule(&context, EntityId(id), rule).await?;
    rules::delete_rule(&context, &caller, EntityId(id), rule).await?;
    deleted(&context, (&caller, &trail), &was);
    Ok(StatusCode::NO_CONTENT)
}

/// Tells that a rule was deleted; one that cannot be read any more by its name.
pub(crate) fn deleted(context: &Context, (caller, trail): (&Caller, &Trail), was: &Stored) {
    let before = body(context, caller, was).ok();
    trail.tell_deleted("health rule", (was.id, &was.name), before.as_ref());
}

/// Tells that a rule was changed, and gives what it is now.
pub(crate) fn changed(
    context: &Context,
    (caller, trail): (&Caller, &Trail),
    was: &Stored,
    stored: &Stored,
) -> Result<HealthRule, ApiError> {
    let now = body(context, caller, stored)?;
    let before = body(context, caller, was).ok();
    trail.tell_changed("health rule", (now.id, &was.name), before.as_ref(), &now);
    Ok(now)
}

/// Entities that are named.
const MOST_NAMED: usize = 200;

/// Whom a rule would judge just now that affects these.
#[utoipa::path(post, path = "/api/v1/applications/{id}/health-rules/affected", tag = "health rules",
    params(("id" = u32, Path)), request_body = Affects,
    responses(
        (status = 200, body = AffectedEntities),
        (status = 422, body = api_types::ErrorBody, description = "It is not sound; the message says what to change"),
        Refusals))]
pub(crate) async fn affected(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Body(affects): Body<Affects>,
) -> Result<Json<AffectedEntities>, ApiError> {
    application(&context, &caller, id)?;
    let minute = context.now_minute();
    let found = affected_at(&context.directory, caller.account, id, affects, minute)?;
    let named = found.iter().take(MOST_NAMED);
    Ok(Json(AffectedEntities {
        total: u32::try_from(found.len()).unwrap_or(u32::MAX),
        entities: named.map(|one| Ref { id: one.id.0, name: one.name.to_string() }).collect(),
    }))
}

/// Refuses an application that the account does not have.
pub(super) fn application(
    context: &Context,
    caller: &Caller,
    id: EntityId,
) -> Result<(), ApiError> {
    context.entities(caller).application(id).map(drop)
}

/// A rule as people see it.
pub(crate) fn body(
    context: &Context,
    caller: &Caller,
    stored: &Stored,
) -> Result<HealthRule, ApiError> {
    Ok(HealthRule {
        id: stored.id,
        application: context.entities(caller).mention(EntityId(stored.application_id)),
        version: stored.version,
        changed_at: stored.changed_ms,
        factory: is_factory(&stored.name),
        rule: rules::rule_of(stored)?,
    })
}

fn is_factory(name: &str) -> bool {
    static NAMES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        factory_rules().into_iter().chain(own_rules()).map(|rule| rule.name).collect()
    });
    NAMES.contains(name)
}
