//! What is asked: parameters of the address and, of a POST, of a form.

use axum::{
    Form,
    extract::{FromRequest, Query, Request},
};
use http::{Method, header};
use promql::number;

use crate::error::ApiError;

/// The parameters of a request, in the order they were sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Asked {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Asked, ApiError> {
        let unreadable = |what: &str| ApiError::bad(format!("the {what} cannot be read"));
        let query = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
        let Query(mut all) = query.map_err(|_| unreadable("query parameters"))?;
        let kind = request.headers().get(header::CONTENT_TYPE).map(|kind| kind.as_bytes());
        let is_form =
            kind.is_some_and(|kind| kind.starts_with(b"application/x-www-form-urlencoded"));
        if request.method() == Method::POST && is_form {
            let form = Form::<Vec<(String, String)>>::from_request(request, state).await;
            let Form(sent) = form.map_err(|_| unreadable("form"))?;
            all.extend(sent);
        }
        Ok(Asked(all))
    }
}

impl Asked {
    /// The first value of a name that is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of a name that are not empty.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let of_name =
            self.0.iter().filter(move |(known, value)| known == name && !value.is_empty());
        of_name.map(|(_, value)| value.as_str())
    }

    /// The value of a name that has to be there.
    pub(crate) fn needed(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name)
            .ok_or_else(|| ApiError::bad(format!("invalid parameter \"{name}\": it is missing")))
    }

    /// An instant as Unix milliseconds.
    pub(crate) fn time(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let read = |text| {
            number::read_time(text).ok_or_else(|| {
                ApiError::bad(format!(
                    "invalid parameter \"{name}\": cannot parse {text:?} to a valid timestamp; \
                     give Unix seconds or RFC 3339"
                ))
            })
        };
        self.text(name).map(read).transpose()
    }

    /// A duration above 0 as milliseconds.
    pub(crate) fn duration(&self, name: &str) -> Result<i64, ApiError> {
        let text = self.needed(name)?;
        number::read_duration(text).ok_or_else(|| {
            ApiError::bad(format!(
                "invalid parameter \"{name}\": {text:?} is no duration above 0, as 15 (seconds) or 1m30s are"
            ))
        })
    }

    /// The selectors of `match[]`.
    pub(crate) fn selectors(&self) -> Result<Vec<String>, ApiError> {
        const MOST: usize = 32;
        let all: Vec<String> = self.all("match[]").map(str::to_owned).collect();
        if all.len() > MOST {
            return Err(ApiError::bad(format!("there are at most {MOST} match[] in a request")));
        }
        Ok(all)
    }

    /// A whole number; none where it is not given or 0.
    pub(crate) fn limit(&self) -> Result<Option<usize>, ApiError> {
        let read = |text: &str| {
            let limit: Result<u32, _> = text.parse();
            limit.map_err(|_| {
                ApiError::bad("invalid parameter \"limit\": a whole number of at most 32 bits")
            })
        };
        let limit = self.text("limit").map(read).transpose()?.filter(|limit| *limit > 0);
        Ok(limit.map(|limit| limit as usize))
    }
}
