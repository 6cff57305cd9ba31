//! Journal files: names, headers, and reading records back.
//!
//! A file is named by the offset of its first record, 20 digits and `.log`. Header, little-endian: 8 bytes `VEDJRNL\n`,
//! `u16 format`, 6 bytes zero, `u64 producer`, `u64 first offset`, `u32 CRC-32C of all before`, 4 bytes zero. Frames follow.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use daemon::disk::Disk;

use crate::{
    ReadError,
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

/// All whole frames in `bytes`, which begin at `place`; where the first frame begins that is not whole.
pub(crate) fn frames(bytes: &Bytes, place: Place, mut each: impl FnMut(Stored)) -> Place {
    let mut at = 0;
    let mut offset = place.offset;
    while at < bytes.len() {
        match record::decode(&bytes.slice(at..)) {
            Frame::Whole(stored, length) => {
                offset = stored.offset + 1;
                at += length;
                each(stored);
            }
            Frame::Torn => break,
        }
    }
    Place { offset, byte: place.byte + at as u64 }
}

/// Reads about `max_bytes` of records from `place` up to the byte `end`, at least one.
pub(crate) fn read(
    disk: &dyn Disk,
    dir: &Path,
    first: u64,
    place: Place,
    end: u64,
    max_bytes: usize,
) -> Result<(Vec<Stored>, Place), ReadError> {
    let file = name(first);
    let path: PathBuf = dir.join(&file);
    let left = end.saturating_sub(place.byte);
    let mut want = (max_bytes as u64).min(left);
    loop {
        let bytes = disk
            .read_at(&path, place.byte, usize::try_from(want).expect("reads are bounded by memory"))
            .map_err(|source| ReadError::Read { file: file.clone(), source })?;
        let mut records = Vec::new();
        let next = frames(&bytes, place, |stored| records.push(stored));
        if !records.is_empty() || want == 0 {
            return Ok((records, next));
        }
        if want == left {
            return Err(ReadError::Damaged { file, at: place.byte });
        }
        // The first record is longer than what was read of it.
        want = (want * 2).max(2 * crate::MAX_PAYLOAD as u64).min(left);
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
