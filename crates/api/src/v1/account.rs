//! The account of whoever asks, and the time zone that its baselines go by.

use alerting::baselines::{Calendar, Definitions};
use api_types::{Account, TimeZoneSetting};
use axum::{Json, extract::State};
use metadata_store::{Accounts as _, Baselines as _};

use super::Refusals;
use crate::{
    auth::Caller,
    context::{Context, Shared},
    error::ApiError,
    extract::Body,
};

/// Your account.
#[utoipa::path(get, path = "/api/v1/account", tag = "account",
    responses((status = 200, body = Account), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
) -> Result<Json<Account>, ApiError> {
    body(&context, &caller).await
}

/// Sets the time zone by whose hours baselines go. They are learnt anew from what is stored.
#[utoipa::path(put, path = "/api/v1/account/time-zone", tag = "account",
    request_body = TimeZoneSetting,
    responses(
        (status = 200, body = Account),
        (status = 422, body = api_types::ErrorBody, description = "There is no such time zone"),
        Refusals))]
pub(crate) async fn put_time_zone(
    State(context): State<Shared>,
    caller: Caller,
    Body(wanted): Body<TimeZoneSetting>,
) -> Result<Json<Account>, ApiError> {
    let length = wanted.time_zone.chars().count();
    if !(1..=64).contains(&length) {
        return Err(ApiError::bad("time_zone has to have from 1 to 64 characters"));
    }
    let zone = Calendar::of(&wanted.time_zone)
        .map_err(|unknown| ApiError::Unprocessable(unknown.to_string()))?;
    context.store.set_time_zone(caller.account.0, zone.name()).await?;
    tracing::info!(time_zone = zone.name(), user = caller.name, "time zone of the account");
    body(&context, &caller).await
}

async fn body(context: &Context, caller: &Caller) -> Result<Json<Account>, ApiError> {
    let accounts = context.store.accounts().await?;
    let account = accounts.into_iter().find(|one| one.id == caller.account.0);
    let account = account.ok_or_else(|| ApiError::missing("account", caller.account.0))?;
    let definitions = Definitions::load(&context.store, caller.account).await?;
    let time_zone = definitions.calendar().name().to_owned();
    Ok(Json(Account { id: account.id, name: account.name, time_zone }))
}
