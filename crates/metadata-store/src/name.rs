//! Names as the store keeps them: bounded, and found by a hash of their bytes.
//!
//! Databases disagree about when two names are the same (MariaDB's `utf8mb4_bin` ignores trailing spaces,
//! SQLite does not) and about how long a key may be. So unique keys are hashes of the exact bytes, and the
//! name beside them is only ever read.

use sha2::{Digest, Sha256};

use crate::StoreError;

/// The longest name, in characters.
pub const MAX_NAME_CHARS: usize = 255;

/// What becomes of what has the name already of something that comes in with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameTaken {
    /// Nothing comes in.
    Refuse,
    /// What comes in takes its place and keeps its id.
    Replace,
}

/// The key of a name: the first half of its SHA-256.
pub(crate) fn name_key(name: &str) -> [u8; 16] {
    first_half(Sha256::digest(name.as_bytes()).into())
}

pub(crate) fn first_half(digest: [u8; 32]) -> [u8; 16] {
    digest[..16].try_into().expect("half of 32 bytes is 16 bytes")
}

/// Refuses text that its `VARCHAR(255)` column could not hold.
pub(crate) fn fits(what: &'static str, text: &str) -> Result<(), StoreError> {
    if text.chars().count() > MAX_NAME_CHARS {
        return Err(StoreError::TooLong { what, limit: MAX_NAME_CHARS });
    }
    Ok(())
}
