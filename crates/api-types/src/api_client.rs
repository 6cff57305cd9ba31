//! Programs that sign in by themselves.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A program that may ask for tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiClient {
    #[schema(example = 3)]
    pub id: u32,
    #[schema(example = "nightly-report")]
    pub name: String,
    #[schema(example = "Exports yesterday's figures")]
    pub description: String,
    /// What it signs in with beside its secret: `name@account`.
    #[schema(example = "nightly-report@customer1")]
    pub client_id: String,
    #[schema(example = 1_764_288_000_000_i64)]
    pub created_at: i64,
    /// When it was last given a token.
    #[schema(required, example = 1_764_288_300_000_i64)]
    pub last_used_at: Option<i64>,
    /// How long its tokens are good for.
    #[schema(example = 300)]
    pub token_seconds: u32,
    /// The ids of its roles: what it may.
    #[schema(example = json!([5]))]
    pub roles: Vec<u32>,
    /// Until when the secret before this one is taken.
    #[schema(required, example = 1_764_374_400_000_i64)]
    pub old_secret_until: Option<i64>,
}

/// A program to be let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewApiClient {
    /// 1 to 255 characters, none of them a control character; no other client of the account has it.
    #[schema(
        example = "nightly-report",
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    pub name: String,
    /// What it is for, in one line; at most 255 characters, none of them a control character.
    #[serde(default)]
    #[schema(
        example = "Exports yesterday's figures",
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*$"
    )]
    pub description: String,
    /// How long its tokens are good for: from a minute to a day.
    #[serde(default = "default_token_seconds")]
    #[schema(example = 300, minimum = 60, maximum = 86_400, default = 300)]
    pub token_seconds: u32,
    /// The ids of its roles; without any it may nothing. `Viewer` where they are not given.
    #[serde(default = "default_roles")]
    #[schema(example = json!([5]), max_items = 100)]
    pub roles: Vec<u32>,
}

/// Five minutes.
fn default_token_seconds() -> u32 {
    300
}

/// The predefined role Viewer.
fn default_roles() -> Vec<u32> {
    vec![5]
}

/// What of a client is to be from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiClientChange {
    /// As of a new one.
    #[schema(
        example = "Exports yesterday's figures",
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*$"
    )]
    pub description: String,
    /// As of a new one.
    #[schema(example = 300, minimum = 60, maximum = 86_400)]
    pub token_seconds: u32,
    /// As of a new one.
    #[schema(example = json!([5]), max_items = 100)]
    pub roles: Vec<u32>,
}

/// How another secret takes the place of the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rotation {
    /// For so many seconds the one before is taken too, up to a week. With 0 it is refused at once, and its tokens with it.
    #[serde(default)]
    #[schema(example = 86_400, maximum = 604_800, default = 0)]
    pub overlap_seconds: u32,
}

/// A client with its secret, which is shown this once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiClientSecret {
    #[schema(example = 3)]
    pub id: u32,
    #[schema(example = "nightly-report")]
    pub name: String,
    /// `name@account`.
    #[schema(example = "nightly-report@customer1")]
    pub client_id: String,
    /// Only its hash is kept.
    #[schema(example = "vs_5nC0wqW1J0bTqk3dYb1yq1m9h2n0h8n8m0J7m1o4x2c")]
    pub secret: String,
}
