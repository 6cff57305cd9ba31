//! What intake asks of the journal.

use std::{net::IpAddr, pin::Pin, time::Duration};

use model::id::AccountId;

use crate::otlp::{Signal, slice::Slice};

/// Where a batch belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    Spans,
    Metrics,
    Logs,
}

impl From<Signal> for Topic {
    fn from(signal: Signal) -> Topic {
        match signal {
            Signal::Traces => Topic::Spans,
            Signal::Metrics => Topic::Metrics,
            Signal::Logs => Topic::Logs,
        }
    }
}

/// What one request brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub topic: Topic,
    pub account: AccountId,
    /// The direct sender, where known.
    pub sender: Option<IpAddr>,
    /// When the body had come, Unix nanoseconds.
    pub received_ns: u64,
    /// XXH3-64 of the whole request's inflated protobuf (JSON converted): the same for a body resent byte for byte.
    pub fingerprint: u64,
    /// At least one.
    pub slices: Vec<Slice>,
}

/// Why a batch was not appended. None of it is durable, or its sender will send it again anyway.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The journal has reached its size: its consumers are behind, or the disk is nearly full.
    #[error("the journal is full")]
    Full { retry_after: Duration },
    /// Too much is waiting to be written.
    #[error("the journal is busy")]
    Busy { retry_after: Duration },
    /// It cannot write, and says why.
    #[error("the journal is unavailable: {0}")]
    Unavailable(String),
}

/// An append under way.
pub type Appending = Pin<Box<dyn Future<Output = Result<(), AppendError>> + Send>>;

/// Where accepted data go.
pub trait Journal: Send + Sync {
    /// Appends all slices or fails. `Ok` means durable: the data survive `kill -9` and power loss. After an error some
    /// slices may have become durable nevertheless; the fingerprint lets consumers count the resent ones once. Does
    /// not block; what waits is bounded, and beyond that bound it fails with [`AppendError::Busy`].
    fn append(&self, batch: Batch) -> Appending;

    /// What an append fails with now that, with all others under way, has so many bytes; where that is known beforehand. It is
    /// asked before a body is read. None promises nothing.
    fn refusal(&self, _under_way: usize) -> Option<AppendError> {
        None
    }
}
