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
    /// How long what is kept; each holds for one or more tables.
    pub retentions: Vec<Retention>,
}

/// How long rows of some tables are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Retention {
    /// The setting's name.
    #[schema(example = "retention-traces")]
    pub setting: String,
    /// What it holds for, for people.
    #[schema(example = "Every trace")]
    pub what: String,
    /// What holds now, milliseconds.
    pub ms: i64,
    /// What the configuration file, the environment or the default says.
    pub configured_ms: i64,
    /// It was set here and takes the place of what is configured.
    pub changed: bool,
}

/// Retentions that are to hold from now on; those not named stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"retentions": [{"setting": "retention-traces", "ms": 172_800_000}], "confirmed": false}))]
pub struct NewRetentions {
    #[schema(min_items = 1, max_items = 7)]
    pub retentions: Vec<NewRetention>,
    /// Data that are older than a shorter one may go.
    #[serde(default)]
    pub confirmed: bool,
}

/// How long rows are to be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRetention {
    pub setting: String,
    /// An hour to ten years, milliseconds; null: as it is configured.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required, minimum = 3_600_000, maximum = 315_360_000_000_i64)]
    pub ms: Option<i64>,
}

/// What would go at once with other retentions: whole segments all of whose rows are older.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RetentionLoss {
    pub tables: Vec<TableLoss>,
    /// Of all tables.
    pub bytes: u64,
}

/// What of one table would go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TableLoss {
    #[schema(example = "spans")]
    pub table: String,
    pub segments: u64,
    pub bytes: u64,
    pub rows: u64,
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
