//! Cutting a request into journal records by partition.
//!
//! Each record is a valid `Export…ServiceRequest` of its own: spans, points or log records of one partition under their
//! resource and scope, schema URLs and unknown fields included, byte for byte as the agent sent them. On the way each
//! item is checked to the bottom; what is unusable is refused alone and counted, so that the answer can say so.
//!
//! Spans are partitioned by trace id; points by resource, since the state of cumulative counters is kept there; log
//! records by trace id where they have one, else by resource. Fields of the request itself that OTLP does not know yet
//! are not carried over, and containers without items are dropped, as OTLP allows.
//!
//! Where one consumer reads all partitions there is nothing to be cut: a request that fits a record and of which nothing is
//! refused is the record, as it was sent. Cut into many, resources would be written as often as spans.

mod head;
mod logs;
mod metrics;
mod refusal;
mod shorten;
mod traces;
mod writer;

use std::{borrow::Cow, time::Duration};

use bytes::Bytes;

use model::id::PARTITIONS;

pub use refusal::{Refusal, Refusals};
pub(crate) use writer::fitted;

use self::{
    head::Head,
    writer::{Level, Writer},
};
use crate::room;

use super::{
    Signal,
    limits::{AttributeLimits, MAX_CONTAINERS},
    resource::{self, Scope},
    schema::Message,
    wire::{Entry, Fields, Problem, WireError},
};

/// The size of a record that leaves room for the journal's own header within its 900 KiB.
pub const MAX_SLICE_BYTES: usize = 896 * 1024;

/// How far ahead of our clock a time may be.
pub const MAX_AHEAD: Duration = Duration::from_secs(600);

/// What is taken and what is refused.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Our time, Unix nanoseconds.
    pub now_ns: u64,
    /// How old data may be.
    pub retention: Duration,
    /// Largest record; at most 2 MiB.
    pub max_slice_bytes: usize,
    /// Into how many partitions: [`PARTITIONS`], or 1 where all of them have one consumer.
    pub partitions: u16,
    pub limits: AttributeLimits,
}

/// A record for the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Below [`PARTITIONS`].
    pub partition: u16,
    /// An encoded `Export…ServiceRequest`.
    pub bytes: Bytes,
    /// Spans, points or log records in it; at least one.
    pub items: u32,
}

/// A request, cut.
#[derive(Debug, Default)]
pub struct Cut {
    /// By no particular order; the items of one trace or series stay in the order they were sent.
    pub slices: Vec<Slice>,
    /// Items in the slices.
    pub accepted: u64,
    pub refused: Refusals,
    /// Accepted items with attributes beyond the limits.
    pub oversized: u64,
    /// Accepted log records whose trace or span id is no id, and which are kept without it.
    pub unlinked: u64,
    /// The first resource's `service.name`.
    pub service: Option<String>,
    /// Resources that have no room for further metric streams, by their keys.
    pub(crate) full_sources: Vec<u64>,
}

impl Cut {
    /// Adds another part of the same request.
    pub fn absorb(&mut self, other: Cut) {
        self.slices.extend(other.slices);
        self.accepted += other.accepted;
        self.refused.merge(&other.refused);
        self.oversized += other.oversized;
        self.unlinked += other.unlinked;
        self.service = self.service.take().or(other.service);
        self.full_sources.extend(other.full_sources);
    }
}

/// Cuts an encoded request of the signal. An error means that nothing of it is usable.
pub fn cut(signal: Signal, request: &Bytes, rules: &Rules) -> Result<Cut, WireError> {
    cut_within(signal, request, rules, None)
}

/// The same; points of metric streams that there is no room for are refused.
pub(crate) fn cut_within(
    signal: Signal,
    request: &Bytes,
    rules: &Rules,
    room: Option<&room::Asking>,
) -> Result<Cut, WireError> {
    let room = room.filter(|_| signal == Signal::Metrics);
    if rules.partitions == 1 && request.len() <= rules.max_slice_bytes {
        let mut cutting = Cutting::new(rules, Vec::new(), room);
        cutting.take_request(signal, request)?;
        if cutting.cut.refused.total() == 0 && !cutting.leaves_out {
            return Ok(cutting.whole(request));
        }
    }
    // A quarter more than each partition's share, since shares differ.
    let expected = match rules.partitions {
        1 => request.len(),
        partitions => request.len() / usize::from(partitions) * 5 / 4,
    };
    let writers = (0..rules.partitions).map(|partition| Writer::new(partition, expected)).collect();
    let mut cutting = Cutting::new(rules, writers, room);
    cutting.take_request(signal, request)?;
    Ok(cutting.finish())
}

fn shape_of(signal: Signal) -> &'static Shape {
    match signal {
        Signal::Traces => &traces::SHAPE,
        Signal::Metrics => &metrics::SHAPE,
        Signal::Logs => &logs::SHAPE,
    }
}

/// What differs between the signals.
struct Shape {
    request: &'static Message,
    resource: &'static Message,
    scope: &'static Message,
    /// Takes what stands in field 2 of a scope: a span, metric or log record.
    take: fn(&mut Cutting<'_>, &Place<'_>, &[u8]) -> Result<(), WireError>,
    /// How many items such a thing holds.
    count: fn(&[u8]) -> u64,
}

/// Resources hold their scopes, and scopes their spans, metrics or records, in field 2.
const CHILDREN: u32 = 2;

/// Where an item stands.
struct Place<'p> {
    resource: Level<'p>,
    scope: Level<'p>,
    /// The encoded `Resource`.
    resource_bytes: &'p [u8],
    /// Its metric streams, where there is no room for further ones, and the scope's name.
    full: Option<(&'p room::Streams, &'p str)>,
}

/// The state of one cut.
struct Cutting<'r> {
    rules: &'r Rules,
    room: Option<&'r room::Asking>,
    writers: Vec<Writer>,
    cut: Cut,
    last_level: u32,
    /// Resources and scopes so far.
    containers: u32,
    /// Something that is no item does not go into any record.
    leaves_out: bool,
}

impl<'r> Cutting<'r> {
    /// Without writers nothing is written, only looked at.
    fn new(rules: &'r Rules, writers: Vec<Writer>, room: Option<&'r room::Asking>) -> Cutting<'r> {
        Cutting {
            rules,
            room,
            writers,
            cut: Cut::default(),
            last_level: 0,
            containers: 0,
            leaves_out: false,
        }
    }

    fn take_request(&mut self, signal: Signal, request: &[u8]) -> Result<(), WireError> {
        let shape = shape_of(signal);
        for entry in Fields::new(request, shape.request.name) {
            let entry = entry?;
            if entry.number == 1 {
                self.count_container(&entry)?;
                self.take_resource(shape, entry.bytes()?)?;
            } else {
                self.leaves_out = true;
            }
        }
        Ok(())
    }

    fn count_container(&mut self, entry: &Entry<'_>) -> Result<(), WireError> {
        self.containers += 1;
        if self.containers > MAX_CONTAINERS {
            return Err(entry.error(Problem::TooManyContainers(MAX_CONTAINERS)));
        }
        Ok(())
    }

    fn take_resource(&mut self, shape: &Shape, raw: &[u8]) -> Result<(), WireError> {
        if raw.is_empty() {
            return Ok(());
        }
        let head = Head::read(raw, shape.resource.name, |number| number != CHILDREN)?;
        let fault = head.check(raw, shape.resource, CHILDREN);
        self.leaves_out |= fault.is_err();
        let resource_bytes = head.last_bytes(1, shape.resource.name);
        self.note_service(resource_bytes);
        let full = self.room.and_then(|room| room.of_resource(resource_bytes));
        self.cut.full_sources.extend(full.as_ref().map(|streams| streams.source));
        let resource = self.level(1, &head);
        for entry in Fields::new(raw, shape.resource.name) {
            let entry = entry?;
            if entry.number == CHILDREN {
                self.count_container(&entry)?;
                let place = (resource, resource_bytes, full.as_ref());
                self.take_scope(shape, place, fault, entry.bytes()?)?;
            }
        }
        fault.or_else(spare)
    }

    fn take_scope(
        &mut self,
        shape: &Shape,
        (resource, resource_bytes, full): (Level<'_>, &[u8], Option<&room::Streams>),
        resource_fault: Result<(), WireError>,
        raw: &[u8],
    ) -> Result<(), WireError> {
        if raw.is_empty() {
            return Ok(());
        }
        let head = Head::read(raw, shape.scope.name, |number| number != CHILDREN)?;
        let fault = head.check(raw, shape.scope, CHILDREN);
        self.leaves_out |= fault.is_err();
        fault.or_else(spare)?;
        let full = full.and_then(|streams| {
            let scope = Scope::read(head.last_bytes(1, shape.scope.name)).ok()?;
            Some((streams, scope.name))
        });
        let place = Place { resource, scope: self.level(CHILDREN, &head), resource_bytes, full };
        for entry in Fields::new(raw, shape.scope.name) {
            let entry = entry?;
            if entry.number != CHILDREN {
                continue;
            }
            match resource_fault.and(fault) {
                Ok(()) => (shape.take)(self, &place, entry.bytes()?)?,
                Err(error) => self.refuse(Refusal::of(&error), (shape.count)(entry.bytes()?)),
            }
        }
        Ok(())
    }

    /// The first resource names the sender.
    fn note_service(&mut self, resource: &[u8]) {
        if self.cut.service.is_none() {
            let attributes = resource::attributes(resource).ok();
            let name = attributes.and_then(|attributes| attributes.text("service.name"));
            self.cut.service = name.map(str::to_owned);
        }
    }

    fn level<'h>(&mut self, field: u32, head: &'h Head<'_>) -> Level<'h> {
        self.last_level += 1;
        head.level(self.last_level, field)
    }

    /// Something with so many items goes into no record; with none, as a metric without points, it is still left out.
    fn refuse(&mut self, why: Refusal, items: u64) {
        self.leaves_out = true;
        self.cut.refused.count(why, items);
    }

    /// Whether `time_ns` is within what is kept; counts the refusal where it is not.
    fn in_time(&mut self, time_ns: u64) -> bool {
        let now_ns = self.rules.now_ns;
        let refused = &mut self.cut.refused;
        if time_ns == 0 {
            refused.count(Refusal::NoTime, 1);
        } else if time_ns > now_ns.saturating_add(nanos(MAX_AHEAD)) {
            refused.count_ahead(Duration::from_nanos(time_ns - now_ns));
        } else if time_ns < now_ns.saturating_sub(nanos(self.rules.retention)) {
            refused.count_behind(Duration::from_nanos(now_ns - time_ns));
        } else {
            return true;
        }
        false
    }

    /// An item as it goes into a record: as sent, or without what is over the limits where it would not fit.
    fn fitted<'i>(
        &self,
        levels: &[Level<'_>],
        item: &'i [u8],
        parts: &'static shorten::Parts,
    ) -> Result<Cow<'i, [u8]>, WireError> {
        if self.writers.is_empty() || writer::fits(levels, item, self.rules.max_slice_bytes) {
            return Ok(Cow::Borrowed(item));
        }
        shorten::shortened(item, parts, &self.rules.limits).map(Cow::Owned)
    }

    /// Writes an item into its partition; gives back whether it was taken.
    fn put(&mut self, partition: u16, levels: &[Level<'_>], item_field: u32, item: &[u8]) -> bool {
        if self.writers.is_empty() {
            self.cut.accepted += 1;
            return true;
        }
        let writer = &mut self.writers[usize::from(partition % self.rules.partitions)];
        match writer.put(levels, item_field, item, self.rules.max_slice_bytes) {
            Ok(full) => {
                self.cut.slices.extend(full);
                self.cut.accepted += 1;
                true
            }
            Err(writer::TooBig) => {
                self.refuse(Refusal::TooBig, 1);
                false
            }
        }
    }

    /// The request as the only record; nothing of it was refused.
    fn whole(mut self, request: &Bytes) -> Cut {
        if let Ok(items @ 1..) = u32::try_from(self.cut.accepted) {
            self.cut.slices.push(Slice { partition: 0, bytes: request.clone(), items });
        }
        self.cut
    }

    fn finish(mut self) -> Cut {
        self.cut.slices.extend(self.writers.into_iter().filter_map(|mut writer| writer.finish()));
        self.cut
    }
}

/// Lets a fault pass that leaves the rest of the request usable.
fn spare(error: WireError) -> Result<(), WireError> {
    if error.spares_the_request() { Ok(()) } else { Err(error) }
}

/// The partition of all that one resource sends.
fn partition_of_resource(resource: &[u8]) -> u16 {
    (twox_hash::XxHash3_64::oneshot(resource) % u64::from(PARTITIONS)) as u16
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
