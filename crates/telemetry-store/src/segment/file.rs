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

use super::SegmentError;

/// A segment's file that is written while it is made.
#[derive(Debug)]
pub(crate) struct Output {
    file: Box<dyn DiskFile>,
    path: PathBuf,
}

impl Output {
    /// Makes the file.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn create(disk: &dyn Disk, path: &Path) -> Result<Output, SegmentError> {
        let failed = |source| SegmentError::Disk { path: path.display().to_string(), source };
        Ok(Output { file: disk.create(path).map_err(failed)?, path: path.to_owned() })
    }

    /// Makes the file durable and gives its length; its name is durable after `sync_dir` of its directory.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn sync(mut self) -> Result<u64, SegmentError> {
        let path = self.path.display().to_string();
        self.file.sync().map_err(|source| SegmentError::Disk { path, source })?;
        Ok(self.file.len())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.append(bytes).map(|()| bytes.len())
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
    /// What the disk said when it refused last: Parquet hands on no more than its words.
    refusal: Arc<Mutex<Option<io::Error>>>,
}

impl File {
    /// A file of the disk; `NotFound` when there is none.
    pub(super) fn open(disk: Arc<dyn Disk>, path: &Path) -> Result<File, SegmentError> {
        let length = disk
            .len(path)
            .map_err(|source| SegmentError::Disk { path: path.display().to_string(), source })?;
        Ok(File { disk, path: path.to_owned(), length, refusal: Arc::default() })
    }

    /// Where it is, for whoever reads of it.
    pub(super) fn name(&self) -> String {
        self.path.display().to_string()
    }

    pub(super) fn read(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
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
