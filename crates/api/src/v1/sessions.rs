//! Sessions: one's own for everybody, all of the account for who may administer users. And one's own password.

use api_types::{ChangePassword, ListedSession, Page};
use axum::{
    Json,
    extract::{Path, State},
};
use http::{HeaderMap, StatusCode};
use metadata_store::{NewPassword, Page as StorePage, Session, Sessions as _, Users as _};
use rustc_hash::FxHashMap;

use super::{Refusals, own_rights::user_within_own};
use crate::{
    auth::{Caller, Deed, SessionCookie, Trail, UserOnly, session_id},
    context::{Context, Shared},
    error::ApiError,
    extract::Body,
    paging::{PageParams, Slice},
    password,
};

/// Sessions that are listed at most, and users whose names are looked up.
const AT_MOST: u32 = 10_000;

/// Your sessions, those that end last first.
#[utoipa::path(get, path = "/api/v1/profile/sessions", tag = "profile", params(PageParams),
    responses((status = 200, body = Page<ListedSession>), Refusals))]
pub(crate) async fn own(
    State(context): State<Shared>,
    UserOnly(caller): UserOnly,
    headers: HeaderMap,
    slice: Slice,
) -> Result<Json<Page<ListedSession>>, ApiError> {
    let sessions = listed(&context, &caller, caller.user, &headers).await?;
    Ok(Json(slice.page(sessions, None, |session| session)))
}

/// Ends one of your sessions.
#[utoipa::path(delete, path = "/api/v1/profile/sessions/{session_id}", tag = "profile",
    params(("session_id" = String, Path)),
    responses((status = 204, description = "It has ended."), Refusals))]
pub(crate) async fn end_own(
    State(context): State<Shared>,
    UserOnly(caller): UserOnly,
    trail: Trail,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let session = find(&context, &caller, caller.user, &id).await?;
    end(&context, &trail, &session, &caller.name).await
}

/// All sessions of the account, those that end last first.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "users", params(PageParams),
    responses((status = 200, body = Page<ListedSession>), Refusals))]
pub(crate) async fn all(
    State(context): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    slice: Slice,
) -> Result<Json<Page<ListedSession>>, ApiError> {
    let sessions = listed(&context, &caller, None, &headers).await?;
    Ok(Json(slice.page(sessions, None, |session| session)))
}

/// Ends a session of anybody in the account.
#[utoipa::path(delete, path = "/api/v1/sessions/{session_id}", tag = "users",
    params(("session_id" = String, Path)),
    responses((status = 204, description = "It has ended."), Refusals))]
pub(crate) async fn end_any(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let session = find(&context, &caller, None, &id).await?;
    let user = context.store.user(session.user_id).await?;
    let name = user.map(|user| user.user_name).unwrap_or_default();
    user_within_own(&context, &caller, session.user_id, &name).await?;
    end(&context, &trail, &session, &name).await
}

/// Changes your own password. Your other sessions end.
#[utoipa::path(put, path = "/api/v1/profile/password", tag = "profile", request_body = ChangePassword,
    responses((status = 204, description = "It is changed."), Refusals))]
pub(crate) async fn change_password(
    State(context): State<Shared>,
    UserOnly(caller): UserOnly,
    trail: Trail,
    headers: HeaderMap,
    Body(wanted): Body<ChangePassword>,
) -> Result<StatusCode, ApiError> {
    let id = caller.user.ok_or(ApiError::UsersOnly)?;
    let user = context.store.user(id).await?.ok_or_else(|| ApiError::missing("user", id))?;
    password::sound(&wanted.new, &user.user_name).map_err(ApiError::bad)?;
    if wanted.new == wanted.current {
        return Err(ApiError::bad("the new password has to differ from the current one"));
    }
    if !context.sign_ins.is_password(&user, &wanted.current, caller.address).await? {
        return Err(ApiError::Unprocessable("the current password is wrong".to_owned()));
    }
    let new = NewPassword {
        hash: context.sign_ins.hash(wanted.new).await?,
        must_change: false,
        at_ms: context.now_ms(),
        keep_session: SessionCookie::of(&headers).map(|cookie| cookie.hash()),
    };
    let text = id.to_string();
    let deed = Deed { action: "change password", object: "user", id: &text, name: &caller.name };
    context.store.set_password(id, &new, &trail.entry(deed)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Those that have not expired.
async fn going_on(
    context: &Context,
    caller: &Caller,
    user: Option<u32>,
) -> Result<Vec<Session>, ApiError> {
    let now_ms = context.now_ms();
    let mut sessions = context.store.sessions(caller.account.0, user, AT_MOST).await?;
    sessions.retain(|session| session.expires_at_ms > now_ms);
    Ok(sessions)
}

async fn find(
    context: &Context,
    caller: &Caller,
    user: Option<u32>,
    id: &str,
) -> Result<Session, ApiError> {
    let mut sessions = going_on(context, caller, user).await?.into_iter();
    let found = sessions.find(|session| session_id(&session.token_hash) == id);
    found
        .ok_or_else(|| ApiError::NotFound("there is no such session; it may have ended".to_owned()))
}

async fn end(
    context: &Context,
    trail: &Trail,
    session: &Session,
    name: &str,
) -> Result<StatusCode, ApiError> {
    let text = session.user_id.to_string();
    let deed = Deed { action: "end session", object: "user", id: &text, name };
    let before = serde_json::json!({
        "address": session.details.address,
        "agent": session.details.agent,
        "began_at": session.details.began_ms,
    });
    trail.tell(deed, Some(&before), None::<&()>);
    context.store.delete_session(&session.token_hash).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn listed(
    context: &Context,
    caller: &Caller,
    user: Option<u32>,
    headers: &HeaderMap,
) -> Result<Vec<ListedSession>, ApiError> {
    let own = SessionCookie::of(headers).map(|cookie| cookie.hash());
    let users = context.store.users(caller.account.0, StorePage::first(AT_MOST)).await?;
    let names: FxHashMap<u32, String> =
        users.into_iter().map(|user| (user.id, user.user_name)).collect();
    let sessions = going_on(context, caller, user).await?.into_iter();
    Ok(sessions
        .map(|session| ListedSession {
            id: session_id(&session.token_hash),
            user_id: session.user_id,
            user: names.get(&session.user_id).cloned().unwrap_or_default(),
            address: session.details.address,
            agent: session.details.agent,
            began_at: session.details.began_ms,
            seen_at: session.details.seen_ms,
            expires_at: session.expires_at_ms,
            own: own == Some(session.token_hash),
        })
        .collect())
}
