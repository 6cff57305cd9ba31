//! The durable log between those who accept data and those who work on it.
//!
//! Intake appends what agents sent and answers once it is durable; the pipeline reads it, in order, as often as it must,
//! and the log is cut off only below what every consumer has committed. This crate has the contract and its embedded
//! backend, files on the local disk. It does not know what the payloads mean, and it keeps no consumer's position: those
//! live with the consumers' results, in one transaction (docs/architecture.md, "The cut").
//!
//! A journal has *lanes*: each is one ordered sequence of records with rising offsets that may have gaps. A logical
//! partition lives in exactly one lane. The embedded journal has a single lane, since it writes everything interleaved
//! into one file sequence; a partitioned broker has a lane for each of its partitions.

mod damage;
mod file;
mod local;
mod log;
mod record;
mod tail;

use std::{io, sync::Arc, time::Duration};

pub use self::{
    damage::Damage,
    file::first_of,
    local::{Config, LocalJournal},
    log::{Log, LogConfig, LogStatus, check_formats},
    record::{Record, Stored, Topic},
};

/// The largest payload of a record, so that any broker's default message limit takes it.
pub const MAX_PAYLOAD: usize = 900 * 1024;

/// What is told to someone who appended: everything is durable, or nothing may be assumed to be.
pub type Appended = Box<dyn FnOnce(Result<(), AppendError>) + Send>;

/// A journal that many append to and few read.
pub trait Journal: Send + Sync + std::fmt::Debug {
    /// Appends records in order and calls `done` once all of them are durable, from a thread of the journal.
    ///
    /// After an error some of them may be durable all the same (a crash can come between the write and the answer):
    /// whoever sends again relies on the fingerprint to be counted once. A full or overloaded journal says so at once.
    fn append(&self, records: Vec<Record>, done: Appended);

    /// What an append would be refused with now that, with all others under way, has so many bytes; where that is known
    /// beforehand, so that nobody reads or decodes what cannot be taken. None promises nothing.
    fn refusal(&self, _under_way: usize) -> Option<AppendError> {
        None
    }

    /// The next records of a lane from `offset` on, oldest first; waits up to `wait` for the first. An empty answer means
    /// that nothing came in time. Only durable records are given; what is damaged is reported and passed over. May be called as often as wanted for any offset that
    /// is not truncated.
    ///
    /// # Errors
    /// When `offset` was truncated away, or the disk refuses.
    fn read(
        &self,
        lane: u16,
        offset: u64,
        max_bytes: usize,
        wait: Duration,
    ) -> Result<Vec<Stored>, ReadError>;

    /// Where a lane begins and ends: the oldest offset that can be read, and the one that the next record will get.
    fn bounds(&self, lane: u16) -> Bounds;

    /// Allows the journal to forget everything below `offset`, which every consumer has committed.
    fn truncate(&self, lane: u16, offset: u64);

    /// How many lanes there are; never changes while the process lives.
    fn lanes(&self) -> u16;

    /// Bytes that the journal holds.
    fn bytes(&self) -> u64;
}

/// A shared journal.
pub type SharedJournal = Arc<dyn Journal>;

/// What a lane holds: `first..next`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub first: u64,
    pub next: u64,
}

/// Why records were not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// It holds as much as it may; consumers must catch up first.
    #[error("the journal holds its limit of {limit} bytes")]
    Full { limit: u64 },
    /// The disk must keep what is left for the parts that cannot wait.
    #[error("the disk of the data directory has only {free} of {total} bytes free")]
    DiskFull { free: u64, total: u64 },
    /// More waits to be written than the queue holds.
    #[error("too much waits to be written")]
    Busy,
    /// A write or fsync failed; what is durable is known only after a restart.
    #[error("the journal stopped after a failed write: {0}")]
    Failed(String),
    /// A payload over [`MAX_PAYLOAD`].
    #[error("a record of {0} bytes is over the limit")]
    TooLarge(usize),
    /// The process is on its way out.
    #[error("the journal is closing")]
    Closing,
}

/// Why records could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The consumer asked for what it had itself allowed to be forgotten, or its metadata are older than the journal.
    #[error("offset {offset} is truncated; the journal begins at {first}")]
    Truncated { offset: u64, first: u64 },
    #[error("reading journal file {file}")]
    Read {
        file: String,
        #[source]
        source: io::Error,
    },
}

/// Why a journal could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "journal file {file} has format {found}; this version reads up to {known}. Start the version that wrote it"
    )]
    NewerFormat { file: String, found: u16, known: u16 },
    #[error("{doing} of journal file {file}")]
    Disk {
        doing: &'static str,
        file: String,
        #[source]
        source: io::Error,
    },
}
