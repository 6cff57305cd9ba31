//! The schedules in which an application's health rules hold.

use api_types::{Page, RuleSchedule};
use axum::{Json, extract::State};
use http::StatusCode;
use metadata_store::{HealthRules as _, StoredSchedule};
use model::{id::EntityId, rule::Schedule};

use super::{Refusals, health_rules::application};
use crate::{
    auth::{Caller, Trail},
    context::Shared,
    error::ApiError,
    extract::{Body, PathId, PathIds},
    health_rules as rules,
    paging::{PageParams, Slice},
};

/// The schedules of an application, oldest first. `Always` is none of them: it is there anyway.
#[utoipa::path(get, path = "/api/v1/applications/{id}/schedules", tag = "health rules",
    params(("id" = u32, Path), PageParams),
    responses((status = 200, body = Page<RuleSchedule>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    slice: Slice,
) -> Result<Json<Page<RuleSchedule>>, ApiError> {
    application(&context, &caller, id)?;
    let all = context.store.schedules(id.0).await?;
    let bodies = all.iter().map(body).collect::<Result<Vec<_>, ApiError>>()?;
    Ok(Json(slice.page(bodies, None, |body| body)))
}

/// Adds a schedule.
#[utoipa::path(post, path = "/api/v1/applications/{id}/schedules", tag = "health rules",
    params(("id" = u32, Path)), request_body = Schedule,
    responses(
        (status = 200, body = RuleSchedule),
        (status = 409, body = api_types::ErrorBody, description = "There is one of that name"),
        (status = 422, body = api_types::ErrorBody, description = "The schedule is not sound; the message says what to change"),
        Refusals))]
pub(crate) async fn create(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathId(id): PathId,
    Body(schedule): Body<Schedule>,
) -> Result<Json<RuleSchedule>, ApiError> {
    application(&context, &caller, id)?;
    let stored = rules::put_schedule(&context, &caller, id, None, &schedule).await?;
    let made = body(&stored)?;
    trail.tell_made("schedule", (made.id, &stored.name), &made);
    Ok(Json(made))
}

/// Replaces a schedule. It keeps its name while a rule goes by it.
#[utoipa::path(put, path = "/api/v1/applications/{id}/schedules/{schedule}", tag = "health rules",
    params(("id" = u32, Path), ("schedule" = u32, Path)), request_body = Schedule,
    responses(
        (status = 200, body = RuleSchedule),
        (status = 409, body = api_types::ErrorBody, description = "There is another of that name, or a rule goes by this one"),
        (status = 422, body = api_types::ErrorBody, description = "The schedule is not sound; the message says what to change"),
        Refusals))]
pub(crate) async fn replace(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathIds(id, known): PathIds,
    Body(schedule): Body<Schedule>,
) -> Result<Json<RuleSchedule>, ApiError> {
    application(&context, &caller, EntityId(id))?;
    let was = rules::schedule(&context, EntityId(id), known).await?;
    let stored =
        rules::put_schedule(&context, &caller, EntityId(id), Some(known), &schedule).await?;
    let now = body(&stored)?;
    // One that a newer version wrote cannot be read, but replaced.
    let before = body(&was).ok();
    trail.tell_changed("schedule", (known, &was.name), before.as_ref(), &now);
    Ok(Json(now))
}

/// Deletes a schedule that no rule goes by.
#[utoipa::path(delete, path = "/api/v1/applications/{id}/schedules/{schedule}", tag = "health rules",
    params(("id" = u32, Path), ("schedule" = u32, Path)),
    responses(
        (status = 204, description = "Deleted"),
        (status = 409, body = api_types::ErrorBody, description = "A rule goes by it"),
        Refusals))]
pub(crate) async fn delete(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathIds(id, schedule): PathIds,
) -> Result<StatusCode, ApiError> {
    application(&context, &caller, EntityId(id))?;
    let was = rules::schedule(&context, EntityId(id), schedule).await?;
    rules::delete_schedule(&context, &caller, EntityId(id), schedule).await?;
    let before = body(&was).ok();
    trail.tell_deleted("schedule", (schedule, &was.name), before.as_ref());
    Ok(StatusCode::NO_CONTENT)
}

/// A schedule as people see it.
pub(crate) fn body(stored: &StoredSchedule) -> Result<RuleSchedule, ApiError> {
    Ok(RuleSchedule { id: stored.id, schedule: rules::schedule_of(stored)? })
}
