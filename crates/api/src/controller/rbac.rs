//! `/controller/api/rbac/v1`: users, groups and roles as scripts of the reference product manage them.
//!
//! Its quirks are kept: one media type for whatever is sent and asked for, 500 for what is not there, a PUT of a user that
//! wants `id` and `security_provider_type` and takes no password, a PUT of a role that takes no permissions.

pub(crate) mod groups;
pub(crate) mod roles;
pub(crate) mod users;

use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Path, Request},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header, request::Parts};
use metadata_store::{Membership, Memberships as _, NewAudit};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{auth::Caller, context::Context, error::ApiError};

const MEDIA: &str = "application/vnd.appd.cntrl+json;v=1";
const PROVIDER: &str = "INTERNAL";

/// Whoever asks accepts the media type.
#[derive(Debug)]
pub(crate) struct Accepted;

impl<S: Send + Sync> FromRequestParts<S> for Accepted {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let accept = parts.headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
        match accept.unwrap_or_default().split(',').any(is_media) {
            true => Ok(Accepted),
            false => Err(ApiError::NotAcceptable(MEDIA)),
        }
    }
}

/// A body of the media type.
#[derive(Debug)]
pub(crate) struct Sent<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Sent<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if !kind.is_some_and(is_media) {
            return Err(ApiError::UnsupportedMedia(MEDIA));
        }
        let bytes = axum::body::Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|_| ApiError::TooLarge(crate::extract::MAX_BODY))?;
        let body = serde_json::from_slice(&bytes);
        body.map(Sent).map_err(|error| ApiError::bad(format!("the body cannot be read: {error}")))
    }
}

/// Whether a text names the media type, with version 1.
fn is_media(text: &str) -> bool {
    let mut parts = text.split(';').map(str::trim);
    let named = parts
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case("application/vnd.appd.cntrl+json"));
    named && parts.any(|part| part.replace(' ', "").eq_ignore_ascii_case("v=1"))
}

/// Whether something is given or taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Give,
    Take,
}

/// Gives or takes a membership of the caller's account, together with what the audit log says of it.
async fn write(
    context: &Context,
    caller: &Caller,
    change: Change,
    membership: Membership,
    entry: &NewAudit,
) -> Result<Response, ApiError> {
    let account = caller.account.0;
    match change {
        Change::Give => context.store.add_membership(account, membership, entry).await?,
        Change::Take => context.store.remove_membership(account, membership, entry).await?,
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Numbers in the path, in their order.
#[derive(Debug)]
pub(crate) struct Ids<const N: usize>([u32; N]);

impl<S: Send + Sync, const N: usize> FromRequestParts<S> for Ids<N> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let wrong = || ApiError::bad("the ids in the path have to be whole numbers");
        let Path(texts) = Path::<Vec<(String, String)>>::from_request_parts(parts, state)
            .await
            .map_err(|_| wrong())?;
        let ids: Result<Vec<u32>, _> = texts.iter().map(|(_, text)| text.parse()).collect();
        ids.ok().and_then(|ids| ids.try_into().ok()).map(Ids).ok_or_else(wrong)
    }
}

/// A mention by id and name.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Mention {
    id: u32,
    name: String,
}

/// An answer of the media type.
fn answer(body: impl Serialize) -> Response {
    let mut response = Json(body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA));
    response
}

/// What is not there is told as scripts of the reference expect it, whatever one may think of that.
fn quirky(result: Result<Response, ApiError>) -> Result<Response, ApiError> {
    match result {
        Err(ApiError::NotFound(sentence)) => {
            Ok((StatusCode::INTERNAL_SERVER_ERROR, format!("{sentence}\n")).into_response())
        }
        result => result,
    }
}

/// A body that changes something repeats the id of the path.
fn same_id(sent: Option<u32>, id: u32) -> Result<(), ApiError> {
    let wrong = || ApiError::bad("id in the body has to be there and to be that of the path");
    (sent == Some(id)).then_some(()).ok_or_else(wrong)
}

fn internal(provider: Option<&str>) -> Result<(), ApiError> {
    match provider {
        Some(provider) if provider.eq_ignore_ascii_case(PROVIDER) => Ok(()),
        Some(_) => {
            Err(ApiError::bad("security_provider_type has to be INTERNAL: there is no other"))
        }
        None => Err(ApiError::bad("the body lacks security_provider_type")),
    }
}

#[cfg(test)]
mod tests {
    use super::is_media;

    #[test]
    fn the_media_type_has_its_version() {
        for right in [
            "application/vnd.appd.cntrl+json;v=1",
            "application/vnd.appd.cntrl+JSON; v=1",
            " application/vnd.appd.cntrl+json;charset=utf-8;v=1",
        ] {
            assert!(is_media(right), "{right}");
        }
        for wrong in [
            "application/json",
            "application/vnd.appd.cntrl+json",
            "application/vnd.appd.cntrl+json;v=2",
            "*/*",
            "",
        ] {
            assert!(!is_media(wrong), "{wrong}");
        }
    }
}
