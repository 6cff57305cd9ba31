//! The catalogue: which segments exist, how far each consumer has read, and where its checkpoint lies.
//!
//! It decides whether a cut or a replacement happens, each as one atomic step; whoever lost the race learns
//! it from the answer. It does not touch segment or checkpoint files: writing them before a commit and
//! removing what no listing names afterwards is their owner's work.
//!
//! The contract is synchronous, because the pipeline's steps run on threads of their own and a simulation
//! drives them. [`SqlCatalogue`] keeps it in the metadata store, [`MemoryCatalogue`] in memory for tests.

mod check;
mod decide;
mod memory;
mod sql;

use std::fmt::Debug;

pub use memory::MemoryCatalogue;
pub use sql::SqlCatalogue;

/// One immutable segment file as the catalogue knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentMeta {
    /// From [`Catalogue::allocate_segment_ids`]; never used twice.
    pub id: u64,
    pub account: u32,
    /// The telemetry store's number of the table.
    pub table: u8,
    /// Start of the UTC hour or day that the segment belongs to, Unix milliseconds.
    pub period_start_ms: i64,
    /// Length of that hour or day, milliseconds.
    pub period_ms: i64,
    /// 0 for a flush, 1 and up for merged segments.
    pub level: u8,
    /// Object path in the telemetry store, at most 1,024 bytes.
    pub path: String,
    pub bytes: u64,
    pub rows: u64,
    /// Earliest row, Unix nanoseconds.
    pub min_time_ns: i64,
    /// Latest row, Unix nanoseconds.
    pub max_time_ns: i64,
    /// Set once, in the transaction that adds what was rolled up from it.
    pub rolled_up: bool,
    /// Version of the file's format.
    pub format: u16,
    /// When it was written, Unix milliseconds.
    pub created_ms: i64,
    /// JSON for the owner; the catalogue does not read it. At most 1 MiB.
    pub detail: String,
}

/// An object in the telemetry store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRef {
    /// Object path, at most 1,024 bytes and not empty.
    pub path: String,
    pub bytes: u64,
}

/// One partition of the journal and the offset up to which (exclusive) it has been consumed.
pub type PartitionOffset = (u16, u64);

/// What an owner knows after taking over a consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Goes into each [`CutCommit`] of this owner; all earlier epochs are fenced off.
    pub epoch: u64,
    /// The committed offset of each claimed partition, in the order asked; 0 where nothing was committed.
    pub offsets: Vec<PartitionOffset>,
    /// The checkpoint that belongs to those offsets.
    pub checkpoint: Option<ObjectRef>,
}

/// Everything that one cut changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutCommit {
    /// Name of the consumer, at most 255 characters.
    pub consumer: String,
    /// From [`Catalogue::claim`].
    pub epoch: u64,
    /// Where each partition stood when the cut began.
    pub from: Vec<PartitionOffset>,
    /// Where it stands after: the same partitions in the same order, none going back.
    pub to: Vec<PartitionOffset>,
    /// The new checkpoint; `None` keeps the current one.
    pub checkpoint: Option<ObjectRef>,
    /// Segments that become visible.
    pub segments: Vec<SegmentMeta>,
}

/// How a cut ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitOutcome {
    /// The cut is durable and visible.
    Committed {
        /// The catalogue's version that first shows it.
        version: u64,
        /// The checkpoint object that this cut made obsolete; the owner removes it.
        replaced_checkpoint: Option<String>,
    },
    /// Epoch or offsets differ: another owner has taken over. This cut wrote nothing, now or earlier.
    Superseded,
}

/// Segments that take the place of others: a merge, a rollup, a retention drop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replacement {
    /// Segments that leave the catalogue.
    pub remove: Vec<u64>,
    /// Segments that enter it.
    pub add: Vec<SegmentMeta>,
    /// Segments that stay and are from now on rolled up; none of them may be in `remove`.
    pub mark_rolled_up: Vec<u64>,
}

impl Replacement {
    /// The ids of all segments that it removes, adds or marks.
    fn all_ids(&self) -> Vec<u64> {
        let added = self.add.iter().map(|segment| segment.id);
        self.remove.iter().chain(&self.mark_rolled_up).copied().chain(added).collect()
    }
}

/// How a replacement ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplaceOutcome {
    /// The replacement is durable and visible.
    Replaced {
        /// A version of the catalogue that shows it.
        version: u64,
    },
    /// A segment to remove or to mark is gone, or one to mark is already rolled up; nothing was written.
    Superseded,
}

/// All segments at one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Rises with every cut and replacement.
    pub version: u64,
    /// By rising id.
    pub segments: Vec<SegmentMeta>,
}

/// How far one consumer has committed one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedOffset {
    pub consumer: String,
    pub partition: u16,
    /// Exclusive.
    pub offset: u64,
}

/// Why the catalogue gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The database failed. For the writing calls **it is unknown whether the change happened**; the same
    /// call may be made again and answers for what is then true.
    #[error("the catalogue could not {operation}")]
    Unavailable {
        operation: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The caller broke the contract; calling again does not help. Nothing was written.
    #[error("malformed change of the catalogue: {0}")]
    Malformed(String),
    /// The cut names a partition that nobody has claimed for the consumer. Nothing was written.
    #[error("consumer {consumer:?} has not claimed partition {partition}")]
    Unclaimed { consumer: String, partition: u16 },
    /// A segment to be added is already there, and not because of this same change. Nothing was written.
    #[error("segment {0} is already in the catalogue")]
    SegmentExists(u64),
}

/// Which segments exist and how far consumers have read.
///
/// Every writing call is one transaction: when it returns `Ok` the change is durable and every later
/// [`snapshot`](Catalogue::snapshot), by whomever, shows all of it; at no instant is a part of it visible.
/// Calls block; they may be made from any thread that does not run an async runtime's tasks.
///
/// An answer of `Superseded` is no permission to delete the files of the refused change: a replacement may
/// have happened in an earlier attempt and have been merged away since. The safe way to remove files is to
/// take a snapshot and remove what it does not name and nobody is still writing.
pub trait Catalogue: Send + Sync + Debug {
    /// Takes over `consumer`: raises its epoch, so that cuts of all earlier owners are superseded, and tells
    /// where it stands. Partitions claimed for the first time start at offset 0 and from now on count in
    /// [`lowest_committed`](Catalogue::lowest_committed). Calling twice raises the epoch twice.
    fn claim(&self, consumer: &str, partitions: &[u16]) -> Result<Claim, CatalogueError>;

    /// Makes the segments visible, points at the checkpoint and moves the offsets, if the epoch is the
    /// consumer's latest and each partition stands at `from`. Committing the same cut again gives the
    /// same answer as the first time, even when a later owner has claimed or committed meanwhile.
    fn commit_cut(&self, cut: &CutCommit) -> Result<CommitOutcome, CatalogueError>;

    /// Removes, adds and marks segments, if all to be removed or marked are there and none to be marked is
    /// rolled up yet. Doing the same replacement again answers `Replaced` while what it added is there.
    fn replace_segments(&self, replacement: &Replacement)
    -> Result<ReplaceOutcome, CatalogueError>;

    /// All segments, as of one version.
    fn snapshot(&self) -> Result<Listing, CatalogueError>;

    /// Reserves `count` consecutive ids and returns the first. Ids start at 1; a reserved id that is not
    /// used is lost.
    fn allocate_segment_ids(&self, count: u32) -> Result<u64, CatalogueError>;

    /// The committed offset of each consumer and partition ever claimed, by consumer and partition. The
    /// journal may drop what lies below the lowest of all consumers.
    fn lowest_committed(&self) -> Result<Vec<CommittedOffset>, CatalogueError>;
}
