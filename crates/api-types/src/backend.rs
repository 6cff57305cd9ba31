//! Backends and queues.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::figures::Figures;

/// A backend or queue in a list. Its figures are the calls that all tiers make to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Backend {
    pub id: u32,
    pub name: String,
    /// `HTTP`, `DATABASE`, `CACHE`, `RPC`, `MESSAGING`, ….
    #[serde(rename = "type")]
    pub category: String,
    /// `mysql`, `redis`, …; null when unknown.
    #[schema(required)]
    pub system: Option<String>,
    /// `host:port`; empty when unknown.
    pub address: String,
    pub figures: Figures,
}
