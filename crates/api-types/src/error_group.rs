//! Errors: exceptions of one type and message on one tier.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{number::count, reference::Ref};

/// A group of exceptions in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ErrorGroup {
    pub id: u32,
    #[serde(rename = "type")]
    pub exception: String,
    /// The message with its variable parts replaced.
    pub message: String,
    pub tier: Ref,
    /// Exceptions in the range, the minute that is still filling included.
    #[serde(serialize_with = "count")]
    pub count: f64,
    pub first_seen: i64,
    pub last_seen: i64,
}
