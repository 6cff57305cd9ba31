//! Pages of lists, and the note that an answer is not whole.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why an answer may not be whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Partial {
    /// Sentences for a person; at least one.
    pub reasons: Vec<String>,
}

impl Partial {
    /// The note for these reasons; nothing when there are none.
    pub fn of(reasons: Vec<String>) -> Option<Partial> {
        (!reasons.is_empty()).then_some(Partial { reasons })
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Goes into `cursor` to get the next page; null on the last.
    #[schema(required)]
    pub next: Option<String>,
    #[schema(required)]
    pub partial: Option<Partial>,
}
