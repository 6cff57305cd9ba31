//! What is kept of a span until its trace is closed, and what was decided about it then.

use model::{
    id::EntityId,
    span::{Outcome, SnapshotReason},
};
use serde::{Deserialize, Serialize};

/// 64 bytes a span: enough to know where it stands in its trace and what it counts for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Skeleton {
    pub(super) id: u64,
    /// 0 for a root.
    pub(super) parent: u64,
    /// Unix nanoseconds.
    pub(super) end_ns: u64,
    /// Microseconds, at most some 71 minutes; what lasts longer is long-lived and out of response times.
    pub(super) micros: u32,
    pub(super) tier: u32,
    pub(super) node: u32,
    /// The service endpoint of an entry.
    pub(super) endpoint: u32,
    /// What an exit calls, or the queue a consumer reads: a number of the [`super::targets::Targets`].
    pub(super) target: u32,
    pub(super) weight: f32,
    pub(super) flags: u16,
    /// Of the transaction that enters here.
    pub(super) outcome: u8,
    /// What was decided when the trace was closed.
    pub(super) decided: Decided,
}

/// What a span was counted for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Decided {
    /// [`COUNTED_ENTRY`], [`COUNTED_EXIT`], [`ROOT`]; 0 for a span that stands for nothing of its own.
    pub(super) counted: u8,
    /// The business transaction it works for.
    pub(super) bt: EntityId,
    /// Of an exit: whom the call reached. Of a consumer's entry: the queue it came from.
    pub(super) peer: EntityId,
}

/// Counted as work entering its tier.
pub(super) const COUNTED_ENTRY: u8 = 1;
/// Counted as a call out of its tier.
pub(super) const COUNTED_EXIT: u8 = 2;
/// Counted as the business transaction itself.
pub(super) const ROOT: u8 = 4;

/// An entry by its own words; counted on its tier when it arrived.
pub(super) const ENTRY: u16 = 1;
/// An entry unless its parent turns up in the same process; counted on its tier when the trace is closed.
pub(super) const ENTRY_UNLESS_NESTED: u16 = 2;
/// A consumer's receive, an entry unless a process span below or beside it handles the message.
pub(super) const RECEIVE: u16 = 4;
/// A consumer's process under a local parent: an entry if that parent is a receive.
pub(super) const PROCESS: u16 = 8;
/// A call out of its tier.
pub(super) const EXIT: u16 = 16;
/// It failed, by the rule for its kind.
pub(super) const FAILED: u16 = 32;
pub(super) const HTTP_ERROR: u16 = 64;
pub(super) const LONG_LIVED: u16 = 128;
/// A root of kind INTERNAL: a background transaction if there is a call below it.
pub(super) const INTERNAL_ROOT: u16 = 256;
/// A consumer's entry: its target is the queue.
pub(super) const CONSUMER: u16 = 512;
/// The outcome is decided.
pub(super) const JUDGED: u16 = 1024;
/// Work whose name (a GraphQL operation) says more about its entry than the entry's own: it names the transaction.
pub(super) const NAMES_ENTRY: u16 = 2048;
/// The uppermost three bits: why the transaction that enters here was chosen, counted from 1; 0 while that is not known.
const REASON_SHIFT: u32 = 13;

impl Skeleton {
    pub(super) fn is(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    /// Unix nanoseconds, to the microsecond.
    pub(super) fn start_ns(&self) -> u64 {
        self.end_ns.saturating_sub(u64::from(self.micros) * 1000)
    }

    /// Why the transaction that enters here was chosen, as it stands in the index.
    pub(super) fn reason(&self) -> Option<SnapshotReason> {
        let number = (self.flags >> REASON_SHIFT).checked_sub(1)?;
        Some(SnapshotReason::from_number(number as u8))
    }

    pub(super) fn set_reason(&mut self, reason: SnapshotReason) {
        let others = self.flags & ((1 << REASON_SHIFT) - 1);
        self.flags = others | (reason as u16 + 1) << REASON_SHIFT;
    }

    pub(super) fn outcome(&self) -> Outcome {
        Outcome::from_number(self.outcome).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_stands_beside_the_flags() {
        let mut span = Skeleton { flags: ENTRY | NAMES_ENTRY, ..Skeleton::default() };
        assert_eq!(span.reason(), None);
        for reason in [SnapshotReason::Slowest, SnapshotReason::None, SnapshotReason::Error] {
            span.set_reason(reason);
            assert_eq!(span.reason(), Some(reason));
            assert!(span.is(ENTRY) && span.is(NAMES_ENTRY) && !span.is(JUDGED));
        }
    }

    #[test]
    fn a_span_of_an_open_trace_costs_at_most_64_bytes() {
        assert!(size_of::<Skeleton>() <= 64, "{}", size_of::<Skeleton>());
    }
}
