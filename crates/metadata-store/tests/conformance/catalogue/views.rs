//! What readers see: ids, listings, fields.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use metadata_store::{Catalogue, CutCommit, ObjectRef, SegmentMeta};

use super::fixture::{
    CONSUMER, claim, committed, cut, eight_at_once, segment, segment_of_id, segments,
};

pub(crate) fn segment_ids_are_given_once(catalogue: &dyn Catalogue) {
    assert_eq!(catalogue.allocate_segment_ids(3).unwrap(), 1);
    let firsts = eight_at_once(|_| catalogue.allocate_segment_ids(5).expect("ids are given"));
    let given: BTreeSet<u64> = firsts.iter().flat_map(|first| *first..*first + 5).collect();
    assert_eq!(given, (4..44).collect());
}

/// Each cut brings two segments, so a listing of an odd number has seen half of one.
pub(crate) fn readers_see_whole_cuts_only(catalogue: &dyn Catalogue) {
    let epoch = claim(catalogue);
    let start = catalogue.snapshot().unwrap().version;
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for from in 0..20 {
                let pair = vec![segment(catalogue), segment(catalogue)];
                committed(catalogue, &CutCommit { segments: pair, ..cut(epoch, from, from + 1) });
            }
            is_done.store(true, Ordering::Release);
        });
        while !is_done.load(Ordering::Acquire) {
            let listing = catalogue.snapshot().expect("segments are listed");
            assert_eq!(listing.segments.len() as u64, 2 * (listing.version - start));
        }
    });
    assert_eq!(segments(catalogue).len(), 40);
}

pub(crate) fn every_field_comes_back_as_it_was(catalogue: &dyn Catalogue) {
    let epoch = claim(catalogue);
    let odd = SegmentMeta {
        id: u64::MAX >> 1,
        account: u32::MAX,
        table: u8::MAX,
        period_start_ms: i64::MIN,
        period_ms: i64::MAX,
        level: 9,
        path: "Größe/🦀/ ".to_owned(),
        bytes: u64::MAX,
        rows: u64::MAX - 1,
        min_time_ns: -1,
        max_time_ns: i64::MAX,
        rolled_up: true,
        format: u16::MAX,
        created_ms: -5,
        detail: "{\"q\":\"'\\\"\\u0000🦀\"}".repeat(5_000),
    };
    let checkpoint = Some(ObjectRef { path: "p".repeat(1024), bytes: u64::MAX });
    let far = cut(epoch, 0, u64::MAX);
    let segments_of_cut = vec![odd.clone(), segment_of_id(1)];
    committed(
        catalogue,
        &CutCommit { checkpoint: checkpoint.clone(), segments: segments_of_cut, ..far },
    );
    assert_eq!(segments(catalogue), [segment_of_id(1), odd]);
    let claimed = catalogue.claim(CONSUMER, &[0]).unwrap();
    assert_eq!((claimed.offsets, claimed.checkpoint), (vec![(0, u64::MAX)], checkpoint));
}

pub(crate) fn a_thousand_segments_in_one_cut(catalogue: &dyn Catalogue) {
    let epoch = claim(catalogue);
    let first = catalogue.allocate_segment_ids(1201).unwrap();
    let all: Vec<SegmentMeta> = (first..first + 1201).map(segment_of_id).collect();
    committed(catalogue, &CutCommit { segments: all.clone(), ..cut(epoch, 0, 1) });
    assert_eq!(segments(catalogue), all);
    let rollup = metadata_store::Replacement {
        mark_rolled_up: all[600..].iter().map(|segment| segment.id).collect(),
        remove: all[..600].iter().map(|segment| segment.id).collect(),
        add: Vec::new(),
    };
    catalogue.replace_segments(&rollup).unwrap();
    let left = segments(catalogue);
    assert_eq!(left.len(), 601);
    assert!(left.iter().all(|segment| segment.rolled_up));
}
