//! Turns templates into requests at sending speed: copies the bytes, then overwrites ids, times and random values
//! in place. Nothing is allocated beyond the buffers, which the sender hands back for the next request.

use std::sync::Arc;

use bytes::BytesMut;

use super::encoding::ABSENT;
use super::template::{SpanSlots, Template, Templates, TraceSlots};
use super::topology::SPANS_PER_TRACE;
use super::{Notation, Shape};
use crate::draws::Draws;

/// Traces end within this time before they are sent.
const END_WITHIN_NS: u64 = 900_000_000;
/// One trace in this many takes six times its usual time.
const SLOW_ONE_IN: u64 = 400;
/// Scale factors are in 1/1024.
const SCALE_BITS: u32 = 10;

/// One stream of requests; several share the templates and never an id.
#[derive(Debug)]
pub(crate) struct Generator {
    templates: Arc<Templates>,
    notation: Notation,
    draws: Draws,
    first_trace: [u8; 16],
}

impl Generator {
    /// `stream` below 2^24 - 1, different for each generator of a data set.
    pub(crate) fn new(shape: &Shape, templates: Arc<Templates>, stream: u64) -> Self {
        Self {
            templates,
            notation: shape.notation,
            draws: Draws::new(shape.seed, stream),
            first_trace: [0; 16],
        }
    }

    /// Any of the full templates.
    pub(crate) fn pick(&mut self) -> usize {
        self.draws.below(self.templates.full.len())
    }

    /// Id of the first trace of the last request filled.
    pub(crate) fn first_trace(&self) -> [u8; 16] {
        self.first_trace
    }

    /// One buffer per body of the template, contents replaced. `now` is in nanoseconds since 1970.
    pub(crate) fn fill(&mut self, template: &Template, now: u64, buffers: &mut Vec<BytesMut>) {
        buffers.resize_with(template.bodies.len(), BytesMut::new);
        for (buffer, body) in buffers.iter_mut().zip(&template.bodies) {
            buffer.clear();
            buffer.extend_from_slice(&body.bytes);
        }
        for (index, trace) in template.traces.iter().enumerate() {
            let id = self.trace_id();
            if index == 0 {
                self.first_trace = id;
            }
            match self.notation {
                Notation::Protobuf => self.stamp::<Binary>(trace, id, now, buffers),
                Notation::Json => self.stamp::<Text>(trace, id, now, buffers),
            }
        }
    }

    fn trace_id(&mut self) -> [u8; 16] {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.draws.next().to_be_bytes());
        id[8..].copy_from_slice(&self.draws.next().to_be_bytes());
        id
    }

    fn stamp<W: Write>(
        &mut self,
        trace: &TraceSlots,
        trace_id: [u8; 16],
        now: u64,
        buffers: &mut [BytesMut],
    ) {
        let scale = self.scale();
        let end = now - self.draws.next() % END_WITHIN_NS;
        let began = end - ((trace.length_ns * scale) >> SCALE_BITS);
        let ids: [[u8; 8]; SPANS_PER_TRACE] =
            std::array::from_fn(|_| self.draws.next().to_be_bytes());
        for (span, id) in trace.spans.iter().zip(ids) {
            let out = &mut buffers[span.body as usize][..];
            let span_end = began + ((span.end_ns * scale) >> SCALE_BITS);
            W::id(out, span.at.trace_id, &trace_id);
            W::id(out, span.at.span_id, &id);
            W::time(out, span.at.start, began + ((span.start_ns * scale) >> SCALE_BITS));
            W::time(out, span.at.end, span_end);
            if span.at.parent_id != ABSENT {
                W::id(out, span.at.parent_id, &ids[span.parent as usize]);
            }
            if span.at.event != ABSENT {
                W::time(out, span.at.event, span_end);
            }
            self.stamp_values(span, out);
        }
    }

    /// Response times differ from call to call, and a few are slow.
    fn scale(&mut self) -> u64 {
        let draw = self.draws.next();
        let usual = 768 + draw % 512;
        if (draw >> 32).is_multiple_of(SLOW_ONE_IN) { usual * 6 } else { usual }
    }

    fn stamp_values(&mut self, span: &SpanSlots, out: &mut [u8]) {
        let (who, where_from) = (self.draws.next(), self.draws.next());
        put_digits(&mut out[span.at.user as usize..], who as u32 % 1_000_000);
        put_digits(&mut out[span.at.url as usize..], (who >> 32) as u32 % 100_000_000);
        let address = &mut out[span.at.address as usize + 3..];
        for octet in 0..3 {
            put_octet(&mut address[octet * 4..], (where_from >> (octet * 16)) as u16);
        }
    }
}

/// Eight decimal digits.
fn put_digits(out: &mut [u8], mut number: u32) {
    for digit in out[..8].iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Three digits, 100 to 249.
fn put_octet(out: &mut [u8], random: u16) {
    let octet = 100 + (random % 150) as u8;
    out[0] = b'0' + octet / 100;
    out[1] = b'0' + octet / 10 % 10;
    out[2] = b'0' + octet % 10;
}

/// How ids and times are written in place.
trait Write {
    fn id(out: &mut [u8], at: u32, id: &[u8]);
    fn time(out: &mut [u8], at: u32, nanos: u64);
}

enum Binary {}

impl Write for Binary {
    fn id(out: &mut [u8], at: u32, id: &[u8]) {
        out[at as usize..at as usize + id.len()].copy_from_slice(id);
    }

    fn time(out: &mut [u8], at: u32, nanos: u64) {
        Self::id(out, at, &nanos.to_le_bytes());
    }
}

enum Text {}

impl Write for Text {
    fn id(out: &mut [u8], at: u32, id: &[u8]) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let out = &mut out[at as usize..at as usize + id.len() * 2];
        for (pair, byte) in out.chunks_exact_mut(2).zip(id) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
    }

    fn time(out: &mut [u8], at: u32, mut nanos: u64) {
        for digit in out[at as usize..at as usize + 19].iter_mut().rev() {
            *digit = b'0' + (nanos % 10) as u8;
            nanos /= 10;
        }
    }
}
