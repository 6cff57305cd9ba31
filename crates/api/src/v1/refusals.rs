//! The refusals that any route of `/api/v1` may answer with, for the document.

use api_types::ErrorBody;
use utoipa::IntoResponses;

/// Alike for every route.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only its shape is read, by the document")]
pub(crate) enum Refusals {
    /// The request cannot be understood; the message says what to change.
    #[response(status = 400)]
    BadRequest(ErrorBody),
    /// Not signed in, or a wrong password.
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// The `X-CSRF-Token` header of a session is missing or old.
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// There is no such thing in the account.
    #[response(status = 404)]
    NotFound(ErrorBody),
    /// The body is too large.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// Each value is sound, but they ask for nothing there can be: a range that ends before it begins, the cursor of another
    /// list.
    #[response(status = 422)]
    Unprocessable(ErrorBody),
    /// Too many failed sign-ins; `Retry-After` says when to try again.
    #[response(status = 429)]
    TooMany(ErrorBody),
    /// Too busy, or a store cannot be read; `Retry-After` says when to try again.
    #[response(status = 503)]
    Unavailable(ErrorBody),
}
