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
    let sides = [(scene.range.start, before), (onset, scene.range.end)];
    let mut spans = Spans::new(question.directory, question.account, scene, onset);
    for (from, to) in sides.into_iter().filter(|(from, to)| from < to) {
        let rows = chosen(question, from, to, lacks)?;
        read(scene, question, &rows, &mut spans, lacks)?;
    }
    spans.put_into(scene);
    Ok(())
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

fn read<T: Observed + ?Sized>(
    scene: &Scene,
    question: &Question<'_, T>,
    rows: &[TraceRow],
    spans: &mut Spans<'_>,
    lacks: &mut BTreeSet<String>,
) -> Result<(), QueryError> {
    let mut left = MAX_SPANS;
    for row in rows {
        if !(question.may_go_on)() {
            lacks.insert("there was no time to look at all traces".to_owned());
            break;
        }
        let answer = question.telemetry.trace(question.account, row.trace)?;
        lacks.extend(answer.partial);
        spans.add(scene, &answer.value);
        match left.checked_sub(answer.value.len()) {
            Some(rest) => left = rest,
            None => {
                lacks.insert("the traces are large, so fewer of them were looked at".to_owned());
                break;
            }
        }
    }
    Ok(())
}
