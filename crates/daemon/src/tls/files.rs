//! Reading and writing the few small files of this module. A written file is whole or not there, also after power loss.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use super::TlsError;
use crate::private_dir;

/// Who may read a file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Readers {
    Owner,
    Everyone,
}

pub(super) fn make_dir(dir: &Path) -> Result<(), TlsError> {
    private_dir::ensure(dir).map_err(|source| write_error(dir, source))
}

/// The content, or `None` when there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, TlsError> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(read_error(path, source)),
    }
}

/// Replaces the file in one step.
pub(super) fn write(path: &Path, content: &str, readers: Readers) -> Result<(), TlsError> {
    write_whole(path, content, readers).map_err(|source| write_error(path, source))
}

fn write_whole(path: &Path, content: &str, readers: Readers) -> io::Result<()> {
    let mode = match readers {
        Readers::Owner => 0o600,
        Readers::Everyone => 0o644,
    };
    let unfinished = path.with_extension("new");
    // What a crash left behind may have another mode, which opening would keep.
    if let Err(error) = fs::remove_file(&unfinished)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&unfinished)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    let dir = path.parent().expect("our files are in a directory");
    File::open(dir)?.sync_all()
}

pub(super) fn read_error(path: &Path, source: io::Error) -> TlsError {
    TlsError::Read { path: path.to_owned(), source }
}

fn write_error(path: &Path, source: io::Error) -> TlsError {
    TlsError::Write { path: path.to_owned(), source }
}
