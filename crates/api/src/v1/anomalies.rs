//! Anomalies: what deviates, why, and what people say of it.

use std::collections::BTreeSet;

use alerting::anomalies::{
    Body as StoredBody, FoundCauses, Past, SeriesKey, What, replay, unit_of,
};
use api_types::{
    Anomaly, AnomalyChange, AnomalyDetail, AnomalyPoint, AnomalySeries, AnomalyStatus, Feedback,
    NewFeedback, Page, Partial,
};
use axum::{Json, extract::State};
use metadata_store::{
    Anomalies as _, Anomaly as Stored, AnomalyFilter, AnomalyStatus as StoredStatus, StoredFeedback,
};
use model::{
    access::Permission,
    anomaly::{AnomalousKind, AnomalyChangeKind, AnomalyMeasure, AnomalySettings, CauseVerdict},
    entity::EntityKind,
    id::EntityId,
    rule::Level,
    time::{Minute, MinuteRange},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    Refusals,
    violations::{end_of, level, number},
};
use crate::{
    auth::{Caller, Deed, Trail},
    causes,
    context::{Context, Shared},
    error::ApiError,
    extract::{Body, Params, PathId, Range, RangeParams, short},
    paging::{PageParams, Paging},
};

/// Which anomalies.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AnomalyParams {
    /// Of this application.
    application: Option<u32>,
    entity_kind: Option<AnomalousKind>,
    /// Of this entity.
    entity: Option<u32>,
    state: Option<AnomalyStatus>,
    /// That is so bad, or was at last.
    level: Option<Level>,
    /// Of this incident.
    incident: Option<u32>,
    /// `opened`, those that opened last first, or `level`, critical ones before warnings; `opened` when not given.
    #[param(inline)]
    sort: Option<Order>,
}

/// In which order anomalies are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Order {
    #[default]
    Opened,
    Level,
}

/// Minutes before the onset and after the end that are charted.
const AROUND: u32 = 60;
/// Minutes that are charted at most: as long as the page looks around an anomaly.
const MOST_CHARTED: u32 = 24 * 60;
/// Minutes that a charted series is learnt from.
const LEARNT_FROM: u32 = 2 * 24 * 60;
/// Series that are charted.
const MOST_SERIES: usize = 3;
const MOST_SIMILAR: u32 = 10;
/// Characters of a remark.
const MOST_NOTE: usize = 1_000;

/// Anomalies that were open at some time of the range, those that opened last first.
#[utoipa::path(get, path = "/api/v1/anomalies", tag = "anomalies",
    params(AnomalyParams, RangeParams, PageParams),
    responses((status = 200, body = Page<Anomaly>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    Params(wanted): Params<AnomalyParams>,
    range: Range,
    paging: Paging,
) -> Result<Json<Page<Anomaly>>, ApiError> {
    let filter = AnomalyFilter {
        account_id: caller.account.0,
        applications: context.entities(&caller).seen(wanted.application),
        entity_id: wanted.entity,
        entity_kind: None,
        incident_id: wanted.incident,
        status: wanted.state.map(stored_status),
        level: wanted.level.map(number),
        from_minute: Minute::of_millis(range.from_ms).0,
        until_minute: Minute::of_millis(range.to_ms).0.saturating_add(1),
        ..AnomalyFilter::default()
    };
    let (found, next) = match wanted.sort.unwrap_or_default() {
        Order::Opened => {
            let before = paging.opened_before()?;
            let found =
                some(&context, &filter, wanted.entity_kind, before, paging.wanted()).await?;
            paging.opened(found, |one| (one.opened_minute, one.id))
        }
        Order::Level => by_level(&context, &filter, wanted.entity_kind, &paging).await?,
    };
    let items = found.iter().map(|stored| body(&context, &caller, stored)).collect();
    Ok(Json(Page { items, next, partial: None }))
}

/// Those of a kind that opened last, behind one that was seen.
async fn some(
    context: &Context,
    filter: &AnomalyFilter,
    kind: Option<AnomalousKind>,
    before: Option<(u32, u32)>,
    limit: u32,
) -> Result<Vec<Stored>, ApiError> {
    // Backends and queues are one kind here, and no server has an anomaly of its own.
    let kinds: Vec<Option<u8>> = match kind {
        None => vec![None],
        Some(kind) => kinds_of(kind).iter().map(|kind| Some(*kind as u8)).collect(),
    };
    let mut found = Vec::new();
    for entity_kind in kinds {
        let filter = AnomalyFilter { entity_kind, ..filter.clone() };
        found.extend(context.store.anomalies(&filter, before, limit).await?);
    }
    found.sort_by_key(|one| std::cmp::Reverse((one.opened_minute, one.id)));
    found.truncate(limit as usize);
    Ok(found)
}

/// A page of critical ones, then of warnings, with the cursor of the next.
async fn by_level(
    context: &Context,
    filter: &AnomalyFilter,
    kind: Option<AnomalousKind>,
    paging: &Paging,
) -> Result<(Vec<Stored>, Option<String>), ApiError> {
    let seen = paging.place(level_place)?;
    let mut found: Vec<Stored> = Vec::new();
    for level in [Level::Critical, Level::Warning].map(number) {
        let is_wanted = filter.level.is_none_or(|wanted| wanted == level);
        if !is_wanted || seen.is_some_and(|(last, ..)| level > last) {
            continue;
        }
        let before = seen.filter(|(last, ..)| *last == level).map(|(_, minute, id)| (minute, id));
        let filter = AnomalyFilter { level: Some(level), ..filter.clone() };
        found.extend(some(context, &filter, kind, before, paging.wanted()).await?);
    }
    let is_more = found.len() > paging.limit;
    found.truncate(paging.limit);
    let next = found.last().filter(|_| is_more).map(|last| {
        paging.next(format!("{}-{}-{}", last.standing.level, last.opened_minute, last.id))
    });
    Ok((found, next))
}

/// The level, the minute and the id of what was seen last.
fn level_place(place: &str) -> Option<(u8, u32, u32)> {
    let (level, rest) = place.split_once('-')?;
    let (minute, id) = rest.split_once('-')?;
    Some((level.parse().ok()?, minute.parse().ok()?, id.parse().ok()?))
}

/// An anomaly with the series that deviate, what is suspected behind it and why, and what people said of it.
#[utoipa::path(get, path = "/api/v1/anomalies/{id}", tag = "anomalies",
    params(("id" = u32, Path)), responses((status = 200, body = AnomalyDetail), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Json<AnomalyDetail>, ApiError> {
    let stored = one(&context, &caller, id).await?;
    let changes =
        context.store.anomaly_changes(id.0).await?.into_iter().map(|change| AnomalyChange {
            kind: AnomalyChangeKind::from_number(change.kind).unwrap_or(AnomalyChangeKind::Opened),
            level: level(change.level),
            at: end_of(change.minute),
            summary: change.summary,
        });
    let changes = changes.collect();
    let found = context.store.anomaly_cause(id.0).await?;
    let found: FoundCauses =
        found.and_then(|found| serde_json::from_str(&found.body).ok()).unwrap_or_default();
    let (series, partial) = charted(&context, &caller, &stored).await?;
    let mut reasons = found.lacks.clone();
    reasons.extend(partial.into_iter().flat_map(|partial| partial.reasons));
    let entities = context.entities(&caller);
    let open = caller.rights.within(Permission::SensitiveData, EntityId(stored.of.application_id));
    let shown = causes::Shown { entities: &entities, sensitive: open };
    let suspects: Vec<_> = found.suspects.iter().map(|one| shown.suspect(one)).collect();
    let feedback = context.store.anomaly_feedback(id.0).await?;
    Ok(Json(AnomalyDetail {
        similar: similar(&context, &caller, &stored).await?,
        anomaly: body(&context, &caller, &stored),
        changes,
        series,
        path: suspects.first().map(|first| first.path.clone()).unwrap_or_default(),
        suspects,
        no_clear_cause: found.none,
        operations: found.operations.iter().map(|one| shown.operation(one)).collect(),
        feedback: feedback.iter().filter_map(said).collect(),
        partial: Partial::of(reasons),
    }))
}

/// Says something of an anomaly: that it is noise, that its cause is right, or that it is not. This is kept; how anomalies are
/// found does not change by it.
#[utoipa::path(post, path = "/api/v1/anomalies/{id}/feedback", tag = "anomalies",
    params(("id" = u32, Path)), request_body = NewFeedback,
    responses(
        (status = 200, body = Feedback),
        (status = 409, body = api_types::ErrorBody, description = "Enough was said of it: there are 200 remarks"),
        (status = 422, body = api_types::ErrorBody, description = "There is no such entity"),
        Refusals))]
pub(crate) async fn add_feedback(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathId(id): PathId,
    Body(wanted): Body<NewFeedback>,
) -> Result<Json<Feedback>, ApiError> {
    let stored = one(&context, &caller, id).await?;
    let application = EntityId(stored.of.application_id);
    context.require(&caller, Permission::Configure, Some(application)).await?;
    let note = short("note", wanted.note, MOST_NOTE)?;
    let suspect = match wanted.suspect {
        None => None,
        Some(id) => {
            let entities = context.entities(&caller);
            let known = entities.get(EntityId(id));
            let known = known.ok_or_else(|| {
                ApiError::bad(format!("there is no entity {id} that could be a suspect"))
                    .unprocessable()
            })?;
            Some(api_types::Ref { id, name: known.key.name.clone() })
        }
    };
    let feedback = Feedback {
        at: context.now_ms(),
        by: caller.name.clone(),
        verdict: wanted.verdict,
        suspect,
        note,
    };
    let json = serde_json::to_string(&feedback).expect("texts are JSON");
    context
        .store
        .add_anomaly_feedback(id.0, &StoredFeedback { at_ms: feedback.at, body: json })
        .await?;
    let deed = Deed {
        action: "remark on",
        object: "anomaly",
        id: &id.to_string(),
        name: &stored.of.entity_name,
    };
    trail.tell(deed, None::<&Feedback>, Some(&feedback));
    Ok(Json(feedback))
}

/// One that the caller may see.
async fn one(context: &Context, caller: &Caller, id: EntityId) -> Result<Stored, ApiError> {
    let found = context.store.anomaly(caller.account.0, id.0).await?;
    let entities = context.entities(caller);
    let shows = |found: &Stored| entities.sight().shows(EntityId(found.of.application_id));
    found.filter(shows).ok_or_else(|| ApiError::missing("anomaly", id))
}

pub(crate) fn stored_status(status: AnomalyStatus) -> StoredStatus {
    match status {
        AnomalyStatus::Open => StoredStatus::Open,
        AnomalyStatus::Closed => StoredStatus::Closed,
    }
}

pub(crate) fn status(stored: StoredStatus) -> AnomalyStatus {
    match stored {
        StoredStatus::Open => AnomalyStatus::Open,
        StoredStatus::Closed => AnomalyStatus::Closed,
    }
}

/// The kinds of entities that are of a kind as it is shown.
pub(crate) fn kinds_of(kind: AnomalousKind) -> &'static [EntityKind] {
    match kind {
        AnomalousKind::BusinessTransaction => &[EntityKind::BusinessTransaction],
        AnomalousKind::Tier => &[EntityKind::Tier],
        AnomalousKind::Node => &[EntityKind::Node],
        AnomalousKind::ServiceEndpoint => &[EntityKind::ServiceEndpoint],
        AnomalousKind::Backend => &[EntityKind::Backend, EntityKind::Queue],
        AnomalousKind::Server => &[],
    }
}

/// What a newer version wrote says nothing.
fn details(stored: &Stored) -> StoredBody {
    serde_json::from_str(&stored.standing.body).unwrap_or_default()
}

pub(crate) fn body(context: &Context, caller: &Caller, stored: &Stored) -> Anomaly {
    let entities = context.entities(caller);
    let shown = causes::Shown { entities: &entities, sensitive: false };
    let details = details(stored);
    let kind = EntityKind::from_number(stored.of.entity_kind).and_then(AnomalousKind::of);
    let is_closed = stored.standing.status == StoredStatus::Closed;
    let looked_for = matches!(kind, Some(AnomalousKind::BusinessTransaction | AnomalousKind::Tier));
    let verdict = match details.verdict {
        // Nobody will look for it any more.
        CauseVerdict::Pending if is_closed && looked_for => CauseVerdict::NoClearCause,
        verdict => verdict,
    };
    Anomaly {
        id: stored.id,
        application: entities.mention(EntityId(stored.of.application_id)),
        entity: api_types::Ref { id: stored.of.entity_id, name: stored.of.entity_name.clone() },
        entity_kind: kind.unwrap_or(AnomalousKind::Tier),
        tier: entities.tier_of_node(EntityId(stored.of.entity_id)),
        measure: AnomalyMeasure::from_number(stored.standing.measure),
        metric: details.metric,
        level: level(stored.standing.level),
        worst: level(stored.standing.worst),
        status: status(stored.standing.status),
        onset_at: Minute(stored.onset_minute).start_millis(),
        opened_at: end_of(stored.opened_minute),
        changed_at: end_of(stored.changed_minute),
        closed_at: is_closed.then(|| end_of(stored.closed_minute)),
        observed: details.observed,
        expected: details.expected,
        unit: details.unit,
        deviation: details.deviation,
        shift: details.shift,
        top_suspect: details.suspect.as_ref().map(|suspect| shown.brief(suspect)),
        verdict,
        incident: Some(stored.incident_id).filter(|id| *id != 0),
        summary: details.summary,
    }
}

fn said(stored: &StoredFeedback) -> Option<Feedback> {
    serde_json::from_str(&stored.body).ok()
}

/// Earlier ones of the same entity and measure, and with the same first suspect.
async fn similar(
    context: &Context,
    caller: &Caller,
    stored: &Stored,
) -> Result<Vec<Anomaly>, ApiError> {
    let filter = AnomalyFilter {
        account_id: caller.account.0,
        applications: context.entities(caller).seen(None),
        until_minute: stored.opened_minute,
        ..AnomalyFilter::default()
    };
    let of_entity = AnomalyFilter {
        entity_id: Some(stored.of.entity_id),
        measure: Some(stored.standing.measure),
        ..filter.clone()
    };
    let mut found = context.store.anomalies(&of_entity, None, MOST_SIMILAR).await?;
    if stored.standing.suspect_id != 0 {
        let suspect_id = Some(stored.standing.suspect_id);
        let with_suspect = AnomalyFilter { suspect_id, ..filter };
        found.extend(context.store.anomalies(&with_suspect, None, MOST_SIMILAR).await?);
    }
    let mut seen = BTreeSet::from([stored.id]);
    found.retain(|one| seen.insert(one.id));
    found.sort_by_key(|one| std::cmp::Reverse((one.opened_minute, one.id)));
    found.truncate(MOST_SIMILAR as usize);
    Ok(found.iter().map(|one| body(context, caller, one)).collect())
}

/// The series that deviate, over the time of the anomaly.
async fn charted(
    context: &Context,
    caller: &Caller,
    stored: &Stored,
) -> Result<(Vec<AnomalySeries>, Option<Partial>), ApiError> {
    let Some(kind) = EntityKind::from_number(stored.of.entity_kind) else {
        return Ok((Vec::new(), None));
    };
    let details = details(stored);
    let measure = AnomalyMeasure::from_number(stored.standing.measure);
    let mut wanted: Vec<What> = What::of(measure, details.metric.as_deref()).into_iter().collect();
    // What goes with it, whether or not it deviates too.
    wanted.extend([What::ResponseTime, What::ErrorShare, What::Calls]);
    let mut seen = BTreeSet::new();
    wanted.retain(|what| seen.insert(*what));
    wanted.truncate(MOST_SERIES);
    let start = Minute(stored.onset_minute.saturating_sub(AROUND));
    let end = match stored.closed_minute {
        0 => context.now_minute(),
        closed => Minute(closed + AROUND).min(context.now_minute()),
    };
    let end = end.min(Minute(start.0 + MOST_CHARTED)).max(start);
    let settings = super::anomaly_settings::settings(context, stored.of.application_id).await?;
    let wanted_of = wanted_of(&settings, kind, stored.of.entity_id);
    let calendar = super::anomaly_settings::calendar(context, caller).await?;
    let (account, application) = (caller.account, EntityId(stored.of.application_id));
    let entity = EntityId(stored.of.entity_id);
    let told = context.queries.ask(account, move |asking| {
        let mut all = Vec::new();
        for what in wanted {
            let past = Past {
                account,
                application,
                key: SeriesKey { entity, what },
                kind,
                learnt_from: Minute(start.0.saturating_sub(LEARNT_FROM)),
                range: MinuteRange { start, end },
                settings: &settings,
                wanted: wanted_of,
                calendar: &calendar,
            };
            let answer = replay(asking.reader(), &past)?;
            answer.partial.iter().for_each(|reason| asking.lacks(reason));
            all.push((what, answer.value.points));
        }
        Ok(all)
    });
    let told = told.await?;
    let series = told.value.into_iter().map(|(what, points)| AnomalySeries {
        measure: what.measure(),
        metric: what.metric().map(str::to_owned),
        unit: unit_of(what),
        step_ms: 60_000,
        points: points.iter().map(point).collect(),
    });
    Ok((series.collect(), told.partial))
}

/// How much is wanted to be heard of an entity.
pub(crate) fn wanted_of(
    settings: &AnomalySettings,
    kind: EntityKind,
    entity: u32,
) -> model::anomaly::AnomalySensitivity {
    let own = match kind {
        EntityKind::BusinessTransaction => settings.of_transaction(entity),
        _ => None,
    };
    own.unwrap_or(settings.sensitivity)
}

pub(crate) fn point(point: &alerting::anomalies::PastPoint) -> AnomalyPoint {
    AnomalyPoint {
        at: point.at.start_millis(),
        value: point.value,
        expected: point.expected,
        low: point.low,
        high: point.high,
        state: point.state,
    }
}
