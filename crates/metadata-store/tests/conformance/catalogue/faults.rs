//! Failures that the catalogue in memory has on demand.

use metadata_store::{Catalogue, CatalogueError, CommitOutcome, CutCommit, MemoryCatalogue};

use super::fixture::{checkpoint, claim, committed, cut, merge, segment, segments, visible};

fn failed<T: std::fmt::Debug>(outcome: Result<T, CatalogueError>) {
    assert!(matches!(outcome, Err(CatalogueError::Unavailable { .. })), "{outcome:?}");
}

#[test]
fn a_failure_before_the_commit_writes_nothing_and_happens_once() {
    let catalogue = MemoryCatalogue::new();
    let epoch = claim(&catalogue);
    catalogue.fail_before_commit(2);
    committed(&catalogue, &cut(epoch, 0, 1));
    let before = catalogue.snapshot().unwrap();
    let second = CutCommit { segments: vec![segment(&catalogue)], ..cut(epoch, 1, 2) };
    failed(catalogue.commit_cut(&second));
    assert_eq!(catalogue.snapshot().unwrap(), before);
    committed(&catalogue, &second);
    assert_eq!(segments(&catalogue), second.segments);
}

#[test]
fn after_a_lost_answer_the_same_cut_is_confirmed() {
    let catalogue = MemoryCatalogue::new();
    let epoch = claim(&catalogue);
    committed(&catalogue, &CutCommit { checkpoint: checkpoint("a"), ..cut(epoch, 0, 1) });
    catalogue.fail_after_commit(1);
    let unsure = CutCommit {
        checkpoint: checkpoint("b"),
        segments: vec![segment(&catalogue)],
        ..cut(epoch, 1, 2)
    };
    failed(catalogue.commit_cut(&unsure));
    let listed = catalogue.snapshot().unwrap();
    assert_eq!(listed.segments, unsure.segments);
    let confirmed = catalogue.commit_cut(&unsure).unwrap();
    let expected = CommitOutcome::Committed {
        version: listed.version,
        replaced_checkpoint: Some("a".to_owned()),
    };
    assert_eq!(confirmed, expected);
}

#[test]
fn replacements_fail_on_demand_too() {
    let catalogue = MemoryCatalogue::new();
    let there = visible(&catalogue, 1);
    let merged = segment(&catalogue);
    catalogue.fail_before_commit(1);
    failed(catalogue.replace_segments(&merge(&there, merged.clone())));
    assert_eq!(segments(&catalogue), there);
    catalogue.fail_after_commit(1);
    failed(catalogue.replace_segments(&merge(&there, merged.clone())));
    assert_eq!(segments(&catalogue), [merged]);
}

#[test]
fn clones_are_the_same_catalogue() {
    let catalogue = MemoryCatalogue::new();
    let there = visible(&catalogue.clone(), 1);
    assert_eq!(segments(&catalogue), there);
}
