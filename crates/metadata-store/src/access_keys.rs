//! Access keys: what an agent shows to report for an account. Found by hash; the key itself is kept only as
//! the caller sealed it, so that it can be shown again to an administrator.

use std::future::Future;

use crate::StoreError;

/// A key that agents report with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    pub id: u32,
    pub account_id: u32,
    /// What people call it; need not be unique.
    pub name: String,
    /// SHA-256 of the key, unique.
    pub key_hash: [u8; 32],
    /// The key, encrypted by the caller.
    pub sealed: Vec<u8>,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// A disabled key stays listed and is refused at intake.
    pub disabled: bool,
}

/// A key to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccessKey {
    pub account_id: u32,
    /// At most 255 characters.
    pub name: String,
    pub key_hash: [u8; 32],
    /// At most 4 KiB.
    pub sealed: Vec<u8>,
    pub created_ms: i64,
}

/// Access keys of all accounts; there are few.
pub trait AccessKeys {
    /// Stores a key and returns its id; `AlreadyExists` when its hash is there.
    fn create_access_key(
        &self,
        key: &NewAccessKey,
    ) -> impl Future<Output = Result<u32, StoreError>> + Send;

    /// All keys by rising id, disabled ones too.
    fn access_keys(&self) -> impl Future<Output = Result<Vec<AccessKey>, StoreError>> + Send;

    /// The key of that hash, disabled or not.
    fn access_key_by_hash(
        &self,
        key_hash: &[u8; 32],
    ) -> impl Future<Output = Result<Option<AccessKey>, StoreError>> + Send;

    /// Disables a key for ever; doing it again changes nothing. `NotFound` when there is none.
    fn disable_access_key(&self, id: u32) -> impl Future<Output = Result<(), StoreError>> + Send;
}
