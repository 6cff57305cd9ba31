//! Segments of metric series: one row says who and what the samples of an id are, by application, name and id.
//!
//! A series has a row in each UTC day that it has samples of, so that days can be dropped and a range needs only its own.

mod named;

use std::sync::Arc;

use arrow::{array::ArrayRef, record_batch::RecordBatch};
use model::id::EntityId;

pub use self::named::{each_metric, each_named};
use super::{
    Opened, SegmentError,
    column::{Binary, Text, U8, U32, U64, column},
    encode, properties, with_statistics,
};
use crate::reader::{Instrument, Series};

const ROW_GROUP: usize = 32 * 1024;
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
}

impl SeriesRow {
    /// Its order in a segment.
    pub(crate) fn order(&self) -> (EntityId, &str, u64) {
        (self.application, &self.name, self.id)
    }

    /// Whether both are the same series, and no two with the same id by chance.
    pub(crate) fn is_same(&self, other: &SeriesRow) -> bool {
        let of = |row: &SeriesRow| (row.tier, row.node, row.instrument, row.is_delta);
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
pub fn encode_series(rows: &mut [SeriesRow]) -> Result<Vec<u8>, SegmentError> {
    rows.sort_by(|a, b| a.order().cmp(&b.order()));
    let batches: Vec<RecordBatch> = rows.chunks(BATCH).map(batch_of).collect();
    let properties = with_statistics(properties(rows.len()), &["application"])
        .set_column_dictionary_enabled("id".into(), false)
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .build();
    encode(&batches, properties)
}

fn batch_of(rows: &[SeriesRow]) -> RecordBatch {
    let u32s = |get: fn(&SeriesRow) -> u32| -> ArrayRef {
        Arc::new(U32::from_iter_values(rows.iter().map(get)))
    };
    let u64s = |get: fn(&SeriesRow) -> u64| -> ArrayRef {
        Arc::new(U64::from_iter_values(rows.iter().map(get)))
    };
    let u8s = |get: fn(&SeriesRow) -> u8| -> ArrayRef {
        Arc::new(U8::from_iter_values(rows.iter().map(get)))
    };
    let texts = |get: fn(&SeriesRow) -> &str| -> ArrayRef {
        Arc::new(Text::from_iter_values(rows.iter().map(get)))
    };
    let attributes = Binary::from_iter_values(rows.iter().map(|row| row.attributes.as_slice()));
    let columns: [(&str, ArrayRef); 11] = [
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
        });
    }
    Some(())
}

#[cfg(test)]
mod tests;
