use std::path::Path;

use daemon::disk::SimulatedDisk;
use model::id::AccountId;

use super::*;
use crate::record::Topic;

mod damage;

fn config() -> LogConfig {
    LogConfig {
        dir: "journal".into(),
        file_bytes: 400,
        max_bytes: 1 << 20,
        min_free_share: 0.05,
        producer: 7,
    }
}

fn record(n: u64) -> Record {
    Record {
        topic: Topic::Spans,
        partition: 3,
        account: AccountId::FIRST,
        fingerprint: n,
        received_ns: n,
        sender: None,
        items: 1,
        payload: n.to_le_bytes().to_vec().into(),
    }
}

fn numbers(log: &Log, from: u64) -> Vec<u64> {
    let extents = log.extents();
    let mut all = Vec::new();
    let mut next = from;
    let mut bookmark = None;
    loop {
        let (records, mark) =
            extents.read(next, bookmark, 200).expect("what is not truncated can be read");
        bookmark = mark;
        let Some(last) = records.last() else { return all };
        next = last.offset + 1;
        all.extend(records.iter().map(|stored| stored.record.fingerprint));
    }
}

#[test]
fn the_zeros_that_fill_a_files_last_block_are_no_damage() {
    let dir = tempfile::tempdir().unwrap();
    let open = || {
        let disk = Arc::new(daemon::disk::LocalDisk::new(dir.path()).unwrap());
        Log::open(disk, LogConfig { file_bytes: 5_000, ..config() }).unwrap()
    };
    let mut last = 0;
    for _ in 0..4 {
        let mut log = open();
        for n in last + 1..=last + 30 {
            let payload = vec![n as u8; 37 * n as usize].into();
            log.append(&[Record { payload, ..record(n) }]).unwrap();
        }
        last += 30;
        assert_eq!(numbers(&log, 1), (1..=last).collect::<Vec<_>>());
    }
    let log = open();
    assert_eq!(numbers(&log, 1), (1..=last).collect::<Vec<_>>());
    assert_eq!(log.damage(), Damage::default());
    let names: Vec<_> = std::fs::read_dir(dir.path().join("journal")).unwrap().collect();
    assert_eq!(names.len(), log.status().files, "nothing is put aside: {names:?}");
}

#[test]
fn what_was_appended_is_read_after_a_restart_across_files() {
    let disk = Arc::new(SimulatedDisk::new());
    let mut log = Log::open(Arc::clone(&disk) as _, config()).expect("a new log opens");
    for n in 1..=20 {
        log.append(&[record(n)]).expect("there is room");
    }
    assert!(log.status().files > 2, "{:?}", log.status());
    drop(log);
    let log = Log::open(disk, config()).expect("it opens again");
    assert_eq!(numbers(&log, 1), (1..=20).collect::<Vec<_>>());
    assert_eq!(numbers(&log, 15), (15..=20).collect::<Vec<_>>());
}

#[test]
fn every_crash_at_every_step_keeps_what_was_acknowledged_and_nothing_out_of_order() {
    for crash_at in 1..120 {
        let disk = Arc::new(SimulatedDisk::new());
        disk.fail_at(crash_at);
        let mut acknowledged = 0;
        if let Ok(mut log) = Log::open(Arc::clone(&disk) as _, config()) {
            for n in 1..=30 {
                let Ok(_) = log.append(&[record(n)]) else { break };
                acknowledged = n;
                if n == 12 && log.truncate(7).is_err() {
                    break;
                }
            }
        }
        disk.crash(crash_at);
        let mut log = Log::open(Arc::clone(&disk) as _, config())
            .unwrap_or_else(|error| panic!("crash at step {crash_at}: {error}"));
        let first = log.status().first;
        let kept = numbers(&log, first);
        assert!(first <= 7, "crash at step {crash_at}: begins at {first}");
        assert_eq!(
            kept,
            (first..first + kept.len() as u64).collect::<Vec<_>>(),
            "crash at step {crash_at}"
        );
        assert!(
            first + kept.len() as u64 > acknowledged,
            "crash at step {crash_at}: {acknowledged} was acknowledged, kept {kept:?}"
        );
        let next = log.status().next;
        log.append(&[record(next)]).expect("it goes on");
        assert_eq!(numbers(&log, next), [next]);
    }
}

#[test]
fn after_a_failed_fsync_nothing_is_acknowledged_until_a_restart() {
    let disk = Arc::new(SimulatedDisk::new());
    let mut log = Log::open(Arc::clone(&disk) as _, config()).expect("a new log opens");
    disk.fail_sync_once();
    assert!(matches!(log.append(&[record(1)]), Err(AppendError::Failed(_))));
    assert!(matches!(log.append(&[record(2)]), Err(AppendError::Failed(_))));
    let mut log = Log::open(disk, config()).expect("it opens again");
    log.append(&[record(3)]).expect("a restart mends it");
}

#[test]
fn a_log_on_a_disk_filled_to_the_last_byte_refuses_and_goes_on_by_itself() {
    let disk = Arc::new(SimulatedDisk::new());
    let mut log = Log::open(Arc::clone(&disk) as _, config()).expect("a new log opens");
    let mut kept = Vec::new();
    for n in 1..=60 {
        // Full for a while, at each place of a file and where the next file begins.
        let full = n % 3 != 0;
        let space = disk.free_space("".as_ref()).expect("it can tell");
        let used = space.total - space.free;
        disk.set_capacity(if full { used + n % 7 } else { 1 << 30 });
        match log.append(&[record(n)]) {
            Ok(_) => kept.push(n),
            Err(AppendError::DiskFull { .. }) => assert!(full, "there was room for {n}"),
            Err(other) => panic!("{n}: {other}"),
        }
    }
    assert_eq!(kept, (1..=60).filter(|n| n % 3 == 0).collect::<Vec<_>>());
    assert_eq!(numbers(&log, 1), kept);
    drop(log);
    let log = Log::open(disk, config()).expect("it opens again");
    assert_eq!(numbers(&log, 1), kept);
}

#[test]
fn a_full_log_refuses_until_it_is_truncated() {
    let disk = Arc::new(SimulatedDisk::new());
    let limit = LogConfig { max_bytes: 1000, ..config() };
    let mut log = Log::open(disk, limit).expect("a new log opens");
    let mut taken = 0;
    while log.append(&[record(1)]).is_ok() {
        taken += 1;
    }
    assert!(matches!(log.append(&[record(1)]), Err(AppendError::Full { limit: 1000 })));
    log.truncate(taken + 1).expect("the disk removes files");
    assert_eq!(log.status().files, 1);
    log.append(&[record(2)]).expect("there is room again");
}

#[test]
fn a_file_of_a_newer_format_is_refused_and_left_untouched() {
    let disk = Arc::new(SimulatedDisk::new());
    drop(Log::open(Arc::clone(&disk) as _, config()).expect("a new log opens"));
    let newer = Path::new("journal").join(file::name(5));
    let mut file = disk.create(&newer).expect("a new file");
    file.append(&Header { format: FORMAT + 1, producer: 7, first: 5 }.encode())
        .expect("the disk works");
    let before = disk.steps();
    let error = Log::open(Arc::clone(&disk) as _, config()).expect_err("a newer format");
    assert!(matches!(error, OpenError::NewerFormat { found: 2, known: 1, .. }), "{error}");
    assert_eq!(disk.list(Path::new("journal")).expect("it is there").len(), 2);
    assert!(disk.steps() - before <= 2, "only the directory was made sure of");
}

#[test]
fn a_file_that_could_not_be_made_while_truncating_hides_nothing_that_comes_after() {
    for seed in 0..20 {
        let disk = Arc::new(SimulatedDisk::new());
        let mut log = Log::open(Arc::clone(&disk) as _, config()).expect("a new log opens");
        log.append(&[record(1)]).expect("there is room");
        disk.fail_sync_once();
        log.truncate(2).expect_err("the new file cannot be made durable");
        log.append(&[record(2)]).expect("the old file works");
        log.append(&[record(3)]).expect("the old file works");
        drop(log);
        match seed {
            0 => disk.kill(),
            _ => disk.crash(seed),
        }
        let log = Log::open(disk, config()).expect("it opens again");
        assert_eq!(numbers(&log, 1), [1, 2, 3], "seed {seed}");
    }
}

#[test]
fn what_a_failed_fsync_left_in_memory_tears_no_hole_into_what_is_written_behind_it() {
    for seed in 0..50 {
        let disk = Arc::new(SimulatedDisk::new());
        let mut log = Log::open(Arc::clone(&disk) as _, config()).expect("a new log opens");
        log.append(&[record(1)]).expect("there is room");
        disk.fail_sync_once();
        log.append(&[record(2)]).expect_err("it was told to fail");
        log.append(&[record(2)]).expect_err("nothing is taken until a restart");
        drop(log);
        // The process alone starts again: it reads the second record back from the kernel's memory.
        disk.kill();
        let mut log = Log::open(Arc::clone(&disk) as _, config()).expect("it opens again");
        assert_eq!(numbers(&log, 1), [1, 2]);
        log.append(&[record(3)]).expect("there is room");
        drop(log);
        disk.crash(seed);
        let log = Log::open(disk, config()).expect("it opens again");
        assert_eq!(numbers(&log, 1), [1, 2, 3], "seed {seed}");
    }
}

#[test]
fn what_comes_after_lost_files_is_not_below_what_was_committed() {
    for kept in [0, 3] {
        let disk = Arc::new(SimulatedDisk::new());
        if kept > 0 {
            let mut log = Log::open(Arc::clone(&disk) as _, config()).expect("a new log opens");
            for n in 1..=kept {
                log.append(&[record(n)]).expect("there is room");
            }
        }
        let mut log =
            Log::open_from(Arc::clone(&disk) as _, config(), 109).expect("it opens all the same");
        assert_eq!(log.bounds().next, 109, "{kept} records were left");
        log.append(&[record(109)]).expect("there is room");
        assert_eq!(numbers(&log, 109), [109], "{kept} records were left");
        drop(log);
        let log = Log::open_from(disk, config(), 109).expect("it opens again");
        assert_eq!(numbers(&log, 109), [109], "{kept} records were left");
        assert_eq!(log.bounds().next, 110, "{kept} records were left");
    }
}

#[test]
fn a_journal_that_reaches_beyond_what_was_committed_is_left_as_it_is() {
    let disk = Arc::new(SimulatedDisk::new());
    let mut log = Log::open(Arc::clone(&disk) as _, config()).expect("a new log opens");
    log.append(&[record(1), record(2)]).expect("there is room");
    drop(log);
    let log = Log::open_from(disk, config(), 2).expect("it opens again");
    assert_eq!(numbers(&log, 1), [1, 2]);
    assert_eq!(log.bounds().next, 3);
}
