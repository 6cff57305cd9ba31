//! The store: the catalogue's segments and the head, as one state that readers pin.

mod footers;
mod usage;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use daemon::disk::Disk;
use metadata_store::{Catalogue, CatalogueError, SegmentMeta};
use model::id::{AccountId, TraceId};
use parking_lot::{Mutex, RwLock};
use tracing::{error, info, warn};

use self::footers::Footers;
use crate::{
    head::Head,
    recency::recency,
    segment::{FORMAT, Opened, SegmentError, spans::Extent},
    table::Table,
    upkeep::Done,
};

pub use self::usage::{Expired, TableUsage};

/// Where segments lie, below the disk's root.
pub(crate) const SEGMENTS: &str = "segments";
/// Where checkpoints lie.
pub(crate) const CHECKPOINTS: &str = "checkpoints";
/// How the store is made.
#[derive(Debug)]
pub struct Config {
    pub disk: Arc<dyn Disk>,
    pub catalogue: Arc<dyn Catalogue>,
    pub memory: Memory,
}

/// What the store may hold in memory beside its head, bytes.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// What one merge or roll-up reads and writes.
    pub merge: usize,
    /// The footers of segments that were read last.
    pub footers: usize,
}

impl Default for Memory {
    fn default() -> Self {
        Memory { merge: 256 << 20, footers: 24 << 20 }
    }
}

/// Why the store could not be opened or changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{doing} {path}")]
    Disk {
        doing: &'static str,
        path: String,
        #[source]
        source: io::Error,
    },
    /// What it held cannot be made again: whoever goes on goes on without it.
    #[error("checkpoint {0} is lost or damaged")]
    DamagedCheckpoint(String),
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    #[error(transparent)]
    Segment(#[from] SegmentError),
}

/// The telemetry store of one process.
#[derive(Debug)]
pub struct Store {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) catalogue: Arc<dyn Catalogue>,
    pub(crate) merge_bytes: usize,
    pub(crate) state: RwLock<State>,
    footers: Arc<Footers>,
    /// Segments that were found lost or damaged.
    damaged: Mutex<BTreeSet<u64>>,
    /// Bytes of segments that went before their time, for want of room.
    pub(crate) dropped_for_room: AtomicU64,
    pub(crate) done: Done,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) segments: Arc<Listing>,
    pub(crate) head: Head,
    pub(crate) freezing: Option<Freezing>,
}

/// The head of a cut that is being written.
#[derive(Debug)]
pub(crate) struct Freezing {
    pub(crate) head: Arc<Head>,
    /// The segments made of it; none until all of them are durable.
    pub(crate) segments: Vec<u64>,
}

/// The segments of one catalogue version.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) version: u64,
    pub(crate) by_id: BTreeMap<u64, Arc<Segment>>,
}

/// One segment as a version of the catalogue lists it.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) meta: SegmentMeta,
    file: Arc<SegmentFile>,
    footers: Arc<Footers>,
}

/// A segment's file, shared by all listings that have it. It goes when it is obsolete and its last reader is done.
#[derive(Debug)]
struct SegmentFile {
    path: PathBuf,
    disk: Arc<dyn Disk>,
    obsolete: AtomicBool,
    /// Of spans, once it was opened.
    extent: OnceLock<Extent>,
}

impl Segment {
    /// The opened file.
    pub(crate) fn open(&self) -> Result<Arc<Opened>, SegmentError> {
        if self.meta.format > FORMAT {
            return Err(SegmentError::Newer {
                path: self.meta.path.clone(),
                found: self.meta.format,
            });
        }
        self.footers.get(self.meta.id, || {
            let disk = Arc::clone(&self.file.disk);
            match Table::from_number(self.meta.table) {
                Some(Table::Spans | Table::Snapshots) => {
                    let opened = Opened::open_with_pages(disk, &self.file.path)?;
                    self.file.extent.get_or_init(|| Extent::of(&opened));
                    Ok(opened)
                }
                Some(table) if table.is_read_by_page() => {
                    Opened::open_with_pages(disk, &self.file.path)
                }
                _ => Opened::open(disk, &self.file.path),
            }
        })
    }

    /// Whether a segment of spans may have some of the traces, as far as can be told without opening it.
    pub(crate) fn may_hold(&self, traces: &BTreeSet<TraceId>) -> Result<bool, SegmentError> {
        match self.file.extent.get() {
            // An opened one keeps the filters that were asked.
            Some(extent) if !self.footers.has(self.meta.id) => extent.may_hold(traces),
            _ => Ok(true),
        }
    }

    pub(crate) fn overlaps(&self, from_ns: u64, to_ns: u64) -> bool {
        (self.meta.min_time_ns as u64) < to_ns && self.meta.max_time_ns as u64 >= from_ns
    }
}

impl Drop for SegmentFile {
    fn drop(&mut self) {
        if self.obsolete.load(Ordering::Relaxed)
            && let Err(error) = self.disk.remove(&self.path)
        {
            warn!(%error, segment = %self.path.display(), "could not remove a replaced segment; the next start tries again");
        }
    }
}

/// One consistent state for one query: segments of a version, and the heads that are not among them.
#[derive(Debug)]
pub(crate) struct Pin {
    pub(crate) segments: Arc<Listing>,
}

impl Pin {
    /// The segments of an account's table.
    pub(crate) fn unordered(
        &self,
        account: AccountId,
        table: Table,
    ) -> impl Iterator<Item = &Arc<Segment>> {
        self.segments.by_id.values().filter(move |segment| {
            segment.meta.account == account.0 && segment.meta.table == table as u8
        })
    }

    /// The segments of an account's table, those with the oldest rows first.
    pub(crate) fn of(&self, account: AccountId, table: Table) -> Vec<&Arc<Segment>> {
        let mut segments: Vec<&Arc<Segment>> = self.unordered(account, table).collect();
        segments.sort_by_cached_key(|segment| recency(&segment.meta));
        segments
    }
}

impl Config {
    /// Opens the store: makes its directories, reads the catalogue, removes what no commit made visible.
    ///
    /// # Errors
    /// When disk or catalogue refuse, or a segment has a newer format.
    pub fn open(self) -> Result<Store, StoreError> {
        let Config { disk, catalogue, memory } = self;
        for dir in directories() {
            disk.create_dir_all(&dir).map_err(failed("making", &dir))?;
        }
        for dir in [Path::new(""), Path::new(SEGMENTS)] {
            disk.sync_dir(dir).map_err(failed("syncing", dir))?;
        }
        let footers = Arc::new(Footers::new(memory.footers));
        let store = Store {
            disk,
            catalogue,
            merge_bytes: memory.merge,
            state: RwLock::default(),
            footers,
            damaged: Mutex::default(),
            dropped_for_room: AtomicU64::default(),
            done: Done::default(),
        };
        store.reload()?;
        if let Some(newer) =
            store.pin().segments.by_id.values().find(|segment| segment.meta.format > FORMAT)
        {
            let (path, found) = (newer.meta.path.clone(), newer.meta.format);
            return Err(SegmentError::Newer { path, found }.into());
        }
        store.remove_orphans()?;
        Ok(store)
    }
}

fn directories() -> Vec<PathBuf> {
    let tables = Table::ALL.into_iter().map(|table| Path::new(SEGMENTS).join(table.name()));
    tables.chain([PathBuf::from(CHECKPOINTS)]).collect()
}

pub(crate) fn failed(
    doing: &'static str,
    path: &Path,
) -> impl FnOnce(io::Error) -> StoreError + use<> {
    let path = path.display().to_string();
    move |source| StoreError::Disk { doing, path, source }
}

impl Store {
    /// Adds to the head. Readers wait meanwhile: hold it for one batch, not longer.
    pub fn with_head<T>(&self, fill: impl FnOnce(&mut Head) -> T) -> T {
        fill(&mut self.state.write().head)
    }

    /// About the bytes of memory that the head takes.
    pub fn head_memory(&self) -> usize {
        self.state.read().head.memory()
    }

    /// Whether the head has grown to a budget of so many bytes.
    pub fn is_head_full(&self, budget: usize) -> bool {
        self.state.read().head.is_full(budget)
    }

    pub(crate) fn pin(&self) -> Pin {
        Pin { segments: Arc::clone(&self.state.read().segments) }
    }

    /// Shows `each` both heads and returns the segments that go with them, as one state.
    pub(crate) fn pin_with_heads(&self, mut each: impl FnMut(&Head)) -> Pin {
        let state = self.state.read();
        if let Some(freezing) = &state.freezing {
            each(&freezing.head);
        }
        each(&state.head);
        Pin { segments: Arc::clone(&state.segments) }
    }

    /// Reads the catalogue again.
    pub(crate) fn reload(&self) -> Result<(), StoreError> {
        let listing = self.catalogue.snapshot()?;
        self.install(&mut self.state.write(), listing);
        Ok(())
    }

    /// Shows a version of the catalogue; segments that it no longer has go with their last reader.
    pub(crate) fn install(&self, state: &mut State, listing: metadata_store::Listing) {
        if listing.version < state.segments.version {
            return;
        }
        let known = &state.segments.by_id;
        let by_id: BTreeMap<u64, Arc<Segment>> = listing
            .segments
            .into_iter()
            .map(|meta| (meta.id, self.segment(known.get(&meta.id), meta)))
            .collect();
        for (id, segment) in known.iter().filter(|(id, _)| !by_id.contains_key(id)) {
            segment.file.obsolete.store(true, Ordering::Relaxed);
            self.footers.forget(*id);
        }
        // A cut can have happened though its answer got lost: then its rows are in the segments from now on.
        let is_listed =
            |freezing: &Freezing| freezing.segments.iter().any(|id| by_id.contains_key(id));
        if state.freezing.as_ref().is_some_and(is_listed) {
            state.freezing = None;
        }
        state.segments = Arc::new(Listing { version: listing.version, by_id });
    }

    fn segment(&self, known: Option<&Arc<Segment>>, meta: SegmentMeta) -> Arc<Segment> {
        let file = match known {
            Some(known) if known.meta == meta => return Arc::clone(known),
            // Marked as rolled up: another entry, the same file.
            Some(known) => Arc::clone(&known.file),
            None => Arc::new(SegmentFile {
                path: PathBuf::from(&meta.path),
                disk: Arc::clone(&self.disk),
                obsolete: AtomicBool::new(false),
                extent: OnceLock::new(),
            }),
        };
        Arc::new(Segment { meta, file, footers: Arc::clone(&self.footers) })
    }

    /// Removes files that no commit made visible. Only at start, before anybody writes.
    fn remove_orphans(&self) -> Result<(), StoreError> {
        let listed: HashSet<String> =
            self.pin().segments.by_id.values().map(|segment| segment.meta.path.clone()).collect();
        let mut removed = 0;
        for table in Table::ALL {
            let dir = Path::new(SEGMENTS).join(table.name());
            for name in self.disk.list(&dir).map_err(failed("listing", &dir))? {
                let path = dir.join(name);
                if !listed.contains(&path.display().to_string()) {
                    self.disk.remove(&path).map_err(failed("removing", &path))?;
                    removed += 1;
                }
            }
        }
        if removed > 0 {
            info!(removed, "removed segments that were being written when the process ended");
        }
        Ok(())
    }

    /// Bytes and rows of each table's segments.
    pub fn sizes(&self) -> Vec<(Table, u64, u64)> {
        let pin = self.pin();
        let size = |table: Table| {
            let of =
                pin.segments.by_id.values().filter(|segment| segment.meta.table == table as u8);
            of.fold((0, 0), |(bytes, rows), segment| {
                (bytes + segment.meta.bytes, rows + segment.meta.rows)
            })
        };
        Table::ALL.into_iter().map(|table| (table, size(table).0, size(table).1)).collect()
    }

    /// About the bytes of memory that kept footers of segments take.
    pub fn footer_memory(&self) -> usize {
        self.footers.memory()
    }

    /// Remembers that a segment is lost or damaged, and says so once.
    pub(crate) fn note_damage(&self, segment: &Segment, damage: &SegmentError) {
        if self.damaged.lock().insert(segment.meta.id) {
            let rows = segment.meta.rows;
            error!(error = %chain(damage), rows, "a segment is lost or damaged: answers are without its rows");
        }
    }

    pub(crate) fn is_damaged(&self, id: u64) -> bool {
        self.damaged.lock().contains(&id)
    }

    /// How many of the listed segments were found lost or damaged.
    pub fn damaged_segment_count(&self) -> usize {
        let pin = self.pin();
        self.damaged.lock().iter().filter(|id| pin.segments.by_id.contains_key(id)).count()
    }

    /// Bytes of segments that went before their time since the start, because the disk was nearly full.
    pub fn dropped_for_room(&self) -> &AtomicU64 {
        &self.dropped_for_room
    }

    /// How much of the disk is free.
    ///
    /// # Errors
    /// When the disk does not tell.
    pub fn disk_space(&self) -> io::Result<daemon::disk::Space> {
        self.disk.free_space(Path::new(SEGMENTS))
    }

    /// How many jobs of upkeep were done since the start, each kind by its name.
    pub fn jobs_done(&self) -> [(&'static str, u64); 4] {
        self.done.by_kind()
    }

    /// How many segments there are.
    pub fn segment_count(&self) -> usize {
        self.pin().segments.by_id.len()
    }
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests;
