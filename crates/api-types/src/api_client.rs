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
