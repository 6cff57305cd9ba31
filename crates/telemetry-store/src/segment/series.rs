//! Segments of metric series: one row says who and what the samples of an id are, by application, tier, name and id, and
//! what those of them count for that are counted samples ([`super::counted`]).
//!
//! A series has a row in each UTC day that it has samples of, so that days can be dropped and a range needs only its own.

mod named;

use std::{borrow::Borrow, sync::Arc};

use arrow::{array::ArrayRef, record_batch::RecordBatch};
use model::id::EntityId;

pub use self::named::{each_metric, each_named};
use super::metrics::{SeriesKey, SeriesName, Wanted};
use super::{
    Opened, SegmentError,
    column::{Binary, F64, Text, U8, U32, U64, column},
    properties, with_statistics, writer,
};
use crate::reader::{Instrument, Series};

/// Small, so that a tier costs little to read.
const ROW_GROUP: usize = 8 * 1024;
const BATCH: usize = 8 * 1024;

/// A series on its way into a segment.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesRow {
    pub id: u64,
    pub application: EntityId,
    pub tier: EntityId,
    pub node: EntityId,
    pub instrument: Instrument,
    /// Samples are what was added since the one before.
    pub is_delta: bool,
    pub name: String,
    pub unit: String,
    pub scope: String,
    /// In [`crate::attribute`]'s format.
    pub attributes: Vec<u8>,
    /// An instant of the day it is of, Unix nanoseconds.
    pub at_ns: u64,
    /// Part of what the id is made of; nothing where none of its samples are counted ones.
    pub counts: Option<Counts>,
}

/// What counted samples of a series count for.
#[derive(Clone, Debug, PartialEq)]
pub struct Counts {
    pub name: Arc<SeriesName>,
    /// What a counted value is multiplied with.
    pub factor: f64,
}

/// A series of counted samples.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    pub(crate) id: u64,
    pub(crate) key: SeriesKey,
    pub(crate) factor: f64,
}

impl SeriesRow {
    /// Its order in a segment.
    pub(crate) fn order(&self) -> (EntityId, EntityId, &str, u64) {
        (self.application, self.tier, &self.name, self.id)
    }

    /// What its counted samples count for.
    pub(crate) fn counted(&self) -> Option<Counted> {
        let counts = self.counts.as_ref()?;
        let (application, tier, node) = (self.application, self.tier, self.node);
        let key = SeriesKey { application, tier, node, name: Arc::clone(&counts.name) };
        Some(Counted { id: self.id, key, factor: counts.factor })
    }

    /// Whether both are the same series, and no two with the same id by chance.
    pub(crate) fn is_same(&self, other: &SeriesRow) -> bool {
        let of = |row: &SeriesRow| (row.node, row.instrument, row.is_delta);
        self.order() == other.order()
            && of(self) == of(other)
            && self.scope == other.scope
            && self.attributes == other.attributes
    }

    /// About how much memory it takes.
    pub(crate) fn memory(&self) -> usize {
        let texts = self.name.len() + self.unit.len() + self.scope.len();
        size_of::<SeriesRow>() + texts + self.attributes.len()
    }

    /// As readers see it.
    pub(crate) fn to_series(&self) -> Series {
        Series {
            id: self.id,
            application: self.application,
            tier: self.tier,
            node: self.node,
            instrument: self.instrument,
            is_delta: self.is_delta,
            name: self.name.clone(),
            unit: self.unit.clone(),
            scope: self.scope.clone(),
            attributes: crate::attribute::owned_list(&self.attributes),
        }
    }
}

/// Encodes series; there is at least one.
///
/// # Errors
/// Only when Parquet itself fails.
pub fn encode_series<R: Borrow<SeriesRow>>(rows: &mut [R]) -> Result<Vec<u8>, SegmentError> {
    rows.sort_by(|a, b| a.borrow().order().cmp(&b.borrow().order()));
    let properties = with_statistics(properties(rows.len()), &["application", "tier"])
        .set_column_dictionary_enabled("id".into(), false)
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .build();
    let mut writer = writer(Vec::new(), batch_of::<R>(&[]).schema(), properties)?;
    for rows in rows.chunks(BATCH) {
        writer.write(&batch_of(rows)).map_err(SegmentError::Encode)?;
    }
    writer.into_inner().map_err(SegmentError::Encode)
}

fn batch_of<R: Borrow<SeriesRow>>(rows: &[R]) -> RecordBatch {
    let rows: Vec<&SeriesRow> = rows.iter().map(Borrow::borrow).collect();
    let u32s = |get: fn(&SeriesRow) -> u32| -> ArrayRef {
        Arc::new(U32::from_iter_values(rows.iter().map(|row| get(row))))
    };
    let u64s = |get: fn(&SeriesRow) -> u64| -> ArrayRef {
        Arc::new(U64::from_iter_values(rows.iter().map(|row| get(row))))
    };
    let u8s = |get: fn(&SeriesRow) -> u8| -> ArrayRef {
        Arc::new(U8::from_iter_values(rows.iter().map(|row| get(row))))
    };
    let texts = |get: fn(&SeriesRow) -> &str| -> ArrayRef {
        Arc::new(Text::from_iter_values(rows.iter().map(|row| get(row))))
    };
    let attributes = Binary::from_iter_values(rows.iter().map(|row| row.attributes.as_slice()));
    let path: fn(&SeriesRow) -> &str =
        |row| row.counts.as_ref().map_or("", |counts| counts.name.path());
    let path_unit: fn(&SeriesRow) -> &str =
        |row| row.counts.as_ref().map_or("", |counts| counts.name.unit());
    let factor = |row: &&SeriesRow| row.counts.as_ref().map_or(0.0, |counts| counts.factor);
    let columns: [(&str, ArrayRef); 14] = [
        ("id", u64s(|row| row.id)),
        ("application", u32s(|row| row.application.0)),
        ("tier", u32s(|row| row.tier.0)),
        ("node", u32s(|row| row.node.0)),
        ("instrument", u8s(|row| row.instrument as u8)),
        ("delta", u8s(|row| u8::from(row.is_delta))),
        ("name", texts(|row| &row.name)),
        ("unit", texts(|row| &row.unit)),
        ("scope", texts(|row| &row.scope)),
        ("attributes", Arc::new(attributes)),
        ("at", u64s(|row| row.at_ns)),
        ("path", texts(path)),
        ("path_unit", texts(path_unit)),
        ("factor", Arc::new(F64::from_iter_values(rows.iter().map(factor)))),
    ];
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, false)),
    )
    .expect("all columns have one value a row")
}

/// Gives each series of an application (of all, without one), and some others, to `each`.
///
/// # Errors
/// When the file cannot be read or lacks a column.
pub fn each_series(
    segment: &Opened,
    application: Option<EntityId>,
    mut each: impl FnMut(SeriesRow),
) -> Result<(), SegmentError> {
    let application = application.map(|id| id.0);
    segment.each_batch_of(
        |group| group.may_equal("application", application),
        |batch| rows_of(batch, &mut each),
    )
}

fn rows_of(batch: &RecordBatch, each: &mut impl FnMut(SeriesRow)) -> Option<()> {
    let u32s = |name| column::<U32>(batch, name);
    let [application, tier, node] = [u32s("application")?, u32s("tier")?, u32s("node")?];
    let texts = |name| column::<Text>(batch, name);
    let [name, unit, scope] = [texts("name")?, texts("unit")?, texts("scope")?];
    let [instrument, delta] = [column::<U8>(batch, "instrument")?, column::<U8>(batch, "delta")?];
    let [id, at_ns] = [column::<U64>(batch, "id")?, column::<U64>(batch, "at")?];
    let attributes: &Binary = column(batch, "attributes")?;
    let mut counting = Counting::of(batch);
    for at in 0..batch.num_rows() {
        each(SeriesRow {
            id: id.value(at),
            application: EntityId(application.value(at)),
            tier: EntityId(tier.value(at)),
            node: EntityId(node.value(at)),
            instrument: Instrument::from_number(instrument.value(at))?,
            is_delta: delta.value(at) != 0,
            name: name.value(at).to_owned(),
            unit: unit.value(at).to_owned(),
            scope: scope.value(at).to_owned(),
            attributes: attributes.value(at).to_vec(),
            at_ns: at_ns.value(at),
            counts: counting.as_mut().and_then(|counting| counting.at(at)),
        });
    }
    Some(())
}

/// The columns that say what counted samples count for; not in segments before format 4.
struct Counting<'b> {
    path: &'b Text,
    unit: &'b Text,
    factor: &'b F64,
    /// The last one, which is often the next one too.
    name: Arc<SeriesName>,
}

impl<'b> Counting<'b> {
    fn of(batch: &'b RecordBatch) -> Option<Counting<'b>> {
        Some(Counting {
            path: column(batch, "path")?,
            unit: column(batch, "path_unit")?,
            factor: column(batch, "factor")?,
            name: SeriesName::new("", ""),
        })
    }

    fn at(&mut self, at: usize) -> Option<Counts> {
        let (path, unit) = (self.path.value(at), self.unit.value(at));
        if path.is_empty() {
            return None;
        }
        if self.name.path() != path || self.name.unit() != unit {
            self.name = SeriesName::new(path, unit);
        }
        Some(Counts { name: Arc::clone(&self.name), factor: self.factor.value(at) })
    }
}

/// Gives each series of counted samples that may be wanted, and some others, to `each`.
///
/// # Errors
/// When the file cannot be read or lacks a column.
pub(crate) fn each_counted(
    segment: &Opened,
    wanted: &Wanted,
    mut each: impl FnMut(Counted),
) -> Result<(), SegmentError> {
    const COLUMNS: [&str; 7] = ["id", "application", "tier", "node", "path", "path_unit", "factor"];
    segment.each_batch_with(
        &COLUMNS,
        |group| wanted.may_be_in(group),
        |batch| {
            let Some(mut counting) = Counting::of(batch) else { return Some(()) };
            let u32s = |name| column::<U32>(batch, name);
            let [application, tier, node] = [u32s("application")?, u32s("tier")?, u32s("node")?];
            let id = column::<U64>(batch, "id")?;
            for at in 0..batch.num_rows() {
                let Some(Counts { name, factor }) = counting.at(at) else { continue };
                let key = SeriesKey {
                    application: EntityId(application.value(at)),
                    tier: EntityId(tier.value(at)),
                    node: EntityId(node.value(at)),
                    name,
                };
                each(Counted { id: id.value(at), key, factor });
            }
            Some(())
        },
    )
}

#[cfg(test)]
mod tests;
