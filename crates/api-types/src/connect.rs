//! How an agent is connected, and how the last attempts went.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Everything that a snippet for an agent needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Connect {
    pub https_url: String,
    pub otlp_http_url: String,
    pub otlp_grpc_url: String,
    /// The account's oldest enabled key; empty when every key is disabled.
    pub access_key: String,
    /// Path of the CA's certificate on this server.
    pub ca_path: String,
    /// Empty where the server's certificate was given to it.
    pub ca_fingerprint_sha256: String,
    /// Names and addresses that the server's certificate is valid for.
    pub names: Vec<String>,
    pub loopback: Loopback,
}

/// Where agents on this machine may report in plain text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Loopback {
    /// `address:port`; null when switched off or not to be had.
    #[schema(required)]
    pub grpc: Option<String>,
    #[schema(required)]
    pub http: Option<String>,
}

/// The last attempts to report, newest first, at most 50.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attempts {
    pub items: Vec<Attempt>,
}

/// One sender's attempts that went alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    /// When the last of them came.
    pub at: i64,
    pub sender: String,
    pub transport: String,
    pub path: String,
    pub result: AttemptResult,
    pub code: String,
    pub message: String,
    /// What to do about it; empty when nothing is to be done.
    pub remedy: String,
    #[schema(required)]
    pub tier: Option<String>,
    pub count: u64,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttemptResult {
    Accepted,
    /// Answered with a refusal.
    Refused,
    /// Never got as far as a request.
    Failed,
}
