//! The critical path: the spans without which the trace would have ended earlier.
//!
//! From the end backwards: of the children of a span on the path, the one that ended last is on it, then the one that
//! ended last before that one began, and so on. What ends after its parent was not waited for.

use super::{Interval, Tree};

/// What ends later by no more than this part of its duration was waited for: agents end the span of a framework's handler
/// when they come to it, up to a millisecond after the answer left.
const MOMENT: i128 = 10;

/// Which spans are on it.
pub(super) fn path(tree: &Tree, times: &[Interval]) -> Vec<bool> {
    let mut critical = vec![false; times.len()];
    // With several roots, the first is where the trace began.
    let first = tree.roots().min_by_key(|root| times[*root].start);
    let mut open: Vec<usize> = first.into_iter().collect();
    while let Some(span) = open.pop() {
        critical[span] = true;
        let mut children = tree.children(span).to_vec();
        children.sort_by_key(|child| std::cmp::Reverse((times[*child].end, *child)));
        let mut until = times[span].end;
        for child in children {
            let Interval { start, end } = times[child];
            if end <= until + (end - start) / MOMENT {
                open.push(child);
                until = start;
            }
        }
    }
    critical
}
