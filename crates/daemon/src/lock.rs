//! One process per data directory.
//!
//! The kernel holds the lock (`flock` on `<data-dir>/lock`) and lets go of it when the process ends, however it ends;
//! the pid in the file is only for the message to whoever comes second.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// The data directory is ours until this is dropped.
#[derive(Debug)]
pub struct DataDirLock {
    _file: File,
}

/// Why it is not ours.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error(
        "the data directory {} is in use by another Vedette process{}; stop that one, or choose another with --data-dir",
        dir.display(), holder(*pid)
    )]
    Held {
        /// The data directory.
        dir: PathBuf,
        /// The other process, when it told.
        pid: Option<u32>,
    },
    /// The directory cannot be made or used.
    #[error("cannot use the data directory {}: choose another with --data-dir, or make it writable for this user", dir.display())]
    Unusable {
        /// The data directory.
        dir: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" with the id {pid}"))
}

impl DataDirLock {
    /// Takes the directory, making it when it is missing. Does not wait.
    pub fn take(dir: &Path) -> Result<Self, LockError> {
        let unusable = |source| LockError::Unusable { dir: dir.to_owned(), source };
        let mut file = open(dir).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held { dir: dir.to_owned(), pid: read_pid(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
        write_pid(&mut file).map_err(unusable)?;
        Ok(Self { _file: file })
    }
}

fn open(dir: &Path) -> io::Result<File> {
    crate::private_dir::ensure(dir)?;
    // Not truncated: until the lock is ours the pid in it is somebody else's.
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(dir.join("lock"))
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn write_pid(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_second_taker_is_told_who_holds_the_directory_and_gets_it_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("made/on/demand");
        let first = DataDirLock::take(&data).unwrap();
        let refusal = DataDirLock::take(&data).unwrap_err().to_string();
        let expected =
            format!("is in use by another Vedette process with the id {};", std::process::id());
        assert!(refusal.contains(&expected) && refusal.contains("--data-dir"), "{refusal}");
        drop(first);
        DataDirLock::take(&data).unwrap();
    }

    #[test]
    fn a_lock_file_left_by_a_dead_process_holds_nobody_up_and_gets_our_pid() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("lock"), "4194304999\n").unwrap();
        let _lock = DataDirLock::take(dir.path()).unwrap();
        assert_eq!(
            fs::read_to_string(dir.path().join("lock")).unwrap(),
            format!("{}\n", std::process::id())
        );
    }

    #[test]
    fn a_place_that_cannot_be_a_directory_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let error = DataDirLock::take(&file).unwrap_err();
        assert!(matches!(&error, LockError::Unusable { dir, .. } if *dir == file));
        assert!(error.to_string().contains("choose another with --data-dir"), "{error}");
    }
}
