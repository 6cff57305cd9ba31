//! Figures over time, of whatever has figures.

use std::collections::BTreeSet;

use api_types::{Bands, Partial, Series};
use axum::{Json, extract::State};
use model::{entity::EntityKind, id::EntityId, time::Minute};
use telemetry_store::reader::{self, FigureQuery};

use super::Refusals;
use crate::{
    auth::Caller,
    context::{Context, Shared},
    error::ApiError,
    extract::{Params, PathId, Range, RangeParams},
    figures::{Measured, Points, Sums, Total, series},
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
            let query = |wanted: FigureQuery| FigureQuery {
                subject: measured.subject(),
                bt: measured.bt(),
                peer: match measured {
                    Measured::CallsTo(peer) => Some(peer),
                    _ => None,
                },
                ..wanted
            };
            let scopes = [measured.scope()];
            let of_it = |found: &Measured| *found == measured;
            let points = query(asking.query(application, &scopes, period.range, every));
            let mut sums = Sums::default();
            asking.over_time(&points, &mut |rows| sums.add(rows, &entities, of_it))?;
            let points = sums.points(measured).cloned().unwrap_or_default();
            let total =
                query(asking.query(application, &scopes, period.complete, reader::Points::Total));
            let total = Sums::of(&asking.totals(&total, &period)?, &entities, of_it)
                .total(measured, period.filling);
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
