//! Writing the records of one partition: items under their containers, cut before a record grows too big.
//!
//! A container's length is not known when it is opened, so three bytes are kept for it and filled in when it is closed.
//! A varint padded with zeros is valid protobuf, and three bytes reach to 2 MiB.

use smallvec::SmallVec;

use super::Slice;
use crate::otlp::wire::write;

/// Bytes of a container's tag and length. OTLP's containers have field numbers below 16.
const OPENING: usize = 1 + LENGTH;
const LENGTH: usize = 3;
/// What three bytes can say.
const MAX_LENGTH: usize = (1 << 21) - 1;

/// A container that items stand in.
#[derive(Clone, Copy)]
pub(super) struct Level<'h> {
    /// Tells this container from any other of the request.
    pub(super) id: u32,
    /// Its field number in what contains it.
    pub(super) field: u32,
    /// What it holds beside its items: encoded fields.
    pub(super) head: &'h [&'h [u8]],
    pub(super) head_len: usize,
}

/// An item that does not fit a record even alone with its containers.
pub(super) struct TooBig;

/// The record of one partition that is being written.
pub(super) struct Writer {
    partition: u16,
    /// About the bytes that will come.
    expected: usize,
    bytes: Vec<u8>,
    items: u32,
    open: SmallVec<[Open; 4]>,
}

struct Open {
    id: u32,
    /// Where its length stands.
    at: usize,
}

impl Writer {
    pub(super) fn new(partition: u16, expected: usize) -> Writer {
        Writer { partition, expected, bytes: Vec::new(), items: 0, open: SmallVec::new() }
    }

    /// Appends an item under its containers, outermost first; gives the record that was full before it.
    pub(super) fn put(
        &mut self,
        levels: &[Level<'_>],
        item_field: u32,
        item: &[u8],
        max_bytes: usize,
    ) -> Result<Option<Slice>, TooBig> {
        if !fits(levels, item, max_bytes) {
            return Err(TooBig);
        }
        let max_bytes = max_bytes.min(MAX_LENGTH);
        self.close(self.shared(levels));
        let missing = opening_bytes(&levels[self.open.len()..]);
        let mut full = None;
        if self.bytes.len() + missing + item_bytes(item) > max_bytes {
            full = self.finish();
        }
        if self.bytes.is_empty() {
            self.bytes.reserve(self.expected.min(max_bytes));
        }
        for level in &levels[self.open.len()..] {
            self.open(level);
        }
        self.bytes.push(tag(item_field));
        write::varint(&mut self.bytes, item.len() as u64);
        self.bytes.extend_from_slice(item);
        self.items += 1;
        Ok(full)
    }

    /// Ends the record, where anything is in it.
    pub(super) fn finish(&mut self) -> Option<Slice> {
        self.close(0);
        let bytes = fitted(std::mem::take(&mut self.bytes)).into();
        let items = std::mem::take(&mut self.items);
        (items > 0).then_some(Slice { partition: self.partition, bytes, items })
    }

    /// How many of the open containers the item stands in too.
    fn shared(&self, levels: &[Level<'_>]) -> usize {
        self.open.iter().zip(levels).take_while(|(open, level)| open.id == level.id).count()
    }

    fn open(&mut self, level: &Level<'_>) {
        self.bytes.push(tag(level.field));
        self.open.push(Open { id: level.id, at: self.bytes.len() });
        self.bytes.extend_from_slice(&[0; LENGTH]);
        level.head.iter().for_each(|fields| self.bytes.extend_from_slice(fields));
    }

    /// Closes containers until `left` are open.
    fn close(&mut self, left: usize) {
        while self.open.len() > left {
            let Some(open) = self.open.pop() else { return };
            let length = self.bytes.len() - open.at - LENGTH;
            let padded = [length as u8 | 0x80, (length >> 7) as u8 | 0x80, (length >> 14) as u8];
            self.bytes[open.at..open.at + LENGTH].copy_from_slice(&padded);
        }
    }
}

/// In memory of about its length: the journal keeps its newest records for a while.
pub(crate) fn fitted(bytes: Vec<u8>) -> Vec<u8> {
    let spare = bytes.capacity() - bytes.len();
    // Giving back less than half of it is a promise that allocators do not keep.
    if spare > bytes.len() / 8 { bytes.as_slice().to_vec() } else { bytes }
}

/// Whether a record has room for the item alone, under its containers.
pub(super) fn fits(levels: &[Level<'_>], item: &[u8], max_bytes: usize) -> bool {
    opening_bytes(levels) + item_bytes(item) <= max_bytes.min(MAX_LENGTH)
}

fn item_bytes(item: &[u8]) -> usize {
    1 + write::varint_len(item.len() as u64) + item.len()
}

fn opening_bytes(levels: &[Level<'_>]) -> usize {
    levels.iter().map(|level| OPENING + level.head_len).sum()
}

fn tag(field: u32) -> u8 {
    debug_assert!(field < 16, "OTLP's containers and items have one-byte tags");
    (field << 3) as u8 | 2
}
