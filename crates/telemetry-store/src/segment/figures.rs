//! Segments of figures: one row a key and point of time, sorted by key and time; but of minutes all keys of a business transaction, or
//! of all together, come ten minutes by ten, so that a few minutes of an hour are found without reading the others. Older ones are
//! sorted by other orders: nothing but how much is read may depend on it.
//!
//! The 10-minute and hourly tables have the columns of [`MINUTES`] besides: how the minutes behind a row spread, for
//! baselines. Segments of format 1 have only the first two of them, in every table.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{array::ArrayRef, record_batch::RecordBatch};
use model::{
    figure::{Figure, FigureKey, Minutes, Scope},
    id::EntityId,
    time::Minute,
};
use parquet::{
    arrow::arrow_reader::{RowSelection, RowSelector},
    basic::Encoding,
};

use super::{
    Group, Opened, SegmentError,
    column::{Binary, F64, I64, U8, U32, column, optional},
    encode,
    pages::{Needed, Pages, Pruning},
    properties, with_page_statistics,
};
use crate::reader::Detail;

/// Figures by key and point of time.
pub type Figures = BTreeMap<(FigureKey, Minute), Figure>;

/// The columns of rolled-up rows, in the order of [`parts`].
const MINUTES: [&str; 10] = [
    "minutes",
    "calls_squares",
    "errors_squares",
    "http_errors_squares",
    "slow_squares",
    "very_slow_squares",
    "stall_squares",
    "timed_minutes",
    "average_sum",
    "average_squares",
];

fn parts(minutes: &Minutes) -> [f64; 10] {
    [
        minutes.count,
        minutes.calls_squares,
        minutes.errors_squares,
        minutes.http_errors_squares,
        minutes.slow_squares,
        minutes.very_slow_squares,
        minutes.stall_squares,
        minutes.timed_count,
        minutes.average_sum,
        minutes.average_squares,
    ]
}

fn of_parts(parts: [f64; 10]) -> Option<Box<Minutes>> {
    let [count, calls, errors, http_errors, slow, very_slow, stall, timed, sum, squares] = parts;
    let minutes = Minutes {
        count,
        calls_squares: calls,
        errors_squares: errors,
        http_errors_squares: http_errors,
        slow_squares: slow,
        very_slow_squares: very_slow,
        stall_squares: stall,
        timed_count: timed,
        average_sum: sum,
        average_squares: squares,
    };
    (minutes != Minutes::default()).then(|| Box::new(minutes))
}

/// What rows are found by.
const BOUNDED: [&str; 6] = ["scope", "application", "subject", "peer", "bt", "minute"];

/// What a figure is of, and when.
const KEY: [&str; 6] = ["scope", "application", "subject", "peer", "bt", "minute"];
/// What is read of it, by [`Detail`].
const COUNTS: [&str; 8] =
    ["calls", "errors", "http_errors", "slow", "very_slow", "stall", "timed", "spans"];
const TIMES: [&str; 6] = ["sum", "sum_squares", "min", "max", "last", "last_at"];

/// Columns in which hardly a value comes twice. A dictionary of theirs would be as large as they are, and be read whole for
/// every single row.
const DISTINCT: [&str; 9] = [
    "sum",
    "sum_squares",
    "min",
    "max",
    "last",
    "last_at",
    "histogram",
    "average_sum",
    "average_squares",
];

const ROW_GROUP: usize = 16 * 1024;
const CHUNK: usize = 16 * 1024;
/// A question is often about a few entities only.
const PAGE_ROWS: usize = 1024;
/// Minutes of a business transaction that lie together.
const TOGETHER: u32 = 10;
/// So many pages that hold other entities than those wanted are read whole: less is not worth reading keys first.
const FEW_PAGES: usize = 2;

/// Encodes figures; there is at least one.
///
/// # Errors
/// Only when Parquet itself fails.
pub fn encode_figures(rows: &Figures) -> Result<Vec<u8>, SegmentError> {
    let mut all: Vec<(&(FigureKey, Minute), &Figure)> = rows.iter().collect();
    let rolled_up = all.iter().any(|(_, figure)| figure.minutes.is_some());
    if !rolled_up {
        // What is equal by this stays in the order of keys and minutes.
        all.sort_by_key(|((key, at), _)| (key.scope, key.application, key.bt, at.0 / TOGETHER));
    }
    let batches: Vec<RecordBatch> =
        all.chunks(CHUNK).map(|rows| batch_of(rows, rolled_up)).collect();
    let properties = with_page_statistics(properties(rows.len()), &BOUNDED)
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_max_row_group_row_count(Some(ROW_GROUP));
    let properties = DISTINCT.iter().fold(properties, |properties, &name| {
        properties
            .set_column_dictionary_enabled(name.into(), false)
            .set_column_encoding(name.into(), Encoding::PLAIN)
    });
    encode(&batches, properties.build())
}

fn batch_of(rows: &[(&(FigureKey, Minute), &Figure)], rolled_up: bool) -> RecordBatch {
    let key_u32 = |get: fn(&FigureKey) -> u32| -> ArrayRef {
        Arc::new(U32::from_iter_values(rows.iter().map(|((key, _), _)| get(key))))
    };
    let number = |get: fn(&Figure) -> f64| -> ArrayRef {
        Arc::new(F64::from_iter_values(rows.iter().map(|(_, figure)| get(figure))))
    };
    let maybe = |get: fn(&Figure) -> Option<f64>| -> ArrayRef {
        Arc::new(F64::from_iter(rows.iter().map(|(_, figure)| get(figure))))
    };
    let histogram = |figure: &Figure| {
        let mut bytes = Vec::new();
        figure.histogram.encode(&mut bytes);
        bytes
    };
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("scope", Arc::new(U8::from_iter_values(rows.iter().map(|((key, _), _)| key.scope as u8)))),
        ("application", key_u32(|key| key.application.0)),
        ("subject", key_u32(|key| key.subject.0)),
        ("peer", key_u32(|key| key.peer.0)),
        ("bt", key_u32(|key| key.bt.0)),
        ("minute", Arc::new(U32::from_iter_values(rows.iter().map(|((_, at), _)| at.0)))),
        ("calls", number(|figure| figure.calls)),
        ("errors", number(|figure| figure.errors)),
        ("http_errors", number(|figure| figure.http_errors)),
        ("slow", number(|figure| figure.slow)),
        ("very_slow", number(|figure| figure.very_slow)),
        ("stall", number(|figure| figure.stall)),
        ("timed", number(|figure| figure.timed)),
        ("spans", number(|figure| figure.spans)),
        ("sum", number(|figure| figure.sum)),
        ("sum_squares", number(|figure| figure.sum_squares)),
        ("min", maybe(|figure| figure.min)),
        ("max", maybe(|figure| figure.max)),
        ("last", maybe(|figure| figure.last)),
        (
            "last_at",
            Arc::new(I64::from_iter_values(rows.iter().map(|(_, figure)| figure.last_at_ms))),
        ),
        (
            "histogram",
            Arc::new(Binary::from_iter_values(rows.iter().map(|(_, figure)| histogram(figure)))),
        ),
    ];
    for (at, name) in MINUTES.into_iter().enumerate().filter(|_| rolled_up) {
        let part = |figure: &Figure| figure.minutes.as_deref().map_or(0.0, |m| parts(m)[at]);
        columns.push((
            name,
            Arc::new(F64::from_iter_values(rows.iter().map(|(_, figure)| part(figure)))),
        ));
    }
    // `try_from_iter` takes a column for nullable when its first batch has a null; all batches must agree.
    let nullable = |name: &str| matches!(name, "min" | "max" | "last");
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, nullable(name))),
    )
    .expect("all columns have one value a row")
}

/// Gives each row that matches to `each`; pages of others are passed over.
///
/// # Errors
/// When the file cannot be read or lacks a column.
pub fn each_figure(
    segment: &Opened,
    wanted: &Wanted<'_>,
    mut each: impl FnMut(FigureKey, Minute, &Figure),
) -> Result<(), SegmentError> {
    let mut room = Figure::default();
    let may_hold = wanted.alternatives();
    for (group, metadata) in segment.footer.metadata().row_groups().iter().enumerate() {
        let bounds = Group(metadata);
        let in_group = |all: &Vec<Needed>| {
            all.iter().all(|(name, first, last)| bounds.may_hold(name, *first, *last))
        };
        if !may_hold.iter().any(in_group) {
            continue;
        }
        let (mut selection, mixed) = pages_of(segment, group, &may_hold, wanted);
        if mixed > FEW_PAGES {
            selection = matching(segment, group, selection, wanted)?;
        }
        if !selection.selects_any() {
            continue;
        }
        let read = match wanted.detail {
            Detail::Counts => segment.part(group, selection, &[&KEY[..], &COUNTS].concat()),
            Detail::Times => segment.part(group, selection, &[&KEY[..], &COUNTS, &TIMES].concat()),
            Detail::Minutes => {
                let columns = [&KEY[..], &COUNTS, &TIMES, &MINUTES].concat();
                segment.part(group, selection, &columns)
            }
            Detail::Whole if wanted.with_minutes => segment.whole_rows(group, selection),
            Detail::Whole => {
                let columns = [&KEY[..], &COUNTS, &TIMES, &["histogram"]].concat();
                segment.part(group, selection, &columns)
            }
        };
        for batch in read? {
            let batch = batch.map_err(|source| segment.failed(source.into()))?;
            rows_of(&batch, wanted, &mut room, &mut each).ok_or_else(|| segment.lacks_column())?;
        }
    }
    Ok(())
}

/// The rows of the pages that may hold all of any alternative, and how many of these pages hold other entities besides, as far as
/// is known; all rows where pages are not known.
fn pages_of(
    segment: &Opened,
    group: usize,
    may_hold: &[Vec<Needed>],
    wanted: &Wanted<'_>,
) -> (RowSelection, usize) {
    let rows = segment.rows_of_group(group);
    let pages = Pages::of(segment, group);
    let named = wanted.named();
    let Some(minutes) = pages.of_column("minute") else {
        let pages = if named.is_empty() { 0 } else { rows.div_ceil(PAGE_ROWS) };
        return (RowSelection::from(vec![RowSelector::select(rows)]), pages);
    };
    let prunings: Vec<Pruning> = may_hold.iter().map(|all| Pruning::of(&pages, all)).collect();
    let of_named = Pruning::of(&pages, &named);
    let is_known = of_named.columns() == named.len();
    let mut mixed = 0;
    let wanted = minutes
        .into_iter()
        .map(|page| page.rows)
        .filter(|rows| prunings.iter().any(|pruning| pruning.may_hold(rows)))
        .inspect(|rows| mixed += usize::from(!is_known || !of_named.holds_only(rows)));
    let selection = RowSelection::from_consecutive_ranges(wanted, rows);
    (selection, mixed)
}

/// Of some rows those of the entities that are named, by the columns of these alone.
fn matching(
    segment: &Opened,
    group: usize,
    selection: RowSelection,
    wanted: &Wanted<'_>,
) -> Result<RowSelection, SegmentError> {
    let named = wanted.named();
    let names: Vec<&str> = named.iter().map(|(name, ..)| *name).collect();
    let mut picked = Vec::with_capacity(selection.row_count());
    for batch in segment.part(group, selection.clone(), &names)? {
        let batch = batch.map_err(|source| segment.failed(source.into()))?;
        let columns = names.iter().map(|name| column::<U32>(&batch, name));
        let columns: Vec<&U32> =
            columns.collect::<Option<_>>().ok_or_else(|| segment.lacks_column())?;
        let is_named = |at: usize| {
            let mut all = columns.iter().zip(&named);
            all.all(|(column, (_, id, _))| u64::from(column.value(at)) == *id)
        };
        picked.extend((0..batch.num_rows()).map(is_named));
    }
    Ok(selection.and_then(&RowSelection::from_filters(&[picked.into()])))
}

/// Which rows a query can use.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// [`EntityId::NONE`]: all.
    pub application: EntityId,
    /// All when empty.
    pub scopes: &'a [Scope],
    pub subject: Option<EntityId>,
    pub peer: Option<EntityId>,
    pub bt: Option<EntityId>,
    pub first: Minute,
    /// Exclusive.
    pub end: Minute,
    pub detail: Detail,
    /// Whether [`Detail::Whole`] tells how minutes spread as well.
    pub with_minutes: bool,
}

impl Wanted<'_> {
    /// Every row.
    pub const ALL: Wanted<'static> = Wanted {
        application: EntityId::NONE,
        scopes: &[],
        subject: None,
        peer: None,
        bt: None,
        first: Minute(0),
        end: Minute(u32::MAX),
        detail: Detail::Whole,
        with_minutes: true,
    };

    /// What a page has to hold, for each scope.
    fn alternatives(&self) -> Vec<Vec<Needed>> {
        let is = |name, id: EntityId| (name, u64::from(id.0), u64::from(id.0));
        let mut common =
            vec![("minute", u64::from(self.first.0), u64::from(self.end.0).saturating_sub(1))];
        common.extend(self.application.some().map(|id| is("application", id)));
        common.extend(self.named());
        if self.scopes.is_empty() {
            return vec![common];
        }
        let of_scope = |scope: &Scope| {
            let scope = ("scope", *scope as u64, *scope as u64);
            common.iter().copied().chain([scope]).collect()
        };
        self.scopes.iter().map(of_scope).collect()
    }

    /// Whose rows alone are wanted.
    fn named(&self) -> Vec<Needed> {
        let named = [("subject", self.subject), ("peer", self.peer), ("bt", self.bt)];
        let is = |(name, id): (_, Option<EntityId>)| {
            id.map(|EntityId(id)| (name, u64::from(id), u64::from(id)))
        };
        named.into_iter().filter_map(is).collect()
    }

    fn takes(&self, key: &FigureKey, at: Minute) -> bool {
        (self.application.is_none() || key.application == self.application)
            && (self.scopes.is_empty() || self.scopes.contains(&key.scope))
            && self.subject.is_none_or(|subject| key.subject == subject)
            && self.peer.is_none_or(|peer| key.peer == peer)
            && self.bt.is_none_or(|bt| key.bt == bt)
            && self.first <= at
            && at < self.end
    }
}

fn rows_of(
    batch: &RecordBatch,
    wanted: &Wanted<'_>,
    figure: &mut Figure,
    each: &mut impl FnMut(FigureKey, Minute, &Figure),
) -> Option<()> {
    let keys = Keys::of(batch)?;
    let counts = Counts::of(batch)?;
    let times = match wanted.detail {
        Detail::Counts => None,
        Detail::Times | Detail::Minutes | Detail::Whole => Some(Times::of(batch)?),
    };
    let histogram = match wanted.detail {
        Detail::Counts | Detail::Times | Detail::Minutes => None,
        Detail::Whole => Some(column::<Binary>(batch, "histogram")?),
    };
    let minutes = match wanted.detail {
        Detail::Counts | Detail::Times => None,
        Detail::Whole if !wanted.with_minutes => None,
        Detail::Minutes | Detail::Whole => Some(MINUTES.map(|name| column::<F64>(batch, name))),
    };
    for at in 0..batch.num_rows() {
        let (key, time) = keys.read(at)?;
        if !wanted.takes(&key, time) {
            continue;
        }
        counts.read(at, figure);
        if let Some(times) = &times {
            times.read(at, figure);
        }
        if let Some(histogram) = histogram {
            // Nothing where it is damaged.
            figure.histogram.read(histogram.value(at))?;
        }
        if let Some(minutes) = &minutes {
            let part = |part: Option<&F64>| part.map_or(0.0, |part| part.value(at));
            figure.minutes = of_parts(minutes.map(part));
        }
        each(key, time, figure);
    }
    Some(())
}

/// The columns of [`KEY`].
struct Keys<'a> {
    scope: &'a U8,
    numbers: [&'a U32; 5],
}

impl Keys<'_> {
    fn of(batch: &RecordBatch) -> Option<Keys<'_>> {
        let [scope, numbers @ ..] = KEY;
        let numbers = all(numbers.map(|name| column(batch, name)))?;
        Some(Keys { scope: column(batch, scope)?, numbers })
    }

    /// Nothing where it is damaged.
    fn read(&self, at: usize) -> Option<(FigureKey, Minute)> {
        let [application, subject, peer, bt, minute] = self.numbers.map(|column| column.value(at));
        let key = FigureKey {
            scope: Scope::from_number(self.scope.value(at))?,
            application: EntityId(application),
            subject: EntityId(subject),
            peer: EntityId(peer),
            bt: EntityId(bt),
        };
        Some((key, Minute(minute)))
    }
}

/// The columns of [`COUNTS`].
struct Counts<'a>([&'a F64; 8]);

impl Counts<'_> {
    fn of(batch: &RecordBatch) -> Option<Counts<'_>> {
        all(COUNTS.map(|name| column(batch, name))).map(Counts)
    }

    fn read(&self, at: usize, figure: &mut Figure) {
        let [calls, errors, http_errors, slow, very_slow, stall, timed, spans] =
            self.0.map(|column| column.value(at));
        (figure.calls, figure.errors, figure.http_errors) = (calls, errors, http_errors);
        (figure.slow, figure.very_slow, figure.stall) = (slow, very_slow, stall);
        (figure.timed, figure.spans) = (timed, spans);
    }
}

/// The columns of [`TIMES`].
struct Times<'a> {
    numbers: [&'a F64; 5],
    last_at: &'a I64,
}

impl Times<'_> {
    fn of(batch: &RecordBatch) -> Option<Times<'_>> {
        let [numbers @ .., last_at] = TIMES;
        let numbers = all(numbers.map(|name| column(batch, name)))?;
        Some(Times { numbers, last_at: column(batch, last_at)? })
    }

    fn read(&self, at: usize, figure: &mut Figure) {
        let [sum, sum_squares, min, max, last] = self.numbers;
        (figure.sum, figure.sum_squares) = (sum.value(at), sum_squares.value(at));
        figure.min = optional(min, at);
        figure.max = optional(max, at);
        figure.last = optional(last, at);
        figure.last_at_ms = self.last_at.value(at);
    }
}

/// All of them, if there are.
fn all<A, const N: usize>(columns: [Option<&A>; N]) -> Option<[&A; N]> {
    columns.into_iter().collect::<Option<Vec<&A>>>()?.try_into().ok()
}

#[cfg(test)]
mod tests;
