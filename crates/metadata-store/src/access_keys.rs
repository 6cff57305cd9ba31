//! Access keys: what an agent shows to report for an account. Found by hash; the key itself is kept only as
//! the caller sealed it, so that it can be shown again to an administrator.

use std::future::Future;

use crate::audit::{record, record_made};
use crate::database::{Row, Tx, sql};
use crate::error::{at_most, refuse};
use crate::name::fits;
use crate::sequences::Sequence;
use crate::{MetadataStore, NewAudit, StoreError};

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
    /// When something was last reported with it, Unix milliseconds, to the minute or so.
    pub last_used_ms: Option<i64>,
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
        audit: &NewAudit,
    ) -> impl Future<Output = Result<u32, StoreError>> + Send;

    /// All keys by rising id, disabled ones too.
    fn access_keys(&self) -> impl Future<Output = Result<Vec<AccessKey>, StoreError>> + Send;

    /// The key of that hash, disabled or not.
    fn access_key_by_hash(
        &self,
        key_hash: &[u8; 32],
    ) -> impl Future<Output = Result<Option<AccessKey>, StoreError>> + Send;

    /// Disables a key for ever; doing it again changes nothing. `NotFound` when there is none.
    fn disable_access_key(
        &self,
        id: u32,
        audit: &NewAudit,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Notes when keys were last used, each as its hash and Unix milliseconds; never goes back, and passes over keys that
    /// are not there.
    fn note_key_uses(
        &self,
        uses: &[([u8; 32], i64)],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

const MAX_SEALED_BYTES: usize = 4096;

macro_rules! select_keys {
    ($rest:literal) => {
        concat!(
            "SELECT k.id, k.account_id, k.name, k.key_hash, k.sealed, k.created_ms, k.disabled, \
             COALESCE(u.last_used_ms, 0) FROM access_keys k LEFT JOIN access_key_uses u ON u.key_id = k.id ",
            $rest
        )
    };
}

impl AccessKeys for MetadataStore {
    async fn create_access_key(
        &self,
        key: &NewAccessKey,
        audit: &NewAudit,
    ) -> Result<u32, StoreError> {
        fits("the name of an access key", &key.name)?;
        at_most(MAX_SEALED_BYTES, "a sealed access key", key.sealed.len())?;
        let created = self.database.write("create an access key", |mut tx| async move {
            let id = insert(&mut tx, key).await?;
            record_made(&mut tx, audit, id).await?;
            Ok((tx, id))
        });
        Ok(created.await?)
    }

    async fn access_keys(&self) -> Result<Vec<AccessKey>, StoreError> {
        let select = sql(select_keys!("ORDER BY k.id"));
        Ok(self.database.list("list access keys", select, access_key).await?)
    }

    async fn access_key_by_hash(
        &self,
        key_hash: &[u8; 32],
    ) -> Result<Option<AccessKey>, StoreError> {
        let select = sql(select_keys!("WHERE k.key_hash = ?")).bind(*key_hash);
        Ok(self.database.first("read an access key", select, access_key).await?)
    }

    async fn disable_access_key(&self, id: u32, audit: &NewAudit) -> Result<(), StoreError> {
        let disabled = self.database.write("disable an access key", |mut tx| async move {
            let known = sql("SELECT id FROM access_keys WHERE id = ?").bind(id);
            if tx.row(known).await?.is_none() {
                return Err(refuse(StoreError::NotFound { what: "access key", id: id.into() }));
            }
            tx.execute(sql("UPDATE access_keys SET disabled = 1 WHERE id = ?").bind(id)).await?;
            record(&mut tx, audit).await?;
            Ok((tx, ()))
        });
        Ok(disabled.await?)
    }

    async fn note_key_uses(&self, uses: &[([u8; 32], i64)]) -> Result<(), StoreError> {
        let noted = self.database.write("note uses of access keys", |mut tx| async move {
            for (hash, at_ms) in uses {
                note_use(&mut tx, *hash, *at_ms).await?;
            }
            Ok((tx, ()))
        });
        Ok(noted.await?)
    }
}

async fn note_use(tx: &mut Tx, hash: [u8; 32], at_ms: i64) -> Result<(), sqlx::Error> {
    let select = sql("SELECT k.id, COALESCE(u.last_used_ms, -1) FROM access_keys k \
                      LEFT JOIN access_key_uses u ON u.key_id = k.id WHERE k.key_hash = ?");
    let Some(row) = tx.row(select.bind(hash)).await? else { return Ok(()) };
    let (id, known): (u32, i64) = (row.int(0)?, row.int(1)?);
    let write = match known {
        -1 => sql("INSERT INTO access_key_uses (last_used_ms, key_id) VALUES (?, ?)"),
        known if known < at_ms => {
            sql("UPDATE access_key_uses SET last_used_ms = ? WHERE key_id = ?")
        }
        _ => return Ok(()),
    };
    tx.execute(write.bind(at_ms).bind(id)).await.map(drop)
}

async fn insert(tx: &mut Tx, key: &NewAccessKey) -> Result<u32, sqlx::Error> {
    let same_hash = sql("SELECT id FROM access_keys WHERE key_hash = ?");
    if tx.row(same_hash.bind(key.key_hash)).await?.is_some() {
        let name = key.name.clone();
        return Err(refuse(StoreError::AlreadyExists { what: "an access key", name }));
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
    Ok(id)
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
        last_used_ms: Some(row.int(7)?).filter(|at| *at != 0),
    })
}
