//! Incidents: what has one cause.

use alerting::anomalies::IncidentBody;
use api_types::{AnomalyStatus, Incident, IncidentDetail, Page};
use axum::{Json, extract::State};
use metadata_store::{Incident as Stored, IncidentFilter, Incidents as _, Violations as _};
use model::{id::EntityId, time::Minute};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Refusals,
    anomalies::{self, status, stored_status},
    violations::{self, end_of, level},
};
use crate::{
    auth::Caller,
    causes,
    context::{Context, Shared},
    error::ApiError,
    extract::{Params, PathId, Range, RangeParams},
    paging::{PageParams, Paging},
};

/// Members of each kind that are listed.
const MOST_MEMBERS: u32 = 200;

/// Which incidents.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct IncidentParams {
    /// Of this application.
    application: Option<u32>,
    state: Option<AnomalyStatus>,
}

/// Incidents that were open at some time of the range, those that opened last first.
#[utoipa::path(get, path = "/api/v1/incidents", tag = "anomalies",
    params(IncidentParams, RangeParams, PageParams),
    responses((status = 200, body = Page<Incident>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    Params(wanted): Params<IncidentParams>,
    range: Range,
    paging: Paging,
) -> Result<Json<Page<Incident>>, ApiError> {
    let filter = IncidentFilter {
        account_id: caller.account.0,
        applications: context.entities(&caller).seen(wanted.application),
        status: wanted.state.map(stored_status),
        from_minute: Minute::of_millis(range.from_ms).0,
        until_minute: Minute::of_millis(range.to_ms).0.saturating_add(1),
    };
    let before = paging.opened_before()?;
    let found = context.store.incidents(&filter, before, paging.wanted()).await?;
    let (found, next) = paging.opened(found, |one| (one.opened_minute, one.id));
    let ids: Vec<u32> = found.iter().map(|one| one.id).collect();
    let counts = context.store.incident_counts(&ids).await?;
    let items = found.iter().map(|stored| {
        let counts = counts.get(&stored.id).copied().unwrap_or_default();
        body(&context, &caller, stored, counts)
    });
    Ok(Json(Page { items: items.collect(), next, partial: None }))
}

/// An incident with the anomalies and violations that belong to it.
#[utoipa::path(get, path = "/api/v1/incidents/{id}", tag = "anomalies",
    params(("id" = u32, Path)), responses((status = 200, body = IncidentDetail), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Json<IncidentDetail>, ApiError> {
    let found = context.store.incident(caller.account.0, id.0).await?;
    let entities = context.entities(&caller);
    let shows = |found: &Stored| entities.sight().shows(EntityId(found.application_id));
    let found = found.filter(shows).ok_or_else(|| ApiError::missing("incident", id))?;
    let counts = context.store.incident_counts(&[id.0]).await?;
    let members = context.store.incident_anomalies(id.0, MOST_MEMBERS).await?;
    let mut violations = Vec::new();
    for violation in
        context.store.incident_violations(id.0).await?.into_iter().take(MOST_MEMBERS as usize)
    {
        // One that was forgotten is gone.
        let stored = context.store.violation(caller.account.0, violation).await?;
        violations.extend(stored.map(|stored| violations::body(&context, &caller, &stored)));
    }
    let counts = counts.get(&id.0).copied().unwrap_or_default();
    Ok(Json(IncidentDetail {
        incident: body(&context, &caller, &found, counts),
        anomalies: members.iter().map(|one| anomalies::body(&context, &caller, one)).collect(),
        violations,
    }))
}

fn body(context: &Context, caller: &Caller, stored: &Stored, counts: [u32; 2]) -> Incident {
    let entities = context.entities(caller);
    let shown = causes::Shown { entities: &entities, sensitive: false };
    let details: IncidentBody = serde_json::from_str(&stored.body).unwrap_or_default();
    Incident {
        id: stored.id,
        application: entities.mention(EntityId(stored.application_id)),
        status: status(stored.status),
        level: level(stored.level),
        opened_at: end_of(stored.opened_minute),
        closed_at: (stored.closed_minute > 0).then(|| end_of(stored.closed_minute)),
        summary: details.summary,
        cause: details.cause.as_ref().map(|cause| shown.brief(cause)),
        anomalies: counts[0],
        violations: counts[1],
    }
}
