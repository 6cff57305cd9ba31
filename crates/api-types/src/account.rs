//! The account that a caller belongs to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The account of whoever asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Account {
    pub id: u32,
    pub name: String,
    /// By whose hours baselines go: a name of the tz database.
    #[schema(example = "Europe/Berlin")]
    pub time_zone: String,
}

/// The time zone that baselines go by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeZoneSetting {
    /// A name of the tz database.
    #[schema(min_length = 1, max_length = 64, example = "Europe/Berlin")]
    pub time_zone: String,
}
