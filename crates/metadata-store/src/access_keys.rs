//! Access keys: what an agent shows to report for an account. Found by hash; the key itself is kept only as
//! the caller sealed it, so that it can be shown again to an administrator.

use std::future::Future;

use crate::database::{Row, Tx, sql};
use crate::error::{at_most, must_match};
use crate::name::fits;
use crate::sequences::Sequence;
use crate::{MetadataStore, StoreError};

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

const MAX_SEALED_BYTES: usize = 4096;

macro_rules! select_keys {
    ($rest:literal) => {
        concat!(
            "SELECT id, account_id, name, key_hash, sealed, created_ms, disabled FROM access_keys ",
            $rest
        )
    };
}

impl AccessKeys for MetadataStore {
    async fn create_access_key(&self, key: &NewAccessKey) -> Result<u32, StoreError> {
        fits("the name of an access key", &key.name)?;
        at_most(MAX_SEALED_BYTES, "a sealed access key", key.sealed.len())?;
        let created = self.database.write("create an access key", |mut tx| async move {
            let done = insert_unless_taken(&mut tx, key).await?;
            Ok((tx, done))
        });
        created.await?.ok_or_else(|| StoreError::AlreadyExists {
            what: "an access key",
            name: key.name.clone(),
        })
    }

    async fn access_keys(&self) -> Result<Vec<AccessKey>, StoreError> {
        let select = sql(select_keys!("ORDER BY id"));
        Ok(self.database.list("list access keys", select, access_key).await?)
    }

    async fn access_key_by_hash(
        &self,
        key_hash: &[u8; 32],
    ) -> Result<Option<AccessKey>, StoreError> {
        let select = sql(select_keys!("WHERE key_hash = ?")).bind(*key_hash);
        Ok(self.database.first("read an access key", select, access_key).await?)
    }

    async fn disable_access_key(&self, id: u32) -> Result<(), StoreError> {
        let update = sql("UPDATE access_keys SET disabled = 1 WHERE id = ?").bind(id);
        let matched = self.database.execute("disable an access key", update).await?;
        must_match(matched, "access key", id)
    }
}

async fn insert_unless_taken(tx: &mut Tx, key: &NewAccessKey) -> Result<Option<u32>, sqlx::Error> {
    let same_hash = sql("SELECT id FROM access_keys WHERE key_hash = ?");
    if tx.row(same_hash.bind(key.key_hash)).await?.is_some() {
        return Ok(None);
    }
    let id = Sequence::AccessKey.take_one(tx).await?;
    let insert = sql(
        "INSERT INTO access_keys (id, account_id, name, key_hash, sealed, created_ms, disabled) \
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    let insert = insert
        .bind(id)
        .bind(key.account_id)
        .bind(key.name.as_str())
        .bind(key.key_hash)
        .bind(key.sealed.as_slice())
        .bind(key.created_ms)
        .bind(false);
    tx.execute(insert).await?;
    Ok(Some(id))
}

fn access_key(row: &Row) -> Result<AccessKey, sqlx::Error> {
    Ok(AccessKey {
        id: row.int(0)?,
        account_id: row.int(1)?,
        name: row.text(2)?,
        key_hash: row.hash(3)?,
        sealed: row.bytes(4)?,
        created_ms: row.int(5)?,
        disabled: row.flag(6)?,
    })
}
