//! Roles and their permissions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A permission that there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Permission {
    #[schema(example = "configure")]
    pub name: String,
    /// What it allows, to end "may ...".
    #[schema(example = "change how applications are watched")]
    pub allows: String,
    /// Whether it can be held over single applications.
    #[schema(example = true)]
    pub of_applications: bool,
}

/// All permissions; the list is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Permissions {
    pub items: Vec<Permission>,
}

/// One permission over the account or over one application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Grant {
    #[schema(example = "view")]
    pub permission: String,
    /// Id of the application; null: all of the account.
    #[serde(default)]
    #[schema(example = 7)]
    pub application: Option<u32>,
}

/// A named set of permissions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Role {
    #[schema(example = 101)]
    pub id: u32,
    #[schema(example = "Shop viewer")]
    pub name: String,
    #[schema(example = "Sees the shop")]
    pub description: String,
    /// One that comes with every account and can be neither changed nor deleted.
    #[schema(example = false)]
    pub predefined: bool,
    pub grants: Vec<Grant>,
}

/// A role to be, or as it is to be from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewRole {
    #[schema(
        example = "Shop viewer",
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    pub name: String,
    #[serde(default)]
    #[schema(example = "Sees the shop", max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub description: String,
    #[serde(default)]
    #[schema(max_items = 2_000)]
    pub grants: Vec<Grant>,
}
