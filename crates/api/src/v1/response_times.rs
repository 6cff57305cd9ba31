//! How response times spread over time, of whatever has figures.

use api_types::ResponseTimes;
use axum::{Json, extract::State};

use super::{
    Refusals,
    series::{self, Of, OverTime},
};
use crate::{
    auth::Caller,
    context::{Context, Shared},
    error::ApiError,
    extract::{PathId, Range, RangeParams},
    figures::response_times,
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
    let of = series::transaction(&context, &caller, id)?;
    read(&context, &caller, of, period).await
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
    let of = series::tier(&context, &caller, id)?;
    read(&context, &caller, of, period).await
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
    let of = series::backend(&context, &caller, id)?;
    read(&context, &caller, of, period).await
}

async fn read(
    context: &Context,
    caller: &Caller,
    of: Of,
    period: Period,
) -> Result<Json<ResponseTimes>, ApiError> {
    let (application, measured) = of;
    let OverTime { points, total, partial, .. } =
        OverTime::of(context, caller, application, (measured, period, Wanted::Nothing)).await?;
    Ok(Json(ResponseTimes { partial, ..response_times(&points, &period, &total) }))
}
