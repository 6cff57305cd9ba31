//! Who did what.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One entry of the audit log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    #[schema(example = 4711)]
    pub id: u64,
    #[schema(example = 1_764_288_000_000_i64)]
    pub at: i64,
    pub actor_kind: ActorKind,
    /// Name of the user or API client.
    #[schema(example = "ada")]
    pub actor: String,
    /// Where it came from; empty where that is not known.
    #[schema(example = "192.0.2.7")]
    pub address: String,
    /// `create`, `change`, `delete`, `sign in`, `failed sign-in`, `sign out` and others.
    #[schema(example = "change")]
    pub action: String,
    /// `user`, `role`, `access key` and others.
    #[schema(example = "role")]
    pub object_type: String,
    #[schema(example = "101")]
    pub object_id: String,
    #[schema(example = "Shop viewer")]
    pub object_name: String,
    /// The state before, without secrets; null where there was nothing or it is not known.
    #[schema(required, value_type = Option<Object>)]
    pub before: Option<serde_json::Value>,
    /// The state after.
    #[schema(required, value_type = Option<Object>)]
    pub after: Option<serde_json::Value>,
}

/// What kind of somebody did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// Vedette itself, or somebody at its command line.
    System,
    User,
    ApiClient,
    /// Somebody who did not sign in.
    Stranger,
}
