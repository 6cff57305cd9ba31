//! From the spans of a trace to what a waterfall shows: who called whom, when on one clock, and what mattered.
//!
//! Pure functions over stored spans. Which spans are entries and which are calls is decided by the same rules of `model`
//! that counted them; what needs the directory (whom a call called) is asked of the caller. Traces are what strangers
//! sent: parents may be missing, repeated or form a ring, and chains may be as deep as the trace is long, so nothing here
//! recurses.

mod critical;
mod roles;
mod skew;
mod tree;

use telemetry_store::reader::Span;

pub(crate) use self::{
    roles::{Called, Role, entry_failed},
    tree::Tree,
};

/// A trace ready to be shown.
#[derive(Debug)]
pub(crate) struct Waterfall {
    /// In the order they are shown: by start, parents before children.
    pub(crate) rows: Vec<Row>,
    pub(crate) tree: Tree,
    /// Unix nanoseconds on the corrected clock.
    pub(crate) start_ns: i128,
    pub(crate) duration_ns: u128,
}

/// One span in the waterfall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its place in the spans given.
    pub(crate) span: usize,
    pub(crate) role: Role,
    /// Unix nanoseconds on the corrected clock.
    pub(crate) start_ns: i128,
    /// By how much it was moved.
    pub(crate) skew_ns: i128,
    pub(crate) self_ns: u64,
    pub(crate) critical: bool,
}

impl Waterfall {
    /// Arranges the spans of one trace.
    pub(crate) fn of(spans: &[Span]) -> Waterfall {
        let tree = Tree::of(spans);
        let roles = roles::roles(spans, &tree);
        let skews = skew::skews(spans, &tree);
        let times: Vec<Interval> =
            spans.iter().zip(&skews).map(|(span, skew)| Interval::of(span, *skew)).collect();
        let critical = critical::path(&tree, &times);
        let row = |&span: &usize| Row {
            span,
            role: roles[span].clone(),
            start_ns: times[span].start,
            skew_ns: skews[span],
            self_ns: self_time(span, &tree, &times),
            critical: critical[span],
        };
        let start_ns = times.iter().map(|time| time.start).min().unwrap_or(0);
        let end_ns = times.iter().map(|time| time.end).max().unwrap_or(start_ns);
        let rows = tree.order(&times).iter().map(row).collect();
        Waterfall { rows, tree, start_ns, duration_ns: (end_ns - start_ns).unsigned_abs() }
    }
}

/// When a span ran, on the corrected clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) start: i128,
    pub(crate) end: i128,
}

impl Interval {
    fn of(span: &Span, skew: i128) -> Interval {
        let start = i128::from(span.start_ns) + skew;
        Interval { start, end: start + i128::from(span.duration_ns) }
    }
}

/// The time in which a span ran and none of its children did.
fn self_time(span: usize, tree: &Tree, times: &[Interval]) -> u64 {
    let own = times[span];
    let mut children: Vec<Interval> =
        tree.children(span).iter().map(|child| times[*child]).collect();
    children.sort_by_key(|child| child.start);
    let mut free = own.end - own.start;
    let mut covered_to = own.start;
    for child in children {
        let start = child.start.max(covered_to);
        let end = child.end.min(own.end);
        if end > start {
            free -= end - start;
            covered_to = end;
        }
    }
    u64::try_from(free.max(0)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
