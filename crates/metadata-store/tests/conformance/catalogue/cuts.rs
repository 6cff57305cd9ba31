//! Claiming a consumer and committing its cuts.

use metadata_store::{Catalogue, CatalogueError, CommitOutcome, CutCommit, SegmentMeta};

use super::fixture::{
    CONSUMER, checkpoint, claim, committed, cut, eight_at_once, ids, offset, segment,
    segment_of_id, segments, visible,
};

pub(crate) fn a_new_consumer_starts_at_zero(catalogue: &dyn Catalogue) {
    let first = catalogue.claim(CONSUMER, &[3, 1]).unwrap();
    assert_eq!((first.epoch, first.offsets), (1, vec![(3, 0), (1, 0)]));
    assert_eq!(first.checkpoint, None);
    let second = catalogue.claim(CONSUMER, &[1, 2]).unwrap();
    assert_eq!((second.epoch, second.offsets), (2, vec![(1, 0), (2, 0)]));
}

pub(crate) fn a_cut_shows_all_it_brings_at_once(catalogue: &dyn Catalogue) {
    let claimed = catalogue.claim(CONSUMER, &[0, 31]).unwrap();
    let added = [segment(catalogue), segment(catalogue)];
    let before = catalogue.snapshot().unwrap();
    let cut = CutCommit {
        from: vec![(0, 0), (31, 0)],
        to: vec![(0, 10), (31, 0)],
        checkpoint: checkpoint("checkpoints/1"),
        segments: added.to_vec(),
        ..cut(claimed.epoch, 0, 0)
    };
    let version = committed(catalogue, &cut);
    let after = catalogue.snapshot().unwrap();
    assert!(before.version < version && before.segments.is_empty());
    assert_eq!((after.version, after.segments), (version, added.to_vec()));
    let next = catalogue.claim(CONSUMER, &[0, 31]).unwrap();
    assert_eq!(next.offsets, [(0, 10), (31, 0)]);
    assert_eq!(next.checkpoint, checkpoint("checkpoints/1"));
}

pub(crate) fn the_same_cut_again_gets_the_same_answer(catalogue: &dyn Catalogue) {
    let epoch = claim(catalogue);
    committed(catalogue, &CutCommit { checkpoint: checkpoint("a"), ..cut(epoch, 0, 5) });
    let cut = CutCommit {
        checkpoint: checkpoint("b"),
        segments: vec![segment(catalogue)],
        ..cut(epoch, 5, 9)
    };
    let first = catalogue.commit_cut(&cut).unwrap();
    assert!(
        matches!(&first, CommitOutcome::Committed { replaced_checkpoint: Some(path), .. } if path == "a")
    );
    let listed = catalogue.snapshot().unwrap();
    assert_eq!(catalogue.commit_cut(&cut).unwrap(), first);
    assert_eq!(catalogue.snapshot().unwrap(), listed);
}

pub(crate) fn a_cut_that_happened_is_confirmed_after_others_took_over(catalogue: &dyn Catalogue) {
    let epoch = claim(catalogue);
    let cut_of_first = CutCommit { segments: vec![segment(catalogue)], ..cut(epoch, 0, 5) };
    let answer = catalogue.commit_cut(&cut_of_first).unwrap();
    let later = claim(catalogue);
    committed(catalogue, &cut(later, 5, 6));
    assert_eq!(catalogue.commit_cut(&cut_of_first).unwrap(), answer);
    let never = CutCommit { segments: vec![segment(catalogue)], ..cut(epoch, 0, 5) };
    assert_eq!(catalogue.commit_cut(&never).unwrap(), CommitOutcome::Superseded);
}

pub(crate) fn an_owner_of_an_earlier_epoch_writes_nothing(catalogue: &dyn Catalogue) {
    let fenced = claim(catalogue);
    let owner = claim(catalogue);
    let before = catalogue.snapshot().unwrap();
    let late = CutCommit {
        checkpoint: checkpoint("late"),
        segments: vec![segment(catalogue)],
        ..cut(fenced, 0, 5)
    };
    assert_eq!(catalogue.commit_cut(&late).unwrap(), CommitOutcome::Superseded);
    let from_the_future = cut(owner + 1, 0, 5);
    assert_eq!(catalogue.commit_cut(&from_the_future).unwrap(), CommitOutcome::Superseded);
    assert_eq!(catalogue.snapshot().unwrap(), before);
    let next = catalogue.claim(CONSUMER, &[0]).unwrap();
    assert_eq!((next.offsets, next.checkpoint), (vec![(0, 0)], None));
}

pub(crate) fn a_cut_from_elsewhere_writes_nothing(catalogue: &dyn Catalogue) {
    let epoch = catalogue.claim(CONSUMER, &[0, 1]).unwrap().epoch;
    committed(catalogue, &cut(epoch, 0, 5));
    let before = catalogue.snapshot().unwrap();
    for from in [0, 4, 6] {
        let elsewhere = CutCommit {
            from: vec![(1, 0), (0, from)],
            to: vec![(1, 3), (0, 9)],
            segments: vec![segment(catalogue)],
            ..cut(epoch, 0, 0)
        };
        assert_eq!(catalogue.commit_cut(&elsewhere).unwrap(), CommitOutcome::Superseded, "{from}");
    }
    assert_eq!(catalogue.snapshot().unwrap(), before);
    assert_eq!((offset(catalogue, CONSUMER, 0), offset(catalogue, CONSUMER, 1)), (5, 0));
}

pub(crate) fn of_eight_committers_from_one_offset_one_wins(catalogue: &dyn Catalogue) {
    let epoch = claim(catalogue);
    let rivals: Vec<SegmentMeta> = (0..8).map(|_| segment(catalogue)).collect();
    let outcomes = eight_at_once(|n| {
        let rival = CutCommit { segments: vec![rivals[n].clone()], ..cut(epoch, 0, 5 + n as u64) };
        catalogue.commit_cut(&rival).expect("each is answered")
    });
    let winners: Vec<usize> =
        (0..8).filter(|n| outcomes[*n] != CommitOutcome::Superseded).collect();
    assert_eq!(winners.len(), 1, "{outcomes:?}");
    assert_eq!(ids(&segments(catalogue)), [rivals[winners[0]].id]);
    assert_eq!(offset(catalogue, CONSUMER, 0), 5 + winners[0] as u64);
}

pub(crate) fn a_cut_without_checkpoint_keeps_the_current_one(catalogue: &dyn Catalogue) {
    let epoch = claim(catalogue);
    let first = CutCommit { checkpoint: checkpoint("a"), ..cut(epoch, 0, 1) };
    let replaced = |cut: &CutCommit| match catalogue.commit_cut(cut).unwrap() {
        CommitOutcome::Committed { replaced_checkpoint, .. } => replaced_checkpoint,
        CommitOutcome::Superseded => panic!("superseded: {cut:?}"),
    };
    assert_eq!(replaced(&first), None);
    assert_eq!(replaced(&cut(epoch, 1, 2)), None);
    assert_eq!(catalogue.claim(CONSUMER, &[0]).unwrap().checkpoint, checkpoint("a"));
    let same_path = CutCommit { checkpoint: checkpoint("a"), ..cut(epoch + 1, 2, 3) };
    assert_eq!(replaced(&same_path), None, "nothing may remove an object that is pointed at");
}

pub(crate) fn consumers_do_not_disturb_each_other(catalogue: &dyn Catalogue) {
    let epoch = claim(catalogue);
    catalogue.claim("analysis", &[0]).unwrap();
    let other = catalogue.claim("analysis", &[0]).unwrap();
    committed(catalogue, &CutCommit { checkpoint: checkpoint("a"), ..cut(epoch, 0, 8) });
    let of_other = CutCommit { consumer: "analysis".to_owned(), ..cut(other.epoch, 0, 2) };
    committed(catalogue, &of_other);
    assert_eq!(offset(catalogue, CONSUMER, 0), 8);
    assert_eq!(offset(catalogue, "analysis", 0), 2);
    assert_eq!(catalogue.claim("analysis", &[]).unwrap().checkpoint, None);
}

pub(crate) fn a_cut_of_an_unclaimed_partition_is_refused(catalogue: &dyn Catalogue) {
    let epoch = claim(catalogue);
    let stray = CutCommit { from: vec![(7, 0)], to: vec![(7, 1)], ..cut(epoch, 0, 0) };
    let refused = catalogue.commit_cut(&stray).unwrap_err();
    assert!(matches!(refused, CatalogueError::Unclaimed { partition: 7, .. }), "{refused}");
    let unknown = CutCommit { consumer: "nobody".to_owned(), ..cut(1, 0, 1) };
    let refused = catalogue.commit_cut(&unknown).unwrap_err();
    assert!(matches!(refused, CatalogueError::Unclaimed { .. }), "{refused}");
}

pub(crate) fn malformed_changes_are_refused(catalogue: &dyn Catalogue) {
    let epoch = claim(catalogue);
    let twin = segment(catalogue);
    let no_path = SegmentMeta { path: String::new(), ..segment(catalogue) };
    let malformed = [
        cut(epoch, 5, 4),
        cut(0, 0, 5),
        CutCommit { to: vec![(1, 5)], ..cut(epoch, 0, 5) },
        CutCommit { from: vec![(0, 0); 2], to: vec![(0, 5); 2], ..cut(epoch, 0, 5) },
        CutCommit { consumer: String::new(), ..cut(epoch, 0, 5) },
        CutCommit { consumer: "é".repeat(256), ..cut(epoch, 0, 5) },
        CutCommit { checkpoint: checkpoint(""), ..cut(epoch, 0, 5) },
        CutCommit { segments: vec![twin.clone(), twin], ..cut(epoch, 0, 5) },
        CutCommit { segments: vec![no_path], ..cut(epoch, 0, 5) },
    ];
    for cut in malformed {
        let refused = catalogue.commit_cut(&cut).unwrap_err();
        assert!(matches!(refused, CatalogueError::Malformed(_)), "{refused} for {cut:?}");
    }
    assert!(catalogue.claim(CONSUMER, &[1, 1]).is_err());
    assert!(catalogue.claim("", &[1]).is_err());
    assert_eq!((segments(catalogue).len(), offset(catalogue, CONSUMER, 0)), (0, 0));
}

pub(crate) fn a_segment_is_added_once(catalogue: &dyn Catalogue) {
    let there = visible(catalogue, 1);
    let before = catalogue.snapshot().unwrap();
    let epoch = claim(catalogue);
    let again = CutCommit {
        segments: vec![segment_of_id(there[0].id + 1), there[0].clone()],
        ..cut(epoch, 1, 2)
    };
    let refused = catalogue.commit_cut(&again).unwrap_err();
    assert!(matches!(refused, CatalogueError::SegmentExists(id) if id == there[0].id), "{refused}");
    assert_eq!(catalogue.snapshot().unwrap(), before);
    assert_eq!(offset(catalogue, CONSUMER, 0), 1);
}
