//! People who sign in, their groups and their sessions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A person who may sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    #[schema(example = 3)]
    pub id: u32,
    #[schema(example = "ada")]
    pub name: String,
    #[schema(example = "Ada Lovelace")]
    pub display_name: String,
    #[schema(example = "ada@example.com")]
    pub email: String,
    /// A disabled user does not get in.
    #[schema(example = true)]
    pub enabled: bool,
    /// The password has to be changed at the next sign-in, before anything else.
    #[schema(example = false)]
    pub must_change_password: bool,
    /// Until when no sign-in goes well, for too many wrong passwords; null: not locked.
    #[schema(required, example = json!(null))]
    pub locked_until: Option<i64>,
    #[schema(required, example = 1_764_288_300_000_i64)]
    pub last_sign_in_at: Option<i64>,
    #[schema(example = 1_764_288_000_000_i64)]
    pub created_at: i64,
    /// Ids of the roles it has by itself; those of its groups come to them.
    #[schema(example = json!([4]))]
    pub roles: Vec<u32>,
    /// Ids of its groups.
    #[schema(example = json!([1]))]
    pub groups: Vec<u32>,
}

/// A person to be let in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewUser {
    /// 1 to 255 characters, none of them a control character, `@` or `:`; no other user of the account has it.
    #[schema(
        example = "ada",
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x20\x7f-\x9f:@][^\x00-\x1f\x7f-\x9f:@]*$"
    )]
    pub name: String,
    #[serde(default)]
    #[schema(example = "Ada Lovelace", max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub display_name: String,
    #[serde(default)]
    #[schema(example = "ada@example.com", max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub email: String,
    /// At least 12 characters, and not made of the user's name.
    #[schema(example = "three wise otters", min_length = 12, max_length = 1024)]
    pub password: String,
    /// Whether it has to be changed at the first sign-in.
    #[serde(default = "yes")]
    #[schema(example = true, default = true)]
    pub must_change_password: bool,
    #[serde(default)]
    #[schema(example = json!([4]), max_items = 100)]
    pub roles: Vec<u32>,
    #[serde(default)]
    #[schema(example = json!([]), max_items = 100)]
    pub groups: Vec<u32>,
}

fn yes() -> bool {
    true
}

impl std::fmt::Debug for NewUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewUser").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What of a user is to be from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserChange {
    #[schema(
        example = "ada",
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x20\x7f-\x9f:@][^\x00-\x1f\x7f-\x9f:@]*$"
    )]
    pub name: String,
    #[schema(example = "Ada Lovelace", max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub display_name: String,
    #[schema(example = "ada@example.com", max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    pub email: String,
    #[schema(example = true)]
    pub enabled: bool,
    #[schema(example = json!([4]), max_items = 100)]
    pub roles: Vec<u32>,
    #[schema(example = json!([]), max_items = 100)]
    pub groups: Vec<u32>,
}

/// A password that an administrator sets.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetPassword {
    /// At least 12 characters, and not made of the user's name.
    #[schema(example = "three wise otters", min_length = 12, max_length = 1024)]
    pub password: String,
    /// Whether it has to be changed at the next sign-in.
    #[serde(default = "yes")]
    #[schema(example = true, default = true)]
    pub must_change_password: bool,
}

impl std::fmt::Debug for SetPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SetPassword").finish_non_exhaustive()
    }
}

/// A user's own new password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangePassword {
    pub current: String,
    /// At least 12 characters, and not made of the user's name.
    #[schema(example = "three wise otters", min_length = 12, max_length = 1024)]
    pub new: String,
}

impl std::fmt::Debug for ChangePassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChangePassword").finish_non_exhaustive()
    }
}

/// A signed-in browser, as its user and administrators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListedSession {
    /// 24 hexadecimal digits.
    #[schema(example = "5f1c0a9be2d344718c90ab12")]
    pub id: String,
    #[schema(example = 3)]
    pub user_id: u32,
    #[schema(example = "ada")]
    pub user: String,
    /// Where it began.
    #[schema(example = "192.0.2.7")]
    pub address: String,
    /// The browser as it calls itself.
    #[schema(example = "Mozilla/5.0")]
    pub agent: String,
    #[schema(example = 1_764_288_000_000_i64)]
    pub began_at: i64,
    /// When something was last asked in it, to the minute.
    #[schema(example = 1_764_288_300_000_i64)]
    pub seen_at: i64,
    /// When it ends if nothing is asked until then.
    #[schema(example = 1_764_290_100_000_i64)]
    pub expires_at: i64,
    /// Whether this is the session that asks.
    #[schema(example = true)]
    pub own: bool,
}

/// Some users who have the same roles together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Group {
    #[schema(example = 1)]
    pub id: u32,
    #[schema(example = "Shop team")]
    pub name: String,
    #[schema(example = "Who runs the shop")]
    pub description: String,
    /// Ids of its users.
    #[schema(example = json!([3]))]
    pub users: Vec<u32>,
    /// Ids of its roles.
    #[schema(example = json!([4]))]
    pub roles: Vec<u32>,
}

/// A group to be, or as it is to be from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewGroup {
    #[schema(
        example = "Shop team",
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    pub name: String,
    #[serde(default)]
    #[schema(
        example = "Who runs the shop",
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*$"
    )]
    pub description: String,
    #[serde(default)]
    #[schema(example = json!([3]), max_items = 5_000)]
    pub users: Vec<u32>,
    #[serde(default)]
    #[schema(example = json!([4]), max_items = 100)]
    pub roles: Vec<u32>,
}
