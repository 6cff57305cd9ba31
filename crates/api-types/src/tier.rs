//! Tiers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::figures::Figures;

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

/// Always `tier`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TierKind {
    Tier,
}
