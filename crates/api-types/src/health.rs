//! How the process itself is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Ref;

/// The process and its parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    pub version: String,
    /// When the process started.
    pub started_at: i64,
    pub ready: bool,
    /// What is going on or missing; sentences.
    pub reasons: Vec<String>,
    /// The application that Vedette reports to itself as; null while it does not.
    #[schema(required)]
    pub application: Option<Ref>,
    pub memory: Memory,
    /// User and system time of all threads since the start, seconds.
    pub cpu_seconds: f64,
    pub threads: u64,
    /// Work in the background, in the order of its start.
    pub tasks: Vec<BackgroundTask>,
}

/// Memory of the process, bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Memory {
    pub resident_bytes: u64,
    pub limit_bytes: u64,
    /// What each part may take.
    pub budgets: Vec<Budget>,
}

/// What one part may take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Budget {
    pub part: String,
    pub bytes: u64,
}

/// One task and how its last run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BackgroundTask {
    pub name: String,
    pub period_ms: u64,
    pub running: bool,
    pub runs: u64,
    pub failures: u64,
    #[schema(required)]
    pub last_start: Option<i64>,
    #[schema(required)]
    pub last_duration_ms: Option<f64>,
    /// What the last run did, or why it failed; null when there was nothing to do.
    #[schema(required)]
    pub last_result: Option<String>,
    pub failed: bool,
}
