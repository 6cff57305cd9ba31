//! Keys that agents report with.

use api_types::{AccessKey, NewAccessKey, Page};
use axum::{Json, extract::State};
use metadata_store::{AccessKeys as _, NewAccessKey as Stored};

use super::Refusals;
use crate::{
    access_key,
    auth::{Caller, Deed, Trail},
    context::Shared,
    error::ApiError,
    extract::{Body, PathId},
    paging::{PageParams, Slice},
};

/// The account's keys, oldest first.
#[utoipa::path(get, path = "/api/v1/access-keys", tag = "access keys", params(PageParams),
    responses((status = 200, body = Page<AccessKey>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    slice: Slice,
) -> Result<Json<Page<AccessKey>>, ApiError> {
    let mut keys = context.store.access_keys().await?;
    keys.retain(|key| key.account_id == caller.account.0);
    Ok(Json(slice.page(keys, None, |key| context.sealer.shown(&key))))
}

/// Makes a key. Agents may report with it from now on.
#[utoipa::path(post, path = "/api/v1/access-keys", tag = "access keys",
    request_body = NewAccessKey, responses((status = 200, body = AccessKey), Refusals))]
pub(crate) async fn create(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    Body(wanted): Body<NewAccessKey>,
) -> Result<Json<AccessKey>, ApiError> {
    let name = access_key::sound_name(&wanted.name).map_err(ApiError::bad)?.to_owned();
    let key = access_key::generate();
    let stored = Stored {
        account_id: caller.account.0,
        name: name.clone(),
        key_hash: access_key::hash(&key),
        sealed: context.sealer.seal(&key),
        created_ms: context.now_ms(),
    };
    let deed = Deed { action: "create", object: "access key", id: "", name: &name };
    let id = context.store.create_access_key(&stored, &trail.entry(deed)).await?;
    // Who has the key may report with it: an agent that is refused once drops what it had.
    context.held_keys.reread().await;
    tracing::info!(id, name, user = caller.name, "access key made");
    context.note_change(&caller, None, format!("access key {name} made")).await;
    Ok(Json(AccessKey {
        id,
        name,
        key,
        created_at: stored.created_ms,
        disabled: false,
        last_used_at: None,
    }))
}

/// Disables a key for ever; it stays in the list. Agents that report with it are refused from now on, by further processes from a
/// few seconds later on.
#[utoipa::path(delete, path = "/api/v1/access-keys/{id}", tag = "access keys",
    params(("id" = u32, Path)), responses((status = 200, body = AccessKey), Refusals))]
pub(crate) async fn disable(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathId(id): PathId,
) -> Result<Json<AccessKey>, ApiError> {
    let keys = context.store.access_keys().await?;
    let mut own = keys.into_iter().filter(|key| key.account_id == caller.account.0);
    let mut key =
        own.find(|key| key.id == id.0).ok_or_else(|| ApiError::missing("access key", id))?;
    let text = key.id.to_string();
    let deed = Deed { action: "disable", object: "access key", id: &text, name: &key.name };
    context.store.disable_access_key(key.id, &trail.entry(deed)).await?;
    context.held_keys.reread().await;
    tracing::info!(id = key.id, name = key.name, user = caller.name, "access key disabled");
    context.note_change(&caller, None, format!("access key {} disabled", key.name)).await;
    key.disabled = true;
    Ok(Json(context.sealer.shown(&key)))
}
