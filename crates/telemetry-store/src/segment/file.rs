//! A segment's file, as it is written and as Parquet reads it.

use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use daemon::disk::{Disk, DiskFile};
use parking_lot::Mutex;
use parquet::{
    errors::ParquetError,
    file::reader::{ChunkReader, Length},
};

use super::{
    SegmentError,
    seal::{Seal, Sealing},
};

/// A segment's file that is written while it is made.
#[derive(Debug)]
pub(crate) struct Output {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    sealing: Sealing,
}

impl Output {
    /// Makes the file.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn create(disk: &dyn Disk, path: &Path) -> Result<Output, SegmentError> {
        let failed = |source| SegmentError::Disk { path: path.display().to_string(), source };
        let file = disk.create(path).map_err(failed)?;
        Ok(Output { file, path: path.to_owned(), sealing: Sealing::default() })
    }

    /// Seals the file, makes it durable and gives its length; its name is durable after `sync_dir` of its directory.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn sync(self) -> Result<u64, SegmentError> {
        let Output { mut file, path, sealing } = self;
        let (keep, seal) = sealing.finish();
        let sealed = file.truncate(keep).and_then(|()| file.append(&seal));
        let synced = sealed.and_then(|()| file.sync());
        let path = path.display().to_string();
        synced.map_err(|source| SegmentError::Disk { path, source })?;
        Ok(file.len())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.append(bytes)?;
        self.sealing.add(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A segment's file as Parquet reads it.
#[derive(Clone, Debug)]
pub(crate) struct File {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    length: u64,
    seal: Option<Arc<Seal>>,
    /// What the disk said when it refused last: Parquet hands on no more than its words.
    refusal: Arc<Mutex<Option<io::Error>>>,
}

impl File {
    /// A file of the disk; `NotFound` when there is none.
    pub(super) fn open(disk: Arc<dyn Disk>, path: &Path) -> Result<File, SegmentError> {
        let length = disk
            .len(path)
            .map_err(|source| SegmentError::Disk { path: path.display().to_string(), source })?;
        let seal = Seal::read(disk.as_ref(), path, length)?.map(Arc::new);
        Ok(File { disk, path: path.to_owned(), length, seal, refusal: Arc::default() })
    }

    /// Whether its bytes carry checksums.
    pub(super) fn is_sealed(&self) -> bool {
        self.seal.is_some()
    }

    /// What its checksums take in memory, bytes.
    pub(super) fn seal_memory(&self) -> usize {
        self.seal.as_ref().map_or(0, |seal| seal.memory())
    }

    /// Where it is, for whoever reads of it.
    pub(super) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Bytes that carry their checksum.
    pub(super) fn read(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let Some(seal) = &self.seal else { return self.read_unverified(start, length) };
        let wanted = start..start.saturating_add(length as u64);
        let range = seal.widened(&wanted);
        let width = usize::try_from(range.end - range.start)?;
        let bytes = self.read_unverified(range.start, width)?;
        if let Some(at) = seal.damage(range.start, &bytes) {
            let said = format!("the bytes from {at} on do not carry their checksum");
            return Err(ParquetError::General(said));
        }
        let first = usize::try_from(wanted.start - range.start)?;
        Ok(bytes.slice(first..first + length))
    }

    fn read_unverified(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.disk.read_at(&self.path, start, length).map_err(|error| {
            let said = ParquetError::General(error.to_string());
            *self.refusal.lock() = Some(error);
            said
        })
    }

    /// Why reading failed: by the disk's refusal, if there was one.
    pub(super) fn failed(&self, source: ParquetError) -> SegmentError {
        let path = self.name();
        match self.refusal.lock().take() {
            Some(source) => SegmentError::Disk { path, source },
            None => SegmentError::Parquet { path, source },
        }
    }
}

impl Length for File {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for File {
    type T = Cursor;

    fn get_read(&self, start: u64) -> Result<Cursor, ParquetError> {
        Ok(Cursor { file: self.clone(), at: start, buffer: Bytes::new() })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.read(start, length)
    }
}

/// Reads a file onward from a place.
#[derive(Debug)]
pub(crate) struct Cursor {
    file: File,
    at: u64,
    buffer: Bytes,
}

impl Read for Cursor {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        const CHUNK: u64 = 64 * 1024;
        if self.buffer.is_empty() {
            let length = CHUNK.min(self.file.length.saturating_sub(self.at));
            let length = usize::try_from(length).expect("a chunk is small");
            self.buffer = self.file.read(self.at, length).map_err(io::Error::other)?;
            self.at += length as u64;
        }
        let count = out.len().min(self.buffer.len());
        out[..count].copy_from_slice(&self.buffer.split_to(count));
        Ok(count)
    }
}
