//! A disk that takes longer to make things durable, for measurements: what a slow or distant disk does to a server.

use std::{
    io::{self, IoSlice},
    path::Path,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;

use super::{Disk, DiskFile, Space};

/// Another disk, each of whose syncs takes longer.
#[derive(Debug)]
pub struct SlowDisk {
    disk: Arc<dyn Disk>,
    delay: Duration,
}

impl SlowDisk {
    /// Adds `delay` to every sync of a file or directory.
    pub fn new(disk: Arc<dyn Disk>, delay: Duration) -> SlowDisk {
        SlowDisk { disk, delay }
    }

    fn slow(&self, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        Box::new(SlowFile { file, delay: self.delay })
    }
}

impl Disk for SlowDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.disk.create(path).map(|file| self.slow(file))
    }

    fn create_direct(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.disk.create_direct(path).map(|file| self.slow(file))
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.disk.open_append(path).map(|file| self.slow(file))
    }

    fn read(&self, path: &Path) -> io::Result<Bytes> {
        self.disk.read(path)
    }

    fn read_at(&self, path: &Path, offset: u64, len: usize) -> io::Result<Bytes> {
        self.disk.read_at(path, offset, len)
    }

    fn read_direct(&self, path: &Path, offset: u64, len: usize) -> io::Result<Bytes> {
        self.disk.read_direct(path, offset, len)
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        self.disk.len(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.disk.list(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.disk.remove(path)
    }

    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.disk.create_dir_all(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        std::thread::sleep(self.delay);
        self.disk.sync_dir(dir)
    }

    fn free_space(&self, dir: &Path) -> io::Result<Space> {
        self.disk.free_space(dir)
    }
}

#[derive(Debug)]
struct SlowFile {
    file: Box<dyn DiskFile>,
    delay: Duration,
}

impl DiskFile for SlowFile {
    fn append(&mut self, data: &[u8]) -> io::Result<()> {
        self.file.append(data)
    }

    fn append_parts(&mut self, parts: &mut [IoSlice<'_>]) -> io::Result<()> {
        self.file.append_parts(parts)
    }

    fn sync(&mut self) -> io::Result<()> {
        std::thread::sleep(self.delay);
        self.file.sync()
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file.truncate(len)
    }

    fn len(&self) -> u64 {
        self.file.len()
    }
}
