//! Searches that the user who asks keeps.

use api_types::{NewSavedSearch, Page, SavedSearch};
use axum::{Json, extract::State};
use http::StatusCode;
use metadata_store::{
    MAX_SAVED_QUERY, NewSavedSearch as Stored, SavedSearch as Kept, SavedSearches as _,
};

use super::Refusals;
use crate::{
    access_key::sound_name,
    auth::Caller,
    context::Shared,
    error::ApiError,
    extract::{Body, PathId},
    paging::{PageParams, Slice},
};

/// Your saved searches, oldest first: at most 100.
#[utoipa::path(get, path = "/api/v1/saved-searches", tag = "saved searches", params(PageParams),
    responses((status = 200, body = Page<SavedSearch>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    slice: Slice,
) -> Result<Json<Page<SavedSearch>>, ApiError> {
    let searches = match caller.user {
        Some(user) => context.store.saved_searches(user).await?,
        None => Vec::new(),
    };
    Ok(Json(slice.page(searches, None, body)))
}

/// Keeps a search for you. One of the same name is replaced.
#[utoipa::path(post, path = "/api/v1/saved-searches", tag = "saved searches",
    request_body = NewSavedSearch,
    responses(
        (status = 200, body = SavedSearch),
        (status = 422, body = api_types::ErrorBody, description = "You have 100 already; delete one first"),
        Refusals))]
pub(crate) async fn save(
    State(context): State<Shared>,
    caller: Caller,
    Body(wanted): Body<NewSavedSearch>,
) -> Result<Json<SavedSearch>, ApiError> {
    let name = sound_name(&wanted.name).map_err(ApiError::bad)?.to_owned();
    let query = wanted.query;
    if query.chars().count() > MAX_SAVED_QUERY || query.chars().any(char::is_control) {
        return Err(ApiError::bad(format!(
            "query has to have at most {MAX_SAVED_QUERY} characters, none of them a control character"
        )));
    }
    if query.len() > MAX_SAVED_QUERY {
        return Err(ApiError::Unprocessable(format!(
            "query has to have at most {MAX_SAVED_QUERY} bytes; as UTF-8 it has {}",
            query.len()
        )));
    }
    let user_id = caller.user.ok_or(ApiError::UsersOnly)?;
    let stored = Stored { user_id, name, query, created_ms: context.now_ms() };
    let id = context.store.save_search(&stored).await?;
    let Stored { name, query, created_ms, .. } = stored;
    Ok(Json(SavedSearch { id, name, query, created_at: created_ms }))
}

/// Forgets one of your saved searches.
#[utoipa::path(delete, path = "/api/v1/saved-searches/{id}", tag = "saved searches",
    params(("id" = u32, Path)),
    responses((status = 204, description = "Forgotten"), Refusals))]
pub(crate) async fn delete(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<StatusCode, ApiError> {
    let user_id = caller.user.ok_or(ApiError::UsersOnly)?;
    context.store.delete_saved_search(user_id, id.0).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn body(kept: Kept) -> SavedSearch {
    SavedSearch { id: kept.id, name: kept.name, query: kept.query, created_at: kept.created_ms }
}
