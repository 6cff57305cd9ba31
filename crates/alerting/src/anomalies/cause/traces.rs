//! Traces from before the onset and since, read from the store: few, from all over that time, for as long as there is time.

use std::collections::BTreeSet;

use model::{entity::EntityKind, time::Minute};
use telemetry_store::reader::{QueryError, TraceQuery, TraceRow, spread};

use super::{CauseError, Question, scene::Scene, spans::Spans};
use crate::anomalies::readings::Observed;

/// Traces that are read of before the onset, and as many of since.
const MAX_TRACES: usize = 100;
/// Spans that are read of each side.
const MAX_SPANS: usize = 20_000;
/// Minutes before the onset that belong to neither side: an onset is rarely known to the minute.
const GUARD: u32 = 1;

pub(super) fn add<T: Observed + ?Sized>(
    scene: &mut Scene,
    question: &Question<'_, T>,
    lacks: &mut BTreeSet<String>,
) -> Result<(), CauseError> {
    let onset = question.onset;
    let before = Minute(onset.0.saturating_sub(GUARD).max(scene.range.start.0));
    let sides = [(onset, scene.range.end), (scene.range.start, before)];
    let mut spans = Spans::new(question.directory, question.account, scene, onset);
    let mut rows = Vec::new();
    for (from, to) in sides.into_iter().filter(|(from, to)| from < to) {
        rows.push(spread_out(chosen(question, from, to, lacks)?));
    }
    read(scene, question, rows, &mut spans, lacks)?;
    spans.put_into(scene);
    Ok(())
}

/// In an order of which every beginning is from all over: whoever has no time for all has not looked at the first minutes only.
fn spread_out<T>(rows: Vec<T>) -> Vec<T> {
    let mut rows: Vec<(u32, T)> = (0_u32..).map(u32::reverse_bits).zip(rows).collect();
    rows.sort_by_key(|(place, _)| *place);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Some of the transactions that suffer, or of those that come to the tier that does.
fn chosen<T: Observed + ?Sized>(
    question: &Question<'_, T>,
    from: Minute,
    to: Minute,
    lacks: &mut BTreeSet<String>,
) -> Result<Vec<TraceRow>, QueryError> {
    let of_transaction = question.kind == EntityKind::BusinessTransaction;
    let query = TraceQuery {
        account: question.account,
        trace: None,
        application: Some(question.application),
        bt: of_transaction.then_some(question.entity),
        tier: None,
        outcomes: Vec::new(),
        min_duration_us: 0,
        max_duration_us: u64::MAX,
        // Chosen ones are the slow and the failed: they would say that all are.
        kept_only: false,
        from_ns: from.start_ns(),
        to_ns: to.start_ns(),
        before: None,
        limit: 0,
    };
    spread(&query, MAX_TRACES, |part| {
        let answer = question.telemetry.traces(part)?;
        lacks.extend(answer.partial);
        Ok(answer.value.rows)
    })
}

/// Reads the traces of all sides, in turns.
fn read<T: Observed + ?Sized>(
    scene: &Scene,
    question: &Question<'_, T>,
    sides: Vec<Vec<TraceRow>>,
    spans: &mut Spans<'_>,
    lacks: &mut BTreeSet<String>,
) -> Result<(), QueryError> {
    let mut sides: Vec<(usize, std::vec::IntoIter<TraceRow>)> =
        sides.into_iter().map(|rows| (MAX_SPANS, rows.into_iter())).collect();
    while !sides.is_empty() {
        let mut going_on = Vec::new();
        for (left, mut rows) in sides {
            let Some(row) = rows.next() else { continue };
            if !(question.may_go_on)() {
                lacks.insert("there was no time to look at all traces".to_owned());
                return Ok(());
            }
            let answer = question.telemetry.trace(question.account, row.trace)?;
            lacks.extend(answer.partial);
            spans.add(scene, &answer.value);
            match left.checked_sub(answer.value.len()) {
                Some(rest) => going_on.push((rest, rows)),
                None => {
                    lacks
                        .insert("the traces are large, so fewer of them were looked at".to_owned());
                }
            }
        }
        sides = going_on;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_beginning_is_from_all_over() {
        let order = spread_out((0..100).collect());
        for first in [4, 10, 30] {
            let largest = order[..first].iter().max().unwrap();
            let early = order[..first].iter().filter(|at| **at < 50).count();
            assert!(*largest >= 64 && early * 4 >= first, "{:?}", &order[..first]);
        }
        let mut all = order;
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<u64>>());
    }
}
