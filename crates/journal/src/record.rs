//! One record and how it lies on the disk.
//!
//! Frame, little-endian: `u32 length of what follows the checksum`, `u32 CRC-32C of it`, then the head and the payload.
//! Head, version 1 (70 bytes): `u8 version`, `u8 topic`, `u16 partition`, `u32 account`, `u64 sequence`, `u64 producer`,
//! `u64 fingerprint`, `u64 received (Unix ns)`, `u32 items`, `u8 sender kind (0 none, 4, 6)`, `[u8; 16] sender`, and 9
//! bytes that are zero. The embedded journal's sequence is the record's offset.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bytes::Bytes;
use model::id::AccountId;

/// What a record's payload is; the numbers are persisted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Topic {
    /// An OTLP `ExportTraceServiceRequest`.
    Spans = 1,
    /// An OTLP `ExportMetricsServiceRequest`.
    Metrics = 2,
    /// An OTLP `ExportLogsServiceRequest`.
    Logs = 3,
    /// An event, JSON.
    Events = 4,
    /// Figures of one committed cut.
    Minutes = 5,
}

impl Topic {
    fn from_number(number: u8) -> Option<Topic> {
        use Topic::{Events, Logs, Metrics, Minutes, Spans};
        [Spans, Metrics, Logs, Events, Minutes].into_iter().find(|topic| *topic as u8 == number)
    }
}

/// What is appended.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub topic: Topic,
    /// The logical partition, below [`model::id::PARTITIONS`].
    pub partition: u16,
    pub account: AccountId,
    /// Tells a body that was sent twice; equal for equal payloads of one partition.
    pub fingerprint: u64,
    /// When it arrived, Unix nanoseconds.
    pub received_ns: u64,
    /// Who sent it.
    pub sender: Option<IpAddr>,
    /// Spans, data points or log records inside.
    pub items: u32,
    pub payload: Bytes,
}

/// A record that is in the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Its place in the lane.
    pub offset: u64,
    /// Who wrote it first: tells a forwarder's repeated record together with `sequence`.
    pub producer: u64,
    pub sequence: u64,
    pub record: Record,
}

pub(crate) const FRAME_HEAD: usize = 8;
const HEAD: usize = 70;
const VERSION: u8 = 1;
/// No frame is longer, bytes.
pub(crate) const MAX_FRAME: usize = FRAME_HEAD + HEAD + crate::MAX_PAYLOAD;

/// What the bytes at a place turned out to be.
#[derive(Debug, PartialEq)]
pub(crate) enum Frame {
    /// A record, and the bytes that its frame takes.
    Whole(Stored, usize),
    /// The bytes end before the frame does, or do not carry its checksum.
    Torn,
}

/// What stands before the payload in a frame.
pub(crate) const PREAMBLE: usize = FRAME_HEAD + HEAD;

/// Writes what stands before the payload, [`PREAMBLE`] bytes, behind what `out` holds.
pub(crate) fn encode(record: &Record, sequence: u64, producer: u64, out: &mut Vec<u8>) {
    let length =
        u32::try_from(HEAD + record.payload.len()).expect("payloads are capped far below 4 GiB");
    let start = out.len();
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.push(VERSION);
    out.push(record.topic as u8);
    out.extend_from_slice(&record.partition.to_le_bytes());
    out.extend_from_slice(&record.account.0.to_le_bytes());
    out.extend_from_slice(&sequence.to_le_bytes());
    out.extend_from_slice(&producer.to_le_bytes());
    out.extend_from_slice(&record.fingerprint.to_le_bytes());
    out.extend_from_slice(&record.received_ns.to_le_bytes());
    out.extend_from_slice(&record.items.to_le_bytes());
    encode_sender(record.sender, out);
    out.extend_from_slice(&[0; 9]);
    let checksum = crc32c::crc32c(&out[start + FRAME_HEAD..]);
    let checksum = crc32c::crc32c_append(checksum, &record.payload);
    out[start + 4..start + FRAME_HEAD].copy_from_slice(&checksum.to_le_bytes());
}

fn encode_sender(sender: Option<IpAddr>, out: &mut Vec<u8>) {
    let (kind, octets) = match sender {
        None => (0, [0; 16]),
        Some(IpAddr::V4(address)) => (4, address.to_ipv6_mapped().octets()),
        Some(IpAddr::V6(address)) => (6, address.octets()),
    };
    out.push(kind);
    out.extend_from_slice(&octets);
}

/// Reads the frame at the beginning of `bytes`; the payload shares their memory.
pub(crate) fn decode(bytes: &Bytes) -> Frame {
    decode_whole(bytes).unwrap_or(Frame::Torn)
}

/// Whether a frame may begin with these bytes, by its length and head alone: most places in a file are none's beginning.
pub(crate) fn may_begin(bytes: &[u8]) -> bool {
    let Some(length) = u32_at(bytes, 0) else { return false };
    let fits = (HEAD..=MAX_FRAME - FRAME_HEAD).contains(&(length as usize));
    fits && bytes.len() - FRAME_HEAD.min(bytes.len()) >= length as usize
        && bytes[FRAME_HEAD] == VERSION
        && Topic::from_number(bytes[FRAME_HEAD + 1]).is_some()
}

fn decode_whole(bytes: &Bytes) -> Option<Frame> {
    let length = u32_at(bytes, 0)? as usize;
    let end = FRAME_HEAD.checked_add(length)?;
    let body = bytes.get(FRAME_HEAD..end)?;
    if length < HEAD || crc32c::crc32c(body) != u32_at(bytes, 4)? {
        return None;
    }
    if body[0] != VERSION {
        return None;
    }
    let record = Record {
        topic: Topic::from_number(body[1])?,
        partition: u16::from_le_bytes([body[2], body[3]]),
        account: AccountId(u32_at(body, 4)?),
        fingerprint: u64_at(body, 24)?,
        received_ns: u64_at(body, 32)?,
        items: u32_at(body, 40)?,
        sender: decode_sender(body[44], body[45..61].try_into().ok()?),
        payload: bytes.slice(PREAMBLE..end),
    };
    let sequence = u64_at(body, 8)?;
    Some(Frame::Whole(
        Stored { offset: sequence, producer: u64_at(body, 16)?, sequence, record },
        end,
    ))
}

fn decode_sender(kind: u8, octets: [u8; 16]) -> Option<IpAddr> {
    match kind {
        4 => Some(IpAddr::V4(Ipv4Addr::new(octets[12], octets[13], octets[14], octets[15]))),
        6 => Some(IpAddr::V6(Ipv6Addr::from(octets))),
        _ => None,
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// Bytes that a record's frame takes on the disk.
pub(crate) fn frame_len(record: &Record) -> u64 {
    (PREAMBLE + record.payload.len()) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(payload: Vec<u8>, sender: Option<IpAddr>) -> Record {
        Record {
            topic: Topic::Metrics,
            partition: 31,
            account: AccountId(7),
            fingerprint: 0xfeed,
            received_ns: 123,
            sender,
            items: 9,
            payload: payload.into(),
        }
    }

    proptest! {
        #[test]
        fn a_frame_reads_back(payload in prop::collection::vec(any::<u8>(), 0..200), sender in any::<Option<IpAddr>>()) {
            let record = record(payload, sender);
            let mut out = Vec::new();
            encode(&record, 42, 5, &mut out);
            prop_assert_eq!(out.len(), PREAMBLE);
            out.extend_from_slice(&record.payload);
            prop_assert_eq!(out.len() as u64, frame_len(&record));
            let length = out.len();
            let stored = Stored { offset: 42, producer: 5, sequence: 42, record };
            prop_assert_eq!(decode(&out.into()), Frame::Whole(stored, length));
        }

        #[test]
        fn any_flipped_bit_and_any_missing_byte_is_noticed(at in 0usize..110, bit in 0u8..8) {
            let mut out = Vec::new();
            encode(&record(vec![3; 40], None), 42, 5, &mut out);
            out.extend_from_slice(&[3; 40]);
            let short = out[..at].to_vec();
            prop_assert_eq!(decode(&short.into()), Frame::Torn);
            out[at] ^= 1 << bit;
            prop_assert_eq!(decode(&out.into()), Frame::Torn);
        }
    }
}
