//! Snapshots: transactions in a list.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::reference::Ref;

/// A transaction in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Snapshot {
    pub trace_id: String,
    pub entry_span_id: String,
    /// Id 0 for a trace that entered no business transaction.
    pub bt: Ref,
    pub application: Ref,
    pub tier: Ref,
    pub start: i64,
    pub duration_ms: f64,
    pub outcome: Outcome,
    /// Why it was chosen; null when it was not.
    #[schema(required)]
    pub reason: Option<SnapshotReason>,
    /// Spans of its trace known when it closed.
    pub spans: u32,
}

/// How a transaction went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    Normal,
    Slow,
    VerySlow,
    Stall,
    Error,
}

impl From<model::span::Outcome> for Outcome {
    fn from(outcome: model::span::Outcome) -> Self {
        match outcome {
            model::span::Outcome::Normal => Outcome::Normal,
            model::span::Outcome::Slow => Outcome::Slow,
            model::span::Outcome::VerySlow => Outcome::VerySlow,
            model::span::Outcome::Stall => Outcome::Stall,
            model::span::Outcome::Error => Outcome::Error,
        }
    }
}

/// Why a transaction was kept whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum SnapshotReason {
    #[serde(rename = "error")]
    Error,
    #[serde(rename = "slow")]
    Slow,
    #[serde(rename = "very slow")]
    VerySlow,
    #[serde(rename = "stall")]
    Stall,
    #[serde(rename = "periodic")]
    Periodic,
    #[serde(rename = "slowest")]
    Slowest,
}

impl SnapshotReason {
    /// The reason; nothing for a transaction that was not chosen.
    pub fn of(reason: model::span::SnapshotReason) -> Option<SnapshotReason> {
        match reason {
            model::span::SnapshotReason::None => None,
            model::span::SnapshotReason::Error => Some(SnapshotReason::Error),
            model::span::SnapshotReason::Slow => Some(SnapshotReason::Slow),
            model::span::SnapshotReason::VerySlow => Some(SnapshotReason::VerySlow),
            model::span::SnapshotReason::Stall => Some(SnapshotReason::Stall),
            model::span::SnapshotReason::Periodic => Some(SnapshotReason::Periodic),
            model::span::SnapshotReason::Slowest => Some(SnapshotReason::Slowest),
        }
    }
}
