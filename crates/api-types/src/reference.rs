//! A mention of an entity.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An entity by id and name. Id 0 with an empty name: none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ref {
    pub id: u32,
    pub name: String,
}
