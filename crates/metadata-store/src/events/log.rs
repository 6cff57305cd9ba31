//! Adding events from threads of their own, for whoever works with the [`Catalogue`](crate::Catalogue).

use std::{collections::BTreeMap, fmt::Debug, sync::Arc};

use parking_lot::Mutex;
use tokio::runtime::Handle;

use super::{Events as _, NewEvent};
use crate::{MetadataStore, StoreError};

/// Where events are added that have a key: adding them again changes nothing. Calls block.
pub trait EventLog: Send + Sync + Debug {
    /// Stores these events, as far as the account has room for them. They are durable when it returns; after an error it
    /// is unknown whether they are.
    fn add(&self, events: &[NewEvent]) -> Result<(), StoreError>;
}

/// Events in SQLite or MySQL. Its calls block: see [`SqlCatalogue`](crate::SqlCatalogue).
#[derive(Clone, Debug)]
pub struct SqlEvents {
    store: MetadataStore,
    runtime: Handle,
}

impl SqlEvents {
    /// Events of `store`, whose database work runs on `runtime`.
    pub fn new(store: MetadataStore, runtime: Handle) -> Self {
        Self { store, runtime }
    }
}

impl EventLog for SqlEvents {
    fn add(&self, events: &[NewEvent]) -> Result<(), StoreError> {
        self.runtime.block_on(self.store.add_events(events)).map(drop)
    }
}

/// Events in memory, for tests and simulations; clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryEvents {
    rows: Arc<Mutex<BTreeMap<[u8; 16], NewEvent>>>,
}

impl MemoryEvents {
    /// All events, oldest first.
    pub fn all(&self) -> Vec<NewEvent> {
        let mut all: Vec<NewEvent> = self.rows.lock().values().cloned().collect();
        all.sort_by(|a, b| (a.time_ms, &a.summary).cmp(&(b.time_ms, &b.summary)));
        all
    }
}

impl EventLog for MemoryEvents {
    fn add(&self, events: &[NewEvent]) -> Result<(), StoreError> {
        let mut rows = self.rows.lock();
        for event in events {
            let key = event.key.expect("events without a key are added through the store");
            let row = rows.entry(key).or_insert_with(|| event.clone());
            if event.repeats > row.repeats {
                *row = NewEvent { time_ms: row.time_ms, ..event.clone() };
            }
        }
        Ok(())
    }
}
