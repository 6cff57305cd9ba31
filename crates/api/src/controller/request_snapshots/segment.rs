//! The segments of a transaction: what ran between an entry into a tier and the calls out of it.
//!
//! Everything here is linear in the spans of the trace, whose chains may be as deep as it is long.

use model::{
    id::{EntityId, SpanId, TraceId},
    span::Outcome,
};
use rustc_hash::FxHashMap;
use telemetry_store::reader::{Span, TraceRow};
use twox_hash::XxHash3_64;

use crate::{
    reference,
    v1::snapshots::start_ms,
    waterfall::{Role, Row, Waterfall, entry_failed},
};

/// Calls of a call chain that are written out, from the end.
const LONGEST_CHAIN: usize = 32;
/// Spans between an entry and the call that led to it; agents nest a call in a handful.
const NESTED: usize = 16;

/// One segment of a transaction.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Segment {
    /// Of the snapshot: the same for ever, and the greater the later it began.
    pub(super) id: u64,
    /// The transaction began in it.
    pub(super) first: bool,
    /// The span at which it was entered.
    pub(super) span: SpanId,
    pub(super) tier: EntityId,
    pub(super) node: EntityId,
    /// By the clock of the caller.
    pub(super) server_start_ms: i64,
    /// By its own clock.
    pub(super) local_start_ms: i64,
    pub(super) duration_us: u64,
    pub(super) failed: bool,
    /// A message led to it, which nobody waited for.
    pub(super) asynchronous: bool,
    /// The calls from the first segment to this one.
    pub(super) chain: String,
    /// The numbers of those calls within their segments.
    pub(super) exit_sequence: String,
}

impl Segment {
    /// The one in which a transaction began, which is known without its spans.
    pub(super) fn first(row: &TraceRow) -> Segment {
        let start_ms = start_ms(row);
        Segment {
            id: id(start_ms, row.trace, row.entry),
            first: true,
            span: row.entry,
            tier: row.tier,
            node: row.node,
            server_start_ms: start_ms,
            local_start_ms: start_ms,
            duration_us: row.duration_us,
            failed: row.outcome == Outcome::Error,
            asynchronous: false,
            chain: format!("Component:{}", row.tier),
            exit_sequence: String::new(),
        }
    }
}

/// The start, and of its millisecond some of a hash: exact in a JSON number, and in the order of time.
fn id(start_ms: i64, trace: TraceId, span: SpanId) -> u64 {
    let millis = start_ms.max(0).unsigned_abs() & ((1 << 41) - 1);
    (millis << 12) | (XxHash3_64::oneshot_with_seed(span.0, &trace.0) >> 52)
}

/// The spans of one transaction by segment.
#[derive(Debug)]
pub(super) struct Segments<'s> {
    pub(super) spans: &'s [Span],
    waterfall: Waterfall,
    transaction: TraceRow,
    /// The span at which the transaction began.
    entry: usize,
    /// The entry of each span's segment; none for spans of other transactions.
    owners: Vec<Option<usize>>,
    /// The places in the waterfall of each segment's spans, by the segment's entry.
    places: FxHashMap<usize, Vec<usize>>,
    /// Calls out by the span that times them.
    exits: FxHashMap<usize, Exit>,
}

/// A call out of a segment.
#[derive(Clone, Copy, Debug)]
struct Exit {
    /// Within its segment, from 1.
    number: usize,
    category: &'static str,
    queue: bool,
}

impl<'s> Segments<'s> {
    /// Nothing when the transaction's first span is not among `spans`.
    pub(super) fn of(spans: &'s [Span], transaction: &TraceRow) -> Option<Segments<'s>> {
        let entry = spans.iter().position(|span| span.id == transaction.entry)?;
        let waterfall = Waterfall::of(spans);
        let mut owners = vec![None; spans.len()];
        let mut places: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
        let mut calls: FxHashMap<usize, usize> = FxHashMap::default();
        let mut exits = FxHashMap::default();
        // Parents come before their children.
        for (place, row) in waterfall.rows.iter().enumerate() {
            let above = waterfall.tree.parent(row.span).and_then(|parent| owners[parent]);
            let begins = row.span == entry || row.role == Role::Entry && above.is_some();
            let Some(owner) = (if begins { Some(row.span) } else { above }) else { continue };
            owners[row.span] = Some(owner);
            places.entry(owner).or_default().push(place);
            if let Role::Exit(called) = &row.role {
                let number = calls.entry(owner).or_default();
                *number += 1;
                let (category, queue) = (called.category, called.queue);
                exits.insert(row.span, Exit { number: *number, category, queue });
            }
        }
        Some(Segments { spans, waterfall, transaction: *transaction, entry, owners, places, exits })
    }

    /// The segments in the transaction's application with the span at which each is entered: by start, the first one first.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, Segment)> + '_ {
        let later = self.waterfall.rows.iter().filter(|row| {
            row.span != self.entry
                && self.owners[row.span] == Some(row.span)
                && self.spans[row.span].application == self.transaction.application
        });
        let first = (self.entry, Segment::first(&self.transaction));
        std::iter::once(first).chain(later.map(|row| (row.span, self.later(row))))
    }

    /// The spans of the segment with this entry, as they are shown.
    pub(super) fn rows(&self, entry: usize) -> impl Iterator<Item = &Row> + Clone + '_ {
        let places = self.places.get(&entry).map_or(&[][..], Vec::as_slice);
        places.iter().map(|place| &self.waterfall.rows[*place])
    }

    /// The spans of the whole transaction.
    pub(super) fn of_transaction(&self) -> impl Iterator<Item = &Span> + Clone + '_ {
        let own = |(span, owner): (&'s Span, &Option<usize>)| owner.is_some().then_some(span);
        self.spans.iter().zip(&self.owners).filter_map(own)
    }

    fn later(&self, row: &Row) -> Segment {
        let span = &self.spans[row.span];
        let local_start_ms = millis(span.start_ns.into());
        let way = self.way_to(row.span);
        let mut chain =
            way.last().map(|step| component(&self.spans[step.from])).unwrap_or_default();
        let mut numbers = Vec::new();
        for step in way.iter().rev() {
            let (called, tier) =
                (step.exit.map_or("", |exit| exit.category), self.spans[step.to].tier);
            let kind = reference::exit_point_type(called);
            chain.push_str(&format!("|Exit Call:{kind}|To:{tier}|Component:{tier}"));
            numbers.push(step.exit.map_or(0, |exit| exit.number).to_string());
        }
        Segment {
            id: id(local_start_ms, self.transaction.trace, span.id),
            first: false,
            span: span.id,
            tier: span.tier,
            node: span.node,
            server_start_ms: millis(row.start_ns),
            local_start_ms,
            duration_us: span.duration_ns / 1000,
            failed: entry_failed(span),
            asynchronous: way.first().and_then(|step| step.exit).is_some_and(|exit| exit.queue),
            chain,
            exit_sequence: numbers.join("|"),
        }
    }

    /// The calls that led to a segment, the last one first.
    fn way_to(&self, entry: usize) -> Vec<Step> {
        let mut way = Vec::new();
        let mut to = entry;
        while to != self.entry && way.len() < LONGEST_CHAIN {
            let above = || self.waterfall.tree.ancestors(to).take(NESTED);
            let Some(from) = above().find_map(|above| self.owners[above]) else { break };
            let within = |above: &usize| self.owners[*above] == Some(from);
            let exit = above().take_while(within).find_map(|above| self.exits.get(&above).copied());
            way.push(Step { from, to, exit });
            to = from;
        }
        way
    }
}

/// One call from a segment to the next, by their entries.
#[derive(Clone, Copy, Debug)]
struct Step {
    from: usize,
    to: usize,
    exit: Option<Exit>,
}

fn component(entry: &Span) -> String {
    format!("Component:{}", entry.tier)
}

fn millis(ns: i128) -> i64 {
    i64::try_from(ns / 1_000_000).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
