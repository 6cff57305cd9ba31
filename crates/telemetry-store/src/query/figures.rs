//! Figures of a range, merged by key and point.
//!
//! A point of ten minutes or an hour is read from the rolled-up tables, and from the minutes of those segments that are
//! not rolled up yet: each segment is rolled up exactly once, so together they hold every figure exactly once. A total is
//! read from whole hours, from the tens of minutes around them and from the minutes at both ends, for the same reason and
//! because an hour's row is read in the time of one of its sixty minutes.

use model::{
    figure::{Figure, FigureKey},
    time::{Minute, MinuteRange},
};
use rustc_hash::FxHashMap;

use super::{Lacks, widened};
use crate::{
    reader::{Detail, FigureQuery, FigureRow, Points, QueryError, Resolution},
    segment::figures::{Wanted, each_figure},
    store::{Segment, Store},
    table::Table,
};

pub(super) fn figures(
    store: &Store,
    query: &FigureQuery,
    lacks: &mut Lacks,
) -> Result<Vec<FigureRow>, QueryError> {
    let plan = Plan::of(query);
    // Of how minutes spread a total in pieces knows nothing: at its ends there are none of these rows.
    let in_pieces = plan.in_pieces;
    let mut merged = Merged { query, plan, rows: FxHashMap::default(), too_many: false };
    let pin = store.pin_with_heads(|head| {
        let rows = head.get(query.account).into_iter().flat_map(|rows| &rows.figures);
        rows.for_each(|((key, minute), figure)| merged.add_of_head(*key, *minute, figure));
    });
    let of = |range: MinuteRange| Wanted {
        application: query.application,
        scopes: &query.scopes,
        subject: query.subject,
        peer: query.peer,
        bt: query.bt,
        first: range.start,
        end: range.end,
        detail: query.detail,
        with_minutes: !in_pieces,
    };
    for part in &merged.plan.parts.clone() {
        let Some(rolled) = rolled_table(part.read) else { continue };
        let segments = pin.of(query.account, rolled).into_iter();
        let there = segments.filter(|segment| overlaps(segment, part.range));
        store.read_each(there, lacks, |segment| {
            if merged.too_many {
                return Ok(());
            }
            each_figure(&*segment.open()?, &of(part.range), |key, minute, figure| {
                merged.add(key, minute, figure);
            })
        })?;
    }
    let segments = pin.of(query.account, Table::Figures).into_iter();
    store.read_each(segments, lacks, |segment| {
        if merged.too_many {
            return Ok(());
        }
        let ranges = merged.plan.of_minutes(segment.meta.rolled_up);
        for range in ranges.into_iter().filter(|range| overlaps(segment, *range)) {
            each_figure(&*segment.open()?, &of(range), |key, minute, figure| {
                merged.add_minute(key, minute, figure);
            })?;
        }
        Ok(())
    })?;
    merged.finish()
}

fn overlaps(segment: &Segment, range: MinuteRange) -> bool {
    segment.overlaps(range.start.start_ns(), range.end.start_ns())
}

fn rolled_table(read: Resolution) -> Option<Table> {
    match read {
        Resolution::OneMinute => None,
        Resolution::TenMinutes => Some(Table::FiguresTen),
        Resolution::OneHour => Some(Table::FiguresHour),
    }
}

/// Minutes of what is rolled up, and the rows they are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    read: Resolution,
    /// Whole rows of what is read; not empty.
    range: MinuteRange,
}

/// From which tables, over which range, into which points.
#[derive(Clone)]
struct Plan {
    /// The asked range, widened to whole rows of what is read.
    range: MinuteRange,
    /// The range in pieces.
    parts: Vec<Part>,
    /// Whether pieces may be of minutes, though here there may be no such piece.
    in_pieces: bool,
    points: Points,
}

impl Plan {
    fn of(query: &FigureQuery) -> Plan {
        let read = match query.points {
            Points::Total => Resolution::for_range(query.range.len()),
            Points::Every(resolution) => resolution,
        };
        let range = widened(query.range, read);
        // How minutes spread is told by rolled-up rows and not by minutes: together they would tell it of a part.
        let in_pieces = query.points == Points::Total
            && read == Resolution::OneMinute
            && query.detail != Detail::Minutes;
        let parts = if in_pieces { pieces(range) } else { vec![Part { read, range }] };
        Plan { range, parts, in_pieces, points: query.points }
    }

    /// Over which ranges the minutes of a segment are read.
    fn of_minutes(&self, rolled_up: bool) -> Vec<MinuteRange> {
        if !rolled_up {
            return vec![self.range];
        }
        let minutes = self.parts.iter().filter(|part| part.read == Resolution::OneMinute);
        minutes.map(|part| part.range).collect()
    }

    fn point(&self, minute: Minute) -> Minute {
        match self.points {
            Points::Total => self.range.start,
            Points::Every(resolution) => resolution.floor(minute),
        }
    }
}

/// A range as whole hours, the whole tens of minutes before and after them, and what is left at both ends.
fn pieces(range: MinuteRange) -> Vec<Part> {
    let within = |range: MinuteRange, read: Resolution| {
        let width = read.minutes();
        let start = Minute(range.start.0.div_ceil(width) * width);
        (start < read.floor(range.end)).then(|| MinuteRange { start, end: read.floor(range.end) })
    };
    let mut parts = Vec::new();
    let mut put = |read, start, end| {
        if start < end {
            parts.push(Part { read, range: MinuteRange { start, end } });
        }
    };
    use Resolution::{OneHour, OneMinute, TenMinutes};
    let Some(tens) = within(range, TenMinutes) else {
        put(OneMinute, range.start, range.end);
        return parts;
    };
    put(OneMinute, range.start, tens.start);
    match within(tens, OneHour) {
        Some(hours) => {
            put(TenMinutes, tens.start, hours.start);
            put(OneHour, hours.start, hours.end);
            put(TenMinutes, hours.end, tens.end);
        }
        None => put(TenMinutes, tens.start, tens.end),
    }
    put(OneMinute, tens.end, range.end);
    parts
}

struct Merged<'a> {
    query: &'a FigureQuery,
    plan: Plan,
    rows: FxHashMap<(FigureKey, Minute), Figure>,
    too_many: bool,
}

impl Merged<'_> {
    /// Adds a minute of the head, as much of it as is read of segments.
    fn add_of_head(&mut self, key: FigureKey, minute: Minute, figure: &Figure) {
        if !self.wants(&key, minute) {
            return;
        }
        match self.query.detail {
            Detail::Whole => self.add_minute(key, minute, figure),
            Detail::Times | Detail::Minutes => {
                self.add_minute(key, minute, &figure.without_spread());
            }
            Detail::Counts => self.add_minute(key, minute, &figure.counts()),
        }
    }

    /// Adds a minute's figure. A total ends where it was asked to, though rolled-up rows are whole: the minute that is
    /// filling is never among those.
    fn add_minute(&mut self, key: FigureKey, minute: Minute, figure: &Figure) {
        if self.plan.points != Points::Total || minute < self.query.range.end {
            self.add(key, minute, figure);
        }
    }

    fn wants(&self, key: &FigureKey, minute: Minute) -> bool {
        self.plan.range.contains(minute) && takes(self.query, key)
    }

    fn add(&mut self, key: FigureKey, minute: Minute, figure: &Figure) {
        if !self.wants(&key, minute) {
            return;
        }
        let Some(group) = self.query.group_by.group_of(key) else { return };
        let place = (group, self.plan.point(minute));
        if let Some(row) = self.rows.get_mut(&place) {
            row.merge(figure);
        } else if self.rows.len() < self.query.max_rows {
            self.rows.insert(place, figure.clone());
        } else {
            self.too_many = true;
        }
    }

    fn finish(self) -> Result<Vec<FigureRow>, QueryError> {
        if self.too_many {
            return Err(QueryError::TooLarge(self.query.max_rows));
        }
        let rows = self.rows.into_iter().filter(|(_, figure)| !figure.is_zero());
        let mut rows: Vec<FigureRow> =
            rows.map(|((key, at), figure)| FigureRow { key, at, figure }).collect();
        rows.sort_unstable_by_key(|row| (row.key, row.at));
        Ok(rows)
    }
}

fn takes(query: &FigureQuery, key: &FigureKey) -> bool {
    (query.application.is_none() || key.application == query.application)
        && (query.scopes.is_empty() || query.scopes.contains(&key.scope))
        && query.subject.is_none_or(|subject| key.subject == subject)
        && query.peer.is_none_or(|peer| key.peer == peer)
        && query.bt.is_none_or(|bt| key.bt == bt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(start: u32, end: u32, expected: &[(Resolution, u32, u32)]) {
        let parts = pieces(MinuteRange { start: Minute(start), end: Minute(end) });
        let told: Vec<_> =
            parts.iter().map(|part| (part.read, part.range.start.0, part.range.end.0)).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn a_range_is_read_as_hours_tens_and_minutes() {
        use Resolution::{OneHour, OneMinute, TenMinutes};
        check(120, 240, &[(OneHour, 120, 240)]);
        check(
            97,
            253,
            &[
                (OneMinute, 97, 100),
                (TenMinutes, 100, 120),
                (OneHour, 120, 240),
                (TenMinutes, 240, 250),
                (OneMinute, 250, 253),
            ],
        );
        check(118, 123, &[(OneMinute, 118, 123)]);
        check(130, 150, &[(TenMinutes, 130, 150)]);
        check(115, 125, &[(OneMinute, 115, 125)]);
        check(110, 185, &[(TenMinutes, 110, 120), (OneHour, 120, 180), (OneMinute, 180, 185)]);
        check(120, 120, &[]);
    }
}
