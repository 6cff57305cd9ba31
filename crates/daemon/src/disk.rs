//! The disk as journal, telemetry store and recovery see it: few, synchronous operations whose durability is spelled
//! out, so that a simulation can take away exactly what a power loss may take.
//!
//! [`LocalDisk`] is a directory of the machine; [`SimulatedDisk`] lives in memory and crashes on demand. Nothing here
//! retries, caches contents or decides what to write.
//!
//! Paths are relative to the disk's root, use `/`, and contain neither `..` nor a leading `/` (`InvalidInput`).

mod direct;
mod local;
mod simulated;
mod slow;

use std::{
    fmt,
    io::{self, IoSlice},
    path::{Component, Path},
};

use bytes::Bytes;

pub use self::{direct::BLOCK, local::LocalDisk, simulated::SimulatedDisk, slow::SlowDisk};

/// A place for files.
///
/// Durability: a file's *content* is durable after [`DiskFile::sync`]; its *name* (create, rename, remove) after
/// [`Disk::sync_dir`] of the directory it is in, and that directory's own name after `sync_dir` of its parent. Until
/// then a power loss may keep or lose either, independently. Every other process sees all changes at once, so a
/// `kill -9` alone loses nothing that was written.
pub trait Disk: Send + Sync + fmt::Debug {
    /// Makes an empty file and opens it. `AlreadyExists` when the name is taken, `NotFound` without its directory.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// As [`Disk::create`], for what is written once and read once by [`Disk::read_direct`]: nothing of it is kept in the
    /// kernel's memory where the file system allows that. The file may be longer on the disk than what was appended to
    /// it, by zeros and by less than a [`BLOCK`].
    fn create_direct(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.create(path)
    }

    /// Opens an existing file to write behind its present end. `NotFound` when there is none.
    fn open_append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// The whole content. `NotFound` when there is none.
    fn read(&self, path: &Path) -> io::Result<Bytes>;

    /// Exactly `len` bytes from `offset`; `UnexpectedEof` when the file ends before.
    fn read_at(&self, path: &Path, offset: u64, len: usize) -> io::Result<Bytes>;

    /// As [`Disk::read_at`], of a file made by [`Disk::create_direct`].
    fn read_direct(&self, path: &Path, offset: u64, len: usize) -> io::Result<Bytes> {
        self.read_at(path, offset, len)
    }

    /// Bytes in the file. `NotFound` when there is none.
    fn len(&self, path: &Path) -> io::Result<u64>;

    /// Names (not paths) of the files and directories in `dir`, sorted. `""` is the root. `NotFound` when it is missing.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;

    /// Gives a file another name, replacing a file of that name in one step. For files only.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Takes a file's name away. Readers that have the content keep it. For files only.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes a directory and those above it; one that is there already is fine.
    fn create_dir_all(&self, dir: &Path) -> io::Result<()>;

    /// Makes the names in `dir` durable as they are now. `""` is the root.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// What the file system that holds `dir` has left for us.
    fn free_space(&self, dir: &Path) -> io::Result<Space>;
}

/// A file open for writing at its end. One writer per file at a time; that is the caller's to ensure.
pub trait DiskFile: Send + fmt::Debug {
    /// Writes all of `data` at the end. After an error the bytes behind [`DiskFile::len`] are undefined; the next
    /// append overwrites them, and `truncate(len())` removes them.
    fn append(&mut self, data: &[u8]) -> io::Result<()>;

    /// As [`DiskFile::append`] for data that lies in parts, which a disk may spare copying together. The parts are used up.
    fn append_parts(&mut self, parts: &mut [IoSlice<'_>]) -> io::Result<()> {
        let whole: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).collect();
        self.append(&whole)
    }

    /// Makes everything appended so far durable (`fdatasync`). After an error nobody knows what is durable, and a
    /// later success does not tell either: the kernel may have dropped the pages. Do not retry; start over.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts the file to `len` bytes; `InvalidInput` when it is shorter. Durable after the next `sync`.
    fn truncate(&mut self, len: u64) -> io::Result<()>;

    /// Bytes successfully written.
    fn len(&self) -> u64;

    /// Whether nothing is in it.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Bytes of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes an unprivileged process may still write.
    pub free: u64,
    /// Bytes in all.
    pub total: u64,
}

/// Whether an operation failed because this process or the machine has no more open files: it can succeed once others are
/// closed.
pub fn is_out_of_handles(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    matches!(error.raw_os_error(), Some(ENFILE | EMFILE))
}

/// Refuses what could leave the disk's root.
fn check_relative(path: &Path) -> io::Result<()> {
    let stays_inside = path.components().all(|part| matches!(part, Component::Normal(_)));
    if stays_inside {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("{} is not a path below the root", path.display()),
    ))
}

#[cfg(test)]
mod tests;
