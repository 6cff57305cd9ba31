//! Keys that agents report with.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A key of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccessKey {
    pub id: u32,
    pub name: String,
    pub key: String,
    pub created_at: i64,
    /// A disabled key is refused at intake.
    pub disabled: bool,
    /// When something was last reported with it, to the minute or so.
    #[schema(required)]
    pub last_used_at: Option<i64>,
}

/// A key to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewAccessKey {
    /// What people call it: 1 to 255 characters, none of them a control character.
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    pub name: String,
}
