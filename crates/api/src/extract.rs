//! Reading requests: axum's extractors, with refusals in our words.

use std::sync::Arc;

use axum::{
    Json,
    extract::{
        FromRequest, FromRequestParts, OptionalFromRequest, Path, Query, Request,
        rejection::JsonRejection,
    },
};
use http::{StatusCode, request::Parts};
use model::id::EntityId;
use serde::{Deserialize, de::DeserializeOwned};
use utoipa::IntoParams;

use crate::{context::Context, error::ApiError, period::Period};

/// Bodies of requests, unless a route says otherwise.
pub(crate) const MAX_BODY: usize = 64 * 1024;
/// The body of a layout: 5,000 positions.
pub(crate) const MAX_LAYOUT: usize = 512 * 1024;

/// Query parameters.
#[derive(Debug)]
pub(crate) struct Params<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Query::try_from_uri(&parts.uri).map(|Query(params)| Params(params)).map_err(|rejection| {
            ApiError::bad(format!("a query parameter cannot be read: {}", cause(&rejection)))
        })
    }
}

/// The id in the path.
#[derive(Debug)]
pub(crate) struct PathId(pub(crate) EntityId);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let id = Path::<u32>::from_request_parts(parts, state).await;
        id.map(|Path(id)| PathId(EntityId(id)))
            .map_err(|_| ApiError::bad("the id in the path has to be a whole number"))
    }
}

/// The two ids in the path.
#[derive(Debug)]
pub(crate) struct PathIds(pub(crate) u32, pub(crate) u32);

impl<S: Send + Sync> FromRequestParts<S> for PathIds {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let ids = Path::<(u32, u32)>::from_request_parts(parts, state).await;
        ids.map(|Path((one, two))| PathIds(one, two))
            .map_err(|_| ApiError::bad("the ids in the path have to be whole numbers"))
    }
}

/// A JSON body.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let read = <Json<T> as FromRequest<S>>::from_request(request, state).await;
        read.map(|Json(body)| Body(body)).map_err(|rejection| match rejection {
            JsonRejection::MissingJsonContentType(_) => {
                ApiError::bad("the body has to be JSON: send Content-Type: application/json")
            }
            JsonRejection::BytesRejection(rejection)
                if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE =>
            {
                ApiError::TooLarge(MAX_BODY)
            }
            rejection => {
                ApiError::bad(format!("the body cannot be read as JSON: {}", cause(&rejection)))
            }
        })
    }
}

/// A JSON body that may be left out.
impl<S: Send + Sync, T: DeserializeOwned> OptionalFromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, ApiError> {
        if !request.headers().contains_key(http::header::CONTENT_TYPE) {
            return Ok(None);
        }
        <Self as FromRequest<S>>::from_request(request, state).await.map(Some)
    }
}

/// The innermost cause: what serde says, without axum's words around it.
fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// From when to when.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RangeParams {
    /// Unix milliseconds; an hour before `to` when not given.
    #[param(minimum = 0)]
    from: Option<i64>,
    /// Unix milliseconds; now when not given.
    #[param(minimum = 0)]
    to: Option<i64>,
}

impl RangeParams {
    /// The instants meant.
    fn instants(self, now_ms: i64) -> (i64, i64) {
        let to = self.to.unwrap_or(now_ms);
        (self.from.unwrap_or(to.saturating_sub(3_600_000)), to)
    }
}

/// The range of the query parameters: as minutes, and to the millisecond.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    pub(crate) period: Period,
    pub(crate) from_ms: i64,
    pub(crate) to_ms: i64,
}

impl Range {
    /// Its instants as Unix nanoseconds, half open.
    pub(crate) fn nanos(&self) -> (u64, u64) {
        (nanos(self.from_ms), nanos(self.to_ms))
    }
}

/// Unix milliseconds as nanoseconds; saturates.
pub(crate) fn nanos(ms: i64) -> u64 {
    u64::try_from(ms).unwrap_or(0).saturating_mul(1_000_000)
}

impl FromRequestParts<Arc<Context>> for Range {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        context: &Arc<Context>,
    ) -> Result<Self, ApiError> {
        let Params(params) = Params::<RangeParams>::from_request_parts(parts, context).await?;
        let (from_ms, to_ms) = params.instants(context.now_ms());
        let period = Period::between(from_ms, to_ms, context.now_minute())
            .map_err(ApiError::unprocessable)?;
        Ok(Range { period, from_ms, to_ms })
    }
}
