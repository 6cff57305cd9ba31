//! Segments that a job writes while it reads, so that they are never in memory as a whole.

use std::path::{Path, PathBuf};

use crate::{
    cut::{remove_again, segment_path},
    segment::Output,
    store::{SEGMENTS, Store, StoreError, failed},
    table::Table,
};

/// The files of a job. Unless they are kept they go again: on a full disk each try would leave some.
pub(super) struct Outputs<'s> {
    store: &'s Store,
    paths: Vec<PathBuf>,
}

impl<'s> Outputs<'s> {
    pub(super) fn new(store: &'s Store) -> Outputs<'s> {
        Outputs { store, paths: Vec::new() }
    }

    /// Makes the file of a new segment, and gives the segment's id.
    pub(super) fn create(&mut self, table: Table) -> Result<(u64, Output), StoreError> {
        let id = self.store.catalogue.allocate_segment_ids(1)?;
        let path = segment_path(table, id);
        self.paths.push(path.clone());
        Ok((id, Output::create(self.store.disk.as_ref(), &path)?))
    }

    /// Makes a segment that is whole durable, and gives its length in bytes.
    pub(super) fn sync(&self, table: Table, output: Output) -> Result<u64, StoreError> {
        let bytes = output.sync()?;
        let dir = Path::new(SEGMENTS).join(table.name());
        self.store.disk.sync_dir(&dir).map_err(failed("syncing", &dir))?;
        Ok(bytes)
    }

    /// All of them stay.
    pub(super) fn keep(mut self) {
        self.paths.clear();
    }
}

impl Drop for Outputs<'_> {
    fn drop(&mut self) {
        self.paths.iter().for_each(|path| remove_again(self.store, path));
    }
}
