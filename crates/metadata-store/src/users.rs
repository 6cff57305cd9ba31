//! Users: people who sign in. Passwords arrive hashed; this part stores the text of the hash and checks
//! nothing.

use std::future::Future;

use crate::{Page, StoreError};

/// A person who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: u32,
    pub account_id: u32,
    /// Unique in the account, compared byte by byte.
    pub user_name: String,
    pub display_name: String,
    pub email: String,
    /// The whole hash with its parameters, in PHC format.
    pub password_hash: String,
}

/// A user to be made; each text at most 255 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    pub account_id: u32,
    pub user_name: String,
    pub display_name: String,
    pub email: String,
    pub password_hash: String,
}

/// Users of an account.
pub trait Users {
    /// Makes a user and returns its id; `AlreadyExists` when the account has one of that name.
    fn create_user(&self, user: &NewUser) -> impl Future<Output = Result<u32, StoreError>> + Send;

    fn user(&self, id: u32) -> impl Future<Output = Result<Option<User>, StoreError>> + Send;

    fn user_by_name(
        &self,
        account_id: u32,
        user_name: &str,
    ) -> impl Future<Output = Result<Option<User>, StoreError>> + Send;

    /// One page of the account's users.
    fn users(
        &self,
        account_id: u32,
        page: Page,
    ) -> impl Future<Output = Result<Vec<User>, StoreError>> + Send;

    /// Replaces the hash; `NotFound` when there is no such user. Sessions stay: ending them is the caller's
    /// decision ([`Sessions::delete_sessions_of_user`](crate::Sessions::delete_sessions_of_user)).
    fn set_password_hash(
        &self,
        user_id: u32,
        password_hash: &str,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// How many users there are in all accounts; 0 tells the first start.
    fn count_users(&self) -> impl Future<Output = Result<u64, StoreError>> + Send;
}
