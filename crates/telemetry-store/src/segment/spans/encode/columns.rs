//! The columns of spans that are being gathered, before Parquet encodes them.
//!
//! Plain vectors rather than Arrow's builders: texts come as bytes that were checked when they were taken, so that a
//! column's texts are checked again only once and as a whole.

use std::sync::Arc;

use arrow::{
    array::{
        ArrayRef, BinaryArray, BooleanArray, FixedSizeBinaryArray, Float64Array, Int64Array,
        StringArray, UInt64Array,
    },
    buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer},
    datatypes::{DataType, Field, Schema, SchemaRef},
};

use super::{
    OpenTrace, Place, Places,
    dictionary::{Codes, DictionaryColumn},
    numbered,
};
use crate::{
    segment::spans::filter::{self, FilterWriter, Head},
    span_batch::{Entry, Part, SpanRow},
};

const ENTITIES: [&str; 3] = ["application", "tier", "node"];
const TEXTS: [&str; 4] = ["name", "scope", "trace_state", "status_message"];
/// Texts and the resource.
pub(super) const TEXT_COLUMNS: usize = TEXTS.len() + 1;
const BODIES: [&str; 3] = ["rest", "events", "links"];

/// What was gathered; room is left for as much again, which the next chunk will about be.
fn taken<T>(values: &mut Vec<T>) -> Vec<T> {
    let room = Vec::with_capacity(values.len());
    std::mem::replace(values, room)
}

/// Byte strings of which some may be missing.
#[derive(Debug)]
struct Strings {
    bytes: Vec<u8>,
    ends: Vec<i32>,
    missing: Missing,
}

/// Which values are missing; empty while none is.
#[derive(Debug, Default)]
struct Missing(Vec<bool>);

impl Missing {
    /// Notes that a value is there or not, as the one behind `rows` others.
    fn note(&mut self, rows: usize, there: bool) {
        if there && self.0.is_empty() {
            return;
        }
        self.0.resize(rows, true);
        self.0.push(there);
    }

    fn take(&mut self, rows: usize) -> Option<NullBuffer> {
        if self.0.is_empty() {
            return None;
        }
        self.0.resize(rows, true);
        let mask = NullBuffer::from(self.0.as_slice());
        self.0.clear();
        Some(mask)
    }
}

impl Default for Strings {
    fn default() -> Strings {
        Strings { bytes: Vec::new(), ends: vec![0], missing: Missing::default() }
    }
}

impl Strings {
    fn len(&self) -> usize {
        self.ends.len() - 1
    }

    fn push(&mut self, value: Option<&[u8]>) {
        self.missing.note(self.len(), value.is_some());
        self.bytes.extend_from_slice(value.unwrap_or_default());
        self.ends.push(i32::try_from(self.bytes.len()).expect("a chunk holds less than 2 GiB"));
    }

    /// Missing values up to `rows`.
    fn fill(&mut self, rows: usize) {
        (self.len()..rows).for_each(|_| self.push(None));
    }

    fn take(&mut self) -> (OffsetBuffer<i32>, Buffer, Option<NullBuffer>) {
        let missing = self.missing.take(self.len());
        let (bytes, ends) = (taken(&mut self.bytes), taken(&mut self.ends));
        self.ends.push(0);
        (OffsetBuffer::new(ScalarBuffer::from(ends)), Buffer::from_vec(bytes), missing)
    }

    fn texts(&mut self) -> ArrayRef {
        let (ends, bytes, missing) = self.take();
        Arc::new(StringArray::try_new(ends, bytes, missing).expect("only texts were taken"))
    }

    fn binary(&mut self) -> ArrayRef {
        let (ends, bytes, missing) = self.take();
        Arc::new(BinaryArray::try_new(ends, bytes, missing).expect("the ends rise"))
    }
}

/// The values of one attribute.
#[derive(Debug)]
enum AttributeColumn {
    Repeating(DictionaryColumn),
    Text(Strings),
    /// Whole numbers that repeat.
    Numbered(DictionaryColumn),
    Int(Numbers<i64>),
    Double(Numbers<f64>),
    Bool(Numbers<bool>),
}

/// Numbers of which some may be missing.
#[derive(Debug, Default)]
struct Numbers<T> {
    values: Vec<T>,
    missing: Missing,
}

impl<T: Copy + Default> Numbers<T> {
    fn push(&mut self, value: Option<T>) {
        self.missing.note(self.values.len(), value.is_some());
        self.values.push(value.unwrap_or_default());
    }

    fn take(&mut self) -> (Vec<T>, Option<NullBuffer>) {
        let missing = self.missing.take(self.values.len());
        (taken(&mut self.values), missing)
    }

    /// Missing values up to `rows`.
    fn fill(&mut self, rows: usize) {
        (self.values.len()..rows).for_each(|_| self.push(None));
    }
}

impl AttributeColumn {
    /// The column of a type's values; `varies`: they hardly repeat.
    fn new(kind: char, varies: bool) -> AttributeColumn {
        match kind {
            'i' if varies => AttributeColumn::Int(Numbers::default()),
            'i' => AttributeColumn::Numbered(DictionaryColumn::of_numbers(8, true)),
            'd' => AttributeColumn::Double(Numbers::default()),
            'b' => AttributeColumn::Bool(Numbers::default()),
            _ if varies => AttributeColumn::Text(Strings::default()),
            _ => AttributeColumn::Repeating(DictionaryColumn::new(true)),
        }
    }

    fn len(&self) -> usize {
        match self {
            AttributeColumn::Repeating(column) | AttributeColumn::Numbered(column) => column.len(),
            AttributeColumn::Text(column) => column.len(),
            AttributeColumn::Int(column) => column.values.len(),
            AttributeColumn::Double(column) => column.values.len(),
            AttributeColumn::Bool(column) => column.values.len(),
        }
    }

    /// Appends a value; its text's number belongs to `codes`.
    fn push(&mut self, value: &Entry<'_>, codes: &mut Codes) {
        const FITS: &str = "columns are chosen by the value's type";
        let bytes = value.raw.value;
        match self {
            AttributeColumn::Repeating(column) => {
                let text = value.raw.content().expect(FITS);
                match value.text {
                    Some(number) => column.push_numbered(number, codes, text),
                    None => column.push(text),
                }
            }
            AttributeColumn::Text(column) => column.push(value.raw.content()),
            AttributeColumn::Numbered(column) => {
                column.push_number(u64::from_le_bytes(bytes.try_into().expect(FITS)));
            }
            AttributeColumn::Int(column) => {
                column.push(Some(i64::from_le_bytes(bytes.try_into().expect(FITS))));
            }
            AttributeColumn::Double(column) => {
                column.push(Some(f64::from_le_bytes(bytes.try_into().expect(FITS))));
            }
            AttributeColumn::Bool(column) => column.push(Some(bytes != [0])),
        }
    }

    /// Missing values up to `rows`.
    fn fill(&mut self, rows: usize) {
        match self {
            AttributeColumn::Repeating(column) | AttributeColumn::Numbered(column) => {
                column.fill(rows);
            }
            AttributeColumn::Text(column) => column.fill(rows),
            AttributeColumn::Int(column) => column.fill(rows),
            AttributeColumn::Double(column) => column.fill(rows),
            AttributeColumn::Bool(column) => column.fill(rows),
        }
    }

    /// Appends a row's value; `false` where the row has one already.
    fn append(&mut self, row: usize, value: &Entry<'_>, codes: &mut Codes) -> bool {
        if self.len() > row {
            // A key that the span carries twice: the first stands here, this one goes to the rest.
            return false;
        }
        self.fill(row);
        self.push(value, codes);
        true
    }

    fn finish(&mut self, rows: usize) -> Finished<'_> {
        self.fill(rows);
        Finished::Array(match self {
            AttributeColumn::Repeating(column) | AttributeColumn::Numbered(column) => {
                return Finished::Dictionary(column);
            }
            AttributeColumn::Text(column) => column.texts(),
            AttributeColumn::Int(column) => {
                let (values, missing) = column.take();
                Arc::new(Int64Array::new(values.into(), missing))
            }
            AttributeColumn::Double(column) => {
                let (values, missing) = column.take();
                Arc::new(Float64Array::new(values.into(), missing))
            }
            AttributeColumn::Bool(column) => {
                let (values, missing) = column.take();
                Arc::new(BooleanArray::new(values.into(), missing))
            }
        })
    }
}

/// What was gathered of a column.
pub(super) enum Finished<'a> {
    /// For Parquet's writer.
    Array(ArrayRef),
    Dictionary(&'a mut DictionaryColumn),
}

/// The columns of some thousand spans.
#[derive(Debug)]
pub(super) struct Columns {
    trace: Vec<u8>,
    id: Vec<u64>,
    parent_offset: DictionaryColumn,
    parent_id: Numbers<u64>,
    trace_start: DictionaryColumn,
    start_offset: Vec<i64>,
    duration: Vec<i64>,
    kind: DictionaryColumn,
    status: DictionaryColumn,
    flags: DictionaryColumn,
    entities: [DictionaryColumn; 3],
    /// Texts and the resource.
    texts: [DictionaryColumn; TEXT_COLUMNS],
    bodies: [Strings; 3],
    attributes: Vec<AttributeColumn>,
    /// Of each attribute that is to be in the filter.
    filtered: Vec<Option<Head>>,
    rest: Vec<u8>,
}

impl Columns {
    /// The type of each attribute that is a column, and what it is in the filter, if its values hardly repeat and it is to
    /// be there.
    pub(super) fn new(attributes: impl Iterator<Item = (char, Option<Head>)>) -> Columns {
        let (kinds, filtered): (Vec<char>, Vec<Option<Head>>) = attributes.unzip();
        let attributes = kinds.into_iter().zip(&filtered);
        Columns {
            trace: Vec::new(),
            id: Vec::new(),
            parent_offset: DictionaryColumn::of_numbers(4, false),
            parent_id: Numbers::default(),
            trace_start: DictionaryColumn::of_numbers(8, false),
            start_offset: Vec::new(),
            duration: Vec::new(),
            kind: DictionaryColumn::of_numbers(4, false),
            status: DictionaryColumn::of_numbers(4, false),
            flags: DictionaryColumn::of_numbers(4, false),
            entities: std::array::from_fn(|_| DictionaryColumn::of_numbers(4, false)),
            texts: std::array::from_fn(|_| DictionaryColumn::new(false)),
            bodies: std::array::from_fn(|_| Strings::default()),
            attributes: attributes
                .map(|(kind, head)| AttributeColumn::new(kind, head.is_some()))
                .collect(),
            filtered,
            rest: Vec::new(),
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.id.len()
    }

    /// Appends a part's row.
    pub(super) fn push(
        &mut self,
        part: &Part,
        at: usize,
        open: &OpenTrace,
        places: &mut Places,
        filters: &mut FilterWriter,
    ) {
        let row = part.row_without_texts(at);
        self.push_attributes(&row, places, filters);
        self.trace.extend_from_slice(&row.trace.0);
        self.id.push(row.id.0);
        let offset = open.parent_offset(row.parent.0).filter(|_| !row.parent.is_none());
        self.parent_offset.push_number(offset.unwrap_or(0) as u64);
        self.parent_id.push((offset.is_none() && !row.parent.is_none()).then_some(row.parent.0));
        self.trace_start.push_number(open.start_ns);
        self.start_offset.push(row.start_ns.wrapping_sub(open.start_ns) as i64);
        self.duration.push(row.duration_ns as i64);
        self.kind.push_number(row.kind as u64);
        self.status.push_number(row.status as u64);
        self.flags.push_number(u64::from(row.flags));
        let entities = [row.application, row.tier, row.node];
        let columns = self.entities.iter_mut().zip(entities);
        columns.for_each(|(column, id)| column.push_number(u64::from(id.0)));
        let columns = self.texts.iter_mut().zip(&mut places.texts);
        for ((column, codes), number) in columns.zip(part.text_numbers(at)) {
            column.push_numbered(number, codes, part.text_bytes(number));
        }
        let bodies = [self.rest.as_slice(), row.events, row.links];
        for (column, body) in self.bodies.iter_mut().zip(bodies) {
            column.push((!body.is_empty()).then_some(body));
        }
    }

    fn push_attributes(
        &mut self,
        row: &SpanRow<'_>,
        places: &mut Places,
        filters: &mut FilterWriter,
    ) {
        self.rest.clear();
        let at = self.rows();
        for entry in numbered(row).entries() {
            let Place { column, codes } = &mut places.attributes[entry.number];
            let taken = column.filter(|column| self.attributes[*column].append(at, &entry, codes));
            match (taken, column.and_then(|column| self.filtered[column])) {
                (Some(_), Some(head)) => filters.add(head.with(entry.raw.value)),
                // Its dictionary tells.
                (Some(_), None) => {}
                (None, Some(head)) => filters.add_second(head.with(entry.raw.value)),
                (None, None) => filters.add(filter::rare(entry.raw)),
            }
            if taken.is_none() {
                self.rest.extend_from_slice(entry.raw.head);
                self.rest.extend_from_slice(entry.raw.value);
            }
        }
    }

    /// All rows, which leaves none here: each column in the order of the schema.
    pub(super) fn finish(&mut self) -> impl Iterator<Item = Finished<'_>> {
        let rows = self.rows();
        let trace = Buffer::from_vec(taken(&mut self.trace));
        let (parents, missing) = self.parent_id.take();
        let fixed = [
            Finished::Array(Arc::new(FixedSizeBinaryArray::new(16, trace, None))),
            Finished::Array(Arc::new(UInt64Array::from(taken(&mut self.id)))),
            Finished::Dictionary(&mut self.parent_offset),
            Finished::Array(Arc::new(UInt64Array::new(parents.into(), missing))),
            Finished::Dictionary(&mut self.trace_start),
            Finished::Array(Arc::new(Int64Array::from(taken(&mut self.start_offset)))),
            Finished::Array(Arc::new(Int64Array::from(taken(&mut self.duration)))),
            Finished::Dictionary(&mut self.kind),
            Finished::Dictionary(&mut self.status),
            Finished::Dictionary(&mut self.flags),
        ];
        let entities = self.entities.iter_mut().map(Finished::Dictionary);
        let bodies = self.bodies.iter_mut().map(|column| Finished::Array(column.binary()));
        fixed
            .into_iter()
            .chain(entities)
            .chain(self.texts.iter_mut().map(Finished::Dictionary))
            .chain(bodies)
            .chain(self.attributes.iter_mut().map(move |column| column.finish(rows)))
    }

    /// The columns that we encode, by their places in the schema.
    pub(super) fn dictionaries(&mut self) -> Vec<Option<&mut DictionaryColumn>> {
        let fixed = [
            None,
            None,
            Some(&mut self.parent_offset),
            None,
            Some(&mut self.trace_start),
            None,
            None,
            Some(&mut self.kind),
            Some(&mut self.status),
            Some(&mut self.flags),
        ];
        let ours = self.entities.iter_mut().chain(&mut self.texts).map(Some);
        let attributes = self.attributes.iter_mut().map(|column| match column {
            AttributeColumn::Repeating(column) | AttributeColumn::Numbered(column) => Some(column),
            _ => None,
        });
        fixed.into_iter().chain(ours).chain(BODIES.map(|_| None)).chain(attributes).collect()
    }
}

/// The schema of spans with these attributes as columns, by type and key.
pub(super) fn schema(attributes: &[(char, &str, &[u8])]) -> SchemaRef {
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
    fields.extend(attributes.iter().map(|(kind, key, _)| {
        let data = match kind {
            'i' => DataType::Int64,
            'd' => DataType::Float64,
            'b' => DataType::Boolean,
            _ => DataType::Utf8,
        };
        Field::new(name(*kind, key), data, true)
    }));
    Arc::new(Schema::new(fields))
}

/// The name of an attribute's column.
pub(super) fn name(kind: char, key: &str) -> String {
    format!("{kind}:{key}")
}
