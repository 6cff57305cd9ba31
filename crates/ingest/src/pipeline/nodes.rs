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

/// A process that began while another one reported took its place if the other is silent from so soon after on,
/// milliseconds.
const OVERLAP_MS: i64 = 60_000;
/// Processes that may turn out to have taken another one's place.
const MAX_BESIDE: usize = 10_000;
/// A process is taken for ended when it was silent for three times its longest silence before, and for so long at least,
/// milliseconds.
const SHORTEST_PATIENCE_MS: i64 = 45_000;
/// From so many reports on it is known how often a process reports.
const KNOWN_AFTER: u32 = 4;

/// The slots of all tiers and hosts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Nodes {
    slots: FxHashMap<(u32, String), Vec<Slot>>,
    /// When processes began to report beside others of their host, by tier. A checkpoint has it apart, as its first versions
    /// did not have it.
    #[serde(skip)]
    beside: FxHashMap<(u32, u64), i64>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Slot {
    process: u64,
    seen_ms: i64,
    /// The longest time between two of its reports, as far as we know since we started.
    #[serde(skip)]
    longest_ms: i64,
    #[serde(skip)]
    reports: u32,
}

impl Slot {
    fn begun(process: u64, now_ms: i64) -> Slot {
        Slot { process, seen_ms: now_ms, longest_ms: 0, reports: 1 }
    }

    fn reported(&mut self, now_ms: i64) {
        self.longest_ms = self.longest_ms.max(now_ms - self.seen_ms);
        self.reports = self.reports.saturating_add(1);
        self.seen_ms = now_ms;
    }

    /// For how long it has to be silent to be taken for ended.
    fn patience_ms(&self) -> i64 {
        match self.reports >= KNOWN_AFTER {
            true => self.longest_ms.saturating_mul(3).clamp(SHORTEST_PATIENCE_MS, SILENT_MS),
            false => SILENT_MS,
        }
    }
}

/// The name of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    /// Whose place its process took, when that has just turned out.
    pub(super) replaced: Option<Replaced>,
}

/// A process that is gone and has a successor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Replaced {
    /// The name of its node.
    pub(super) name: String,
    /// Its successor's first report, Unix milliseconds.
    pub(super) at_ms: i64,
}

impl Nodes {
    /// The node of a process that reports now.
    pub(super) fn name(&mut self, tier: EntityId, base: &str, process: u64, now_ms: i64) -> Named {
        let host = (tier.0, base.to_owned());
        if !self.slots.contains_key(&host) && self.live(tier, now_ms) >= MAX_LIVE {
            return Named { name: OTHER_NODES.to_owned(), replaced: None };
        }
        let slots = self.slots.entry(host).or_default();
        let own = slots.iter().position(|slot| slot.process == process);
        let free = || slots.iter().position(|slot| now_ms - slot.seen_ms > SILENT_MS);
        let taken = if own.is_none() { free() } else { None };
        let at = own.or(taken).unwrap_or(slots.len()).min(MAX_SLOTS - 1);
        match slots.get_mut(at) {
            Some(known) if known.process == process => known.reported(now_ms),
            Some(taken) => *taken = Slot::begun(process, now_ms),
            None => slots.push(Slot::begun(process, now_ms)),
        }
        if own.is_none() && taken.is_none() && at > 0 && self.beside.len() < MAX_BESIDE {
            self.beside.insert((tier.0, process), now_ms);
        }
        let replaced = match taken {
            Some(at) => Some((at, now_ms)),
            None => self.replaced_by(tier, base, at, now_ms),
        };
        let replaced = replaced.map(|(slot, at_ms)| Replaced { name: named(base, slot), at_ms });
        Named { name: named(base, at), replaced }
    }

    /// The slot of the process that ended when the one of slot `at` began beside it, and when that was; told once.
    fn replaced_by(
        &mut self,
        tier: EntityId,
        base: &str,
        at: usize,
        now_ms: i64,
    ) -> Option<(usize, i64)> {
        let slots = self.slots.get(&(tier.0, base.to_owned()))?;
        let process = (tier.0, slots.get(at)?.process);
        let began_ms = *self.beside.get(&process)?;
        let ended = |(other, slot): &(usize, &Slot)| {
            *other != at
                && (began_ms - SILENT_MS..=began_ms + OVERLAP_MS).contains(&slot.seen_ms)
                && now_ms - slot.seen_ms > slot.patience_ms()
        };
        let found = slots.iter().enumerate().filter(ended).max_by_key(|(_, slot)| slot.seen_ms);
        let found = found.map(|(other, _)| (other, began_ms));
        // From then on none can turn out to have ended.
        if found.is_some() || now_ms - began_ms > OVERLAP_MS + SILENT_MS {
            self.beside.remove(&process);
        }
        found
    }

    /// What [`Nodes::restore`] takes.
    pub(super) fn beside(&self) -> Vec<((u32, u64), i64)> {
        self.beside.iter().map(|(process, began_ms)| (*process, *began_ms)).collect()
    }

    /// With the processes that may turn out to have taken another one's place.
    pub(super) fn restore(mut self, beside: Vec<((u32, u64), i64)>) -> Nodes {
        self.beside = beside.into_iter().take(MAX_BESIDE).collect();
        self
    }

    fn live(&self, tier: EntityId, now_ms: i64) -> usize {
        let of_tier = self.slots.iter().filter(|((of, _), _)| *of == tier.0);
        let live = |slot: &&Slot| now_ms - slot.seen_ms < FORGET_MS;
        of_tier.map(|(_, slots)| slots.iter().filter(live).count()).sum()
    }

    /// Forgets hosts that have long been silent.
    pub(super) fn forget(&mut self, now_ms: i64) {
        self.slots.retain(|_, slots| slots.iter().any(|slot| now_ms - slot.seen_ms < FORGET_MS));
        self.beside.retain(|_, began_ms| now_ms - *began_ms < FORGET_MS);
    }
}

fn named(base: &str, slot: usize) -> String {
    match slot {
        0 => base.to_owned(),
        _ => model::naming::name::limit(&format!("{base}#{}", slot + 1)).into_owned(),
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
            assert_eq!(nodes.name(TIER, "web1", n, n as i64 * 180_000).name, "web1");
        }
    }

    #[test]
    fn processes_that_live_at_once_are_told_apart_and_keep_their_names() {
        let mut nodes = Nodes::default();
        assert_eq!(nodes.name(TIER, "web1", 7, 0).name, "web1");
        assert_eq!(nodes.name(TIER, "web1", 8, 1000).name, "web1#2");
        assert_eq!(nodes.name(TIER, "web1", 7, 100_000).name, "web1");
        assert_eq!(nodes.name(TIER, "web1", 9, 125_000).name, "web1#2");
    }

    fn replaced(nodes: &mut Nodes, process: u64, now_ms: i64) -> Option<(String, i64)> {
        nodes.name(TIER, "web1", process, now_ms).replaced.map(|it| (it.name, it.at_ms))
    }

    #[test]
    fn a_process_in_a_slot_that_was_silent_took_the_place_of_another() {
        let mut nodes = Nodes::default();
        assert_eq!(replaced(&mut nodes, 7, 0), None);
        assert_eq!(replaced(&mut nodes, 8, 180_000), Some(("web1".to_owned(), 180_000)));
        assert_eq!(replaced(&mut nodes, 8, 200_000), None);
    }

    #[test]
    fn a_process_that_began_beside_one_that_ended_took_its_place_and_one_that_stays_leaves_it() {
        let mut nodes = Nodes::default();
        replaced(&mut nodes, 7, 0);
        assert_eq!(replaced(&mut nodes, 8, 5_000), None);
        let told = (1..=12).find_map(|n| replaced(&mut nodes, 8, 5_000 + n * 20_000));
        assert_eq!(told, Some(("web1".to_owned(), 5_000)));
        assert_eq!(replaced(&mut nodes, 8, 260_000), None, "it is told once");
        let mut both = Nodes::default();
        replaced(&mut both, 7, 0);
        for n in 0..30 {
            assert_eq!(replaced(&mut both, 8, 5_000 + n * 20_000), None);
            assert_eq!(replaced(&mut both, 7, 6_000 + n * 20_000), None);
        }
    }

    #[test]
    fn who_reports_often_is_missed_soon_and_who_pauses_is_waited_for() {
        // Reports every `gap` ms, ends, and another process begins 5 s later: how long until that is told.
        let told_after = |gap: i64| {
            let mut nodes = Nodes::default();
            for n in 0..6 {
                assert_eq!(replaced(&mut nodes, 7, n * gap), None);
            }
            let began = 5 * gap + 5_000;
            (0..60)
                .map(|n| n * 5_000)
                .find(|after| replaced(&mut nodes, 8, began + after).is_some())
        };
        assert_eq!(told_after(5_000), Some(45_000));
        assert_eq!(told_after(25_000), Some(75_000));
        assert_eq!(told_after(60_000), Some(120_000));
    }

    #[test]
    fn a_restart_of_ours_in_between_loses_no_restart_of_theirs() {
        let mut nodes = Nodes::default();
        replaced(&mut nodes, 7, 0);
        replaced(&mut nodes, 8, 5_000);
        let bytes = postcard::to_allocvec(&nodes).unwrap();
        let mut nodes = postcard::from_bytes::<Nodes>(&bytes).unwrap().restore(nodes.beside());
        let told = (1..=12).find_map(|n| replaced(&mut nodes, 8, 5_000 + n * 20_000));
        assert_eq!(told, Some(("web1".to_owned(), 5_000)));
    }
}
