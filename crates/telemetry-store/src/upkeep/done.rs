//! How many jobs were done since the start.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Job;

/// By kind.
#[derive(Debug, Default)]
pub(crate) struct Done {
    rooms: AtomicU64,
    drops: AtomicU64,
    merges: AtomicU64,
    roll_ups: AtomicU64,
}

impl Done {
    pub(super) fn note(&self, job: &Job) {
        let kind = match job {
            Job::MakeRoom { .. } => &self.rooms,
            Job::Drop { .. } => &self.drops,
            Job::Merge { .. } => &self.merges,
            Job::RollUp { .. } => &self.roll_ups,
        };
        kind.fetch_add(1, Ordering::Relaxed);
    }

    /// Each kind by its name.
    pub(crate) fn by_kind(&self) -> [(&'static str, u64); 4] {
        let kinds = [
            ("make-room", &self.rooms),
            ("drop", &self.drops),
            ("merge", &self.merges),
            ("roll-up", &self.roll_ups),
        ];
        kinds.map(|(name, count)| (name, count.load(Ordering::Relaxed)))
    }
}
