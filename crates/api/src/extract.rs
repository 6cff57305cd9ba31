//! Reading requests: axum's extractors, with refusals in our words.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{
        FromRequest, FromRequestParts, MatchedPath, OptionalFromRequest, Path, Query, Request,
    },
};
use http::{HeaderMap, StatusCode, header::CONTENT_TYPE, request::Parts};
use model::id::EntityId;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Number, Value};
use utoipa::IntoParams;

use crate::{
    context::{Context, Shared},
    error::ApiError,
    period::Period,
};

/// Bodies of requests, unless a route says otherwise.
pub(crate) const MAX_BODY: usize = 256 * 1024;
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

/// A JSON body, which keeps to the schema that the document has of it. A whole number may be written `1.0` too: to JSON and
/// its schemas that is the same number, and some languages have no other.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Shared> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, context: &Shared) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::bad(
                "the body has to be JSON: send Content-Type: application/json",
            ));
        }
        let method = request.method().clone();
        let path = request.extensions().get::<MatchedPath>().cloned();
        let bytes =
            Bytes::from_request(request, context).await.map_err(|rejection| {
                match rejection.status() {
                    StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge(MAX_BODY),
                    _ => ApiError::bad(format!("the body cannot be read: {}", cause(&rejection))),
                }
            })?;
        let unreadable =
            |why: String| ApiError::bad(format!("the body cannot be read as JSON: {why}"));
        let body = from_json(&bytes).map_err(unreadable)?;
        if let Some(path) = path {
            let value = serde_json::from_slice(&bytes);
            let value = value.map_err(|error: serde_json::Error| unreadable(error.to_string()))?;
            context.bodies().check(&method, path.as_str(), &value).map_err(ApiError::bad)?;
        }
        Ok(Body(body))
    }
}

/// Whether a body is said to be JSON: `application/json`, or another type that is written in it.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.starts_with("application/") && kind.ends_with("+json")
}

/// Reads as it stands, and only where that fails with whole numbers for what is written `1.0`: the first reading knows
/// the field, line and column of what is wrong.
fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let wrong = match Json::<T>::from_bytes(bytes) {
        Ok(Json(body)) => return Ok(body),
        Err(rejection) => cause(&rejection),
    };
    let Ok(mut value) = serde_json::from_slice(bytes) else { return Err(wrong) };
    match whole_numbers(&mut value) {
        true => serde_json::from_value(value).map_err(|error| error.to_string()),
        false => Err(wrong),
    }
}

/// Puts integers in the place of floating-point numbers that are whole; tells whether there were any.
fn whole_numbers(value: &mut Value) -> bool {
    match value {
        Value::Number(number) => {
            let Some(whole) = number.as_f64().filter(|_| number.is_f64()).and_then(whole) else {
                return false;
            };
            *number = whole;
            true
        }
        // Not `any`, which ends at the first.
        Value::Array(items) => {
            items.iter_mut().map(whole_numbers).fold(false, |one, any| one | any)
        }
        Value::Object(fields) => {
            fields.values_mut().map(whole_numbers).fold(false, |one, any| one | any)
        }
        _ => false,
    }
}

/// Up to 2⁵³, from where on floating-point numbers are whole without having been meant so.
fn whole(number: f64) -> Option<Number> {
    const MOST: f64 = 9_007_199_254_740_992.0;
    #[allow(clippy::cast_possible_truncation, reason = "it has no fraction and fits")]
    (number.fract() == 0.0 && number.abs() <= MOST).then(|| Number::from(number as i64))
}

/// A JSON body that may be left out.
impl<T: DeserializeOwned> OptionalFromRequest<Shared> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &Shared) -> Result<Option<Self>, ApiError> {
        if !request.headers().contains_key(CONTENT_TYPE) {
            return Ok(None);
        }
        <Self as FromRequest<Shared>>::from_request(request, state).await.map(Some)
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

/// A text of so many characters at most.
pub(crate) fn short(name: &str, text: String, most: usize) -> Result<String, ApiError> {
    match text.chars().count() <= most {
        true => Ok(text),
        false => Err(ApiError::bad(format!("{name} is longer than {most} characters"))),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Sample {
        whole: u32,
        real: f64,
        list: Vec<i64>,
    }

    fn read(json: &str) -> Result<Sample, String> {
        from_json(json.as_bytes())
    }

    #[test]
    fn a_whole_number_may_be_written_with_a_fraction_of_zero() {
        let expected = Sample { whole: 1, real: 2.5, list: vec![-3, 4, 5] };
        let read = read(r#"{"whole": 1.0, "real": 2.5, "list": [-3.0, 4, 5e0]}"#);
        assert_eq!(read, Ok(expected));
    }

    #[test]
    fn other_numbers_are_refused_where_whole_ones_are_wanted() {
        for wrong in ["1.5", "-1.0", "4294967296.0", "1e300", "true"] {
            let json = format!(r#"{{"whole": {wrong}, "real": 1, "list": [1.0]}}"#);
            assert!(read(&json).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let error = read("{\"whole\": \"one\", \"real\": 1, \"list\": []}").unwrap_err();
        assert!(error.ends_with("at line 1 column 15"), "{error}");
        let error = read(r#"{"whole": 1.0, "real": "one", "list": []}"#).unwrap_err();
        assert!(error.contains("\"one\""), "{error}");
    }

    #[test]
    fn bodies_of_types_written_in_json_are_json() {
        let is =
            |kind: &str| is_json(&HeaderMap::from_iter([(CONTENT_TYPE, kind.parse().unwrap())]));
        assert!(is("application/json") && is("Application/JSON; charset=utf-8"));
        assert!(is("application/vnd.appd.cntrl+json;v=1"));
        assert!(!is("text/plain") && !is("application/jsonp") && !is_json(&HeaderMap::new()));
    }
}
