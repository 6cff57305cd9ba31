//! Closing a trace: deciding it, judging its transactions, and moving figures by the difference to what was counted
//! before.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    id::{AccountId, EntityId, SpanId, TraceId},
    span::{Outcome, SnapshotReason},
};
use rustc_hash::FxHashSet;
use telemetry_store::reader::{QueryError, Reader, TraceQuery, TraceRow};

use super::{
    Pipeline, PipelineError,
    contribution::{contributions, error_figures, minute_of},
    decide, judge,
    registry::Registry,
    skeleton::{self, COUNTED_ENTRY, ENTRY, EXIT, JUDGED, LONG_LIVED, ROOT, Skeleton},
    spans::NOBODY,
    targets::Targets,
    traces::{CountedError, OpenTrace, TraceKey},
    world::TraceWorld,
};
use crate::otlp;

/// Traces closed in one step.
const STEP_TRACES: usize = 20_000;

impl Pipeline {
    /// Closes the traces that are due.
    pub(super) fn close_due(&mut self, now_ms: i64) -> Result<usize, PipelineError> {
        let mut closed = 0;
        while closed < STEP_TRACES {
            let (registry, targets) = (&self.registry, &self.targets);
            let unanswered = |open: &OpenTrace| has_unanswered(open, registry, targets);
            let Some((trace, open)) = self.traces.next_due(now_ms, unanswered) else { break };
            self.close(trace, open, now_ms)?;
            closed += 1;
        }
        if closed > 0 {
            self.dirty = true;
        }
        self.keep_chosen()?;
        Ok(closed)
    }

    fn close(
        &mut self,
        trace: TraceKey,
        mut open: Box<OpenTrace>,
        now_ms: i64,
    ) -> Result<(), PipelineError> {
        let before = open.spans.clone();
        let by_ms = match self.fresh.has_room(trace) {
            true => now_ms,
            false => settled_ms(&open.spans),
        };
        let by_a_fresh_address = self.decide(&mut open, by_ms, now_ms)?;
        self.learn_called(&open);
        self.fresh.note(trace, by_a_fresh_address, now_ms);
        self.judge(trace.1, &mut open, &before, now_ms)?;
        for (was, is) in before.iter().zip(&open.spans) {
            if (was.decided, was.outcome) != (is.decided, is.outcome) {
                self.move_figures(open.account, was, is);
            }
        }
        self.count_errors(&mut open, now_ms);
        self.traces.close(trace, open, now_ms);
        Ok(())
    }

    /// Notes which tiers work for transactions that others begin.
    fn learn_called(&mut self, open: &OpenTrace) {
        let spans = &open.spans;
        let is = |span: &Skeleton, what| span.decided.counted & what != 0;
        let Some(first) = spans.first().map(|span| span.tier) else { return };
        if spans.iter().all(|span| span.tier == first) {
            return;
        }
        let within = spans.iter().filter(|span| is(span, COUNTED_ENTRY) && !is(span, ROOT));
        for span in within.filter(|span| !span.decided.bt.is_none()) {
            self.registry.learn_called(span.tier);
        }
    }

    /// Decides a trace that was read from the store as it was decided when it was counted.
    pub(super) fn recall(
        &mut self,
        trace: TraceId,
        open: &mut OpenTrace,
        now_ms: i64,
    ) -> Result<(), PipelineError> {
        let account = open.account;
        let decided_ms = self.fresh.decided_ms((account, trace));
        let by_ms = decided_ms.unwrap_or_else(|| settled_ms(&open.spans));
        self.decide(open, by_ms, now_ms)?;
        for span in open.spans.iter_mut().filter(|span| span.decided.counted & ROOT != 0) {
            span.flags |= JUDGED;
            if let Some(row) = self.judged(account, trace, span)? {
                span.outcome = row.outcome as u8;
                span.set_reason(row.reason);
                open.kept |= row.reason.name().is_some();
            }
        }
        if !open.spans.iter().any(|span| span.is(JUDGED)) {
            open.listed = first(open).map(|span| span.id);
        }
        for at in 0..open.errors.len() {
            if open.errors[at].counted.is_none() {
                open.errors[at].counted = Some(counting(open, at));
            }
        }
        open.closed_before = true;
        Ok(())
    }

    /// The row of the index about a transaction that was judged before.
    fn judged(
        &self,
        account: AccountId,
        trace: TraceId,
        root: &Skeleton,
    ) -> Result<Option<TraceRow>, QueryError> {
        let query = TraceQuery {
            account,
            trace: Some(trace),
            application: None,
            bt: None,
            tier: Some(EntityId(root.tier)),
            outcomes: Vec::new(),
            min_duration_us: 0,
            max_duration_us: u64::MAX,
            kept_only: false,
            from_ns: root.end_ns,
            to_ns: root.end_ns + 1,
            before: None,
            limit: 1000,
        };
        let page = self.config.store.traces(&query)?.value;
        let found = page.rows.into_iter();
        Ok(found.filter(|row| row.trace == trace).find(|row| row.entry.0 == root.id))
    }

    /// Decides a trace by the addresses that were learnt before `by_ms`; tells whether a fresh one took part.
    fn decide(
        &mut self,
        open: &mut OpenTrace,
        by_ms: i64,
        now_ms: i64,
    ) -> Result<bool, PipelineError> {
        let mut world = TraceWorld {
            registry: &mut self.registry,
            targets: &self.targets,
            account: open.account,
            names: &open.names,
            known_by_ms: by_ms,
            fresh_from_ms: settled_ms(&open.spans),
            by_a_fresh_address: false,
            now_ms,
            failure: None,
        };
        decide::decide(&mut open.spans, &mut world);
        for root in open.spans.iter_mut().filter(|span| span.decided.counted & ROOT != 0) {
            if world.registry.is_long_lived(root.decided.bt, root.end_ns) {
                root.flags |= LONG_LIVED;
            }
        }
        match world.failure {
            Some(failure) => Err(failure.into()),
            None => Ok(world.by_a_fresh_address),
        }
    }

    /// Takes back what a span was counted for, and counts what it stands for now.
    fn move_figures(&mut self, account: AccountId, was: &Skeleton, is: &Skeleton) {
        let application = self.registry.application_of(is.tier);
        let minute = minute_of(is);
        let rows = self.stage.rows(account);
        contributions(was, application, |key, call| rows.take_back(key, minute, call));
        contributions(is, application, |key, call| rows.count(key, minute, call));
        for entity in
            [is.decided.bt, is.decided.peer].into_iter().filter(|entity| !entity.is_none())
        {
            let at_ms = minute.start_millis();
            self.seen.entry(entity).and_modify(|seen| *seen = at_ms.max(*seen)).or_insert(at_ms);
        }
    }

    /// Judges each transaction once, writes its row in the index, and chooses it as a snapshot or not. The row is written
    /// again when spans came since, so that lists say how many a trace has.
    fn judge(
        &mut self,
        trace: TraceId,
        open: &mut OpenTrace,
        before: &[Skeleton],
        now_ms: i64,
    ) -> Result<(), PipelineError> {
        let mut rows = Vec::new();
        let spans =
            u32::try_from(open.spans.len()).expect("spans of a trace are bounded") + open.dropped;
        for (span, was) in open.spans.iter_mut().zip(before) {
            let is_root = span.decided.counted & ROOT != 0;
            let mut reason = SnapshotReason::None;
            let mut renamed_from = None;
            if !is_root && !span.is(JUDGED) {
                continue;
            }
            if is_root && span.is(JUDGED) && span.decided.bt == was.decided.bt {
                let Some(known) = span.reason().filter(|_| open.closed_before) else { continue };
                reason = known;
            } else if is_root && span.is(JUDGED) {
                // Another name for what was judged before.
                self.publish();
                reason = self.judged(open.account, trace, span)?.map_or(reason, |row| row.reason);
                renamed_from = Some(was.decided.bt);
            } else if is_root {
                let micros = f64::from(span.micros);
                let threshold = self.thresholds.get(&span.decided.bt);
                let failed = span.is(skeleton::FAILED);
                let outcome = judge::judge(micros, failed, span.is(LONG_LIVED), threshold);
                reason = self.snapshots.choose(span.decided.bt, outcome, micros, now_ms);
                span.flags |= JUDGED;
                span.outcome = outcome as u8;
            }
            if is_root {
                span.set_reason(reason);
            }
            let application = self.registry.application_of(span.tier);
            let row = trace_row(trace, span, application, reason, spans);
            rows.extend(renamed_from.map(|bt| TraceRow { spans: 0, bt, ..row }));
            if is_root {
                rows.push(row);
            } else {
                // What was a transaction of its own before its caller came is none any more.
                span.flags &= !JUDGED;
                span.outcome = Outcome::Normal as u8;
                rows.push(TraceRow { spans: 0, bt: was.decided.bt, ..row });
            }
        }
        self.list_without_transaction(trace, open, spans, &mut rows);
        if rows.iter().any(|row| row.reason.name().is_some()) && !open.kept {
            open.kept = true;
            self.chosen.push((open.account, trace, open.start_ns()));
        }
        self.stage.rows(open.account).traces.extend(rows);
        Ok(())
    }

    /// A trace that entered no transaction stands in the index under its first span, as long as that is so.
    fn list_without_transaction(
        &mut self,
        trace: TraceId,
        open: &mut OpenTrace,
        spans: u32,
        rows: &mut Vec<TraceRow>,
    ) {
        let has_root = open.spans.iter().any(|span| span.is(JUDGED));
        let wanted = match open.listed {
            _ if has_root => None,
            Some(listed) => Some(listed),
            None => first(open).map(|span| span.id),
        };
        if wanted == open.listed && (wanted.is_none() || !open.closed_before) {
            return;
        }
        let changed = wanted.or(open.listed);
        open.listed = wanted;
        let span = open.spans.iter().find(|span| Some(span.id) == changed);
        if let Some(span) = span.filter(|span| !span.is(JUDGED)) {
            let application = self.registry.application_of(span.tier);
            let row = trace_row(trace, span, application, SnapshotReason::None, spans);
            let spans = if wanted.is_some() { spans } else { 0 };
            rows.push(TraceRow { bt: NOBODY, spans, ..row });
        }
    }

    /// Counts the exceptions that are new, and moves those about which more is known now.
    fn count_errors(&mut self, open: &mut OpenTrace, now_ms: i64) {
        for at in 0..open.errors.len() {
            let is = counting(open, at);
            let mark = &mut open.errors[at];
            let was = mark.counted.replace(is);
            if was == Some(is) {
                continue;
            }
            let tier = EntityId(mark.tier);
            let application = self.registry.application_of(mark.tier);
            let rows = self.stage.rows(open.account);
            if let Some(was) = was {
                error_figures(application, was.group, tier, was.bt, was.at_ns, |key, at, call| {
                    rows.take_back(key, at, call)
                });
            }
            error_figures(application, is.group, tier, is.bt, is.at_ns, |key, at, call| {
                rows.count(key, at, call)
            });
            self.seen.insert(is.group, now_ms);
        }
    }

    /// Copies the spans of chosen traces to where they are kept longer.
    fn keep_chosen(&mut self) -> Result<(), PipelineError> {
        if self.chosen.is_empty() {
            return Ok(());
        }
        self.publish();
        let mut chosen: BTreeMap<AccountId, (BTreeSet<TraceId>, u64)> = BTreeMap::new();
        for (account, trace, start_ns) in std::mem::take(&mut self.chosen) {
            let (traces, since_ns) = chosen.entry(account).or_insert((BTreeSet::new(), u64::MAX));
            traces.insert(trace);
            *since_ns = start_ns.min(*since_ns);
        }
        for (account, (traces, since_ns)) in chosen {
            let spans = self.config.store.spans_of_traces_since(account, &traces, since_ns)?;
            self.stage.rows(account).snapshots.absorb(spans);
        }
        Ok(())
    }
}

/// An address that was learnt before this time (Unix milliseconds) was known whenever the trace was decided: it lies before
/// any time at which these spans can have come, since intake takes none that ends further ahead of our clock.
fn settled_ms(spans: &[Skeleton]) -> i64 {
    let last_ns = spans.iter().map(|span| span.end_ns).max().unwrap_or(0);
    let ahead_ms = otlp::slice::MAX_AHEAD.as_millis() as i64;
    i64::try_from(last_ns / 1_000_000).expect("nanoseconds fit") - ahead_ms
}

/// What an exception is to be counted for.
fn counting(open: &OpenTrace, at: usize) -> CountedError {
    let mark = &open.errors[at];
    let on = open.spans.iter().find(|span| span.id == mark.span);
    let bt = on.map_or(NOBODY, |span| span.decided.bt);
    CountedError { group: mark.group, bt, at_ns: mark.at_ns }
}

fn first(open: &OpenTrace) -> Option<&Skeleton> {
    open.spans.iter().min_by_key(|span| (span.start_ns(), span.id))
}

fn trace_row(
    trace: TraceId,
    span: &Skeleton,
    application: EntityId,
    reason: SnapshotReason,
    spans: u32,
) -> TraceRow {
    TraceRow {
        trace,
        entry: SpanId(span.id),
        application,
        bt: span.decided.bt,
        tier: EntityId(span.tier),
        node: EntityId(span.node),
        end_ns: span.end_ns,
        duration_us: u64::from(span.micros),
        outcome: span.outcome(),
        reason,
        spans,
    }
}

/// Whether a trace holds a call to an address that nobody is known at and that nobody in the trace answered.
fn has_unanswered(open: &OpenTrace, registry: &Registry, targets: &Targets) -> bool {
    let may_be_answered = |span: &&Skeleton| {
        span.is(EXIT)
            && targets.get(span.target).is_some_and(|target| {
                matches!(target.category.as_str(), "HTTP" | "RPC")
                    && registry.answers_at(open.account, &target.address).is_none()
            })
    };
    let mut calls = open.spans.iter().filter(may_be_answered).peekable();
    if calls.peek().is_none() {
        return false;
    }
    let entries = open.spans.iter().filter(|span| span.is(ENTRY));
    let answered: FxHashSet<u64> = entries.map(|span| span.parent).collect();
    calls.any(|call| !answered.contains(&call.id))
}
