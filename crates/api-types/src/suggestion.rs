//! What there is to ask for.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::page::Partial;

/// Keys of attributes, or values of one key, that some of the spans asked for have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "items": [{"text": "http.route", "spans": 8120}, {"text": "db.namespace", "spans": 3011}],
    "more": false,
    "looked_at": {"spans": 16384, "from": 1_790_000_000_000i64, "to": 1_790_000_060_000i64, "all": false},
    "partial": null,
}))]
pub struct Suggestions {
    /// Those of most spans first.
    pub items: Vec<Suggestion>,
    /// There are others than these; a longer `part` leaves fewer.
    pub more: bool,
    pub looked_at: LookedAt,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// A key or a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Suggestion {
    pub text: String,
    /// Of the spans looked at, how many have it.
    pub spans: u64,
}

/// The spans that an answer is made of: a sample, where there are many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LookedAt {
    pub spans: u64,
    /// When the first of them ended; null when there was none.
    #[schema(required)]
    pub from: Option<i64>,
    /// When the last of them ended.
    #[schema(required)]
    pub to: Option<i64>,
    /// These were all spans of the range; if not, what is not listed may be there all the same.
    pub all: bool,
}
