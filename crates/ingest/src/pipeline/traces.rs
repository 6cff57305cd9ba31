//! Open traces, when they close, and those that closed of late.
//!
//! Closing early costs nothing but work: a span that comes later opens its trace again, and figures move by the
//! difference. So a trace closes as soon as it looks complete, and at the latest when it has been quiet for longer than
//! agents take to send.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use model::id::{AccountId, EntityId, TraceId};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::{decide, skeleton::Skeleton};

/// A trace that lacks nothing closes after so long a silence, milliseconds.
const QUIET_COMPLETE_MS: i64 = 2_000;
/// One whose calls may still be answered by a tier not heard of yet: agents send every 5 s.
const QUIET_UNANSWERED_MS: i64 = 6_000;
/// One that names parents which did not come.
const QUIET_INCOMPLETE_MS: i64 = 8_000;
/// No trace stays open longer.
const MAX_OPEN_MS: i64 = 600_000;
/// Spans of one trace that are kept.
pub(super) const MAX_SPANS: usize = 10_000;
/// Closed traces are remembered by id so long, milliseconds, and so many.
const REMEMBER_MS: i64 = 3_600_000;
const MAX_REMEMBERED: usize = 2_000_000;
/// Skeletons of closed traces kept in memory.
const MAX_CLOSED_SPANS: usize = 400_000;
/// Skeletons of open traces kept in memory; above it the oldest close.
const MAX_OPEN_SPANS: usize = 2_000_000;

/// A trace that is being assembled.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct OpenTrace {
    pub(super) account: AccountId,
    pub(super) spans: Vec<Skeleton>,
    pub(super) errors: Vec<ErrorMark>,
    /// The name of an INTERNAL root, should it become a background transaction.
    pub(super) root_name: Option<(u64, String)>,
    /// When its first and its newest span came, milliseconds of our clock.
    pub(super) first_ms: i64,
    pub(super) last_ms: i64,
    /// Spans over the limit: counted, not kept.
    pub(super) dropped: u32,
    /// It was chosen as a snapshot.
    pub(super) kept: bool,
    /// It was closed before.
    pub(super) closed_before: bool,
    #[serde(skip)]
    ids: FxHashSet<u64>,
}

/// An exception, once for each process and group in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ErrorMark {
    pub(super) process: u32,
    pub(super) tier: u32,
    pub(super) group: EntityId,
    /// The span it was seen on.
    pub(super) span: u64,
    /// Unix nanoseconds.
    pub(super) at_ns: u64,
    pub(super) counted: bool,
}

/// From so many spans on a trace looks its ids up in a set.
const SET_FROM: usize = 32;

impl OpenTrace {
    pub(super) fn new(account: AccountId, now_ms: i64) -> OpenTrace {
        OpenTrace {
            account,
            spans: Vec::new(),
            errors: Vec::new(),
            root_name: None,
            first_ms: now_ms,
            last_ms: now_ms,
            dropped: 0,
            kept: false,
            closed_before: false,
            ids: FxHashSet::default(),
        }
    }

    /// Whether a span of this id is here already.
    pub(super) fn holds(&mut self, id: u64) -> bool {
        if self.spans.len() < SET_FROM {
            return self.spans.iter().any(|span| span.id == id);
        }
        if self.ids.len() != self.spans.len() {
            self.ids = self.spans.iter().map(|span| span.id).collect();
        }
        self.ids.contains(&id)
    }

    pub(super) fn push(&mut self, span: Skeleton) {
        if self.spans.len() >= SET_FROM && self.ids.len() == self.spans.len() {
            self.ids.insert(span.id);
        }
        self.spans.push(span);
    }

    /// Notes an exception unless it is known.
    pub(super) fn note(&mut self, mark: ErrorMark) {
        let known = self
            .errors
            .iter()
            .any(|error| (error.process, error.group) == (mark.process, mark.group));
        if !known {
            self.errors.push(mark);
        }
    }

    /// How long it must be quiet before it closes. `unanswered`: it holds calls to an address that nobody is known at.
    fn patience_ms(&self, unanswered: bool) -> i64 {
        match (decide::is_complete(&self.spans), unanswered) {
            (false, _) => QUIET_INCOMPLETE_MS,
            (true, true) => QUIET_UNANSWERED_MS,
            (true, false) => QUIET_COMPLETE_MS,
        }
    }
}

/// Open and lately closed traces.
#[derive(Debug, Default)]
pub(super) struct Traces {
    open: FxHashMap<TraceId, OpenTrace>,
    due: BinaryHeap<Reverse<(i64, TraceId)>>,
    open_spans: usize,
    closed: FxHashMap<TraceId, OpenTrace>,
    closed_order: VecDeque<TraceId>,
    closed_spans: usize,
    /// Closed traces whose skeletons are forgotten: they are in the store.
    stored: FxHashSet<TraceId>,
    stored_order: VecDeque<(i64, TraceId)>,
    /// A trace that began before this (Unix nanoseconds) and is not known here may be in the store.
    covered_since_ns: u64,
}

/// What is known of a trace.
pub(super) enum Known {
    Open,
    /// It may be in the store: look there before making a new one.
    Perhaps,
    No,
}

impl Traces {
    /// Nothing is known of traces that began before `now_ns`.
    pub(super) fn new(now_ns: u64) -> Traces {
        Traces { covered_since_ns: now_ns, ..Traces::default() }
    }

    /// What is known of a trace of which a span has come; a lately closed one is opened again.
    pub(super) fn look_up(&mut self, trace: TraceId, start_ns: u64, now_ms: i64) -> Known {
        if self.open.contains_key(&trace) {
            return Known::Open;
        }
        if let Some(closed) = self.closed.remove(&trace) {
            self.closed_spans -= closed.spans.len();
            self.insert(trace, OpenTrace { first_ms: now_ms, last_ms: now_ms, ..closed });
            return Known::Open;
        }
        if start_ns < self.covered_since_ns || self.stored.contains(&trace) {
            Known::Perhaps
        } else {
            Known::No
        }
    }

    /// Opens a trace.
    pub(super) fn insert(&mut self, trace: TraceId, open: OpenTrace) {
        self.open_spans += open.spans.len();
        self.due.push(Reverse((open.last_ms + QUIET_COMPLETE_MS, trace)));
        self.open.insert(trace, open);
    }

    pub(super) fn get_mut(&mut self, trace: TraceId) -> Option<&mut OpenTrace> {
        self.open.get_mut(&trace)
    }

    /// Counts a span that was added to an open trace.
    pub(super) fn grew(&mut self) {
        self.open_spans += 1;
    }

    /// Takes out a trace that is to be closed now; nothing when none is due.
    pub(super) fn next_due(
        &mut self,
        now_ms: i64,
        mut unanswered: impl FnMut(&OpenTrace) -> bool,
    ) -> Option<(TraceId, OpenTrace)> {
        loop {
            let &Reverse((due_ms, trace)) = self.due.peek()?;
            let crowded = self.open_spans > MAX_OPEN_SPANS;
            if due_ms > now_ms && !crowded {
                return None;
            }
            self.due.pop();
            let Some(open) = self.open.get(&trace) else { continue };
            let quiet_until = open.last_ms + QUIET_COMPLETE_MS;
            let close_at = if quiet_until > now_ms {
                quiet_until
            } else {
                open.last_ms + open.patience_ms(unanswered(open))
            };
            if close_at.min(open.first_ms + MAX_OPEN_MS) <= now_ms || crowded {
                let open = self.open.remove(&trace).expect("it was just there");
                self.open_spans -= open.spans.len();
                return Some((trace, open));
            }
            self.due.push(Reverse((close_at.min(open.first_ms + MAX_OPEN_MS), trace)));
        }
    }

    /// Remembers a trace that was closed.
    pub(super) fn close(&mut self, trace: TraceId, mut closed: OpenTrace, now_ms: i64) {
        closed.closed_before = true;
        closed.ids = FxHashSet::default();
        self.closed_spans += closed.spans.len();
        self.closed.insert(trace, closed);
        self.closed_order.push_back(trace);
        while self.closed_spans > MAX_CLOSED_SPANS {
            let Some(oldest) = self.closed_order.pop_front() else { break };
            if let Some(closed) = self.closed.remove(&oldest) {
                self.closed_spans -= closed.spans.len();
                self.stored.insert(oldest);
                self.stored_order.push_back((now_ms, oldest));
            }
        }
        self.forget(now_ms);
    }

    fn forget(&mut self, now_ms: i64) {
        while let Some(&(at_ms, trace)) = self.stored_order.front() {
            if at_ms + REMEMBER_MS > now_ms && self.stored_order.len() <= MAX_REMEMBERED {
                return;
            }
            self.stored_order.pop_front();
            self.stored.remove(&trace);
            // Whatever began before this trace was forgotten may be in the store too.
            self.covered_since_ns = self.covered_since_ns.max(at_ms.unsigned_abs() * 1_000_000);
        }
    }

    /// All open traces, for a checkpoint.
    pub(super) fn open(&self) -> impl Iterator<Item = (&TraceId, &OpenTrace)> {
        self.open.iter()
    }

    /// How many are open, and how many spans they hold.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.open.len(), self.open_spans)
    }
}
