//! From what an entity is known by to its id, making those that are missing.
//!
//! Mostly all are known, so a plain read comes first. What is missing is made under the lock of the
//! entities' sequence, after looking once more: whoever held the lock before may have made it.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use sqlx::Error;

use super::NewEntity;
use crate::StoreError;
use crate::database::{Database, Failure, Tx, marks, sql};
use crate::name::first_half;
use crate::sequences::{Sequence, small};

/// Rows per statement; a row has eleven of the 32,766 arguments that SQLite takes.
const CHUNK: usize = 500;

type Key = [u8; 16];
type Known = HashMap<Key, u32>;

pub(super) async fn resolve(
    database: &Database,
    entities: &[NewEntity],
) -> Result<Vec<u32>, StoreError> {
    let keys: &[Key] = &entities.iter().map(identity_key).collect::<Vec<_>>();
    let mut known = read(database, keys).await?;
    if keys.iter().any(|key| !known.contains_key(key)) {
        known = database
            .write("create entities", |mut tx| async move {
                let done = make_missing(&mut tx, entities, keys).await?;
                Ok((tx, done))
            })
            .await?;
    }
    Ok(keys.iter().map(|key| known[key]).collect())
}

async fn read(database: &Database, keys: &[Key]) -> Result<Known, Failure> {
    let failure = |error| Failure { operation: "look up entities", error };
    if keys.is_empty() {
        return Ok(Known::new());
    }
    let mut tx = database.begin_read().await.map_err(failure)?;
    look_up(&mut tx, keys).await.map_err(failure)
}

async fn look_up(tx: &mut Tx, keys: &[Key]) -> Result<Known, Error> {
    let mut known = Known::new();
    for chunk in keys.chunks(CHUNK) {
        let marks = marks(chunk.len());
        let select =
            format!("SELECT identity_key, id FROM entities WHERE identity_key IN ({marks})");
        for row in tx.rows(sql(select).bind_all(chunk.iter().copied())).await? {
            known.insert(row.hash(0)?, row.int(1)?);
        }
    }
    Ok(known)
}

async fn make_missing(tx: &mut Tx, entities: &[NewEntity], keys: &[Key]) -> Result<Known, Error> {
    Sequence::Entity.lock(tx).await?;
    let mut known = look_up(tx, keys).await?;
    let missing = missing(entities, keys, &known);
    let count = u32::try_from(missing.len()).map_err(|error| Error::Encode(error.into()))?;
    let first = Sequence::Entity.take(tx, count).await?;
    let mut rows = Vec::new();
    for (id, (key, entity)) in (first..).zip(missing) {
        let id = small(id)?;
        known.insert(key, id);
        rows.push((id, key, entity));
    }
    for chunk in rows.chunks(CHUNK) {
        insert(tx, chunk).await?;
    }
    Ok(known)
}

/// Those that are not known, each once, in the order they were asked for.
fn missing<'e>(
    entities: &'e [NewEntity],
    keys: &[Key],
    known: &Known,
) -> Vec<(Key, &'e NewEntity)> {
    let mut met = std::collections::HashSet::new();
    keys.iter()
        .copied()
        .zip(entities)
        .filter(|(key, _)| !known.contains_key(key) && met.insert(*key))
        .collect()
}

async fn insert(tx: &mut Tx, rows: &[(u32, Key, &NewEntity)]) -> Result<(), Error> {
    let values = vec!["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"; rows.len()].join(", ");
    let mut insert = sql(format!(
        "INSERT INTO entities (id, identity_key, account_id, kind, application_id, parent_id, name, \
         properties, created_ms, last_seen_ms, state) VALUES {values}"
    ));
    for (id, key, entity) in rows {
        insert = insert
            .bind(*id)
            .bind(*key)
            .bind(entity.account_id)
            .bind(entity.kind)
            .bind(entity.application_id)
            .bind(entity.parent_id)
            .bind(entity.name.as_str())
            .bind(entity.properties.as_str())
            .bind(entity.seen_ms)
            .bind(entity.seen_ms)
            .bind(0u8);
    }
    tx.execute(insert).await.map(drop)
}

/// What an entity is known by, in one unique key: five columns with a name of 255 characters would be longer
/// than a MySQL index may be on some servers, and compare names otherwise than byte by byte.
fn identity_key(entity: &NewEntity) -> Key {
    let mut hash = Sha256::new();
    hash.update(entity.account_id.to_be_bytes());
    hash.update([entity.kind]);
    hash.update(entity.application_id.to_be_bytes());
    hash.update(entity.parent_id.to_be_bytes());
    hash.update(&entity.name);
    first_half(hash.finalize().into())
}
