//! Spans in memory, column by column: what the head holds, what a cut sorts and encodes, what reading a segment gives.

use model::{
    attributes::Value,
    id::{EntityId, SpanId, TraceId},
    span::{SpanKind, StatusCode},
};
use rustc_hash::FxHashMap;

use crate::{
    attribute::{self, Decoder},
    reader::{Span, SpanEvent},
};

/// One span to be kept. Byte fields hold attributes in [`attribute`]'s format; events and links see [`encode_event`] and
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
    pub attributes: &'a [u8],
    pub events: &'a [u8],
    pub links: &'a [u8],
}

/// Many spans. Texts that repeat are kept once.
#[derive(Debug, Default)]
pub struct SpanBatch {
    pub(crate) trace: Vec<TraceId>,
    pub(crate) id: Vec<u64>,
    pub(crate) parent: Vec<u64>,
    pub(crate) start_ns: Vec<u64>,
    pub(crate) duration_ns: Vec<u64>,
    pub(crate) kind: Vec<SpanKind>,
    pub(crate) status: Vec<StatusCode>,
    pub(crate) flags: Vec<u32>,
    pub(crate) entities: Vec<[EntityId; 3]>,
    name: Vec<u32>,
    scope: Vec<u32>,
    trace_state: Vec<u32>,
    status_message: Vec<u32>,
    resource: Vec<u32>,
    /// Where attributes, events and links of each row begin in `arena`; they end where the next begins.
    bodies: Vec<[u32; 3]>,
    arena: Vec<u8>,
    texts: Texts,
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
        let number = u32::try_from(self.all.len()).expect("a batch holds fewer than 2^32 texts");
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

impl SpanBatch {
    /// Appends one.
    pub fn push(&mut self, row: &SpanRow<'_>) {
        self.trace.push(row.trace);
        self.id.push(row.id.0);
        self.parent.push(row.parent.0);
        self.start_ns.push(row.start_ns);
        self.duration_ns.push(row.duration_ns);
        self.kind.push(row.kind);
        self.status.push(row.status);
        self.flags.push(row.flags);
        self.entities.push([row.application, row.tier, row.node]);
        self.name.push(self.texts.number(row.name.as_bytes()));
        self.scope.push(self.texts.number(row.scope.as_bytes()));
        self.trace_state.push(self.texts.number(row.trace_state.as_bytes()));
        self.status_message.push(self.texts.number(row.status_message.as_bytes()));
        self.resource.push(self.texts.number(row.resource));
        let attributes = self.keep(row.attributes);
        let events = self.keep(row.events);
        let links = self.keep(row.links);
        self.bodies.push([attributes, events, links]);
    }

    /// Takes over all rows of another batch.
    pub fn absorb(&mut self, other: SpanBatch) {
        if self.is_empty() {
            *self = other;
            return;
        }
        // Each text is looked up once, not once a row.
        let known: Vec<u32> = std::iter::once(0)
            .chain(other.texts.all.iter().map(|text| self.texts.number(text)))
            .collect();
        let renumbered =
            |numbers: Vec<u32>| numbers.into_iter().map(|number| known[number as usize]);
        self.name.extend(renumbered(other.name));
        self.scope.extend(renumbered(other.scope));
        self.trace_state.extend(renumbered(other.trace_state));
        self.status_message.extend(renumbered(other.status_message));
        self.resource.extend(renumbered(other.resource));
        let start = self.keep(&other.arena);
        self.bodies.extend(other.bodies.into_iter().map(|body| body.map(|at| start + at)));
        self.trace.extend(other.trace);
        self.id.extend(other.id);
        self.parent.extend(other.parent);
        self.start_ns.extend(other.start_ns);
        self.duration_ns.extend(other.duration_ns);
        self.kind.extend(other.kind);
        self.status.extend(other.status);
        self.flags.extend(other.flags);
        self.entities.extend(other.entities);
    }

    fn keep(&mut self, bytes: &[u8]) -> u32 {
        let at = u32::try_from(self.arena.len()).expect("a batch is cut long before 4 GiB");
        self.arena.extend_from_slice(bytes);
        at
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.trace.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.trace.is_empty()
    }

    /// About how much memory it takes.
    pub fn memory(&self) -> usize {
        const FIXED: usize = 16 + 4 * 8 + 2 + 4 + 12 + 5 * 4 + 12;
        self.trace.capacity() * FIXED + self.arena.capacity() + self.texts.bytes
    }

    /// One row, borrowed.
    pub fn row(&self, at: usize) -> SpanRow<'_> {
        let [application, tier, node] = self.entities[at];
        let [attributes, events, links] = self.bodies[at].map(|start| start as usize);
        let end = self.bodies.get(at + 1).map_or(self.arena.len(), |next| next[0] as usize);
        SpanRow {
            trace: self.trace[at],
            id: SpanId(self.id[at]),
            parent: SpanId(self.parent[at]),
            start_ns: self.start_ns[at],
            duration_ns: self.duration_ns[at],
            kind: self.kind[at],
            status: self.status[at],
            flags: self.flags[at],
            application,
            tier,
            node,
            name: self.text(self.name[at]),
            scope: self.text(self.scope[at]),
            trace_state: self.text(self.trace_state[at]),
            status_message: self.text(self.status_message[at]),
            resource: self.texts.get(self.resource[at]),
            attributes: &self.arena[attributes..events],
            events: &self.arena[events..links],
            links: &self.arena[links..end],
        }
    }

    fn text(&self, number: u32) -> &str {
        std::str::from_utf8(self.texts.get(number)).expect("these numbers were given for texts")
    }

    /// The rows of a trace.
    pub fn rows_of(&self, trace: TraceId) -> impl Iterator<Item = SpanRow<'_>> + '_ {
        self.trace
            .iter()
            .enumerate()
            .filter(move |(_, id)| **id == trace)
            .map(|(at, _)| self.row(at))
    }

    /// Row numbers by trace and start.
    pub(crate) fn order(&self) -> Vec<u32> {
        let count = u32::try_from(self.len()).expect("a batch holds fewer than 2^32 spans");
        let mut order: Vec<u32> = (0..count).collect();
        order.sort_unstable_by_key(|&at| {
            (self.trace[at as usize], self.start_ns[at as usize], self.id[at as usize])
        });
        order
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
            attributes: attribute::owned_list(self.attributes),
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
        attributes: Decoder::new(attributes)
            .map(|(key, value)| (key.to_owned(), attribute::owned(value)))
            .collect(),
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
