//! Traces that a statistic is made of: few, spread over the range, none too large to be read for it.

use std::collections::BTreeSet;

use model::id::TraceId;
use telemetry_store::reader::{QueryError, Span, TraceQuery, TraceRow};

use crate::ask::Asking;

/// Parts of the range that traces are taken from.
pub(crate) const SLICES: usize = 8;
/// Spans of a trace that is read.
const MAX_SPANS: u32 = 2_000;
/// Spans that are read for one answer.
const BUDGET: usize = 30_000;

/// At most `most` transactions of those that a query means, from all parts of its range as far as there are any. Each trace
/// once.
pub(crate) fn spread(
    asking: &mut Asking<'_>,
    query: &TraceQuery,
    most: usize,
) -> Result<Vec<TraceRow>, QueryError> {
    let mut chosen = Chosen { rows: Vec::new(), met: BTreeSet::new(), most };
    for (from_ns, to_ns) in slices(query.from_ns, query.to_ns) {
        let part = TraceQuery { from_ns, to_ns, limit: most.div_ceil(SLICES), ..query.clone() };
        chosen.add(asking.traces(&part)?.rows);
    }
    // They may all lie in a few of the parts.
    if chosen.rows.len() < most {
        let whole = TraceQuery { limit: 2 * most, ..query.clone() };
        chosen.add(asking.traces(&whole)?.rows);
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
pub(crate) fn slices(from: u64, to: u64) -> impl Iterator<Item = (u64, u64)> {
    let parts = SLICES as u64;
    let length = to.saturating_sub(from).div_ceil(parts);
    let part = move |n: u64| (from + n * length, (from + (n + 1) * length).min(to));
    (0..parts).map(part).filter(|(from, to)| from < to)
}

/// Gives the spans of each trace to `each`, but for traces that are not kept any more. Ends where more spans would have to be
/// read than one answer may cost, and says so.
pub(crate) fn read_each(
    asking: &mut Asking<'_>,
    rows: &[TraceRow],
    mut each: impl FnMut(&TraceRow, &[Span]),
) -> Result<(), QueryError> {
    let traces: Vec<TraceId> = rows.iter().map(|row| row.trace).collect();
    read(asking, &traces, |at, spans| each(&rows[at], spans))
}

/// The same for traces of which no more is known.
pub(crate) fn read_traces(
    asking: &mut Asking<'_>,
    traces: &[TraceId],
    mut each: impl FnMut(&[Span]),
) -> Result<(), QueryError> {
    read(asking, traces, |_, spans| each(spans))
}

/// Gives the spans of each trace with its place in the list.
fn read(
    asking: &mut Asking<'_>,
    traces: &[TraceId],
    mut each: impl FnMut(usize, &[Span]),
) -> Result<(), QueryError> {
    let mut left = BUDGET;
    for (at, trace) in traces.iter().enumerate() {
        let spans = asking.trace(*trace)?;
        if spans.is_empty() {
            continue;
        }
        each(at, &spans);
        match left.checked_sub(spans.len()) {
            Some(rest) => left = rest,
            None => {
                asking.lacks("the traces are large, so fewer of them were looked at");
                break;
            }
        }
    }
    Ok(())
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
