//! API clients: programs that are given tokens for their secrets at `POST /controller/api/oauth/access_token`.
//!
//! Only users see and change them: a token that got into wrong hands must not make itself a client that lasts.

use api_types::{ApiClient, ApiClientChange, ApiClientSecret, NewApiClient, Page, Rotation};
use axum::{Json, extract::State};
use http::StatusCode;
use metadata_store::{
    Accounts as _, ApiClient as Stored, ApiClientChange as ToChange, ApiClients as _,
    MAX_NAME_CHARS, Memberships as _, NewApiClient as ToStore,
};
use serde_json::json;

use super::{Refusals, own_rights::within_own};
use crate::{
    access_key,
    auth::{Caller, Deed, Trail, UserOnly},
    context::{Context, Shared},
    error::ApiError,
    extract::{Body, PathId},
    paging::{PageParams, Slice},
};

/// Clients of an account.
const AT_MOST: usize = 1_000;
/// A week.
const MAX_OVERLAP_SECONDS: u32 = 604_800;

/// The account's API clients, oldest first.
#[utoipa::path(get, path = "/api/v1/api-clients", tag = "API clients", params(PageParams),
    responses((status = 200, body = Page<ApiClient>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    UserOnly(caller): UserOnly,
    slice: Slice,
) -> Result<Json<Page<ApiClient>>, ApiError> {
    let clients = context.store.api_clients(caller.account.0).await?;
    let account = account_name(&context, &caller).await?;
    let roles = context.store.memberships(caller.account.0).await?.client_roles;
    let now_ms = context.now_ms();
    Ok(Json(slice.page(clients, None, |client| shown(&client, &account, &roles, now_ms))))
}

/// Makes an API client. The answer has its secret, which is shown this once.
#[utoipa::path(post, path = "/api/v1/api-clients", tag = "API clients",
    request_body = NewApiClient,
    responses(
        (status = 200, body = ApiClientSecret),
        (status = 409, description = "There is a client of that name, or there are too many.",
            body = api_types::ErrorBody),
        Refusals))]
pub(crate) async fn create(
    State(context): State<Shared>,
    UserOnly(caller): UserOnly,
    trail: Trail,
    Body(wanted): Body<NewApiClient>,
) -> Result<Json<ApiClientSecret>, ApiError> {
    let name = access_key::sound_name(&wanted.name).map_err(ApiError::bad)?.to_owned();
    let description = sound_description(&wanted.description)?.to_owned();
    sound_lifetime(wanted.token_seconds)?;
    within_own(&context, &caller, &wanted.roles).await?;
    if context.store.api_clients(caller.account.0).await?.len() >= AT_MOST {
        return Err(ApiError::Conflict(format!(
            "there are {AT_MOST} API clients already; delete those that nobody uses"
        )));
    }
    let secret = access_key::random_text("vs_");
    let stored = ToStore {
        account_id: caller.account.0,
        name: name.clone(),
        description,
        secret_hash: access_key::hash(&secret),
        created_ms: context.now_ms(),
        token_seconds: wanted.token_seconds,
        roles: wanted.roles,
    };
    let deed = Deed { action: "create", object: "API client", id: "", name: &name };
    let after = json!({"token_seconds": stored.token_seconds, "roles": stored.roles});
    let entry = trail.entry_of(deed, None::<&()>, Some(&after));
    let id = context.store.create_api_client(&stored, &entry).await?;
    tracing::info!(id, name, user = caller.name, "API client made");
    context.note_change(&caller, None, format!("API client {name} made")).await;
    let client_id = client_id(&name, &account_name(&context, &caller).await?);
    Ok(Json(ApiClientSecret { id, name, client_id, secret }))
}

/// Changes what an API client may, and how long its tokens are good for.
#[utoipa::path(put, path = "/api/v1/api-clients/{id}", tag = "API clients",
    params(("id" = u32, Path)), request_body = ApiClientChange,
    responses((status = 200, body = ApiClient), Refusals))]
pub(crate) async fn change(
    State(context): State<Shared>,
    UserOnly(caller): UserOnly,
    trail: Trail,
    PathId(id): PathId,
    Body(wanted): Body<ApiClientChange>,
) -> Result<Json<ApiClient>, ApiError> {
    let account = account_name(&context, &caller).await?;
    let before = read_one(&context, &caller, id.0, &account).await?;
    within_own(&context, &caller, &before.roles).await?;
    sound_lifetime(wanted.token_seconds)?;
    within_own(&context, &caller, &wanted.roles).await?;
    let description = sound_description(&wanted.description)?.to_owned();
    let change =
        ToChange { description, token_seconds: wanted.token_seconds, roles: wanted.roles.clone() };
    let text = id.to_string();
    let deed = Deed { action: "change", object: "API client", id: &text, name: &before.name };
    let entry = trail.entry_of(deed, Some(&before), Some(&wanted));
    context.store.update_api_client(caller.account.0, id.0, &change, &entry).await?;
    Ok(Json(read_one(&context, &caller, id.0, &account).await?))
}

/// Gives an API client another secret. The one before, and every token given for it, are refused from now on, or after as
/// long as the two are to overlap.
#[utoipa::path(post, path = "/api/v1/api-clients/{id}/secret", tag = "API clients",
    params(("id" = u32, Path)), request_body(content = Option<Rotation>),
    responses((status = 200, body = ApiClientSecret), Refusals))]
pub(crate) async fn replace_secret(
    State(context): State<Shared>,
    UserOnly(caller): UserOnly,
    trail: Trail,
    PathId(id): PathId,
    rotation: Option<Body<Option<Rotation>>>,
) -> Result<Json<ApiClientSecret>, ApiError> {
    let Rotation { overlap_seconds } =
        rotation.and_then(|Body(rotation)| rotation).unwrap_or_default();
    if overlap_seconds > MAX_OVERLAP_SECONDS {
        return Err(ApiError::bad(format!(
            "overlap_seconds has to be at most {MAX_OVERLAP_SECONDS}"
        )));
    }
    let id = id.0;
    let account = account_name(&context, &caller).await?;
    let client = read_one(&context, &caller, id, &account).await?;
    within_own(&context, &caller, &client.roles).await?;
    let name = client.name;
    let secret = access_key::random_text("vs_");
    let hash = access_key::hash(&secret);
    let old_until_ms = match overlap_seconds {
        0 => 0,
        seconds => context.now_ms().saturating_add(i64::from(seconds) * 1000),
    };
    let text = id.to_string();
    let deed = Deed { action: "rotate secret", object: "API client", id: &text, name: &name };
    let after = json!({"overlap_seconds": overlap_seconds});
    let entry = trail.entry_of(deed, None::<&()>, Some(&after));
    context
        .store
        .replace_api_client_secret(caller.account.0, id, hash, old_until_ms, &entry)
        .await?;
    tracing::info!(id, name, user = caller.name, "API client was given another secret");
    context.note_change(&caller, None, format!("API client {name} given another secret")).await;
    let client_id = client_id(&name, &account);
    Ok(Json(ApiClientSecret { id, name, client_id, secret }))
}

/// Removes an API client. Its tokens are refused from now on.
#[utoipa::path(delete, path = "/api/v1/api-clients/{id}", tag = "API clients",
    params(("id" = u32, Path)),
    responses((status = 204, description = "It is gone."), Refusals))]
pub(crate) async fn delete(
    State(context): State<Shared>,
    UserOnly(caller): UserOnly,
    trail: Trail,
    PathId(id): PathId,
) -> Result<StatusCode, ApiError> {
    let account = account_name(&context, &caller).await?;
    let before = read_one(&context, &caller, id.0, &account).await?;
    let text = id.to_string();
    let deed = Deed { action: "delete", object: "API client", id: &text, name: &before.name };
    let entry = trail.entry_of(deed, Some(&before), None::<&()>);
    context.store.delete_api_client(caller.account.0, id.0, &entry).await?;
    tracing::info!(id = id.0, user = caller.name, "API client deleted");
    context.note_change(&caller, None, format!("API client {} deleted", id.0)).await;
    Ok(StatusCode::NO_CONTENT)
}

fn sound_description(text: &str) -> Result<&str, ApiError> {
    let text = text.trim();
    if text.chars().count() > MAX_NAME_CHARS || text.chars().any(char::is_control) {
        return Err(ApiError::bad(format!(
            "description has to have at most {MAX_NAME_CHARS} characters, none of them a control character"
        )));
    }
    Ok(text)
}

async fn account_name(context: &Context, caller: &Caller) -> Result<String, ApiError> {
    let accounts = context.store.accounts().await?;
    let account = accounts.into_iter().find(|account| account.id == caller.account.0);
    Ok(account.ok_or_else(|| ApiError::missing("account", caller.account.0))?.name)
}

fn client_id(name: &str, account: &str) -> String {
    format!("{name}@{account}")
}

async fn read_one(
    context: &Context,
    caller: &Caller,
    id: u32,
    account: &str,
) -> Result<ApiClient, ApiError> {
    let clients = context.store.api_clients(caller.account.0).await?;
    let client = clients.into_iter().find(|client| client.id == id);
    let client = client.ok_or_else(|| ApiError::missing("API client", id))?;
    let roles = context.store.memberships(caller.account.0).await?.client_roles;
    Ok(shown(&client, account, &roles, context.now_ms()))
}

fn sound_lifetime(seconds: u32) -> Result<(), ApiError> {
    if (60..=86_400).contains(&seconds) {
        return Ok(());
    }
    Err(ApiError::bad("token_seconds has to be from 60 to 86400"))
}

fn shown(client: &Stored, account: &str, roles: &[(u32, u32)], now_ms: i64) -> ApiClient {
    ApiClient {
        id: client.id,
        name: client.name.clone(),
        description: client.description.clone(),
        client_id: client_id(&client.name, account),
        created_at: client.created_ms,
        last_used_at: client.last_used_ms,
        token_seconds: client.token_seconds,
        roles: roles.iter().filter(|(id, _)| *id == client.id).map(|(_, role)| *role).collect(),
        old_secret_until: client.old_secret.map(|old| old.until_ms).filter(|until| *until > now_ms),
    }
}
