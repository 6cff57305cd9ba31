//! Clocks of hosts differ: spans of another node are moved so that they fit under what called them.
//!
//! Within one node all spans keep their distances. A child of another node that lies outside its parent is moved to the
//! middle of it, as the network takes about as long in both directions; one that nobody waits for only must not begin
//! before its cause.

use model::span::SpanKind;
use telemetry_store::reader::Span;

use super::{Interval, Tree};

/// By how many nanoseconds each span is to be moved.
pub(super) fn skews(spans: &[Span], tree: &Tree) -> Vec<i128> {
    let mut skews = vec![0; spans.len()];
    for span in tree.downwards() {
        let Some(parent) = tree.parent(span) else { continue };
        skews[span] = match spans[span].node == spans[parent].node {
            true => skews[parent],
            false => {
                let caller = Interval::of(&spans[parent], skews[parent]);
                let usual = skew_of_node(spans, tree, &skews, span);
                usual
                    + needed(caller, Interval::of(&spans[span], usual), waits(spans, parent, span))
            }
        };
    }
    skews
}

/// By how much the nearest span above of the same node was moved.
fn skew_of_node(spans: &[Span], tree: &Tree, skews: &[i128], span: usize) -> i128 {
    // Work seldom comes back to a node over more than a few others, and a chain may be as long as the trace.
    let mut above = tree.ancestors(span).take(16);
    above.find(|above| spans[*above].node == spans[span].node).map_or(0, |above| skews[above])
}

fn waits(spans: &[Span], parent: usize, child: usize) -> bool {
    spans[parent].kind != SpanKind::Producer && spans[child].kind != SpanKind::Consumer
}

/// How much further a child has to be moved to fit.
fn needed(parent: Interval, child: Interval, waited_for: bool) -> i128 {
    let early = parent.start - child.start;
    let spare = (parent.end - parent.start) - (child.end - child.start);
    if early <= 0
        && (!waited_for || child.end <= parent.end || (spare < 0 && child.start <= parent.end))
    {
        return 0;
    }
    if waited_for && spare >= 0 { early + spare / 2 } else { early }
}
