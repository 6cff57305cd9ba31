//! Refusals: the one place where an HTTP status is chosen.

use api_types::{ErrorBody, ErrorDetail};
use axum::{
    Json,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use metadata_store::StoreError;
use model::access::Permission;
use telemetry_store::reader::QueryError;

const BASIC: &str = "Basic realm=\"Vedette\", charset=\"UTF-8\"";
const BEARER: &str = "Bearer realm=\"Vedette\"";
const INVALID_TOKEN: &str = "Bearer realm=\"Vedette\", error=\"invalid_token\", \
     error_description=\"the token is not known, or has expired or been revoked\"";

/// Why a request is not answered with what it asked for.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The sentence says what is wrong with the request.
    #[error("{0}")]
    BadRequest(String),
    #[error(
        "sign in first: POST /api/v1/session, or HTTP Basic with user@account and password, or a token of \
         POST /controller/api/oauth/access_token"
    )]
    NotSignedIn,
    #[error(
        "user or password is wrong, or the user is disabled, or locked after too many wrong passwords; whoever may \
         administer users sees and can lift that"
    )]
    WrongCredentials,
    #[error("the API client is not known or its secret is wrong")]
    WrongClient,
    #[error(
        "the token is not known, or has expired or been revoked; ask for a new one: \
         POST /controller/api/oauth/access_token"
    )]
    InvalidToken,
    #[error("this is for users, not for API clients; sign in as a user")]
    UsersOnly,
    /// Over the account where no application is named; who can grant it.
    #[error("{}", missing_permission(*permission, application.as_deref(), granters))]
    Forbidden { permission: Permission, application: Option<String>, granters: Vec<String> },
    /// The sentence says what is beyond one's own permissions.
    #[error("{0}")]
    BeyondOwn(String),
    #[error("change your password first: PUT /api/v1/profile/password, or on your profile's page")]
    PasswordMustChange,
    #[error("a page of another site sent this; open Vedette itself")]
    OtherSite,
    #[error("the X-CSRF-Token header is missing or old; take it from GET /api/v1/session")]
    Csrf,
    #[error("{0}")]
    NotFound(String),
    #[error("this path does not take this method; openapi/controller.json lists what it takes")]
    MethodNotAllowed,
    #[error("ask for Accept: {0}")]
    NotAcceptable(&'static str),
    #[error("the body has to be sent as Content-Type: {0}")]
    UnsupportedMedia(&'static str),
    /// Of what there may be one only, or so many; the sentence says which.
    #[error("{0}")]
    Conflict(String),
    /// Understood, and yet it has no answer; the sentence says why.
    #[error("{0}")]
    Unprocessable(String),
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    #[error("too many failed sign-ins; try again in {retry_after} s")]
    TooManySignIns { retry_after: u64 },
    #[error(
        "the API client has too many tokens that have not expired; use one until it expires, or try again in \
         {retry_after} s"
    )]
    TooManyTokens { retry_after: u64 },
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

    /// The same refusal of a value that is sound by itself, as far as the OpenAPI document can say, but asks for nothing
    /// there can be.
    pub(crate) fn unprocessable(self) -> ApiError {
        match self {
            ApiError::BadRequest(sentence) => ApiError::Unprocessable(sentence),
            other => other,
        }
    }

    /// Something of an id or name that is not there.
    pub(crate) fn missing(what: &str, which: impl std::fmt::Display) -> ApiError {
        ApiError::NotFound(format!("there is no {what} {which} in your account"))
    }

    /// What a body names and is not there is no missing page.
    pub(crate) fn within_body(self) -> ApiError {
        match self {
            ApiError::NotFound(sentence) => ApiError::Unprocessable(sentence),
            error => error,
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            ApiError::BadRequest(_) => StatusCode::BAD_REQUEST,
            ApiError::NotSignedIn
            | ApiError::WrongCredentials
            | ApiError::WrongClient
            | ApiError::InvalidToken => StatusCode::UNAUTHORIZED,
            ApiError::Csrf
            | ApiError::UsersOnly
            | ApiError::Forbidden { .. }
            | ApiError::BeyondOwn(_)
            | ApiError::PasswordMustChange
            | ApiError::OtherSite => StatusCode::FORBIDDEN,
            ApiError::Conflict(_) => StatusCode::CONFLICT,
            ApiError::NotFound(_) => StatusCode::NOT_FOUND,
            ApiError::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            ApiError::NotAcceptable(_) => StatusCode::NOT_ACCEPTABLE,
            ApiError::UnsupportedMedia(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ApiError::Unprocessable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            ApiError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            ApiError::TooManySignIns { .. } | ApiError::TooManyTokens { .. } => {
                StatusCode::TOO_MANY_REQUESTS
            }
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
            ApiError::WrongClient => "wrong_client",
            ApiError::InvalidToken => "invalid_token",
            ApiError::UsersOnly => "users_only",
            ApiError::Csrf => "csrf",
            ApiError::Forbidden { .. } => "forbidden",
            ApiError::BeyondOwn(_) => "beyond_own_permissions",
            ApiError::PasswordMustChange => "password_must_change",
            ApiError::OtherSite => "other_site",
            ApiError::Conflict(_) => "conflict",
            ApiError::NotFound(_) => "not_found",
            ApiError::MethodNotAllowed => "method_not_allowed",
            ApiError::NotAcceptable(_) => "not_acceptable",
            ApiError::UnsupportedMedia(_) => "unsupported_media_type",
            ApiError::Unprocessable(_) => "unprocessable",
            ApiError::TooLarge(_) => "too_large",
            ApiError::TooManySignIns { .. } => "too_many_sign_ins",
            ApiError::TooManyTokens { .. } => "too_many_tokens",
            ApiError::Overloaded { .. } => "overloaded",
            ApiError::Deadline(_) => "deadline",
            ApiError::Unavailable { .. } => "unavailable",
        }
    }

    /// How to sign in, as RFC 6750 words it. No browser asks for a password because of it.
    fn challenge(&self) -> Option<HeaderValue> {
        let text = match self {
            ApiError::InvalidToken => INVALID_TOKEN,
            _ if self.status() == StatusCode::UNAUTHORIZED => BEARER,
            _ => return None,
        };
        Some(HeaderValue::from_static(text))
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            ApiError::TooManySignIns { retry_after }
            | ApiError::TooManyTokens { retry_after }
            | ApiError::Overloaded { retry_after } => Some(*retry_after),
            ApiError::Deadline(_) | ApiError::Unavailable { .. } => Some(5),
            _ => None,
        }
    }
}

/// Words refusals under a prefix as the clients of that API know them.
pub(crate) async fn word_refusals_under<R: IntoResponse>(
    prefix: &str,
    request: Request,
    next: Next,
    word: impl FnOnce(&Refused, StatusCode) -> R,
) -> Response {
    let path = request.uri().path().strip_prefix(prefix);
    let ours = path.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let response = next.run(request).await;
    match response.extensions().get::<Refused>() {
        Some(refused) if ours => {
            let status = response.status();
            let mut worded = (status, word(refused, status)).into_response();
            keep_headers(&response, &mut worded);
            worded
        }
        _ => response,
    }
}

/// What a refusal that is worded anew for an API of programs keeps: when to come again, and how to sign in. By HTTP Basic
/// too: under `/api/v1` nobody is told so, since a browser would ask for a password over the page's own sign-in.
pub(crate) fn keep_headers(refused: &Response, worded: &mut Response) {
    for name in [header::RETRY_AFTER, header::WWW_AUTHENTICATE, header::ALLOW] {
        if let Some(value) = refused.headers().get(&name) {
            worded.headers_mut().insert(name, value.clone());
        }
    }
    if refused.status() == StatusCode::UNAUTHORIZED {
        worded.headers_mut().append(header::WWW_AUTHENTICATE, HeaderValue::from_static(BASIC));
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
        if let Some(challenge) = self.challenge() {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

fn missing_permission(
    permission: Permission,
    application: Option<&str>,
    granters: &[String],
) -> String {
    let over = match application {
        Some(name) => format!("the application {name}"),
        None if permission.is_of_applications() => "this".to_owned(),
        None => "the account".to_owned(),
    };
    let who = match granters {
        [] => "whoever administers users".to_owned(),
        some => some.join(", "),
    };
    format!(
        "you lack the permission {permission} over {over}: it allows to {}; it can be granted by {who}",
        permission.sentence()
    )
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
            StoreError::AlreadyExists { .. }
            | StoreError::InUse(_)
            | StoreError::Predefined
            | StoreError::LastOwner => ApiError::Conflict(error.to_string()),
            StoreError::TooLong { .. } => ApiError::BadRequest(error.to_string()),
            StoreError::TooMany { .. } | StoreError::Gone { .. } => {
                ApiError::Unprocessable(error.to_string())
            }
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
