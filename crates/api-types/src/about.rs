//! What the sign-in page knows.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The server about itself, to anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct About {
    pub product: String,
    pub version: String,
    /// Empty where the server's certificate was given to it.
    pub ca_fingerprint_sha256: String,
    /// Path of the CA's certificate on this server.
    pub ca_url: String,
    pub server_time: i64,
    /// Start of the newest minute whose figures are complete; null before the first.
    #[schema(required)]
    pub newest_complete_minute: Option<i64>,
}
