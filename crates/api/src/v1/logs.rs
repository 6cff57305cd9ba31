//! Log records.

use api_types::{LogRecord, Page};
use axum::{Json, extract::State};
use model::{
    entity::EntityKind,
    id::{EntityId, TraceId},
};
use serde::Deserialize;
use telemetry_store::reader::{LogQuery, LogRow};
use utoipa::IntoParams;

use super::Refusals;
use crate::{
    any_value,
    auth::Caller,
    context::Shared,
    entities::Entities,
    error::ApiError,
    extract::{Params, Range, RangeParams},
    paging::{PageParams, Paging},
};

/// Which records.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// 32 hexadecimal digits.
    #[param(pattern = "^[0-9a-fA-F]{32}$")]
    trace_id: Option<String>,
    /// Id of an application.
    application: Option<u32>,
    /// Id of a tier.
    tier: Option<u32>,
}

/// Log records, newest first.
#[utoipa::path(get, path = "/api/v1/logs", tag = "logs", params(RangeParams, ListParams, PageParams),
    responses((status = 200, body = Page<LogRecord>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    range: Range,
    Params(wanted): Params<ListParams>,
    paging: Paging,
) -> Result<Json<Page<LogRecord>>, ApiError> {
    let entities = context.entities(caller.account);
    let (from_ns, to_ns) = range.nanos();
    let query = LogQuery {
        account: caller.account,
        application: entities.filter(wanted.application, EntityKind::Application, "application")?,
        tier: entities.filter(wanted.tier, EntityKind::Tier, "tier")?,
        trace: wanted.trace_id.as_deref().map(trace_id).transpose()?,
        from_ns,
        to_ns,
        before: paging.place(|place| place.parse().ok())?,
        limit: paging.limit,
    };
    let told = context.queries.ask(caller.account, move |asking| asking.logs(&query)).await?;
    Ok(Json(Page {
        items: told.value.rows.iter().map(|row| body(&entities, row)).collect(),
        next: told.value.next.map(|before| paging.next(before)),
        partial: told.partial,
    }))
}

/// A trace id as clients write it.
pub(crate) fn trace_id(text: &str) -> Result<TraceId, ApiError> {
    let sentence = "a trace id has 32 hexadecimal digits, not all of them 0";
    TraceId::from_hex(text).ok_or_else(|| {
        match text.len() == 32 && text.bytes().all(|it| it == b'0') {
            true => ApiError::Unprocessable(sentence.to_owned()),
            false => ApiError::bad(sentence),
        }
    })
}

fn body(entities: &Entities, row: &LogRow) -> LogRecord {
    LogRecord {
        at: i64::try_from(row.at_ns / 1_000_000).unwrap_or(i64::MAX),
        severity: severity(row.severity).to_owned(),
        body: row.body.clone(),
        tier: entities.mention(row.tier),
        node: row.node.some().map(|node: EntityId| entities.mention(node)),
        trace_id: row.trace.map(|trace| trace.to_string()),
        span_id: (!row.span.is_none()).then(|| row.span.to_string()),
        attributes: any_value::object(&row.attributes),
    }
}

/// The name of OpenTelemetry's number.
fn severity(number: u8) -> &'static str {
    match number {
        1..=4 => "TRACE",
        5..=8 => "DEBUG",
        9..=12 => "INFO",
        13..=16 => "WARN",
        17..=20 => "ERROR",
        21..=24 => "FATAL",
        _ => "UNSPECIFIED",
    }
}
