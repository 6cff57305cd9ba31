use proptest::prelude::*;

use super::*;
use crate::segment::counted::Role;

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        (-100_000i32..100_000).prop_map(|value| f64::from(value) / 100.0),
        (0u32..1_000_000).prop_map(f64::from),
        prop::sample::select(vec![0.0, -0.0, f64::INFINITY, 9e15, -1e16, 0.1 + 0.2]),
    ]
}

/// A series, a time, a value, a role.
fn any_sample() -> impl Strategy<Value = CountedSample> {
    let time = prop_oneof![(0i64..40).prop_map(|at| at * 15_000), -1i64 << 60..1 << 60];
    (0u64..5, time, any_value(), 0u8..4).prop_map(|(series, at_ms, value, role)| {
        CountedSample::new(series, at_ms, value, Role::of(role))
    })
}

/// Of a series in order, told apart bit by bit.
fn of_series(series: u64, samples: &[CountedSample]) -> Vec<(i64, u64, Role)> {
    let of_it = samples.iter().filter(|sample| sample.series == series);
    of_it.map(|sample| (sample.at_ms(), sample.value.to_bits(), sample.role())).collect()
}

proptest! {
    #[test]
    fn each_sample_comes_back_in_the_order_of_its_series(
        stages in prop::collection::vec((prop::collection::vec(any_sample(), 0..60), any::<bool>()), 1..6),
    ) {
        let (mut held, mut expected) = (CountedSamples::default(), Vec::new());
        for (stage, packs) in stages {
            expected.extend_from_slice(&stage);
            held.absorb(stage.into_iter().collect());
            if packs {
                held.pack();
            }
        }
        held.close();
        prop_assert_eq!(held.len(), expected.len());
        let (mut found, mut ids) = (Vec::new(), Vec::new());
        held.each_series(|samples| {
            ids.push(samples[0].series);
            found.extend_from_slice(samples);
            Ok::<(), ()>(())
        }).expect("nothing fails");
        prop_assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
        for series in 0..5 {
            prop_assert_eq!(of_series(series, &found), of_series(series, &expected));
            let mut asked = Vec::new();
            held.each_of(|id| id == series, |sample| asked.push(sample));
            prop_assert_eq!(of_series(series, &asked), of_series(series, &expected));
            prop_assert!(asked.iter().all(|sample| sample.series == series));
        }
    }
}

#[test]
fn many_samples_of_regular_series_take_few_bytes() {
    let (series, times) = (1_000u64, 100i64);
    let mut held = CountedSamples::default();
    for at in 0..times {
        let stage = (0..series).map(|id| {
            let value =
                if id % 2 == 0 { (at * 120) as f64 } else { (5000 + at * 7 % 50) as f64 / 100.0 };
            CountedSample::new(
                id.wrapping_mul(0x9e37_79b9_7f4a_7c15),
                at * 15_000,
                value,
                Role::Value,
            )
        });
        held.absorb(stage.collect());
    }
    held.pack();
    held.close();
    let bytes = held.memory() as f64 / (series as f64 * times as f64);
    assert!(bytes < 5.0, "{bytes} bytes a sample");
}
