//! The embedded journal: a [`Log`] driven by one thread that writes for all who wait.
//!
//! One write and one fdatasync serve everybody who came while the last one ran; no timer. The queue is bounded in bytes;
//! beyond it an append is refused at once with [`AppendError::Busy`].

use std::{mem, sync::Arc, thread::JoinHandle, time::Duration};

use daemon::disk::Disk;
use parking_lot::{Condvar, Mutex};
use tracing::{error, warn};

use crate::{
    AppendError, Appended, Bounds, Damage, Journal, LogConfig, OpenError, ReadError,
    log::{Bookmark, Extents, Log},
    record::{Record, Stored},
    tail::Tail,
};

/// How an embedded journal is made.
#[derive(Clone, Debug)]
pub struct Config {
    pub log: LogConfig,
    /// Bytes that may wait to be written; beyond it senders are asked to come back.
    pub queue_bytes: usize,
    /// Bytes of the newest records kept in memory for the consumers.
    pub tail_bytes: usize,
    /// What the consumers have committed: no new record gets a lower offset, even if files are missing.
    pub floor: u64,
}

impl Config {
    /// Opens the log and starts its thread.
    ///
    /// # Errors
    /// See [`Log::open_from`].
    pub fn open(self, disk: Arc<dyn Disk>) -> Result<LocalJournal, OpenError> {
        let max_bytes = self.log.max_bytes;
        let log = Log::open_from(disk, self.log, self.floor)?;
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                waiting: Vec::new(),
                waiting_bytes: 0,
                bounds: log.bounds(),
                bytes: log.status().bytes,
                extents: log.extents(),
                bookmark: None,
                tail: Tail::new(self.tail_bytes),
                truncate_to: 0,
                closing: false,
                closed: false,
            }),
            work: Condvar::new(),
            news: Condvar::new(),
            queue_bytes: self.queue_bytes,
            max_bytes,
        });
        let writer = Writer { shared: Arc::clone(&shared), log };
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.run())
            .expect("a process that may not start a thread cannot run at all");
        Ok(LocalJournal { shared, thread: Mutex::new(Some(thread)) })
    }
}

/// The embedded journal. Dropping it writes what waits and ends its thread.
#[derive(Debug)]
pub struct LocalJournal {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Something waits to be written, to be truncated, or the end.
    work: Condvar,
    /// Something became durable, or the end.
    news: Condvar,
    queue_bytes: usize,
    max_bytes: u64,
}

struct Waiting {
    records: Vec<Record>,
    done: Appended,
}

struct State {
    waiting: Vec<Waiting>,
    waiting_bytes: usize,
    bounds: Bounds,
    bytes: u64,
    extents: Extents,
    bookmark: Option<Bookmark>,
    tail: Tail,
    truncate_to: u64,
    closing: bool,
    closed: bool,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("bounds", &self.bounds)
            .field("waiting", &self.waiting.len())
            .finish()
    }
}

impl LocalJournal {
    /// Writes what waits, then takes nothing more. Returns once the thread has ended.
    pub fn close(&self) {
        self.shared.state.lock().closing = true;
        self.shared.work.notify_all();
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            error!("the journal's thread panicked");
        }
    }
}

impl LocalJournal {
    /// How much of it was found damaged since it was opened.
    pub fn damage(&self) -> Damage {
        self.shared.state.lock().extents.damage()
    }
}

impl Drop for LocalJournal {
    fn drop(&mut self) {
        self.close();
    }
}

// === impl Journal ===

impl Journal for LocalJournal {
    fn append(&self, records: Vec<Record>, done: Appended) {
        let bytes: usize = records.iter().map(|record| record.payload.len()).sum();
        let mut state = self.shared.state.lock();
        let refusal = if state.closing {
            Some(AppendError::Closing)
        } else if state.waiting_bytes > 0 && state.waiting_bytes + bytes > self.shared.queue_bytes {
            Some(AppendError::Busy)
        } else {
            None
        };
        if let Some(refusal) = refusal {
            drop(state);
            return done(Err(refusal));
        }
        state.waiting_bytes += bytes;
        state.waiting.push(Waiting { records, done });
        drop(state);
        self.shared.work.notify_all();
    }

    fn refusal(&self, under_way: usize) -> Option<AppendError> {
        let (state, limit) = (self.shared.state.lock(), self.shared.max_bytes);
        if state.closing {
            return Some(AppendError::Closing);
        }
        // Where there is nothing that a consumer could make room by, what does not fit fits never: it is asked to the end.
        let holds_any = state.bounds.first < state.bounds.next;
        let is_over = state.bytes + under_way as u64 > limit;
        (is_over && holds_any).then_some(AppendError::Full { limit })
    }

    fn read(
        &self,
        _lane: u16,
        offset: u64,
        max_bytes: usize,
        wait: Duration,
    ) -> Result<Vec<Stored>, ReadError> {
        let mut state = self.shared.state.lock();
        // There is one consumer, and it has what is below.
        state.tail.forget(offset);
        if offset >= state.bounds.next && !state.closed {
            self.shared.news.wait_for(&mut state, wait);
        }
        if offset >= state.bounds.next {
            return Ok(Vec::new());
        }
        if let Some(records) = state.tail.read(offset, max_bytes) {
            return Ok(records);
        }
        let extents = state.extents.clone();
        let bookmark = state.bookmark;
        drop(state);
        let (records, bookmark) = extents.read(offset, bookmark, max_bytes)?;
        self.shared.state.lock().bookmark = bookmark;
        Ok(records)
    }

    fn bounds(&self, _lane: u16) -> Bounds {
        self.shared.state.lock().bounds
    }

    fn truncate(&self, _lane: u16, offset: u64) {
        let mut state = self.shared.state.lock();
        state.truncate_to = state.truncate_to.max(offset);
        state.tail.forget(offset);
        drop(state);
        self.shared.work.notify_all();
    }

    fn lanes(&self) -> u16 {
        1
    }

    fn bytes(&self) -> u64 {
        self.shared.state.lock().bytes
    }
}

/// What the thread owns.
struct Writer {
    shared: Arc<Shared>,
    log: Log,
}

/// What there is to do.
struct Work {
    appends: Vec<Waiting>,
    truncate_to: Option<u64>,
}

impl Writer {
    fn run(mut self) {
        let mut truncated = 0;
        while let Some(work) = self.next_work(truncated) {
            if !work.appends.is_empty() {
                self.append(work.appends);
            }
            if let Some(offset) = work.truncate_to {
                truncated = offset;
                self.truncate(offset);
            }
        }
        self.shared.state.lock().closed = true;
        self.shared.news.notify_all();
    }

    /// Waits for something to do; nothing when it is time to end and all is written.
    fn next_work(&self, truncated: u64) -> Option<Work> {
        let mut state = self.shared.state.lock();
        loop {
            let truncate_to = (state.truncate_to > truncated).then_some(state.truncate_to);
            if !state.waiting.is_empty() || truncate_to.is_some() {
                state.waiting_bytes = 0;
                return Some(Work { appends: mem::take(&mut state.waiting), truncate_to });
            }
            if state.closing {
                return None;
            }
            self.shared.work.wait(&mut state);
        }
    }

    fn append(&mut self, appends: Vec<Waiting>) {
        let (records, done): (Vec<_>, Vec<_>) =
            appends.into_iter().map(|waiting| (waiting.records, waiting.done)).unzip();
        let result = self.log.check_space().and_then(|()| self.append_all(records));
        self.publish();
        for done in done {
            done(result.clone());
        }
    }

    fn append_all(&mut self, records: Vec<Vec<Record>>) -> Result<(), AppendError> {
        let records: Vec<Record> = records.into_iter().flatten().collect();
        let stored = self.log.append(&records)?;
        self.shared.state.lock().tail.push(stored);
        Ok(())
    }

    fn truncate(&mut self, offset: u64) {
        if let Err(error) = self.log.truncate(offset) {
            warn!(%error, offset, "could not remove old journal files; the next cut tries again");
        }
        self.publish();
    }

    fn publish(&self) {
        let mut state = self.shared.state.lock();
        state.bounds = self.log.bounds();
        state.bytes = self.log.status().bytes;
        state.extents = self.log.extents();
        drop(state);
        self.shared.news.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use daemon::disk::SimulatedDisk;
    use model::id::AccountId;

    use super::*;
    use crate::Topic;

    fn journal() -> LocalJournal {
        let log = LogConfig {
            dir: "journal".into(),
            file_bytes: 2_000,
            max_bytes: 10_000,
            min_free_share: 0.0,
            producer: 7,
        };
        let config = Config { log, queue_bytes: 1 << 20, tail_bytes: 0, floor: 0 };
        config.open(Arc::new(SimulatedDisk::new())).expect("a new journal opens")
    }

    fn append(journal: &LocalJournal, bytes: usize) -> Result<(), AppendError> {
        let record = Record {
            topic: Topic::Spans,
            partition: 0,
            account: AccountId::FIRST,
            fingerprint: 1,
            received_ns: 1,
            sender: None,
            items: 1,
            payload: vec![0; bytes].into(),
        };
        let (answer, answered) = mpsc::channel();
        journal.append(vec![record], Box::new(move |result| answer.send(result).expect("heard")));
        answered.recv().expect("every append is answered")
    }

    #[test]
    fn a_full_journal_says_so_beforehand_until_a_consumer_has_made_room() {
        let journal = journal();
        while journal.refusal(1_500).is_none() {
            append(&journal, 1_000).expect("it was not refused beforehand");
        }
        assert!(journal.refusal(0).is_none(), "what is under way fits as well");
        assert!(matches!(journal.refusal(1_500), Some(AppendError::Full { limit: 10_000 })));
        while append(&journal, 1_000).is_ok() {}
        assert!(journal.refusal(1_000).is_some());
        let before = journal.bounds(0);
        journal.truncate(0, before.next / 2);
        while journal.bounds(0).first == before.first {
            std::thread::yield_now();
        }
        assert!(journal.refusal(1_000).is_none());
        journal.close();
        assert!(matches!(journal.refusal(0), Some(AppendError::Closing)));
    }

    #[test]
    fn what_fits_no_journal_does_not_keep_others_out() {
        let journal = journal();
        assert!(journal.refusal(20_000).is_none(), "there is nothing to wait for");
        assert!(matches!(append(&journal, 20_000), Err(AppendError::Full { .. })));
        append(&journal, 1_000).expect("there is room");
    }
}
