//! The log on the disk as synchronous steps: recover, append with one fsync, read, truncate.
//!
//! No threads and no queue here ([`crate::LocalJournal`] has them), so that a simulation can stop the machine between any
//! two steps. What makes it safe: a file is fsynced before the next one is made, so only the newest may be torn; a new
//! file's header and name are durable before its first record is acknowledged; after a failed write or fsync the log
//! takes nothing more, since nobody knows what the kernel kept.

use std::{
    collections::BTreeMap,
    io::{self, IoSlice},
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use daemon::disk::{Disk, DiskFile, Space, is_out_of_handles};
use tracing::{info, warn};

use crate::{
    AppendError, Bounds, MAX_PAYLOAD, OpenError, ReadError,
    damage::{Damage, Damages},
    file::{self, FORMAT, HEADER, Header, Place, Reading},
    record::{self, Record, Stored},
};

/// How the log lies on the disk.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// The directory below the disk's root.
    pub dir: PathBuf,
    /// A new file is begun when the newest has reached this size.
    pub file_bytes: u64,
    /// Above this nothing is taken until consumers have caught up.
    pub max_bytes: u64,
    /// Nothing is taken while less than this share (0..1) of the disk is free.
    pub min_free_share: f64,
    /// Tells this journal's records from another's; used only when the directory is new.
    pub producer: u64,
}

/// What the log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogStatus {
    pub first: u64,
    pub next: u64,
    pub bytes: u64,
    pub files: usize,
}

/// The log. Appends need `&mut`; reads take the [`Extent`]s that [`Log::extents`] gives away.
#[derive(Debug)]
pub struct Log {
    disk: Arc<dyn Disk>,
    config: LogConfig,
    producer: u64,
    /// First offset → bytes, of every file; the newest is the last.
    files: BTreeMap<u64, u64>,
    newest: Box<dyn DiskFile>,
    next: u64,
    buffer: Vec<u8>,
    failed: Option<String>,
    damages: Damages,
}

impl Log {
    /// Opens the directory, cutting off a torn end, or makes it.
    ///
    /// # Errors
    /// When a file is of a newer format, or the disk refuses. What is damaged is put aside, counted and passed over.
    pub fn open(disk: Arc<dyn Disk>, config: LogConfig) -> Result<Log, OpenError> {
        Log::open_from(disk, config, 1)
    }

    /// As [`Log::open`]; the next record gets `floor` or a later offset, whatever is found.
    ///
    /// A consumer that has committed up to `floor` would pass over everything that came below it, as if it had been
    /// counted. Finding less than that means that files were lost, so it is also said in the process's log.
    ///
    /// # Errors
    /// As [`Log::open`].
    pub fn open_from(disk: Arc<dyn Disk>, config: LogConfig, floor: u64) -> Result<Log, OpenError> {
        let dir = config.dir.clone();
        disk.create_dir_all(&dir).map_err(failed("making the directory", ""))?;
        sync_parents(disk.as_ref(), &dir)?;
        let found = found_files(disk.as_ref(), &dir)?;
        refuse_newer_formats(disk.as_ref(), &dir, &found)?;
        let damages = Damages::new(Arc::clone(&disk), dir);
        let newest = newest_whole(&damages, &found)?;
        // Whatever a file held of which nothing can be read: what comes now is not below it.
        let floor = found.last().map_or(floor, |last| floor.max(*last));
        match newest {
            Some(newest) => Log::reopen(disk, config, damages, &found, newest)?.raised_to(floor),
            None => Log::begin(disk, config, damages, floor.max(1)),
        }
    }

    fn begin(
        disk: Arc<dyn Disk>,
        config: LogConfig,
        damages: Damages,
        next: u64,
    ) -> Result<Log, OpenError> {
        if next > 1 {
            warn_of_loss(1, next);
        }
        let producer = config.producer;
        let newest = make_file(disk.as_ref(), &config.dir, producer, next)
            .map_err(failed("making", &file::name(next)))?;
        let files = BTreeMap::from([(next, HEADER as u64)]);
        let buffer = Vec::new();
        Ok(Log { disk, config, producer, files, newest, next, buffer, failed: None, damages })
    }

    fn raised_to(mut self, floor: u64) -> Result<Log, OpenError> {
        if self.next < floor {
            warn_of_loss(self.next, floor);
            self.rotate(floor).map_err(failed("making", &file::name(floor)))?;
            self.next = floor;
        }
        Ok(self)
    }

    fn reopen(
        disk: Arc<dyn Disk>,
        config: LogConfig,
        damages: Damages,
        found: &[u64],
        newest_first: u64,
    ) -> Result<Log, OpenError> {
        let mut files = BTreeMap::new();
        for &first in found.iter().filter(|first| **first <= newest_first) {
            let length = disk
                .len(&path(&config.dir, first))
                .map_err(failed("reading the size", &file::name(first)))?;
            files.insert(first, length);
        }
        let newest_name = file::name(newest_first);
        let newest_path = path(&config.dir, newest_first);
        let bytes = disk.read(&newest_path).map_err(failed("reading", &newest_name))?;
        let start = Place { offset: newest_first, byte: HEADER as u64 };
        let (end, gaps) = file::whole_parts(&bytes.slice(HEADER..), start);
        let whole = usize::try_from(end.byte).expect("the file was read into memory");
        if !file::is_filling(&bytes[whole..]) {
            let torn = bytes.len() - whole;
            warn!(file = newest_name, at = end.byte, torn, "cut off a torn end");
            damages
                .keep_torn(newest_first, end.byte, &bytes[whole..])
                .map_err(failed("keeping the torn end", &newest_name))?;
        }
        gaps.into_iter().for_each(|gap| damages.note_bytes(newest_first, gap));
        let header = Header::decode(&bytes).unwrap_or_else(|| {
            damages.note_bytes(newest_first, 0..HEADER as u64);
            let producer = producer_of(&bytes.slice(HEADER..), start).unwrap_or(config.producer);
            Header { format: FORMAT, producer, first: newest_first }
        });
        let parts = [header.encode().as_slice(), &bytes[HEADER..whole]].concat();
        let newest = rewrite(disk.as_ref(), &newest_path, &parts)
            .map_err(failed("rewriting", &newest_name))?;
        files.insert(newest_first, end.byte);
        info!(files = files.len(), next = end.offset, "journal recovered");
        Ok(Log {
            disk,
            config,
            producer: header.producer,
            files,
            newest,
            next: end.offset,
            buffer: Vec::new(),
            failed: None,
            damages,
        })
    }

    /// Writes records behind the last one and fsyncs once. All are durable when this returns.
    ///
    /// # Errors
    /// [`AppendError::Full`] and [`AppendError::TooLarge`] before anything is written; [`AppendError::DiskFull`] where it
    /// did not fit, and nothing of it stays; after [`AppendError::Failed`] the log takes nothing more.
    pub fn append(&mut self, records: &[Record]) -> Result<Vec<Stored>, AppendError> {
        self.admit(records)?;
        let first = self.next;
        self.buffer.clear();
        for (sequence, record) in (first..).zip(records) {
            record::encode(record, sequence, self.producer, &mut self.buffer);
        }
        self.write(first, records)?;
        self.next = first + records.len() as u64;
        let producer = self.producer;
        let stored = |(offset, record): (u64, &Record)| Stored {
            offset,
            producer,
            sequence: offset,
            record: record.clone(),
        };
        Ok((first..).zip(records).map(stored).collect())
    }

    fn admit(&self, records: &[Record]) -> Result<(), AppendError> {
        if let Some(failure) = &self.failed {
            return Err(AppendError::Failed(failure.clone()));
        }
        if let Some(large) = records.iter().find(|record| record.payload.len() > MAX_PAYLOAD) {
            return Err(AppendError::TooLarge(large.payload.len()));
        }
        let more: u64 = records.iter().map(record::frame_len).sum();
        if self.status().bytes + more > self.config.max_bytes {
            return Err(AppendError::Full { limit: self.config.max_bytes });
        }
        Ok(())
    }

    /// Writes records whose preambles are in the buffer, without a second copy of them, then fsyncs once.
    fn write(&mut self, first: u64, records: &[Record]) -> Result<(), AppendError> {
        if self.newest.len() >= self.config.file_bytes {
            let length = self.newest.len();
            self.rotate(first).map_err(|error| self.not_rotated(&error, length))?;
        }
        let before = self.newest.len();
        let preambles = self.buffer.chunks_exact(record::PREAMBLE);
        let frames = preambles.zip(records).flat_map(|(head, record)| [head, &record.payload]);
        let mut parts: Vec<IoSlice<'_>> = frames.map(IoSlice::new).collect();
        self.newest.append_parts(&mut parts).map_err(|error| self.not_written(&error, before))?;
        self.newest.sync().map_err(|error| self.fail(&error))?;
        let length = self.newest.len();
        *self.files.values_mut().next_back().expect("there is always a newest file") = length;
        Ok(())
    }

    fn rotate(&mut self, first: u64) -> io::Result<()> {
        match make_file(self.disk.as_ref(), &self.config.dir, self.producer, first) {
            Ok(file) => self.newest = file,
            Err(error) => {
                self.abandon(first);
                return Err(error);
            }
        }
        self.files.insert(first, HEADER as u64);
        Ok(())
    }

    /// Takes away a file that could not be made. Were it left behind, records that go on in the older file would lie
    /// beyond its first offset, and the next start would not find them.
    fn abandon(&mut self, first: u64) {
        let path = path(&self.config.dir, first);
        let removed = match self.disk.len(&path) {
            Ok(_) => self.disk.remove(&path),
            // It was not even begun.
            Err(_) => return,
        };
        if let Err(error) = removed.and_then(|()| self.disk.sync_dir(&self.config.dir)) {
            self.failed = Some(error.to_string());
        }
    }

    /// Without handles nothing was changed: the older file goes on taking what comes once there are some again.
    fn not_rotated(&mut self, error: &io::Error, length: u64) -> AppendError {
        match is_out_of_handles(error) && self.failed.is_none() {
            true => AppendError::Busy,
            false => self.not_written(error, length),
        }
    }

    /// Of what did not fit the disk nothing stays, so the log goes on once there is room. After any other fault nobody
    /// knows what is written.
    fn not_written(&mut self, error: &io::Error, length: u64) -> AppendError {
        let is_recovered = error.kind() == io::ErrorKind::StorageFull
            && self.failed.is_none()
            && self.newest.truncate(length).is_ok();
        if !is_recovered {
            return self.fail(error);
        }
        let space = self.disk.free_space(&self.config.dir);
        let Space { free, total } = space.unwrap_or(Space { free: 0, total: 0 });
        AppendError::DiskFull { free, total }
    }

    fn fail(&mut self, error: &io::Error) -> AppendError {
        self.failed = Some(error.to_string());
        AppendError::Failed(error.to_string())
    }

    /// Whether the disk has room for more, by the share that must stay free.
    ///
    /// # Errors
    /// [`AppendError::DiskFull`] when it has not. A disk that cannot tell counts as having room.
    pub fn check_space(&self) -> Result<(), AppendError> {
        match self.disk.free_space(&self.config.dir) {
            Ok(space) if (space.free as f64) < space.total as f64 * self.config.min_free_share => {
                Err(AppendError::DiskFull { free: space.free, total: space.total })
            }
            _ => Ok(()),
        }
    }

    /// Removes the files whose records all lie below `offset`; a newest file that holds nothing else is replaced by an
    /// empty one, so that a quiet journal takes no space.
    ///
    /// # Errors
    /// When the disk refuses; what remains is removed the next time.
    pub fn truncate(&mut self, offset: u64) -> io::Result<()> {
        let newest_is_done = offset >= self.next && self.newest.len() > HEADER as u64;
        if newest_is_done && self.failed.is_none() {
            self.rotate(self.next)?;
        }
        let ends: Vec<u64> = self.files.keys().skip(1).copied().collect();
        let done: Vec<u64> = self
            .files
            .keys()
            .copied()
            .zip(ends)
            .filter(|(_, end)| *end <= offset)
            .map(|(first, _)| first)
            .collect();
        for first in &done {
            self.damages.remove(*first)?;
            self.files.remove(first);
        }
        if !done.is_empty() {
            self.disk.sync_dir(&self.config.dir)?;
        }
        Ok(())
    }

    /// What the log holds.
    pub fn status(&self) -> LogStatus {
        LogStatus {
            first: *self.files.keys().next().expect("there is always a newest file"),
            next: self.next,
            bytes: self.files.values().sum(),
            files: self.files.len(),
        }
    }

    /// Where a lane begins and ends.
    pub fn bounds(&self) -> Bounds {
        let status = self.status();
        Bounds { first: status.first, next: status.next }
    }

    /// What can be read now, without holding the log.
    pub fn extents(&self) -> Extents {
        Extents { damages: self.damages.clone(), files: self.files.clone(), next: self.next }
    }

    /// How much was found damaged since it was opened.
    pub fn damage(&self) -> Damage {
        self.damages.total()
    }
}

/// The durable extent of every file at one moment. Files truncated since then can no longer be read.
#[derive(Clone, Debug)]
pub struct Extents {
    damages: Damages,
    files: BTreeMap<u64, u64>,
    next: u64,
}

/// Where a reader left off, so that it need not search its place again.
#[derive(Clone, Copy, Debug)]
pub struct Bookmark {
    file: u64,
    place: Place,
}

impl Extents {
    /// How much of the journal was found damaged since it was opened.
    pub fn damage(&self) -> Damage {
        self.damages.total()
    }

    /// Records from `offset` on, about `max_bytes` of them and at least one; nothing at the end. The bookmark of the
    /// read before saves the search. What is damaged or missing is noted and passed over.
    ///
    /// # Errors
    /// When `offset` lies before the first file, or the bytes are unreadable.
    pub fn read(
        &self,
        offset: u64,
        bookmark: Option<Bookmark>,
        max_bytes: usize,
    ) -> Result<(Vec<Stored>, Option<Bookmark>), ReadError> {
        if offset >= self.next {
            return Ok((Vec::new(), bookmark));
        }
        let first = *self.files.keys().next().expect("there is always a newest file");
        let Some((&file, _)) = self.files.range(..=offset).next_back() else {
            return Err(ReadError::Truncated { offset, first });
        };
        let mut mark = match bookmark {
            Some(mark) if mark.file == file && mark.place.offset <= offset => mark,
            _ => Bookmark::at_start(file),
        };
        loop {
            let records = self.read_on(offset, &mut mark, max_bytes)?;
            let following = self.files.range(mark.file + 1..).next();
            match following {
                Some((&next, _)) if records.is_empty() => {
                    if mark.place.offset < next {
                        self.damages.note_missing(mark.file, mark.place.offset..next);
                    }
                    mark = Bookmark::at_start(next);
                }
                _ => return Ok((records, Some(mark))),
            }
        }
    }

    /// The next records of the bookmark's file that are not below the offset; nothing at its end.
    fn read_on(
        &self,
        offset: u64,
        mark: &mut Bookmark,
        max_bytes: usize,
    ) -> Result<Vec<Stored>, ReadError> {
        let (end, next) = (self.files[&mark.file], self.next);
        let reading = Reading { damages: &self.damages, first: mark.file, end, next };
        loop {
            let (mut records, place) = reading.read(mark.place, max_bytes)?;
            mark.place = place;
            records.retain(|stored| stored.offset >= offset);
            if !records.is_empty() || place.byte >= end {
                return Ok(records);
            }
        }
    }
}

impl Bookmark {
    fn at_start(file: u64) -> Bookmark {
        Bookmark { file, place: Place { offset: file, byte: HEADER as u64 } }
    }
}

fn warn_of_loss(found: u64, floor: u64) {
    warn!(
        found,
        committed = floor,
        "the journal ends before what was already worked on and goes on from there: journal files are missing, and \
         records that were accepted but not worked on may be lost"
    );
}

fn path(dir: &Path, first: u64) -> PathBuf {
    dir.join(file::name(first))
}

fn failed(doing: &'static str, file: &str) -> impl FnOnce(io::Error) -> OpenError + use<> {
    let file = file.to_owned();
    move |source| OpenError::Disk { doing, file, source }
}

/// The first offsets of all files, ascending.
fn found_files(disk: &dyn Disk, dir: &Path) -> Result<Vec<u64>, OpenError> {
    let names = disk.list(dir).map_err(failed("listing the directory", ""))?;
    Ok(names.iter().filter_map(|name| file::first_of(name)).collect())
}

/// Whether this version can read every file of a journal: asked before a process changes anything else of its data.
/// A directory that is missing has none.
///
/// # Errors
/// When a file is of a newer format, or the disk refuses.
pub fn check_formats(disk: &dyn Disk, dir: &Path) -> Result<(), OpenError> {
    match disk.list(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        _ => refuse_newer_formats(disk, dir, &found_files(disk, dir)?),
    }
}

fn refuse_newer_formats(disk: &dyn Disk, dir: &Path, found: &[u64]) -> Result<(), OpenError> {
    for &first in found {
        let file = file::name(first);
        let length = disk.len(&path(dir, first)).map_err(failed("reading the size", &file))?;
        if length < HEADER as u64 {
            continue;
        }
        let bytes = disk
            .read_at(&path(dir, first), 0, HEADER)
            .map_err(failed("reading the header", &file))?;
        if let Some(Header { format, .. }) =
            Header::decode(&bytes).filter(|header| header.format > FORMAT)
        {
            return Err(OpenError::NewerFormat { file, found: format, known: FORMAT });
        }
    }
    Ok(())
}

/// The newest file that holds something, or could. A newer one without a whole header was being made when the machine
/// stopped, holds nothing, and is removed; where the header of a longer one is damaged, its records tell what it said, and
/// one of which no record can be read is put aside.
fn newest_whole(damages: &Damages, found: &[u64]) -> Result<Option<u64>, OpenError> {
    let (disk, dir) = (damages.disk(), damages.dir());
    let mut changed = false;
    let mut newest = None;
    for &first in found.iter().rev() {
        let (file, path) = (file::name(first), path(dir, first));
        let length = disk.len(&path).map_err(failed("reading the size", &file))?;
        let want = usize::try_from(length).unwrap_or(HEADER).min(HEADER);
        let bytes = disk.read_at(&path, 0, want).map_err(failed("reading the header", &file))?;
        if Header::decode(&bytes).is_some() {
            newest = Some(first);
            break;
        }
        changed = true;
        let bytes = disk.read(&path).map_err(failed("reading", &file))?;
        if bytes.iter().skip(HEADER).all(|byte| *byte == 0) {
            disk.remove(&path).map_err(failed("removing an unfinished", &file))?;
            continue;
        }
        let start = Place { offset: first, byte: HEADER as u64 };
        if producer_of(&bytes.slice(HEADER..), start).is_some() {
            newest = Some(first);
            break;
        }
        damages.put_aside(first, length).map_err(failed("putting aside", &file))?;
    }
    if changed {
        disk.sync_dir(dir).map_err(failed("syncing the directory", ""))?;
    }
    Ok(newest)
}

/// Who wrote the first whole record of a file.
fn producer_of(bytes: &Bytes, start: Place) -> Option<u64> {
    let mut producer = None;
    let skipped = match record::decode(bytes) {
        record::Frame::Whole(..) => 0,
        record::Frame::Torn => file::next_whole(bytes, &(start.offset..u64::MAX))?,
    };
    file::frames(&bytes.slice(skipped..), start, |stored| {
        producer.get_or_insert(stored.producer);
    });
    producer
}

fn make_file(
    disk: &dyn Disk,
    dir: &Path,
    producer: u64,
    first: u64,
) -> io::Result<Box<dyn DiskFile>> {
    let mut file = disk.create_direct(&path(dir, first))?;
    file.append(&Header { format: FORMAT, producer, first }.encode())?;
    file.sync()?;
    disk.sync_dir(dir)?;
    Ok(file)
}

/// Writes a file anew under its name, durably.
///
/// What was read of it may be in the kernel's memory alone: after a failed fsync its pages count as clean, and no later
/// fsync writes them. A consumer may commit on what it reads, and more will be written behind it.
fn rewrite(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<Box<dyn DiskFile>> {
    let fresh = path.with_extension("log.new");
    if disk.len(&fresh).is_ok() {
        disk.remove(&fresh)?;
    }
    let mut file = disk.create_direct(&fresh)?;
    file.append(bytes)?;
    // As it was to the byte, for a process that finds out that it may change nothing.
    file.truncate(file.len())?;
    file.sync()?;
    disk.rename(&fresh, path)?;
    disk.sync_dir(path.parent().unwrap_or(Path::new("")))?;
    Ok(file)
}

fn sync_parents(disk: &dyn Disk, dir: &Path) -> Result<(), OpenError> {
    for parent in dir.ancestors().skip(1) {
        disk.sync_dir(parent).map_err(failed("syncing the directory", ""))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
