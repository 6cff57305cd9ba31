//! Node names: processes of one tier and host share a name while only one is live, and get `#2`, `#3` … beside it.
//!
//! A new process takes the lowest slot that has been silent for two minutes, so fifty restarts and fifty runs of a cron
//! job leave one node.

use model::id::EntityId;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// A process that was silent so long has made room for another, milliseconds.
const SILENT_MS: i64 = 120_000;
/// Live processes of one tier and host; further ones share the last slot.
const MAX_SLOTS: usize = 500;
/// Nodes of a tier that were heard of within the last hour; new hosts beyond it are one node.
pub const MAX_LIVE: usize = 500;
const OTHER_NODES: &str = "All other nodes";
/// A slot that was silent so long is forgotten, milliseconds.
const FORGET_MS: i64 = 3_600_000;

/// The slots of all tiers and hosts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Nodes {
    slots: FxHashMap<(u32, String), Vec<Slot>>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Slot {
    process: u64,
    seen_ms: i64,
}

impl Nodes {
    /// The node's name of a process that reports now.
    pub(super) fn name(&mut self, tier: EntityId, base: &str, process: u64, now_ms: i64) -> String {
        let host = (tier.0, base.to_owned());
        if !self.slots.contains_key(&host) && self.live(tier, now_ms) >= MAX_LIVE {
            return OTHER_NODES.to_owned();
        }
        let slots = self.slots.entry(host).or_default();
        let own = slots.iter().position(|slot| slot.process == process);
        let free = || slots.iter().position(|slot| now_ms - slot.seen_ms > SILENT_MS);
        let at = own.or_else(free).unwrap_or(slots.len()).min(MAX_SLOTS - 1);
        let slot = Slot { process, seen_ms: now_ms };
        match slots.get_mut(at) {
            Some(taken) => *taken = slot,
            None => slots.push(slot),
        }
        match at {
            0 => base.to_owned(),
            _ => model::naming::name::limit(&format!("{base}#{}", at + 1)).into_owned(),
        }
    }

    fn live(&self, tier: EntityId, now_ms: i64) -> usize {
        let of_tier = self.slots.iter().filter(|((of, _), _)| *of == tier.0);
        let live = |slot: &&Slot| now_ms - slot.seen_ms < FORGET_MS;
        of_tier.map(|(_, slots)| slots.iter().filter(live).count()).sum()
    }

    /// Forgets hosts that have long been silent.
    pub(super) fn forget(&mut self, now_ms: i64) {
        self.slots.retain(|_, slots| slots.iter().any(|slot| now_ms - slot.seen_ms < FORGET_MS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIER: EntityId = EntityId(1);

    #[test]
    fn fifty_restarts_leave_one_node() {
        let mut nodes = Nodes::default();
        for n in 0..50 {
            assert_eq!(nodes.name(TIER, "web1", n, n as i64 * 180_000), "web1");
        }
    }

    #[test]
    fn processes_that_live_at_once_are_told_apart_and_keep_their_names() {
        let mut nodes = Nodes::default();
        assert_eq!(nodes.name(TIER, "web1", 7, 0), "web1");
        assert_eq!(nodes.name(TIER, "web1", 8, 1000), "web1#2");
        assert_eq!(nodes.name(TIER, "web1", 7, 100_000), "web1");
        assert_eq!(nodes.name(TIER, "web1", 9, 125_000), "web1#2");
    }
}
