//! A directory of this machine as a [`Disk`].
//!
//! Keeps a bounded number of read handles open, since point reads ask the same segments again and again. Opening,
//! renaming and removing happen under the handles' lock, so that a handle never outlives its file's name: it would
//! hold the space of a removed file, or answer for a newer file of the same name.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, IoSlice},
    os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use parking_lot::Mutex;
use rustix::{
    buffer::spare_capacity,
    io::{pread, pwritev, retry_on_intr},
};

use super::{Disk, DiskFile, Space, check_relative, direct, is_out_of_handles};

/// Enough for the segments a busy page reads, far below the usual limit of 1024 open files.
const READ_HANDLES: usize = 256;

/// Files are the process's own: telemetry may carry what people would not want others to read.
pub(super) const FILE_MODE: u32 = 0o600;
const DIR_MODE: u32 = 0o700;
/// Linux takes so many parts in one call (`IOV_MAX`).
const MAX_PARTS: usize = 1024;

/// The file system below one directory.
#[derive(Debug)]
pub struct LocalDisk {
    root: PathBuf,
    handles: Mutex<ReadHandles>,
    /// Of files that are read past the page cache.
    direct: Mutex<ReadHandles>,
    /// Directories that were synced: there are few, and a full file table must not keep the journal from syncing its own.
    dirs: Mutex<BTreeMap<PathBuf, Arc<File>>>,
}

impl LocalDisk {
    /// A disk rooted at `root`, which is made when missing.
    pub fn new(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        make_dirs(&root)?;
        Ok(Self {
            root,
            handles: Mutex::default(),
            direct: Mutex::default(),
            dirs: Mutex::default(),
        })
    }

    /// Where the files are.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn absolute(&self, path: &Path) -> io::Result<PathBuf> {
        check_relative(path)?;
        Ok(self.root.join(path))
    }

    fn reader(&self, path: &Path) -> io::Result<Arc<File>> {
        let absolute = self.absolute(path)?;
        let open = |path: &Path| File::open(path);
        self.with_handles(|| self.handles.lock().get_or_open(absolute.clone(), open))
    }

    fn direct_reader(&self, path: &Path) -> io::Result<Arc<File>> {
        let absolute = self.absolute(path)?;
        self.with_handles(|| self.direct.lock().get_or_open(absolute.clone(), direct::open_to_read))
    }

    /// Opens a file; when there are no more handles, again after those are closed that are only kept for later.
    fn with_handles<T>(&self, open: impl Fn() -> io::Result<T>) -> io::Result<T> {
        match open() {
            Err(error) if is_out_of_handles(&error) => {
                self.handles.lock().latest_last.clear();
                self.direct.lock().latest_last.clear();
                open()
            }
            opened => opened,
        }
    }

    fn dir(&self, dir: &Path) -> io::Result<Arc<File>> {
        let dir = self.absolute(dir)?;
        if let Some(open) = self.dirs.lock().get(&dir) {
            return Ok(Arc::clone(open));
        }
        let open = Arc::new(self.with_handles(|| File::open(&dir))?);
        self.dirs.lock().insert(dir, Arc::clone(&open));
        Ok(open)
    }
}

impl Disk for LocalDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let path = self.absolute(path)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(FILE_MODE);
        let file = self.with_handles(|| options.open(&path))?;
        Ok(Box::new(LocalFile { file, len: 0 }))
    }

    fn create_direct(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let path = self.absolute(path)?;
        Ok(Box::new(self.with_handles(|| direct::DirectFile::create(&path))?))
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        // Not O_APPEND: writes go to `len`, so what a failed write left behind is overwritten by the next.
        let file = OpenOptions::new().write(true).open(self.absolute(path)?)?;
        let len = file.metadata()?.len();
        Ok(Box::new(LocalFile { file, len }))
    }

    fn read(&self, path: &Path) -> io::Result<Bytes> {
        fs::read(self.absolute(path)?).map(Bytes::from)
    }

    fn read_at(&self, path: &Path, offset: u64, len: usize) -> io::Result<Bytes> {
        let reader = self.reader(path)?;
        check_has(&reader, offset, len)?;
        let mut content = Vec::with_capacity(len);
        while content.len() < len {
            let at = offset + content.len() as u64;
            // Into memory that nobody filled with zeros first.
            if retry_on_intr(|| pread(&*reader, spare_capacity(&mut content), at))? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        // More may have been reserved than was asked for.
        content.truncate(len);
        Ok(content.into())
    }

    fn read_direct(&self, path: &Path, offset: u64, len: usize) -> io::Result<Bytes> {
        let reader = self.direct_reader(path)?;
        check_has(&reader, offset, len)?;
        direct::read_at(&reader, offset, len)
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        Ok(fs::metadata(self.absolute(path)?)?.len())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.absolute(dir)?)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort_unstable();
        Ok(names)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (from, to) = (self.absolute(from)?, self.absolute(to)?);
        let mut handles = [self.handles.lock(), self.direct.lock()];
        fs::rename(&from, &to)?;
        for handles in &mut handles {
            handles.forget(&from);
            handles.forget(&to);
        }
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let path = self.absolute(path)?;
        let mut handles = [self.handles.lock(), self.direct.lock()];
        fs::remove_file(&path)?;
        handles.iter_mut().for_each(|handles| handles.forget(&path));
        Ok(())
    }

    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        make_dirs(&self.absolute(dir)?)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.dir(dir)?.sync_all()
    }

    fn free_space(&self, dir: &Path) -> io::Result<Space> {
        let stat = rustix::fs::statvfs(self.absolute(dir)?)?;
        Ok(Space { free: stat.f_bavail * stat.f_frsize, total: stat.f_blocks * stat.f_frsize })
    }
}

/// What may be allocated without a look at how long the file is.
const SMALL: usize = 64 << 10;

/// Asked before anything is read: a lying length from a damaged file must not allocate much more than the file has.
fn check_has(file: &File, offset: u64, len: usize) -> io::Result<()> {
    if len <= SMALL && i64::try_from(offset).is_ok() {
        return Ok(());
    }
    match offset.saturating_add(len as u64) > file.metadata()?.len() {
        true => Err(io::ErrorKind::UnexpectedEof.into()),
        false => Ok(()),
    }
}

fn make_dirs(dir: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(DIR_MODE).create(dir)
}

#[derive(Debug)]
struct LocalFile {
    file: File,
    len: u64,
}

impl DiskFile for LocalFile {
    fn append(&mut self, data: &[u8]) -> io::Result<()> {
        self.file.write_all_at(data, self.len)?;
        self.len += data.len() as u64;
        Ok(())
    }

    fn append_parts(&mut self, mut parts: &mut [IoSlice<'_>]) -> io::Result<()> {
        let mut at = self.len;
        // Of nothing, nothing is written, which must not be taken for a disk that takes nothing.
        IoSlice::advance_slices(&mut parts, 0);
        while !parts.is_empty() {
            let some = &parts[..parts.len().min(MAX_PARTS)];
            let written = retry_on_intr(|| pwritev(&self.file, some, at))?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            at += written as u64;
            IoSlice::advance_slices(&mut parts, written);
        }
        self.len = at;
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        if len > self.len {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.file.set_len(len)?;
        self.len = len;
        Ok(())
    }

    fn len(&self) -> u64 {
        self.len
    }
}

/// Read handles in the order of their last use. A scan of 256 entries costs less than the system call it saves.
#[derive(Debug, Default)]
struct ReadHandles {
    latest_last: Vec<(PathBuf, Arc<File>)>,
}

impl ReadHandles {
    fn get_or_open(
        &mut self,
        path: PathBuf,
        open: impl Fn(&Path) -> io::Result<File>,
    ) -> io::Result<Arc<File>> {
        let known = self.latest_last.iter().rposition(|(known, _)| *known == path);
        let entry = match known {
            Some(position) => self.latest_last.remove(position),
            None => {
                let file = Arc::new(open(&path)?);
                (path, file)
            }
        };
        if self.latest_last.len() == READ_HANDLES {
            self.latest_last.remove(0);
        }
        let file = Arc::clone(&entry.1);
        self.latest_last.push(entry);
        Ok(file)
    }

    fn forget(&mut self, path: &Path) {
        self.latest_last.retain(|(known, _)| known != path);
    }
}
