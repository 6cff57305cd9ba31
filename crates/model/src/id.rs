//! Typed ids. All entities share one space of 32-bit ids, given out by the metadata store; 0 means "none".

use std::fmt;

use serde::{Deserialize, Serialize};

/// The id of an application, tier, node, business transaction, backend, queue, service endpoint or error group.
/// What it is stands in its [`crate::entity::Entity`].
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct EntityId(pub u32);

impl EntityId {
    /// No entity: an unresolved peer, or work under no business transaction.
    pub const NONE: EntityId = EntityId(0);

    /// Whether this stands for no entity.
    pub fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The id, or nothing where it stands for no entity.
    pub fn some(self) -> Option<EntityId> {
        (self.0 != 0).then_some(self)
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The tenant that owns applications, users and access keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub u32);

impl AccountId {
    /// `customer1`, made by the first migration.
    pub const FIRST: AccountId = AccountId(1);
}

/// A W3C trace id: 16 bytes, never all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TraceId(pub [u8; 16]);

impl TraceId {
    /// Reads 16 bytes; nothing when the length differs or all are zero.
    pub fn from_bytes(bytes: &[u8]) -> Option<TraceId> {
        let id: [u8; 16] = bytes.try_into().ok()?;
        (id != [0; 16]).then_some(TraceId(id))
    }

    /// Reads 32 hexadecimal digits of either case.
    pub fn from_hex(text: &str) -> Option<TraceId> {
        if text.len() != 32 || !text.is_ascii() {
            return None;
        }
        let mut id = [0; 16];
        for (byte, pair) in id.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(pair).ok()?;
            *byte = u8::from_str_radix(digits, 16).ok()?;
        }
        TraceId::from_bytes(&id)
    }

    /// The logical partition that holds this trace's spans, for ever.
    pub fn partition(self) -> u16 {
        // The last bytes: the W3C's "random" flag vouches for the rightmost seven, and some agents put a time in front.
        u16::from(self.0[15]) % PARTITIONS
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A span id: 8 bytes, read big-endian; 0 means "none".
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SpanId(pub u64);

impl SpanId {
    /// No span: a root's parent.
    pub const NONE: SpanId = SpanId(0);

    /// Reads 8 bytes; an empty slice is [`SpanId::NONE`], any other length is no id.
    pub fn from_bytes(bytes: &[u8]) -> Option<SpanId> {
        match bytes {
            [] => Some(SpanId::NONE),
            _ => Some(SpanId(u64::from_be_bytes(bytes.try_into().ok()?))),
        }
    }

    /// Whether this stands for no span.
    pub fn is_none(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Logical partitions of every journal topic: part of the persisted format, never changed.
pub const PARTITIONS: u16 = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_id_reads_back_from_its_own_text() {
        let id = TraceId([0xab; 16]);
        assert_eq!(TraceId::from_hex(&id.to_string()), Some(id));
    }

    #[test]
    fn ids_of_another_length_or_all_zero_are_none() {
        assert_eq!(TraceId::from_bytes(&[0; 16]), None);
        assert_eq!(TraceId::from_bytes(&[1; 15]), None);
        assert_eq!(TraceId::from_hex("zz000000000000000000000000000000"), None);
        assert_eq!(SpanId::from_bytes(&[1; 7]), None);
        assert_eq!(SpanId::from_bytes(&[]), Some(SpanId::NONE));
    }
}
