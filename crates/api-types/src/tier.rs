//! Tiers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{figures::Figures, page::Partial, reference::Ref};

/// A tier in a list. Its figures are those of its entry spans.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Tier {
    pub id: u32,
    pub name: String,
    pub kind: TierKind,
    /// How many nodes were live in the range.
    pub nodes: usize,
    /// `python`, `nodejs`, `java`, …; null when no agent said so.
    #[schema(required)]
    pub runtime: Option<String>,
    /// The agent of its newest node, e.g. `opentelemetry 1.45.1`.
    #[schema(required)]
    pub agent: Option<String>,
    pub figures: Figures,
    pub hints: Vec<String>,
}

/// One tier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TierDetail {
    #[serde(flatten)]
    pub tier: Tier,
    pub application: Ref,
    pub first_seen: i64,
    pub last_seen: i64,
    /// Nodes that were unseen for an hour and in the range.
    pub historical_nodes: usize,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// Always `tier`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TierKind {
    Tier,
}
