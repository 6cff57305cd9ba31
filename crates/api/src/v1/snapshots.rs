//! Snapshots, and all traces that are still kept.

use api_types::{Page, Snapshot, SnapshotReason};
use axum::{Json, extract::State};
use model::{
    entity::EntityKind,
    id::{SpanId, TraceId},
    span::Outcome,
};
use serde::Deserialize;
use telemetry_store::reader::{TraceQuery, TraceRow};
use utoipa::IntoParams;

use super::Refusals;
use crate::{
    auth::Caller,
    context::Shared,
    entities::Entities,
    error::ApiError,
    extract::{Params, Range, RangeParams},
    paging::{PageParams, Paging},
};

/// Which transactions.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Id of an application.
    application: Option<u32>,
    /// Id of a business transaction.
    bt: Option<u32>,
    /// Id of the tier where they entered.
    tier: Option<u32>,
    /// Any of these, joined by commas: `NORMAL`, `SLOW`, `VERY_SLOW`, `STALL`, `ERROR`.
    #[param(
        pattern = "^((NORMAL|SLOW|VERY_SLOW|STALL|ERROR)?,)*(NORMAL|SLOW|VERY_SLOW|STALL|ERROR)?$"
    )]
    outcome: Option<String>,
    #[param(minimum = 0, maximum = 10_000_000_000_i64)]
    min_duration_ms: Option<f64>,
    /// Not longer than this.
    #[param(minimum = 0, maximum = 10_000_000_000_i64)]
    max_duration_ms: Option<f64>,
    /// `true` (default): only those chosen to be kept; `false`: all whose traces have not been let go yet.
    kept: Option<bool>,
}

/// Transactions, newest first.
#[utoipa::path(get, path = "/api/v1/snapshots", tag = "snapshots", params(RangeParams, ListParams, PageParams),
    responses((status = 200, body = Page<Snapshot>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    range: Range,
    Params(wanted): Params<ListParams>,
    paging: Paging,
) -> Result<Json<Page<Snapshot>>, ApiError> {
    let entities = context.entities(&caller);
    let (from_ns, to_ns) = range.nanos();
    let query = TraceQuery {
        account: caller.account,
        trace: None,
        application: entities.filter(wanted.application, EntityKind::Application, "application")?,
        bt: entities.filter(wanted.bt, EntityKind::BusinessTransaction, "business transaction")?,
        tier: entities.filter(wanted.tier, EntityKind::Tier, "tier")?,
        outcomes: wanted.outcome.as_deref().map_or(Ok(Vec::new()), outcomes)?,
        min_duration_us: wanted.min_duration_ms.map_or(Ok(0), min_micros)?,
        max_duration_us: wanted.max_duration_ms.map_or(Ok(u64::MAX), max_micros)?,
        kept_only: wanted.kept.unwrap_or(true),
        from_ns,
        to_ns,
        before: paging.place(read_place)?,
        limit: paging.limit,
    };
    let told = context.queries.ask(&caller, move |asking| asking.traces(&query)).await?;
    Ok(Json(Page {
        items: told.value.rows.iter().map(|row| body(&entities, row)).collect(),
        next: told.value.next.map(|place| paging.next(write_place(place))),
        partial: told.partial,
    }))
}

fn body(entities: &Entities, row: &TraceRow) -> Snapshot {
    Snapshot {
        trace_id: row.trace.to_string(),
        entry_span_id: row.entry.to_string(),
        bt: entities.mention(row.bt),
        application: entities.mention(row.application),
        tier: entities.mention(row.tier),
        start: start_ms(row),
        duration_ms: row.duration_us as f64 / 1000.0,
        outcome: row.outcome.into(),
        reason: SnapshotReason::of(row.reason),
        spans: row.spans,
    }
}

/// When a transaction began, Unix milliseconds.
pub(crate) fn start_ms(row: &TraceRow) -> i64 {
    let start_ns = row.end_ns.saturating_sub(row.duration_us.saturating_mul(1000));
    i64::try_from(start_ns / 1_000_000).unwrap_or(i64::MAX)
}

/// Outcomes joined by commas.
pub(crate) fn outcomes(text: &str) -> Result<Vec<Outcome>, ApiError> {
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    names
        .map(|name| {
            Outcome::from_name(name).ok_or_else(|| {
                ApiError::bad(format!(
                    "{name:?} is no outcome; use NORMAL, SLOW, VERY_SLOW, STALL or ERROR"
                ))
            })
        })
        .collect()
}

/// The least whole number of microseconds that is not below a `min_duration_ms`.
pub(super) fn min_micros(ms: f64) -> Result<u64, ApiError> {
    sound("min_duration_ms", ms).map(|ms| (ms * 1000.0).ceil() as u64)
}

/// The greatest whole number of microseconds that is not above a `max_duration_ms`.
pub(super) fn max_micros(ms: f64) -> Result<u64, ApiError> {
    sound("max_duration_ms", ms).map(|ms| (ms * 1000.0).floor() as u64)
}

fn sound(name: &str, ms: f64) -> Result<f64, ApiError> {
    // Above, the number is not exact, and nothing lasts 100 days.
    if !(0.0..=1e10).contains(&ms) {
        return Err(ApiError::bad(format!("{name} has to be a number between 0 and 10000000000")));
    }
    Ok(ms)
}

pub(super) fn write_place((end_ns, trace, span): (u64, TraceId, SpanId)) -> String {
    format!("{end_ns}-{trace}-{span}")
}

pub(super) fn read_place(text: &str) -> Option<(u64, TraceId, SpanId)> {
    let mut parts = text.splitn(3, '-');
    let end_ns = parts.next()?.parse().ok()?;
    let trace = TraceId::from_hex(parts.next()?)?;
    let span = u64::from_str_radix(parts.next()?, 16).ok()?;
    Some((end_ns, trace, SpanId(span)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back() {
        let place = (17, TraceId([9; 16]), SpanId(0xab));
        assert_eq!(read_place(&write_place(place)), Some(place));
        assert_eq!(read_place("17-zz-1"), None);
    }
}
