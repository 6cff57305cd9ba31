//! Entities: applications, tiers, nodes, business transactions, service endpoints, backends, in one table.
//!
//! An entity is known by account, kind, application, parent and name, byte by byte; whoever finds one first
//! gives it its id, for ever. What kinds and states mean is the model's knowledge.

use std::future::Future;

use crate::{Page, StoreError};

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

    /// Replaces the properties; `NotFound` when there is no such entity.
    fn set_properties(
        &self,
        id: u32,
        properties: &str,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Replaces the state; `NotFound` when there is no such entity.
    fn set_state(&self, id: u32, state: u8) -> impl Future<Output = Result<(), StoreError>> + Send;
}
