//! A catalogue in memory, with failures on demand, for simulations and tests.
//!
//! It keeps the contract of [`Catalogue`] word for word (the conformance suite runs on it too); clones share
//! one state, as processes share one database. Nothing survives the last clone.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;

use super::decide::{self, Consumer, LastCut, Verdict};
use super::{
    Catalogue, CatalogueError, Claim, CommitOutcome, CommittedOffset, CutCommit, Listing,
    ReplaceOutcome, Replacement, SegmentMeta, check,
};

/// The catalogue in memory. Cheap to clone; clones are handles to the same state.
#[derive(Debug, Clone, Default)]
pub struct MemoryCatalogue {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    version: u64,
    allocated: u64,
    segments: BTreeMap<u64, SegmentMeta>,
    consumers: BTreeMap<String, Consumer>,
    /// The last cut of each consumer and epoch.
    cuts: HashMap<(String, u64), LastCut>,
    fail_before: Option<u32>,
    fail_after: Option<u32>,
}

/// The failure that [`MemoryCatalogue`] was told to have.
#[derive(Debug, thiserror::Error)]
#[error("the simulated database failed {0} the commit")]
struct InjectedFailure(&'static str);

impl MemoryCatalogue {
    /// An empty catalogue.
    pub fn new() -> Self {
        Self::default()
    }

    /// The `nth` cut or replacement from now (1 is the next) fails before anything is written. One failure
    /// is armed at a time; it happens once.
    pub fn fail_before_commit(&self, nth: u32) {
        self.state.lock().fail_before = Some(nth);
    }

    /// The `nth` cut or replacement from now (1 is the next) is written, yet its caller sees an error, as
    /// when the connection breaks before the answer. One failure is armed at a time; it happens once.
    pub fn fail_after_commit(&self, nth: u32) {
        self.state.lock().fail_after = Some(nth);
    }

    fn commit<T>(
        &self,
        operation: &'static str,
        change: impl FnOnce(&mut State) -> Result<T, CatalogueError>,
    ) -> Result<T, CatalogueError> {
        let mut state = self.state.lock();
        let fails_after = is_due(&mut state.fail_after);
        if is_due(&mut state.fail_before) {
            return Err(injected(operation, "before"));
        }
        let outcome = change(&mut state);
        if fails_after { Err(injected(operation, "after")) } else { outcome }
    }
}

fn is_due(countdown: &mut Option<u32>) -> bool {
    let Some(left) = countdown.as_mut() else { return false };
    *left = left.saturating_sub(1);
    let due = *left == 0;
    if due {
        *countdown = None;
    }
    due
}

fn injected(operation: &'static str, when: &'static str) -> CatalogueError {
    CatalogueError::Unavailable { operation, source: Box::new(InjectedFailure(when)) }
}

impl Catalogue for MemoryCatalogue {
    fn claim(&self, consumer: &str, partitions: &[u16]) -> Result<Claim, CatalogueError> {
        check::consumer(consumer)?;
        check::partitions(partitions)?;
        let mut state = self.state.lock();
        let owned = state.consumers.entry(consumer.to_owned()).or_default();
        owned.epoch += 1;
        let offsets = partitions
            .iter()
            .map(|partition| (*partition, *owned.offsets.entry(*partition).or_insert(0)))
            .collect();
        Ok(Claim { epoch: owned.epoch, offsets, checkpoint: owned.checkpoint.clone() })
    }

    fn commit_cut(&self, cut: &CutCommit) -> Result<CommitOutcome, CatalogueError> {
        check::cut(cut)?;
        self.commit("commit a cut", |state| state.commit_cut(cut))
    }

    fn replace_segments(
        &self,
        replacement: &Replacement,
    ) -> Result<ReplaceOutcome, CatalogueError> {
        check::replacement(replacement)?;
        self.commit("replace segments", |state| state.replace_segments(replacement))
    }

    fn snapshot(&self) -> Result<Listing, CatalogueError> {
        let state = self.state.lock();
        Ok(Listing { version: state.version, segments: state.segments.values().cloned().collect() })
    }

    fn allocate_segment_ids(&self, count: u32) -> Result<u64, CatalogueError> {
        let mut state = self.state.lock();
        let first = state.allocated + 1;
        state.allocated += u64::from(count);
        Ok(first)
    }

    fn lowest_committed(&self) -> Result<Vec<CommittedOffset>, CatalogueError> {
        let state = self.state.lock();
        let mut committed = Vec::new();
        for (consumer, owned) in &state.consumers {
            committed.extend(owned.offsets.iter().map(|(partition, offset)| CommittedOffset {
                consumer: consumer.clone(),
                partition: *partition,
                offset: *offset,
            }));
        }
        Ok(committed)
    }
}

impl State {
    fn commit_cut(&mut self, cut: &CutCommit) -> Result<CommitOutcome, CatalogueError> {
        let mut consumer = self.consumers.get(&cut.consumer).cloned().unwrap_or_default();
        consumer.last_cut = self.cuts.get(&(cut.consumer.clone(), cut.epoch)).cloned();
        let present = self.present(cut.segments.iter().map(|segment| segment.id));
        if let Verdict::Answer(answer) = decide::cut(cut, &consumer, &present)? {
            return Ok(answer);
        }
        self.version += 1;
        let done = LastCut {
            fingerprint: check::fingerprint(cut),
            version: self.version,
            replaced_checkpoint: decide::replaced_checkpoint(
                consumer.checkpoint.as_ref(),
                cut.checkpoint.as_ref(),
            ),
        };
        consumer.offsets.extend(cut.to.iter().copied());
        consumer.checkpoint = cut.checkpoint.clone().or(consumer.checkpoint);
        self.consumers.insert(cut.consumer.clone(), consumer);
        self.add(&cut.segments);
        let answer = done.answer();
        self.cuts.insert((cut.consumer.clone(), cut.epoch), done);
        Ok(answer)
    }

    fn replace_segments(
        &mut self,
        replacement: &Replacement,
    ) -> Result<ReplaceOutcome, CatalogueError> {
        let present = self.present(replacement.all_ids().into_iter());
        if let Verdict::Answer(answer) = decide::replacement(replacement, &present, self.version)? {
            return Ok(answer);
        }
        self.version += 1;
        self.segments.retain(|id, _| !replacement.remove.contains(id));
        for id in &replacement.mark_rolled_up {
            if let Some(segment) = self.segments.get_mut(id) {
                segment.rolled_up = true;
            }
        }
        self.add(&replacement.add);
        Ok(ReplaceOutcome::Replaced { version: self.version })
    }

    fn add(&mut self, segments: &[SegmentMeta]) {
        self.segments.extend(segments.iter().map(|segment| (segment.id, segment.clone())));
    }

    fn present(&self, ids: impl Iterator<Item = u64>) -> HashMap<u64, bool> {
        ids.filter_map(|id| Some((id, self.segments.get(&id)?.rolled_up))).collect()
    }
}
