//! The body of every refusal.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is answered instead, with any status from 400 on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    pub error: ErrorDetail,
}

/// Why, for a program and for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorDetail {
    /// Stays the same between versions, e.g. `not_found`.
    pub code: String,
    /// A sentence that says what to do.
    pub message: String,
}
