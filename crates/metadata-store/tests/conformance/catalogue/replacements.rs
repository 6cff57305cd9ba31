//! Merges, rollups and retention.

use metadata_store::{Catalogue, CatalogueError, ReplaceOutcome, Replacement, SegmentMeta};

use super::fixture::{eight_at_once, ids, merge, segment, segments, visible};

pub(crate) fn a_replacement_swaps_segments_at_once(catalogue: &dyn Catalogue) {
    let there = visible(catalogue, 3);
    let before = catalogue.snapshot().unwrap().version;
    let merged = SegmentMeta { level: 1, ..segment(catalogue) };
    let replaced = catalogue.replace_segments(&merge(&there[..2], merged.clone())).unwrap();
    let after = catalogue.snapshot().unwrap();
    assert_eq!(replaced, ReplaceOutcome::Replaced { version: after.version });
    assert!(after.version > before);
    assert_eq!(after.segments, [there[2].clone(), merged]);
    let dropped = Replacement { remove: vec![there[2].id], ..Replacement::default() };
    catalogue.replace_segments(&dropped).unwrap();
    assert_eq!(segments(catalogue).len(), 1);
}

pub(crate) fn a_segment_is_rolled_up_once(catalogue: &dyn Catalogue) {
    let there = visible(catalogue, 2);
    let rollup = |sources: &[SegmentMeta]| Replacement {
        add: vec![segment(catalogue)],
        mark_rolled_up: ids(sources),
        ..Replacement::default()
    };
    let first = catalogue.replace_segments(&rollup(&there[..1])).unwrap();
    assert!(matches!(first, ReplaceOutcome::Replaced { .. }));
    let marks: Vec<bool> = segments(catalogue).iter().map(|segment| segment.rolled_up).collect();
    assert_eq!(marks, [true, false, false]);
    let before = catalogue.snapshot().unwrap();
    let both = catalogue.replace_segments(&rollup(&there)).unwrap();
    assert_eq!(both, ReplaceOutcome::Superseded);
    assert_eq!(catalogue.snapshot().unwrap(), before);
}

pub(crate) fn a_replacement_of_what_is_gone_writes_nothing(catalogue: &dyn Catalogue) {
    let there = visible(catalogue, 2);
    catalogue.replace_segments(&merge(&there[..1], segment(catalogue))).unwrap();
    let before = catalogue.snapshot().unwrap();
    let late_merge = merge(&there, segment(catalogue));
    assert_eq!(catalogue.replace_segments(&late_merge).unwrap(), ReplaceOutcome::Superseded);
    let late_mark = Replacement {
        add: vec![segment(catalogue)],
        mark_rolled_up: vec![there[0].id],
        ..Replacement::default()
    };
    assert_eq!(catalogue.replace_segments(&late_mark).unwrap(), ReplaceOutcome::Superseded);
    let known =
        Replacement { add: vec![there[1].clone()], ..merge(&there[1..], segment(catalogue)) };
    let refused = catalogue.replace_segments(&known).unwrap_err();
    assert!(matches!(refused, CatalogueError::Malformed(_)), "{refused}");
    assert_eq!(catalogue.snapshot().unwrap(), before);
}

pub(crate) fn the_same_replacement_again_is_confirmed(catalogue: &dyn Catalogue) {
    let there = visible(catalogue, 3);
    let both =
        Replacement { mark_rolled_up: vec![there[2].id], ..merge(&there[..2], segment(catalogue)) };
    let first = catalogue.replace_segments(&both).unwrap();
    let listed = catalogue.snapshot().unwrap();
    assert_eq!(catalogue.replace_segments(&both).unwrap(), first);
    assert_eq!(catalogue.snapshot().unwrap(), listed);
}

pub(crate) fn of_eight_replacements_of_one_segment_one_wins(catalogue: &dyn Catalogue) {
    let there = visible(catalogue, 1);
    let rivals: Vec<SegmentMeta> = (0..8).map(|_| segment(catalogue)).collect();
    let outcomes = eight_at_once(|n| {
        let rival = merge(&there, rivals[n].clone());
        catalogue.replace_segments(&rival).expect("each is answered")
    });
    let winners: Vec<usize> =
        (0..8).filter(|n| outcomes[*n] != ReplaceOutcome::Superseded).collect();
    assert_eq!(winners.len(), 1, "{outcomes:?}");
    assert_eq!(segments(catalogue), [rivals[winners[0]].clone()]);
}
