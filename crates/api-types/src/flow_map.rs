//! The flow map: who calls whom.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{figures::Figures, page::Partial, reference::Ref};

/// Tiers and backends as nodes, exit calls as edges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlowMap {
    pub application: Ref,
    pub nodes: Vec<FlowMapNode>,
    pub edges: Vec<FlowMapEdge>,
    /// From here on the range is still filling: counts of figures include it, rates and averages do not; null when it ends
    /// before.
    #[schema(required)]
    pub filling_from: Option<i64>,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// What a node of the map is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FlowMapNodeKind {
    Tier,
    Backend,
    Queue,
    /// Another application.
    Application,
    /// One node of a tier, on its own map.
    Node,
}

/// The map of one node, of a sample of traces: figures keep no calls by node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NodeFlowMap {
    #[serde(flatten)]
    pub map: FlowMap,
    /// Traces that were looked at and that the node took part in. Counts of figures are of these; rates are none.
    pub traces: usize,
    /// Transactions that were looked through for them.
    pub looked_at: usize,
}

/// A node of the map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlowMapNode {
    pub id: u32,
    pub kind: FlowMapNodeKind,
    pub name: String,
    /// `tier`, `application`, or a backend's type: `DATABASE`, `HTTP`, `CACHE`, `MESSAGING`, `RPC`, `OTHER`.
    #[serde(rename = "type")]
    pub category: String,
    #[schema(required)]
    pub system: Option<String>,
    /// Entry calls of a tier, calls to anything else; null for a tier that got none.
    #[schema(required)]
    pub figures: Option<Figures>,
    /// Live nodes of a tier.
    pub nodes: usize,
    /// Where people or an earlier layout put it; null when nobody did.
    #[schema(required)]
    pub x: Option<f64>,
    #[schema(required)]
    pub y: Option<f64>,
    /// Put there by a person.
    pub pinned: bool,
    /// Whether business transactions enter here.
    pub entry: bool,
    pub hints: Vec<String>,
}

/// An edge of the map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FlowMapEdge {
    pub from: u32,
    pub to: u32,
    #[serde(rename = "type")]
    pub category: String,
    /// Nobody waits for the answer.
    #[serde(rename = "async")]
    pub asynchronous: bool,
    pub figures: Figures,
    /// Whether the far end is something that reports itself, or a queue.
    pub resolved: bool,
}

/// Where nodes of a map are to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Layout {
    /// At most 5,000; nodes not named stay where they are.
    #[schema(max_items = 5000)]
    pub positions: Vec<LayoutPosition>,
}

/// Where one node is to be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LayoutPosition {
    pub id: u32,
    #[schema(minimum = -10_000_000, maximum = 10_000_000)]
    pub x: f64,
    #[schema(minimum = -10_000_000, maximum = 10_000_000)]
    pub y: f64,
    pub pinned: bool,
}
