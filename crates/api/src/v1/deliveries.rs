//! Deliveries: what was told to whom, with the answers.

use std::collections::BTreeMap;

use alerting::{actions::Attempt, notice::Notice};
use api_types::{Delivery, DeliveryDetail, DeliveryState, Page, Ref};
use axum::{Json, extract::State};
use metadata_store::{
    AlertConfigKind, Deliveries as _, Delivery as Stored, DeliveryFilter, DeliveryState as State_,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Refusals;
use crate::{
    auth::Caller,
    context::{Context, Shared},
    entities::Entities,
    error::ApiError,
    extract::{Params, PathId},
    notification,
    paging::{PageParams, Paging},
};

/// Which deliveries: of those that tell of applications which the caller may see.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    #[param(minimum = 0)]
    application: Option<u32>,
    /// Of this policy or digest.
    #[param(minimum = 0)]
    policy: Option<u32>,
    #[param(minimum = 0)]
    action: Option<u32>,
    state: Option<DeliveryState>,
    /// About this violation, among others.
    #[param(minimum = 0)]
    violation: Option<u32>,
}

/// Deliveries, newest first.
#[utoipa::path(get, path = "/api/v1/deliveries", tag = "deliveries", params(Wanted, PageParams),
    responses((status = 200, body = Page<Delivery>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    Params(wanted): Params<Wanted>,
    paging: Paging,
) -> Result<Json<Page<Delivery>>, ApiError> {
    let filter = DeliveryFilter {
        account_id: caller.account.0,
        applications: context.entities(&caller).seen(wanted.application),
        policy_id: wanted.policy,
        action_id: wanted.action,
        state: wanted.state.map(stored_state),
        violation_id: wanted.violation,
    };
    let before: u32 = paging.place(|place| place.parse().ok())?.unwrap_or(0);
    let most = u32::try_from(paging.limit).unwrap_or(u32::MAX - 1);
    let mut found = context.store.deliveries(&filter, before, most + 1).await?;
    let more = found.len() > paging.limit;
    found.truncate(paging.limit);
    let next = found.last().filter(|_| more).map(|last| paging.next(last.id));
    let names = Names::of(&context, &caller).await?;
    let items = found.iter().map(|one| names.shown(one)).collect();
    Ok(Json(Page { items, next, partial: None }))
}

/// One delivery: its notice, and every attempt with its answer.
#[utoipa::path(get, path = "/api/v1/deliveries/{id}", tag = "deliveries",
    params(("id" = u32, Path)), responses((status = 200, body = DeliveryDetail), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Json<DeliveryDetail>, ApiError> {
    let found = context.store.delivery(caller.account.0, id.0).await?;
    let found = found.filter(|one| notification::sees(&caller, one.application_id));
    let found = found.ok_or_else(|| ApiError::missing("delivery", id))?;
    let notice: Notice = serde_json::from_str(&found.notice)
        .map_err(|error| ApiError::Unavailable { what: "notice", source: Box::new(error) })?;
    let names = Names::of(&context, &caller).await?;
    Ok(Json(DeliveryDetail {
        attempts: attempts(&found).iter().map(notification::shown_attempt).collect(),
        notice: notification::rendered(&notice)?,
        link: notice.link,
        delivery: names.shown(&found),
    }))
}

fn stored_state(state: DeliveryState) -> State_ {
    match state {
        DeliveryState::Pending => State_::Pending,
        DeliveryState::Delivered => State_::Delivered,
        DeliveryState::GaveUp => State_::GaveUp,
        DeliveryState::Suppressed => State_::Suppressed,
    }
}

fn shown_state(state: State_) -> DeliveryState {
    match state {
        State_::Pending => DeliveryState::Pending,
        State_::Delivered => DeliveryState::Delivered,
        State_::GaveUp => DeliveryState::GaveUp,
        State_::Suppressed => DeliveryState::Suppressed,
    }
}

fn attempts(delivery: &Stored) -> Vec<Attempt> {
    serde_json::from_str(&delivery.log).unwrap_or_default()
}

/// What policies, digests and actions are called.
struct Names {
    policies: BTreeMap<u32, String>,
    actions: BTreeMap<u32, String>,
    entities: Entities,
}

impl Names {
    async fn of(context: &Context, caller: &Caller) -> Result<Names, ApiError> {
        let mut policies = notification::names(context, caller, AlertConfigKind::Policy).await?;
        policies.extend(notification::names(context, caller, AlertConfigKind::Digest).await?);
        Ok(Names {
            policies,
            actions: notification::names(context, caller, AlertConfigKind::Action).await?,
            entities: context.entities(caller),
        })
    }

    fn shown(&self, one: &Stored) -> Delivery {
        let named = |names: &BTreeMap<u32, String>, id: u32| Ref {
            id,
            name: names.get(&id).cloned().unwrap_or_default(),
        };
        let log = attempts(one);
        let made = one.attempts.max(u32::try_from(log.len()).unwrap_or(u32::MAX));
        Delivery {
            id: one.id,
            at: one.created_ms,
            state: shown_state(one.state),
            title: one.title.clone(),
            application: notification::mention(&self.entities, one.application_id),
            policy: (one.policy_id != 0).then(|| named(&self.policies, one.policy_id)),
            action: named(&self.actions, one.action_id),
            attempts: made,
            next_at: (one.state == State_::Pending).then_some(one.due_ms),
            last: log.last().map(notification::shown_attempt),
        }
    }
}
