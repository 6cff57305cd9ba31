use daemon::disk::Disk;
use metadata_store::{Catalogue, Replacement};
use model::time::Minute;

use crate::{
    fixture::{ACCOUNT, AFTER_MS, Fixture, HOUR, call, config, key, push_span, trace},
    reader::Reader,
    segment::FORMAT,
    table::Table,
};

mod damage;

#[test]
fn files_that_no_commit_made_visible_are_gone_after_a_start() {
    let mut fixture = Fixture::new();
    fixture.write(|rows| rows.count(key(1), HOUR, &call(5)));
    let committed = fixture.files();
    fixture.fill(|rows| rows.count(key(1), HOUR, &call(6)));
    // Written and durable, but the process ends before the transaction.
    let frozen = fixture.freeze();
    frozen.write(&fixture.store, 0).expect("the disk works");
    assert_eq!(fixture.files().len(), 2);
    let fixture = fixture.crash();
    assert_eq!(fixture.files(), committed);
}

#[test]
fn a_consumer_that_begins_again_removes_the_checkpoints_that_do_not_count() {
    let mut fixture = Fixture::new();
    fixture.cut();
    let frozen = fixture.freeze();
    frozen.write(&fixture.store, 0).expect("the disk works");
    let names = |fixture: &Fixture| fixture.disk.list("checkpoints".as_ref()).expect("it is there");
    assert_eq!(names(&fixture).len(), 2);
    let current = fixture.catalogue.claim("writer", &[0]).expect("memory answers").checkpoint;
    fixture.store.remove_stale_checkpoints("another", None).expect("the disk works");
    fixture.store.remove_stale_checkpoints("writer", current.as_ref()).expect("the disk works");
    let current = current.expect("there was a cut");
    assert_eq!(names(&fixture), [current.path.replace("checkpoints/", "")]);
    assert_eq!(&fixture.store.read_checkpoint(&current).expect("it is there")[..], b"checkpoint");
}

#[test]
fn a_segment_of_a_newer_format_is_refused_and_left_untouched() {
    let mut fixture = Fixture::new();
    fixture.write(|rows| rows.count(key(1), HOUR, &call(5)));
    let listed = fixture.catalogue.snapshot().expect("memory answers").segments.remove(0);
    let mut newer = listed.clone();
    newer.id = fixture.catalogue.allocate_segment_ids(1).expect("memory answers");
    newer.format += 1;
    newer.path = "segments/figures/newer.parquet".to_owned();
    let mut file = fixture.disk.create(newer.path.as_ref()).expect("the disk works");
    file.append(b"of a later version").expect("the disk works");
    // A file that nobody lists is not removed either: what the newer version means by it is not known here.
    fixture.disk.create("segments/figures/9999.parquet".as_ref()).expect("the disk works");
    let add = Replacement { add: vec![newer.clone()], ..Replacement::default() };
    fixture.catalogue.replace_segments(&add).expect("memory answers");
    let before = fixture.files();
    let refusal = config(&fixture.disk, &fixture.catalogue).open().expect_err("it is newer");
    let sentence = format!(
        "segment segments/figures/newer.parquet has format {}, this version reads up to {FORMAT}",
        FORMAT + 1
    );
    assert!(refusal.to_string().starts_with(&sentence), "{refusal}");
    assert_eq!(fixture.files(), before);
    let content = fixture.disk.read(newer.path.as_ref()).expect("it is there");
    assert_eq!(&content[..], b"of a later version");
}

#[test]
fn replaced_segments_stay_until_the_last_reader_is_done() {
    let mut fixture = Fixture::new();
    for id in 1..=2 {
        fixture.write(|rows| push_span(&mut rows.spans, trace(1), id, HOUR));
    }
    let (one, other) = (fixture.store.pin(), fixture.store.pin());
    let before = fixture.files();
    assert_eq!(fixture.upkeep(AFTER_MS).len(), 1, "the two are merged");
    let read = |pin: &super::Pin| -> u64 {
        let segments = pin.of(ACCOUNT, Table::Spans);
        segments.iter().map(|segment| segment.open().expect("it is there").rows()).sum()
    };
    assert_eq!(fixture.files().len(), 3);
    drop(one);
    assert_eq!(read(&other), 2, "the other reader still has both");
    drop(other);
    let after = fixture.files();
    assert!(after.len() == 1 && !before.contains(&after[0]), "{before:?} became {after:?}");
    assert_eq!(fixture.store.trace(ACCOUNT, trace(1)).expect("it reads").value.len(), 2);
}

#[test]
fn marking_a_segment_as_rolled_up_does_not_take_its_file_from_a_reader() {
    let mut fixture = Fixture::new();
    fixture.write(|rows| rows.count(key(1), HOUR, &call(5)));
    let pin = fixture.store.pin();
    fixture.upkeep(AFTER_MS);
    let marked = fixture.catalogue.snapshot().expect("memory answers").segments;
    assert!(marked.iter().any(|segment| segment.rolled_up));
    // Nine days later the minutes are dropped while that reader is still at it.
    fixture.upkeep(AFTER_MS + 9 * 24 * 3_600_000);
    let segments = pin.of(ACCOUNT, Table::Figures);
    assert_eq!(segments[0].open().expect("its file is still there").rows(), 1);
}

#[test]
fn footers_are_kept_within_their_bound() {
    let footers = super::Footers::new(1);
    let mut fixture = Fixture::new();
    for minute in 0..3 {
        fixture.write(|rows| rows.count(key(1), Minute(HOUR.0 + minute), &call(5)));
    }
    for segment in fixture.store.pin().of(ACCOUNT, Table::Figures) {
        let open = || {
            super::Opened::open(
                std::sync::Arc::new(fixture.disk.clone()),
                segment.meta.path.as_ref(),
            )
        };
        let first = footers.get(segment.meta.id, open).expect("it opens");
        let again =
            footers.get(segment.meta.id, || unreachable!("it is kept")).expect("it is kept");
        assert_eq!(footers.memory(), first.memory(), "only the newest is kept");
        assert!(std::sync::Arc::ptr_eq(&first, &again));
    }
}

#[test]
fn a_trace_that_a_segment_does_not_have_is_told_without_its_footer() {
    let mut fixture = Fixture::new();
    for number in 1..=3 {
        fixture.write(|rows| push_span(&mut rows.spans, trace(number), number, HOUR));
    }
    let spans = |number| fixture.store.trace(ACCOUNT, trace(number)).expect("it reads").value.len();
    assert_eq!(spans(1), 1);
    let pin = fixture.store.pin();
    let ids: Vec<u64> = pin.of(ACCOUNT, Table::Spans).iter().map(|of| of.meta.id).collect();
    let opened = || ids.iter().filter(|id| fixture.store.footers.has(**id)).count();
    assert_eq!(opened(), 3, "each was asked");
    ids.iter().for_each(|id| fixture.store.footers.forget(*id));
    assert_eq!((spans(2), opened()), (1, 1), "only the one that has it");
    assert_eq!((spans(4), opened()), (0, 1));
}
