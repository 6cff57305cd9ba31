//! Traces that a statistic is made of: few, spread over the range, none too large to be read for it.

use std::collections::BTreeSet;

use model::id::TraceId;

use super::{QueryError, TraceQuery, TraceRow};

/// Parts of the range that traces are taken from.
pub const SLICES: usize = 8;
/// Spans of a trace that is read.
const MAX_SPANS: u32 = 2_000;

/// At most `most` transactions of those that a query means, from all parts of its range as far as there are any. Each trace
/// once. `ask` answers a query.
///
/// # Errors
/// Those of `ask`.
pub fn spread(
    query: &TraceQuery,
    most: usize,
    mut ask: impl FnMut(&TraceQuery) -> Result<Vec<TraceRow>, QueryError>,
) -> Result<Vec<TraceRow>, QueryError> {
    let mut chosen = Chosen { rows: Vec::new(), met: BTreeSet::new(), most };
    for (from_ns, to_ns) in slices(query.from_ns, query.to_ns) {
        let part = TraceQuery { from_ns, to_ns, limit: most.div_ceil(SLICES), ..query.clone() };
        chosen.add(ask(&part)?);
    }
    // They may all lie in a few of the parts.
    if chosen.rows.len() < most {
        let whole = TraceQuery { limit: 2 * most, ..query.clone() };
        chosen.add(ask(&whole)?);
    }
    Ok(chosen.rows)
}

struct Chosen {
    rows: Vec<TraceRow>,
    met: BTreeSet<TraceId>,
    most: usize,
}

impl Chosen {
    fn add(&mut self, rows: Vec<TraceRow>) {
        for row in rows {
            if row.spans <= MAX_SPANS && self.rows.len() < self.most && self.met.insert(row.trace) {
                self.rows.push(row);
            }
        }
    }
}

/// Equal parts of a range.
pub fn slices(from: u64, to: u64) -> impl Iterator<Item = (u64, u64)> {
    let parts = SLICES as u64;
    let length = to.saturating_sub(from).div_ceil(parts);
    let part = move |n: u64| (from + n * length, (from + (n + 1) * length).min(to));
    (0..parts).map(part).filter(|(from, to)| from < to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_cover_the_range_once() {
        for (from, to) in [(0, 80), (5, 7), (100, 1_000_003)] {
            let slices: Vec<_> = slices(from, to).collect();
            assert_eq!((slices[0].0, slices.last().unwrap().1), (from, to));
            assert!(slices.windows(2).all(|pair| pair[0].1 == pair[1].0), "{slices:?}");
        }
    }
}
