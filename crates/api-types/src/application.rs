//! Applications.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{figures::Figures, page::Partial};

/// An application in a list. Its figures are those of its business transactions, without background work unless an operator
/// wants it in them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Application {
    pub id: u32,
    pub name: String,
    /// How many it has.
    pub tiers: usize,
    pub nodes: usize,
    pub business_transactions: usize,
    /// Background work counts in its figures.
    pub background_counts: bool,
    pub figures: Figures,
    /// Calls per minute over the range, at most 30 points; null where it reported nothing.
    pub sparkline: Vec<Option<f64>>,
}

/// One application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ApplicationDetail {
    #[serde(flatten)]
    pub application: Application,
    pub hints: Vec<Hint>,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// What an application's key figures are made of. Holds for figures of any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyFigures {
    /// Whether background work counts in them.
    pub background_counts: bool,
}

/// What an operator should do about one of its entities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hint {
    pub entity_id: u32,
    pub message: String,
}
