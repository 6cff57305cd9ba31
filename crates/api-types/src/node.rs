//! Nodes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{figures::Figures, reference::Ref};

/// A node in a list. Its figures are those of its entry spans.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Node {
    pub id: u32,
    pub name: String,
    pub tier: Ref,
    #[schema(required)]
    pub runtime: Option<String>,
    #[schema(required)]
    pub agent: Option<String>,
    pub last_seen: i64,
    /// Unseen for an hour.
    pub historical: bool,
    pub figures: Figures,
}
