use proptest::prelude::*;

use super::*;
use crate::{
    fixture::reopened,
    segment::{
        Unpacker,
        samples::{self, SampleWriter},
    },
};

/// All runs of a segment, decoded.
fn runs(bytes: &[u8]) -> Vec<(u64, Run)> {
    let segment = reopened(bytes);
    let unpacker = Unpacker::new().expect("it starts");
    let rows = samples::rows(&segment, &unpacker, |_| true);
    let run = |row: samples::Row| {
        let chunk = row.decode().expect("it is whole");
        (row.series, Run::of(row.counting, chunk).expect("they are numbers"))
    };
    rows.map(|row| run(row.expect("it reads"))).collect()
}

fn points(runs: &[Run]) -> Vec<(i64, f64)> {
    let mut points: Vec<(i64, f64)> = runs
        .iter()
        .flat_map(|run| run.points(1.0).map(|point| (point.last_at_ms, point.sum)))
        .collect();
    points.sort_by(|a, b| a.partial_cmp(b).expect("they are numbers"));
    points
}

const HOUR_MS: i64 = 3_600_000;

proptest! {
    /// Whatever the chains, hours and cuts: each sample counts once, by what it is to the one before.
    #[test]
    fn what_is_counted_does_not_depend_on_how_it_was_cut_and_merged(
        steps in prop::collection::vec((1i64..HOUR_MS / 100, 0u32..1000, 0u8..20), 1..1500),
        cuts in prop::collection::btree_set(0usize..1500, 0..5),
    ) {
        let (mut at_ms, mut last) = (0, None);
        let (mut expected, mut segments) = (Vec::new(), Vec::new());
        let mut head = CountedSamples::default();
        let mut is_new_head = true;
        for (at, (step, value, kind)) in steps.into_iter().enumerate() {
            at_ms += step;
            let value = f64::from(value);
            match (kind, last) {
                (0, _) | (_, None) => {
                    head.push(CountedSample::new(7, at_ms, value, Role::First));
                }
                (_, Some((before_ms, before))) => {
                    if is_new_head || kind == 1 {
                        head.push(CountedSample::new(7, before_ms, before, Role::Base));
                    }
                    head.push(CountedSample::new(7, at_ms, value, Role::Next));
                    expected.push((at_ms, increase(before, value)));
                }
            }
            (last, is_new_head) = (Some((at_ms, value)), false);
            if cuts.contains(&at) {
                segments.extend(encode_counted(&std::mem::take(&mut head)).expect("it encodes"));
                is_new_head = true;
            }
        }
        segments.extend(encode_counted(&head).expect("it encodes"));
        let all: Vec<Run> =
            segments.iter().flat_map(|of| runs(&of.bytes)).map(|(_, run)| run).collect();
        prop_assert_eq!(&points(&all), &expected);
        let mut merged = Runs::default();
        all.into_iter().for_each(|run| merged.add(run));
        prop_assert_eq!(&points(&merged.0), &expected);
        let mut writer = SampleWriter::new(10_000, Vec::new()).expect("it begins");
        merged.0.iter().for_each(|run| writer.run(7, run).expect("it encodes"));
        let again: Vec<Run> =
            runs(&writer.finish().expect("it encodes")).into_iter().map(|(_, run)| run).collect();
        prop_assert_eq!(&points(&again), &expected);
    }
}

#[test]
fn values_that_go_back_in_time_stay_apart_and_each_counts() {
    let sample = |at_ms, value| CountedSample::new(1, at_ms, value, Role::Value);
    let samples = [sample(10, 1.0), sample(20, 2.0), sample(20, 2.0), sample(15, 3.0)];
    let segments = encode_counted(&samples.into_iter().collect()).expect("it encodes");
    let [segment] = segments.as_slice() else { panic!("one hour") };
    assert_eq!((segment.samples, segment.min_time_ns), (4, 10_000_000));
    let runs: Vec<Run> = runs(&segment.bytes).into_iter().map(|(_, run)| run).collect();
    assert_eq!(points(&runs), [(10, 1.0), (15, 3.0), (20, 2.0), (20, 2.0)]);
}

#[test]
fn a_segment_is_of_the_time_of_its_own_samples() {
    let samples = [
        CountedSample::new(1, HOUR_MS - 5, 10.0, Role::Base),
        CountedSample::new(1, HOUR_MS + 5, 17.0, Role::Next),
    ];
    let segments = encode_counted(&samples.into_iter().collect()).expect("it encodes");
    let [segment] = segments.as_slice() else { panic!("one hour") };
    assert_eq!((segment.period_start_ms, segment.samples), (HOUR_MS, 1));
    assert_eq!(segment.min_time_ns, segment.max_time_ns);
    assert_eq!(runs(&segment.bytes)[0].1.points(2.0).map(|of| of.sum).collect::<Vec<_>>(), [14.0]);
}
