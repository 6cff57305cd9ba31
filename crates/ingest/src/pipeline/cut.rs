//! The cut: everything up to an offset becomes durable and visible together, or not at all.

use std::{
    sync::Arc,
    thread::{self, JoinHandle},
};

use metadata_store::CatalogueError;
use model::id::EntityId;
use rustc_hash::FxHashMap;
use telemetry_store::{
    Store, StoreError,
    cut::{CutOutcome, Frozen, Position, Written},
};

use super::{CONSUMER, Pipeline, PipelineError, checkpoint::Saving};

/// Who writes what a cut has frozen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CutBy {
    /// The step that makes the cut, so that a simulation sees every write where it happens.
    #[default]
    Step,
    /// A thread of its own, while the pipeline goes on: encoding is a third of all work.
    Thread,
}

/// A cut on its way; kept so that a failed step can be done again.
#[derive(Debug)]
pub(super) struct Cutting {
    frozen: Arc<Frozen>,
    writing: Option<Writing>,
    written: Option<Written>,
    to: Vec<u64>,
}

/// A thread that writes a cut. Dropping it waits for its end: what comes next writes into the same directories.
#[derive(Debug)]
struct Writing(Option<JoinHandle<Result<Written, StoreError>>>);

impl Writing {
    fn start(frozen: &Arc<Frozen>, store: &Arc<Store>, now_ms: i64) -> Writing {
        let (frozen, store) = (Arc::clone(frozen), Arc::clone(store));
        let write = move || frozen.write(&store, now_ms);
        let thread = thread::Builder::new().name("cut".to_owned()).spawn(write);
        Writing(Some(thread.expect("a process that may not start a thread cannot go on")))
    }

    fn is_done(&self) -> bool {
        self.0.as_ref().is_none_or(JoinHandle::is_finished)
    }

    fn result(mut self) -> Result<Written, StoreError> {
        let thread = self.0.take().expect("it is joined once");
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // A panic of its was printed; here it is dropped with what it worked on.
        drop(self.0.take().map(JoinHandle::join));
    }
}

/// A burst is over when no record has come for so long, milliseconds.
const QUIET_MS: i64 = 2_000;
/// While a process works off what an earlier one left, its first cut comes so soon, and each next one after as long as it
/// has lived until the usual time is reached: one that is ended again and again gets on all the same, and the journal does
/// not fill.
const FIRST_CUT_MS: i64 = 500;

impl Pipeline {
    pub(super) fn is_time_to_cut(&self, now_ms: i64) -> bool {
        if !self.dirty {
            return false;
        }
        let store = &self.config.store;
        // After a burst the journal would hold for seconds what nobody adds to any more.
        let is_over = now_ms - self.last_record_ms >= QUIET_MS
            && store.is_head_full(self.config.memory.head / 8);
        let lived_ms = (self.last_cut_ms - self.began_ms).max(FIRST_CUT_MS);
        let interval = match self.is_working_off() {
            true => lived_ms.min(self.config.cut_interval_ms),
            false => self.config.cut_interval_ms,
        };
        let is_full = store.is_head_full(self.config.memory.head_now());
        now_ms - self.last_cut_ms >= interval || is_full || is_over
    }

    /// Whether there is still something of what the journal held at the start.
    fn is_working_off(&self) -> bool {
        self.next.iter().zip(&self.left_until).any(|(next, until)| next < until)
    }

    /// Whether records may be taken: there is no cut, or another thread writes it and there is room for what comes.
    pub(super) fn goes_on(&self) -> bool {
        let Some(cutting) = &self.cutting else { return true };
        cutting.writing.as_ref().is_some_and(|writing| !writing.is_done())
            && !self.config.store.is_head_full(self.config.memory.head_now())
    }

    /// Freezes, writes, commits; whatever fails is done again by the next call. Where another thread writes, a call while
    /// there is room for what comes does not wait for it.
    pub(super) fn cut(&mut self, now_ms: i64) -> Result<(), PipelineError> {
        if self.cutting.is_some() && self.goes_on() {
            return Ok(());
        }
        self.finish_cut(now_ms, self.config.cut_by)
    }

    /// As [`Pipeline::cut`], and waits for the end of it.
    pub(super) fn cut_to_the_end(&mut self, now_ms: i64) -> Result<(), PipelineError> {
        self.finish_cut(now_ms, CutBy::Step)
    }

    fn finish_cut(&mut self, now_ms: i64, by: CutBy) -> Result<(), PipelineError> {
        if self.cutting.is_none() {
            self.publish();
            let position =
                |offsets: &[u64]| (0..).zip(offsets.iter().copied()).collect::<Vec<(u16, u64)>>();
            let position = Position {
                consumer: CONSUMER.to_owned(),
                epoch: self.epoch,
                from: position(&self.committed),
                to: position(&self.next),
            };
            let checkpoint = self.saving().encode(self.traces.open(), self.traces.size().1);
            let frozen = self.config.store.freeze(position, checkpoint);
            self.metrics.begin_head();
            let (frozen, to) = (Arc::new(frozen), self.next.clone());
            self.cutting = Some(Cutting { frozen, writing: None, written: None, to });
            self.dirty = false;
        }
        let store = &self.config.store;
        let cutting = self.cutting.as_mut().expect("it was just made");
        if let Some(writing) = cutting.writing.take() {
            cutting.written = Some(writing.result()?);
        }
        let written = match &cutting.written {
            Some(written) => written,
            None if by == CutBy::Thread => {
                cutting.writing = Some(Writing::start(&cutting.frozen, store, now_ms));
                return Ok(());
            }
            None => cutting.written.insert(cutting.frozen.write(store, now_ms)?),
        };
        // Before the offsets move: what is found again after a crash has the same keys.
        self.registry.findings.store(&*self.config.events, &self.config.directory, now_ms)?;
        match self.config.store.commit(written)? {
            CutOutcome::Superseded => return Err(PipelineError::Superseded),
            CutOutcome::Committed => {}
        }
        self.committed.clone_from(&cutting.to);
        self.cutting = None;
        self.last_cut_ms = now_ms;
        let mut seen: Vec<(EntityId, i64)> = self.seen.drain().collect();
        seen.extend(self.registry.take_waiting_seen());
        self.config.directory.touch(&seen);
        self.config.stats.cut();
        if let Err(error) = self.truncate_journal() {
            tracing::warn!(%error, "could not ask how far the journal may be cut off; the next cut does");
        }
        Ok(())
    }

    fn truncate_journal(&self) -> Result<(), CatalogueError> {
        let mut lowest: FxHashMap<u16, u64> = FxHashMap::default();
        for committed in self.config.catalogue.lowest_committed()? {
            let offset = lowest.entry(committed.partition).or_insert(u64::MAX);
            *offset = committed.offset.min(*offset);
        }
        for (lane, offset) in lowest {
            self.config.journal.truncate(lane, offset);
        }
        Ok(())
    }

    fn saving(&self) -> Saving<'_> {
        Saving {
            targets: self.targets.all(),
            open: &[],
            errors: self.traces.errors().collect(),
            nodes: &self.nodes,
            duplicates: self.duplicates.save(),
            snapshots: &self.snapshots,
            metrics: self.metrics.save(),
            fresh: self.fresh.save(),
            backends: self.registry.save_backends(),
            newest_end_ns: Some(self.newest_end_ns),
            beside: self.nodes.beside(),
        }
    }
}
