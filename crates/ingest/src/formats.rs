//! Persisted formats: a small data directory of each version that landed stands in `testdata/formats`, and this version
//! opens, answers from and continues a copy of it. What a newer version wrote is refused with a sentence and left as it is
//! (the metadata database: metadata-store's tests of opening).
//!
//! Whoever changes a format raises its version, names a new directory in [`WRITTEN`] and writes it with
//! `UPDATE_FORMATS=1 cargo test -p ingest --lib formats`; the directories before it stay as they are.

mod content;
mod data_dir;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Once,
};

use daemon::disk::{Disk, LocalDisk};
use metadata_store::{Catalogue, Replacement};
use telemetry_store::{checkpoint, segment::FORMAT, table::Table};
use tempfile::TempDir;

use self::{
    content::{ANSWERS, LATE, REOPENED_MS, START_MS},
    data_dir::{DataDir, METADATA},
};
use crate::otlp::Signal;

/// What this version writes.
const WRITTEN: &str = "v7";
/// The versions before the tables of raw samples.
const WITHOUT_SAMPLES: [&str; 3] = ["v1", "v2", "v3"];
/// The versions before the table of counted samples.
const WITHOUT_COUNTED: [&str; 4] = ["v1", "v2", "v3", "v4"];
/// All directories together stay small enough to be cloned with the sources. Most of one are the empty pages of the database's
/// tables, which a repository packs to nothing.
const MAX_BYTES: u64 = 512 * 1024;

/// Where the directories stand; written anew first when that was asked for.
fn formats() -> PathBuf {
    static WRITING: Once = Once::new();
    let formats = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/formats");
    WRITING.call_once(|| {
        if is_asked_to_write() {
            write_anew(&formats.join(WRITTEN));
        }
    });
    formats
}

fn write_anew(dir: &Path) {
    if dir.exists() {
        fs::remove_dir_all(dir).expect("it can be removed");
    }
    fs::create_dir_all(dir).expect("it can be made");
    content::write(dir);
}

/// A copy to work on. What is committed is never opened: opening writes.
fn copy_of(version: &str) -> TempDir {
    let copy = TempDir::new().expect("there is room for temporary files");
    copy_into(&formats().join(version), copy.path());
    copy
}

fn copy_into(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("there is room for temporary files");
    for entry in fs::read_dir(from).expect("the directory is committed") {
        let entry = entry.expect("it can be listed");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type().expect("it has a type").is_dir() {
            true => copy_into(&from, &to),
            false => drop(fs::copy(from, to).expect("there is room for temporary files")),
        }
    }
}

/// All files below a directory with their bytes, but the database, which every start writes to.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).expect("it is a directory") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                dirs.push(path);
            } else if !path.to_string_lossy().contains(METADATA) {
                let bytes = fs::read(&path).expect("it can be read");
                found.insert(path, bytes);
            }
        }
    }
    found
}

#[allow(clippy::disallowed_methods, reason = "whether to write anew is said from outside")]
fn is_asked_to_write() -> bool {
    std::env::var_os("UPDATE_FORMATS").is_some()
}

#[test]
fn every_version_s_directory_is_opened_answered_from_and_continued() {
    assert!(formats().join(WRITTEN).exists(), "write it with UPDATE_FORMATS=1");
    for version in fs::read_dir(formats()).expect("it is committed") {
        let version = version.expect("it can be listed").file_name();
        check(version.to_str().expect("we named it"));
    }
}

fn check(version: &str) {
    let copy = copy_of(version);
    let mut data = DataDir::open(copy.path(), REOPENED_MS).expect("it opens");
    let has_samples = !WITHOUT_SAMPLES.contains(&version);
    let mut tables = Table::ALL.to_vec();
    tables.retain(|table| has_samples || !matches!(table, Table::Samples | Table::Series));
    let has_counted = !WITHOUT_COUNTED.contains(&version);
    tables.retain(|table| has_counted || *table != Table::Counted);
    assert_eq!(content::tables(&data), tables, "{version} has rows in every table");
    let late = fs::read(copy.path().join(LATE)).expect("it is committed");
    data.send(Signal::Traces, &late);
    data.drain();
    data.cut();
    let wanted = fs::read_to_string(copy.path().join(ANSWERS)).expect("it is committed");
    let check = |data: &DataDir, when: &str| {
        assert_eq!(content::found(data), wanted, "{version} {when}");
        let (logs, metrics) = content::logs_and_metrics(data);
        assert_eq!(logs, ["a record"], "{version} {when}");
        assert_eq!(
            metrics,
            [("Custom Metrics|orders.waiting".to_owned(), 7.5)],
            "{version} {when}"
        );
        let sample = || {
            let samples = match has_counted {
                true => content::WAITING.to_vec(),
                false => vec![(START_MS, 7.5)],
            };
            ("orders.waiting".to_owned(), samples)
        };
        let samples: Vec<_> = has_samples.then(sample).into_iter().collect();
        assert_eq!(content::samples(data), samples, "{version} {when}");
    };
    check(&data, "continued");
    data.now_ms += 3 * 3_600_000;
    data.upkeep();
    check(&data, "after upkeep");
    data.close();
    let data =
        DataDir::open(copy.path(), REOPENED_MS + data_dir::DAY_MS / 2).expect("it opens again");
    check(&data, "opened again");
    data.close();
}

#[test]
fn the_committed_directories_are_small() {
    let bytes = |dir: &Path| -> u64 {
        let metadata = fs::metadata(dir.join(METADATA)).expect("it is committed").len();
        metadata + files(dir).values().map(|bytes| bytes.len() as u64).sum::<u64>()
    };
    for version in fs::read_dir(formats()).expect("it is committed") {
        let dir = version.expect("it can be listed").path();
        assert!(bytes(&dir) <= MAX_BYTES, "{} has {} bytes", dir.display(), bytes(&dir));
    }
}

/// Changes a copy, and expects that it is refused with this sentence and that no byte of it is written.
#[track_caller]
fn check_refused(change: impl FnOnce(&Path), sentence: &str) {
    let copy = copy_of(WRITTEN);
    change(copy.path());
    let before = files(copy.path());
    let refusal = match DataDir::open(copy.path(), REOPENED_MS) {
        Ok(_) => panic!("it was opened"),
        Err(refusal) => refusal.to_string(),
    };
    assert!(refusal.contains(sentence), "{refusal}");
    let after = files(copy.path());
    let changed: Vec<&PathBuf> = before
        .keys()
        .chain(after.keys())
        .filter(|file| before.get(*file) != after.get(*file))
        .collect();
    assert!(changed.is_empty(), "changed: {changed:?}");
}

fn only_file(dir: &Path) -> PathBuf {
    let mut files: Vec<PathBuf> = fs::read_dir(dir)
        .expect("it is there")
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    files.sort();
    files.pop().expect("it holds a file")
}

#[test]
fn a_newer_journal_is_refused_and_left_untouched() {
    let newer = |dir: &Path| {
        let path = only_file(&dir.join("journal"));
        let mut bytes = fs::read(&path).expect("it can be read");
        bytes[8] += 1;
        let checksum = crc32c::crc32c(&bytes[..32]);
        bytes[32..36].copy_from_slice(&checksum.to_le_bytes());
        fs::write(path, bytes).expect("it can be written");
    };
    check_refused(
        newer,
        "has format 2; this version reads up to 1. Start the version that wrote it",
    );
}

#[test]
fn a_newer_checkpoint_is_refused_and_left_untouched() {
    let newer = |dir: &Path| {
        let path = only_file(&dir.join("checkpoints"));
        let bytes = fs::read(&path).expect("it can be read").into();
        let mut content = checkpoint::content(&bytes).expect("it is whole").to_vec();
        content[0] += 1;
        content.extend(checkpoint::seal(&content));
        fs::write(path, content).expect("it can be written");
    };
    check_refused(newer, "the checkpoint has version 6; this program reads up to 5");
}

#[test]
fn a_newer_segment_is_refused_and_left_untouched() {
    let newer = |dir: &Path| {
        let data = DataDir::open(dir, REOPENED_MS).expect("it opens");
        let mut segment = data.catalogue.snapshot().expect("it answers").segments.remove(0);
        let old = segment.id;
        let disk = LocalDisk::new(dir).expect("it is a directory");
        segment.id = data.catalogue.allocate_segment_ids(1).expect("it answers");
        segment.format = FORMAT + 1;
        let newer = "segments/spans/newer.parquet";
        disk.rename(segment.path.as_ref(), newer.as_ref()).expect("it is a file");
        segment.path = newer.to_owned();
        let replacement =
            Replacement { remove: vec![old], add: vec![segment], ..Replacement::default() };
        data.catalogue.replace_segments(&replacement).expect("it answers");
        data.close();
    };
    let said = format!("has format {}, this version reads up to {FORMAT}", FORMAT + 1);
    check_refused(newer, &said);
}
