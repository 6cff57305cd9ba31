//! Files that pass the kernel's page cache by (`O_DIRECT`, open(2)): what is written once and read once, as a journal is,
//! need not be copied into pages that are dear to find and push out others.
//!
//! Such a file is written in whole blocks. The block that its end lies in is written again when it grows, filled up with
//! zeros, so the file on the disk may be longer than what was appended, by zeros and by less than a [`BLOCK`]. Where a
//! file system takes no such writes the same bytes go the usual way.

use std::{
    fs::{File, OpenOptions},
    io::{self, IoSlice},
    ops::Range,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
};

use bytes::Bytes;
use rustix::{
    fs::{OFlags, fcntl_getfl, fcntl_setfl},
    io::Errno,
};

use super::{DiskFile, local::FILE_MODE};

/// Addresses, places and lengths are multiples of it: the largest unit that usual devices ask for.
pub const BLOCK: usize = 4096;
/// Written in one call.
const BUFFER: usize = 1 << 20;

/// Memory that begins and ends at a block.
struct Blocks {
    memory: Vec<u8>,
    within: Range<usize>,
}

impl Blocks {
    /// `len` zeros, up to the next block.
    fn new(len: usize) -> Blocks {
        let len = len.next_multiple_of(BLOCK);
        let memory = vec![0; len + BLOCK];
        let start = memory.as_ptr().align_offset(BLOCK);
        Blocks { memory, within: start..start + len }
    }

    fn bytes(&mut self) -> &mut [u8] {
        &mut self.memory[self.within.clone()]
    }

    fn into_bytes(self) -> Bytes {
        Bytes::from(self.memory).slice(self.within)
    }
}

fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let direct = i32::try_from(OFlags::DIRECT.bits()).expect("the flags of open are an int");
    match options.custom_flags(direct).open(path) {
        Err(error) if is_refused(&error) => options.custom_flags(0).open(path),
        opened => opened,
    }
}

/// Some file systems refuse at the opening, others when they are given something to do.
fn is_refused(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::INVAL.raw_os_error())
}

/// Does `what`; once more the usual way where this file system takes nothing directly.
fn directly<T>(file: &File, mut what: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    match what() {
        Err(error) if is_refused(&error) => {
            fcntl_setfl(file, fcntl_getfl(file)? - OFlags::DIRECT)?;
            what()
        }
        done => done,
    }
}

/// Opens a file for [`read_at`].
pub(super) fn open_to_read(path: &Path) -> io::Result<File> {
    open(OpenOptions::new().read(true), path)
}

/// Exactly `len` bytes from `offset`; `UnexpectedEof` when the file ends before. The file is known to have them.
pub(super) fn read_at(file: &File, offset: u64, len: usize) -> io::Result<Bytes> {
    let skipped = within_block(offset);
    let mut blocks = Blocks::new(skipped + len);
    let mut have = 0;
    while have < skipped + len {
        let at = offset - skipped as u64 + have as u64;
        match directly(file, || file.read_at(&mut blocks.bytes()[have..], at)) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            // Only at the file's end less than blocks are read.
            Ok(count) => have += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(blocks.into_bytes().slice(skipped..skipped + len))
}

/// A file that is written in blocks.
pub(super) struct DirectFile {
    file: File,
    len: u64,
    /// Begins with what is in the block of the end.
    buffer: Blocks,
}

impl std::fmt::Debug for DirectFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DirectFile").field("file", &self.file).field("len", &self.len).finish()
    }
}

impl DirectFile {
    /// Makes an empty file. `AlreadyExists` when the name is taken.
    pub(super) fn create(path: &Path) -> io::Result<DirectFile> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(FILE_MODE);
        Ok(DirectFile { file: open(&mut options, path)?, len: 0, buffer: Blocks::new(BUFFER) })
    }

    /// Writes the first `filled` bytes of the buffer, up to their block's end, where the block of byte `at` begins.
    fn write(&mut self, filled: usize, at: u64) -> io::Result<()> {
        let end = filled.next_multiple_of(BLOCK);
        let buffer = self.buffer.bytes();
        buffer[filled..end].fill(0);
        let start = at - at % BLOCK as u64;
        directly(&self.file, || self.file.write_all_at(&buffer[..end], start))
    }
}

/// How far into its block a byte lies.
fn within_block(at: u64) -> usize {
    usize::try_from(at % BLOCK as u64).expect("it is less than a block")
}

impl DiskFile for DirectFile {
    fn append(&mut self, data: &[u8]) -> io::Result<()> {
        self.append_parts(&mut [IoSlice::new(data)])
    }

    fn append_parts(&mut self, parts: &mut [IoSlice<'_>]) -> io::Result<()> {
        let mut at = self.len;
        let mut filled = within_block(at);
        let begun = self.buffer.bytes()[..filled].to_vec();
        let mut written = Ok(());
        for part in parts.iter() {
            let mut rest: &[u8] = part;
            while !rest.is_empty() && written.is_ok() {
                let count = rest.len().min(BUFFER - filled);
                self.buffer.bytes()[filled..filled + count].copy_from_slice(&rest[..count]);
                rest = &rest[count..];
                filled += count;
                if filled == BUFFER {
                    written = self.write(filled, at);
                    at = at - at % BLOCK as u64 + BUFFER as u64;
                    filled = 0;
                }
            }
        }
        if written.is_ok() && filled > 0 {
            written = self.write(filled, at);
        }
        if let Err(error) = written {
            self.buffer.bytes()[..begun.len()].copy_from_slice(&begun);
            return Err(error);
        }
        let last_block = filled - filled % BLOCK;
        self.buffer.bytes().copy_within(last_block..filled, 0);
        self.len = at - at % BLOCK as u64 + filled as u64;
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        if len > self.len {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let begun = within_block(len);
        if begun > 0 && len / BLOCK as u64 != self.len / BLOCK as u64 {
            let kept = read_at(&self.file, len - begun as u64, begun)?;
            self.buffer.bytes()[..begun].copy_from_slice(&kept);
        }
        self.file.set_len(len)?;
        self.len = len;
        Ok(())
    }

    fn len(&self) -> u64 {
        self.len
    }
}
