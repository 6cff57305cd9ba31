//! A segment's columns back to spans.

use arrow::{
    array::{Array, BooleanArray, FixedSizeBinaryArray, Int32Array},
    record_batch::RecordBatch,
};
use model::{
    attributes::Value,
    id::{EntityId, SpanId, TraceId},
    span::{SpanKind, StatusCode},
};

use crate::{
    attribute,
    segment::column::{Binary, F64, I64, Text, U8, U32, U64, column},
    span_batch::{Attributes, Known, Listed, SpanBatch, SpanRow},
};

/// Decodes record batches in order, remembering the rows of the trace it is in.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    trace: Option<TraceId>,
    rows: Vec<u64>,
}

/// One attribute's column.
pub(super) enum AttributeColumn<'a> {
    Text(&'a Text),
    Int(&'a I64),
    Double(&'a F64),
    Bool(&'a BooleanArray),
}

impl<'a> AttributeColumn<'a> {
    /// Nothing for a column that is not an attribute's.
    pub(super) fn of(
        name: &'a str,
        array: &'a dyn Array,
    ) -> Option<(&'a str, AttributeColumn<'a>)> {
        let (kind, key) = name.split_once(':')?;
        let array = array.as_any();
        let column = match kind {
            "s" => AttributeColumn::Text(array.downcast_ref()?),
            "i" => AttributeColumn::Int(array.downcast_ref()?),
            "d" => AttributeColumn::Double(array.downcast_ref()?),
            "b" => AttributeColumn::Bool(array.downcast_ref()?),
            _ => return None,
        };
        Some((key, column))
    }

    pub(super) fn value(&self, at: usize) -> Option<Value<'a>> {
        match self {
            AttributeColumn::Text(column) => {
                column.is_valid(at).then(|| Value::Str(column.value(at)))
            }
            AttributeColumn::Int(column) => {
                column.is_valid(at).then(|| Value::Int(column.value(at)))
            }
            AttributeColumn::Double(column) => {
                column.is_valid(at).then(|| Value::Double(column.value(at)))
            }
            AttributeColumn::Bool(column) => {
                column.is_valid(at).then(|| Value::Bool(column.value(at)))
            }
        }
    }
}

impl Decoder {
    /// Appends the wanted spans of a batch to `out`; nothing when a column is missing.
    pub(super) fn decode<'b>(
        &mut self,
        batch: &'b RecordBatch,
        out: &mut SpanBatch,
        wanted: impl Fn(TraceId) -> bool,
    ) -> Option<()> {
        let traces: &FixedSizeBinaryArray = column(batch, "trace")?;
        let [id, parent_id, trace_start] = [
            column::<U64>(batch, "id")?,
            column::<U64>(batch, "parent_id")?,
            column::<U64>(batch, "trace_start")?,
        ];
        let parent_offset: &Int32Array = column(batch, "parent_offset")?;
        let [start_offset, duration] =
            [column::<I64>(batch, "start_offset")?, column::<I64>(batch, "duration")?];
        let [kind, status] = [column::<U8>(batch, "kind")?, column::<U8>(batch, "status")?];
        let u32s = |name| column::<U32>(batch, name);
        let [flags, application, tier, node] =
            [u32s("flags")?, u32s("application")?, u32s("tier")?, u32s("node")?];
        let texts = |name| column::<Text>(batch, name);
        let [name, scope, trace_state, status_message] =
            [texts("name")?, texts("scope")?, texts("trace_state")?, texts("status_message")?];
        let bodies = |name| column::<Binary>(batch, name);
        let [resource, rest, events, links] =
            [bodies("resource")?, bodies("rest")?, bodies("events")?, bodies("links")?];
        let schema = batch.schema_ref();
        let attributes: Vec<(&'b str, AttributeColumn<'b>)> = (0..batch.num_columns())
            .filter_map(|at| {
                AttributeColumn::of(schema.field(at).name(), batch.column(at).as_ref())
            })
            .collect();

        let mut list: Vec<(&str, Value<'_>)> = Vec::new();
        for at in 0..batch.num_rows() {
            let trace = TraceId(traces.value(at).try_into().ok()?);
            self.enter(trace);
            self.rows.push(id.value(at));
            if !wanted(trace) {
                continue;
            }
            let parent = match parent_offset.value(at) {
                0 if parent_id.is_null(at) => 0,
                0 => parent_id.value(at),
                back => self.back(back),
            };
            list.clear();
            let present =
                |(key, column): &(&'b str, AttributeColumn<'b>)| Some((*key, column.value(at)?));
            list.extend(attributes.iter().filter_map(present));
            list.extend(attribute::decode(if rest.is_null(at) { &[] } else { rest.value(at) }));
            out.push(&SpanRow {
                trace,
                id: SpanId(id.value(at)),
                parent: SpanId(parent),
                start_ns: trace_start.value(at).wrapping_add(start_offset.value(at) as u64),
                duration_ns: duration.value(at) as u64,
                kind: SpanKind::from_wire(u64::from(kind.value(at))),
                status: StatusCode::from_wire(u64::from(status.value(at))),
                flags: flags.value(at),
                application: EntityId(application.value(at)),
                tier: EntityId(tier.value(at)),
                node: EntityId(node.value(at)),
                name: name.value(at),
                scope: scope.value(at),
                trace_state: trace_state.value(at),
                status_message: status_message.value(at),
                resource: resource.value(at),
                resource_id: 0,
                attributes: Attributes::Listed(Listed {
                    list: &list,
                    replaced: &[],
                    count: list.len(),
                    known: Known::default(),
                }),
                events: if events.is_null(at) { &[] } else { events.value(at) },
                links: if links.is_null(at) { &[] } else { links.value(at) },
            });
        }
        Some(())
    }

    fn enter(&mut self, trace: TraceId) {
        if self.trace != Some(trace) {
            self.trace = Some(trace);
            self.rows.clear();
        }
    }

    /// The span so many rows before the newest; none where those rows were not read (a trace that nobody asked for).
    fn back(&self, rows: i32) -> u64 {
        let newest = self.rows.len() - 1;
        usize::try_from(rows)
            .ok()
            .and_then(|rows| newest.checked_sub(rows))
            .map_or(0, |at| self.rows[at])
    }
}
