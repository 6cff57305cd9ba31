//! What both catalogues demand of a change before they look at their own state, and a cut's fingerprint.
//!
//! Pure: values in, verdict out.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use super::{CatalogueError, CutCommit, ObjectRef, Replacement, SegmentMeta};
use crate::name::MAX_NAME_CHARS;

const MAX_PATH_BYTES: usize = 1024;
const MAX_DETAIL_BYTES: usize = 1 << 20;

pub(super) fn consumer(name: &str) -> Result<(), CatalogueError> {
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS || name.ends_with(' ') {
        return malformed(format!("{name:?} is no name for a consumer"));
    }
    Ok(())
}

pub(super) fn partitions(partitions: &[u16]) -> Result<(), CatalogueError> {
    match first_duplicate(partitions.iter().copied()) {
        Some(partition) => malformed(format!("partition {partition} is named twice")),
        None => Ok(()),
    }
}

pub(super) fn cut(cut: &CutCommit) -> Result<(), CatalogueError> {
    consumer(&cut.consumer)?;
    if cut.epoch == 0 {
        return malformed("no claim gives the epoch 0".into());
    }
    let named: Vec<u16> = cut.from.iter().map(|(partition, _)| *partition).collect();
    partitions(&named)?;
    if !cut.to.iter().map(|(partition, _)| partition).eq(named.iter()) {
        return malformed("`from` and `to` name different partitions".into());
    }
    for ((partition, from), (_, to)) in cut.from.iter().zip(&cut.to) {
        if to < from {
            return malformed(format!("partition {partition} goes back from {from} to {to}"));
        }
    }
    cut.checkpoint.as_ref().map_or(Ok(()), object)?;
    segments(&cut.segments)
}

pub(super) fn replacement(replacement: &Replacement) -> Result<(), CatalogueError> {
    if let Some(id) = first_duplicate(replacement.all_ids().into_iter()) {
        return malformed(format!("segment {id} is named twice"));
    }
    segments(&replacement.add)
}

fn segments(segments: &[SegmentMeta]) -> Result<(), CatalogueError> {
    if let Some(id) = first_duplicate(segments.iter().map(|segment| segment.id)) {
        return malformed(format!("segment {id} is added twice"));
    }
    for segment in segments {
        path(&segment.path)?;
        if segment.detail.len() > MAX_DETAIL_BYTES {
            return malformed(format!("the detail of segment {} is over 1 MiB", segment.id));
        }
    }
    Ok(())
}

fn object(object: &ObjectRef) -> Result<(), CatalogueError> {
    path(&object.path)
}

fn path(path: &str) -> Result<(), CatalogueError> {
    if path.is_empty() || path.len() > MAX_PATH_BYTES {
        return malformed(format!("{path:?} is no path for an object"));
    }
    Ok(())
}

fn malformed<T>(why: String) -> Result<T, CatalogueError> {
    Err(CatalogueError::Malformed(why))
}

fn first_duplicate<T: Copy + Eq + std::hash::Hash>(items: impl Iterator<Item = T>) -> Option<T> {
    let mut seen = HashSet::new();
    items.into_iter().find(|item| !seen.insert(*item))
}

/// Tells one cut from every other: two cuts with the same fingerprint are the same attempt made again.
pub(super) fn fingerprint(cut: &CutCommit) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(cut.epoch.to_be_bytes());
    for (partition, offset) in cut.from.iter().chain(&cut.to) {
        hash.update(partition.to_be_bytes());
        hash.update(offset.to_be_bytes());
    }
    // The marks keep apart what would otherwise run together: offsets, a path, segment ids.
    hash.update(b"checkpoint");
    hash.update(cut.checkpoint.as_ref().map_or("", |object| &object.path));
    hash.update(b"\0segments");
    for segment in &cut.segments {
        hash.update(segment.id.to_be_bytes());
    }
    hash.finalize().into()
}
