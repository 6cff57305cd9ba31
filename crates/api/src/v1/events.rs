//! Events.

use api_types::{
    Event, EventCount, EventEntity, EventMarks, EventProperty, EventSeverity, EventSubject,
    EventSummary, NewEvent, Page,
};
use axum::{Json, extract::State};
use http::StatusCode;
use metadata_store::{
    EntityRef, Event as Stored, EventMarks as Marks, EventSeverity as Severity, Events as _,
    MAX_EVENT_PROPERTIES,
};
use model::{access::Permission, entity::EntityKind, event as types, id::EntityId};

use super::{Refusals, event_filter::EventParams};
use crate::{
    auth::Caller,
    context::{Context, Shared},
    entities::{Entities, Sight},
    error::ApiError,
    event,
    extract::{Body, Params, PathId, Range, RangeParams},
    paging::{PageParams, Paging},
};

/// Entities that who posts an event may name; what they are part of comes besides.
const MOST_AFFECTED: usize = 50;
/// How long ago, and how far ahead, what is posted may have happened, milliseconds.
const OLDEST_MS: i64 = 14 * 86_400_000;
const AHEAD_MS: i64 = 3_600_000;

/// Events, newest first.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", params(RangeParams, EventParams, PageParams),
    responses((status = 200, body = Page<Event>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    range: Range,
    Params(wanted): Params<EventParams>,
    paging: Paging,
) -> Result<Json<Page<Event>>, ApiError> {
    let entities = context.entities(&caller);
    let filter = wanted.filter(&caller, &range, &entities)?;
    let before = paging.place(|place| {
        let (time_ms, id) = place.split_once('-')?;
        Some((time_ms.parse().ok()?, id.parse().ok()?))
    })?;
    // One more than asked for tells whether there is a next page.
    let limit = u32::try_from(paging.limit).expect("at most 1000") + 1;
    let mut found = context.store.events(&filter, before, limit).await?;
    let is_last = found.len() <= paging.limit;
    found.truncate(paging.limit);
    let next = found.last().filter(|_| !is_last);
    let next = next.map(|last| paging.next(format!("{}-{}", last.time_ms, last.id)));
    let items = found.into_iter().map(|stored| body(&entities, stored)).collect();
    Ok(Json(Page { items, next, partial: None }))
}

/// How many events there are, by type and severity.
#[utoipa::path(get, path = "/api/v1/events/summary", tag = "events", params(RangeParams, EventParams),
    responses((status = 200, body = EventSummary), Refusals))]
pub(crate) async fn summary(
    State(context): State<Shared>,
    caller: Caller,
    range: Range,
    Params(wanted): Params<EventParams>,
) -> Result<Json<EventSummary>, ApiError> {
    let filter = wanted.filter(&caller, &range, &context.entities(&caller))?;
    let counts = context.store.count_events(&filter).await?;
    let total = counts.iter().map(|count| count.count).sum();
    let counts = counts.into_iter().map(|count| EventCount {
        kind: count.kind,
        severity: written(count.severity),
        count: count.count,
    });
    Ok(Json(EventSummary { counts: counts.collect(), total }))
}

/// One event.
#[utoipa::path(get, path = "/api/v1/events/{id}", tag = "events", params(("id" = u32, Path)),
    responses((status = 200, body = Event), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Json<Event>, ApiError> {
    Ok(Json(one(&context, &caller, id).await?))
}

async fn one(context: &Context, caller: &Caller, id: EntityId) -> Result<Event, ApiError> {
    let found = context.store.event(caller.account.0, id.0).await?;
    let entities = context.entities(caller);
    let shows = |event: &Stored| match event.application_id {
        Some(id) => entities.sight().shows(EntityId(id)),
        None => *entities.sight() == Sight::All,
    };
    let stored = found.filter(shows).ok_or_else(|| ApiError::missing("event", id))?;
    Ok(body(&entities, stored))
}

/// Posts an event: a deployment, a change of configuration, a restart, or anything by a type of your own.
#[utoipa::path(post, path = "/api/v1/events", tag = "events", request_body = NewEvent,
    responses((status = 201, body = Event), Refusals))]
pub(crate) async fn create(
    State(context): State<Shared>,
    caller: Caller,
    Body(wanted): Body<NewEvent>,
) -> Result<(StatusCode, Json<Event>), ApiError> {
    let event = to_store(&context, &caller, wanted)?;
    let application = event.application_id.map(EntityId);
    context.require(&caller, Permission::Configure, application).await?;
    let id = context.post(&event).await?;
    Ok((StatusCode::CREATED, Json(one(&context, &caller, EntityId(id)).await?)))
}

fn to_store(
    context: &Context,
    caller: &Caller,
    wanted: NewEvent,
) -> Result<metadata_store::NewEvent, ApiError> {
    event::may_be_posted(&wanted.kind)?;
    if wanted.kind != types::CUSTOM && !wanted.custom_type.is_empty() {
        return Err(ApiError::Unprocessable("only a CUSTOM event has a custom_type".to_owned()));
    }
    if wanted.affected.len() > MOST_AFFECTED || wanted.properties.len() > MAX_EVENT_PROPERTIES {
        return Err(ApiError::bad(format!(
            "an event has at most {MOST_AFFECTED} entities in affected and {MAX_EVENT_PROPERTIES} properties"
        )));
    }
    let entities = context.entities(caller);
    let application =
        entities.application(EntityId(wanted.application)).map_err(ApiError::within_body)?;
    let now_ms = context.now_ms();
    let time_ms = wanted.at.unwrap_or(now_ms);
    if !(now_ms - OLDEST_MS..=now_ms + AHEAD_MS).contains(&time_ms) {
        return Err(ApiError::Unprocessable(
            "at has to be within the last 14 days, or at most an hour ahead".to_owned(),
        ));
    }
    let mut affected = event::affected(&entities, &application);
    for id in wanted.affected {
        let of_application =
            entities.get(EntityId(id)).filter(|entity| entity.key.application == application.id);
        let entity = of_application.ok_or_else(|| {
            ApiError::Unprocessable(format!("the application has nothing of the id {id}"))
        })?;
        for one in event::affected(&entities, &entity) {
            if !affected.contains(&one) {
                affected.push(one);
            }
        }
    }
    let properties = wanted.properties.into_iter().map(|one| (one.name, one.value));
    Ok(metadata_store::NewEvent {
        sub_type: wanted.custom_type,
        severity: stored(wanted.severity),
        time_ms,
        summary: event::line("summary", &wanted.summary)?,
        comment: wanted.comment,
        affected,
        properties: properties.collect(),
        ..event::of(caller, &wanted.kind, Some(&application), now_ms)
    })
}

/// Says of an event whether it was read and whether what it tells is resolved.
#[utoipa::path(put, path = "/api/v1/events/{id}/marks", tag = "events", params(("id" = u32, Path)),
    request_body = EventMarks, responses((status = 200, body = Event), Refusals))]
pub(crate) async fn put_marks(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Body(marks): Body<EventMarks>,
) -> Result<Json<Event>, ApiError> {
    let before = one(&context, &caller, id).await?;
    let application = before.application.map(|application| EntityId(application.id));
    context.require(&caller, Permission::Configure, application).await?;
    let marks = Marks { is_read: marks.is_read, is_resolved: marks.is_resolved };
    context.store.mark_events(caller.account.0, &[id.0], marks).await?;
    Ok(Json(one(&context, &caller, id).await?))
}

fn body(entities: &Entities, event: Stored) -> Event {
    Event {
        id: event.id,
        application: event.application_id.map(|id| entities.mention(EntityId(id))),
        kind: event.kind,
        custom_type: event.sub_type,
        severity: written(event.severity),
        at: event.time_ms,
        summary: event.summary,
        comment: event.comment,
        repeats: event.repeats,
        affected: event.affected.into_iter().map(|one| entity(entities, one)).collect(),
        triggered: event.triggered.map(|one| entity(entities, one)),
        properties: event
            .properties
            .into_iter()
            .map(|(name, value)| EventProperty { name, value })
            .collect(),
        is_read: event.is_read,
        is_resolved: event.is_resolved,
    }
}

fn entity(entities: &Entities, EntityRef { kind, id, name }: EntityRef) -> EventEntity {
    let is_node = kind == EntityKind::Node as u8;
    let tier = is_node.then(|| entities.tier_of_node(EntityId(id))).flatten();
    EventEntity { kind: subject(kind), id, name, tier }
}

fn subject(kind: u8) -> EventSubject {
    match kind {
        EntityRef::HEALTH_RULE => return EventSubject::HealthRule,
        EntityRef::POLICY => return EventSubject::Policy,
        EntityRef::ACTION => return EventSubject::Action,
        _ => {}
    }
    match EntityKind::from_number(kind) {
        Some(EntityKind::Application) => EventSubject::Application,
        Some(EntityKind::Tier) => EventSubject::Tier,
        Some(EntityKind::Node) => EventSubject::Node,
        Some(EntityKind::BusinessTransaction) => EventSubject::BusinessTransaction,
        Some(EntityKind::ServiceEndpoint) => EventSubject::ServiceEndpoint,
        Some(EntityKind::Backend) => EventSubject::Backend,
        Some(EntityKind::Queue) => EventSubject::Queue,
        Some(EntityKind::ErrorGroup) => EventSubject::ErrorGroup,
        Some(EntityKind::Address) | None => EventSubject::Other,
    }
}

fn written(severity: Severity) -> EventSeverity {
    match severity {
        Severity::Info => EventSeverity::Info,
        Severity::Warn => EventSeverity::Warn,
        Severity::Error => EventSeverity::Error,
    }
}

fn stored(given: EventSeverity) -> Severity {
    match given {
        EventSeverity::Info => Severity::Info,
        EventSeverity::Warn => Severity::Warn,
        EventSeverity::Error => Severity::Error,
    }
}
