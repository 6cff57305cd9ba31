//! Log records.

use api_types::{LogRecord, Page};
use axum::{Json, extract::State};
use model::id::EntityId;
use telemetry_store::reader::{LOGGER, LogQuery, LogRow, OwnedValue, Severity};
use twox_hash::XxHash3_64;

pub(crate) use super::log_filter::trace_id;
use super::{
    Refusals,
    attribute_params::Attributes,
    log_filter::{self, LogParams, Severities},
};
use crate::{
    any_value,
    auth::Caller,
    context::Shared,
    entities::Entities,
    error::ApiError,
    extract::{Params, Range, RangeParams},
    paging::{PageParams, Paging},
};

/// Log records, newest first. A page that ends before all was looked through says so, and the next one goes on. Whoever
/// follows what comes in asks for the last minute again and again and leaves out the ids it has: agents send records some
/// seconds late and out of order.
#[utoipa::path(get, path = "/api/v1/logs", tag = "logs",
    params(RangeParams, LogParams, Severities, Attributes, PageParams),
    responses((status = 200, body = Page<LogRecord>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    range: Range,
    Params(wanted): Params<LogParams>,
    severities: Severities,
    attributes: Attributes,
    paging: Paging,
) -> Result<Json<Page<LogRecord>>, ApiError> {
    let entities = context.entities(&caller);
    let (from_ns, to_ns) = range.nanos();
    let query = LogQuery {
        account: caller.account,
        filter: wanted.filter(&severities, &attributes, &entities)?,
        from_ns,
        to_ns,
        before: paging.place(|place| place.parse().ok())?,
        limit: paging.limit,
    };
    let told = context.queries.ask(&caller, move |asking| asking.logs(&query)).await?;
    Ok(Json(Page {
        items: told.value.rows.iter().map(|row| body(&entities, row)).collect(),
        next: told.value.next.map(|before| paging.next(before)),
        partial: told.partial,
    }))
}

fn body(entities: &Entities, row: &LogRow) -> LogRecord {
    let logger = row.attributes.iter().find_map(|(key, value)| match value {
        OwnedValue::Str(name) if key == LOGGER => Some(name.clone()),
        _ => None,
    });
    LogRecord {
        id: format!("{:016x}", id(row)),
        at: i64::try_from(row.at_ns / 1_000_000).unwrap_or(i64::MAX),
        severity: log_filter::name(Severity::of(row.severity)).to_owned(),
        body: row.body.clone(),
        logger,
        application: entities.mention(row.application),
        tier: entities.mention(row.tier),
        node: row.node.some().map(|node: EntityId| entities.mention(node)),
        trace_id: row.trace.map(|trace| trace.to_string()),
        span_id: (!row.span.is_none()).then(|| row.span.to_string()),
        attributes: any_value::object(&row.attributes),
    }
}

/// A hash of all that a record is. It has no number of its own, and where it is stored changes.
fn id(row: &LogRow) -> u64 {
    let whole = (
        (row.at_ns, row.tier.0, row.node.0, row.trace.map(|trace| trace.0), row.span.0),
        (row.severity, &row.body, &row.attributes),
    );
    XxHash3_64::oneshot(&serde_json::to_vec(&whole).expect("plain data"))
}
