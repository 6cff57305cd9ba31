//! What a crash of the simulated disk keeps, may lose, and must lose.

use std::collections::BTreeSet;

use super::{super::*, path, write};

const SEEDS: std::ops::Range<u64> = 0..400;

/// The contents that `a` has after crashes with many seeds; `None` where it is gone.
fn survivors(prepare: impl Fn(&SimulatedDisk)) -> BTreeSet<Option<Vec<u8>>> {
    let after_crash = |seed| {
        let disk = SimulatedDisk::new();
        prepare(&disk);
        disk.crash(seed);
        disk.read(path("a")).ok().map(|content| content.to_vec())
    };
    SEEDS.map(after_crash).collect()
}

#[test]
fn synced_content_under_a_synced_name_survives_every_crash() {
    let survivors = survivors(|disk| {
        write(disk, "a", b"kept").sync().unwrap();
        disk.sync_dir(path("")).unwrap();
    });
    assert_eq!(survivors, BTreeSet::from([Some(b"kept".to_vec())]));
}

#[test]
fn a_synced_file_without_a_synced_name_may_vanish() {
    let survivors = survivors(|disk| drop(write(disk, "a", b"kept").sync()));
    assert_eq!(survivors, BTreeSet::from([None, Some(b"kept".to_vec())]));
}

#[test]
fn an_unsynced_tail_is_cut_anywhere_and_torn_but_what_was_synced_stays() {
    let survivors = survivors(|disk| {
        let mut file = write(disk, "a", b"kept");
        file.sync().unwrap();
        disk.sync_dir(path("")).unwrap();
        file.append(b"tail").unwrap();
    });
    let contents: Vec<Vec<u8>> = survivors.into_iter().map(|content| content.unwrap()).collect();
    assert!(contents.iter().all(|content| content.starts_with(b"kept")));
    for expected in [
        b"kept".to_vec(),
        b"keptt".to_vec(),
        b"kepttai".to_vec(),
        b"kepttail".to_vec(),
        b"kept\0\0\0\0".to_vec(),
    ] {
        assert!(contents.contains(&expected), "no crash left {expected:?}");
    }
    assert!(contents.iter().any(|content| content.len() == 8
        && !content.ends_with(b"tail")
        && !content.ends_with(b"\0")));
}

#[test]
fn an_unsynced_truncate_may_be_undone() {
    let survivors = survivors(|disk| {
        let mut file = write(disk, "a", b"abcd");
        file.sync().unwrap();
        disk.sync_dir(path("")).unwrap();
        file.truncate(2).unwrap();
    });
    assert_eq!(survivors, BTreeSet::from([Some(b"ab".to_vec()), Some(b"abcd".to_vec())]));
}

#[test]
fn a_rename_over_a_file_leaves_the_old_or_the_new_content_and_nothing_else() {
    let prepare = |disk: &SimulatedDisk| {
        write(disk, "a", b"old").sync().unwrap();
        disk.sync_dir(path("")).unwrap();
        write(disk, "a.new", b"new").sync().unwrap();
        disk.rename(path("a.new"), path("a")).unwrap();
    };
    assert_eq!(survivors(prepare), BTreeSet::from([Some(b"old".to_vec()), Some(b"new".to_vec())]));
    let and_synced = |disk: &SimulatedDisk| {
        prepare(disk);
        disk.sync_dir(path("")).unwrap();
    };
    assert_eq!(survivors(and_synced), BTreeSet::from([Some(b"new".to_vec())]));
}

#[test]
fn a_removed_file_may_come_back_until_its_directory_is_synced() {
    let prepare = |disk: &SimulatedDisk| {
        write(disk, "a", b"x").sync().unwrap();
        disk.sync_dir(path("")).unwrap();
        disk.remove(path("a")).unwrap();
    };
    assert_eq!(survivors(prepare), BTreeSet::from([None, Some(b"x".to_vec())]));
    let and_synced = |disk: &SimulatedDisk| {
        prepare(disk);
        disk.sync_dir(path("")).unwrap();
    };
    assert_eq!(survivors(and_synced), BTreeSet::from([None]));
}

#[test]
fn names_of_one_directory_are_lost_from_the_end_only() {
    for seed in SEEDS {
        let disk = SimulatedDisk::new();
        for name in ["1", "2", "3", "4"] {
            write(&disk, name, b"");
        }
        disk.crash(seed);
        let left = disk.list(path("")).unwrap();
        assert_eq!(left, ["1", "2", "3", "4"][..left.len()], "seed {seed}");
    }
}

#[test]
fn a_lost_directory_takes_its_synced_files_along() {
    let mut lost = 0;
    for seed in SEEDS {
        let disk = SimulatedDisk::new();
        disk.create_dir_all(path("d/e")).unwrap();
        write(&disk, "d/e/f", b"x").sync().unwrap();
        disk.sync_dir(path("d/e")).unwrap();
        disk.sync_dir(path("d")).unwrap();
        disk.crash(seed);
        match disk.list(path("")).unwrap().is_empty() {
            true => lost += 1,
            false => assert_eq!(disk.read(path("d/e/f")).unwrap(), "x"),
        }
        assert_eq!(disk.read(path("d/e/f")).is_ok(), disk.list(path("d/e")).is_ok());
    }
    assert!(0 < lost && lost < SEEDS.end, "{lost}");
}

#[test]
fn a_move_between_directories_is_in_exactly_one_of_them() {
    for seed in SEEDS {
        let disk = SimulatedDisk::new();
        disk.create_dir_all(path("from")).unwrap();
        disk.create_dir_all(path("to")).unwrap();
        disk.sync_dir(path("")).unwrap();
        write(&disk, "from/f", b"x").sync().unwrap();
        disk.sync_dir(path("from")).unwrap();
        disk.rename(path("from/f"), path("to/f")).unwrap();
        if seed % 2 == 0 {
            disk.sync_dir(path("to")).unwrap();
        }
        disk.crash(seed);
        let (from, to) = (disk.read(path("from/f")).is_ok(), disk.read(path("to/f")).is_ok());
        assert!(from != to, "seed {seed}: from {from}, to {to}");
        assert!(to || seed % 2 == 1, "seed {seed}: a synced move was undone");
    }
}

#[test]
fn content_written_before_a_failed_sync_may_be_gone_although_a_later_sync_succeeded() {
    let survivors = survivors(|disk| {
        let mut file = write(disk, "a", b"kept");
        file.sync().unwrap();
        disk.sync_dir(path("")).unwrap();
        file.append(b"hope").unwrap();
        disk.fail_sync_once();
        assert!(file.sync().is_err());
        assert!(file.sync().is_ok());
    });
    assert_eq!(
        survivors,
        BTreeSet::from([Some(b"kepthope".to_vec()), Some(b"kept\0\0\0\0".to_vec())])
    );
}

#[test]
fn the_same_seed_leaves_the_same_disk() {
    let run = |seed| {
        let disk = SimulatedDisk::new();
        disk.create_dir_all(path("d")).unwrap();
        for n in 0..20 {
            write(&disk, &format!("d/{n}"), &[n; 700]);
        }
        disk.crash(seed);
        let names = disk.list(path("d")).unwrap_or_default();
        let contents: Vec<_> =
            names.iter().map(|name| disk.read(&path("d").join(name)).unwrap()).collect();
        (names, contents)
    };
    assert_eq!(run(7), run(7));
    assert!((0..20).map(run).collect::<std::collections::HashSet<_>>().len() > 5);
}

#[test]
fn from_the_failing_step_on_everything_fails_until_the_crash() {
    let disk = SimulatedDisk::new();
    let mut file = write(&disk, "a", b"1");
    file.sync().unwrap();
    disk.sync_dir(path("")).unwrap();
    assert_eq!(disk.steps(), 4);
    disk.fail_at(5);
    assert!(file.append(b"2").is_err());
    assert!(disk.is_dead());
    assert!(disk.read(path("a")).is_err() && disk.list(path("")).is_err() && file.sync().is_err());
    disk.crash(1);
    assert!(disk.read(path("a")).unwrap().starts_with(b"1"));
    assert!(file.append(b"3").is_err(), "a dead process's file was written to");
    disk.open_append(path("a")).unwrap().append(b"4").unwrap();
}

#[test]
fn every_step_of_a_run_can_be_the_last_and_the_step_itself_may_have_happened() {
    let run = |disk: &SimulatedDisk| -> io::Result<()> {
        let mut file = disk.create(path("a"))?;
        file.append(b"x")?;
        file.sync()?;
        disk.sync_dir(path(""))
    };
    let whole = SimulatedDisk::new();
    run(&whole).unwrap();
    for step in 1..=whole.steps() {
        let outcomes: BTreeSet<bool> = SEEDS
            .map(|seed| {
                let disk = SimulatedDisk::new();
                disk.fail_at(step);
                run(&disk).unwrap_err();
                disk.crash(seed);
                disk.read(path("a")).is_ok()
            })
            .collect();
        assert_eq!(outcomes, BTreeSet::from([false, true]), "step {step}");
    }
}

#[test]
fn killing_the_process_keeps_what_the_kernel_has_but_a_later_crash_may_still_take_it() {
    let disk = SimulatedDisk::new();
    let mut file = write(&disk, "a", b"x");
    disk.kill();
    assert!(file.append(b"y").is_err());
    assert_eq!(disk.read(path("a")).unwrap(), "x");
    let lost = survivors(|disk| {
        write(disk, "a", b"x");
        disk.kill();
    });
    assert!(lost.contains(&None));
}

#[test]
fn a_full_disk_refuses_appends_and_says_how_much_is_left() {
    let disk = SimulatedDisk::new();
    disk.set_capacity(10);
    let mut file = write(&disk, "a", b"12345678");
    assert_eq!(disk.free_space(path("")).unwrap(), Space { free: 2, total: 10 });
    assert_eq!(file.append(b"abc").unwrap_err().kind(), io::ErrorKind::StorageFull);
    file.append(b"ab").unwrap();
    assert_eq!(file.len(), 10);
}
