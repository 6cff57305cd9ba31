//! Suppressions: when nobody wants to be told.

use alerting::{baselines::Definitions, notifier, suppression::Suppression as Value};
use api_types::{NewSuppression, Page, Suppression};
use axum::{Json, extract::State};
use http::StatusCode;
use metadata_store::{
    AlertConfig, AlertConfigKind, AlertConfigs as _, DocumentNeeds, NewAlertConfig,
};
use model::access::Permission;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Refusals;
use crate::{
    auth::{Caller, Trail},
    context::{Context, Shared},
    error::ApiError,
    extract::{Body, Params, PathId},
    notification,
    paging::{PageParams, Slice},
};

const KIND: AlertConfigKind = AlertConfigKind::Suppression;
const DAY_MS: i64 = 86_400_000;
/// The longest range of stretches, days.
const MAX_DAYS: i64 = 35;

/// Of which application, and the range of stretches.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Those of this application and of the whole account; all when not given. What is of the whole account is there for
    /// who may see all of it.
    #[param(minimum = 0)]
    application: Option<u32>,
    /// From when stretches are told, Unix milliseconds; the last midnight of the account's time zone when not given.
    #[param(minimum = 0)]
    begin: Option<i64>,
    /// For how many days, at most 35; 7 when not given.
    #[param(minimum = 1, maximum = 35)]
    days: Option<i64>,
}

/// The account's suppressions, oldest first, with when they are on in a range of days.
#[utoipa::path(get, path = "/api/v1/suppressions", tag = "suppressions", params(Wanted, PageParams),
    responses((status = 200, body = Page<Suppression>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    Params(wanted): Params<Wanted>,
    slice: Slice,
) -> Result<Json<Page<Suppression>>, ApiError> {
    let range = range(&context, &caller, wanted).await?;
    let configs = notification::configs(&context, &caller, KIND, wanted.application).await?;
    let shown = |config: &AlertConfig| shown(&context, &caller, config, range);
    let all: Vec<Suppression> = configs.iter().map(shown).collect::<Result<_, _>>()?;
    Ok(Json(slice.page(all, None, |one| one)))
}

async fn range(context: &Context, caller: &Caller, wanted: Wanted) -> Result<(i64, i64), ApiError> {
    let days = wanted.days.unwrap_or(7);
    if !(1..=MAX_DAYS).contains(&days) {
        return Err(ApiError::bad(format!("days has to be between 1 and {MAX_DAYS}")));
    }
    let begin = match wanted.begin {
        Some(begin) => begin,
        None => {
            let of_account = Definitions::load(&context.store, caller.account).await?;
            of_account.calendar().midnight(context.now_minute()).start_millis()
        }
    };
    // Far from now there is nothing to be drawn, and arithmetic ends.
    if !(0..=4_102_444_800_000).contains(&begin) {
        return Err(ApiError::Unprocessable("begin has to be before the year 2100".to_owned()));
    }
    Ok((begin, begin + days * DAY_MS))
}

/// Makes a suppression.
#[utoipa::path(post, path = "/api/v1/suppressions", tag = "suppressions",
    request_body = NewSuppression,
    responses((status = 200, body = Suppression), (status = 409, body = api_types::ErrorBody), Refusals))]
pub(crate) async fn create(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    Body(wanted): Body<NewSuppression>,
) -> Result<Json<Suppression>, ApiError> {
    let new = to_store(&context, &caller, &wanted, None).await?;
    let id = context.store.create_alert_config(KIND, &new).await?;
    tracing::info!(id, name = new.name, user = caller.name, "suppression made");
    let made = one(&context, &caller, id).await?;
    trail.tell_made("suppression", (id, &made.name), &made.0);
    Ok(made)
}

/// One suppression, with when it is on in the coming week.
#[utoipa::path(get, path = "/api/v1/suppressions/{id}", tag = "suppressions",
    params(("id" = u32, Path)), responses((status = 200, body = Suppression), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Json<Suppression>, ApiError> {
    one(&context, &caller, id.0).await
}

/// Changes a suppression.
#[utoipa::path(put, path = "/api/v1/suppressions/{id}", tag = "suppressions",
    params(("id" = u32, Path)), request_body = NewSuppression,
    responses((status = 200, body = Suppression), (status = 409, body = api_types::ErrorBody), Refusals))]
pub(crate) async fn replace(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathId(id): PathId,
    Body(wanted): Body<NewSuppression>,
) -> Result<Json<Suppression>, ApiError> {
    let stored =
        notification::config_for(&context, &caller, Permission::Configure, KIND, id.0).await?;
    let new = to_store(&context, &caller, &wanted, Some(&stored)).await?;
    // What cannot be read any more can be replaced, or deleted.
    let was = one(&context, &caller, id.0).await.ok();
    context.store.replace_alert_config(KIND, id.0, &new, &notification::by_nothing).await?;
    tracing::info!(id = id.0, name = new.name, user = caller.name, "suppression changed");
    let after = one(&context, &caller, id.0).await?;
    trail.tell_changed("suppression", (id.0, &stored.name), was.as_deref(), &after.0);
    Ok(after)
}

/// Deletes a suppression.
#[utoipa::path(delete, path = "/api/v1/suppressions/{id}", tag = "suppressions",
    params(("id" = u32, Path)), responses((status = 204, description = "It is gone."), Refusals))]
pub(crate) async fn delete(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathId(id): PathId,
) -> Result<StatusCode, ApiError> {
    let stored =
        notification::config_for(&context, &caller, Permission::Delete, KIND, id.0).await?;
    let was = one(&context, &caller, id.0).await.ok();
    let unused = &notification::by_nothing;
    context.store.delete_alert_config(KIND, caller.account.0, id.0, unused).await?;
    tracing::info!(id = id.0, user = caller.name, "suppression deleted");
    trail.tell_deleted("suppression", (id.0, &stored.name), was.as_deref());
    Ok(StatusCode::NO_CONTENT)
}

async fn to_store(
    context: &Context,
    caller: &Caller,
    wanted: &NewSuppression,
    stored: Option<&AlertConfig>,
) -> Result<NewAlertConfig, ApiError> {
    let value = notification::suppression(wanted)?;
    let application =
        notification::application(context, caller, Permission::Configure, wanted.application)
            .await?;
    let before = stored.and_then(|stored| notifier::read::<Value>(stored).ok());
    let before = before.as_ref().map(|stored| &stored.value);
    notification::lies_ahead(context, &value.window, before.map(|one| &one.window))?;
    let rules = (&value.rules, before.map(|one| &one.rules));
    let rules = notification::known_rules(context, caller, application, rules.0, rules.1).await?;
    let name = notification::name(&wanted.name)?;
    let needs = DocumentNeeds { rules, ..DocumentNeeds::default() };
    let new = notification::to_store(context, caller, application, name, &value, Vec::new());
    Ok(NewAlertConfig { needs, ..new })
}

/// One suppression as people see it.
pub(crate) async fn one(
    context: &Context,
    caller: &Caller,
    id: u32,
) -> Result<Json<Suppression>, ApiError> {
    let config = notification::config(context, caller, KIND, id).await?;
    let now_ms = context.now_ms();
    Ok(Json(shown(context, caller, &config, (now_ms, now_ms + 7 * DAY_MS))?))
}

fn shown(
    context: &Context,
    caller: &Caller,
    config: &AlertConfig,
    (from_ms, to_ms): (i64, i64),
) -> Result<Suppression, ApiError> {
    let stored = notifier::read::<Value>(config)?;
    let entities = context.entities(caller);
    let times = (context.now_ms(), from_ms, to_ms);
    Ok(notification::shown_suppression(stored, config.changed_ms, &entities, times))
}
