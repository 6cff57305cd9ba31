//! What is stored, what it takes, and how long it is kept.

use std::collections::BTreeMap;

use api_types::{NewRetention, NewRetentions, RetentionLoss, Storage, TableUsage};
use axum::{Json, extract::State};
use metadata_store::{EventUsage, Events as _, Expected, PutOutcome, Settings as _};

use super::Refusals;
use crate::{
    auth::Caller,
    context::{Context, Shared},
    error::ApiError,
    extract::Body,
};

/// Under which the retentions that were set here are stored: a JSON object of settings and milliseconds.
pub const RETENTIONS: &str = "retentions";
/// Shortest and longest that something is kept.
const SHORTEST_MS: i64 = 3_600_000;
const LONGEST_MS: i64 = 3650 * 24 * 3_600_000;

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

/// What would go at once if other retentions held; nothing is changed.
#[utoipa::path(post, path = "/api/v1/storage/retention/preview", tag = "administration",
    request_body = NewRetentions, responses((status = 200, body = RetentionLoss), Refusals))]
pub(crate) async fn preview(
    State(context): State<Shared>,
    caller: Caller,
    Body(wanted): Body<NewRetentions>,
) -> Result<Json<RetentionLoss>, ApiError> {
    check(&context, &wanted.retentions).await?;
    lost(&context, &caller, wanted.retentions).await.map(Json)
}

/// Sets how long data are kept, from now on and without a restart. What is shorter than before may let stored data go: that has
/// to be confirmed.
#[utoipa::path(put, path = "/api/v1/storage/retention", tag = "administration",
    request_body = NewRetentions,
    responses(
        (status = 200, body = Storage),
        (status = 409, description = "Data would go, and that is not confirmed; or somebody else changed it meanwhile.",
            body = api_types::ErrorBody),
        Refusals))]
pub(crate) async fn put_retention(
    State(context): State<Shared>,
    caller: Caller,
    Body(wanted): Body<NewRetentions>,
) -> Result<Json<Storage>, ApiError> {
    check(&context, &wanted.retentions).await?;
    let lost = lost(&context, &caller, wanted.retentions.clone()).await?;
    if !lost.tables.is_empty() && !wanted.confirmed {
        let tables: Vec<&str> = lost.tables.iter().map(|table| table.table.as_str()).collect();
        return Err(ApiError::Conflict(format!(
            "{} bytes of {} would go for good; say \"confirmed\": true to let them go",
            lost.bytes,
            tables.join(", ")
        )));
    }
    store(&context, &wanted.retentions).await?;
    tracing::info!(retentions = ?wanted.retentions, lost = lost.bytes, user = caller.name, "how long data are kept was changed");
    let storage = context.operations(move |operations| {
        operations.set_retentions(&wanted.retentions);
        operations.storage(caller.account)
    });
    storage.await.map(Json)
}

/// Refuses what is no setting of that kind or no time that one may have.
async fn check(context: &Context, wanted: &[NewRetention]) -> Result<(), ApiError> {
    if wanted.is_empty() {
        return Err(ApiError::bad("retentions is empty; name what is to be kept for how long"));
    }
    let known = context.operations(|operations| Ok(operations.retentions())).await?;
    for one in wanted {
        if !known.iter().any(|retention| retention.setting == one.setting) {
            let known: Vec<&str> = known.iter().map(|known| known.setting.as_str()).collect();
            return Err(ApiError::Unprocessable(format!(
                "there is no retention {:?}; there are {}",
                one.setting,
                known.join(", ")
            )));
        }
        if one.ms.is_some_and(|ms| !(SHORTEST_MS..=LONGEST_MS).contains(&ms)) {
            return Err(ApiError::bad(format!(
                "{} has to be between an hour ({SHORTEST_MS} ms) and ten years ({LONGEST_MS} ms)",
                one.setting
            )));
        }
    }
    Ok(())
}

async fn lost(
    context: &Context,
    caller: &Caller,
    wanted: Vec<NewRetention>,
) -> Result<RetentionLoss, ApiError> {
    let account = caller.account;
    context.operations(move |operations| Ok(operations.would_lose(account, &wanted))).await
}

/// Stores what is wanted beside what was stored before.
async fn store(context: &Context, wanted: &[NewRetention]) -> Result<(), ApiError> {
    let stored = context.store.setting(RETENTIONS).await?;
    let known = stored.as_ref().and_then(|stored| serde_json::from_slice(&stored.value).ok());
    let mut retentions: BTreeMap<String, i64> = known.unwrap_or_default();
    for one in wanted {
        match one.ms {
            Some(ms) => drop(retentions.insert(one.setting.clone(), ms)),
            None => drop(retentions.remove(&one.setting)),
        }
    }
    let value = serde_json::to_vec(&retentions).expect("texts and numbers are JSON");
    let expected = stored.map_or(Expected::Absent, |stored| Expected::Version(stored.version));
    match context.store.put_setting(RETENTIONS, &value, expected).await? {
        PutOutcome::Stored { .. } => Ok(()),
        PutOutcome::Conflict { .. } => Err(ApiError::Conflict(
            "somebody else changed the retentions at the same time; look at them and try again"
                .to_owned(),
        )),
    }
}
