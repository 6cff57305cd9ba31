//! A disk in memory that loses what a power loss may lose.
//!
//! Every mutating call is one *step*. A simulation runs once to count the steps, then once per step with
//! [`SimulatedDisk::fail_at`], then [`SimulatedDisk::crash`]es and recovers. What survives depends on the seed alone:
//! - an un-synced tail is kept up to an arbitrary byte, and sectors of what is kept may be zeroes or rubbish;
//! - un-synced creates, renames and removes are kept up to an arbitrary one, per directory; a file whose name is lost
//!   is lost, synced or not, and so is all below a lost directory;
//! - what was pending when a `sync` failed may be missing even after a later `sync` succeeded.
//!
//! [`SimulatedDisk::kill`] ends the process alone: everything written stays, since the kernel has it.

mod content;
mod names;
mod random;

use std::{
    collections::HashMap,
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard};

use self::{
    content::Content,
    names::{Names, Node},
    random::SplitMix64,
};
use super::{Disk, DiskFile, Space, check_relative};

const DEFAULT_CAPACITY: u64 = 1 << 40;

/// The machine's disk; clones are the same disk.
#[derive(Clone)]
pub struct SimulatedDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    names: Names,
    contents: HashMap<FileId, Content>,
    last_file: u64,
    /// Counts the processes that used this disk; a file opened by a dead one refuses everything.
    life: u64,
    steps: u64,
    fail_at: Option<u64>,
    dead: bool,
    fail_next_sync: bool,
    capacity: u64,
}

/// A file, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct FileId(u64);

impl SimulatedDisk {
    /// An empty disk.
    pub fn new() -> Self {
        let state = State {
            names: Names::default(),
            contents: HashMap::new(),
            last_file: 0,
            life: 0,
            steps: 0,
            fail_at: None,
            dead: false,
            fail_next_sync: false,
            capacity: DEFAULT_CAPACITY,
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Mutating calls so far, failed ones included.
    pub fn steps(&self) -> u64 {
        self.state.lock().steps
    }

    /// The process dies in the mutating call number `step` (the first is 1): that call may have had its effect or not,
    /// and it and every call after it return an error until [`Self::crash`] or [`Self::kill`].
    pub fn fail_at(&self, step: u64) {
        self.state.lock().fail_at = Some(step);
    }

    /// The next [`DiskFile::sync`] fails, once; the process lives on.
    pub fn fail_sync_once(&self) {
        self.state.lock().fail_next_sync = true;
    }

    /// Whether the process has died by [`Self::fail_at`].
    pub fn is_dead(&self) -> bool {
        self.state.lock().dead
    }

    /// The disk is full beyond `bytes`: further appends return `StorageFull`.
    pub fn set_capacity(&self, bytes: u64) {
        self.state.lock().capacity = bytes;
    }

    /// The power goes: drops what was not synced, as far as `seed` says, and starts a new life.
    pub fn crash(&self, seed: u64) {
        let mut state = self.state.lock();
        let mut random = SplitMix64::new(seed);
        state.names.crash(&mut random);
        // In the order of the ids, so that the seed alone decides.
        let mut files: Vec<_> = state.names.reachable_files().into_iter().collect();
        files.sort_unstable_by_key(|file| file.0);
        state.contents.retain(|file, _| files.contains(file));
        for file in files {
            if let Some(content) = state.contents.get_mut(&file) {
                content.crash(&mut random);
            }
        }
        state.start_new_life();
    }

    /// The process alone dies (`kill -9`): keeps everything, durable or not, and starts a new life.
    pub fn kill(&self) {
        self.state.lock().start_new_life();
    }

    fn open(&self, file: FileId, life: u64) -> Box<dyn DiskFile> {
        Box::new(SimulatedFile { disk: self.clone(), file, life })
    }

    /// The state, unless the process is dead.
    fn alive(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.state.lock();
        if state.dead { Err(process_died()) } else { Ok(state) }
    }
}

impl Default for SimulatedDisk {
    fn default() -> Self {
        Self::new()
    }
}

/// Short, since failing simulations print it among much else.
impl fmt::Debug for SimulatedDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        f.debug_struct("SimulatedDisk")
            .field("steps", &state.steps)
            .field("dead", &state.dead)
            .finish_non_exhaustive()
    }
}

impl State {
    /// Counts a mutating call; the returned result is the call's own, to be given back once its effect is in place.
    fn step(&mut self) -> io::Result<()> {
        self.steps += 1;
        if self.fail_at.is_some_and(|step| self.steps >= step) {
            self.dead = true;
            return Err(process_died());
        }
        Ok(())
    }

    fn start_new_life(&mut self) {
        self.life += 1;
        self.dead = false;
        self.fail_at = None;
        self.fail_next_sync = false;
    }

    fn file(&self, path: &Path) -> io::Result<FileId> {
        check_relative(path)?;
        match self.names.get(path) {
            Some(Node::File(file)) => Ok(file),
            Some(Node::Dir) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("{} does not exist", path.display()),
            )),
        }
    }

    fn content(&self, file: FileId) -> &Content {
        self.contents.get(&file).expect("a file's content is kept as long as a name or an open handle of this life can reach it")
    }

    fn content_mut(&mut self, file: FileId) -> &mut Content {
        self.contents.get_mut(&file).expect("a file's content is kept as long as a name or an open handle of this life can reach it")
    }

    fn used(&self) -> u64 {
        self.names.visible_files().map(|file| self.content(file).len()).sum()
    }
}

impl Disk for SimulatedDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.alive()?;
        check_relative(path)?;
        state.names.check_free(path)?;
        let outcome = state.step();
        state.last_file += 1;
        let file = FileId(state.last_file);
        state.contents.insert(file, Content::default());
        state.names.create(path, Node::File(file));
        outcome.map(|()| self.open(file, state.life))
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let state = self.alive()?;
        Ok(self.open(state.file(path)?, state.life))
    }

    fn read(&self, path: &Path) -> io::Result<Bytes> {
        let state = self.alive()?;
        Ok(Bytes::copy_from_slice(state.content(state.file(path)?).bytes()))
    }

    fn read_at(&self, path: &Path, offset: u64, len: usize) -> io::Result<Bytes> {
        let state = self.alive()?;
        let bytes = state.content(state.file(path)?).bytes();
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let wanted =
            bytes.get(start..start.saturating_add(len)).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(Bytes::copy_from_slice(wanted))
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        let state = self.alive()?;
        Ok(state.content(state.file(path)?).len())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        check_relative(dir)?;
        self.alive()?.names.list(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.alive()?;
        check_relative(to)?;
        let file = state.file(from)?;
        state.names.check_replaceable(to)?;
        let outcome = state.step();
        state.names.rename(from, to, file);
        outcome
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.alive()?;
        state.file(path)?;
        let outcome = state.step();
        state.names.remove(path);
        outcome
    }

    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        check_relative(dir)?;
        let mut state = self.alive()?;
        let mut missing: Vec<PathBuf> = Vec::new();
        for above in dir.ancestors().filter(|above| !above.as_os_str().is_empty()) {
            match state.names.get(above) {
                Some(Node::Dir) => break,
                Some(Node::File(_)) => return Err(io::ErrorKind::NotADirectory.into()),
                None => missing.push(above.to_owned()),
            }
        }
        for dir in missing.iter().rev() {
            let outcome = state.step();
            state.names.create(dir, Node::Dir);
            outcome?;
        }
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        check_relative(dir)?;
        let mut state = self.alive()?;
        state.names.check_dir(dir)?;
        // Dying here leaves the operations pending, of which a crash keeps any prefix, all of them included.
        state.step()?;
        state.names.sync(dir);
        Ok(())
    }

    fn free_space(&self, dir: &Path) -> io::Result<Space> {
        check_relative(dir)?;
        let state = self.alive()?;
        state.names.check_dir(dir)?;
        Ok(Space { free: state.capacity.saturating_sub(state.used()), total: state.capacity })
    }
}

#[derive(Debug)]
struct SimulatedFile {
    disk: SimulatedDisk,
    file: FileId,
    life: u64,
}

impl SimulatedFile {
    fn alive(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.disk.alive()?;
        if state.life == self.life { Ok(state) } else { Err(process_died()) }
    }
}

impl DiskFile for SimulatedFile {
    fn append(&mut self, data: &[u8]) -> io::Result<()> {
        let mut state = self.alive()?;
        let outcome = state.step();
        if outcome.is_ok() && state.used() + data.len() as u64 > state.capacity {
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.content_mut(self.file).append(data);
        outcome
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.alive()?;
        state.step()?;
        if std::mem::take(&mut state.fail_next_sync) {
            state.content_mut(self.file).sync_failed();
            return Err(io::Error::other("simulated failure of fdatasync"));
        }
        state.content_mut(self.file).sync();
        Ok(())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        let mut state = self.alive()?;
        if len > state.content(self.file).len() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let outcome = state.step();
        state.content_mut(self.file).truncate(len);
        outcome
    }

    fn len(&self) -> u64 {
        // Of a dead process's file nobody may learn anything; zero is what is left of it.
        self.alive().map_or(0, |state| state.content(self.file).len())
    }
}

fn process_died() -> io::Error {
    io::Error::other("simulated death of the process")
}
