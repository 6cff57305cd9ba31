//! The cut: everything up to an offset becomes durable and visible together, or not at all.

use metadata_store::CatalogueError;
use model::id::EntityId;
use rustc_hash::FxHashMap;
use telemetry_store::cut::{CutOutcome, Frozen, Position, Written};

use super::{CONSUMER, Pipeline, PipelineError, checkpoint::Saving};

/// A cut on its way; kept so that a failed step can be done again.
#[derive(Debug)]
pub(super) struct Cutting {
    frozen: Frozen,
    written: Option<Written>,
    to: Vec<u64>,
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
        let memory = self.config.store.head_memory();
        // After a burst the journal would hold for seconds what nobody adds to any more.
        let head = self.config.memory.head_now();
        let is_over =
            now_ms - self.last_record_ms >= QUIET_MS && memory >= self.config.memory.head / 8;
        let lived_ms = (self.last_cut_ms - self.began_ms).max(FIRST_CUT_MS);
        let interval = match self.is_working_off() {
            true => lived_ms.min(self.config.cut_interval_ms),
            false => self.config.cut_interval_ms,
        };
        now_ms - self.last_cut_ms >= interval || memory >= head || is_over
    }

    /// Whether there is still something of what the journal held at the start.
    fn is_working_off(&self) -> bool {
        self.next.iter().zip(&self.left_until).any(|(next, until)| next < until)
    }

    /// Freezes, writes, commits; whatever fails is done again by the next call.
    pub(super) fn cut(&mut self, now_ms: i64) -> Result<(), PipelineError> {
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
            let checkpoint = self.saving().encode();
            let frozen = self.config.store.freeze(position, checkpoint);
            self.cutting = Some(Cutting { frozen, written: None, to: self.next.clone() });
            self.dirty = false;
        }
        let cutting = self.cutting.as_mut().expect("it was just made");
        let written = match &cutting.written {
            Some(written) => written,
            None => cutting.written.insert(cutting.frozen.write(&self.config.store, now_ms)?),
        };
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
            open: self.traces.open().collect(),
            errors: self.traces.errors().collect(),
            nodes: &self.nodes,
            duplicates: self.duplicates.save(),
            snapshots: &self.snapshots,
            metrics: self.metrics.save(),
            fresh: self.fresh.save(),
            backends: self.registry.save_backends(),
            newest_end_ns: Some(self.newest_end_ns),
        }
    }
}
