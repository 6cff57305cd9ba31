//! Settings: named blobs of wanted state, with a version for compare-and-swap. What is in them is known to
//! whoever owns the name.

use std::future::Future;

use crate::database::{Tx, sql};
use crate::error::at_most;
use crate::name::{fits, name_key};
use crate::{MetadataStore, StoreError};

/// A stored value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub value: Vec<u8>,
    /// 1 for the first value of a name, one more for each later one.
    pub version: u64,
}

/// What must be stored for a put to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Whatever is there, or nothing.
    Anything,
    /// Nothing yet.
    Absent,
    /// Exactly this version.
    Version(u64),
}

/// How a put ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutOutcome {
    /// The value is durable under this version.
    Stored { version: u64 },
    /// Something else was there; nothing was written. `None`: nothing was there.
    Conflict { current: Option<u64> },
}

/// Named blobs.
pub trait Settings {
    fn setting(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Option<Setting>, StoreError>> + Send;

    /// Stores a value of at most 1 MiB under a name of at most 255 characters, if what is `expected` is there.
    fn put_setting(
        &self,
        name: &str,
        value: &[u8],
        expected: Expected,
    ) -> impl Future<Output = Result<PutOutcome, StoreError>> + Send;
}

const MAX_VALUE_BYTES: usize = 1 << 20;

impl Settings for MetadataStore {
    async fn setting(&self, name: &str) -> Result<Option<Setting>, StoreError> {
        let select = sql("SELECT value, version FROM settings WHERE name_key = ?");
        let found = self.database.first("read a setting", select.bind(name_key(name)), |row| {
            Ok(Setting { value: row.bytes(0)?, version: row.unsigned(1)? })
        });
        Ok(found.await?)
    }

    async fn put_setting(
        &self,
        name: &str,
        value: &[u8],
        expected: Expected,
    ) -> Result<PutOutcome, StoreError> {
        fits("the name of a setting", name)?;
        at_most(MAX_VALUE_BYTES, "the value of a setting", value.len())?;
        let put = self.database.write("store a setting", |mut tx| async move {
            let outcome = put(&mut tx, name, value, expected).await?;
            Ok((tx, outcome))
        });
        Ok(put.await?)
    }
}

async fn put(
    tx: &mut Tx,
    name: &str,
    value: &[u8],
    expected: Expected,
) -> Result<PutOutcome, sqlx::Error> {
    let current = locked_version(tx, name).await?;
    if !expected.is_met_by(current) {
        return Ok(PutOutcome::Conflict { current });
    }
    let version = current.unwrap_or(0) + 1;
    match current {
        None => insert(tx, name, value).await?,
        Some(_) => update(tx, name, value, version).await?,
    }
    Ok(PutOutcome::Stored { version })
}

impl Expected {
    fn is_met_by(self, current: Option<u64>) -> bool {
        match self {
            Self::Anything => true,
            Self::Absent => current.is_none(),
            Self::Version(version) => current == Some(version),
        }
    }
}

async fn locked_version(tx: &mut Tx, name: &str) -> Result<Option<u64>, sqlx::Error> {
    let select = tx.dialect().for_update("SELECT version FROM settings WHERE name_key = ?");
    let row = tx.row(sql(select).bind(name_key(name))).await?;
    row.map(|row| row.unsigned(0)).transpose()
}

/// Two that insert the same name at once conflict on its key; the later one runs again and finds the row.
async fn insert(tx: &mut Tx, name: &str, value: &[u8]) -> Result<(), sqlx::Error> {
    let insert = sql("INSERT INTO settings (name_key, name, value, version) VALUES (?, ?, ?, 1)");
    tx.execute(insert.bind(name_key(name)).bind(name).bind(value)).await.map(drop)
}

async fn update(tx: &mut Tx, name: &str, value: &[u8], version: u64) -> Result<(), sqlx::Error> {
    let update = sql("UPDATE settings SET value = ?, version = ? WHERE name_key = ?");
    tx.execute(update.bind(value).bind(version).bind(name_key(name))).await.map(drop)
}
