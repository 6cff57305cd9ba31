//! Flipped bits and torn files: what is whole is read, what is not is reported and kept, and nothing is read wrong.

use super::*;

const RECORDS: u64 = 20;

/// The files of a journal of several, by name.
fn written() -> Vec<(String, Vec<u8>)> {
    let disk = Arc::new(SimulatedDisk::new());
    let mut log = Log::open(Arc::clone(&disk) as _, config()).expect("a new log opens");
    for n in 1..=RECORDS {
        log.append(&[record(n)]).expect("there is room");
    }
    let names = disk.list(Path::new("journal")).expect("it is there");
    assert!(names.len() > 3, "{names:?}");
    let content = |name: &String| disk.read(&Path::new("journal").join(name)).expect("it reads");
    names.iter().map(|name| (name.clone(), content(name).to_vec())).collect()
}

fn disk_of(files: &[(String, Vec<u8>)]) -> Arc<SimulatedDisk> {
    let disk = Arc::new(SimulatedDisk::new());
    disk.create_dir_all(Path::new("journal")).expect("the disk works");
    for (name, bytes) in files {
        let mut file = disk.create(&Path::new("journal").join(name)).expect("the disk works");
        file.append(bytes).expect("the disk works");
    }
    disk
}

fn names_with(disk: &SimulatedDisk, ending: &str) -> Vec<String> {
    let names = disk.list(Path::new("journal")).expect("it is there");
    names.into_iter().filter(|name| name.ends_with(ending)).collect()
}

/// Opens and reads it; checks what holds whatever happened to the files. Gives the records that are missing.
fn check(disk: &Arc<SimulatedDisk>, what: &str) -> (Vec<u64>, Log) {
    let mut log = Log::open(Arc::clone(disk) as _, config())
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    let first = log.status().first;
    let kept = numbers(&log, first);
    assert!(kept.is_sorted() && kept.iter().all(|n| (1..=RECORDS).contains(n)), "{what}: {kept:?}");
    let missing: Vec<u64> = (1..=RECORDS).filter(|n| !kept.contains(n)).collect();
    // Read again, everything is as before and nothing is reported twice.
    let damage = log.damage();
    assert_eq!((numbers(&log, first), log.damage()), (kept, damage), "{what}");
    let next = log.status().next;
    log.append(&[record(next)]).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(numbers(&log, next), [next], "{what}");
    (missing, log)
}

#[test]
fn a_flipped_bit_costs_one_record_that_is_reported_and_kept() {
    let files = written();
    for (at, (name, bytes)) in files.iter().enumerate() {
        for byte in 0..bytes.len() {
            let what = format!("bit of byte {byte} of {name}");
            let mut flipped = files.clone();
            flipped[at].1[byte] ^= 1 << (byte % 8);
            let disk = disk_of(&flipped);
            let (missing, mut log) = check(&disk, &what);
            assert!(missing.len() <= 1, "{what}: {missing:?} are missing");
            let torn = names_with(&disk, ".torn");
            if missing.is_empty() {
                assert!(byte < HEADER, "{what}: a record with it was read");
                continue;
            }
            assert!(log.damage().places > 0 || torn.len() == 1, "{what}: not reported");
            // Worked on and truncated, its bytes are still there.
            let next = log.status().next;
            log.truncate(next).expect("the disk works");
            let aside = names_with(&disk, ".damaged");
            assert!(torn.len() + aside.len() == 1, "{what}: {torn:?}, {aside:?}");
            let kept = [torn, aside].concat().remove(0);
            let length = disk.len(&Path::new("journal").join(&kept)).expect("it is there");
            assert!(length >= 86, "{what}: {kept} holds {length} bytes");
        }
    }
}

#[test]
fn a_torn_file_costs_what_was_torn_off_and_says_how_many_records_that_are() {
    let files = written();
    let newest = files.len() - 1;
    for (at, (name, bytes)) in files.iter().enumerate() {
        for length in 0..bytes.len() {
            let what = format!("{name} torn at {length}");
            let mut torn = files.clone();
            torn[at].1.truncate(length);
            let (missing, log) = check(&disk_of(&torn), &what);
            let held = bytes.len().saturating_sub(length).div_ceil(86);
            assert!(missing.len() <= held, "{what}: {missing:?} are missing");
            // Nobody can tell that the newest file had gone on.
            if at < newest {
                assert_eq!(log.damage().missing_records, missing.len() as u64, "{what}");
            }
        }
    }
}

#[test]
fn a_lost_file_is_passed_over_and_reported() {
    let files = written();
    let lost = 1;
    let mut left = files.clone();
    left.remove(lost);
    let (missing, log) = check(&disk_of(&left), "a lost file");
    assert!(!missing.is_empty());
    assert_eq!(log.damage().missing_records, missing.len() as u64);
}

#[test]
fn a_newest_file_that_is_rubbish_is_put_aside_and_its_offsets_are_not_used_again() {
    let mut files = written();
    let (name, bytes) = files.last_mut().expect("there are some");
    bytes.fill(0x5a);
    let first = file::first_of(name).expect("it is a journal's");
    let aside = name.replace(".log", ".damaged");
    let disk = disk_of(&files);
    let (missing, log) = check(&disk, "rubbish");
    assert_eq!(missing, (first..=RECORDS).collect::<Vec<_>>());
    assert!(log.status().next > first && log.damage().bytes > 0);
    assert_eq!(names_with(&disk, ".damaged"), [aside]);
}

#[test]
fn after_a_hole_longer_than_any_record_the_next_one_is_found() {
    let disk = Arc::new(SimulatedDisk::new());
    let large = LogConfig { file_bytes: 1 << 30, max_bytes: 1 << 30, ..config() };
    let mut log = Log::open(Arc::clone(&disk) as _, large.clone()).expect("a new log opens");
    let long = |n| Record { payload: vec![n as u8; MAX_PAYLOAD].into(), ..record(n) };
    for n in 1..=8 {
        log.append(&[long(n)]).expect("there is room");
    }
    drop(log);
    let path = Path::new("journal").join(file::name(1));
    let mut bytes = disk.read(&path).expect("it is there").to_vec();
    // The second to the fifth record.
    let frame = bytes[HEADER..].len() / 8;
    bytes[HEADER + frame + 5..HEADER + 5 * frame - 5].fill(0);
    let disk = disk_of(&[(file::name(1), bytes)]);
    let log = Log::open(Arc::clone(&disk) as _, large).expect("it opens");
    assert_eq!(numbers(&log, 1), [1, 6, 7, 8]);
    assert_eq!(log.damage(), Damage { places: 1, bytes: 4 * frame as u64, missing_records: 0 });
    // The file that was open is made anew at the next start, but a later part of it can still break.
    disk.remove(&Path::new("journal").join("00000000000000000001.damaged")).expect("it is there");
}
