//! What was found damaged: said once, counted, and kept for whoever wants to look.
//!
//! A journal file with damage is marked by a file of its name that ends with `.damaged`. When its whole records are worked
//! on it takes that name itself instead of being removed. A torn end that is cut off goes into a file that ends with `.torn`.

use std::{
    collections::BTreeMap,
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use daemon::disk::Disk;
use parking_lot::Mutex;
use tracing::{error, warn};

use crate::file;

/// Of torn ends so many are kept; the oldest go.
const TORN_KEPT: usize = 4;

/// How much was found damaged since the journal was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// Places between whole records.
    pub places: usize,
    /// Bytes that do not carry their checksum.
    pub bytes: u64,
    /// Records whose bytes are not there any more.
    pub missing_records: u64,
}

/// The damages of one journal; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Damages {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    found: Arc<Mutex<Found>>,
}

#[derive(Debug, Default)]
struct Found {
    /// By file and first byte.
    bytes: BTreeMap<(u64, u64), Range<u64>>,
    /// By file.
    missing: BTreeMap<u64, Range<u64>>,
}

impl Damages {
    pub(crate) fn new(disk: Arc<dyn Disk>, dir: PathBuf) -> Damages {
        Damages { disk, dir, found: Arc::default() }
    }

    /// Notes bytes of a file that carry no checksum. Called again for the same place it says nothing.
    pub(crate) fn note_bytes(&self, first: u64, bytes: Range<u64>) {
        let known = self.found.lock().bytes.insert((first, bytes.start), bytes.clone());
        if known.is_none() {
            error!(
                file = file::name(first),
                from = bytes.start,
                to = bytes.end,
                "a part of the journal is damaged, or was never finished when the power went; its records are passed \
                 over and the file is kept"
            );
            self.mark(first);
        }
    }

    /// Notes records that should stand at the end of a file, or in files that are not there.
    pub(crate) fn note_missing(&self, first: u64, records: Range<u64>) {
        let known = self.found.lock().missing.insert(first, records.clone());
        if known.is_none() {
            error!(
                file = file::name(first),
                from = records.start,
                to = records.end,
                "records are missing in the journal behind this file: it is torn, or files are lost"
            );
            self.mark(first);
        }
    }

    fn mark(&self, first: u64) {
        let path = self.aside(first);
        let marked = self.disk.create(&path).and_then(|_| self.disk.sync_dir(&self.dir));
        match marked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                warn!(%error, path = %path.display(), "could not mark a damaged journal file");
            }
            _ => {}
        }
    }

    /// Removes a file whose records are all worked on; one with damage is put aside.
    pub(crate) fn remove(&self, first: u64) -> io::Result<()> {
        let path = self.dir.join(file::name(first));
        match self.is_damaged(first) {
            true => self.disk.rename(&path, &self.aside(first)),
            false => self.disk.remove(&path),
        }
    }

    /// Puts a file aside of which nothing can be read.
    pub(crate) fn put_aside(&self, first: u64, length: u64) -> io::Result<()> {
        self.note_bytes(first, 0..length);
        self.disk.rename(&self.dir.join(file::name(first)), &self.aside(first))
    }

    fn is_damaged(&self, first: u64) -> bool {
        let found = self.found.lock();
        found.bytes.range((first, 0)..=(first, u64::MAX)).next().is_some()
            || found.missing.contains_key(&first)
            || self.disk.len(&self.aside(first)).is_ok()
    }

    fn aside(&self, first: u64) -> PathBuf {
        self.dir.join(file::name(first)).with_extension("damaged")
    }

    /// Keeps a torn end before it is cut off.
    pub(crate) fn keep_torn(&self, first: u64, from: u64, bytes: &[u8]) -> io::Result<()> {
        let is_torn = |name: &String| name.ends_with(".torn");
        let name = format!("{first:020}-{from}.torn");
        let mut kept: Vec<String> =
            self.disk.list(&self.dir)?.into_iter().filter(is_torn).collect();
        if kept.contains(&name) {
            // Kept by a start that did not come as far as cutting it off.
            self.disk.remove(&self.dir.join(&name))?;
            kept.retain(|kept| *kept != name);
        }
        while kept.len() >= TORN_KEPT {
            self.disk.remove(&self.dir.join(kept.remove(0)))?;
        }
        let mut file = self.disk.create(&self.dir.join(name))?;
        file.append(bytes)?;
        file.sync()
    }

    /// How much was found.
    pub(crate) fn total(&self) -> Damage {
        let found = self.found.lock();
        Damage {
            places: found.bytes.len() + found.missing.len(),
            bytes: found.bytes.values().map(|bytes| bytes.end - bytes.start).sum(),
            missing_records: found
                .missing
                .values()
                .map(|records| records.end - records.start)
                .sum(),
        }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn disk(&self) -> &dyn Disk {
        self.disk.as_ref()
    }
}
