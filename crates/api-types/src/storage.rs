//! What is stored, how long it is kept and what that costs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The disk and what lies on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Storage {
    /// Every table of the account, in a fixed order.
    pub tables: Vec<TableUsage>,
    pub disk: Disk,
    pub journal: JournalUsage,
}

/// One table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TableUsage {
    /// `spans`, `trace-index`, `figures-10m`, …
    #[schema(example = "spans")]
    pub table: String,
    /// What it holds, for people.
    #[schema(example = "Every span of every trace")]
    pub what: String,
    pub bytes: u64,
    pub rows: u64,
    pub segments: u64,
    /// Time of the earliest row; null while the table is empty.
    #[schema(required)]
    pub oldest: Option<i64>,
    /// Time of the latest row.
    #[schema(required)]
    pub newest: Option<i64>,
    /// How long a row is kept, milliseconds.
    pub retention_ms: i64,
    /// The setting that says so.
    #[schema(example = "retention-traces")]
    pub setting: String,
    /// What was added a day, by the last 24 hours or as much of them as there is; null while there is less than ten minutes.
    #[schema(required)]
    pub bytes_per_day: Option<u64>,
    /// What it will take once it is as old as its retention and goes on growing as on the last day.
    #[schema(required)]
    pub expected_bytes: Option<u64>,
}

/// The file system that the data directory lies on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Disk {
    pub total_bytes: u64,
    pub free_bytes: u64,
    /// Below so much free space intake refuses data until there is room again.
    pub refuse_below_bytes: u64,
    /// Below so much the oldest data go before their time.
    pub make_room_below_bytes: u64,
    /// What went before its time since the start.
    pub dropped_bytes: u64,
}

/// What was accepted and is not in a table yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JournalUsage {
    pub bytes: u64,
    /// At this size it refuses data until it is worked on.
    pub max_bytes: u64,
    /// The setting that says so.
    pub setting: String,
}
