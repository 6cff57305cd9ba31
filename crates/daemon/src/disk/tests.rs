//! The contract of [`Disk`], asked of both disks alike; what only one of them does is tested below.

use std::io::ErrorKind;

use super::*;

mod crash;

fn path(path: &str) -> &Path {
    Path::new(path)
}

/// Runs `check` on a fresh disk of each kind.
fn on_each_disk(check: impl Fn(&dyn Disk)) {
    let dir = tempfile::tempdir().unwrap();
    check(&LocalDisk::new(dir.path().join("made/on/demand")).unwrap());
    check(&SimulatedDisk::new());
}

fn write(disk: &dyn Disk, name: &str, content: &[u8]) -> Box<dyn DiskFile> {
    let mut file = disk.create(path(name)).unwrap();
    file.append(content).unwrap();
    file
}

#[test]
fn what_is_appended_is_read_back_whole_and_in_parts() {
    on_each_disk(|disk| {
        let mut file = write(disk, "a", b"hello ");
        file.append(b"world").unwrap();
        file.sync().unwrap();
        assert_eq!(file.len(), 11);
        assert_eq!(disk.len(path("a")).unwrap(), 11);
        assert_eq!(disk.read(path("a")).unwrap(), "hello world");
        assert_eq!(disk.read_at(path("a"), 6, 5).unwrap(), "world");
        assert_eq!(disk.read_at(path("a"), 11, 0).unwrap(), "");
    });
}

#[test]
fn a_direct_file_holds_what_was_appended_and_fills_its_last_block_with_zeros() {
    let content: Vec<u8> = (0..3_000_000u32).map(|n| (n % 251) as u8 + 1).collect();
    on_each_disk(|disk| {
        let mut file = disk.create_direct(path("a")).unwrap();
        let mut end = 0;
        for length in [40, 4056, 1, 0, 70_000, 2_100_000, 8192, 5] {
            let (one, other) = content[end..end + length].split_at(length / 3);
            file.append_parts(&mut [IoSlice::new(one), IoSlice::new(other)]).unwrap();
            file.sync().unwrap();
            end += length;
            assert_eq!(file.len(), end as u64);
            let on_disk = disk.read(path("a")).unwrap();
            assert!(on_disk.len() - end < BLOCK, "{} for {end}", on_disk.len());
            assert!(on_disk[..end] == content[..end] && on_disk[end..].iter().all(|b| *b == 0));
        }
        for (offset, len) in [(0, 1), (4095, 2), (8192, 4096), (1_000_000, end - 1_000_000)] {
            let part = disk.read_direct(path("a"), offset as u64, len).unwrap();
            assert!(part == content[offset..offset + len], "{len} from {offset}");
        }
        let beyond = disk.read_direct(path("a"), end as u64, 2 * BLOCK).unwrap_err();
        assert_eq!(beyond.kind(), ErrorKind::UnexpectedEof);
    });
}

#[test]
fn a_direct_file_goes_on_where_it_was_cut() {
    on_each_disk(|disk| {
        let mut file = disk.create_direct(path("a")).unwrap();
        file.append(&[1; 10_000]).unwrap();
        assert_eq!(file.truncate(10_001).unwrap_err().kind(), ErrorKind::InvalidInput);
        for length in [9_999, 8_192, 5_000, 100, 0] {
            file.truncate(length).unwrap();
            assert_eq!(disk.len(path("a")).unwrap(), length);
            file.append(b"more").unwrap();
            file.sync().unwrap();
            let cut = usize::try_from(length).unwrap();
            let mut expected = vec![1; cut];
            expected.extend(b"more");
            assert_eq!(disk.read_direct(path("a"), 0, cut + 4).unwrap(), expected);
        }
    });
}

#[test]
fn reading_beyond_the_end_is_an_error_whatever_the_length_claims() {
    on_each_disk(|disk| {
        write(disk, "a", b"hello");
        for (offset, len) in [(0, 6), (5, 1), (9, 1), (u64::MAX, 1), (1, usize::MAX)] {
            let error = disk.read_at(path("a"), offset, len).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{offset} {len}");
        }
    });
}

#[test]
fn a_file_grows_while_it_is_read() {
    on_each_disk(|disk| {
        let mut file = write(disk, "a", b"1");
        assert_eq!(disk.read_at(path("a"), 0, 1).unwrap(), "1");
        file.append(b"2").unwrap();
        assert_eq!(disk.read_at(path("a"), 0, 2).unwrap(), "12");
    });
}

#[test]
fn create_refuses_a_taken_name_and_a_missing_directory() {
    on_each_disk(|disk| {
        write(disk, "a", b"");
        assert_eq!(disk.create(path("a")).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(disk.create(path("no/a")).unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn append_continues_behind_the_end_after_reopening() {
    on_each_disk(|disk| {
        drop(write(disk, "a", b"one"));
        let mut again = disk.open_append(path("a")).unwrap();
        assert_eq!(again.len(), 3);
        again.append(b"two").unwrap();
        assert_eq!(disk.read(path("a")).unwrap(), "onetwo");
        assert_eq!(disk.open_append(path("b")).unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn truncate_cuts_and_the_next_append_continues_there() {
    on_each_disk(|disk| {
        let mut file = write(disk, "a", b"abcdef");
        file.truncate(2).unwrap();
        file.append(b"X").unwrap();
        assert_eq!(disk.read(path("a")).unwrap(), "abX");
        assert_eq!(file.truncate(4).unwrap_err().kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn list_is_sorted_shallow_and_knows_directories() {
    on_each_disk(|disk| {
        disk.create_dir_all(path("d/e")).unwrap();
        disk.create_dir_all(path("d/e")).unwrap();
        for name in ["b", "a", "d/z", "d/y", "d/e/deep"] {
            write(disk, name, b"");
        }
        assert_eq!(disk.list(path("")).unwrap(), ["a", "b", "d"]);
        assert_eq!(disk.list(path("d")).unwrap(), ["e", "y", "z"]);
        assert_eq!(disk.list(path("x")).unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn rename_replaces_and_readers_see_the_new_content() {
    on_each_disk(|disk| {
        write(disk, "new", b"new");
        write(disk, "old", b"old");
        assert_eq!(disk.read_at(path("old"), 0, 3).unwrap(), "old");
        disk.rename(path("new"), path("old")).unwrap();
        assert_eq!(disk.read_at(path("old"), 0, 3).unwrap(), "new");
        assert_eq!(disk.list(path("")).unwrap(), ["old"]);
        assert_eq!(disk.rename(path("new"), path("x")).unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn a_removed_name_is_free_for_another_file() {
    on_each_disk(|disk| {
        write(disk, "a", b"first");
        disk.read_at(path("a"), 0, 5).unwrap();
        disk.remove(path("a")).unwrap();
        assert_eq!(disk.read_at(path("a"), 0, 5).unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(disk.remove(path("a")).unwrap_err().kind(), ErrorKind::NotFound);
        write(disk, "a", b"other");
        assert_eq!(disk.read_at(path("a"), 0, 5).unwrap(), "other");
    });
}

#[test]
fn a_writer_keeps_its_file_when_the_name_goes() {
    on_each_disk(|disk| {
        let mut file = write(disk, "a", b"x");
        disk.remove(path("a")).unwrap();
        file.append(b"y").unwrap();
        file.sync().unwrap();
        assert_eq!(file.len(), 2);
    });
}

#[test]
fn paths_that_leave_the_root_are_refused() {
    on_each_disk(|disk| {
        for outside in ["/etc/passwd", "../a", "a/../../b", "./a"] {
            assert_eq!(
                disk.read(path(outside)).unwrap_err().kind(),
                ErrorKind::InvalidInput,
                "{outside}"
            );
            assert_eq!(
                disk.create(path(outside)).unwrap_err().kind(),
                ErrorKind::InvalidInput,
                "{outside}"
            );
            assert_eq!(
                disk.list(path(outside)).unwrap_err().kind(),
                ErrorKind::InvalidInput,
                "{outside}"
            );
        }
    });
}

#[test]
fn free_space_is_within_the_total_and_syncing_a_directory_works() {
    on_each_disk(|disk| {
        disk.create_dir_all(path("d")).unwrap();
        disk.sync_dir(path("")).unwrap();
        disk.sync_dir(path("d")).unwrap();
        let space = disk.free_space(path("d")).unwrap();
        assert!(0 < space.free && space.free <= space.total, "{space:?}");
        assert_eq!(disk.sync_dir(path("x")).unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn the_local_disk_keeps_no_more_handles_than_it_says_and_still_reads_all() {
    let dir = tempfile::tempdir().unwrap();
    let disk = LocalDisk::new(dir.path()).unwrap();
    for n in 0..600 {
        write(&disk, &format!("f{n}"), n.to_string().as_bytes());
    }
    for n in (0..600).chain(0..600) {
        let expected = n.to_string();
        assert_eq!(disk.read_at(path(&format!("f{n}")), 0, expected.len()).unwrap(), expected);
    }
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    let ours = open
        .filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok())
        .filter(|to| to.starts_with(dir.path()));
    assert_eq!(ours.count(), 256);
}

#[test]
fn local_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let disk = LocalDisk::new(dir.path().join("data")).unwrap();
    write(&disk, "a", b"");
    let mode =
        |path: &str| std::fs::metadata(dir.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("data"), mode("data/a")), (0o700, 0o600));
}
