//! Checkpoint objects on the disk: bytes of a consumer, whose meaning is its own, with a checksum behind them.
//!
//! `… u32 CRC-32C` of all before, `VCHK`; little-endian. One written before there were checksums lacks both and is read as
//! it is.

use std::{
    io::{self, IoSlice},
    path::Path,
};

use bytes::Bytes;
use daemon::disk::Disk;
use metadata_store::ObjectRef;

use crate::store::{CHECKPOINTS, StoreError, failed};

const MAGIC: &[u8; 4] = b"VCHK";
const SEAL: usize = 8;
/// Behind the name of one that is damaged and kept for whoever wants to look.
const DAMAGED: &str = ".damaged";

/// Writes an object and makes it durable; its name is durable after `sync_dir` of its directory. Gives its length.
pub(crate) fn write(disk: &dyn Disk, path: &Path, content: &[u8]) -> io::Result<u64> {
    let mut file = disk.create_direct(path)?;
    file.append_parts(&mut [IoSlice::new(content), IoSlice::new(&seal(content))])?;
    // Without the zeros that fill its last block.
    file.truncate(file.len())?;
    file.sync()?;
    Ok(file.len())
}

/// What stands behind a consumer's bytes.
pub fn seal(content: &[u8]) -> Vec<u8> {
    [crc32c::crc32c(content).to_le_bytes(), *MAGIC].concat()
}

/// What a consumer wrote; nothing when the bytes do not carry their checksum.
pub fn content(bytes: &Bytes) -> Option<Bytes> {
    let Some((content, seal)) = bytes.split_last_chunk::<SEAL>() else {
        return Some(bytes.clone());
    };
    if seal[4..] != *MAGIC {
        return Some(bytes.clone());
    }
    let whole = crc32c::crc32c(content).to_le_bytes() == seal[..4];
    whole.then(|| bytes.slice(..content.len()))
}

/// Reads an object.
pub(crate) fn read(disk: &dyn Disk, object: &ObjectRef) -> Result<Bytes, StoreError> {
    let path = Path::new(&object.path);
    let damaged = || StoreError::DamagedCheckpoint(object.path.clone());
    let bytes = match disk.read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(damaged()),
        read => read.map_err(failed("reading checkpoint", path))?,
    };
    if bytes.len() as u64 != object.bytes {
        return Err(damaged());
    }
    content(&bytes).ok_or_else(damaged)
}

/// Puts an object aside, where nobody removes it.
pub(crate) fn put_aside(disk: &dyn Disk, object: &ObjectRef) -> Result<(), StoreError> {
    let path = Path::new(&object.path);
    let aside = path.with_file_name(format!("{}{DAMAGED}", file_name(path)));
    match disk.rename(path, &aside) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        renamed => renamed.map_err(failed("putting aside", path))?,
    }
    disk.sync_dir(Path::new(CHECKPOINTS)).map_err(failed("syncing", Path::new(CHECKPOINTS)))
}

/// Whether a name in the directory of checkpoints is that of one that was put aside.
pub(crate) fn is_aside(name: &str) -> bool {
    name.ends_with(DAMAGED)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use daemon::disk::SimulatedDisk;

    use super::*;

    #[test]
    fn no_flipped_bit_and_no_missing_byte_is_read_as_a_checkpoint() {
        let disk = SimulatedDisk::new();
        let written: Vec<u8> = (0..200).collect();
        let bytes = write(&disk, "whole".as_ref(), &written).unwrap();
        let object = |path: &str| ObjectRef { path: path.to_owned(), bytes };
        assert_eq!(read(&disk, &object("whole")).unwrap()[..], written);
        let whole = disk.read("whole".as_ref()).unwrap();
        let store = |name: &str, bytes: &[u8]| {
            disk.create(name.as_ref()).unwrap().append(bytes).unwrap();
            read(&disk, &object(name))
        };
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            match store(&format!("bit {bit}"), &flipped) {
                Err(StoreError::DamagedCheckpoint(_)) => {}
                // The mark that says there is a checksum is no part of the content.
                Ok(read) => assert_eq!(read[..written.len()], written, "bit {bit}"),
                Err(other) => panic!("bit {bit}: {other}"),
            }
        }
        for length in 0..whole.len() {
            let read = store(&format!("length {length}"), &whole[..length]);
            assert!(matches!(read, Err(StoreError::DamagedCheckpoint(_))), "length {length}");
        }
        assert!(matches!(read(&disk, &object("none")), Err(StoreError::DamagedCheckpoint(_))));
    }
}
