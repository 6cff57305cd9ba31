//! Searches that people keep.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A search of the user who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"id": 4, "name": "Slow checkouts", "query": "bt=17&min=500&range=last-6h", "created_at": 1_790_000_000_000i64}))]
pub struct SavedSearch {
    pub id: u32,
    pub name: String,
    /// What stands behind the question mark in the page's URL.
    pub query: String,
    pub created_at: i64,
}

/// A search to be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"name": "Slow checkouts", "query": "bt=17&min=500&range=last-6h"}))]
pub struct NewSavedSearch {
    /// What people call it: 1 to 255 characters, none of them a control character.
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    pub name: String,
    /// What stands behind the question mark in the page's URL: at most 4096 bytes without control characters.
    #[schema(max_length = 4096, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub query: String,
}
