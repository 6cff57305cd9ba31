//! Signing in and out.

use api_types::{Session, SignIn};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};

use super::Refusals;
use crate::{
    auth::{Caller, Deed, Ongoing, Peer, SessionCookie, Trail, ended_cookie, refuse_other_sites},
    context::Shared,
    error::ApiError,
    extract::Body,
};

/// Signs in and sets the session's cookie.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", security(()),
    request_body = SignIn, responses((status = 200, body = Session), Refusals))]
pub(crate) async fn create(
    State(context): State<Shared>,
    Peer(address): Peer,
    headers: HeaderMap,
    Body(sign_in): Body<SignIn>,
) -> Result<Response, ApiError> {
    refuse_other_sites(&headers)?;
    let SignIn { user, password } = sign_in;
    let user = context.sign_ins.by_password(&user, &password, address).await?;
    let (cookie, session) = SessionCookie::begin(&context, &user, address, &headers).await?;
    tracing::info!(user = session.caller.name, "signed in");
    Ok(([(header::SET_COOKIE, cookie)], Json(session.body())).into_response())
}

/// Who is signed in, and the CSRF token.
#[utoipa::path(get, path = "/api/v1/session", tag = "session",
    responses((status = 200, body = Session), Refusals))]
pub(crate) async fn read(session: Ongoing) -> Json<Session> {
    Json(session.body())
}

/// Signs out.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session",
    responses((status = 204, description = "Signed out"), Refusals))]
pub(crate) async fn delete(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let id = caller.user.map(|id| id.to_string()).unwrap_or_default();
    let deed = Deed { action: "sign out", object: "user", id: &id, name: &caller.name };
    trail.tell(deed, None::<&()>, None::<&()>);
    if let Some(cookie) = SessionCookie::of(&headers) {
        cookie.end(&context).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, ended_cookie())]).into_response())
}
