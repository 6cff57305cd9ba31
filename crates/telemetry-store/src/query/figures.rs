//! Figures of a range, merged by key and point.
//!
//! A point of ten minutes or an hour is read from the rolled-up tables, and from the minutes of those segments that are
//! not rolled up yet: each segment is rolled up exactly once, so together they hold every figure exactly once.

use std::collections::BTreeMap;

use model::{
    figure::{Figure, FigureKey},
    time::{Minute, MinuteRange},
};

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
    let mut merged = Merged { query, plan, rows: BTreeMap::new(), too_many: false };
    let pin = store.pin_with_heads(|head| {
        let rows = head.get(query.account).into_iter().flat_map(|rows| &rows.figures);
        rows.for_each(|((key, minute), figure)| merged.add_of_head(*key, *minute, figure));
    });
    let wanted = Wanted {
        application: query.application,
        scopes: &query.scopes,
        subject: query.subject,
        peer: query.peer,
        bt: query.bt,
        first: plan.range.start,
        end: plan.range.end,
        detail: query.detail,
    };
    let overlaps = |segment: &Segment| {
        segment.overlaps(plan.range.start.start_ns(), plan.range.end.start_ns())
    };
    if let Some(rolled) = plan.rolled_table() {
        let segments = pin.of(query.account, rolled).into_iter();
        store.read_each(segments.filter(|segment| overlaps(segment)), lacks, |segment| {
            each_figure(&*segment.open()?, &wanted, |key, minute, figure| {
                merged.add(key, minute, &figure)
            })
        })?;
    }
    let minutes = |segment: &Segment| {
        overlaps(segment) && !(plan.rolled_table().is_some() && segment.meta.rolled_up)
    };
    let segments = pin.of(query.account, Table::Figures).into_iter();
    store.read_each(segments.filter(|segment| minutes(segment)), lacks, |segment| {
        each_figure(&*segment.open()?, &wanted, |key, minute, figure| {
            merged.add_minute(key, minute, &figure)
        })
    })?;
    merged.finish()
}

/// From which tables, over which range, into which points.
#[derive(Clone, Copy)]
struct Plan {
    read: Resolution,
    /// The asked range, widened to whole rows of what is read.
    range: MinuteRange,
    points: Points,
}

impl Plan {
    fn of(query: &FigureQuery) -> Plan {
        let read = match query.points {
            Points::Total => Resolution::for_range(query.range.len()),
            Points::Every(resolution) => resolution,
        };
        Plan { read, range: widened(query.range, read), points: query.points }
    }

    fn rolled_table(&self) -> Option<Table> {
        match self.read {
            Resolution::OneMinute => None,
            Resolution::TenMinutes => Some(Table::FiguresTen),
            Resolution::OneHour => Some(Table::FiguresHour),
        }
    }

    fn point(&self, minute: Minute) -> Minute {
        match self.points {
            Points::Total => self.range.start,
            Points::Every(resolution) => resolution.floor(minute),
        }
    }
}

struct Merged<'a> {
    query: &'a FigureQuery,
    plan: Plan,
    rows: BTreeMap<(FigureKey, Minute), Figure>,
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
        let place = (key, self.plan.point(minute));
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
        Ok(rows.map(|((key, at), figure)| FigureRow { key, at, figure }).collect())
    }
}

fn takes(query: &FigureQuery, key: &FigureKey) -> bool {
    (query.application.is_none() || key.application == query.application)
        && (query.scopes.is_empty() || query.scopes.contains(&key.scope))
        && query.subject.is_none_or(|subject| key.subject == subject)
        && query.peer.is_none_or(|peer| key.peer == peer)
        && query.bt.is_none_or(|bt| key.bt == bt)
}
