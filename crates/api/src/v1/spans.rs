//! Single spans, found by what they are and have.

use api_types::{FoundSpan as Body, Page};
use axum::{Json, extract::State};
use model::entity::EntityKind;
use serde::Deserialize;
use telemetry_store::reader::{FoundSpan, SpanQuery};
use utoipa::IntoParams;

use super::{
    Refusals,
    attribute_params::Attributes,
    snapshots::{max_micros, min_micros, read_place, write_place},
};
use crate::{
    auth::Caller,
    context::Shared,
    entities::Entities,
    error::ApiError,
    extract::{Params, Range, RangeParams},
    paging::{PageParams, Paging},
};

/// Which spans: those for which all of this is so.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Id of an application.
    application: Option<u32>,
    /// Id of a business transaction that their trace entered.
    bt: Option<u32>,
    /// Id of the tier that they are of.
    tier: Option<u32>,
    #[param(minimum = 0, maximum = 10_000_000_000_i64)]
    min_duration_ms: Option<f64>,
    /// Not longer than this.
    #[param(minimum = 0, maximum = 10_000_000_000_i64)]
    max_duration_ms: Option<f64>,
    /// `true`: only those with the status `ERROR`.
    error: Option<bool>,
}

/// Spans, those that ended last first. A page that ends before all was looked through says so, and the next one goes on.
#[utoipa::path(get, path = "/api/v1/spans", tag = "traces", params(RangeParams, ListParams, Attributes, PageParams),
    responses((status = 200, body = Page<Body>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    range: Range,
    Params(wanted): Params<ListParams>,
    attributes: Attributes,
    paging: Paging,
) -> Result<Json<Page<Body>>, ApiError> {
    let entities = context.entities(&caller);
    let (from_ns, to_ns) = range.nanos();
    let min_duration_us = wanted.min_duration_ms.map_or(Ok(0), min_micros)?;
    let max_duration_us = wanted.max_duration_ms.map_or(Ok(u64::MAX), max_micros)?;
    let query = SpanQuery {
        account: caller.account,
        application: entities.filter(wanted.application, EntityKind::Application, "application")?,
        tier: entities.filter(wanted.tier, EntityKind::Tier, "tier")?,
        name: None,
        bt: entities.filter(wanted.bt, EntityKind::BusinessTransaction, "business transaction")?,
        attributes: attributes.pairs()?,
        min_duration_ns: min_duration_us.saturating_mul(1000),
        // A microsecond's nanoseconds are all of it.
        max_duration_ns: max_duration_us.saturating_mul(1000).saturating_add(999),
        errors_only: wanted.error.unwrap_or(false),
        from_ns,
        to_ns,
        before: paging.place(read_place)?,
        limit: paging.limit,
    };
    let told = context.queries.ask(&caller, move |asking| asking.spans(&query)).await?;
    Ok(Json(Page {
        items: told.value.rows.iter().map(|span| body(&entities, span)).collect(),
        next: told.value.next.map(|place| paging.next(write_place(place))),
        partial: told.partial,
    }))
}

fn body(entities: &Entities, span: &FoundSpan) -> Body {
    let start_ms = span.end_ns.saturating_sub(span.duration_ns) / 1_000_000;
    Body {
        trace_id: span.trace.to_string(),
        span_id: span.id.to_string(),
        name: span.name.clone(),
        kind: span.kind.into(),
        application: entities.mention(span.application),
        tier: entities.mention(span.tier),
        node: entities.mention(span.node),
        start: i64::try_from(start_ms).unwrap_or(i64::MAX),
        duration_ms: span.duration_ns as f64 / 1e6,
        status: span.status.into(),
    }
}
