//! Applications.

use api_types::{Application, ApplicationDetail, Hint, KeyFigures, Page};
use axum::{Json, extract::State};
use model::{
    entity::{Entity, EntityKind, Properties},
    id::EntityId,
};

use super::{Refusals, sparklines::Sparklines};
use crate::{
    auth::Caller,
    context::{Context, Shared},
    entities::{Entities, hints_of},
    error::ApiError,
    extract::{Body, PathId, Range, RangeParams},
    figures::Measured,
    judge::Wanted,
    paging::{PageParams, Slice},
    period::Period,
};

/// The account's applications by name.
#[utoipa::path(get, path = "/api/v1/applications", tag = "applications", params(RangeParams, PageParams),
    responses((status = 200, body = Page<Application>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    Range { period, .. }: Range,
    slice: Slice,
) -> Result<Json<Page<Application>>, ApiError> {
    let entities = context.entities(&caller);
    let all = entities.all(EntityId::NONE, EntityKind::Application);
    let judged = (&period, Wanted::Default);
    let lines = Sparklines::of(&context, caller.account, EntityId::NONE, None, judged).await?;
    let body = |app: std::sync::Arc<Entity>| body(&context, &entities, &app, &lines, &period);
    Ok(Json(slice.page(all, lines.partial.clone(), body)))
}

/// One application.
#[utoipa::path(get, path = "/api/v1/applications/{id}", tag = "applications",
    params(("id" = u32, Path), RangeParams), responses((status = 200, body = ApplicationDetail), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
) -> Result<Json<ApplicationDetail>, ApiError> {
    let entities = context.entities(&caller);
    let app = entities.application(id)?;
    let judged = (&period, Wanted::Default);
    let lines = Sparklines::of(&context, caller.account, id, None, judged).await?;
    Ok(Json(ApplicationDetail {
        application: body(&context, &entities, &app, &lines, &period),
        hints: hints(&entities, id),
        partial: lines.partial,
    }))
}

/// Says whether background work counts in an application's figures.
#[utoipa::path(put, path = "/api/v1/applications/{id}/key-figures", tag = "applications",
    params(("id" = u32, Path)), request_body = KeyFigures,
    responses((status = 200, body = KeyFigures), Refusals))]
pub(crate) async fn put_key_figures(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Body(wanted): Body<KeyFigures>,
) -> Result<Json<KeyFigures>, ApiError> {
    let app = context.entities(&caller).application(id)?;
    let counts = wanted.background_counts;
    let change = move |properties: &mut Properties| properties.background_counts = counts;
    context.change_properties(id, change).await?;
    tracing::info!(id = id.0, name = app.key.name, counts, user = caller.name, "key figures");
    let now = if counts { "counts" } else { "does not count" };
    let summary = format!("background work {now} in the figures of {}", app.key.name);
    context.note_change(&caller, Some(id), summary).await;
    Ok(Json(wanted))
}

fn body(
    context: &Context,
    entities: &Entities,
    app: &Entity,
    lines: &Sparklines,
    period: &Period,
) -> Application {
    let measured = Measured::Application(app.id);
    let now_ms = context.now_ms();
    Application {
        id: app.id.0,
        name: app.key.name.clone(),
        tiers: entities.all(app.id, EntityKind::Tier).len(),
        nodes: entities.live_nodes(app.id, period.range, now_ms).len(),
        business_transactions: entities.transactions(app.id, now_ms).len(),
        background_counts: app.properties.background_counts,
        figures: lines.figures(measured),
        sparkline: lines.line(measured, app.id),
    }
}

fn hints(entities: &Entities, app: EntityId) -> Vec<Hint> {
    let of = |entity: &Entity| {
        let id = entity.id.0;
        hints_of(entity).into_iter().map(move |message| Hint { entity_id: id, message })
    };
    let mut hints: Vec<Hint> = entities.get(app).iter().flat_map(|app| of(app)).collect();
    for kind in [EntityKind::Tier, EntityKind::Backend, EntityKind::Queue] {
        hints.extend(entities.all(app, kind).iter().flat_map(|entity| of(entity)));
    }
    hints
}
