//! What the tiers that are there log, lines that are alike counted together: warnings and errors, and of anything less, which
//! may be far more, as much of before the onset as of since, to see which lines came new or are missed.

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

/// Warnings and errors that are read, newest first.
const MAX_GRAVE: usize = 3_000;
/// Other records that are read of each side of the onset, newest first.
const MAX_PLAIN: usize = 1_500;
/// Kinds of lines that are told apart.
const MAX_TEMPLATES: usize = 300;

const GRAVE: [reader::Severity; 3] =
    [reader::Severity::Warn, reader::Severity::Error, reader::Severity::Fatal];
const PLAIN: [reader::Severity; 1] = [reader::Severity::Info];

pub(super) fn add<T: Observed + ?Sized>(
    scene: &mut Scene,
    question: &Question<'_, T>,
    range: MinuteRange,
    lacks: &mut BTreeSet<String>,
) -> Result<(), CauseError> {
    let onset = question.onset.max(range.start).min(range.end);
    let sides = [
        MinuteRange { start: range.start, end: onset },
        MinuteRange { start: onset, end: range.end },
    ];
    let grave = read(scene, question, (&GRAVE, MAX_GRAVE), &[range], lacks)?;
    let plain = read(scene, question, (&PLAIN, MAX_PLAIN), &sides, lacks)?;
    for ((entity, severity, text), counts) in grave.into_iter().chain(plain) {
        scene.templates.push(Line::Log { text: cut(&text, 200) });
        scene.situation.templates.push(Template { entity, within: None, severity, counts });
    }
    Ok(())
}

/// Entity, severity and the text of lines that are alike, with how many there were in each minute.
type Lines = BTreeMap<(usize, Severity, String), Series>;

/// Reads records of some severities, so many at most of each range.
fn read<T: Observed + ?Sized>(
    scene: &Scene,
    question: &Question<'_, T>,
    (severities, limit): (&[reader::Severity], usize),
    ranges: &[MinuteRange],
    lacks: &mut BTreeSet<String>,
) -> Result<Lines, CauseError> {
    let mut rows = Vec::new();
    // What was not read is not known; where it was, there was nothing but what was found.
    let mut none: Series = vec![f32::NAN; scene.points()];
    for range in ranges.iter().filter(|range| !range.is_empty()) {
        let answer = question.telemetry.logs(&LogQuery {
            account: question.account,
            filter: LogFilter {
                application: Some(question.application),
                severities: severities.to_vec(),
                ..LogFilter::default()
            },
            from_ns: range.start.start_ns(),
            to_ns: range.end.start_ns(),
            before: None,
            limit,
        })?;
        lacks.extend(answer.partial);
        let oldest = answer.value.rows.last().filter(|_| answer.value.next.is_some());
        let known_from = oldest.map_or(range.start, |row| Minute(Minute::of_ns(row.at_ns).0 + 1));
        for minute in known_from.0..range.end.0 {
            scene.point(Minute(minute)).into_iter().for_each(|point| none[point] = 0.0);
        }
        rows.extend(answer.value.rows);
    }
    let mut lines = Lines::new();
    for row in &rows {
        let Some(entity) = scene.place(row.tier) else { continue };
        let Some(point) = scene.point(Minute::of_ns(row.at_ns)) else { continue };
        let severity = match reader::Severity::of(row.severity) {
            reader::Severity::Error | reader::Severity::Fatal => Severity::Error,
            reader::Severity::Warn => Severity::Warning,
            _ => Severity::Info,
        };
        let (_, text) = exception::group("", &row.body);
        let key = (entity, severity, text);
        if lines.len() >= MAX_TEMPLATES && !lines.contains_key(&key) {
            continue;
        }
        lines.entry(key).or_insert_with(|| none.clone())[point] += 1.0;
    }
    Ok(lines)
}
