//! Journal files: names, headers, and reading records back.
//!
//! A file is named by the offset of its first record, 20 digits and `.log`. Header, little-endian: 8 bytes `VEDJRNL\n`,
//! `u16 format`, 6 bytes zero, `u64 producer`, `u64 first offset`, `u32 CRC-32C of all before`, 4 bytes zero. Frames follow,
//! and behind the last one zeros that fill its block, as [`Disk::create_direct`] has it.
//!
//! [`Disk::create_direct`]: daemon::disk::Disk::create_direct

use std::ops::Range;

use bytes::Bytes;
use daemon::disk::BLOCK;

use crate::{
    ReadError,
    damage::Damages,
    record::{self, Frame, Stored},
};

pub(crate) const HEADER: usize = 40;
pub(crate) const FORMAT: u16 = 1;
const MAGIC: &[u8; 8] = b"VEDJRNL\n";

/// What a file's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) format: u16,
    pub(crate) producer: u64,
    pub(crate) first: u64,
}

impl Header {
    pub(crate) fn encode(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&self.format.to_le_bytes());
        out.extend_from_slice(&[0; 6]);
        out.extend_from_slice(&self.producer.to_le_bytes());
        out.extend_from_slice(&self.first.to_le_bytes());
        out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out
    }

    /// Nothing when the header never became whole: the file was being made when the machine stopped.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Header> {
        let bytes = bytes.get(..HEADER)?;
        let checksum = u32::from_le_bytes(bytes[32..36].try_into().ok()?);
        if &bytes[..8] != MAGIC || crc32c::crc32c(&bytes[..32]) != checksum {
            return None;
        }
        Some(Header {
            format: u16::from_le_bytes([bytes[8], bytes[9]]),
            producer: u64::from_le_bytes(bytes[16..24].try_into().ok()?),
            first: u64::from_le_bytes(bytes[24..32].try_into().ok()?),
        })
    }
}

/// The name of the file whose first record has this offset.
pub(crate) fn name(first: u64) -> String {
    format!("{first:020}.log")
}

/// The first offset that a file's name tells; nothing for a file that is not the journal's.
pub fn first_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".log")?;
    (digits.len() == 20).then(|| digits.parse().ok())?
}

/// A place between two records: the offset of the next one and the byte where its frame begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) offset: u64,
    pub(crate) byte: u64,
}

/// All whole frames in `bytes`, which begin at `place`, in rising order of their offsets; where the first begins that is not
/// whole.
pub(crate) fn frames(bytes: &Bytes, place: Place, mut each: impl FnMut(Stored)) -> Place {
    let mut at = 0;
    let mut offset = place.offset;
    while at < bytes.len() {
        match record::decode(&bytes.slice(at..)) {
            Frame::Whole(stored, length) if stored.offset >= offset => {
                offset = stored.offset + 1;
                at += length;
                each(stored);
            }
            _ => break,
        }
    }
    Place { offset, byte: place.byte + at as u64 }
}

/// Whether what stands behind the last frame of a file only fills its block.
pub(crate) fn is_filling(bytes: &[u8]) -> bool {
    bytes.len() < BLOCK && bytes.iter().all(|byte| *byte == 0)
}

/// Where in `bytes` the next whole frame begins, with one of these offsets; the first byte is none's beginning.
pub(crate) fn next_whole(bytes: &Bytes, offsets: &Range<u64>) -> Option<usize> {
    (1..bytes.len()).find(|at| {
        record::may_begin(&bytes[*at..])
            && match record::decode(&bytes.slice(*at..)) {
                Frame::Whole(stored, _) => offsets.contains(&stored.offset),
                Frame::Torn => false,
            }
    })
}

/// What is whole in the newest file, and the bytes between that are not.
pub(crate) fn whole_parts(bytes: &Bytes, mut place: Place) -> (Place, Vec<Range<u64>>) {
    let start = place.byte;
    let rest = |byte: u64| bytes.slice(usize::try_from(byte - start).expect("it is in memory")..);
    let mut gaps = Vec::new();
    loop {
        place = frames(&rest(place.byte), place, |_| {});
        match next_whole(&rest(place.byte), &(place.offset..u64::MAX)) {
            Some(skipped) => {
                let next = place.byte + skipped as u64;
                gaps.push(place.byte..next);
                place.byte = next;
            }
            None => return (place, gaps),
        }
    }
}

/// A file to be read, as far as it is durable.
pub(crate) struct Reading<'r> {
    pub(crate) damages: &'r Damages,
    pub(crate) first: u64,
    pub(crate) end: u64,
    /// No record of the journal has this offset or a later one.
    pub(crate) next: u64,
}

impl Reading<'_> {
    /// Reads about `max_bytes` of records from `place` on, at least one; none at the end. What is damaged is noted and
    /// passed over.
    pub(crate) fn read(
        &self,
        mut place: Place,
        max_bytes: usize,
    ) -> Result<(Vec<Stored>, Place), ReadError> {
        let mut damaged_from = None;
        let mut want = max_bytes;
        loop {
            let left = usize::try_from(self.end.saturating_sub(place.byte)).unwrap_or(usize::MAX);
            want = want.min(left);
            let bytes = if want == 0 { Bytes::new() } else { self.bytes(place.byte, want)? };
            let mut records = Vec::new();
            let next = frames(&bytes, place, |stored| records.push(stored));
            if !records.is_empty() || want == 0 {
                if let Some(from) = damaged_from {
                    self.damages.note_bytes(self.first, from..place.byte);
                }
                return Ok((records, next));
            }
            if want == left && is_filling(&bytes) {
                place.byte = self.end;
                continue;
            }
            if want < left.min(record::MAX_FRAME) {
                // The first record may be longer than what was read of it.
                want = record::MAX_FRAME;
                continue;
            }
            damaged_from.get_or_insert(place.byte);
            let none_begins = if want == left { want } else { want - record::MAX_FRAME + 1 };
            let skipped = next_whole(&bytes, &(place.offset..self.next)).unwrap_or(none_begins);
            place.byte += skipped as u64;
            want = max_bytes.max(2 * record::MAX_FRAME);
        }
    }

    fn bytes(&self, from: u64, count: usize) -> Result<Bytes, ReadError> {
        let file = name(self.first);
        let path = self.damages.dir().join(&file);
        let read = self.damages.disk().read_direct(&path, from, count);
        read.map_err(|source| ReadError::Read { file, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_reads_back_and_a_torn_one_does_not() {
        let header = Header { format: FORMAT, producer: 7, first: 99 };
        let bytes = header.encode();
        assert_eq!(bytes.len(), HEADER);
        assert_eq!(Header::decode(&bytes), Some(header));
        assert_eq!(Header::decode(&bytes[..HEADER - 1]), None);
        let mut torn = bytes;
        torn[20] ^= 1;
        assert_eq!(Header::decode(&torn), None);
    }

    #[test]
    fn a_name_tells_the_first_offset() {
        assert_eq!(first_of(&name(17)), Some(17));
        assert_eq!(first_of("17.log"), None);
        assert_eq!(first_of("lock"), None);
    }
}
