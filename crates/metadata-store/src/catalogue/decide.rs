//! Whether a change of the catalogue may happen, given what the catalogue holds.
//!
//! Pure, so that the database and the memory catalogue cannot come to different verdicts. It does not fetch
//! the facts and does not write.

use std::collections::{BTreeMap, HashMap};

use super::{
    CatalogueError, CommitOutcome, CutCommit, ObjectRef, ReplaceOutcome, Replacement, check,
};

/// What a verdict on a cut needs to know of its consumer.
#[derive(Debug, Clone, Default)]
pub(super) struct Consumer {
    /// 0 when nobody has claimed it.
    pub(super) epoch: u64,
    pub(super) offsets: BTreeMap<u16, u64>,
    pub(super) checkpoint: Option<ObjectRef>,
    /// The last cut committed in the epoch of the cut at hand.
    pub(super) last_cut: Option<LastCut>,
}

/// A cut that was committed, and what was answered.
#[derive(Debug, Clone)]
pub(super) struct LastCut {
    pub(super) fingerprint: [u8; 32],
    pub(super) version: u64,
    pub(super) replaced_checkpoint: Option<String>,
}

impl LastCut {
    pub(super) fn answer(&self) -> CommitOutcome {
        CommitOutcome::Committed {
            version: self.version,
            replaced_checkpoint: self.replaced_checkpoint.clone(),
        }
    }
}

/// What to do.
#[derive(Debug)]
pub(super) enum Verdict<T> {
    /// Write it.
    Go,
    /// Write nothing and give this answer.
    Answer(T),
}

/// `present` holds those of the cut's segment ids that the catalogue already has.
pub(super) fn cut(
    cut: &CutCommit,
    consumer: &Consumer,
    present: &HashMap<u64, bool>,
) -> Result<Verdict<CommitOutcome>, CatalogueError> {
    // Asked before the epoch: a cut that did happen must never be told that it did not.
    if let Some(last) = &consumer.last_cut
        && last.fingerprint == check::fingerprint(cut)
    {
        return Ok(Verdict::Answer(last.answer()));
    }
    for (partition, from) in &cut.from {
        let offset = consumer.offsets.get(partition).ok_or_else(|| CatalogueError::Unclaimed {
            consumer: cut.consumer.clone(),
            partition: *partition,
        })?;
        if offset != from {
            return Ok(Verdict::Answer(CommitOutcome::Superseded));
        }
    }
    if consumer.epoch != cut.epoch {
        return Ok(Verdict::Answer(CommitOutcome::Superseded));
    }
    match cut.segments.iter().find(|segment| present.contains_key(&segment.id)) {
        Some(segment) => Err(CatalogueError::SegmentExists(segment.id)),
        None => Ok(Verdict::Go),
    }
}

/// `present` maps those of all segment ids in the replacement that the catalogue has to whether they are
/// rolled up; `version` is the catalogue's current one.
pub(super) fn replacement(
    replacement: &Replacement,
    present: &HashMap<u64, bool>,
    version: u64,
) -> Result<Verdict<ReplaceOutcome>, CatalogueError> {
    let there = |id: &u64| present.contains_key(id);
    let already_added = replacement.add.iter().filter(|segment| there(&segment.id)).count();
    let all_added = already_added > 0 && already_added == replacement.add.len();
    // Ids are never used twice: when all that it adds is there and all that it removes is gone, this very
    // replacement happened before.
    if all_added && !replacement.remove.iter().any(there) {
        return Ok(Verdict::Answer(ReplaceOutcome::Replaced { version }));
    }
    let may_be_marked = |id| present.get(id) == Some(&false);
    if !replacement.remove.iter().all(there)
        || !replacement.mark_rolled_up.iter().all(may_be_marked)
    {
        return Ok(Verdict::Answer(ReplaceOutcome::Superseded));
    }
    match replacement.add.iter().find(|segment| there(&segment.id)) {
        Some(segment) => Err(CatalogueError::SegmentExists(segment.id)),
        None => Ok(Verdict::Go),
    }
}

/// The path that nobody points at once `new` is the checkpoint.
pub(super) fn replaced_checkpoint(
    current: Option<&ObjectRef>,
    new: Option<&ObjectRef>,
) -> Option<String> {
    let (current, new) = (current?, new?);
    (current.path != new.path).then(|| current.path.clone())
}
