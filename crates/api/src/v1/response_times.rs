//! How response times spread over time, of whatever has figures.

use api_types::ResponseTimes;
use axum::{Json, extract::State};
use model::{entity::EntityKind, id::EntityId};

use super::{Refusals, series::OverTime};
use crate::{
    auth::Caller,
    context::{Context, Shared},
    error::ApiError,
    extract::{PathId, Range, RangeParams},
    figures::{Measured, response_times},
    judge::Wanted,
    period::Period,
};

/// Response times of a business transaction as a heat map.
#[utoipa::path(get, path = "/api/v1/business-transactions/{id}/histogram", tag = "business transactions",
    params(("id" = u32, Path), RangeParams), responses((status = 200, body = ResponseTimes), Refusals))]
pub(crate) async fn of_business_transaction(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
) -> Result<Json<ResponseTimes>, ApiError> {
    let application = context.entities(&caller).transaction(id)?.key.application;
    read(&context, &caller, application, Measured::Transaction(id), period).await
}

/// Response times of a tier's entry calls as a heat map.
#[utoipa::path(get, path = "/api/v1/tiers/{id}/histogram", tag = "tiers",
    params(("id" = u32, Path), RangeParams), responses((status = 200, body = ResponseTimes), Refusals))]
pub(crate) async fn of_tier(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
) -> Result<Json<ResponseTimes>, ApiError> {
    let tier = context.entities(&caller).one_of(id, &[EntityKind::Tier], "tier")?;
    read(&context, &caller, tier.key.application, Measured::Tier(id), period).await
}

/// Response times of all calls to a backend or queue as a heat map.
#[utoipa::path(get, path = "/api/v1/backends/{id}/histogram", tag = "backends",
    params(("id" = u32, Path), RangeParams), responses((status = 200, body = ResponseTimes), Refusals))]
pub(crate) async fn of_backend(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
) -> Result<Json<ResponseTimes>, ApiError> {
    let kinds = [EntityKind::Backend, EntityKind::Queue];
    let backend = context.entities(&caller).one_of(id, &kinds, "backend")?;
    read(&context, &caller, backend.key.application, Measured::CallsTo(id), period).await
}

async fn read(
    context: &Context,
    caller: &Caller,
    application: EntityId,
    measured: Measured,
    period: Period,
) -> Result<Json<ResponseTimes>, ApiError> {
    let OverTime { points, total, partial, .. } =
        OverTime::of(context, caller, application, (measured, period, Wanted::Nothing)).await?;
    Ok(Json(ResponseTimes { partial, ..response_times(&points, &period, &total) }))
}
