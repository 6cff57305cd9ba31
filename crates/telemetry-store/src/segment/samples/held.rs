//! The distributions of a head: a sample of a histogram with its buckets takes hundreds of bytes, and a tenth of that as what
//! changed since the one before. Packed like counted samples ([`super::super::counted::CountedSamples`]).

use model::{
    distribution::Distribution,
    varint::{put_signed, take_signed},
};
use rustc_hash::FxHashMap;

use super::{
    DistributionSample,
    chunk::{put_distribution, take_distribution},
};
use crate::cells::{Cells, Chain};

/// So many bytes are packed at a time.
const FRESH: usize = 1 << 20;

/// Distributions; those of a series in the order they came.
#[derive(Clone, Debug, Default)]
pub struct Distributions {
    series: Vec<Held>,
    /// Where each series stands in there.
    numbers: FxHashMap<u64, u32>,
    cells: Cells,
    packed: usize,
    /// What the last one of each series takes, bytes.
    last_bytes: usize,
    /// Came after those.
    fresh: Vec<DistributionSample>,
    fresh_bytes: usize,
    encoded: Vec<u8>,
}

/// A series and its samples.
#[derive(Clone, Debug)]
struct Held {
    series: u64,
    chain: Chain,
    /// Unix milliseconds.
    at_ms: i64,
    last: Option<Distribution>,
}

fn bytes_of(value: &Distribution) -> usize {
    size_of::<DistributionSample>() + value.buckets.memory()
}

impl Distributions {
    /// Adds one that came later.
    pub fn push(&mut self, sample: DistributionSample) {
        self.fresh_bytes += bytes_of(&sample.value);
        self.fresh.push(sample);
    }

    /// Adds those that came later.
    pub fn absorb(&mut self, other: Distributions) {
        if self.is_empty() {
            *self = other;
        } else {
            other.each_packed(|_| true, |sample| self.push(sample));
            other.fresh.into_iter().for_each(|sample| self.push(sample));
        }
        if self.fresh_bytes >= FRESH {
            self.pack();
        }
    }

    fn pack(&mut self) {
        for sample in std::mem::take(&mut self.fresh) {
            self.pack_one(sample);
        }
        self.fresh_bytes = 0;
    }

    fn pack_one(&mut self, sample: DistributionSample) {
        let DistributionSample { series, at_ms, value } = sample;
        let next = u32::try_from(self.series.len()).expect("a head is far smaller");
        let number = *self.numbers.entry(series).or_insert(next);
        if number == next {
            let chain = self.cells.chain();
            self.series.push(Held { series, chain, at_ms: 0, last: None });
        }
        let held = &mut self.series[number as usize];
        self.encoded.clear();
        put_signed(&mut self.encoded, at_ms.wrapping_sub(held.at_ms));
        put_distribution(&value, held.last.as_ref(), &mut self.encoded);
        self.cells.append(&mut held.chain, &self.encoded);
        self.last_bytes -= held.last.as_ref().map_or(0, bytes_of);
        self.last_bytes += bytes_of(&value);
        (held.at_ms, held.last) = (at_ms, Some(value));
        self.packed += 1;
    }

    /// Gives each sample of the wanted series, those of a series in the order they came.
    pub fn each_of(&self, wanted: impl Fn(u64) -> bool, mut each: impl FnMut(DistributionSample)) {
        self.each_packed(&wanted, &mut each);
        self.fresh.iter().filter(|sample| wanted(sample.series)).cloned().for_each(each);
    }

    fn each_packed(&self, wanted: impl Fn(u64) -> bool, mut each: impl FnMut(DistributionSample)) {
        let mut bytes = Vec::new();
        for held in self.series.iter().filter(|held| wanted(held.series)) {
            self.each(held, &mut bytes, |at_ms, value| {
                each(DistributionSample { series: held.series, at_ms, value });
            });
        }
    }

    fn each(&self, held: &Held, bytes: &mut Vec<u8>, mut each: impl FnMut(i64, Distribution)) {
        bytes.clear();
        self.cells.read(&held.chain, bytes);
        let (mut rest, mut at_ms) = (bytes.as_slice(), 0i64);
        let mut last: Option<Distribution> = None;
        while !rest.is_empty() {
            let whole = "what was put can be taken";
            at_ms = at_ms.wrapping_add(take_signed(&mut rest).expect(whole));
            let value = take_distribution(last.as_ref(), &mut rest).expect(whole);
            each(at_ms, value.clone());
            last = Some(value);
        }
    }

    /// Nothing more will come: packs what is left, and lets go of what only more would need.
    pub(crate) fn close(&mut self) {
        self.pack();
        (self.numbers, self.fresh, self.encoded) = Default::default();
        self.series.iter_mut().for_each(|held| held.last = None);
        self.last_bytes = 0;
    }

    /// Gives the samples of each series, by its id, with their times in Unix milliseconds.
    ///
    /// # Errors
    /// When `each` fails.
    pub(super) fn each_series<E>(
        &self,
        mut each: impl FnMut(u64, &mut Vec<(i64, Distribution)>) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.fresh.is_empty() {
            let mut closed = self.clone();
            closed.close();
            return closed.each_series(each);
        }
        let mut series: Vec<&Held> = self.series.iter().collect();
        series.sort_unstable_by_key(|held| held.series);
        let (mut bytes, mut samples) = (Vec::new(), Vec::new());
        for held in series {
            samples.clear();
            self.each(held, &mut bytes, |at_ms, value| samples.push((at_ms, value)));
            each(held.series, &mut samples)?;
        }
        Ok(())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.packed + self.fresh.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About how much memory they take, in bytes.
    pub fn memory(&self) -> usize {
        self.series.capacity() * size_of::<Held>()
            + self.numbers.capacity() * (size_of::<(u64, u32)>() + 1)
            + self.cells.memory()
            + self.last_bytes
            + self.fresh_bytes
    }
}

#[cfg(test)]
mod tests {
    use model::distribution::Buckets;

    use super::*;

    fn sample(series: u64, at: i64) -> DistributionSample {
        let counts = vec![at as u64 * 3, at as u64, 7];
        let bounds = vec![0.1, 0.1 + series as f64];
        let buckets = Buckets::Explicit { bounds, counts };
        let count = at as u64 * 4 + 7;
        let value = Distribution { count, sum: Some(at as f64), min: None, max: None, buckets };
        DistributionSample { series, at_ms: at * 15_000, value }
    }

    fn held(series: u64, times: i64) -> Distributions {
        let mut held = Distributions::default();
        for at in 0..times {
            let mut stage = Distributions::default();
            (0..series).for_each(|id| stage.push(sample(id, at)));
            held.absorb(stage);
        }
        held
    }

    #[test]
    fn each_sample_comes_back_in_the_order_of_its_series_packed_or_not() {
        let mut all = held(30, 400);
        assert!(all.packed > 0 && !all.fresh.is_empty(), "{} packed", all.packed);
        for is_closed in [false, true] {
            if is_closed {
                all.close();
            }
            let (mut found, mut ids) = (Vec::new(), Vec::new());
            all.each_of(|id| id == 7, |sample| found.push(sample));
            let expected: Vec<DistributionSample> = (0..400).map(|at| sample(7, at)).collect();
            assert_eq!(found, expected);
            all.each_series(|id, samples| {
                let of_it = |(at_ms, value): &(i64, Distribution)| {
                    *value == sample(id, at_ms / 15_000).value
                };
                ids.push(id);
                assert!(samples.len() == 400 && samples.iter().all(of_it), "{id}");
                Ok::<(), ()>(())
            })
            .expect("nothing fails");
            assert!(ids.into_iter().eq(0..30));
            assert_eq!(all.len(), 30 * 400);
        }
    }

    #[test]
    fn packed_samples_take_a_tenth() {
        let mut all = held(100, 200);
        all.close();
        let bytes = all.memory() / all.len();
        assert!(bytes < 20, "{bytes} bytes a sample");
    }
}
