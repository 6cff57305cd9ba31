//! The seal of a segment's file: a checksum of each block, so that no byte that changed on the disk makes an answer.
//!
//! Parquet has room for a checksum of each page, which the library does not write, and none for its footer, whose
//! statistics and places decide what is read at all. So a file carries checksums of its own. They stand behind the footer's
//! metadata and count as part of them, where readers of Parquet stop reading before they reach them:
//!
//! `u32 CRC-32C` of each block of [`BLOCK`] bytes of all before, `u64` length of all before, `u32 CRC-32C` of what has been
//! said so far and of Parquet's tail, `VSUM`, then that tail: `u32` length of the metadata, seal included, and `PAR1`.
//! Little-endian.

use std::{ops::Range, path::Path};

use bytes::Bytes;
use daemon::disk::Disk;
use parquet::errors::ParquetError;

use super::SegmentError;

/// Bytes that one checksum covers: what a reader of one page reads more than it needs.
pub(super) const BLOCK: usize = 16 << 10;
const MAGIC: &[u8; 4] = b"VSUM";
/// Length of the metadata and `PAR1`.
const PARQUET_TAIL: usize = 8;
/// What follows the checksums.
const TAIL: usize = 8 + 4 + 4 + PARQUET_TAIL;

/// The checksums of a file, as it is written.
#[derive(Debug, Default)]
pub(super) struct Sealing {
    sums: Vec<u32>,
    /// Of the block that is not full yet.
    sum: u32,
    filled: usize,
    length: u64,
    /// The last bytes written: of a whole file Parquet's tail, which moves behind the seal.
    last: Vec<u8>,
}

impl Sealing {
    /// Takes note of bytes that are written.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        let Some(before_last) = bytes.len().checked_sub(PARQUET_TAIL) else {
            self.last.extend_from_slice(bytes);
            let over = self.last.len().saturating_sub(PARQUET_TAIL);
            let settled: Vec<u8> = self.last.drain(..over).collect();
            return self.cover(&settled);
        };
        let settled = std::mem::take(&mut self.last);
        self.cover(&settled);
        self.cover(&bytes[..before_last]);
        self.last.extend_from_slice(&bytes[before_last..]);
    }

    fn cover(&mut self, mut bytes: &[u8]) {
        self.length += bytes.len() as u64;
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK - self.filled));
            self.sum = crc32c::crc32c_append(self.sum, now);
            self.filled += now.len();
            if self.filled == BLOCK {
                self.end_block();
            }
            bytes = later;
        }
    }

    fn end_block(&mut self) {
        self.sums.push(self.sum);
        (self.sum, self.filled) = (0, 0);
    }

    /// How much of the file stays, and what comes behind that instead of its last bytes.
    pub(super) fn finish(mut self) -> (u64, Vec<u8>) {
        if self.filled > 0 {
            self.end_block();
        }
        let mut out = Vec::with_capacity(self.sums.len() * 4 + TAIL);
        self.sums.iter().for_each(|sum| out.extend_from_slice(&sum.to_le_bytes()));
        out.extend_from_slice(&self.length.to_le_bytes());
        let (metadata, magic) = self.last.split_first_chunk().expect("a Parquet file has a tail");
        let more = u32::try_from(out.len() + TAIL - PARQUET_TAIL - 8).expect("seals are small");
        let metadata = u32::from_le_bytes(*metadata) + more;
        let mut tail = metadata.to_le_bytes().to_vec();
        tail.extend_from_slice(magic);
        let sum = crc32c::crc32c_append(crc32c::crc32c(&out), &tail);
        out.extend_from_slice(&sum.to_le_bytes());
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&tail);
        (self.length, out)
    }
}

/// The checksums of a file, as they were read from it.
#[derive(Debug)]
pub(super) struct Seal {
    sums: Vec<u32>,
    /// Bytes that are covered: all before the seal.
    covered: u64,
}

impl Seal {
    /// The seal of a file of this length; none of one that was written before there were any.
    ///
    /// # Errors
    /// When the disk refuses, or the seal is broken.
    pub(super) fn read(
        disk: &dyn Disk,
        path: &Path,
        length: u64,
    ) -> Result<Option<Seal>, SegmentError> {
        let name = || path.display().to_string();
        let disk_failed = |source| SegmentError::Disk { path: name(), source };
        let broken = || SegmentError::Parquet {
            path: name(),
            source: ParquetError::General("its seal is broken".to_owned()),
        };
        let Some(before_tail) = length.checked_sub(TAIL as u64) else { return Ok(None) };
        let tail = disk.read_at(path, before_tail, TAIL).map_err(disk_failed)?;
        if &tail[12..16] != MAGIC {
            return Ok(None);
        }
        let covered = u64::from_le_bytes(tail[..8].try_into().expect("eight bytes"));
        let table = 4 * covered.div_ceil(BLOCK as u64);
        if covered > length || covered + table + TAIL as u64 != length {
            return Err(broken());
        }
        let table = usize::try_from(table).map_err(|_| broken())?;
        let table = disk.read_at(path, covered, table).map_err(disk_failed)?;
        let sum = crc32c::crc32c_append(crc32c::crc32c(&table), &tail[..8]);
        if crc32c::crc32c_append(sum, &tail[16..]).to_le_bytes() != tail[8..12] {
            return Err(broken());
        }
        let sums = table.chunks_exact(4);
        let sums = sums.map(|sum| u32::from_le_bytes(sum.try_into().expect("four bytes")));
        Ok(Some(Seal { sums: sums.collect(), covered }))
    }

    /// What must be read so that these bytes can be verified: whole blocks.
    pub(super) fn widened(&self, wanted: &Range<u64>) -> Range<u64> {
        let block = BLOCK as u64;
        let end = (wanted.end.div_ceil(block) * block).min(self.covered).max(wanted.end);
        wanted.start.min(self.covered) / block * block..end
    }

    /// Where the first of these bytes lies whose block does not carry its checksum. `bytes` begin at `start`, with a
    /// block; those behind what is covered are the seal, which was verified when it was read.
    pub(super) fn damage(&self, start: u64, bytes: &Bytes) -> Option<u64> {
        let first = usize::try_from(start).ok()? / BLOCK;
        let covered = usize::try_from(self.covered.saturating_sub(start)).unwrap_or(usize::MAX);
        let blocks = bytes[..bytes.len().min(covered)].chunks(BLOCK);
        let mut numbered = (first..).zip(blocks);
        let broken =
            numbered.find(|(at, block)| self.sums.get(*at) != Some(&crc32c::crc32c(block)));
        broken.map(|(at, _)| (at * BLOCK) as u64)
    }

    /// About the bytes of memory it takes.
    pub(super) fn memory(&self) -> usize {
        self.sums.len() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use daemon::disk::SimulatedDisk;

    use super::*;

    fn file(length: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..length).map(|at| (at * 7 % 251) as u8).collect();
        bytes.extend_from_slice(&5u32.to_le_bytes());
        bytes.extend_from_slice(b"PAR1");
        bytes
    }

    fn sealed(bytes: &[u8], piece: usize) -> Vec<u8> {
        let mut sealing = Sealing::default();
        bytes.chunks(piece).for_each(|piece| sealing.add(piece));
        let (keep, seal) = sealing.finish();
        let mut out = bytes[..usize::try_from(keep).unwrap()].to_vec();
        out.extend_from_slice(&seal);
        out
    }

    #[test]
    fn the_seal_is_the_same_however_the_file_was_written() {
        let bytes = file(2 * BLOCK + 77);
        let whole = sealed(&bytes, bytes.len());
        for piece in [1, 5, 8, 9, 1000, BLOCK] {
            assert!(sealed(&bytes, piece) == whole, "in pieces of {piece}");
        }
        // The metadata have grown by three sums, their own sum, the length and the magic.
        let at = whole.len() - 8;
        assert_eq!(whole[at..], [33, 0, 0, 0, b'P', b'A', b'R', b'1']);
    }

    #[test]
    fn what_is_read_is_verified_block_by_block() {
        let disk = SimulatedDisk::new();
        let path = Path::new("segment");
        let bytes = sealed(&file(2 * BLOCK + 77), 100);
        disk.create(path).unwrap().append(&bytes).unwrap();
        let seal = Seal::read(&disk, path, bytes.len() as u64).unwrap().expect("it is sealed");
        let (block, covered) = (BLOCK as u64, 2 * BLOCK as u64 + 77);
        assert_eq!(seal.widened(&(5..6)), 0..block);
        assert_eq!(seal.widened(&(block - 1..block + 1)), 0..2 * block);
        assert_eq!(seal.widened(&(2 * block + 70..covered + 9)), 2 * block..covered + 9);
        assert_eq!(seal.damage(0, &Bytes::from(bytes.clone())), None);
        let mut flipped = bytes;
        flipped[BLOCK + 3] ^= 4;
        assert_eq!(seal.damage(0, &Bytes::from(flipped.clone())), Some(block));
        let rest = Bytes::from(flipped).slice(2 * BLOCK..);
        assert_eq!(seal.damage(2 * block, &rest), None);
    }
}
