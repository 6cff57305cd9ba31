//! Typed columns of a record batch, by name.

use arrow::{
    array::{
        Array, BinaryArray, Float64Array, Int64Array, StringArray, UInt8Array, UInt32Array,
        UInt64Array,
    },
    record_batch::RecordBatch,
};

/// A column of a name and type; nothing when the batch has none such.
pub(super) fn column<'a, A: Array + 'static>(batch: &'a RecordBatch, name: &str) -> Option<&'a A> {
    batch.column_by_name(name)?.as_any().downcast_ref()
}

pub(super) type U8 = UInt8Array;
pub(super) type U32 = UInt32Array;
pub(super) type U64 = UInt64Array;
pub(super) type I64 = Int64Array;
pub(super) type F64 = Float64Array;
pub(super) type Text = StringArray;
pub(super) type Binary = BinaryArray;

/// A value, or nothing where it is null.
pub(super) fn optional(array: &F64, at: usize) -> Option<f64> {
    (!array.is_null(at)).then(|| array.value(at))
}
