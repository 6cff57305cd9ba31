use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::fixture::reopened;

fn by_series(rows: impl IntoIterator<Item = Row>) -> BTreeMap<u64, Vec<(i64, f64)>> {
    let mut found: BTreeMap<u64, Vec<(i64, f64)>> = BTreeMap::new();
    for row in rows {
        let chunk = row.decode().expect("it is whole");
        assert_eq!(
            (row.first_ms, row.last_ms),
            (chunk.times[0], chunk.times[chunk.times.len() - 1])
        );
        let Values::Numbers(values) = chunk.values else { panic!("not numbers") };
        found.entry(row.series).or_default().extend(chunk.times.into_iter().zip(values));
    }
    found
}

fn all(segment: &Opened) -> Vec<Row> {
    let unpacker = Unpacker::new().expect("it starts");
    rows(segment, &unpacker, |_| true).collect::<Result<_, _>>().expect("it reads")
}

fn some(segment: &Opened, series: &[u64]) -> Vec<Row> {
    let mut found = Vec::new();
    each_row(segment, series, |row| {
        found.push(row);
        Some(())
    })
    .expect("it reads");
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn samples_come_back_by_series_and_time(
        ids in prop::collection::btree_set(any::<u64>(), 1..20),
        rows in prop::collection::vec((any::<prop::sample::Index>(), -1000i64..1000, -1e6f64..1e6), 1..3000),
    ) {
        let ids: Vec<u64> = ids.into_iter().collect();
        let mut samples = Samples::default();
        let mut expected: BTreeMap<u64, Vec<(i64, f64)>> = BTreeMap::new();
        for (id, at, value) in rows {
            let id = *id.get(&ids);
            samples.number(id, at, value);
            expected.entry(id).or_default().push((at, value));
        }
        expected.values_mut().for_each(|series| series.sort_by_key(|(at, _)| *at));
        let segment = reopened(&encode_samples(&samples).expect("it encodes")[0].bytes);
        prop_assert_eq!(&by_series(all(&segment)), &expected);
        let wanted: Vec<u64> = ids.iter().copied().step_by(2).collect();
        expected.retain(|id, _| wanted.contains(id));
        prop_assert_eq!(by_series(some(&segment, &wanted)), expected);
    }
}

#[test]
fn numbers_and_distributions_lie_in_one_order() {
    let mut samples = Samples::default();
    let distribution = Distribution { count: 3, sum: Some(2.5), ..Distribution::default() };
    samples.number(9, 1000, 1.0);
    samples.distribution(4, 1000, distribution.clone());
    samples.number(1, 1000, 2.0);
    let segment = reopened(&encode_samples(&samples).expect("it encodes")[0].bytes);
    let found = all(&segment);
    assert_eq!(found.iter().map(|row| row.series).collect::<Vec<_>>(), [1, 4, 9]);
    assert_eq!(found[1].decode().unwrap().values, Values::Distributions(vec![distribution]));
}
