//! Settings: named blobs of wanted state, with a version for compare-and-swap. What is in them is known to
//! whoever owns the name.

use std::future::Future;

use crate::StoreError;

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
