use metadata_store::CutCommit;
use telemetry_store::segment::FORMAT;
use tempfile::TempDir;
use tokio::runtime::Handle;

use super::*;

/// A data directory as a server leaves it, and a server's cuts on it.
struct Running {
    dir: TempDir,
    metadata: metadata_store::MetadataStore,
    cuts: u64,
}

impl Running {
    async fn begun() -> Running {
        let dir = TempDir::new().expect("there is room for a directory");
        let data = dir.path().join("data");
        for part in ["journal", "segments", "checkpoints"] {
            make_dirs(&data.join(part)).expect("there is room");
        }
        data_dir::sealing_key(&data).expect("there is room");
        let metadata = data_dir::metadata(&settings(&dir)).await.expect("a new database opens");
        Running { dir, metadata, cuts: 0 }
    }

    fn data(&self) -> std::path::PathBuf {
        self.dir.path().join("data")
    }

    fn in_catalogue<T: Send>(&self, act: impl FnOnce(&SqlCatalogue) -> T + Send) -> T {
        let catalogue = SqlCatalogue::new(self.metadata.clone(), Handle::current());
        std::thread::scope(|scope| {
            scope.spawn(|| act(&catalogue)).join().expect("the catalogue answers")
        })
    }

    /// A new checkpoint replaces the last one, the only segment is merged into a new one, the journal is cut off.
    fn cuts(&mut self) {
        let (data, last, cut) = (self.data(), self.cuts, self.cuts + 1);
        let write = |path: &str| fs::write(data.join(path), [2, 0]).expect("there is room");
        let checkpoint = format!("checkpoints/pipeline-{cut}");
        let segment = format!("segments/{cut}");
        let journal = |n: u64| format!("journal/{:020}.log", 10 * n + 1);
        write(&checkpoint);
        write(&segment);
        write(&journal(cut));
        self.in_catalogue(|catalogue| {
            let claim = catalogue.claim(pipeline::CONSUMER, &[0]).expect("it is free");
            let commit = CutCommit {
                consumer: pipeline::CONSUMER.to_owned(),
                epoch: claim.epoch,
                from: claim.offsets,
                to: vec![(0, 10 * cut + 1)],
                checkpoint: Some(ObjectRef { path: checkpoint, bytes: 2 }),
                segments: Vec::new(),
            };
            catalogue.commit_cut(&commit).expect("the offsets are right");
            let merged = metadata_store::Replacement {
                remove: Vec::from_iter((last > 0).then_some(last)),
                add: vec![segment_meta(cut, segment)],
                mark_rolled_up: Vec::new(),
            };
            catalogue.replace_segments(&merged).expect("the segments are there");
        });
        self.cuts = cut;
        for old in
            [format!("checkpoints/pipeline-{last}"), format!("segments/{last}"), journal(last)]
        {
            remove(&data.join(old)).expect("it may be removed");
        }
    }
}

fn settings(dir: &TempDir) -> Settings {
    let data_dir = dir.path().join("data").display().to_string();
    Settings::load(&[("data-dir".to_owned(), data_dir)], [], None).expect("the settings are sound")
}

fn segment_meta(id: u64, path: String) -> SegmentMeta {
    SegmentMeta {
        id,
        account: 1,
        table: 1,
        period_start_ms: 0,
        period_ms: 3_600_000,
        level: 0,
        path,
        bytes: 2,
        rows: 1,
        min_time_ns: 0,
        max_time_ns: 0,
        rolled_up: false,
        format: 1,
        created_ms: 0,
        detail: String::new(),
    }
}

/// How many tries a backup needs with a cut and a merge at `moment` of the first `cuts` tries.
async fn tries(running: &mut Running, moment: Moment, cuts: u32) -> anyhow::Result<u32> {
    running.cuts();
    let (settings, target) = (settings(&running.dir), running.dir.path().join("copy"));
    let mut tries = 0;
    let copied = copy_running(&settings, &target, |reached| {
        tries += u32::from(reached == moment);
        if reached == moment && tries <= cuts {
            running.cuts();
        }
    });
    copied.await?;
    let named = Named::by(&target.join("metadata.sqlite")).await?;
    named.check_is_whole(&target)?;
    let segments = files_below(&target, Path::new("segments"))?;
    assert_eq!(segments.len(), named.segments.len(), "{segments:?}: merged ones are left out");
    Ok(tries)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_whole_although_cuts_and_merges_come_while_metadata_are_copied() {
    let mut running = Running::begun().await;
    let tries = tries(&mut running, Moment::MetadataCopied, u32::MAX).await;
    assert_eq!(tries.expect("what was replaced is held"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_right_before_the_metadata_are_copied_needs_another_try() {
    let mut running = Running::begun().await;
    let tries = tries(&mut running, Moment::Held, 3).await;
    assert_eq!(tries.expect("a try without a cut in between comes"), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_fails_leaves_nothing_of_itself() {
    let mut running = Running::begun().await;
    let failed = tries(&mut running, Moment::Held, u32::MAX).await;
    let told = failed.expect_err("there is a cut in each try").to_string();
    assert!(told.contains("try again"), "{told}");
    let left = names_in(&running.dir.path().join("copy")).expect("it can be listed");
    assert!(left.is_empty(), "{left:?} was left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_lacks_something_or_is_newer_is_refused_before_anything_is_restored() {
    let mut running = Running::begun().await;
    running.cuts();
    let backup = running.dir.path().join("copy");
    copy_running(&settings(&running.dir), &backup, |_| {}).await.expect("nothing changes");
    let fresh = TempDir::new().expect("there is room for a directory");
    let refused = async || {
        let error = restore(&settings(&fresh), &backup, &mut Vec::new()).await;
        let left = names_in(&fresh.path().join("data")).expect("it can be listed");
        assert!(left.is_empty(), "{left:?} was restored");
        format!("{:#}", error.expect_err("the backup is not whole"))
    };
    for part in ["segments/1", "checkpoints/pipeline-1"] {
        let content = fs::read(backup.join(part)).expect("it was copied");
        remove(&backup.join(part)).expect("it is there");
        let told = refused().await;
        assert!(told.contains(&format!("lacks {part}")), "{told}");
        fs::write(backup.join(part), content).expect("there is room");
    }
    fs::write(backup.join("checkpoints/pipeline-1"), [99, 0]).expect("there is room");
    let told = refused().await;
    assert!(told.contains("version 99"), "{told}");
    fs::write(backup.join("checkpoints/pipeline-1"), [2, 0]).expect("there is room");

    fs::write(backup.join("journal").join(NEWER_JOURNAL.0), newer_journal())
        .expect("there is room");
    let told = refused().await;
    assert!(told.contains("has format 2"), "{told}");
    remove(&backup.join("journal").join(NEWER_JOURNAL.0)).expect("it is there");

    running.in_catalogue(add_newer_segment);
    write_newer_segment(&running.data());
    remove(&backup).expect("it is there");
    copy_running(&settings(&running.dir), &backup, |_| {}).await.expect("nothing changes");
    let told = refused().await;
    assert!(told.contains(&format!("segments/newer has format {}", FORMAT + 1)), "{told}");
}

/// Behind all that [`Running`] makes.
const NEWER_JOURNAL: (&str, u64) = ("00000000000000099999.log", 99_999);

/// The header of a journal's file of the next format.
fn newer_journal() -> Vec<u8> {
    let mut header = b"VEDJRNL\n".to_vec();
    header.extend_from_slice(&2u16.to_le_bytes());
    header.extend_from_slice(&[0; 6]);
    header.extend_from_slice(&7u64.to_le_bytes());
    header.extend_from_slice(&NEWER_JOURNAL.1.to_le_bytes());
    let checksum = crc32c::crc32c(&header).to_le_bytes();
    header.extend_from_slice(&checksum);
    header.extend_from_slice(&[0; 4]);
    header
}

fn write_newer_segment(data: &Path) {
    fs::write(data.join("segments/newer"), [2, 0]).expect("there is room");
}

fn add_newer_segment(catalogue: &SqlCatalogue) {
    let newer = SegmentMeta { format: FORMAT + 1, ..segment_meta(77, "segments/newer".to_owned()) };
    let added = metadata_store::Replacement {
        remove: Vec::new(),
        add: vec![newer],
        mark_rolled_up: Vec::new(),
    };
    catalogue.replace_segments(&added).expect("it is new");
}

/// Every file of a directory with what it holds; SQLite's index and the lock aside.
fn contents(dir: &Path) -> std::collections::BTreeMap<std::path::PathBuf, Vec<u8>> {
    let mut found = std::collections::BTreeMap::new();
    for name in names_in(dir).expect("it can be listed") {
        let path = dir.join(&name);
        if path.is_dir() {
            found.extend(contents(&path));
        } else if name != "lock" && !name.ends_with("-shm") {
            found.insert(path.clone(), fs::read(path).expect("it can be read"));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_on_a_part_that_is_newer_is_refused_before_any_other_part_is_changed() {
    let mut running = Running::begun().await;
    running.cuts();
    let data = running.data();
    let refused = async |what: &str| {
        let before = contents(&data);
        let mut out = Vec::new();
        let refused = crate::start(settings(&running.dir), SystemClock::shared(), &mut out).await;
        let told = format!("{:#}", refused.expect_err("a part is newer"));
        assert!(told.contains(what) && told.to_lowercase().contains("start the version"), "{told}");
        assert!(before == contents(&data), "{what}: something was changed");
    };
    fs::write(data.join("checkpoints/pipeline-1"), [99, 0]).expect("there is room");
    refused("version 99").await;
    fs::write(data.join("journal").join(NEWER_JOURNAL.0), newer_journal()).expect("there is room");
    refused("has format 2").await;
    remove(&data.join("journal").join(NEWER_JOURNAL.0)).expect("it is there");
    write_newer_segment(&data);
    running.in_catalogue(add_newer_segment);
    refused(&format!("segments/newer has format {}", FORMAT + 1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_into_the_data_directory_is_refused() {
    let running = Running::begun().await;
    let within = running.data().join("deep/backup");
    let refused = backup(&settings(&running.dir), &within, &mut Vec::new()).await;
    let told = refused.expect_err("it lies within").to_string();
    assert!(told.contains("within the data directory"), "{told}");
    assert!(!within.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_is_none_of_ours_is_refused_and_left_alone() {
    let dir = TempDir::new().expect("there is room for a directory");
    let settings = settings(&dir);
    fs::create_dir(dir.path().join("data")).expect("there is room");
    let mut out = Vec::new();
    let refused = [
        reset_password(&settings, &mut out).await,
        list_access_keys(&settings, &mut out).await,
        create_access_key(&settings, "shop", &mut out).await,
        backup(&settings, &dir.path().join("copy"), &mut out).await,
    ];
    for error in refused {
        let told = error.expect_err("there is nothing of ours").to_string();
        assert!(told.contains("is no data directory") && told.contains("--data-dir"), "{told}");
    }
    let made = names_in(&dir.path().join("data")).expect("it can be listed");
    assert!(made.is_empty(), "{made:?} was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_not_made_under_a_name_that_rest_refuses_too() {
    let running = Running::begun().await;
    for (name, why) in [("  ", "1 to 255"), ("two\nlines", "control characters")] {
        let made = create_access_key(&settings(&running.dir), name, &mut Vec::new()).await;
        let told = made.expect_err("the name is not sound").to_string();
        assert!(told.contains(why), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_on_a_checkpoint_of_a_newer_version_is_refused() {
    let mut running = Running::begun().await;
    running.cuts();
    fs::write(running.data().join("checkpoints/pipeline-1"), [99, 0]).expect("there is room");
    let mut out = Vec::new();
    let refused = crate::start(settings(&running.dir), SystemClock::shared(), &mut out).await;
    let told = format!("{:#}", refused.expect_err("the checkpoint is newer"));
    assert!(told.contains("version 99") && told.contains("Start the version"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_and_copied_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut running = Running::begun().await;
    running.cuts();
    let copy = running.dir.path().join("copy");
    copy_running(&settings(&running.dir), &copy, |_| {}).await.expect("nothing changes");
    let data = running.data();
    let of_data = ["", "metadata.sqlite", "metadata.sqlite-wal", "metadata.sqlite-shm"];
    let of_copy = ["", "metadata.sqlite", "secret.key", "segments", "segments/1", "checkpoints"];
    let all = of_data.map(|name| data.join(name)).into_iter();
    for path in all.chain(of_copy.map(|name| copy.join(name))) {
        let mode = fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
    }
}
