//! Parents and children, whatever was sent.

use rustc_hash::FxHashMap;
use telemetry_store::reader::Span;

use super::Interval;

/// Who is below whom. Every span has a place: one whose parent is unknown, or which is its own ancestor, is a root.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    parents: Vec<Option<usize>>,
    children: Vec<Vec<usize>>,
}

impl Tree {
    pub(super) fn of(spans: &[Span]) -> Tree {
        let mut by_id = FxHashMap::default();
        for (at, span) in spans.iter().enumerate() {
            by_id.entry(span.id).or_insert(at);
        }
        let parent =
            |span: &Span| by_id.get(&span.parent).copied().filter(|_| !span.parent.is_none());
        let mut parents: Vec<Option<usize>> = spans.iter().map(parent).collect();
        cut_rings(&mut parents);
        let mut children = vec![Vec::new(); spans.len()];
        for (at, parent) in parents.iter().enumerate() {
            if let Some(parent) = parent {
                children[*parent].push(at);
            }
        }
        Tree { parents, children }
    }

    pub(crate) fn parent(&self, span: usize) -> Option<usize> {
        self.parents[span]
    }

    pub(crate) fn children(&self, span: usize) -> &[usize] {
        &self.children[span]
    }

    /// Those above a span, nearest first.
    pub(crate) fn ancestors(&self, span: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(self.parent(span), |above| self.parent(*above))
    }

    /// Spans with no parent.
    pub(crate) fn roots(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.parents.len()).filter(|span| self.parents[*span].is_none())
    }

    /// All spans, each after its parent, in no other order.
    pub(super) fn downwards(&self) -> Vec<usize> {
        let mut order: Vec<usize> = self.roots().collect();
        let mut next = 0;
        while next < order.len() {
            order.extend(&self.children[order[next]]);
            next += 1;
        }
        order
    }

    /// All spans as they are shown: each followed by its children by their start.
    pub(super) fn order(&self, times: &[Interval]) -> Vec<usize> {
        let latest_first = |mut spans: Vec<usize>| {
            spans.sort_by_key(|span| std::cmp::Reverse((times[*span].start, *span)));
            spans
        };
        let mut order = Vec::with_capacity(self.parents.len());
        let mut open = latest_first(self.roots().collect());
        while let Some(span) = open.pop() {
            order.push(span);
            open.extend(latest_first(self.children[span].clone()));
        }
        order
    }
}

/// Makes a root of one span in every ring.
fn cut_rings(parents: &mut [Option<usize>]) {
    const NEW: u32 = 0;
    let mut seen_in = vec![NEW; parents.len()];
    for (walk, start) in (1..).zip(0..parents.len()) {
        let mut at = start;
        while seen_in[at] == NEW {
            seen_in[at] = walk;
            let Some(above) = parents[at] else { break };
            if seen_in[above] == walk {
                parents[at] = None;
                break;
            }
            at = above;
        }
    }
}
