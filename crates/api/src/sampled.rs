//! Traces that a statistic is made of: few, spread over the range, none too large to be read for it.

use model::id::TraceId;
use telemetry_store::reader::{self, QueryError, Span, TraceQuery, TraceRow};

use crate::ask::Asking;

pub(crate) use telemetry_store::reader::{SLICES, slices};

/// Spans that are read for one answer.
const BUDGET: usize = 30_000;

/// At most `most` transactions of those that a query means, from all parts of its range as far as there are any. Each trace
/// once.
pub(crate) fn spread(
    asking: &mut Asking<'_>,
    query: &TraceQuery,
    most: usize,
) -> Result<Vec<TraceRow>, QueryError> {
    reader::spread(query, most, |part| Ok(asking.traces(part)?.rows))
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
