//! The access keys in memory, so that intake knows them also while metadata are unreachable.

use std::collections::HashMap;

use api::access_key;
use ingest::intake::Keys;
use metadata_store::{AccessKeys as _, MetadataStore, StoreError};
use model::id::AccountId;
use parking_lot::RwLock;

/// Known keys, by hash.
#[derive(Debug, Default)]
pub(crate) struct KnownKeys {
    accounts: RwLock<HashMap<[u8; 32], AccountId>>,
}

impl KnownKeys {
    /// Reads the keys again.
    pub(crate) async fn refresh(&self, metadata: &MetadataStore) -> Result<(), StoreError> {
        let keys = metadata.access_keys().await?;
        let valid = keys.into_iter().filter(|key| !key.disabled);
        *self.accounts.write() =
            valid.map(|key| (key.key_hash, AccountId(key.account_id))).collect();
        Ok(())
    }
}

impl Keys for KnownKeys {
    fn account_of(&self, key: &str) -> Option<AccountId> {
        self.accounts.read().get(&access_key::hash(key)).copied()
    }
}
