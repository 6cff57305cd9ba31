//! Cuts and segments with as little in them as a test needs.

use metadata_store::{Catalogue, CommitOutcome, CutCommit, ObjectRef, Replacement, SegmentMeta};

pub(super) const CONSUMER: &str = "pipeline";

pub(super) fn segment(catalogue: &dyn Catalogue) -> SegmentMeta {
    let id = catalogue.allocate_segment_ids(1).expect("ids are given");
    segment_of_id(id)
}

pub(super) fn segment_of_id(id: u64) -> SegmentMeta {
    SegmentMeta {
        id,
        account: 1,
        table: 2,
        period_start_ms: 1_800_000_000_000,
        period_ms: 3_600_000,
        level: 0,
        path: format!("1/spans/{id}.parquet"),
        bytes: 1000,
        rows: 10,
        min_time_ns: 1,
        max_time_ns: 2,
        rolled_up: false,
        format: 1,
        created_ms: 3,
        detail: "{}".to_owned(),
    }
}

pub(super) fn checkpoint(path: &str) -> Option<ObjectRef> {
    Some(ObjectRef { path: path.to_owned(), bytes: 7 })
}

/// A cut of partition 0 without segments.
pub(super) fn cut(epoch: u64, from: u64, to: u64) -> CutCommit {
    CutCommit {
        consumer: CONSUMER.to_owned(),
        epoch,
        from: vec![(0, from)],
        to: vec![(0, to)],
        checkpoint: None,
        segments: Vec::new(),
    }
}

pub(super) fn claim(catalogue: &dyn Catalogue) -> u64 {
    catalogue.claim(CONSUMER, &[0]).expect("the consumer is claimed").epoch
}

/// Commits a cut that must not be superseded and returns its version.
pub(super) fn committed(catalogue: &dyn Catalogue, cut: &CutCommit) -> u64 {
    match catalogue.commit_cut(cut).expect("the cut is answered") {
        CommitOutcome::Committed { version, .. } => version,
        CommitOutcome::Superseded => panic!("superseded: {cut:?}"),
    }
}

/// Makes `count` segments visible by a cut of their own and returns them.
pub(super) fn visible(catalogue: &dyn Catalogue, count: usize) -> Vec<SegmentMeta> {
    let segments: Vec<SegmentMeta> = (0..count).map(|_| segment(catalogue)).collect();
    let epoch = claim(catalogue);
    let from = offset(catalogue, CONSUMER, 0);
    let cut = CutCommit { segments: segments.clone(), ..cut(epoch, from, from + 1) };
    committed(catalogue, &cut);
    segments
}

pub(super) fn offset(catalogue: &dyn Catalogue, consumer: &str, partition: u16) -> u64 {
    let all = catalogue.lowest_committed().expect("offsets are listed");
    let is_it = |at: &&metadata_store::CommittedOffset| {
        at.consumer == consumer && at.partition == partition
    };
    all.iter().find(is_it).expect("the partition was claimed").offset
}

pub(super) fn segments(catalogue: &dyn Catalogue) -> Vec<SegmentMeta> {
    catalogue.snapshot().expect("segments are listed").segments
}

pub(super) fn ids(segments: &[SegmentMeta]) -> Vec<u64> {
    segments.iter().map(|segment| segment.id).collect()
}

pub(super) fn merge(from: &[SegmentMeta], into: SegmentMeta) -> Replacement {
    Replacement { remove: ids(from), add: vec![into], mark_rolled_up: Vec::new() }
}

/// What each of eight threads gets for its own `work`, all starting together.
pub(super) fn eight_at_once<T: Send>(work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = std::sync::Barrier::new(8);
    std::thread::scope(|scope| {
        let run = |n| {
            let (start, work) = (&start, &work);
            scope.spawn(move || {
                start.wait();
                work(n)
            })
        };
        let threads: Vec<_> = (0..8).map(run).collect();
        threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
    })
}
