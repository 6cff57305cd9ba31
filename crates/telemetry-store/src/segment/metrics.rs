//! Segments of metric points: one row a series and point of time, sorted by path, node and time.
//!
//! The series' name stands in each row: sorted and dictionary-encoded it takes a few bytes a segment, and a segment can be
//! read without a second table. A series' id is [`series_id`] of it. The rolled-up tables have three columns more; segments
//! of format 1 have neither those nor `squares` and `last_at`.

use std::{
    cmp::Ordering,
    collections::BTreeMap,
    hash::{Hash, Hasher},
    io::Write,
    sync::Arc,
};

use arrow::{array::ArrayRef, record_batch::RecordBatch};
use model::{id::EntityId, time::Minute};
use parquet::arrow::ArrowWriter;
use twox_hash::XxHash3_64;

use super::{
    Group, Opened, SegmentError,
    column::{F64, I64, Text, U32, column},
    properties, with_statistics, writer,
};
use crate::reader::MetricPoint;

/// Whose metric it is, and which.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesKey {
    pub application: EntityId,
    pub tier: EntityId,
    pub node: EntityId,
    pub name: Arc<SeriesName>,
}

impl SeriesKey {
    /// The metric path below the node.
    pub fn path(&self) -> &str {
        &self.name.path
    }

    /// Its unit.
    pub fn unit(&self) -> &str {
        &self.name.unit
    }
}

/// A metric path and its unit, which are compared and hashed for every sample: the hash is known, and the same name is
/// mostly the same memory.
#[derive(Debug)]
pub struct SeriesName {
    path: Box<str>,
    unit: Box<str>,
    hash: u64,
}

impl SeriesName {
    /// A name to be shared.
    pub fn new(path: &str, unit: &str) -> Arc<SeriesName> {
        let hash =
            XxHash3_64::oneshot_with_seed(XxHash3_64::oneshot(unit.as_bytes()), path.as_bytes());
        Arc::new(SeriesName { path: path.into(), unit: unit.into(), hash })
    }

    /// The metric path below the node.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The unit of its values.
    pub fn unit(&self) -> &str {
        &self.unit
    }
}

impl PartialEq for SeriesName {
    fn eq(&self, other: &SeriesName) -> bool {
        std::ptr::eq(self, other)
            || (self.hash == other.hash && self.path == other.path && self.unit == other.unit)
    }
}

impl Eq for SeriesName {}

impl Hash for SeriesName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Ord for SeriesName {
    fn cmp(&self, other: &SeriesName) -> Ordering {
        if std::ptr::eq(self, other) {
            return Ordering::Equal;
        }
        self.path.cmp(&other.path).then_with(|| self.unit.cmp(&other.unit))
    }
}

impl PartialOrd for SeriesName {
    fn partial_cmp(&self, other: &SeriesName) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What a series was in a point of time, merged.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    pub count: f64,
    pub sum: f64,
    /// Of the samples' squares.
    pub squares: f64,
    pub min: f64,
    pub max: f64,
    pub last: f64,
    /// Unix milliseconds of the last one.
    pub last_at_ms: i64,
    /// In rolled-up points: minutes behind it, the sum of their values and of the squares of those. A minute's value is
    /// the sum of its samples where the unit says so ([`model::metric_table::is_sum`]), else their mean.
    pub minutes: f64,
    pub minutes_sum: f64,
    pub minutes_squares: f64,
}

impl Point {
    /// One value, measured at a time in Unix milliseconds.
    pub fn of(value: f64, at_ms: i64) -> Point {
        Point::of_many(1.0, value, at_ms)
    }

    /// So many values of one size.
    pub fn of_many(count: f64, value: f64, at_ms: i64) -> Point {
        Point {
            count,
            sum: value * count,
            squares: value * value * count,
            min: value,
            max: value,
            last: value,
            last_at_ms: at_ms,
            ..Point::default()
        }
    }

    /// Adds another point of the same series and time.
    pub fn merge(&mut self, other: &Point) {
        if self.count == 0.0 {
            *self = *other;
            return;
        }
        self.count += other.count;
        self.sum += other.sum;
        self.squares += other.squares;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        if other.last_at_ms >= self.last_at_ms {
            (self.last, self.last_at_ms) = (other.last, other.last_at_ms);
        }
        self.minutes += other.minutes;
        self.minutes_sum += other.minutes_sum;
        self.minutes_squares += other.minutes_squares;
    }

    /// As part of a rolled-up point, in which it is one minute.
    pub(crate) fn as_minute(&self, is_sum: bool) -> Point {
        let value = self.value(is_sum);
        Point { minutes: 1.0, minutes_sum: value, minutes_squares: value * value, ..*self }
    }

    /// As part of a rolled-up point in which its minute stands already, with `before` in it.
    pub(crate) fn as_more_of(&self, before: &Point, is_sum: bool) -> Point {
        let mut whole = *before;
        whole.merge(self);
        let (old, new) = (before.value(is_sum), whole.value(is_sum));
        Point {
            minutes: 0.0,
            minutes_sum: new - old,
            minutes_squares: new * new - old * old,
            ..*self
        }
    }

    fn value(&self, is_sum: bool) -> f64 {
        if is_sum { self.sum } else { self.sum / self.count }
    }

    /// As readers see it.
    pub fn at(&self, at: Minute) -> MetricPoint {
        MetricPoint {
            at,
            count: self.count,
            sum: self.sum,
            min: self.min,
            max: self.max,
            last: self.last,
            last_at_ms: self.last_at_ms,
        }
    }
}

/// Points by series and time.
pub type Points = BTreeMap<(SeriesKey, Minute), Point>;

/// One of them.
pub type PointRow<'p> = (&'p SeriesKey, Minute, &'p Point);

/// Each of them, in order.
pub fn rows_in(points: &Points) -> Vec<PointRow<'_>> {
    points.iter().map(|((key, minute), point)| (key, *minute, point)).collect()
}

/// XXH3-64 over the parts of the key.
pub fn series_id(account: u32, key: &SeriesKey) -> u64 {
    let mut hasher = XxHash3_64::with_seed(0);
    hasher.write_u32(account);
    hasher.write_u32(key.application.0);
    hasher.write_u32(key.tier.0);
    hasher.write_u32(key.node.0);
    hasher.write(key.path().as_bytes());
    hasher.finish()
}

/// Small, so that a tier costs little to read.
const ROW_GROUP: usize = 16 * 1024;
const CHUNK: usize = 16 * 1024;

/// Encodes points, no two of one series and time; there is at least one.
///
/// # Errors
/// Only when Parquet itself fails.
pub fn encode_points(rows: &mut [PointRow<'_>]) -> Result<Vec<u8>, SegmentError> {
    rows.sort_unstable_by_key(|(key, minute, _)| (*key, *minute));
    let rolled_up = rows.iter().any(|(.., point)| point.minutes != 0.0 || point.minutes_sum != 0.0);
    let mut writer = PointWriter::new(Vec::new(), rows.len(), rolled_up)?;
    writer.write(rows)?;
    writer.finish()
}

/// Writes a segment of points while they are made.
pub(crate) struct PointWriter<W: Write + Send> {
    writer: ArrowWriter<W>,
    rolled_up: bool,
}

impl<W: Write + Send> PointWriter<W> {
    /// Begins a segment of about so many points.
    ///
    /// # Errors
    /// Only when Parquet itself fails.
    pub(crate) fn new(
        out: W,
        rows: usize,
        rolled_up: bool,
    ) -> Result<PointWriter<W>, SegmentError> {
        let properties = with_statistics(properties(rows), &["application", "tier"])
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .build();
        let writer = writer(out, batch_of(&[], rolled_up).schema(), properties)?;
        Ok(PointWriter { writer, rolled_up })
    }

    /// Adds points, which come in order of series and time and after those before.
    ///
    /// # Errors
    /// When Parquet fails, or what it is written to.
    pub(crate) fn write(&mut self, rows: &[PointRow<'_>]) -> Result<(), SegmentError> {
        rows.chunks(CHUNK).try_for_each(|rows| {
            self.writer.write(&batch_of(rows, self.rolled_up)).map_err(SegmentError::Encode)
        })
    }

    /// Where the whole segment was written to.
    ///
    /// # Errors
    /// As [`PointWriter::write`].
    pub(crate) fn finish(self) -> Result<W, SegmentError> {
        self.writer.into_inner().map_err(SegmentError::Encode)
    }
}

fn batch_of(rows: &[PointRow<'_>], rolled_up: bool) -> RecordBatch {
    let ids = |get: fn(&SeriesKey) -> u32| -> ArrayRef {
        Arc::new(U32::from_iter_values(rows.iter().map(|(key, ..)| get(key))))
    };
    let values = |get: fn(&Point) -> f64| -> ArrayRef {
        Arc::new(F64::from_iter_values(rows.iter().map(|(.., point)| get(point))))
    };
    let last_at = rows.iter().map(|(.., point)| point.last_at_ms);
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("application", ids(|key| key.application.0)),
        ("tier", ids(|key| key.tier.0)),
        ("node", ids(|key| key.node.0)),
        ("path", Arc::new(Text::from_iter_values(rows.iter().map(|(key, ..)| key.path())))),
        ("unit", Arc::new(Text::from_iter_values(rows.iter().map(|(key, ..)| key.unit())))),
        ("minute", Arc::new(U32::from_iter_values(rows.iter().map(|(_, at, _)| at.0)))),
        ("count", values(|point| point.count)),
        ("sum", values(|point| point.sum)),
        ("squares", values(|point| point.squares)),
        ("min", values(|point| point.min)),
        ("max", values(|point| point.max)),
        ("last", values(|point| point.last)),
        ("last_at", Arc::new(I64::from_iter_values(last_at))),
    ];
    if rolled_up {
        columns.push(("minutes", values(|point| point.minutes)));
        columns.push(("minutes_sum", values(|point| point.minutes_sum)));
        columns.push(("minutes_squares", values(|point| point.minutes_squares)));
    }
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, false)),
    )
    .expect("all columns have one value a row")
}

/// Which rows a query can use.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub application: Option<EntityId>,
    pub tier: Option<EntityId>,
}

impl Wanted {
    /// Every row.
    pub const ALL: Wanted = Wanted { application: None, tier: None };

    pub(super) fn may_be_in(&self, group: &Group<'_>) -> bool {
        group.may_equal("application", self.application.map(|id| id.0))
            && group.may_equal("tier", self.tier.map(|id| id.0))
    }
}

/// Gives each row that may match, and some others, to `each`.
///
/// # Errors
/// When the file cannot be read or lacks a column.
pub fn each_point(
    segment: &Opened,
    wanted: &Wanted,
    mut each: impl FnMut(SeriesKey, Minute, Point),
) -> Result<(), SegmentError> {
    segment.each_batch_of(|group| wanted.may_be_in(group), |batch| rows_of(batch, &mut each))
}

fn rows_of(batch: &RecordBatch, each: &mut impl FnMut(SeriesKey, Minute, Point)) -> Option<()> {
    let u32s = |name| column::<U32>(batch, name);
    let [application, tier, node, minute] =
        [u32s("application")?, u32s("tier")?, u32s("node")?, u32s("minute")?];
    let values = |name| column::<F64>(batch, name);
    let [count, sum, min, max, last] =
        [values("count")?, values("sum")?, values("min")?, values("max")?, values("last")?];
    let [squares, minutes, minutes_sum, minutes_squares] =
        ["squares", "minutes", "minutes_sum", "minutes_squares"].map(values);
    let last_at = column::<I64>(batch, "last_at");
    let [paths, units] = [column::<Text>(batch, "path")?, column::<Text>(batch, "unit")?];
    let mut name = SeriesName::new("", "");
    for at in 0..batch.num_rows() {
        if paths.value(at) != name.path() || units.value(at) != name.unit() {
            name = SeriesName::new(paths.value(at), units.value(at));
        }
        let key = SeriesKey {
            application: EntityId(application.value(at)),
            tier: EntityId(tier.value(at)),
            node: EntityId(node.value(at)),
            name: Arc::clone(&name),
        };
        let newer = |values: Option<&F64>| values.map_or(0.0, |values| values.value(at));
        let point = Point {
            count: count.value(at),
            sum: sum.value(at),
            squares: newer(squares),
            min: min.value(at),
            max: max.value(at),
            last: last.value(at),
            last_at_ms: last_at.map_or(0, |times| times.value(at)),
            minutes: newer(minutes),
            minutes_sum: newer(minutes_sum),
            minutes_squares: newer(minutes_squares),
        };
        each(key, Minute(minute.value(at)), point);
    }
    Some(())
}

#[cfg(test)]
mod tests;
