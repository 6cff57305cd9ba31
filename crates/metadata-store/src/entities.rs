//! Entities: applications, tiers, nodes, business transactions, service endpoints, backends, in one table.
//!
//! An entity is known by account, kind, application, parent and name, byte by byte; whoever finds one first
//! gives it its id, for ever. What kinds and states mean is the model's knowledge.

mod resolve;
mod touch;

use std::future::Future;

use crate::database::sql;
use crate::error::{at_most, must_match, refuse};
use crate::name::fits;
use crate::{MetadataStore, Page, StoreError};

/// Something the monitored world consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    pub id: u32,
    pub account_id: u32,
    pub kind: u8,
    /// 0 when it belongs to no application.
    pub application_id: u32,
    /// 0 when it has no parent.
    pub parent_id: u32,
    /// At most 255 characters.
    pub name: String,
    /// JSON for the owner; at most 1 MiB.
    pub properties: String,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix milliseconds.
    pub last_seen_ms: i64,
    /// 0 when new.
    pub state: u8,
}

/// An entity that was met and may be known already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntity {
    pub account_id: u32,
    pub kind: u8,
    pub application_id: u32,
    pub parent_id: u32,
    pub name: String,
    /// Used only when it turns out to be new.
    pub properties: String,
    /// Becomes `created_ms` and `last_seen_ms` of one that turns out to be new.
    pub seen_ms: i64,
}

/// Entities of all accounts.
pub trait Entities {
    /// One page of all entities; walked to the end it fills a cache at start.
    fn entities(&self, page: Page) -> impl Future<Output = Result<Vec<Entity>, StoreError>> + Send;

    /// The ids of all these entities in their order, making those that are missing, all in one transaction.
    /// Idempotent, and safe to call at the same time from anywhere: all callers get the same ids.
    fn resolve(
        &self,
        entities: &[NewEntity],
    ) -> impl Future<Output = Result<Vec<u32>, StoreError>> + Send;

    /// Notes `(id, last_seen_ms)` for many entities in one transaction; a time never goes back, unknown ids
    /// are passed over.
    fn touch(&self, seen: &[(u32, i64)]) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Replaces the properties of entities, in one transaction; `NotFound` when there is no such entity.
    fn set_properties(
        &self,
        changed: &[(u32, String)],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Replaces the state; `NotFound` when there is no such entity.
    fn set_state(&self, id: u32, state: u8) -> impl Future<Output = Result<(), StoreError>> + Send;
}

const MAX_PROPERTIES_BYTES: usize = 1 << 20;

impl Entities for MetadataStore {
    async fn entities(&self, page: Page) -> Result<Vec<Entity>, StoreError> {
        let select =
            sql("SELECT id, account_id, kind, application_id, parent_id, name, properties, \
                          created_ms, last_seen_ms, state FROM entities \
                          WHERE id > ? ORDER BY id LIMIT ?");
        let select = select.bind(page.after_id).bind(page.limit);
        let entities = self.database.list("list entities", select, |row| {
            Ok(Entity {
                id: row.int(0)?,
                account_id: row.int(1)?,
                kind: row.int(2)?,
                application_id: row.int(3)?,
                parent_id: row.int(4)?,
                name: row.text(5)?,
                properties: row.text(6)?,
                created_ms: row.int(7)?,
                last_seen_ms: row.int(8)?,
                state: row.int(9)?,
            })
        });
        Ok(entities.await?)
    }

    async fn resolve(&self, entities: &[NewEntity]) -> Result<Vec<u32>, StoreError> {
        for entity in entities {
            fits("the name of an entity", &entity.name)?;
            at_most(MAX_PROPERTIES_BYTES, "the properties of an entity", entity.properties.len())?;
        }
        resolve::resolve(&self.database, entities).await
    }

    async fn touch(&self, seen: &[(u32, i64)]) -> Result<(), StoreError> {
        let latest = &touch::latest_of_each(seen);
        let touched = self.database.write("note when entities were seen", |mut tx| async move {
            touch::touch(&mut tx, latest).await?;
            Ok((tx, ()))
        });
        Ok(touched.await?)
    }

    async fn set_properties(&self, changed: &[(u32, String)]) -> Result<(), StoreError> {
        for (_, properties) in changed {
            at_most(MAX_PROPERTIES_BYTES, "the properties of an entity", properties.len())?;
        }
        let written = self.database.write("change entities' properties", |mut tx| async move {
            for (id, properties) in changed {
                let update = sql("UPDATE entities SET properties = ? WHERE id = ?");
                if tx.execute(update.bind(properties.as_str()).bind(*id)).await? == 0 {
                    let id = u64::from(*id);
                    return Err(refuse(StoreError::NotFound { what: "entity", id }));
                }
            }
            Ok((tx, ()))
        });
        Ok(written.await?)
    }

    async fn set_state(&self, id: u32, state: u8) -> Result<(), StoreError> {
        let update = sql("UPDATE entities SET state = ? WHERE id = ?").bind(state).bind(id);
        let matched = self.database.execute("change an entity's state", update).await?;
        must_match(matched, "entity", id)
    }
}
