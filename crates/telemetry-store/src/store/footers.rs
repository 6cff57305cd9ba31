//! Opened segments whose footers are kept in memory: those read last, within a bound.

use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::segment::{Opened, SegmentError};

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Footers {
    state: Mutex<State>,
    max_bytes: usize,
}

#[derive(Debug, Default)]
struct State {
    kept: FxHashMap<u64, Kept>,
    bytes: usize,
    reads: u64,
}

#[derive(Debug)]
struct Kept {
    opened: Arc<Opened>,
    bytes: usize,
    last_read: u64,
}

impl Footers {
    pub(crate) fn new(max_bytes: usize) -> Footers {
        Footers { state: Mutex::default(), max_bytes }
    }

    /// The opened segment of an id, by `open` if it is not kept.
    pub(crate) fn get(
        &self,
        id: u64,
        open: impl FnOnce() -> Result<Opened, SegmentError>,
    ) -> Result<Arc<Opened>, SegmentError> {
        if let Some(opened) = self.state.lock().find(id) {
            return Ok(opened);
        }
        // Not under the lock: reading a footer waits for the disk. Two who open the same one at once do it twice.
        let opened = Arc::new(open()?);
        self.state.lock().keep(id, &opened, self.max_bytes);
        Ok(opened)
    }

    /// Whether the opened segment of an id is kept.
    pub(crate) fn has(&self, id: u64) -> bool {
        self.state.lock().kept.contains_key(&id)
    }

    /// Lets go of a segment that is no longer listed.
    pub(crate) fn forget(&self, id: u64) {
        self.state.lock().remove(id);
    }

    /// About the bytes that the kept footers take.
    pub(crate) fn memory(&self) -> usize {
        self.state.lock().bytes
    }
}

impl State {
    fn find(&mut self, id: u64) -> Option<Arc<Opened>> {
        self.reads += 1;
        let kept = self.kept.get_mut(&id)?;
        kept.last_read = self.reads;
        Some(Arc::clone(&kept.opened))
    }

    fn keep(&mut self, id: u64, opened: &Arc<Opened>, max_bytes: usize) {
        self.remove(id);
        let bytes = opened.memory();
        self.bytes += bytes;
        self.kept.insert(id, Kept { opened: Arc::clone(opened), bytes, last_read: self.reads });
        while self.bytes > max_bytes && self.kept.len() > 1 {
            let oldest = self.kept.iter().min_by_key(|(_, kept)| kept.last_read);
            let oldest = *oldest.expect("there are several").0;
            self.remove(oldest);
        }
    }

    fn remove(&mut self, id: u64) {
        if let Some(kept) = self.kept.remove(&id) {
            self.bytes -= kept.bytes;
        }
    }
}
