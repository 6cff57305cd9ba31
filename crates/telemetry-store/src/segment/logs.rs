//! Segments of log records, by time.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, BinaryArray},
    record_batch::RecordBatch,
};
use model::id::{EntityId, SpanId, TraceId};

use super::{
    Opened, SegmentError,
    column::{Binary, Text, U8, U32, U64, column},
    encode, properties, with_statistics,
};
use crate::{attribute, reader::LogRow};

const ROW_GROUP: usize = 16 * 1024;
const CHUNK: usize = 8 * 1024;

/// A log record on its way into a segment.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    pub at_ns: u64,
    pub application: EntityId,
    pub tier: EntityId,
    pub node: EntityId,
    pub trace: Option<TraceId>,
    pub span: SpanId,
    pub severity: u8,
    pub body: String,
    /// In [`attribute`]'s format.
    pub attributes: Vec<u8>,
}

impl Log {
    /// About how much memory it takes.
    pub fn memory(&self) -> usize {
        size_of::<Log>() + self.body.len() + self.attributes.len()
    }

    /// A look at it.
    pub fn view(&self) -> LogView<'_> {
        LogView {
            at_ns: self.at_ns,
            application: self.application,
            tier: self.tier,
            node: self.node,
            trace: self.trace,
            span: self.span,
            severity: self.severity,
            body: &self.body,
            attributes: &self.attributes,
        }
    }
}

/// A log record where it lies: in the head, or in a batch of a segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogView<'a> {
    pub at_ns: u64,
    pub application: EntityId,
    pub tier: EntityId,
    pub node: EntityId,
    pub trace: Option<TraceId>,
    pub span: SpanId,
    pub severity: u8,
    /// Empty where it was not to be read.
    pub body: &'a str,
    /// In [`attribute`]'s format; empty where they were not to be read.
    pub attributes: &'a [u8],
}

impl LogView<'_> {
    /// As readers see it.
    pub fn to_row(&self) -> LogRow {
        LogRow {
            at_ns: self.at_ns,
            application: self.application,
            tier: self.tier,
            node: self.node,
            trace: self.trace,
            span: self.span,
            severity: self.severity,
            body: self.body.to_owned(),
            attributes: attribute::owned_list(self.attributes),
        }
    }

    fn to_log(self) -> Log {
        Log {
            at_ns: self.at_ns,
            application: self.application,
            tier: self.tier,
            node: self.node,
            trace: self.trace,
            span: self.span,
            severity: self.severity,
            body: self.body.to_owned(),
            attributes: self.attributes.to_vec(),
        }
    }
}

/// What of records is read beside their small columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    pub body: bool,
    pub attributes: bool,
}

impl Read {
    pub const ALL: Read = Read { body: true, attributes: true };

    fn columns(self) -> Vec<&'static str> {
        let small = ["at", "application", "tier", "node", "trace", "span", "severity"];
        let large = [("body", self.body), ("attributes", self.attributes)];
        let large = large.into_iter().filter(|(_, read)| *read).map(|(name, _)| name);
        small.into_iter().chain(large).collect()
    }
}

/// Encodes log records; there is at least one.
///
/// # Errors
/// Only when Parquet itself fails.
pub fn encode_logs(rows: &mut [Log]) -> Result<Vec<u8>, SegmentError> {
    rows.sort_by_key(|row| row.at_ns);
    let batches: Vec<RecordBatch> = rows.chunks(CHUNK).map(batch_of).collect();
    let properties = with_statistics(properties(rows.len()), &["at"])
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .build();
    encode(&batches, properties)
}

fn batch_of(rows: &[Log]) -> RecordBatch {
    let u32s = |get: fn(&Log) -> u32| -> ArrayRef {
        Arc::new(U32::from_iter_values(rows.iter().map(get)))
    };
    let u64s = |get: fn(&Log) -> u64| -> ArrayRef {
        Arc::new(U64::from_iter_values(rows.iter().map(get)))
    };
    let trace = BinaryArray::from_iter(rows.iter().map(|row| row.trace.map(|id| id.0)));
    let columns: [(&str, ArrayRef); 9] = [
        ("at", u64s(|row| row.at_ns)),
        ("application", u32s(|row| row.application.0)),
        ("tier", u32s(|row| row.tier.0)),
        ("node", u32s(|row| row.node.0)),
        ("trace", Arc::new(trace)),
        ("span", u64s(|row| row.span.0)),
        ("severity", Arc::new(U8::from_iter_values(rows.iter().map(|row| row.severity)))),
        ("body", Arc::new(Text::from_iter_values(rows.iter().map(|row| row.body.as_str())))),
        (
            "attributes",
            Arc::new(Binary::from_iter_values(rows.iter().map(|row| row.attributes.as_slice()))),
        ),
    ];
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, name == "trace")),
    )
    .expect("all columns have one value a row")
}

/// Gives each record that may lie in a time (Unix nanoseconds, half open), and some others, to `each`.
///
/// # Errors
/// When the file cannot be read or lacks a column.
pub fn each_log(
    segment: &Opened,
    time: std::ops::Range<u64>,
    mut each: impl FnMut(Log),
) -> Result<(), SegmentError> {
    let last = time.end.saturating_sub(1);
    let wanted = |group: &super::Group<'_>| group.may_hold("at", time.start, last);
    segment
        .each_batch_of(wanted, |batch| views_of(batch, Read::ALL, &mut |view| each(view.to_log())))
}

/// The row groups that may hold records of a time, each with the time of its newest record.
pub fn groups(segment: &Opened, time: &std::ops::Range<u64>) -> impl Iterator<Item = (usize, u64)> {
    let last = time.end.saturating_sub(1);
    let groups = segment.footer.metadata().row_groups().iter().map(super::Group).enumerate();
    groups
        .filter(move |(_, group)| group.may_hold("at", time.start, last))
        .map(|(at, group)| (at, group.bounds("at").map_or(u64::MAX, |(_, newest_ns)| newest_ns)))
}

/// Gives each record of a row group to `each`.
///
/// # Errors
/// When the file cannot be read or lacks a column.
pub fn each_view(
    segment: &Opened,
    group: usize,
    read: Read,
    mut each: impl FnMut(&LogView<'_>),
) -> Result<(), SegmentError> {
    let columns = segment.columns(&read.columns());
    let builder = segment.builder().with_row_groups(vec![group]).with_projection(columns);
    segment.each_batch_from(builder, |batch| views_of(batch, read, &mut |view| each(&view)))
}

fn views_of(batch: &RecordBatch, read: Read, each: &mut impl FnMut(LogView<'_>)) -> Option<()> {
    let [at_ns, span] = [column::<U64>(batch, "at")?, column::<U64>(batch, "span")?];
    let u32s = |name| column::<U32>(batch, name);
    let [application, tier, node] = [u32s("application")?, u32s("tier")?, u32s("node")?];
    let trace: &Binary = column(batch, "trace")?;
    let severity: &U8 = column(batch, "severity")?;
    let body: Option<&Text> = column(batch, "body");
    let attributes: Option<&Binary> = column(batch, "attributes");
    if (read.body && body.is_none()) || (read.attributes && attributes.is_none()) {
        return None;
    }
    for at in 0..batch.num_rows() {
        each(LogView {
            at_ns: at_ns.value(at),
            application: EntityId(application.value(at)),
            tier: EntityId(tier.value(at)),
            node: EntityId(node.value(at)),
            trace: if trace.is_null(at) { None } else { TraceId::from_bytes(trace.value(at)) },
            span: SpanId(span.value(at)),
            severity: severity.value(at),
            body: body.map_or("", |body| body.value(at)),
            attributes: attributes.map_or(&[], |attributes| attributes.value(at)),
        });
    }
    Some(())
}

#[cfg(test)]
mod tests;
