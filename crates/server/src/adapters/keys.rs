//! The access keys in memory, so that intake knows them also while metadata are unreachable.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use api::{HeldKeys, access_key};
use ingest::intake::Keys;
use metadata_store::{AccessKeys as _, MetadataStore, StoreError};
use model::id::AccountId;
use parking_lot::RwLock;

/// Known keys, by hash.
#[derive(Debug, Default)]
pub(crate) struct KnownKeys {
    /// Held while keys are read and taken over, so that of two who read at a time the one with the older keys does not come last.
    reading: tokio::sync::Mutex<()>,
    keys: RwLock<HashMap<[u8; 32], Known>>,
}

#[derive(Debug)]
struct Known {
    account: AccountId,
    /// Since uses were noted last.
    used: AtomicBool,
}

impl KnownKeys {
    /// Reads the keys again.
    pub(crate) async fn refresh(&self, metadata: &MetadataStore) -> Result<(), StoreError> {
        let _reading = self.reading.lock().await;
        let keys = metadata.access_keys().await?;
        let valid = keys.into_iter().filter(|key| !key.disabled);
        let mut known = self.keys.write();
        let fresh = valid.map(|key| {
            let before = known.get(&key.key_hash);
            let used = AtomicBool::new(before.is_some_and(|before| before.used.load(Relaxed)));
            (key.key_hash, Known { account: AccountId(key.account_id), used })
        });
        *known = fresh.collect();
        Ok(())
    }

    /// Notes in the store which keys were used since the last time. What could not be written is noted with the next use.
    pub(crate) async fn note_uses(
        &self,
        metadata: &MetadataStore,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let used: Vec<([u8; 32], i64)> = {
            let keys = self.keys.read();
            let used = keys.iter().filter(|(_, key)| key.used.swap(false, Relaxed));
            used.map(|(hash, _)| (*hash, now_ms)).collect()
        };
        if used.is_empty() { Ok(()) } else { metadata.note_key_uses(&used).await }
    }
}

impl Keys for KnownKeys {
    fn account_of(&self, key: &str) -> Option<AccountId> {
        let keys = self.keys.read();
        let known = keys.get(&access_key::hash(key))?;
        // Read first: a flag that is set already needs no write that other processors would have to hear of.
        if !known.used.load(Relaxed) {
            known.used.store(true, Relaxed);
        }
        Some(known.account)
    }
}

/// What tells intake that keys were made or disabled.
#[derive(Debug)]
pub(crate) struct Rereads {
    pub(crate) keys: Arc<KnownKeys>,
    pub(crate) metadata: MetadataStore,
}

impl HeldKeys for Rereads {
    fn reread(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {
            if let Err(error) = self.keys.refresh(&self.metadata).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "a change of access keys holds some seconds later");
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use metadata_store::{Config, FIRST_ACCOUNT, NewAccessKey, Url};

    use super::*;
    use crate::first_start::by_itself;

    async fn opened() -> (tempfile::TempDir, MetadataStore) {
        let folder = tempfile::TempDir::new().unwrap();
        let url = Url::Sqlite(folder.path().join("metadata.sqlite"));
        let store = Config { url }.open().await.unwrap();
        (folder, store)
    }

    async fn make(store: &MetadataStore, key: &str) -> u32 {
        let new = NewAccessKey {
            account_id: FIRST_ACCOUNT,
            name: key.to_owned(),
            key_hash: access_key::hash(key),
            sealed: Vec::new(),
            created_ms: 1,
        };
        let entry = by_itself(1, "create", "access key", key);
        store.create_access_key(&new, &entry).await.unwrap()
    }

    #[tokio::test]
    async fn keys_overlap_until_the_old_one_is_disabled() {
        let (_folder, store) = opened().await;
        let old = make(&store, "vk_old").await;
        let keys = Arc::new(KnownKeys::default());
        let rereads = Rereads { keys: Arc::clone(&keys), metadata: store.clone() };
        let known = async || {
            rereads.reread().await;
            ["vk_old", "vk_new"].map(|key| keys.account_of(key).is_some())
        };
        assert_eq!(known().await, [true, false]);
        make(&store, "vk_new").await;
        assert_eq!(known().await, [true, true]);
        let entry = by_itself(2, "disable", "access key", "vk_old");
        store.disable_access_key(old, &entry).await.unwrap();
        assert_eq!(known().await, [false, true]);
        // With the store away intake goes on with the keys that it knows.
        store.close().await;
        assert_eq!(known().await, [false, true]);
    }

    #[tokio::test]
    async fn the_use_of_a_key_is_noted_once_and_outlives_a_refresh() {
        let (_folder, store) = opened().await;
        make(&store, "vk_1").await;
        let known = KnownKeys::default();
        known.refresh(&store).await.unwrap();
        let last_used = async || store.access_keys().await.unwrap()[0].last_used_ms;
        known.note_uses(&store, 5).await.unwrap();
        assert_eq!(last_used().await, None);
        assert_eq!(known.account_of("vk_1"), Some(AccountId::FIRST));
        assert_eq!(known.account_of("vk_2"), None);
        known.refresh(&store).await.unwrap();
        known.note_uses(&store, 7).await.unwrap();
        known.note_uses(&store, 9).await.unwrap();
        assert_eq!(last_used().await, Some(7));
    }
}
