//! Figures over time, of whatever has figures.

use std::collections::BTreeSet;

use api_types::{Bands, Partial, Series};
use axum::{Json, extract::State};
use model::{entity::EntityKind, id::EntityId, measured::Belonging, time::Minute};
use telemetry_store::reader::{self, FigureQuery, FigureRow, GroupBy};

use super::Refusals;
use crate::{
    ask::Asking,
    auth::Caller,
    context::{Context, Shared},
    entities::Entities,
    error::ApiError,
    extract::{Params, PathId, Range, RangeParams},
    figures::{Measured, Points, Total, series},
    judge::{BaselineParams, Wanted},
    period::Period,
};

/// An application over time.
#[utoipa::path(get, path = "/api/v1/applications/{id}/series", tag = "applications",
    params(("id" = u32, Path), RangeParams, BaselineParams), responses((status = 200, body = Series), Refusals))]
pub(crate) async fn of_application(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
    Params(baseline): Params<BaselineParams>,
) -> Result<Json<Series>, ApiError> {
    let of = (context.entities(&caller).application(id)?.id, Measured::Application(id));
    read(&context, &caller, of, (period, baseline.read(Wanted::Nothing)?)).await
}

/// A business transaction over time.
#[utoipa::path(get, path = "/api/v1/business-transactions/{id}/series", tag = "business transactions",
    params(("id" = u32, Path), RangeParams, BaselineParams), responses((status = 200, body = Series), Refusals))]
pub(crate) async fn of_business_transaction(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
    Params(baseline): Params<BaselineParams>,
) -> Result<Json<Series>, ApiError> {
    let of = transaction(&context, &caller, id)?;
    read(&context, &caller, of, (period, baseline.read(Wanted::Nothing)?)).await
}

/// A tier's entry calls over time.
#[utoipa::path(get, path = "/api/v1/tiers/{id}/series", tag = "tiers",
    params(("id" = u32, Path), RangeParams, BaselineParams), responses((status = 200, body = Series), Refusals))]
pub(crate) async fn of_tier(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
    Params(baseline): Params<BaselineParams>,
) -> Result<Json<Series>, ApiError> {
    let of = tier(&context, &caller, id)?;
    read(&context, &caller, of, (period, baseline.read(Wanted::Nothing)?)).await
}

/// A node's entry calls over time.
#[utoipa::path(get, path = "/api/v1/nodes/{id}/series", tag = "nodes",
    params(("id" = u32, Path), RangeParams, BaselineParams), responses((status = 200, body = Series), Refusals))]
pub(crate) async fn of_node(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
    Params(baseline): Params<BaselineParams>,
) -> Result<Json<Series>, ApiError> {
    let node = context.entities(&caller).one_of(id, &[EntityKind::Node], "node")?;
    let of = (node.key.application, Measured::Node(id));
    read(&context, &caller, of, (period, baseline.read(Wanted::Nothing)?)).await
}

/// All calls to a backend or queue over time.
#[utoipa::path(get, path = "/api/v1/backends/{id}/series", tag = "backends",
    params(("id" = u32, Path), RangeParams, BaselineParams), responses((status = 200, body = Series), Refusals))]
pub(crate) async fn of_backend(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
    Params(baseline): Params<BaselineParams>,
) -> Result<Json<Series>, ApiError> {
    let of = backend(&context, &caller, id)?;
    read(&context, &caller, of, (period, baseline.read(Wanted::Nothing)?)).await
}

/// What is measured, and the application that it is of.
pub(super) type Of = (EntityId, Measured);

/// A business transaction.
pub(super) fn transaction(
    context: &Context,
    caller: &Caller,
    id: EntityId,
) -> Result<Of, ApiError> {
    let bt = context.entities(caller).transaction(id)?;
    Ok((bt.key.application, Measured::Transaction(id)))
}

/// A tier's entry calls.
pub(super) fn tier(context: &Context, caller: &Caller, id: EntityId) -> Result<Of, ApiError> {
    let tier = context.entities(caller).one_of(id, &[EntityKind::Tier], "tier")?;
    Ok((tier.key.application, Measured::Tier(id)))
}

/// All calls to a backend or queue.
pub(super) fn backend(context: &Context, caller: &Caller, id: EntityId) -> Result<Of, ApiError> {
    let kinds = [EntityKind::Backend, EntityKind::Queue];
    let backend = context.entities(caller).one_of(id, &kinds, "backend")?;
    Ok((backend.key.application, Measured::CallsTo(id)))
}

/// What was counted for it in a period, beside the baseline that is wanted.
pub(super) async fn read(
    context: &Context,
    caller: &Caller,
    (application, measured): Of,
    (period, wanted): (Period, Wanted),
) -> Result<Json<Series>, ApiError> {
    let asked = (measured, period, wanted);
    let over_time = OverTime::of(context, caller, application, asked).await?;
    let OverTime { points, reported, total, bands, partial } = over_time;
    Ok(Json(Series { bands, partial, ..series(&points, &reported, &period, &total) }))
}

/// What was counted for one thing, in points and in all.
#[derive(Debug)]
pub(super) struct OverTime {
    pub(super) points: Points,
    /// Points in which its application reported at all.
    pub(super) reported: BTreeSet<Minute>,
    pub(super) total: Total,
    /// What was expected, where a baseline was asked for.
    pub(super) bands: Option<Bands>,
    pub(super) partial: Option<Partial>,
}

impl OverTime {
    /// Asks for it.
    pub(super) async fn of(
        context: &Context,
        caller: &Caller,
        application: EntityId,
        (measured, period, wanted): (Measured, Period, Wanted),
    ) -> Result<OverTime, ApiError> {
        let judge = context.judge(caller.account, application, wanted).await?;
        let entities = context.entities(caller);
        let told = context.queries.ask(caller.account, move |asking| {
            let every = reader::Points::Every(period.resolution);
            let group_by = group_by(&entities, application, measured);
            let query = |asking: &Asking<'_>, range, points| FigureQuery {
                subject: measured.subject(),
                bt: measured.bt(),
                peer: measured.peer(),
                group_by: group_by.clone(),
                ..asking.query(application, &[measured.scope()], range, points)
            };
            let counts = |row: &&FigureRow| match measured {
                Measured::Group { group, .. } => entities.group_of(row.key.subject) == Some(group),
                _ => true,
            };
            let mut points = Points::new();
            let over_time = query(asking, period.range, every);
            asking.over_time(&over_time, &mut |rows| {
                for row in rows.iter().filter(counts) {
                    points.entry(row.at).or_default().merge(&row.figure);
                }
            })?;
            let total = query(asking, period.complete, reader::Points::Total);
            let rows = asking.totals(&total, &period)?;
            let total = Total::of(rows.iter().filter(counts), period.filling);
            let range = (period.range, period.resolution);
            let known = points.keys().copied().collect();
            let reported = asking.reported(&entities, application, range, known)?;
            let bands = judge.bands(asking, application, &period, measured);
            Ok((points, reported, total, bands))
        });
        let told = told.await?;
        let (points, reported, total, bands) = told.value;
        Ok(OverTime { points, reported, total, bands, partial: told.partial })
    }
}

/// How the rows that count for something are put together before they are given; only those of a group are picked after.
fn group_by(entities: &Entities, application: EntityId, measured: Measured) -> GroupBy {
    let except = match measured {
        Measured::Group { .. } => return GroupBy::Subject,
        Measured::Application(_) => entities.uncounted(application),
        _ => Vec::new(),
    };
    GroupBy::Scope { except }
}
