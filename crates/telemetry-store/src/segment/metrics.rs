//! Segments of metric points: one row a series and point of time, sorted by path, node and time.
//!
//! The series' name stands in each row: sorted and dictionary-encoded it takes a few bytes a segment, and a segment can be
//! read without a second table. A series' id is [`series_id`] of it.

use std::{collections::BTreeMap, hash::Hasher, sync::Arc};

use arrow::{array::ArrayRef, record_batch::RecordBatch};
use model::{id::EntityId, time::Minute};
use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_64;

use super::{
    Opened, SegmentError,
    column::{F64, Text, U32, column},
    encode, properties,
};
use crate::reader::MetricPoint;

/// Whose metric it is, and which.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SeriesKey {
    pub application: EntityId,
    pub tier: EntityId,
    pub node: EntityId,
    /// The metric path below the node.
    pub path: Arc<str>,
    pub unit: Arc<str>,
}

/// What a series was in a point of time, merged.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    pub count: f64,
    pub sum: f64,
    pub min: f64,
    pub max: f64,
    pub last: f64,
}

impl Point {
    /// One value.
    pub fn of(value: f64) -> Point {
        Point { count: 1.0, sum: value, min: value, max: value, last: value }
    }

    /// Adds another point of the same series and time; the other is the newer one.
    pub fn merge(&mut self, other: &Point) {
        if self.count == 0.0 {
            *self = *other;
            return;
        }
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.last = other.last;
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
        }
    }
}

/// Points by series and time.
pub type Points = BTreeMap<(SeriesKey, Minute), Point>;

/// XXH3-64 over the parts of the key.
pub fn series_id(account: u32, key: &SeriesKey) -> u64 {
    let mut hasher = XxHash3_64::with_seed(0);
    hasher.write_u32(account);
    hasher.write_u32(key.application.0);
    hasher.write_u32(key.tier.0);
    hasher.write_u32(key.node.0);
    hasher.write(key.path.as_bytes());
    hasher.finish()
}

const ROW_GROUP: usize = 64 * 1024;
const CHUNK: usize = 16 * 1024;

/// Encodes points; there is at least one.
///
/// # Errors
/// Only when Parquet itself fails.
pub fn encode_points(rows: &Points) -> Result<Vec<u8>, SegmentError> {
    let all: Vec<(&(SeriesKey, Minute), &Point)> = rows.iter().collect();
    let batches: Vec<RecordBatch> = all.chunks(CHUNK).map(batch_of).collect();
    encode(&batches, properties(rows.len()).set_max_row_group_row_count(Some(ROW_GROUP)).build())
}

fn batch_of(rows: &[(&(SeriesKey, Minute), &Point)]) -> RecordBatch {
    let ids = |get: fn(&SeriesKey) -> u32| -> ArrayRef {
        Arc::new(U32::from_iter_values(rows.iter().map(|((key, _), _)| get(key))))
    };
    let values = |get: fn(&Point) -> f64| -> ArrayRef {
        Arc::new(F64::from_iter_values(rows.iter().map(|(_, point)| get(point))))
    };
    let columns: [(&str, ArrayRef); 11] = [
        ("application", ids(|key| key.application.0)),
        ("tier", ids(|key| key.tier.0)),
        ("node", ids(|key| key.node.0)),
        ("path", Arc::new(Text::from_iter_values(rows.iter().map(|((key, _), _)| &*key.path)))),
        ("unit", Arc::new(Text::from_iter_values(rows.iter().map(|((key, _), _)| &*key.unit)))),
        ("minute", Arc::new(U32::from_iter_values(rows.iter().map(|((_, at), _)| at.0)))),
        ("count", values(|point| point.count)),
        ("sum", values(|point| point.sum)),
        ("min", values(|point| point.min)),
        ("max", values(|point| point.max)),
        ("last", values(|point| point.last)),
    ];
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, false)),
    )
    .expect("all columns have one value a row")
}

/// Gives every row to `each`.
///
/// # Errors
/// When the file cannot be read or lacks a column.
pub fn each_point(
    segment: &Opened,
    mut each: impl FnMut(SeriesKey, Minute, Point),
) -> Result<(), SegmentError> {
    segment.each_batch(|batch| rows_of(batch, &mut each))
}

fn rows_of(batch: &RecordBatch, each: &mut impl FnMut(SeriesKey, Minute, Point)) -> Option<()> {
    let u32s = |name| column::<U32>(batch, name);
    let [application, tier, node, minute] =
        [u32s("application")?, u32s("tier")?, u32s("node")?, u32s("minute")?];
    let values = |name| column::<F64>(batch, name);
    let [count, sum, min, max, last] =
        [values("count")?, values("sum")?, values("min")?, values("max")?, values("last")?];
    let [paths, units] = [column::<Text>(batch, "path")?, column::<Text>(batch, "unit")?];
    let mut path: Arc<str> = Arc::from("");
    let mut unit: Arc<str> = Arc::from("");
    for at in 0..batch.num_rows() {
        if paths.value(at) != &*path {
            path = Arc::from(paths.value(at));
        }
        if units.value(at) != &*unit {
            unit = Arc::from(units.value(at));
        }
        let key = SeriesKey {
            application: EntityId(application.value(at)),
            tier: EntityId(tier.value(at)),
            node: EntityId(node.value(at)),
            path: Arc::clone(&path),
            unit: Arc::clone(&unit),
        };
        let point = Point {
            count: count.value(at),
            sum: sum.value(at),
            min: min.value(at),
            max: max.value(at),
            last: last.value(at),
        };
        each(key, Minute(minute.value(at)), point);
    }
    Some(())
}

#[cfg(test)]
mod tests;
