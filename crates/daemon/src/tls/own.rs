//! The operator's own files, compared by content: tools that renew certificates replace, rewrite or relink them, and
//! some keep the time of the last change.

use std::fs;

use super::{OwnCertificate, TlsError, files::read_error};

/// What both files held.
#[derive(PartialEq, Eq)]
pub(super) struct Content {
    pub(super) chain: Vec<u8>,
    pub(super) key: Vec<u8>,
}

impl Content {
    pub(super) fn read(own: &OwnCertificate) -> Result<Self, TlsError> {
        let read = |path| fs::read(path).map_err(|source| read_error(path, source));
        Ok(Self { chain: read(&own.chain)?, key: read(&own.key)? })
    }
}

/// Without the key.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content").field("chain_bytes", &self.chain.len()).finish_non_exhaustive()
    }
}
