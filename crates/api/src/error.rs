//! Refusals: the one place where an HTTP status is chosen.

use api_types::{ErrorBody, ErrorDetail};
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use metadata_store::StoreError;
use telemetry_store::reader::QueryError;

/// Why a request is not answered with what it asked for.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The sentence says what is wrong with the request.
    #[error("{0}")]
    BadRequest(String),
    #[error("sign in first: POST /api/v1/session, or HTTP Basic with user@account and password")]
    NotSignedIn,
    #[error("user or password is wrong")]
    WrongCredentials,
    #[error("the X-CSRF-Token header is missing or old; take it from GET /api/v1/session")]
    Csrf,
    #[error("{0}")]
    NotFound(String),
    #[error("this path does not take this method; openapi/controller.json lists what it takes")]
    MethodNotAllowed,
    /// Understood, and yet it has no answer; the sentence says why.
    #[error("{0}")]
    Unprocessable(String),
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    #[error("too many failed sign-ins; try again in {retry_after} s")]
    TooManySignIns { retry_after: u64 },
    #[error("too many requests are being answered; try again in {retry_after} s")]
    Overloaded { retry_after: u64 },
    #[error("the answer took longer than {0} s; ask for a shorter range or fewer entities")]
    Deadline(u64),
    #[error(
        "the {what} cannot be read just now; try again in a few seconds, and look into the server's log if it stays so"
    )]
    Unavailable {
        what: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl ApiError {
    /// A request that cannot be understood; the sentence says what to change.
    pub(crate) fn bad(sentence: impl Into<String>) -> ApiError {
        ApiError::BadRequest(sentence.into())
    }

    /// Something of an id or name that is not there.
    pub(crate) fn missing(what: &str, which: impl std::fmt::Display) -> ApiError {
        ApiError::NotFound(format!("there is no {what} {which} in your account"))
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            ApiError::BadRequest(_) => StatusCode::BAD_REQUEST,
            ApiError::NotSignedIn | ApiError::WrongCredentials => StatusCode::UNAUTHORIZED,
            ApiError::Csrf => StatusCode::FORBIDDEN,
            ApiError::NotFound(_) => StatusCode::NOT_FOUND,
            ApiError::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            ApiError::Unprocessable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            ApiError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            ApiError::TooManySignIns { .. } => StatusCode::TOO_MANY_REQUESTS,
            ApiError::Overloaded { .. } | ApiError::Deadline(_) | ApiError::Unavailable { .. } => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    /// The word that programs compare.
    pub fn code(&self) -> &'static str {
        match self {
            ApiError::BadRequest(_) => "bad_request",
            ApiError::NotSignedIn => "not_signed_in",
            ApiError::WrongCredentials => "wrong_credentials",
            ApiError::Csrf => "csrf",
            ApiError::NotFound(_) => "not_found",
            ApiError::MethodNotAllowed => "method_not_allowed",
            ApiError::Unprocessable(_) => "unprocessable",
            ApiError::TooLarge(_) => "too_large",
            ApiError::TooManySignIns { .. } => "too_many_sign_ins",
            ApiError::Overloaded { .. } => "overloaded",
            ApiError::Deadline(_) => "deadline",
            ApiError::Unavailable { .. } => "unavailable",
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            ApiError::TooManySignIns { retry_after } | ApiError::Overloaded { retry_after } => {
                Some(*retry_after)
            }
            ApiError::Deadline(_) | ApiError::Unavailable { .. } => Some(5),
            _ => None,
        }
    }
}

/// A refusal on its way out, left in the response so that other APIs than ours can word it their own way.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    pub(crate) sentence: String,
    /// The word that programs compare.
    pub(crate) code: &'static str,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let ApiError::Unavailable { what, source } = &self {
            tracing::error!(
                what,
                error = chain(source.as_ref()),
                "a request could not be answered"
            );
        }
        let sentence = self.to_string();
        let code = self.code();
        let error = ErrorDetail { code: code.to_owned(), message: sentence.clone() };
        let mut response = (self.status(), Json(ErrorBody { error })).into_response();
        response.extensions_mut().insert(Refused { sentence, code });
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { what, id } => ApiError::missing(what, id),
            StoreError::TooLong { .. } => ApiError::BadRequest(error.to_string()),
            StoreError::TooMany { .. } => ApiError::Unprocessable(error.to_string()),
            error => ApiError::Unavailable { what: "metadata store", source: Box::new(error) },
        }
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::TooLarge(_) => ApiError::BadRequest(error.to_string()),
            error => ApiError::Unavailable { what: "telemetry store", source: Box::new(error) },
        }
    }
}
