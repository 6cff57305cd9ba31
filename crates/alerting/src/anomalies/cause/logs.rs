//! Warnings and errors in the logs of the tiers that are there, those that are alike counted together.

use std::collections::{BTreeMap, BTreeSet};

use analysis::cause::{Series, Severity, Template};
use model::{
    naming::exception,
    time::{Minute, MinuteRange},
};
use telemetry_store::reader::{self, LogFilter, LogQuery};

use super::{
    CauseError, Question,
    scene::{Line, Scene},
};
use crate::anomalies::{readings::Observed, words::cut};

/// Log records that are read, newest first.
const MAX_RECORDS: usize = 3_000;
/// Kinds of lines that are told apart.
const MAX_TEMPLATES: usize = 300;

pub(super) fn add<T: Observed + ?Sized>(
    scene: &mut Scene,
    question: &Question<'_, T>,
    range: MinuteRange,
    lacks: &mut BTreeSet<String>,
) -> Result<(), CauseError> {
    let answer = question.telemetry.logs(&LogQuery {
        account: question.account,
        filter: LogFilter {
            application: Some(question.application),
            severities: vec![
                reader::Severity::Warn,
                reader::Severity::Error,
                reader::Severity::Fatal,
            ],
            ..LogFilter::default()
        },
        from_ns: range.start.start_ns(),
        to_ns: range.end.start_ns(),
        before: None,
        limit: MAX_RECORDS,
    })?;
    lacks.extend(answer.partial);
    // Where there were more than are read, nobody knows how many there were before the oldest of these.
    let known_from = match answer.value.next {
        Some(_) => answer.value.rows.last().map(|row| Minute(Minute::of_ns(row.at_ns).0 + 1)),
        None => Some(range.start),
    };
    let known_from = known_from.and_then(|from| scene.point(from)).unwrap_or(0);
    let mut empty: Series = vec![0.0; scene.points()];
    empty[..known_from].fill(f32::NAN);
    let mut lines: BTreeMap<(usize, bool, String), Series> = BTreeMap::new();
    for row in &answer.value.rows {
        let Some(entity) = scene.place(row.tier) else { continue };
        let Some(point) = scene.point(Minute::of_ns(row.at_ns)) else { continue };
        let is_error = reader::Severity::of(row.severity) >= reader::Severity::Error;
        let (_, text) = exception::group("", &row.body);
        let key = (entity, is_error, text);
        if lines.len() >= MAX_TEMPLATES && !lines.contains_key(&key) {
            continue;
        }
        lines.entry(key).or_insert_with(|| empty.clone())[point] += 1.0;
    }
    for ((entity, is_error, text), counts) in lines {
        let severity = if is_error { Severity::Error } else { Severity::Warning };
        scene.templates.push(Line::Log { text: cut(&text, 200) });
        scene.situation.templates.push(Template { entity, within: None, severity, counts });
    }
    Ok(())
}
