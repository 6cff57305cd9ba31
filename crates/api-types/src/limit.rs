//! Limits: how near they are, what was refused for their sake, what to do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Ref;

/// One limit and how much of it is used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Limit {
    /// `business-transactions`, `tiers`, `nodes`, `service-endpoints`, `error-groups`, `backends`, `queues`, `metric-series`, `journal`, `disk`, `memory`, `files`.
    #[schema(example = "business-transactions")]
    pub limit: String,
    /// What is counted, for people.
    #[schema(example = "Business transactions")]
    pub what: String,
    /// Of which application; null for the whole process.
    #[schema(required)]
    pub application: Option<Ref>,
    /// Of which tier.
    #[schema(required)]
    pub tier: Option<Ref>,
    pub used: u64,
    pub max: u64,
    /// `bytes` or nothing for a plain number.
    #[schema(example = "")]
    pub unit: String,
    pub state: LimitState,
    /// What happens at the limit and what to do about it.
    pub remedy: String,
}

/// How near.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitState {
    /// Used up.
    Reached,
    /// More than four fifths are used.
    Near,
    Ok,
}

/// Data that were not taken, or not as they came, since the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refusal {
    /// `traces`, `metrics`, `logs`, or `none` where it is not known.
    pub signal: String,
    /// The metrics' word for it: `too_old`, `unavailable`, …
    #[schema(example = "too_old")]
    pub reason: String,
    /// `requests` or `items` (spans, data points, log records).
    #[schema(example = "items")]
    pub counted: String,
    pub count: u64,
    /// What it means and what to do.
    pub remedy: String,
}

/// All limits that are worth a look, and what was refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// The nearest first.
    pub items: Vec<Limit>,
    pub refusals: Vec<Refusal>,
    /// When the process started, from when on refusals are counted.
    pub since: i64,
}
