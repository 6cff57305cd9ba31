//! Nodes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{figures::Figures, page::Partial, reference::Ref};

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

/// One node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NodeDetail {
    #[serde(flatten)]
    pub node: Node,
    pub application: Ref,
    /// The host that it runs on, as its agent names it.
    #[schema(required)]
    pub host: Option<String>,
    pub first_seen: i64,
    #[schema(required)]
    pub partial: Option<Partial>,
}
