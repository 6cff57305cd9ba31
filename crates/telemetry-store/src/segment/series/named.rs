//! Series by the names of their metrics, read without the columns and rows that are not asked for.

use arrow::{array::BooleanArray, record_batch::RecordBatch};
use parquet::arrow::{
    ProjectionMask,
    arrow_reader::{ArrowPredicateFn, RowFilter},
};
use rustc_hash::FxHashSet;

use super::{
    super::{
        Opened, SegmentError,
        column::{Text, U8, column},
    },
    SeriesRow, rows_of,
};
use crate::reader::{Instrument, SampledMetric};

/// Gives the metric of each series to `each`; those of the same one follow one another, and are given once.
///
/// # Errors
/// When the file cannot be read or lacks a column.
pub fn each_metric(
    segment: &Opened,
    mut each: impl FnMut(SampledMetric),
) -> Result<(), SegmentError> {
    let builder = segment.builder();
    let columns = ["name", "unit", "scope", "instrument", "delta"];
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns);
    segment.each_batch_from(builder.with_projection(mask), |batch| metrics_of(batch, &mut each))
}

fn metrics_of(batch: &RecordBatch, each: &mut impl FnMut(SampledMetric)) -> Option<()> {
    let texts = |name| column::<Text>(batch, name);
    let [name, unit, scope] = [texts("name")?, texts("unit")?, texts("scope")?];
    let [instrument, delta] = [column::<U8>(batch, "instrument")?, column::<U8>(batch, "delta")?];
    let place = |at: usize| {
        (name.value(at), unit.value(at), scope.value(at), instrument.value(at), delta.value(at))
    };
    let mut before = None;
    for at in 0..batch.num_rows() {
        let here = Some(place(at));
        if here == before {
            continue;
        }
        before = here;
        each(SampledMetric {
            name: name.value(at).to_owned(),
            unit: unit.value(at).to_owned(),
            scope: scope.value(at).to_owned(),
            instrument: Instrument::from_number(instrument.value(at))?,
            is_delta: delta.value(at) != 0,
        });
    }
    Some(())
}

/// Gives each series of these metrics, of all without names, to `each`.
///
/// # Errors
/// When the file cannot be read or lacks a column.
pub fn each_named(
    segment: &Opened,
    names: Option<&[String]>,
    mut each: impl FnMut(SeriesRow),
) -> Result<(), SegmentError> {
    let mut builder = segment.builder();
    if let Some(names) = names {
        let mask = ProjectionMask::columns(builder.parquet_schema(), ["name"]);
        let names: FxHashSet<String> = names.iter().cloned().collect();
        let wanted = move |batch: RecordBatch| {
            let Some(column) = column::<Text>(&batch, "name") else {
                // Whoever reads the rows says that the column is missing.
                return Ok(BooleanArray::from(vec![true; batch.num_rows()]));
            };
            // Rows are in the order of names: neighbours share one.
            let (mut before, mut is_wanted) = (None, false);
            let mut wanted = Vec::with_capacity(batch.num_rows());
            for name in column.iter() {
                if name != before || before.is_none() {
                    (before, is_wanted) = (name, name.is_some_and(|name| names.contains(name)));
                }
                wanted.push(is_wanted);
            }
            Ok(BooleanArray::from(wanted))
        };
        let filter = RowFilter::new(vec![Box::new(ArrowPredicateFn::new(mask, wanted))]);
        builder = builder.with_row_filter(filter);
    }
    segment.each_batch_from(builder, |batch| rows_of(batch, &mut each))
}
