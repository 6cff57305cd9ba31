//! How an application is watched.

use alerting::baselines::{Calendar, Definitions};
use axum::{Json, extract::State};
use metadata_store::{Anomalies as _, StoredAnomalySettings};
use model::{
    anomaly::AnomalySettings,
    entity::{EntityKind, OWN_APPLICATION},
    id::EntityId,
};

use super::{Refusals, health_rules::application};
use crate::{
    auth::{Caller, Deed, Trail},
    context::{Context, Shared},
    error::ApiError,
    extract::{Body, PathId},
};

/// How an application is watched for anomalies. Every application is, until somebody says otherwise.
#[utoipa::path(get, path = "/api/v1/applications/{id}/anomaly-settings", tag = "anomalies",
    params(("id" = u32, Path)), responses((status = 200, body = AnomalySettings), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Json<AnomalySettings>, ApiError> {
    application(&context, &caller, id)?;
    Ok(Json(settings(&context, id.0).await?))
}

/// Sets how an application is watched. It holds from the next minute on. Switched off, what was learnt is forgotten and what is
/// open ends; switched on again it is learnt from the stored minutes of two days.
#[utoipa::path(put, path = "/api/v1/applications/{id}/anomaly-settings", tag = "anomalies",
    params(("id" = u32, Path)), request_body = AnomalySettings,
    responses(
        (status = 200, body = AnomalySettings),
        (status = 422, body = api_types::ErrorBody, description = "It makes no sense; the message says what to change"),
        Refusals))]
pub(crate) async fn replace(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathId(id): PathId,
    Body(wanted): Body<AnomalySettings>,
) -> Result<Json<AnomalySettings>, ApiError> {
    application(&context, &caller, id)?;
    wanted.check().map_err(|error| ApiError::bad(error.to_string()).unprocessable())?;
    let entities = context.entities(&caller);
    let is_here = |one: u32| {
        let known = entities.get(EntityId(one));
        known.is_some_and(|known| {
            known.key.kind == EntityKind::BusinessTransaction && known.key.application == id
        })
    };
    if let Some(unknown) = wanted.transactions.iter().find(|one| !is_here(one.id)) {
        return Err(ApiError::bad(format!(
            "there is no business transaction {} in this application; leave it out of transactions",
            unknown.id
        ))
        .unprocessable());
    }
    let before = settings(&context, id.0).await?;
    let body = serde_json::to_string(&wanted).expect("settings are plain data");
    let stored = StoredAnomalySettings { application_id: id.0, body };
    context.store.set_anomaly_settings(caller.account.0, &stored).await?;
    let name = entities.mention(id).name;
    let deed =
        Deed { action: "change", object: "anomaly settings", id: &id.to_string(), name: &name };
    trail.tell(deed, Some(&before), Some(&wanted));
    Ok(Json(wanted))
}

/// Those that hold.
pub(crate) async fn settings(
    context: &Context,
    application: u32,
) -> Result<AnomalySettings, ApiError> {
    let all = context.store.anomaly_settings().await?;
    let stored = all.into_iter().find(|one| one.application_id == application);
    let stored = stored.and_then(|stored| serde_json::from_str(&stored.body).ok());
    Ok(stored.unwrap_or_else(|| {
        let known = context.directory.get(EntityId(application));
        let is_own = known.is_some_and(|known| known.key.name == OWN_APPLICATION);
        AnomalySettings { enabled: !is_own, ..AnomalySettings::default() }
    }))
}

/// By whose hours the caller's account lives.
pub(crate) async fn calendar(context: &Context, caller: &Caller) -> Result<Calendar, ApiError> {
    Ok(Definitions::load(&context.store, caller.account).await?.calendar().clone())
}
