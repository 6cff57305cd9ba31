//! Metadata that do not answer for a while: each call is given up, as after a time that is over, before it did anything or
//! after it did all.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::SeqCst},
};

use metadata_store::{
    Catalogue, CatalogueError, Claim, CommitOutcome, CommittedOffset, CutCommit, Entity,
    EntityBackend, EventLog, Listing, MemoryCatalogue, MemoryEntities, MemoryEvents, NewEntity,
    NewEvent, Page, ReplaceOutcome, Replacement, StoreError,
};

/// Catalogue and entities of one database. Clones are handles to the same.
#[derive(Clone, Debug, Default)]
pub(super) struct SlowMetadata {
    pub(super) catalogue: MemoryCatalogue,
    pub(super) entities: MemoryEntities,
    pub(super) events: MemoryEvents,
    /// So many calls more are given up.
    slow: Arc<AtomicU32>,
}

impl SlowMetadata {
    /// The next calls are given up, so many.
    pub(super) fn slow_down(&self, calls: u32) {
        self.slow.store(calls, SeqCst);
    }

    pub(super) fn is_slow(&self) -> bool {
        self.slow.load(SeqCst) > 0
    }

    /// Which one of the calls that are given up this is, from the last one on; none when it is answered.
    fn given_up(&self) -> Option<u32> {
        self.slow.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).ok()
    }

    /// Every other call was done all the same when its caller gave up.
    fn ask<T, E>(&self, given_up: E, answer: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        match self.given_up() {
            None => answer(),
            Some(left) if left % 2 == 0 => Err(given_up),
            Some(_) => answer().and(Err(given_up)),
        }
    }

    fn ask_catalogue<T>(
        &self,
        operation: &'static str,
        answer: impl FnOnce() -> Result<T, CatalogueError>,
    ) -> Result<T, CatalogueError> {
        self.ask(CatalogueError::Unavailable { operation, source: "timed out".into() }, answer)
    }

    fn ask_entities<T>(
        &self,
        operation: &'static str,
        answer: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.ask(StoreError::Database { operation, source: "timed out".into() }, answer)
    }
}

impl Catalogue for SlowMetadata {
    fn claim(&self, consumer: &str, partitions: &[u16]) -> Result<Claim, CatalogueError> {
        self.ask_catalogue("claim", || self.catalogue.claim(consumer, partitions))
    }

    fn commit_cut(&self, cut: &CutCommit) -> Result<CommitOutcome, CatalogueError> {
        self.ask_catalogue("commit a cut", || self.catalogue.commit_cut(cut))
    }

    fn replace_segments(
        &self,
        replacement: &Replacement,
    ) -> Result<ReplaceOutcome, CatalogueError> {
        self.ask_catalogue("replace segments", || self.catalogue.replace_segments(replacement))
    }

    fn snapshot(&self) -> Result<Listing, CatalogueError> {
        self.ask_catalogue("list", || self.catalogue.snapshot())
    }

    fn allocate_segment_ids(&self, count: u32) -> Result<u64, CatalogueError> {
        self.ask_catalogue("allocate", || self.catalogue.allocate_segment_ids(count))
    }

    fn lowest_committed(&self) -> Result<Vec<CommittedOffset>, CatalogueError> {
        self.ask_catalogue("read offsets", || self.catalogue.lowest_committed())
    }
}

impl EntityBackend for SlowMetadata {
    fn page(&self, page: Page) -> Result<Vec<Entity>, StoreError> {
        self.ask_entities("page", || self.entities.page(page))
    }

    fn resolve(&self, entities: &[NewEntity]) -> Result<Vec<u32>, StoreError> {
        self.ask_entities("resolve", || self.entities.resolve(entities))
    }

    fn touch(&self, seen: &[(u32, i64)]) -> Result<(), StoreError> {
        self.ask_entities("touch", || self.entities.touch(seen))
    }

    fn set_properties(&self, changed: &[(u32, String)]) -> Result<(), StoreError> {
        self.ask_entities("set properties", || self.entities.set_properties(changed))
    }
}

impl EventLog for SlowMetadata {
    fn add(&self, events: &[NewEvent]) -> Result<(), StoreError> {
        self.ask_entities("store events", || self.events.add(events))
    }
}
