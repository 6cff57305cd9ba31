//! The embedded journal without its thread: each append is durable or failed when it returns.

use std::time::Duration;

use journal::{Appended, Bounds, Journal, Log, ReadError, Record, Stored};
use parking_lot::Mutex;

/// A [`Log`] behind the contract that the pipeline reads by.
#[derive(Debug)]
pub(crate) struct StepJournal(Mutex<Log>);

impl StepJournal {
    pub(crate) fn new(log: Log) -> StepJournal {
        StepJournal(Mutex::new(log))
    }
}

impl Journal for StepJournal {
    fn append(&self, records: Vec<Record>, done: Appended) {
        let result = self.0.lock().append(&records);
        done(result.map(drop));
    }

    fn read(
        &self,
        _lane: u16,
        offset: u64,
        max_bytes: usize,
        _wait: Duration,
    ) -> Result<Vec<Stored>, ReadError> {
        let extents = self.0.lock().extents();
        Ok(extents.read(offset, None, max_bytes)?.0)
    }

    fn bounds(&self, _lane: u16) -> Bounds {
        self.0.lock().bounds()
    }

    /// As in the threaded journal a failure is only noted: the next cut tries again.
    fn truncate(&self, _lane: u16, offset: u64) {
        if let Err(error) = self.0.lock().truncate(offset) {
            tracing::warn!(%error, "could not truncate");
        }
    }

    fn lanes(&self) -> u16 {
        1
    }

    fn bytes(&self) -> u64 {
        self.0.lock().status().bytes
    }
}
