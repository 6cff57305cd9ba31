//! Spans to a segment's bytes.

use std::{cmp::Reverse, sync::Arc};

use arrow::{
    array::{
        ArrayRef, BinaryBuilder, BooleanBuilder, FixedSizeBinaryBuilder, Float64Builder,
        Int32Builder, Int64Builder, StringBuilder, UInt8Builder, UInt32Builder, UInt64Builder,
    },
    datatypes::{DataType, Field, Schema, SchemaRef},
    record_batch::RecordBatch,
};
use model::{attributes::Value, id::TraceId};
use parquet::arrow::ArrowWriter;
use rustc_hash::FxHashMap;

use super::span_properties;
use crate::{
    attribute::{self, Decoder},
    segment::{self, Opened, SegmentError},
    span_batch::{SpanBatch, SpanRow},
};

/// An attribute is worth a column when at least one span in so many has it.
const COLUMN_SHARE: usize = 200;
const MAX_COLUMNS: usize = 96;
const CHUNK: usize = 8 * 1024;

/// How often attributes occur; what decides which become columns.
#[derive(Debug, Default)]
pub struct Census {
    counts: FxHashMap<(char, Box<str>), usize>,
    spans: usize,
    traces: u64,
    last: Option<TraceId>,
}

impl Census {
    /// Counts a batch's spans.
    pub fn count(&mut self, batch: &SpanBatch) {
        for at in 0..batch.len() {
            let row = batch.row(at);
            self.spans += 1;
            if self.last != Some(row.trace) {
                self.last = Some(row.trace);
                self.traces += 1;
            }
            for (key, value) in Decoder::new(row.attributes) {
                let Some(kind) = kind_of(&value) else { continue };
                match self.counts.get_mut(&(kind, key) as &dyn CensusKey) {
                    Some(count) => *count += 1,
                    None => {
                        self.counts.insert((kind, key.into()), 1);
                    }
                }
            }
        }
    }

    /// Counts the attribute columns of a segment that will be merged: each as if all its spans had it, since whoever chose
    /// it counted.
    pub fn count_columns(&mut self, segment: &Opened) {
        let metadata = segment.footer.metadata();
        let rows = usize::try_from(metadata.file_metadata().num_rows())
            .expect("a segment's rows fit the memory");
        self.spans += rows;
        // Traces are not counted while merging; a trace has a few spans, and the filter may be somewhat too large.
        self.traces += rows as u64 / 4;
        for field in segment.footer.schema().fields() {
            if let Some((kind, key)) = field.name().split_once(':')
                && let Some(kind) = kind.chars().next()
            {
                *self.counts.entry((kind, key.into())).or_default() += rows;
            }
        }
    }

    fn columns(&self) -> Vec<(char, Box<str>)> {
        let mut frequent: Vec<(usize, char, &str)> = self
            .counts
            .iter()
            .filter(|(_, count)| **count * COLUMN_SHARE >= self.spans)
            .map(|((kind, key), count)| (*count, *kind, &**key))
            .collect();
        frequent.sort_unstable_by_key(|&(count, kind, key)| (Reverse(count), kind, key));
        frequent.truncate(MAX_COLUMNS);
        frequent.sort_unstable_by_key(|&(_, kind, key)| (key, kind));
        frequent.into_iter().map(|(_, kind, key)| (kind, key.into())).collect()
    }
}

/// Lets the map be asked with a borrowed key.
trait CensusKey {
    fn parts(&self) -> (char, &str);
}

impl CensusKey for (char, Box<str>) {
    fn parts(&self) -> (char, &str) {
        (self.0, &self.1)
    }
}

impl CensusKey for (char, &str) {
    fn parts(&self) -> (char, &str) {
        (self.0, self.1)
    }
}

impl PartialEq for dyn CensusKey + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for dyn CensusKey + '_ {}

impl std::hash::Hash for dyn CensusKey + '_ {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        let (kind, key) = self.parts();
        kind.hash(state);
        key.hash(state);
    }
}

impl<'a> std::borrow::Borrow<dyn CensusKey + 'a> for (char, Box<str>) {
    fn borrow(&self) -> &(dyn CensusKey + 'a) {
        self
    }
}

fn kind_of(value: &Value<'_>) -> Option<char> {
    match value {
        Value::Str(_) => Some('s'),
        Value::Int(_) => Some('i'),
        Value::Double(_) => Some('d'),
        Value::Bool(_) => Some('b'),
        Value::Encoded(_) => None,
    }
}

/// Sorts a batch and encodes it as a file; it has at least one span.
///
/// # Errors
/// Only when Parquet itself fails.
pub fn encode_spans(batch: &SpanBatch) -> Result<Vec<u8>, SegmentError> {
    let mut census = Census::default();
    census.count(batch);
    let mut writer = SpanWriter::new(&census)?;
    for row in batch.order() {
        writer.push(&batch.row(row as usize))?;
    }
    writer.finish()
}

/// Writes spans that come sorted by trace and start.
#[derive(Debug)]
pub struct SpanWriter {
    writer: ArrowWriter<Vec<u8>>,
    schema: SchemaRef,
    columns: Columns,
    attributes: FxHashMap<Box<str>, Vec<(char, usize)>>,
    open: OpenTrace,
}

/// The trace whose spans are coming: where its rows are, for the offsets of parents.
#[derive(Debug, Default)]
struct OpenTrace {
    trace: Option<TraceId>,
    start_ns: u64,
    rows: Vec<u64>,
}

/// A trace with more spans than this keeps the parents' ids: looking each up would take too long.
const MAX_LOOKBACK: usize = 2048;

impl OpenTrace {
    fn enter(&mut self, row: &SpanRow<'_>) {
        if self.trace != Some(row.trace) {
            self.trace = Some(row.trace);
            self.start_ns = row.start_ns;
            self.rows.clear();
        }
    }

    /// Distance from this row back to its parent's.
    fn parent_offset(&self, parent: u64) -> Option<i32> {
        let back = self.rows.iter().rev().take(MAX_LOOKBACK).position(|id| *id == parent)?;
        Some(i32::try_from(back + 1).expect("the look-back is short"))
    }
}

#[derive(Debug)]
struct Columns {
    trace: FixedSizeBinaryBuilder,
    id: UInt64Builder,
    parent_offset: Int32Builder,
    parent_id: UInt64Builder,
    trace_start: UInt64Builder,
    start_offset: Int64Builder,
    duration: Int64Builder,
    kind: UInt8Builder,
    status: UInt8Builder,
    flags: UInt32Builder,
    entities: [UInt32Builder; 3],
    texts: [StringBuilder; 4],
    resource: BinaryBuilder,
    bodies: [BinaryBuilder; 3],
    attributes: Vec<AttributeColumn>,
    rest: Vec<u8>,
    rows: usize,
}

const ENTITIES: [&str; 3] = ["application", "tier", "node"];
const TEXTS: [&str; 4] = ["name", "scope", "trace_state", "status_message"];
const BODIES: [&str; 3] = ["rest", "events", "links"];

#[derive(Debug)]
enum AttributeColumn {
    Text(StringBuilder),
    Int(Int64Builder),
    Double(Float64Builder),
    Bool(BooleanBuilder),
}

impl AttributeColumn {
    fn new(kind: char) -> AttributeColumn {
        match kind {
            'i' => AttributeColumn::Int(Int64Builder::new()),
            'd' => AttributeColumn::Double(Float64Builder::new()),
            'b' => AttributeColumn::Bool(BooleanBuilder::new()),
            _ => AttributeColumn::Text(StringBuilder::new()),
        }
    }

    fn len(&self) -> usize {
        use arrow::array::ArrayBuilder as _;
        match self {
            AttributeColumn::Text(column) => column.len(),
            AttributeColumn::Int(column) => column.len(),
            AttributeColumn::Double(column) => column.len(),
            AttributeColumn::Bool(column) => column.len(),
        }
    }

    /// Nulls up to `rows`.
    fn fill(&mut self, rows: usize) {
        let missing = rows.saturating_sub(self.len());
        match self {
            AttributeColumn::Text(column) => (0..missing).for_each(|_| column.append_null()),
            AttributeColumn::Int(column) => column.append_nulls(missing),
            AttributeColumn::Double(column) => column.append_nulls(missing),
            AttributeColumn::Bool(column) => column.append_nulls(missing),
        }
    }

    fn append(&mut self, row: usize, value: Value<'_>) -> bool {
        if self.len() > row {
            // A key that the span carries twice: the first stands here, this one goes to the rest.
            return false;
        }
        self.fill(row);
        match (self, value) {
            (AttributeColumn::Text(column), Value::Str(text)) => column.append_value(text),
            (AttributeColumn::Int(column), Value::Int(number)) => column.append_value(number),
            (AttributeColumn::Double(column), Value::Double(number)) => column.append_value(number),
            (AttributeColumn::Bool(column), Value::Bool(truth)) => column.append_value(truth),
            _ => unreachable!("columns are chosen by the value's type"),
        }
        true
    }

    fn finish(&mut self, rows: usize) -> ArrayRef {
        self.fill(rows);
        match self {
            AttributeColumn::Text(column) => Arc::new(column.finish()),
            AttributeColumn::Int(column) => Arc::new(column.finish()),
            AttributeColumn::Double(column) => Arc::new(column.finish()),
            AttributeColumn::Bool(column) => Arc::new(column.finish()),
        }
    }
}

impl Columns {
    fn new(attributes: &[(char, Box<str>)]) -> Columns {
        Columns {
            trace: FixedSizeBinaryBuilder::new(16),
            id: UInt64Builder::new(),
            parent_offset: Int32Builder::new(),
            parent_id: UInt64Builder::new(),
            trace_start: UInt64Builder::new(),
            start_offset: Int64Builder::new(),
            duration: Int64Builder::new(),
            kind: UInt8Builder::new(),
            status: UInt8Builder::new(),
            flags: UInt32Builder::new(),
            entities: Default::default(),
            texts: Default::default(),
            resource: BinaryBuilder::new(),
            bodies: Default::default(),
            attributes: attributes.iter().map(|(kind, _)| AttributeColumn::new(*kind)).collect(),
            rest: Vec::new(),
            rows: 0,
        }
    }

    fn push(
        &mut self,
        row: &SpanRow<'_>,
        open: &OpenTrace,
        named: &FxHashMap<Box<str>, Vec<(char, usize)>>,
    ) {
        self.trace.append_value(row.trace.0).expect("a trace id has 16 bytes");
        self.id.append_value(row.id.0);
        let offset = open.parent_offset(row.parent.0).filter(|_| !row.parent.is_none());
        self.parent_offset.append_value(offset.unwrap_or(0));
        self.parent_id
            .append_option((offset.is_none() && !row.parent.is_none()).then_some(row.parent.0));
        self.trace_start.append_value(open.start_ns);
        self.start_offset.append_value(row.start_ns.wrapping_sub(open.start_ns) as i64);
        self.duration.append_value(row.duration_ns as i64);
        self.kind.append_value(row.kind as u8);
        self.status.append_value(row.status as u8);
        self.flags.append_value(row.flags);
        let entities = [row.application, row.tier, row.node];
        self.entities.iter_mut().zip(entities).for_each(|(column, id)| column.append_value(id.0));
        let texts = [row.name, row.scope, row.trace_state, row.status_message];
        self.texts.iter_mut().zip(texts).for_each(|(column, text)| column.append_value(text));
        self.resource.append_value(row.resource);
        self.push_attributes(row, named);
        let bodies = [self.rest.as_slice(), row.events, row.links];
        for (column, body) in self.bodies.iter_mut().zip(bodies) {
            column.append_option((!body.is_empty()).then_some(body));
        }
        self.rows += 1;
    }

    fn push_attributes(
        &mut self,
        row: &SpanRow<'_>,
        named: &FxHashMap<Box<str>, Vec<(char, usize)>>,
    ) {
        self.rest.clear();
        for (key, value) in Decoder::new(row.attributes) {
            let column = kind_of(&value).and_then(|kind| {
                named.get(key)?.iter().find(|(of, _)| *of == kind).map(|(_, column)| *column)
            });
            let taken =
                column.is_some_and(|column| self.attributes[column].append(self.rows, value));
            if !taken {
                attribute::encode(&mut self.rest, key, value);
            }
        }
    }

    fn finish(&mut self, schema: &SchemaRef) -> RecordBatch {
        let rows = std::mem::take(&mut self.rows);
        let mut arrays: Vec<ArrayRef> = vec![
            Arc::new(self.trace.finish()),
            Arc::new(self.id.finish()),
            Arc::new(self.parent_offset.finish()),
            Arc::new(self.parent_id.finish()),
            Arc::new(self.trace_start.finish()),
            Arc::new(self.start_offset.finish()),
            Arc::new(self.duration.finish()),
            Arc::new(self.kind.finish()),
            Arc::new(self.status.finish()),
            Arc::new(self.flags.finish()),
        ];
        arrays.extend(self.entities.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef));
        arrays.extend(self.texts.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef));
        arrays.push(Arc::new(self.resource.finish()));
        arrays.extend(self.bodies.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef));
        arrays.extend(self.attributes.iter_mut().map(|column| column.finish(rows)));
        RecordBatch::try_new(Arc::clone(schema), arrays).expect("every column has one value a row")
    }
}

fn schema(attributes: &[(char, Box<str>)]) -> SchemaRef {
    let mut fields = vec![
        Field::new("trace", DataType::FixedSizeBinary(16), false),
        Field::new("id", DataType::UInt64, false),
        Field::new("parent_offset", DataType::Int32, false),
        Field::new("parent_id", DataType::UInt64, true),
        Field::new("trace_start", DataType::UInt64, false),
        Field::new("start_offset", DataType::Int64, false),
        Field::new("duration", DataType::Int64, false),
        Field::new("kind", DataType::UInt8, false),
        Field::new("status", DataType::UInt8, false),
        Field::new("flags", DataType::UInt32, false),
    ];
    fields.extend(ENTITIES.map(|name| Field::new(name, DataType::UInt32, false)));
    fields.extend(TEXTS.map(|name| Field::new(name, DataType::Utf8, false)));
    fields.push(Field::new("resource", DataType::Binary, false));
    fields.extend(BODIES.map(|name| Field::new(name, DataType::Binary, true)));
    fields.extend(attributes.iter().map(|(kind, key)| {
        let data = match kind {
            'i' => DataType::Int64,
            'd' => DataType::Float64,
            'b' => DataType::Boolean,
            _ => DataType::Utf8,
        };
        Field::new(format!("{kind}:{key}"), data, true)
    }));
    Arc::new(Schema::new(fields))
}

impl SpanWriter {
    /// A writer whose attribute columns are chosen by a census of what will come.
    ///
    /// # Errors
    /// Only when Parquet itself fails.
    pub fn new(census: &Census) -> Result<SpanWriter, SegmentError> {
        let columns = census.columns();
        let schema = schema(&columns);
        let properties = span_properties(census.spans, census.traces);
        let writer = segment::writer(Arc::clone(&schema), properties)?;
        let mut attributes: FxHashMap<Box<str>, Vec<(char, usize)>> = FxHashMap::default();
        for (at, (kind, key)) in columns.iter().enumerate() {
            attributes.entry(key.clone()).or_default().push((*kind, at));
        }
        Ok(SpanWriter {
            writer,
            schema,
            columns: Columns::new(&columns),
            attributes,
            open: OpenTrace::default(),
        })
    }

    /// Appends one.
    ///
    /// # Errors
    /// Only when Parquet itself fails.
    pub fn push(&mut self, row: &SpanRow<'_>) -> Result<(), SegmentError> {
        self.open.enter(row);
        self.columns.push(row, &self.open, &self.attributes);
        self.open.rows.push(row.id.0);
        if self.columns.rows == CHUNK {
            self.write_chunk()?;
        }
        Ok(())
    }

    fn write_chunk(&mut self) -> Result<(), SegmentError> {
        let batch = self.columns.finish(&self.schema);
        self.writer.write(&batch).map_err(SegmentError::Encode)
    }

    /// The whole file.
    ///
    /// # Errors
    /// Only when Parquet itself fails.
    pub fn finish(mut self) -> Result<Vec<u8>, SegmentError> {
        if self.columns.rows > 0 {
            self.write_chunk()?;
        }
        self.writer.into_inner().map_err(SegmentError::Encode)
    }
}
