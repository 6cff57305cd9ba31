//! Policies and digests: who is told of what.

use alerting::{desk::Stored, notifier, policy::Policy as Value};
use api_types::{
    EventTypeGroup, MatchedEvent, NewPolicy, NoticeOptions, Page, Policy, PolicyPreview,
};
use axum::{Json, extract::State};
use http::StatusCode;
use metadata_store::{
    AlertConfig, AlertConfigKind, AlertConfigs as _, DocumentNeeds, EventFilter, EventSeverity,
    Events as _, NewAlertConfig,
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

/// Events that a preview looks at.
const LOOKED_AT: u32 = 500;
/// How far back.
const DAY_MS: i64 = 86_400_000;
/// Events that a preview shows.
const SHOWN: usize = 20;

/// Of which application.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfApplication {
    /// Those of this application and of the whole account; all when not given. What is of the whole account is there for
    /// who may see all of it.
    #[param(minimum = 0)]
    pub(crate) application: Option<u32>,
}

/// The account's policies, oldest first.
#[utoipa::path(get, path = "/api/v1/policies", tag = "policies", params(OfApplication, PageParams),
    responses((status = 200, body = Page<Policy>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    Params(of): Params<OfApplication>,
    slice: Slice,
) -> Result<Json<Page<Policy>>, ApiError> {
    list_of(&context, &caller, AlertConfigKind::Policy, of, slice).await
}

/// The account's digests, oldest first: policies that tell all of some hours in one email.
#[utoipa::path(get, path = "/api/v1/digests", tag = "policies", params(OfApplication, PageParams),
    responses((status = 200, body = Page<Policy>), Refusals))]
pub(crate) async fn list_digests(
    State(context): State<Shared>,
    caller: Caller,
    Params(of): Params<OfApplication>,
    slice: Slice,
) -> Result<Json<Page<Policy>>, ApiError> {
    list_of(&context, &caller, AlertConfigKind::Digest, of, slice).await
}

async fn list_of(
    context: &Context,
    caller: &Caller,
    kind: AlertConfigKind,
    of: OfApplication,
    slice: Slice,
) -> Result<Json<Page<Policy>>, ApiError> {
    let configs = notification::configs(context, caller, kind, of.application).await?;
    let actions = notification::names(context, caller, AlertConfigKind::Action).await?;
    let entities = context.entities(caller);
    let read = |config: &metadata_store::AlertConfig| {
        let stored = notifier::read::<Value>(config)?;
        Ok(notification::shown_policy(stored, config.changed_ms, &actions, &entities))
    };
    let policies: Vec<Policy> = configs.iter().map(read).collect::<Result<_, ApiError>>()?;
    Ok(Json(slice.page(policies, None, |one| one)))
}

/// Makes a policy.
#[utoipa::path(post, path = "/api/v1/policies", tag = "policies", request_body = NewPolicy,
    responses((status = 200, body = Policy), (status = 409, body = api_types::ErrorBody), Refusals))]
pub(crate) async fn create(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    Body(wanted): Body<NewPolicy>,
) -> Result<Json<Policy>, ApiError> {
    create_of(&context, (&caller, &trail), AlertConfigKind::Policy, &wanted).await
}

/// Makes a digest.
#[utoipa::path(post, path = "/api/v1/digests", tag = "policies", request_body = NewPolicy,
    responses((status = 200, body = Policy), (status = 409, body = api_types::ErrorBody), Refusals))]
pub(crate) async fn create_digest(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    Body(wanted): Body<NewPolicy>,
) -> Result<Json<Policy>, ApiError> {
    create_of(&context, (&caller, &trail), AlertConfigKind::Digest, &wanted).await
}

async fn create_of(
    context: &Context,
    (caller, trail): (&Caller, &Trail),
    kind: AlertConfigKind,
    wanted: &NewPolicy,
) -> Result<Json<Policy>, ApiError> {
    let new = to_store(context, caller, kind, wanted, None).await?;
    let id = context.store.create_alert_config(kind, &new).await?;
    tracing::info!(id, name = new.name, user = caller.name, "policy made");
    let made = read_of(context, caller, kind, id).await?;
    trail.tell_made(kind.what(), (id, &made.name), &made.0);
    Ok(made)
}

/// One policy.
#[utoipa::path(get, path = "/api/v1/policies/{id}", tag = "policies", params(("id" = u32, Path)),
    responses((status = 200, body = Policy), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Json<Policy>, ApiError> {
    read_of(&context, &caller, AlertConfigKind::Policy, id.0).await
}

/// One digest.
#[utoipa::path(get, path = "/api/v1/digests/{id}", tag = "policies", params(("id" = u32, Path)),
    responses((status = 200, body = Policy), Refusals))]
pub(crate) async fn read_digest(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Json<Policy>, ApiError> {
    read_of(&context, &caller, AlertConfigKind::Digest, id.0).await
}

/// One policy or digest as people see it.
pub(crate) async fn read_of(
    context: &Context,
    caller: &Caller,
    kind: AlertConfigKind,
    id: u32,
) -> Result<Json<Policy>, ApiError> {
    let config = notification::config(context, caller, kind, id).await?;
    let actions = notification::names(context, caller, AlertConfigKind::Action).await?;
    let stored = notifier::read::<Value>(&config)?;
    let entities = context.entities(caller);
    Ok(Json(notification::shown_policy(stored, config.changed_ms, &actions, &entities)))
}

/// Changes a policy.
#[utoipa::path(put, path = "/api/v1/policies/{id}", tag = "policies", params(("id" = u32, Path)),
    request_body = NewPolicy,
    responses((status = 200, body = Policy), (status = 409, body = api_types::ErrorBody), Refusals))]
pub(crate) async fn replace(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathId(id): PathId,
    Body(wanted): Body<NewPolicy>,
) -> Result<Json<Policy>, ApiError> {
    replace_of(&context, (&caller, &trail), AlertConfigKind::Policy, id.0, &wanted).await
}

/// Changes a digest.
#[utoipa::path(put, path = "/api/v1/digests/{id}", tag = "policies", params(("id" = u32, Path)),
    request_body = NewPolicy,
    responses((status = 200, body = Policy), (status = 409, body = api_types::ErrorBody), Refusals))]
pub(crate) async fn replace_digest(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathId(id): PathId,
    Body(wanted): Body<NewPolicy>,
) -> Result<Json<Policy>, ApiError> {
    replace_of(&context, (&caller, &trail), AlertConfigKind::Digest, id.0, &wanted).await
}

async fn replace_of(
    context: &Context,
    (caller, trail): (&Caller, &Trail),
    kind: AlertConfigKind,
    id: u32,
    wanted: &NewPolicy,
) -> Result<Json<Policy>, ApiError> {
    let stored = notification::config_for(context, caller, Permission::Configure, kind, id).await?;
    let new = to_store(context, caller, kind, wanted, Some(&stored)).await?;
    // What cannot be read any more can be replaced, or deleted.
    let before = read_of(context, caller, kind, id).await.ok();
    context.store.replace_alert_config(kind, id, &new, &notification::by_nothing).await?;
    tracing::info!(id, name = new.name, user = caller.name, "policy changed");
    let after = read_of(context, caller, kind, id).await?;
    trail.tell_changed(kind.what(), (id, &stored.name), before.as_deref(), &after.0);
    Ok(after)
}

/// Deletes a policy. What it has not told yet is not told.
#[utoipa::path(delete, path = "/api/v1/policies/{id}", tag = "policies", params(("id" = u32, Path)),
    responses((status = 204, description = "It is gone."), Refusals))]
pub(crate) async fn delete(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathId(id): PathId,
) -> Result<StatusCode, ApiError> {
    delete_of(&context, (&caller, &trail), AlertConfigKind::Policy, id.0).await
}

/// Deletes a digest.
#[utoipa::path(delete, path = "/api/v1/digests/{id}", tag = "policies", params(("id" = u32, Path)),
    responses((status = 204, description = "It is gone."), Refusals))]
pub(crate) async fn delete_digest(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathId(id): PathId,
) -> Result<StatusCode, ApiError> {
    delete_of(&context, (&caller, &trail), AlertConfigKind::Digest, id.0).await
}

async fn delete_of(
    context: &Context,
    (caller, trail): (&Caller, &Trail),
    kind: AlertConfigKind,
    id: u32,
) -> Result<StatusCode, ApiError> {
    let stored = notification::config_for(context, caller, Permission::Delete, kind, id).await?;
    let before = read_of(context, caller, kind, id).await.ok();
    let unused = &notification::by_nothing;
    context.store.delete_alert_config(kind, caller.account.0, id, unused).await?;
    tracing::info!(id, user = caller.name, "policy deleted");
    trail.tell_deleted(kind.what(), (id, &stored.name), before.as_deref());
    Ok(StatusCode::NO_CONTENT)
}

async fn to_store(
    context: &Context,
    caller: &Caller,
    kind: AlertConfigKind,
    wanted: &NewPolicy,
    stored: Option<&AlertConfig>,
) -> Result<NewAlertConfig, ApiError> {
    let value = notification::policy(wanted)?;
    if (kind == AlertConfigKind::Digest) != value.every_hours.is_some() {
        return Err(ApiError::Unprocessable(
            "a digest has every_hours, a policy has none".to_owned(),
        ));
    }
    let application =
        notification::application(context, caller, Permission::Configure, wanted.application)
            .await?;
    let before = stored.and_then(|stored| notifier::read::<Value>(stored).ok());
    let before = before.as_ref().map(|stored| &stored.value);
    notification::known_event_types(&value.event_types, before.map(|one| &one.event_types))?;
    let rules = (&value.rules, before.map(|one| &one.rules));
    let rules = notification::known_rules(context, caller, application, rules.0, rules.1).await?;
    notification::doable(&value, &notification::known_actions(context, caller).await?)?;
    let name = notification::name(&wanted.name)?;
    let needs = DocumentNeeds { rules, actions: value.actions.iter().copied().collect() };
    let new = notification::to_store(context, caller, application, name, &value, Vec::new());
    Ok(NewAlertConfig { needs, ..new })
}

/// What a policy would have taken of the last day's events, and what it would say. Nothing is stored or sent.
#[utoipa::path(post, path = "/api/v1/policies/preview", tag = "policies", request_body = NewPolicy,
    responses((status = 200, body = PolicyPreview), Refusals))]
pub(crate) async fn preview(
    State(context): State<Shared>,
    caller: Caller,
    Body(wanted): Body<NewPolicy>,
) -> Result<Json<PolicyPreview>, ApiError> {
    let application =
        notification::application(&context, &caller, Permission::View, wanted.application).await?;
    let policy = Stored {
        id: 0,
        account: caller.account.0,
        application,
        name: wanted.name.clone(),
        value: notification::policy(&wanted)?,
    };
    let now_ms = context.now_ms();
    let filter = EventFilter {
        account_id: caller.account.0,
        applications: application.map(|id| vec![id]),
        from_ms: now_ms - DAY_MS,
        until_ms: now_ms + DAY_MS,
        ..EventFilter::default()
    };
    let events = context.store.events(&filter, None, LOOKED_AT).await?;
    let taken = context.notifier.taken(&policy, &events);
    let matched: Vec<_> = events.iter().filter(|event| taken.contains(&event.id)).collect();
    let notice = match matched.first() {
        Some(event) => context.notifier.preview(&policy, event),
        None => context.notifier.preview(&policy, &made_up(&policy, now_ms)),
    };
    let shown = |event: &&metadata_store::Event| MatchedEvent {
        id: event.id,
        at: event.time_ms,
        event_type: event.kind.clone(),
        summary: event.summary.clone(),
    };
    Ok(Json(PolicyPreview {
        looked_at: u32::try_from(events.len()).unwrap_or(u32::MAX),
        matched: u32::try_from(matched.len()).unwrap_or(u32::MAX),
        events: matched.iter().take(SHOWN).map(shown).collect(),
        notice: notification::rendered(&notice)?,
        made_up: matched.is_empty(),
    }))
}

/// An event that the policy could take.
fn made_up(policy: &Stored<Value>, now_ms: i64) -> metadata_store::Event {
    let kind = policy.value.event_types.first().cloned();
    let custom = policy.value.custom.first().map(|custom| custom.event_type.clone());
    let kind = kind.unwrap_or_else(|| "CUSTOM".to_owned());
    let of_rule = kind.starts_with("POLICY_");
    let rule = policy.value.rules.first().cloned();
    metadata_store::Event {
        id: 0,
        account_id: policy.account,
        application_id: policy.application,
        severity: if kind.contains("WARNING") { EventSeverity::Warn } else { EventSeverity::Error },
        kind,
        sub_type: custom.unwrap_or_default(),
        time_ms: now_ms,
        repeats: 1,
        summary: "An example of what would be said here".to_owned(),
        comment: String::new(),
        affected: vec![metadata_store::EntityRef { kind: 4, id: 0, name: "POST /checkout".to_owned() }],
        triggered: of_rule.then(|| metadata_store::EntityRef {
            kind: metadata_store::EntityRef::HEALTH_RULE,
            id: 0,
            name: rule.unwrap_or_else(|| "Response time is much higher than normal".to_owned()),
        }),
        properties: Vec::new(),
        detail: r#"{"conditions":[{"metric":"Average Response Time","value":812,"expected":120,"unit":"ms"}]}"#
            .to_owned(),
        is_read: false,
        is_resolved: false,
    }
}

/// What policies and actions can be made of: types of events, ready requests, commands.
#[utoipa::path(get, path = "/api/v1/notice-options", tag = "policies",
    responses((status = 200, body = NoticeOptions), Refusals))]
pub(crate) async fn options(
    State(context): State<Shared>,
) -> Result<Json<NoticeOptions>, ApiError> {
    let group = |(name, types): &(&str, &[&str])| EventTypeGroup {
        name: (*name).to_owned(),
        types: types.iter().map(|one| (*one).to_owned()).collect(),
    };
    Ok(Json(NoticeOptions {
        event_types: alerting::policy::EVENT_TYPES.iter().map(group).collect(),
        presets: notification::shown_presets(),
        commands: context.notifier.commands(),
    }))
}
