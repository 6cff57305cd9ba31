//! Figures over time, of whatever has figures.

use std::collections::BTreeSet;

use api_types::{Bands, Partial, Series};
use axum::{Json, extract::State};
use model::{entity::EntityKind, figure::Scope, id::EntityId, time::Minute};
use telemetry_store::reader::{self, Detail, FigureQuery};

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
    context.entities(&caller).application(id)?;
    let asked = (Measured::Application(id), period, baseline.read(Wanted::Nothing)?);
    read(&context, &caller, id, asked).await
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
    let application = context.entities(&caller).transaction(id)?.key.application;
    let asked = (Measured::Transaction(id), period, baseline.read(Wanted::Nothing)?);
    read(&context, &caller, application, asked).await
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
    let tier = context.entities(&caller).one_of(id, &[EntityKind::Tier], "tier")?;
    let asked = (Measured::Tier(id), period, baseline.read(Wanted::Nothing)?);
    read(&context, &caller, tier.key.application, asked).await
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
    let asked = (Measured::Node(id), period, baseline.read(Wanted::Nothing)?);
    read(&context, &caller, node.key.application, asked).await
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
    let kinds = [EntityKind::Backend, EntityKind::Queue];
    let backend = context.entities(&caller).one_of(id, &kinds, "backend")?;
    let asked = (Measured::CallsTo(id), period, baseline.read(Wanted::Nothing)?);
    read(&context, &caller, backend.key.application, asked).await
}

async fn read(
    context: &Context,
    caller: &Caller,
    application: EntityId,
    asked: (Measured, Period, Wanted),
) -> Result<Json<Series>, ApiError> {
    let period = asked.1;
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
        let entities = context.entities(&caller);
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
            let sum =
                |rows: &[_]| Sums::of(rows, |bt| entities.is_key(bt), |found| *found == measured);
            let points = query(asking.query(application, &scopes, period.range, every));
            let points = sum(&asking.figures(&points)?);
            let total =
                query(asking.query(application, &scopes, period.complete, reader::Points::Total));
            let total = sum(&asking.totals(&total, &period)?).total(measured, period.filling);
            let tiers = asking.query(application, &[Scope::Tier], period.range, every);
            let tiers = FigureQuery { detail: Detail::Counts, ..tiers };
            let reported = sum(&asking.figures(&tiers)?).reported(application);
            let points = points.points(measured).cloned().unwrap_or_default();
            let bands = judge.bands(asking, application, &period, measured);
            Ok((points, reported, total, bands))
        });
        let told = told.await?;
        let (points, reported, total, bands) = told.value;
        Ok(OverTime { points, reported, total, bands, partial: told.partial })
    }
}
