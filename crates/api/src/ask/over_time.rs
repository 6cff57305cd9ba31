//! Figures over time of more entities than fit in one answer, and when an application reported at all.
//!
//! An application of 500 tiers has 30,000 rows of tiers an hour, and one of its backends may have as many. What a chart is made
//! of is far less, so a range is read in parts, each summed before the next is read.

use std::collections::BTreeSet;

use model::{
    figure::Scope,
    id::EntityId,
    time::{Minute, MinuteRange},
};
use telemetry_store::reader::{
    Detail, FigureQuery, FigureRow, GroupBy, Points, QueryError, Resolution,
};

use super::Asking;
use crate::entities::Entities;

/// Points of a part at first; with minutes it is what a segment holds, so that none is read twice.
const AT_ONCE: u32 = 60;
/// Tiers that are asked one by one for the points in which nothing else was counted, before all are.
const ASKED_ALONE: usize = 4;
/// Parts of a range that are asked about one by one: mostly these are its first point and the one that is filling.
const ASKED_PARTS: usize = 4;

impl Asking<'_> {
    /// Gives the rows of a range over time to `take`, in parts; every row of a point is in the same part.
    ///
    /// # Errors
    /// When a single point has more rows than an answer may have.
    pub(crate) fn over_time(
        &mut self,
        query: &FigureQuery,
        take: &mut dyn FnMut(&[FigureRow]),
    ) -> Result<(), QueryError> {
        let width = match query.points {
            Points::Total => return self.figures(query).map(|rows| take(&rows)),
            Points::Every(resolution) => resolution.minutes(),
        };
        let step = width * AT_ONCE;
        let mut start = query.range.start;
        while start < query.range.end {
            let next = Minute((start.0 / step + 1) * step).min(query.range.end);
            self.part(query, MinuteRange { start, end: next }, width, take)?;
            start = next;
        }
        Ok(())
    }

    fn part(
        &mut self,
        query: &FigureQuery,
        range: MinuteRange,
        width: u32,
        take: &mut dyn FnMut(&[FigureRow]),
    ) -> Result<(), QueryError> {
        match self.figures(&FigureQuery { range, ..query.clone() }) {
            Err(QueryError::TooLarge(_)) if range.len() > width => {
                let middle = Minute((range.start.0 + range.len() / 2).div_ceil(width) * width);
                // The first point of a range may begin before it, and the last end after it.
                let middle = middle.min(Minute((range.end.0 - 1) / width * width));
                if middle <= range.start {
                    return Err(QueryError::TooLarge(query.max_rows));
                }
                self.part(query, MinuteRange { end: middle, ..range }, width, take)?;
                self.part(query, MinuteRange { start: middle, ..range }, width, take)
            }
            rows => rows.map(|rows| take(&rows)),
        }
    }

    /// The points of a range in which an application reported. `known` are such as are known already: where something was
    /// counted for whatever is asked about, some tier reported. Only for the others tiers are asked.
    ///
    /// # Errors
    /// As [`Asking::figures`].
    pub(crate) fn reported(
        &mut self,
        entities: &Entities,
        application: EntityId,
        (range, resolution): (MinuteRange, Resolution),
        known: BTreeSet<Minute>,
    ) -> Result<BTreeSet<Minute>, QueryError> {
        let mut reported = known;
        let one_by_one = entities.tiers(application).into_iter().take(ASKED_ALONE).map(Some);
        for subject in one_by_one.chain([None]) {
            for range in unknown(range, resolution, &reported) {
                let query = FigureQuery {
                    subject,
                    detail: Detail::Counts,
                    group_by: GroupBy::Scope { except: Vec::new() },
                    ..self.query(application, &[Scope::Tier], range, Points::Every(resolution))
                };
                self.over_time(&query, &mut |rows| reported.extend(rows.iter().map(|row| row.at)))?;
            }
        }
        Ok(reported)
    }
}

/// The parts of a range of which no point is known; from the first to the last in one where there are many.
fn unknown(
    range: MinuteRange,
    resolution: Resolution,
    known: &BTreeSet<Minute>,
) -> Vec<MinuteRange> {
    let width = resolution.minutes();
    let missing = (resolution.floor(range.start).0..range.end.0)
        .step_by(width as usize)
        .map(Minute)
        .filter(|at| !known.contains(at));
    let mut parts: Vec<MinuteRange> = Vec::new();
    for at in missing {
        let end = Minute(at.0 + width).min(range.end);
        match parts.last_mut() {
            Some(before) if before.end == at => before.end = end,
            _ => parts.push(MinuteRange { start: at.max(range.start), end }),
        }
    }
    match parts.as_slice() {
        [first, .., last] if parts.len() > ASKED_PARTS => {
            vec![MinuteRange { start: first.start, end: last.end }]
        }
        _ => parts,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_known_is_asked_for() {
        let range = |start, end| MinuteRange { start: Minute(start), end: Minute(end) };
        let known = |minutes: &[u32]| minutes.iter().copied().map(Minute).collect();
        let (one, ten) = (Resolution::OneMinute, Resolution::TenMinutes);
        assert_eq!(unknown(range(7, 10), one, &known(&[7, 8, 9])), []);
        assert_eq!(unknown(range(7, 10), one, &known(&[7, 9])), [range(8, 9)]);
        assert_eq!(unknown(range(7, 12), one, &known(&[9])), [range(7, 9), range(10, 12)]);
        assert_eq!(unknown(range(0, 12), one, &known(&[1, 3, 5, 7, 11])), [range(0, 11)]);
        assert_eq!(unknown(range(7, 35), ten, &known(&[0, 10, 20])), [range(30, 35)]);
        assert_eq!(unknown(range(7, 35), ten, &known(&[10, 30])), [range(7, 10), range(20, 30)]);
    }
}
