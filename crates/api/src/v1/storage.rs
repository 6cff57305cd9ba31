//! What is stored and what it takes.

use api_types::{Storage, TableUsage};
use axum::{Json, extract::State};
use metadata_store::{EventUsage, Events as _};

use super::Refusals;
use crate::{
    auth::Caller,
    context::{Context, Shared},
    error::ApiError,
};

const DAY_MS: i64 = 86_400_000;
/// What is younger says nothing of a day, milliseconds.
const TOO_YOUNG_MS: i64 = 600_000;

/// What each table takes, how long it is kept, and how full the disk is.
#[utoipa::path(get, path = "/api/v1/storage", tag = "administration",
    responses((status = 200, body = Storage), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
) -> Result<Json<Storage>, ApiError> {
    let usage = context.store.event_usage(caller.account.0).await?;
    let mut storage =
        context.operations(move |operations| operations.storage(caller.account)).await?;
    storage.tables.push(events(&context, usage));
    Ok(Json(storage))
}

/// Events are in the metadata store, and have no segments.
fn events(context: &Context, usage: EventUsage) -> TableUsage {
    let now_ms = context.now_ms();
    let retention_ms = context.config.event_retention.as_millis();
    let retention_ms = i64::try_from(retention_ms).unwrap_or(i64::MAX);
    let age_ms = usage.oldest_ms.map(|oldest_ms| now_ms - oldest_ms);
    let known = age_ms.filter(|age_ms| *age_ms >= TOO_YOUNG_MS);
    let within =
        |ms: i64| known.map(|age_ms| (usage.bytes as f64 * ms as f64 / age_ms as f64) as u64);
    TableUsage {
        table: "events".to_owned(),
        what: "Deployments, restarts, changes, and what scripts post".to_owned(),
        bytes: usage.bytes,
        rows: usage.stored,
        segments: 0,
        oldest: usage.oldest_ms,
        newest: usage.newest_ms,
        retention_ms,
        setting: "retention-events".to_owned(),
        bytes_per_day: within(DAY_MS),
        expected_bytes: within(retention_ms),
    }
}
