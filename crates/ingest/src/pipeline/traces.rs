//! Open traces, when they close, and those that closed of late.
//!
//! Closing early costs nothing but work: a span that comes later opens its trace again, and figures move by the
//! difference. So a trace closes as soon as it looks complete, and at the latest when it has been quiet for longer than
//! agents take to send.

use std::collections::{BTreeMap, VecDeque};

use model::id::{AccountId, EntityId, TraceId};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_64;

use super::{decide, skeleton::Skeleton};

/// A trace that lacks nothing closes after so long a silence, milliseconds.
const QUIET_COMPLETE_MS: i64 = 2_000;
/// One whose calls may still be answered by a tier not heard of yet: agents send every 5 s.
const QUIET_UNANSWERED_MS: i64 = 6_000;
/// One that names parents which did not come.
const QUIET_INCOMPLETE_MS: i64 = 8_000;
/// No trace stays open longer.
const MAX_OPEN_MS: i64 = 600_000;
/// Spans of one trace that are kept; further ones are counted.
pub(super) const MAX_KEPT: usize = 10_000;
/// Spans of one trace that its assembly knows; of further ones only entries are counted, on their tiers.
pub(super) const MAX_SPANS: usize = 100_000;
/// Closed traces are remembered by id so long, milliseconds, and so many.
const REMEMBER_MS: i64 = 3_600_000;
const MAX_REMEMBERED: usize = 2_000_000;
/// About what each of them takes, bytes: a hash of its id in a set with room to grow, and in a queue.
const REMEMBERED_BYTES: usize = 56;
/// A span of a trace that was closed and forgotten begins at most so long after the end of those before it, milliseconds; a later one
/// begins a trace of its own.
const AFTER_ITS_END_MS: i64 = 2_000;
/// Exceptions of closed traces are remembered so long, milliseconds, and of so many traces.
const REMEMBER_ERRORS_MS: i64 = 86_400_000;
const MAX_ERROR_TRACES: usize = 20_000;
/// Skeletons of closed traces kept in memory.
const MAX_CLOSED_SPANS: usize = 200_000;
/// About what each of them takes, with its share of its trace, bytes.
const CLOSED_BYTES: usize = 92;
/// Skeletons of open traces kept in memory; above it the oldest close.
const MAX_OPEN_SPANS: usize = 2_000_000;
/// About what each of them takes, once more in the checkpoint that is being written, bytes.
const OPEN_BYTES: usize = 112;

/// A trace of an account: two accounts that call each other share its id.
pub(super) type TraceKey = (AccountId, TraceId);

/// A trace that is being assembled.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct OpenTrace {
    pub(super) account: AccountId,
    pub(super) spans: Vec<Skeleton>,
    pub(super) errors: Vec<ErrorMark>,
    /// Names that spans give to a transaction, by span: an INTERNAL root's own, a GraphQL operation.
    pub(super) names: Vec<(u64, String)>,
    /// The span under which it stands in the index while it has entered no business transaction.
    pub(super) listed: Option<u64>,
    /// When its first and its newest span came, milliseconds of our clock.
    pub(super) first_ms: i64,
    pub(super) last_ms: i64,
    /// Spans over the limit that its assembly knows.
    pub(super) dropped: u32,
    /// It was chosen as a snapshot.
    pub(super) kept: bool,
    /// It was closed before.
    pub(super) closed_before: bool,
    #[serde(skip)]
    ids: FxHashSet<u64>,
}

/// An exception, once for each process, type and message in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ErrorMark {
    pub(super) tier: u32,
    pub(super) node: u32,
    /// Tells it from others of its process; see [`ErrorMark::sameness`].
    pub(super) what: u64,
    /// Of several that are the same the one with the highest rank names the group.
    pub(super) rank: u64,
    pub(super) group: EntityId,
    /// The span it was seen on.
    pub(super) span: u64,
    /// Unix nanoseconds.
    pub(super) at_ns: u64,
    pub(super) counted: Option<CountedError>,
}

/// What an exception was counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CountedError {
    pub(super) group: EntityId,
    pub(super) bt: EntityId,
    pub(super) at_ns: u64,
}

impl ErrorMark {
    /// Equal for exceptions that are the same, told by their types and messages. One's type may be written in full where
    /// the other's is not: Python's log records have `KeyError` where its spans have `shop.KeyError`.
    pub(super) fn sameness((kind, message): &(String, String)) -> u64 {
        let short = kind.rsplit(['.', ':', '$', '\\', '/']).next().unwrap_or(kind);
        XxHash3_64::oneshot_with_seed(XxHash3_64::oneshot(short.as_bytes()), message.as_bytes())
    }

    /// The longer a type is written the better it names its group.
    pub(super) fn rank((kind, _): &(String, String)) -> u64 {
        (kind.len() as u64) << 32 | XxHash3_64::oneshot(kind.as_bytes()) >> 32
    }

    fn is_same(&self, other: &ErrorMark) -> bool {
        (self.node, self.what) == (other.node, other.what)
    }

    /// Takes over what the other one knows better; the outcome does not depend on which came first.
    fn learn(&mut self, other: &ErrorMark) {
        let place = |mark: &ErrorMark| (mark.span == 0, mark.at_ns, mark.span);
        if place(other) < place(self) {
            (self.span, self.at_ns) = (other.span, other.at_ns);
        }
        if other.rank > self.rank {
            (self.rank, self.group) = (other.rank, other.group);
        }
    }
}

/// Room is made for as many spans as traces have of late: over about so many traces, and not for more than so many spans.
const TYPICAL_OF: f32 = 64.0;
const MAX_TYPICAL: usize = 16;
/// From so many spans on a trace looks its ids up in a set.
const SET_FROM: usize = 32;
/// Different exceptions that one trace remembers.
const MAX_ERRORS: usize = 256;
/// Names that one trace remembers.
const MAX_NAMES: usize = 64;

impl OpenTrace {
    pub(super) fn new(account: AccountId, now_ms: i64) -> OpenTrace {
        OpenTrace {
            account,
            spans: Vec::new(),
            errors: Vec::new(),
            names: Vec::new(),
            listed: None,
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
        if self.spans.len() == self.spans.capacity() {
            // Doubling leaves a third of what open traces take unused.
            self.spans.reserve_exact((self.spans.len() / 4).max(6));
        }
        self.spans.push(span);
    }

    /// Notes the name that a span gives.
    pub(super) fn name(&mut self, span: u64, name: String) {
        if self.names.len() < MAX_NAMES {
            self.names.push((span, name));
        }
    }

    /// Notes an exception unless it is known.
    pub(super) fn note(&mut self, mark: ErrorMark) {
        if let Some(known) = self.errors.iter_mut().find(|error| error.is_same(&mark)) {
            known.learn(&mark);
        } else if self.errors.len() < MAX_ERRORS {
            self.errors.push(mark);
        }
    }

    /// When its earliest span began, Unix nanoseconds; 0 without spans.
    pub(super) fn start_ns(&self) -> u64 {
        self.spans.iter().map(Skeleton::start_ns).min().unwrap_or(0)
    }

    /// About the memory it takes, in spans.
    fn weight(&self) -> usize {
        1 + self.spans.len() + 2 * self.errors.len() + self.names.len()
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

/// Traces by the millisecond at which they are looked at next: there are many to each.
#[derive(Debug, Default)]
struct Due(BTreeMap<i64, Vec<TraceKey>>);

impl Due {
    fn push(&mut self, at_ms: i64, trace: TraceKey) {
        self.0.entry(at_ms).or_default().push(trace);
    }

    /// One of those that are due first.
    fn first(&self) -> Option<(i64, TraceKey)> {
        let (at_ms, traces) = self.0.first_key_value()?;
        Some((*at_ms, *traces.last().expect("an empty one is removed")))
    }

    /// Removes what [`Due::first`] gives.
    fn pop(&mut self) {
        let Some(mut first) = self.0.first_entry() else { return };
        first.get_mut().pop();
        if first.get().is_empty() {
            first.remove();
        }
    }
}

/// Open and lately closed traces.
#[derive(Debug, Default)]
pub(super) struct Traces {
    /// Boxed, so that the table is small: it grows by being copied.
    open: FxHashMap<TraceKey, Box<OpenTrace>>,
    due: Due,
    open_spans: usize,
    closed: FxHashMap<TraceKey, (u64, Box<OpenTrace>)>,
    /// Oldest first; one whose number is not that of the closed trace is out of date.
    closed_order: VecDeque<(u64, TraceKey)>,
    closings: u64,
    closed_weight: usize,
    /// Hashes of closed traces whose skeletons are forgotten: they are in the store. Two that are alike cost a look there.
    stored: FxHashSet<u64>,
    /// With each, Unix milliseconds: spans that begin later are not of it.
    stored_order: VecDeque<(i64, u64)>,
    /// Exceptions of traces that were closed: the store does not tell which log records were counted.
    errors: FxHashMap<TraceKey, Vec<ErrorMark>>,
    errors_order: VecDeque<(i64, TraceKey)>,
    /// A trace that began before this (Unix nanoseconds) and is not known here may be in the store's segments.
    covered_since_ns: u64,
    /// About how many spans a trace has, of late.
    typical: f32,
    bounds: Bounds,
}

/// How many traces are kept in memory.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    open_spans: usize,
    closed_spans: usize,
    remembered: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            open_spans: MAX_OPEN_SPANS,
            closed_spans: MAX_CLOSED_SPANS,
            remembered: MAX_REMEMBERED,
        }
    }
}

impl Bounds {
    /// What fits so many bytes: six tenths are for open traces, three for the hashes of stored ones.
    fn within(bytes: usize) -> Bounds {
        let most = Bounds::default();
        let tenth = bytes / 10;
        Bounds {
            open_spans: most.open_spans.min(6 * tenth / OPEN_BYTES),
            closed_spans: most.closed_spans.min(tenth / CLOSED_BYTES),
            remembered: most.remembered.min(3 * tenth / REMEMBERED_BYTES),
        }
    }
}

/// What is known of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Open,
    /// It was closed and is in the store, perhaps still in its head.
    Stored,
    /// It may be in a segment, written before this pipeline began.
    Perhaps,
    No,
}

impl Traces {
    /// Nothing is known of traces that began before `now_ns`. Bounded by so many bytes of memory.
    pub(super) fn new(now_ns: u64, bytes: usize) -> Traces {
        let bounds = Bounds::within(bytes);
        Traces { covered_since_ns: now_ns, bounds, ..Traces::default() }
    }

    /// What is known of a trace of which a span has come; a lately closed one is opened again.
    pub(super) fn look_up(&mut self, trace: TraceKey, start_ns: u64, now_ms: i64) -> Known {
        if self.open.contains_key(&trace) {
            return Known::Open;
        }
        if let Some((_, mut closed)) = self.closed.remove(&trace) {
            self.closed_weight -= closed.weight();
            (closed.first_ms, closed.last_ms) = (now_ms, now_ms);
            self.insert(trace, closed);
            return Known::Open;
        }
        if self.stored.contains(&hash_of(&trace)) {
            Known::Stored
        } else if start_ns < self.covered_since_ns {
            Known::Perhaps
        } else {
            Known::No
        }
    }

    /// A trace that is not known in memory, with what is remembered of its exceptions.
    pub(super) fn anew(&self, trace: TraceKey, now_ms: i64) -> Box<OpenTrace> {
        let errors = self.errors.get(&trace).cloned().unwrap_or_default();
        let spans = Vec::with_capacity(self.typical.ceil() as usize);
        Box::new(OpenTrace { errors, spans, ..OpenTrace::new(trace.0, now_ms) })
    }

    /// Remembers the exceptions that were counted of a trace.
    pub(super) fn remember_errors(&mut self, trace: TraceKey, errors: &[ErrorMark], at_ms: i64) {
        if errors.is_empty() {
            return;
        }
        if self.errors.insert(trace, errors.to_vec()).is_none() {
            self.errors_order.push_back((at_ms, trace));
        }
        while let Some(&(at, oldest)) = self.errors_order.front() {
            if at + REMEMBER_ERRORS_MS > at_ms && self.errors_order.len() <= MAX_ERROR_TRACES {
                break;
            }
            self.errors_order.pop_front();
            self.errors.remove(&oldest);
        }
    }

    /// All remembered exceptions, oldest first, for a checkpoint.
    pub(super) fn errors(&self) -> impl Iterator<Item = (i64, TraceKey, &[ErrorMark])> {
        self.errors_order.iter().map(|(at, trace)| (*at, *trace, self.errors[trace].as_slice()))
    }

    /// Opens a trace.
    pub(super) fn insert(&mut self, trace: TraceKey, open: Box<OpenTrace>) {
        self.open_spans += open.spans.len();
        self.due.push(open.last_ms + QUIET_COMPLETE_MS, trace);
        self.open.insert(trace, open);
    }

    pub(super) fn get_mut(&mut self, trace: TraceKey) -> Option<&mut OpenTrace> {
        self.open.get_mut(&trace).map(Box::as_mut)
    }

    /// Counts a span that was added to an open trace.
    pub(super) fn grew(&mut self) {
        self.open_spans += 1;
    }

    /// Our clock was set back: what is open waits no longer for it than it would have.
    pub(super) fn set_back(&mut self, now_ms: i64) {
        for open in self.open.values_mut() {
            open.first_ms = open.first_ms.min(now_ms);
            open.last_ms = open.last_ms.min(now_ms);
        }
        self.due = Due::default();
        for (trace, open) in &self.open {
            self.due.push(open.last_ms + QUIET_COMPLETE_MS, *trace);
        }
    }

    /// Takes out a trace that is to be closed now; nothing when none is due.
    pub(super) fn next_due(
        &mut self,
        now_ms: i64,
        mut unanswered: impl FnMut(&OpenTrace) -> bool,
    ) -> Option<(TraceKey, Box<OpenTrace>)> {
        loop {
            let (due_ms, trace) = self.due.first()?;
            let crowded = self.open_spans > self.bounds.open_spans;
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
            self.due.push(close_at.min(open.first_ms + MAX_OPEN_MS), trace);
        }
    }

    /// Remembers a trace that was closed.
    pub(super) fn close(&mut self, trace: TraceKey, mut closed: Box<OpenTrace>, now_ms: i64) {
        self.remember_errors(trace, &closed.errors, now_ms);
        closed.closed_before = true;
        closed.ids = FxHashSet::default();
        let spans = closed.spans.len();
        if closed.spans.capacity() > spans + spans / 4 + 2 {
            closed.spans.shrink_to_fit();
        }
        self.typical += (spans.min(MAX_TYPICAL) as f32 - self.typical) / TYPICAL_OF;
        self.closed_weight += closed.weight();
        self.closings += 1;
        self.closed.insert(trace, (self.closings, closed));
        self.closed_order.push_back((self.closings, trace));
        self.drop_skeletons(self.bounds.closed_spans);
        if self.closed_order.len() > 2 * self.closed.len() + SET_FROM {
            let closed = &self.closed;
            self.closed_order.retain(|(number, trace)| is_current(closed, trace, *number));
        }
        self.forget(now_ms);
    }

    /// Forgets the skeletons of the oldest closed traces until the rest weighs at most `max`.
    pub(super) fn drop_skeletons(&mut self, max: usize) {
        while self.closed_weight > max {
            let Some((number, oldest)) = self.closed_order.pop_front() else { break };
            if !is_current(&self.closed, &oldest, number) {
                continue;
            }
            let Some((_, closed)) = self.closed.remove(&oldest) else { continue };
            self.closed_weight -= closed.weight();
            let hash = hash_of(&oldest);
            if let Some(end_ns) = closed.spans.iter().map(|span| span.end_ns).max()
                && self.stored.insert(hash)
            {
                // By the clock of its spans: ours may be set back, or far ahead of what waited in the journal.
                self.stored_order.push_back(((end_ns / 1_000_000) as i64 + AFTER_ITS_END_MS, hash));
            }
        }
    }

    fn forget(&mut self, now_ms: i64) {
        while let Some(&(at_ms, trace)) = self.stored_order.front() {
            if at_ms + REMEMBER_MS > now_ms && self.stored_order.len() <= self.bounds.remembered {
                return;
            }
            self.stored_order.pop_front();
            self.stored.remove(&trace);
            // Whatever began before this trace was forgotten may be in the store too.
            self.covered_since_ns = self.covered_since_ns.max(at_ms.unsigned_abs() * 1_000_000);
        }
    }

    /// All open traces, for a checkpoint.
    pub(super) fn open(&self) -> impl Iterator<Item = (&TraceKey, &OpenTrace)> {
        self.open.iter().map(|(key, open)| (key, open.as_ref()))
    }

    /// How many are open, and how many spans they hold.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.open.len(), self.open_spans)
    }
}

fn hash_of((account, trace): &TraceKey) -> u64 {
    XxHash3_64::oneshot_with_seed(u64::from(account.0), &trace.0)
}

fn is_current(
    closed: &FxHashMap<TraceKey, (u64, Box<OpenTrace>)>,
    trace: &TraceKey,
    number: u64,
) -> bool {
    closed.get(trace).is_some_and(|(current, _)| *current == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waited_in_the_journal_is_looked_for_in_the_store_only_where_it_may_be() {
        let bounds = Bounds { open_spans: 1000, closed_spans: 0, remembered: 4 };
        let mut traces = Traces { bounds, ..Traces::default() };
        let key = |number: u8| (AccountId(1), TraceId([number; 16]));
        let ns = |seconds: u64| 1_790_000_000_000_000_000 + seconds * 1_000_000_000;
        // Each second a trace ended, a minute before it is worked on.
        let now_ms = |seconds: u64| (ns(seconds + 60) / 1_000_000) as i64;
        for number in 1..=20 {
            let at = u64::from(number);
            let mut open = traces.anew(key(number), now_ms(at));
            open.push(Skeleton { id: 1, end_ns: ns(at), ..Skeleton::default() });
            traces.close(key(number), open, now_ms(at));
        }
        assert_eq!(traces.look_up(key(20), ns(20), now_ms(21)), Known::Stored);
        assert_eq!(traces.look_up(key(3), ns(3), now_ms(21)), Known::Perhaps);
        assert_eq!(traces.look_up(key(21), ns(21), now_ms(21)), Known::No);
    }
}
