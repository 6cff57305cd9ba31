//! A request body in OTLP's two notations. Encoding happens once per template; what matters here is noting where
//! in the bytes the values lie that the generator overwrites for each request. All of those have a fixed width.

mod json;
mod protobuf;

use super::Notation;
use super::span::{Attribute, SpanText};

/// No such value in this span.
pub(crate) const ABSENT: u32 = u32::MAX;

/// `10.ddd.ddd.ddd`, octets from 100 to 249.
const ADDRESS_BLANK: &str = "10.100.100.100";
const USER_PREFIX: &str = "user-";
/// User and URL ids: eight digits.
const ID_BLANK: &str = "00000000";
const SCOPE_NAME: &str = "loadgen.instrumentation";
const SCOPE_VERSION: &str = "1.0.0";
/// Any time of nineteen digits; they all are until the year 2286.
const TIME_BLANK: u64 = 1_700_000_000_000_000_000;

/// Byte offsets of the values that vary, from the start of the span or of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slots {
    pub(crate) trace_id: u32,
    pub(crate) span_id: u32,
    pub(crate) parent_id: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Time of the exception's event.
    pub(crate) event: u32,
    pub(crate) user: u32,
    pub(crate) address: u32,
    pub(crate) url: u32,
}

impl Slots {
    const NONE: Self = Self {
        trace_id: ABSENT,
        span_id: ABSENT,
        parent_id: ABSENT,
        start: ABSENT,
        end: ABSENT,
        event: ABSENT,
        user: ABSENT,
        address: ABSENT,
        url: ABSENT,
    };

    fn moved(mut self, by: usize) -> Self {
        let all = [
            &mut self.trace_id,
            &mut self.span_id,
            &mut self.parent_id,
            &mut self.start,
            &mut self.end,
            &mut self.event,
            &mut self.user,
            &mut self.address,
            &mut self.url,
        ];
        for slot in all.into_iter().filter(|slot| **slot != ABSENT) {
            *slot += by as u32;
        }
        self
    }
}

/// The spans of one instance in a body.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) resource: Vec<Attribute>,
    pub(crate) spans: Vec<SpanText>,
}

/// The body, and the slots of each group's spans in the order given.
pub(crate) fn encode(notation: Notation, groups: &[Group]) -> (Vec<u8>, Vec<Vec<Slots>>) {
    match notation {
        Notation::Protobuf => protobuf::encode(groups),
        Notation::Json => json::encode(groups),
    }
}

#[derive(Debug)]
struct EncodedSpan {
    bytes: Vec<u8>,
    slots: Slots,
}
