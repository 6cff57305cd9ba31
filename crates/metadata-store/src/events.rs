//! Events: what happened, when, and to whom. Deployments, restarts, violations, whatever people and scripts post.
//!
//! Ids rise in the order of commit, so that a reader who has seen all events up to an id finds every later one above
//! it ([`Events::events_after`]). That holds because an id is taken by raising a row of `sequences`, which stays locked
//! until its transaction ends: SQLite has one writer anyway; on MySQL whoever wants the next id waits until the one
//! before is committed or rolled back with its id; on Galera the second of two that raised it at once fails and is run again.
//!
//! An event with a key is stored once per account, however often it is added: writers that go over the same data again
//! after a crash add the same keys. Why events are rows here and not telemetry: ADR 11.

pub(crate) mod insert;
pub(crate) mod limits;
mod log;
mod select;

use std::future::Future;

use sha2::{Digest, Sha256};

use crate::database::{Failure, marks, sql};
use crate::judged::{self, Judge};
use crate::name::first_half;
use crate::{MetadataStore, StoreError};

pub use limits::{
    MAX_AFFECTED, MAX_EVENT_COMMENT_CHARS, MAX_EVENT_DETAIL_BYTES, MAX_EVENT_PROPERTIES,
    MAX_EVENT_PROPERTY_CHARS, MAX_EVENT_SUMMARY_CHARS, MAX_EVENTS, MAX_UNKEYED_EVENTS,
};
pub use log::{EventLog, MemoryEvents, SqlEvents};

/// How bad it is; the numbers are persisted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum EventSeverity {
    Info = 0,
    Warn = 1,
    Error = 2,
}

impl EventSeverity {
    /// Reads the persisted number; what a newer version made counts as an error.
    fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Info,
            1 => Self::Warn,
            _ => Self::Error,
        }
    }
}

/// Whom an event is about, with the name of then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityRef {
    /// `model::entity::EntityKind`, or one of the constants here.
    pub kind: u8,
    /// Of an entity, or of whatever row `kind` says.
    pub id: u32,
    /// At most 255 characters.
    pub name: String,
}

impl EntityRef {
    /// The kind of a health rule; entities have numbers below 100.
    pub const HEALTH_RULE: u8 = 100;
    /// The kind of a policy.
    pub const POLICY: u8 = 101;
    /// The kind of an action.
    pub const ACTION: u8 = 102;
}

/// An event to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    pub account_id: u32,
    /// None: of the whole account.
    pub application_id: Option<u32>,
    /// `APPLICATION_DEPLOYMENT`, `POLICY_OPEN_CRITICAL`, `CUSTOM`, …; at most 255 characters.
    pub kind: String,
    /// The type of a `CUSTOM` event; at most 255 characters.
    pub sub_type: String,
    pub severity: EventSeverity,
    /// When it happened, Unix milliseconds.
    pub time_ms: i64,
    /// One line; at most [`MAX_EVENT_SUMMARY_CHARS`].
    pub summary: String,
    /// At most [`MAX_EVENT_COMMENT_CHARS`].
    pub comment: String,
    /// At most [`MAX_AFFECTED`].
    pub affected: Vec<EntityRef>,
    /// What made it: the health rule of a violation.
    pub triggered: Option<EntityRef>,
    /// Names and values in order; at most [`MAX_EVENT_PROPERTIES`] of [`MAX_EVENT_PROPERTY_CHARS`].
    pub properties: Vec<(String, String)>,
    /// What makes it the same event if it is added again; see [`event_key`]. Without one it is always another.
    pub key: Option<[u8; 16]>,
    /// How often it happened so far. An event whose key is known and that happened more often than the stored one
    /// replaces its texts; fewer or as many change nothing.
    pub repeats: u32,
    /// JSON of whoever adds it, or empty; at most [`MAX_EVENT_DETAIL_BYTES`].
    pub detail: String,
}

/// A stored event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: u32,
    pub account_id: u32,
    pub application_id: Option<u32>,
    pub kind: String,
    pub sub_type: String,
    pub severity: EventSeverity,
    /// Unix milliseconds.
    pub time_ms: i64,
    pub repeats: u32,
    pub summary: String,
    pub comment: String,
    pub affected: Vec<EntityRef>,
    pub triggered: Option<EntityRef>,
    pub properties: Vec<(String, String)>,
    pub detail: String,
    pub is_read: bool,
    pub is_resolved: bool,
}

/// What adding an event came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is stored under this new id.
    New(u32),
    /// One of the same key was there, of this id.
    Known(u32),
    /// The account has as many as may be; counted in [`EventUsage::refused`].
    Refused,
}

/// Which events; an empty list or text means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    pub account_id: u32,
    /// Of one of these. None: of whichever, and the account's own.
    pub applications: Option<Vec<u32>>,
    /// From this time on, Unix milliseconds.
    pub from_ms: i64,
    /// Before this time.
    pub until_ms: i64,
    pub kinds: Vec<String>,
    pub severities: Vec<EventSeverity>,
    /// Affecting one of these: kind and id. None: whomever they affect.
    pub affecting: Option<Vec<(u8, u32)>>,
    /// Somewhere in summary or comment, in capitals or not.
    pub text: String,
    pub unread_only: bool,
    pub unresolved_only: bool,
}

/// How many events there are of a kind and severity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventCount {
    pub kind: String,
    pub severity: EventSeverity,
    pub count: u64,
}

/// Marks that people set; `None` leaves one as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventMarks {
    pub is_read: Option<bool>,
    pub is_resolved: Option<bool>,
}

/// What an account's events take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventUsage {
    pub stored: u64,
    /// Since the account's first event.
    pub refused: u64,
    /// Of texts, without indexes.
    pub bytes: u64,
    /// Unix milliseconds.
    pub oldest_ms: Option<i64>,
    pub newest_ms: Option<i64>,
}

/// Events of all accounts; at most [`MAX_EVENTS`] of each, of which those without a key may take [`MAX_UNKEYED_EVENTS`].
pub trait Events {
    /// Stores events in order, in one transaction, or the reasons why not. `TooLong` when a text is, or there are too
    /// many entities or properties; nothing is stored then.
    fn add_events(
        &self,
        events: &[NewEvent],
    ) -> impl Future<Output = Result<Vec<Added>, StoreError>> + Send;

    /// Stores one event, `TooMany` when there is no room for it.
    fn add_event(&self, event: &NewEvent)
    -> impl Future<Output = Result<Added, StoreError>> + Send;

    /// The last minute whose transactions that went badly were told; none before the first.
    fn told_minute(&self) -> impl Future<Output = Result<Option<u32>, StoreError>> + Send;

    /// Stores that a minute was told, and its events, in one transaction, if `after` was the last one that was told; `false`
    /// when it was not: nothing was written then.
    fn tell_minute(
        &self,
        after: Option<u32>,
        minute: u32,
        events: &[NewEvent],
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// One event of the account.
    fn event(
        &self,
        account_id: u32,
        id: u32,
    ) -> impl Future<Output = Result<Option<Event>, StoreError>> + Send;

    /// The newest `limit` events that the filter takes, newest first, of the same time the higher id first. With
    /// `before` (time and id of the last one seen) those behind it.
    fn events(
        &self,
        filter: &EventFilter,
        before: Option<(i64, u32)>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Event>, StoreError>> + Send;

    /// How many events the filter takes, by kind and severity.
    fn count_events(
        &self,
        filter: &EventFilter,
    ) -> impl Future<Output = Result<Vec<EventCount>, StoreError>> + Send;

    /// Up to `limit` events of all accounts with ids above `id`, by rising id. Nobody who has read up to an id misses
    /// an event by going on from it. That a stored event happened again does not bring it back.
    fn events_after(
        &self,
        id: u32,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Event>, StoreError>> + Send;

    /// The id of the last event of all; 0 before the first.
    fn newest_event_id(&self) -> impl Future<Output = Result<u32, StoreError>> + Send;

    /// Sets marks of these events of the account and returns how many of them there are.
    fn mark_events(
        &self,
        account_id: u32,
        ids: &[u32],
        to: EventMarks,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Deletes up to `limit` of the account's events that happened before a time, oldest first, and returns how many
    /// it were: fewer than `limit` when no more are left.
    fn delete_events_before(
        &self,
        account_id: u32,
        time_ms: i64,
        limit: u32,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// What the account's events take.
    fn event_usage(
        &self,
        account_id: u32,
    ) -> impl Future<Output = Result<EventUsage, StoreError>> + Send;
}

/// The key of an event that is known by these parts, in this order.
pub fn event_key(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    first_half(hash.finalize().into())
}

impl Events for MetadataStore {
    async fn add_events(&self, events: &[NewEvent]) -> Result<Vec<Added>, StoreError> {
        events.iter().try_for_each(limits::check)?;
        let added = self.database.write("store events", |mut tx| async move {
            let mut added = Vec::with_capacity(events.len());
            for event in events {
                added.push(insert::insert(&mut tx, event).await?);
            }
            Ok((tx, added))
        });
        Ok(added.await?)
    }

    async fn add_event(&self, event: &NewEvent) -> Result<Added, StoreError> {
        let added = self.add_events(std::slice::from_ref(event)).await?;
        match added.first() {
            Some(Added::Refused) | None => {
                let limit = limits::most_with(event);
                Err(StoreError::TooMany { what: "events", limit })
            }
            Some(added) => Ok(*added),
        }
    }

    async fn told_minute(&self) -> Result<Option<u32>, StoreError> {
        judged::last(&self.database, Judge::Outcomes).await
    }

    async fn tell_minute(
        &self,
        after: Option<u32>,
        minute: u32,
        events: &[NewEvent],
    ) -> Result<bool, StoreError> {
        events.iter().try_for_each(limits::check)?;
        let told = self.database.write("store the events of a minute", |mut tx| async move {
            let is_next = judged::advance(&mut tx, Judge::Outcomes, after, minute).await?.is_ok();
            if is_next {
                for event in events {
                    insert::insert(&mut tx, event).await?;
                }
            }
            Ok((tx, is_next))
        });
        Ok(told.await?)
    }

    async fn event(&self, account_id: u32, id: u32) -> Result<Option<Event>, StoreError> {
        let query = select::by_id(account_id, id);
        Ok(self.database.first("read an event", query, select::event).await?)
    }

    async fn events(
        &self,
        filter: &EventFilter,
        before: Option<(i64, u32)>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        let query = select::page(filter, before, limit);
        Ok(self.database.list("list events", query, select::event).await?)
    }

    async fn count_events(&self, filter: &EventFilter) -> Result<Vec<EventCount>, StoreError> {
        let counted = self.database.list("count events", select::counts(filter), |row| {
            Ok(EventCount {
                kind: row.text(0)?,
                severity: EventSeverity::from_number(row.int(1)?),
                count: row.int(2)?,
            })
        });
        Ok(counted.await?)
    }

    async fn events_after(&self, id: u32, limit: u32) -> Result<Vec<Event>, StoreError> {
        let query = select::after(id, limit);
        Ok(self.database.list("read the newest events", query, select::event).await?)
    }

    async fn newest_event_id(&self) -> Result<u32, StoreError> {
        let query = sql("SELECT value FROM sequences WHERE name = 'event'");
        let newest = self.database.first("read the newest event's id", query, |row| row.int(0));
        Ok(newest.await?.unwrap_or(0))
    }

    async fn mark_events(
        &self,
        account_id: u32,
        ids: &[u32],
        to: EventMarks,
    ) -> Result<u64, StoreError> {
        if ids.is_empty() {
            return Ok(0);
        }
        let set = |to: Option<bool>| to.map_or(-1, i64::from);
        let update = format!(
            "UPDATE events SET is_read = CASE WHEN ? < 0 THEN is_read ELSE ? END, \
             is_resolved = CASE WHEN ? < 0 THEN is_resolved ELSE ? END \
             WHERE account_id = ? AND id IN ({})",
            marks(ids.len())
        );
        let (read, resolved) = (set(to.is_read), set(to.is_resolved));
        let update = sql(update).bind(read).bind(read).bind(resolved).bind(resolved);
        let update = update.bind(account_id).bind_all(ids.iter().copied());
        Ok(self.database.execute("mark events", update).await?)
    }

    async fn delete_events_before(
        &self,
        account_id: u32,
        time_ms: i64,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let deleted = self.database.write("delete old events", |mut tx| async move {
            let deleted = insert::delete_before(&mut tx, account_id, time_ms, limit).await?;
            Ok((tx, deleted))
        });
        Ok(deleted.await?)
    }

    async fn event_usage(&self, account_id: u32) -> Result<EventUsage, StoreError> {
        let failure = |error| Failure { operation: "measure events", error };
        let mut tx = self.database.begin_read().await.map_err(failure)?;
        Ok(select::usage(&mut tx, account_id).await.map_err(failure)?)
    }
}
