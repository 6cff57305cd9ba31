//! A journal in memory: it outlives the pipelines that read it.

use std::time::Duration;

use journal::{Appended, Bounds, Journal, ReadError, Record, Stored};
use parking_lot::Mutex;

#[derive(Debug, Default)]
pub(super) struct MemoryJournal(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    records: Vec<Stored>,
    truncated: u64,
}

impl Journal for MemoryJournal {
    fn append(&self, records: Vec<Record>, done: Appended) {
        let mut state = self.0.lock();
        for record in records {
            let offset = state.records.len() as u64;
            state.records.push(Stored { offset, producer: 1, sequence: offset, record });
        }
        drop(state);
        done(Ok(()));
    }

    fn read(
        &self,
        _: u16,
        offset: u64,
        max_bytes: usize,
        _: Duration,
    ) -> Result<Vec<Stored>, ReadError> {
        let state = self.0.lock();
        if offset < state.truncated {
            return Err(ReadError::Truncated { offset, first: state.truncated });
        }
        let mut bytes = 0;
        let taken = state.records.iter().skip(usize::try_from(offset).expect("tests are small"));
        let within = taken.take_while(|stored| {
            let before = bytes;
            bytes += stored.record.payload.len();
            before == 0 || bytes <= max_bytes
        });
        Ok(within.cloned().collect())
    }

    fn bounds(&self, _: u16) -> Bounds {
        let state = self.0.lock();
        Bounds { first: state.truncated, next: state.records.len() as u64 }
    }

    fn truncate(&self, _: u16, offset: u64) {
        let mut state = self.0.lock();
        state.truncated = state.truncated.max(offset);
    }

    fn lanes(&self) -> u16 {
        1
    }

    fn bytes(&self) -> u64 {
        0
    }
}
