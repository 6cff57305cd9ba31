//! One limit on the memory of this process: divided at start into budgets, and compared with what is resident.
//!
//! Each owner of memory counts its own bytes and flushes or refuses at its budget. A fifth of the limit is nobody's: code
//! and stacks, connections, the metadata database's caches, and what the allocator has not given back. Where that is not
//! enough, the [`Guard`] sees it by what the kernel says is resident, and owners make do with less for as long as it lasts.

mod machine;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

pub use self::machine::usable_bytes;
use crate::{
    clock::{SharedClock, SystemClock},
    config::{MemoryLimit, Settings},
};

/// What a machine's memory is planned with when nobody says: at most this, bytes.
const DEFAULT: u64 = 2 << 30;
/// The least that the process runs with, bytes: also what `memory-limit` may be.
const LEAST: u64 = 256 << 20;

/// The limit that the settings say, or by default half of what this machine or its control group has, within bounds.
pub fn limit(settings: &Settings) -> u64 {
    match *settings.memory_limit {
        MemoryLimit::Bytes(size) => size.bytes(),
        MemoryLimit::Auto => by_default(usable_bytes()),
    }
}

fn by_default(usable: Option<u64>) -> u64 {
    usable.map_or(DEFAULT, |usable| usable / 2).clamp(LEAST, DEFAULT)
}

/// The parts of a limit, bytes. Together they are four fifths of it, or less where more would be of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budgets {
    pub limit: usize,
    /// Requests of agents: bodies, what they inflate to, and the records made of them until these are durable.
    pub in_flight: usize,
    /// The newest records, so that the pipeline need not read them from the disk.
    pub journal_tail: usize,
    /// What is not in a segment yet. Three times as much is set aside: a cut holds what it writes beside it.
    pub head: usize,
    /// Traces that are open, with what a checkpoint says of them, and what is remembered of closed ones.
    pub traces: usize,
    /// What is known of metric series between two points.
    pub series: usize,
    /// What one merge or roll-up holds.
    pub merge: usize,
    /// All queries that run at a time.
    pub queries: usize,
    /// What was read of segments and is likely to be read again.
    pub caches: usize,
}

impl Budgets {
    /// Divides a limit.
    pub fn of(limit: u64) -> Budgets {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let percent = |share: usize| limit / 100 * share;
        const MIB: usize = 1 << 20;
        Budgets {
            limit,
            in_flight: percent(12).min((limit / 12).max(144 * MIB)),
            journal_tail: percent(2).min((limit / 256).max(8 * MIB)),
            // More would make segments larger than merging likes them.
            head: (percent(21) / 3).min((limit / 60).max(34 * MIB)),
            traces: percent(12),
            series: percent(13),
            merge: percent(8),
            queries: percent(8),
            caches: percent(4).min(256 * MIB),
        }
    }

    /// Name and bytes of each, for `/metrics`.
    pub fn named(&self) -> [(&'static str, usize); 9] {
        [
            ("limit", self.limit),
            ("in_flight", self.in_flight),
            ("journal_tail", self.journal_tail),
            ("head", self.head),
            ("traces", self.traces),
            ("series", self.series),
            ("merge", self.merge),
            ("queries", self.queries),
            ("caches", self.caches),
        ]
    }
}

/// How near to the limit the process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pressure {
    /// There is room.
    None,
    /// Over 85 %: take in less, write out sooner.
    High,
    /// Over 95 %: take in next to nothing, begin nothing that can wait.
    Critical,
}

/// How often the kernel is asked at most, milliseconds.
const ASK_EVERY_MS: u64 = 20;

/// Compares what is resident with the limit. Clones are the same guard; whoever asks it pays for the look, so that it costs
/// nothing while nothing happens.
#[derive(Clone, Debug)]
pub struct Guard {
    limit: u64,
    clock: SharedClock,
    seen: Arc<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Of the monotonic clock, plus one: nobody has looked at 0.
    at_ms: AtomicU64,
    bytes: AtomicU64,
}

impl Guard {
    /// Guards a limit.
    pub fn new(limit: u64, clock: SharedClock) -> Guard {
        Guard { limit, clock, seen: Arc::default() }
    }

    /// Never says that there is pressure.
    pub fn unlimited() -> Guard {
        Guard::new(u64::MAX, SystemClock::shared())
    }

    /// How near to the limit the process is.
    pub fn pressure(&self) -> Pressure {
        if self.limit == u64::MAX { Pressure::None } else { pressure(self.resident(), self.limit) }
    }

    fn resident(&self) -> u64 {
        let now_ms = u64::try_from(self.clock.monotonic().as_millis()).unwrap_or(u64::MAX);
        let seen_ms = self.seen.at_ms.load(Relaxed);
        if seen_ms == 0 || now_ms >= seen_ms - 1 + ASK_EVERY_MS {
            self.seen.at_ms.store(now_ms + 1, Relaxed);
            self.seen.bytes.store(machine::resident_bytes().unwrap_or(0), Relaxed);
        }
        self.seen.bytes.load(Relaxed)
    }
}

fn pressure(resident: u64, limit: u64) -> Pressure {
    match resident.saturating_mul(100) / limit.max(1) {
        0..85 => Pressure::None,
        85..95 => Pressure::High,
        _ => Pressure::Critical,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn the_budgets_leave_a_fifth_of_every_limit_to_nobody() {
        for limit in [LEAST, 512 << 20, 1 << 30, 2 << 30, 16 << 30, 1 << 40] {
            let budgets = Budgets::of(limit);
            let given: usize = budgets.named()[1..].iter().map(|(_, bytes)| bytes).sum();
            let with_cuts = given + 2 * budgets.head;
            assert!(with_cuts as u64 <= limit / 5 * 4, "{limit}: {budgets:?}");
            assert!(budgets.named().iter().all(|(_, bytes)| *bytes > 0), "{limit}: {budgets:?}");
        }
    }

    #[test]
    fn by_default_half_of_what_the_machine_has_is_planned_with() {
        assert_eq!(by_default(Some(1 << 30)), 512 << 20);
        assert_eq!(by_default(Some(24 << 30)), DEFAULT);
        assert_eq!(by_default(Some(100 << 20)), LEAST);
        assert_eq!(by_default(None), DEFAULT);
    }

    #[test]
    fn pressure_rises_with_what_is_resident() {
        let of = |resident| pressure(resident, 1000);
        assert_eq!([of(0), of(849)], [Pressure::None; 2]);
        assert_eq!([of(850), of(949)], [Pressure::High; 2]);
        assert_eq!([of(950), of(5000)], [Pressure::Critical; 2]);
    }

    #[test]
    fn the_kernel_is_asked_again_after_a_while_and_not_before() {
        let clock = ManualClock::new(crate::clock::UnixNanos(0));
        let guard = Guard::new(1, clock.shared());
        assert_eq!(guard.pressure(), Pressure::Critical, "a process has more than one byte");
        guard.seen.bytes.store(0, Relaxed);
        clock.advance(std::time::Duration::from_millis(ASK_EVERY_MS - 1));
        assert_eq!(guard.pressure(), Pressure::None);
        clock.advance(std::time::Duration::from_millis(1));
        assert_eq!(guard.pressure(), Pressure::Critical);
        assert_eq!(Guard::unlimited().pressure(), Pressure::None);
    }
}
