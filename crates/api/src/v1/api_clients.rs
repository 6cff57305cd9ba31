//! API clients: programs that are given tokens for their secrets at `POST /controller/api/oauth/access_token`.
//!
//! Only users see and change them: a token that got into wrong hands must not make itself a client that lasts.

use api_types::{ApiClient, ApiClientSecret, NewApiClient, Page};
use axum::{Json, extract::State};
use http::StatusCode;
use metadata_store::{
    Accounts as _, ApiClient as Stored, ApiClients as _, MAX_NAME_CHARS, NewApiClient as ToStore,
};

use super::Refusals;
use crate::{
    access_key,
    auth::{Caller, UserOnly},
    context::{Context, Shared},
    error::ApiError,
    extract::{Body, PathId},
    paging::{PageParams, Slice},
};

/// Clients of an account.
const AT_MOST: usize = 1_000;

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
    Ok(Json(slice.page(clients, None, |client| shown(&client, &account))))
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
    Body(wanted): Body<NewApiClient>,
) -> Result<Json<ApiClientSecret>, ApiError> {
    let name = access_key::sound_name(&wanted.name).map_err(ApiError::bad)?.to_owned();
    let description = sound_description(&wanted.description)?.to_owned();
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
    };
    let id = context.store.create_api_client(&stored).await?;
    tracing::info!(id, name, user = caller.name, "API client made");
    context.note_change(&caller, None, format!("API client {name} made")).await;
    let client_id = client_id(&name, &account_name(&context, &caller).await?);
    Ok(Json(ApiClientSecret { id, name, client_id, secret }))
}

/// Gives an API client another secret. The one before, and every token given for it, are refused from now on.
#[utoipa::path(post, path = "/api/v1/api-clients/{id}/secret", tag = "API clients",
    params(("id" = u32, Path)), responses((status = 200, body = ApiClientSecret), Refusals))]
pub(crate) async fn replace_secret(
    State(context): State<Shared>,
    UserOnly(caller): UserOnly,
    PathId(id): PathId,
) -> Result<Json<ApiClientSecret>, ApiError> {
    let id = id.0;
    let clients = context.store.api_clients(caller.account.0).await?;
    let client = clients.into_iter().find(|client| client.id == id);
    let name = client.ok_or_else(|| ApiError::missing("API client", id))?.name;
    let secret = access_key::random_text("vs_");
    let hash = access_key::hash(&secret);
    context.store.replace_api_client_secret(caller.account.0, id, hash).await?;
    tracing::info!(id, name, user = caller.name, "API client was given another secret");
    context.note_change(&caller, None, format!("API client {name} given another secret")).await;
    let client_id = client_id(&name, &account_name(&context, &caller).await?);
    Ok(Json(ApiClientSecret { id, name, client_id, secret }))
}

/// Removes an API client. Its tokens are refused from now on.
#[utoipa::path(delete, path = "/api/v1/api-clients/{id}", tag = "API clients",
    params(("id" = u32, Path)),
    responses((status = 204, description = "It is gone."), Refusals))]
pub(crate) async fn delete(
    State(context): State<Shared>,
    UserOnly(caller): UserOnly,
    PathId(id): PathId,
) -> Result<StatusCode, ApiError> {
    context.store.delete_api_client(caller.account.0, id.0).await?;
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

fn shown(client: &Stored, account: &str) -> ApiClient {
    ApiClient {
        id: client.id,
        name: client.name.clone(),
        description: client.description.clone(),
        client_id: client_id(&client.name, account),
        created_at: client.created_ms,
        last_used_at: client.last_used_ms,
    }
}
