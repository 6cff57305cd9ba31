//! Signing in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person types.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct SignIn {
    /// `user` or `user@account`.
    pub user: String,
    pub password: String,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").field("user", &self.user).finish_non_exhaustive()
    }
}

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    pub user: SessionUser,
    /// Goes into the header `X-CSRF-Token` of each POST, PUT and DELETE.
    pub csrf_token: String,
    /// When it ends if nothing is asked until then.
    pub expires_at: i64,
    pub permissions: HeldPermissions,
    /// The user can do nothing but change the password.
    pub must_change_password: bool,
}

/// What somebody may: `view`, `configure`, `delete`, `sensitive-data` over the account or over applications one by one;
/// `administer-users`, `administer-account`, `view-audit`, `view-system` over the account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeldPermissions {
    /// Over everything.
    pub account: Vec<String>,
    /// By the ids of applications, beside what is held over everything.
    pub applications: BTreeMap<u32, Vec<String>>,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionUser {
    pub name: String,
    pub display_name: String,
}
