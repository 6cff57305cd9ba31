//! The disk under a server: how long it takes to make bytes durable, and how many bytes a directory holds.

use std::fmt::{Display, Formatter};
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::send::since;
use crate::wall;

const APPENDS: usize = 100;
const APPEND_BYTES: usize = 64 << 10;
/// Unit of `st_blocks`, whatever the file system's block size.
const BLOCK_BYTES: u64 = 512;

#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct SyncTime {
    pub(crate) p50_ms: f64,
    pub(crate) p95_ms: f64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Usage {
    /// Sum of file lengths.
    pub(crate) apparent_bytes: u64,
    /// What the file system gave out for them.
    pub(crate) allocated_bytes: u64,
    pub(crate) files: u64,
}

impl Display for SyncTime {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        write!(out, "p50 {:.2}, p95 {:.2} ms", self.p50_ms, self.p95_ms)
    }
}

/// Appends 64 KiB and fdatasyncs, a hundred times, as a journal does.
pub(crate) fn sync_time(folder: &Path) -> Result<SyncTime> {
    let path = folder.join("fdatasync.probe");
    let mut file =
        File::create_new(&path).with_context(|| format!("cannot create {}", path.display()))?;
    let block = vec![0x5a; APPEND_BYTES];
    let mut took_ms = Vec::with_capacity(APPENDS);
    for _ in 0..APPENDS {
        let started = wall::instant();
        file.write_all(&block).and_then(|()| file.sync_data()).context("cannot append and sync")?;
        took_ms.push(since(started).as_secs_f64() * 1000.0);
    }
    std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    took_ms.sort_by(f64::total_cmp);
    Ok(SyncTime { p50_ms: took_ms[APPENDS / 2], p95_ms: took_ms[APPENDS * 95 / 100] })
}

/// Bytes by what they are for, the most first: each table of segments, and whatever lies beside the segments.
pub(crate) fn parts(folder: &Path) -> Result<Vec<(String, u64)>> {
    let mut parts = Vec::new();
    for (name, path) in entries(folder)? {
        if name == "segments" {
            for (table, path) in entries(&path)? {
                parts.push((table, usage(&path)?.apparent_bytes));
            }
        } else if path.is_dir() {
            parts.push((name, usage(&path)?.apparent_bytes));
        } else {
            parts.push((name, std::fs::metadata(&path).map_or(0, |metadata| metadata.len())));
        }
    }
    parts.retain(|(_, bytes)| *bytes > 1024);
    parts.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    Ok(parts)
}

fn entries(folder: &Path) -> Result<Vec<(String, std::path::PathBuf)>> {
    let cannot_list = || format!("cannot list {}", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(cannot_list)? {
        let entry = entry.with_context(cannot_list)?;
        found.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    Ok(found)
}

/// Files that vanish while looking, as merged segments do, count nothing.
pub(crate) fn usage(folder: &Path) -> Result<Usage> {
    let mut total = Usage::default();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                folders.push(entry.path());
                continue;
            }
            total.files += 1;
            total.apparent_bytes += metadata.len();
            total.allocated_bytes += metadata.blocks() * BLOCK_BYTES;
        }
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_counts_files_in_all_folders() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
        std::fs::write(folder.path().join("a/b/one"), [0; 5000]).unwrap();
        std::fs::write(folder.path().join("two"), [0; 7]).unwrap();
        let usage = usage(folder.path()).unwrap();
        assert_eq!((usage.files, usage.apparent_bytes), (2, 5007));
        assert!(usage.allocated_bytes >= 5000);
    }

    #[test]
    fn bytes_are_told_by_table_and_by_what_lies_beside_them() {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in
            [("segments/spans/1", 3000), ("segments/logs/2", 1), ("journal/3", 5000)]
        {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, vec![0; bytes]).unwrap();
        }
        std::fs::write(folder.path().join("metadata"), [0; 4000]).unwrap();
        let parts = parts(folder.path()).unwrap();
        let wanted = [("journal", 5000), ("metadata", 4000), ("spans", 3000)];
        assert_eq!(parts, wanted.map(|(name, bytes)| (name.to_owned(), bytes)));
    }

    #[test]
    fn the_sync_probe_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let time = sync_time(folder.path()).unwrap();
        assert!(time.p50_ms > 0.0 && time.p50_ms <= time.p95_ms);
        assert_eq!(usage(folder.path()).unwrap(), Usage::default());
    }
}
