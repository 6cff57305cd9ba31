//! Spans in memory: what the head holds, what a cut sorts and encodes, what reading a segment gives.

mod keys;
mod vocabulary;

use std::collections::BTreeSet;

use model::{
    attributes::Value,
    id::{EntityId, SpanId, TraceId},
    span::{SpanKind, StatusCode},
};
use rustc_hash::FxHashMap;

pub(crate) use self::keys::Entry;
pub use self::{
    keys::{Attributes, Keys, Listed, Numbered},
    vocabulary::{Known, Numbers, Vocabulary},
};
use crate::{
    attribute,
    reader::{Span, SpanEvent},
};

/// One span to be kept. A resource's attributes are in [`attribute`]'s format; events and links see [`encode_event`] and
/// [`encode_link`].
#[derive(Clone, Copy, Debug)]
pub struct SpanRow<'a> {
    pub trace: TraceId,
    pub id: SpanId,
    pub parent: SpanId,
    pub start_ns: u64,
    pub duration_ns: u64,
    pub kind: SpanKind,
    pub status: StatusCode,
    pub flags: u32,
    pub application: EntityId,
    pub tier: EntityId,
    pub node: EntityId,
    pub name: &'a str,
    pub scope: &'a str,
    pub trace_state: &'a str,
    pub status_message: &'a str,
    pub resource: &'a [u8],
    /// Tells the resource from any other one that the process has met; 0 where that is not known.
    pub resource_id: u64,
    pub attributes: Attributes<'a>,
    pub events: &'a [u8],
    pub links: &'a [u8],
}

/// Many spans, in parts of some thousand. Texts that repeat are kept once a part.
#[derive(Debug, Default)]
pub struct SpanBatch {
    parts: Vec<Part>,
    /// Where each part but the first begins.
    starts: Vec<usize>,
}

/// A part takes no further row once it holds so many, or so many bytes of attributes, events and links: growing it copies.
const PART_ROWS: usize = 8 * 1024;
const PART_BYTES: usize = 2 << 20;
/// Taken over as it is from so many rows on; fewer are copied, so that small parts do not pile up.
const WHOLE_ROWS: usize = 1024;

/// How much a batch holds: its rows, and the bytes of their attributes, events and links.
#[derive(Clone, Copy, Debug, Default)]
pub struct Size {
    rows: usize,
    bytes: usize,
}

impl Size {
    pub(crate) fn bytes(self) -> usize {
        self.bytes
    }
}

/// Some of a batch's spans.
#[derive(Debug, Default)]
pub(crate) struct Part {
    traces: Vec<TraceId>,
    fixed: Vec<Fixed>,
    /// Attributes, events and links of each row, one row after the other.
    arena: Vec<u8>,
    texts: Texts,
    keys: Keys,
    /// The last row's resource: that of the next one, nearly always.
    resource: u32,
    resource_id: u64,
    /// The last row's name, scope, trace state and status message.
    last: [u32; 4],
}

/// Of a row what a search looks at first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glance<'a> {
    pub(crate) end_ns: u64,
    pub(crate) duration_ns: u64,
    pub(crate) status: StatusCode,
    pub(crate) application: EntityId,
    pub(crate) tier: EntityId,
    pub(crate) name: &'a str,
    pub(crate) resource: &'a [u8],
    pub(crate) attributes: Numbered<'a>,
}

/// What has the same size in every row. Texts by their numbers.
#[derive(Clone, Copy, Debug)]
struct Fixed {
    id: u64,
    parent: u64,
    start_ns: u64,
    duration_ns: u64,
    entities: [EntityId; 3],
    flags: u32,
    name: u32,
    scope: u32,
    trace_state: u32,
    status_message: u32,
    resource: u32,
    /// Where attributes, events and links begin in the arena; they end where the next begin.
    bodies: [u32; 3],
    kind: SpanKind,
    status: StatusCode,
}

/// Byte strings, each kept once; number 0 is the empty one.
#[derive(Debug, Default)]
struct Texts {
    all: Vec<Box<[u8]>>,
    numbers: FxHashMap<Box<[u8]>, u32>,
    bytes: usize,
}

impl Texts {
    fn number(&mut self, text: &[u8]) -> u32 {
        if text.is_empty() {
            return 0;
        }
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        self.all.push(text.into());
        let number = u32::try_from(self.all.len()).expect("a part holds fewer than 2^32 texts");
        self.numbers.insert(text.into(), number);
        self.bytes += 2 * text.len() + 64;
        number
    }

    fn get(&self, number: u32) -> &[u8] {
        match number {
            0 => &[],
            _ => &self.all[number as usize - 1],
        }
    }
}

impl Part {
    fn push(&mut self, row: &SpanRow<'_>) {
        let is_last = row.resource_id != 0 && row.resource_id == self.resource_id;
        if !is_last && self.texts.get(self.resource) != row.resource {
            self.resource = self.texts.number(row.resource);
        }
        self.resource_id = row.resource_id;
        let attributes = self.place();
        row.attributes.number(&mut self.keys, &mut self.arena);
        let events = self.place();
        self.arena.extend_from_slice(row.events);
        let links = self.place();
        self.arena.extend_from_slice(row.links);
        let texts = [row.name, row.scope, row.trace_state, row.status_message];
        for (last, text) in self.last.iter_mut().zip(texts) {
            // Comparing nothing with nothing is dear where neither lies anywhere: the processor reads there all the same.
            if text.is_empty() {
                *last = 0;
            } else if self.texts.get(*last) != text.as_bytes() {
                *last = self.texts.number(text.as_bytes());
            }
        }
        let [name, scope, trace_state, status_message] = self.last;
        self.traces.push(row.trace);
        self.fixed.push(Fixed {
            id: row.id.0,
            parent: row.parent.0,
            start_ns: row.start_ns,
            duration_ns: row.duration_ns,
            entities: [row.application, row.tier, row.node],
            flags: row.flags,
            name,
            scope,
            trace_state,
            status_message,
            resource: self.resource,
            bodies: [attributes, events, links],
            kind: row.kind,
            status: row.status,
        });
    }

    fn place(&self) -> u32 {
        u32::try_from(self.arena.len()).expect("a part is closed long before 4 GiB")
    }

    pub(crate) fn len(&self) -> usize {
        self.fixed.len()
    }

    fn is_full(&self) -> bool {
        self.len() >= PART_ROWS || self.arena.len() >= PART_BYTES
    }

    fn memory(&self) -> usize {
        self.fixed.capacity() * ROW_BYTES
            + self.arena.capacity()
            + self.texts.bytes
            + self.keys.memory()
    }

    fn reserve(&mut self, rows: usize, bytes: usize) {
        self.traces.reserve_exact(rows);
        self.fixed.reserve_exact(rows);
        self.arena.reserve_exact(bytes);
    }

    /// Gives back the room for further rows.
    fn close(&mut self) {
        self.traces.shrink_to_fit();
        self.fixed.shrink_to_fit();
        self.arena.shrink_to_fit();
        self.keys.close();
    }

    /// Keys and counts of its attributes.
    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    pub(crate) fn row(&self, at: usize) -> SpanRow<'_> {
        SpanRow {
            name: self.text(self.fixed[at].name),
            scope: self.text(self.fixed[at].scope),
            trace_state: self.text(self.fixed[at].trace_state),
            status_message: self.text(self.fixed[at].status_message),
            ..self.row_without_texts(at)
        }
    }

    /// A row whose name, scope, trace state and status message are empty, for who has them by their numbers.
    pub(crate) fn row_without_texts(&self, at: usize) -> SpanRow<'_> {
        let fixed = &self.fixed[at];
        let [application, tier, node] = fixed.entities;
        let [attributes, events, links] = fixed.bodies.map(|start| start as usize);
        let end = self.fixed.get(at + 1).map_or(self.arena.len(), |next| next.bodies[0] as usize);
        SpanRow {
            trace: self.traces[at],
            id: SpanId(fixed.id),
            parent: SpanId(fixed.parent),
            start_ns: fixed.start_ns,
            duration_ns: fixed.duration_ns,
            kind: fixed.kind,
            status: fixed.status,
            flags: fixed.flags,
            application,
            tier,
            node,
            name: "",
            scope: "",
            trace_state: "",
            status_message: "",
            resource: self.texts.get(fixed.resource),
            resource_id: 0,
            attributes: Attributes::Numbered(Numbered::new(
                &self.arena[attributes..events],
                &self.keys,
            )),
            events: &self.arena[events..links],
            links: &self.arena[links..end],
        }
    }

    fn touch_fixed(&self, at: usize) -> u64 {
        let (fixed, trace) = (&self.fixed[at], &self.traces[at]);
        // Its first and its last field: it may lie in two lines.
        fixed.id.wrapping_add(fixed.status as u64).wrapping_add(u64::from(trace.0[0]))
    }

    fn touch_bodies(&self, at: usize) -> u8 {
        let start = self.fixed[at].bodies[0] as usize;
        let end = self.fixed.get(at + 1).map_or(self.arena.len(), |next| next.bodies[0] as usize);
        let lines = self.arena[start..end.min(start + FETCHED)].iter().step_by(CACHE_LINE);
        lines.fold(0, |sum, byte| sum.wrapping_add(*byte))
    }

    /// The numbers of a row's name, scope, trace state, status message and resource.
    pub(crate) fn text_numbers(&self, at: usize) -> [u32; 5] {
        let Fixed { name, scope, trace_state, status_message, resource, .. } = self.fixed[at];
        [name, scope, trace_state, status_message, resource]
    }

    /// A text or resource by its number.
    pub(crate) fn text_bytes(&self, number: u32) -> &[u8] {
        self.texts.get(number)
    }

    /// What a search looks at first.
    pub(crate) fn glance(&self, at: usize) -> Glance<'_> {
        let fixed = &self.fixed[at];
        let [application, tier, _] = fixed.entities;
        let [attributes, events, _] = fixed.bodies.map(|start| start as usize);
        Glance {
            end_ns: self.end_ns(at),
            duration_ns: fixed.duration_ns,
            status: fixed.status,
            application,
            tier,
            name: self.text(fixed.name),
            resource: self.texts.get(fixed.resource),
            attributes: Numbered::new(&self.arena[attributes..events], &self.keys),
        }
    }

    /// Whether a row may have an attribute of this type and key with this value, both as [`attribute::encode`] writes them.
    pub(crate) fn may_hold(&self, head: &[u8], value: &[u8]) -> bool {
        self.keys.may_hold(head, value, &self.arena)
    }

    /// Each resource, name and other text of its rows.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &[u8]> {
        self.texts.all.iter().map(|text| &**text)
    }

    fn text(&self, number: u32) -> &str {
        std::str::from_utf8(self.texts.get(number)).expect("these numbers were given for texts")
    }

    pub(crate) fn trace(&self, at: usize) -> TraceId {
        self.traces[at]
    }

    /// By what rows are sorted.
    pub(crate) fn key(&self, at: usize) -> (TraceId, u64, u64) {
        let fixed = &self.fixed[at];
        (self.traces[at], fixed.start_ns, fixed.id)
    }

    fn end_ns(&self, at: usize) -> u64 {
        self.fixed[at].start_ns + self.fixed[at].duration_ns
    }
}

const CACHE_LINE: usize = 64;
/// Of a long row so much is brought near; the rest comes by itself, one line behind the other.
const FETCHED: usize = 1024;

/// Bytes of a row beside its attributes, events and links.
const ROW_BYTES: usize = size_of::<TraceId>() + size_of::<Fixed>();

impl SpanBatch {
    /// Appends one.
    pub fn push(&mut self, row: &SpanRow<'_>) {
        if self.parts.last().is_none_or(Part::is_full) {
            let mut part = Part::default();
            if let Some(full) = self.parts.last_mut() {
                part.reserve(full.len(), full.arena.len());
                part.keys.expect_like(&full.keys);
                full.close();
            }
            self.append(part);
        }
        self.parts.last_mut().expect("there is one now").push(row);
    }

    /// Makes room in an empty batch for about as much as another one held, so that it need not grow step by step.
    pub fn reserve_like(&mut self, size: Size) {
        if self.parts.is_empty() && size.rows > 0 {
            let mut part = Part::default();
            part.reserve(size.rows.min(PART_ROWS), size.bytes.min(PART_BYTES));
            self.parts.push(part);
        }
    }

    /// How much it holds.
    pub fn size(&self) -> Size {
        let bytes = self.parts.iter().map(|part| part.arena.len()).sum();
        Size { rows: self.len(), bytes }
    }

    fn append(&mut self, part: Part) {
        if !self.parts.is_empty() {
            self.starts.push(self.len());
        }
        self.parts.push(part);
    }

    /// Takes over all rows of another batch.
    pub fn absorb(&mut self, other: SpanBatch) {
        for mut part in other.parts {
            if part.len() >= WHOLE_ROWS || self.is_empty() {
                part.close();
                self.append(part);
            } else {
                (0..part.len()).for_each(|at| self.push(&part.row(at)));
            }
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        let last = self.parts.last().map_or(0, Part::len);
        self.starts.last().map_or(0, |start| *start) + last
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About how much memory it takes.
    pub fn memory(&self) -> usize {
        self.parts.iter().map(Part::memory).sum()
    }

    /// One row, borrowed.
    pub fn row(&self, at: usize) -> SpanRow<'_> {
        let part = self.starts.partition_point(|start| *start <= at);
        let start = part.checked_sub(1).map_or(0, |before| self.starts[before]);
        self.parts[part].row(at - start)
    }

    /// The rows of some traces.
    pub fn rows_of<'a>(
        &'a self,
        traces: &'a BTreeSet<TraceId>,
    ) -> impl Iterator<Item = SpanRow<'a>> + 'a {
        self.parts.iter().flat_map(move |part| {
            let ids = part.traces.iter().enumerate();
            ids.filter(|(_, id)| traces.contains(id)).map(|(at, _)| part.row(at))
        })
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// When each span ended, Unix nanoseconds.
    pub(crate) fn ends(&self) -> impl Iterator<Item = u64> + '_ {
        self.parts.iter().flat_map(|part| (0..part.len()).map(|at| part.end_ns(at)))
    }

    /// Brings rows that will be read next near: they lie far apart, and waiting for the memory of many at a time takes
    /// hardly longer than waiting for one.
    pub(crate) fn fetch(&self, rows: &[(u32, u32)]) {
        let touch = |&(part, at): &(u32, u32)| self.parts[part as usize].touch_fixed(at as usize);
        std::hint::black_box(rows.iter().map(touch).fold(0, u64::wrapping_add));
        let touch = |&(part, at): &(u32, u32)| self.parts[part as usize].touch_bodies(at as usize);
        std::hint::black_box(rows.iter().map(touch).fold(0, u8::wrapping_add));
    }

    /// All rows by trace and start: each as its part and its place in there.
    pub(crate) fn order(&self) -> Vec<(u32, u32)> {
        let number = |at: usize| u32::try_from(at).expect("a batch holds fewer than 2^32 spans");
        let mut order = Vec::with_capacity(self.len());
        for (number_of_part, part) in self.parts.iter().enumerate() {
            for (at, (trace, fixed)) in part.traces.iter().zip(&part.fixed).enumerate() {
                // What decides lies with what is sorted: rows themselves lie far apart.
                let trace = u128::from_be_bytes(trace.0);
                order.push((trace, fixed.start_ns, number(number_of_part), number(at)));
            }
        }
        let id = |part: u32, at: u32| self.parts[part as usize].fixed[at as usize].id;
        order.sort_unstable_by(|a, b| {
            (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| id(a.2, a.3).cmp(&id(b.2, b.3)))
        });
        order.into_iter().map(|(.., part, at)| (part, at)).collect()
    }
}

impl SpanRow<'_> {
    /// A copy that lives on its own.
    pub fn to_span(&self) -> Span {
        Span {
            trace: self.trace,
            id: self.id,
            parent: self.parent,
            start_ns: self.start_ns,
            duration_ns: self.duration_ns,
            kind: self.kind,
            status: self.status,
            status_message: self.status_message.to_owned(),
            flags: self.flags,
            name: self.name.to_owned(),
            scope: self.scope.to_owned(),
            trace_state: self.trace_state.to_owned(),
            application: self.application,
            tier: self.tier,
            node: self.node,
            attributes: self
                .attributes
                .iter()
                .map(|(key, value)| (key.to_owned(), attribute::owned(value)))
                .collect(),
            resource: attribute::owned_list(self.resource),
            events: decode_events(self.events),
            links: decode_links(self.links),
        }
    }
}

/// Appends an event: `u64 Unix ns`, then as varint length and bytes its name and its attributes.
pub fn encode_event<'a>(
    out: &mut Vec<u8>,
    at_ns: u64,
    name: &str,
    attributes: impl Iterator<Item = (&'a str, Value<'a>)>,
) {
    out.extend_from_slice(&at_ns.to_le_bytes());
    attribute::put_length(out, name.len());
    out.extend_from_slice(name.as_bytes());
    let mut body = Vec::new();
    attributes.for_each(|(key, value)| attribute::encode(&mut body, key, value));
    attribute::put_length(out, body.len());
    out.extend_from_slice(&body);
}

/// Appends a link: 16 bytes trace id, 8 bytes span id.
pub fn encode_link(out: &mut Vec<u8>, trace: TraceId, span: SpanId) {
    out.extend_from_slice(&trace.0);
    out.extend_from_slice(&span.0.to_be_bytes());
}

fn decode_events(bytes: &[u8]) -> Vec<SpanEvent> {
    let mut rest = bytes;
    let mut events = Vec::new();
    while let Some((event, after)) = decode_event(rest) {
        events.push(event);
        rest = after;
    }
    events
}

fn decode_event(bytes: &[u8]) -> Option<(SpanEvent, &[u8])> {
    let (at, rest) = bytes.split_at_checked(8)?;
    let (name, rest) = take_block(rest)?;
    let (attributes, rest) = take_block(rest)?;
    let event = SpanEvent {
        at_ns: u64::from_le_bytes(at.try_into().ok()?),
        name: String::from_utf8_lossy(name).into_owned(),
        attributes: attribute::owned_list(attributes),
    };
    Some((event, rest))
}

fn take_block(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut length = 0usize;
    for (at, byte) in bytes.iter().enumerate().take(5) {
        length |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return bytes[at + 1..].split_at_checked(length);
        }
    }
    None
}

fn decode_links(bytes: &[u8]) -> Vec<(TraceId, SpanId)> {
    let link = |chunk: &[u8]| {
        Some((TraceId::from_bytes(&chunk[..16])?, SpanId::from_bytes(&chunk[16..])?))
    };
    bytes.chunks_exact(24).filter_map(link).collect()
}

#[cfg(test)]
mod tests;
