//! Backends and queues.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{figures::Figures, page::Partial, reference::Ref};

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

/// One backend or queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BackendDetail {
    #[serde(flatten)]
    pub backend: Backend,
    pub application: Ref,
    pub first_seen: i64,
    pub last_seen: i64,
    /// Business transactions under which it is called, most calls first; at most 50.
    pub business_transactions: Vec<BackendTransaction>,
    #[schema(required)]
    pub partial: Option<Partial>,
}

/// The calls to a backend under one business transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BackendTransaction {
    pub bt: Ref,
    pub figures: Figures,
}
