//! Layouts of flow maps that are kept under a name.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::flow_map::LayoutPosition;

/// A layout in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SavedLayout {
    pub id: u32,
    /// Which map it is of: `all`, `application:7`, `business-transaction:17`, `transaction-group:7.1`, `tier:3`, `node:5` or
    /// `backend:4`.
    #[schema(example = "application:7")]
    pub scope: String,
    pub name: String,
    /// Shown unless another is asked for.
    pub default: bool,
    /// Unix milliseconds.
    pub changed_ms: i64,
}

/// A layout to be kept, or what one is to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSavedLayout {
    /// As in [`SavedLayout`]; of one that is kept already it stays what it was.
    #[schema(
        example = "application:7",
        pattern = "^(all|(application|business-transaction|tier|node|backend):[0-9]{1,9}|transaction-group:[0-9]{1,9}\\.[0-9]{1,9})$"
    )]
    pub scope: String,
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    #[serde(default)]
    pub default: bool,
    // As in `Drawing`. Flattened, it would be a part of the schema that cannot be closed.
    #[serde(default)]
    #[schema(max_items = 5000)]
    pub positions: Vec<LayoutPosition>,
    #[serde(default)]
    #[schema(max_items = 200)]
    pub groups: Vec<LayoutGroup>,
}

/// Where nodes of a map are drawn, and which of them as one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Drawing {
    #[serde(default)]
    #[schema(max_items = 5000)]
    pub positions: Vec<LayoutPosition>,
    #[serde(default)]
    #[schema(max_items = 200)]
    pub groups: Vec<LayoutGroup>,
}

/// Nodes that are drawn as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LayoutGroup {
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// All whose names begin so, what comes later too; empty: those of `members`.
    #[serde(default)]
    #[schema(max_length = 255)]
    pub prefix: String,
    /// Ids of nodes chosen by hand.
    #[serde(default)]
    #[schema(max_items = 5000)]
    pub members: Vec<u32>,
}

/// A layout with what it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SavedLayoutDetail {
    #[serde(flatten)]
    pub layout: SavedLayout,
    #[serde(flatten)]
    pub drawing: Drawing,
}
