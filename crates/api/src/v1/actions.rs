//! Actions: how people are told.

use ::http::{self as http_types, StatusCode};
use alerting::{
    actions::{self, Action as Value, Hidden, email, http, redact::redact, render::Rendering},
    desk::Stored,
    notifier, policy,
};
use api_types::{Action, ActionPreview, DeliveryAttempt, NameValue, NewAction, Page, Ref};
use axum::{Json, extract::State};
use metadata_store::{AlertConfig, AlertConfigKind, AlertConfigs as _, NewAlertConfig};
use model::access::Permission;

use super::{Refusals, policies::OfApplication};
use crate::{
    auth::{Caller, Trail},
    context::{Context, Shared},
    error::ApiError,
    extract::{Body, Params, PathId},
    notification,
    paging::{PageParams, Slice},
};

const KIND: AlertConfigKind = AlertConfigKind::Action;

/// The account's actions, oldest first.
#[utoipa::path(get, path = "/api/v1/actions", tag = "actions", params(OfApplication, PageParams),
    responses((status = 200, body = Page<Action>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    Params(of): Params<OfApplication>,
    slice: Slice,
) -> Result<Json<Page<Action>>, ApiError> {
    let configs = notification::configs(&context, &caller, KIND, of.application).await?;
    let users = users(&context, &caller).await?;
    let shown = |config: &AlertConfig| shown(&context, &caller, config, &users);
    let actions: Vec<Action> = configs.iter().map(shown).collect::<Result<_, _>>()?;
    Ok(Json(slice.page(actions, None, |one| one)))
}

/// Makes an action.
#[utoipa::path(post, path = "/api/v1/actions", tag = "actions", request_body = NewAction,
    responses((status = 200, body = Action), (status = 409, body = api_types::ErrorBody), Refusals))]
pub(crate) async fn create(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    Body(wanted): Body<NewAction>,
) -> Result<Json<Action>, ApiError> {
    let new = to_store(&context, &caller, &wanted, &Hidden::default()).await?;
    let id = context.store.create_alert_config(KIND, &new).await?;
    tracing::info!(id, name = new.name, user = caller.name, "action made");
    let made = one(&context, &caller, id).await?;
    trail.tell_made("action", (id, &made.name), &made.0);
    Ok(made)
}

/// One action.
#[utoipa::path(get, path = "/api/v1/actions/{id}", tag = "actions", params(("id" = u32, Path)),
    responses((status = 200, body = Action), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Json<Action>, ApiError> {
    one(&context, &caller, id.0).await
}

/// Changes an action. Secrets that are null stay as they are.
#[utoipa::path(put, path = "/api/v1/actions/{id}", tag = "actions", params(("id" = u32, Path)),
    request_body = NewAction,
    responses((status = 200, body = Action), (status = 409, body = api_types::ErrorBody), Refusals))]
pub(crate) async fn replace(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathId(id): PathId,
    Body(wanted): Body<NewAction>,
) -> Result<Json<Action>, ApiError> {
    let config =
        notification::config_for(&context, &caller, Permission::Configure, KIND, id.0).await?;
    let before = context.notifier.opened(&config)?;
    let new = to_store(&context, &caller, &wanted, &before).await?;
    let doing =
        notification::doing(&wanted.doing, &notification::secrets(&wanted.secrets, &before)?)?;
    // What cannot be read any more can be replaced, or deleted.
    let was = one(&context, &caller, id.0).await.ok();
    let unused = |of: &_| notification::is_unfit_for_digests(&caller, id.0, &doing, of);
    context.store.replace_alert_config(KIND, id.0, &new, &unused).await?;
    tracing::info!(id = id.0, name = new.name, user = caller.name, "action changed");
    let after = one(&context, &caller, id.0).await?;
    trail.tell_changed("action", (id.0, &config.name), was.as_deref(), &after.0);
    Ok(after)
}

/// Deletes an action that no policy or digest tells by.
#[utoipa::path(delete, path = "/api/v1/actions/{id}", tag = "actions", params(("id" = u32, Path)),
    responses((status = 204, description = "It is gone."),
        (status = 409, body = api_types::ErrorBody, description = "Policies or digests tell by it; the message names one"),
        Refusals))]
pub(crate) async fn delete(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathId(id): PathId,
) -> Result<StatusCode, ApiError> {
    let config =
        notification::config_for(&context, &caller, Permission::Delete, KIND, id.0).await?;
    let was = one(&context, &caller, id.0).await.ok();
    let unused = |of: &_| notification::tells_by_action(&caller, id.0, of);
    context.store.delete_alert_config(KIND, caller.account.0, id.0, &unused).await?;
    tracing::info!(id = id.0, user = caller.name, "action deleted");
    trail.tell_deleted("action", (id.0, &config.name), was.as_deref());
    Ok(StatusCode::NO_CONTENT)
}

/// Does an action now, with a notice that says that it is a test, and tells how it ended.
#[utoipa::path(post, path = "/api/v1/actions/{id}/test", tag = "actions", params(("id" = u32, Path)),
    responses((status = 200, body = DeliveryAttempt), Refusals))]
pub(crate) async fn test(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    trail: Trail,
) -> Result<Json<DeliveryAttempt>, ApiError> {
    let config =
        notification::config_for(&context, &caller, Permission::Configure, KIND, id.0).await?;
    let found = context.notifier.action(caller.account.0, id.0).await?;
    let (action, secrets) = found.ok_or_else(|| ApiError::missing("action", id.0))?;
    let tried = context.notifier.try_action(&action, &secrets).await?;
    tracing::info!(id = id.0, user = caller.name, ok = tried.attempt.outcome.ok, "action tried");
    trail.tell_tried("action", (id.0, &config.name));
    Ok(Json(notification::shown_attempt(&tried.attempt)))
}

/// What an action would send. Nothing is stored or sent; secrets are masked.
#[utoipa::path(post, path = "/api/v1/actions/preview", tag = "actions", request_body = NewAction,
    responses((status = 200, body = ActionPreview), Refusals))]
pub(crate) async fn preview(
    State(context): State<Shared>,
    caller: Caller,
    Body(wanted): Body<NewAction>,
) -> Result<Json<ActionPreview>, ApiError> {
    notification::application(&context, &caller, Permission::View, wanted.application).await?;
    // What is stored needs not be known: a stand-in is masked alike.
    let standing_in = wanted.secrets.iter().map(|(name, value)| {
        let value = value.clone().filter(|value| !value.is_empty());
        let stand_in = format!("https://{}.invalid/stored-secret", name.replace('_', "-"));
        (name.clone(), Some(value.unwrap_or(stand_in)))
    });
    let secrets = notification::secrets(&standing_in.collect(), &Hidden::default())?;
    let doing = notification::doing(&wanted.doing, &secrets)?;
    let action = Stored {
        id: 0,
        account: caller.account.0,
        application: None,
        name: wanted.name.clone(),
        value: Value::of(doing),
    };
    let notice = context.notifier.test_notice(&action);
    Ok(Json(match &action.value.doing {
        actions::Doing::Email(email) => {
            let written = email::write(email, &notice).map_err(ApiError::Unprocessable)?;
            ActionPreview {
                target: email.to.join(", "),
                headers: Vec::new(),
                body: written.text.clone(),
                email: Some(api_types::RenderedNotice {
                    title: written.subject,
                    text: written.text,
                    html: written.html,
                }),
            }
        }
        actions::Doing::Http(http) => {
            let made = http::make(http, &notice, &secrets).map_err(ApiError::Unprocessable)?;
            let header = |(name, value): (&http_types::HeaderName, &http_types::HeaderValue)| {
                let value = redact(&String::from_utf8_lossy(value.as_bytes()), &secrets);
                NameValue { name: name.to_string(), value }
            };
            ActionPreview {
                target: redact(&format!("{} {}", made.method, made.url), &secrets),
                headers: made.headers.iter().map(header).collect(),
                body: redact(&made.body, &secrets),
                email: None,
            }
        }
        actions::Doing::Command(command) => {
            let rendering = Rendering::of(&notice, &secrets);
            let filled: Result<Vec<String>, _> =
                command.arguments.iter().map(|one| rendering.fill("argument", one)).collect();
            let filled = filled.map_err(|error| ApiError::Unprocessable(error.to_string()))?;
            ActionPreview {
                target: command.command.clone(),
                headers: Vec::new(),
                body: redact(&filled.join("\n"), &secrets),
                email: None,
            }
        }
        actions::Doing::Unsupported { what } => ActionPreview {
            target: what.clone(),
            headers: Vec::new(),
            body: String::new(),
            email: None,
        },
    }))
}

async fn to_store(
    context: &Context,
    caller: &Caller,
    wanted: &NewAction,
    before: &Hidden,
) -> Result<NewAlertConfig, ApiError> {
    let secrets = notification::secrets(&wanted.secrets, before)?;
    let value = Value::of(notification::doing(&wanted.doing, &secrets)?);
    let application =
        notification::application(context, caller, Permission::Configure, wanted.application)
            .await?;
    let name = notification::name(&wanted.name)?;
    Ok(notification::to_store(
        context,
        caller,
        application,
        name,
        &value,
        context.notifier.sealed(&secrets),
    ))
}

/// One action as people see it.
pub(crate) async fn one(
    context: &Context,
    caller: &Caller,
    id: u32,
) -> Result<Json<Action>, ApiError> {
    let config = notification::config(context, caller, KIND, id).await?;
    let users = users(context, caller).await?;
    Ok(Json(shown(context, caller, &config, &users)?))
}

/// Which actions each policy does that the caller may see.
async fn users(context: &Context, caller: &Caller) -> Result<Vec<(Ref, Vec<u32>)>, ApiError> {
    let mut all = Vec::new();
    for kind in [AlertConfigKind::Policy, AlertConfigKind::Digest] {
        for config in notification::configs(context, caller, kind, None).await? {
            let policy = notifier::read::<policy::Policy>(&config)?;
            all.push((Ref { id: policy.id, name: policy.name }, policy.value.actions));
        }
    }
    Ok(all)
}

fn shown(
    context: &Context,
    caller: &Caller,
    config: &AlertConfig,
    users: &[(Ref, Vec<u32>)],
) -> Result<Action, ApiError> {
    let stored = notifier::read::<Value>(config)?;
    let used_by = users.iter().filter(|(_, actions)| actions.contains(&config.id));
    Ok(Action {
        id: config.id,
        name: config.name.clone(),
        application: notification::mention(&context.entities(caller), config.application_id),
        doing: notification::shown_doing(&stored.value.doing),
        secret_names: context.notifier.opened(config)?.0.into_keys().collect(),
        used_by: used_by.map(|(policy, _)| policy.clone()).collect(),
        changed_at: config.changed_ms,
    })
}
