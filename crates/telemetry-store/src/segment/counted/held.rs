//! The counted samples of a head.
//!
//! Those that came last lie as they came. When they are many, they are packed: each series is a chain of [`crate::cells`] in which
//! its samples follow one another as [`state`] tells them, in some three bytes instead of 24. A head that holds less needs
//! fewer cuts, and a cut finds the samples of a series together.

mod state;

use std::cmp::Ordering;

use rustc_hash::FxHashMap;

use self::state::State;
use super::CountedSample;
use crate::cells::{Cells, Chain};

/// So many are packed at a time: fewer would be spread over as many series, and each series costs more than a sample.
const FRESH: usize = 64 * 1024;

/// Counted samples; those of a series in the order they came.
#[derive(Clone, Debug, Default)]
pub struct CountedSamples {
    packed: Packed,
    /// Came after those.
    fresh: Vec<CountedSample>,
}

#[derive(Clone, Debug, Default)]
struct Packed {
    series: Vec<Held>,
    /// Where each series stands in there.
    numbers: FxHashMap<u64, u32>,
    cells: Cells,
    samples: usize,
    /// The series of the last sample: its own next one or its successor's comes next, since agents keep an order.
    last: usize,
    encoded: Vec<u8>,
}

/// A series and its samples.
#[derive(Clone, Debug)]
struct Held {
    series: u64,
    chain: Chain,
    state: State,
}

impl CountedSamples {
    /// Adds one that came later.
    pub fn push(&mut self, sample: CountedSample) {
        self.fresh.push(sample);
    }

    /// Adds those that came later.
    pub fn absorb(&mut self, other: CountedSamples) {
        if self.is_empty() {
            *self = other;
        } else {
            other.packed.each_of(|_| true, &mut |sample| self.fresh.push(sample));
            self.fresh.extend(other.fresh);
        }
        if self.fresh.len() >= FRESH {
            self.pack();
        }
    }

    fn pack(&mut self) {
        self.fresh.iter().for_each(|sample| self.packed.push(sample));
        self.fresh.clear();
    }

    /// Nothing more will come: lets go of what only that needs.
    pub(crate) fn close(&mut self) {
        self.packed.numbers = FxHashMap::default();
        self.packed.encoded = Vec::new();
        self.fresh.shrink_to_fit();
    }

    /// Gives each sample of the wanted series, those of a series in the order they came.
    pub fn each_of(&self, wanted: impl Fn(u64) -> bool, mut each: impl FnMut(CountedSample)) {
        self.packed.each_of(&wanted, &mut each);
        self.fresh.iter().filter(|sample| wanted(sample.series)).copied().for_each(each);
    }

    /// Gives the samples of each series, by its id.
    ///
    /// # Errors
    /// When `each` fails.
    pub(super) fn each_series<E>(
        &self,
        mut each: impl FnMut(&[CountedSample]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut fresh = self.fresh.clone();
        // Stable: those of a series stay in the order they came.
        fresh.sort_by_key(|sample| sample.series);
        let mut fresh = fresh.chunk_by(|a, b| a.series == b.series).peekable();
        let mut packed: Vec<&Held> = self.packed.series.iter().collect();
        packed.sort_unstable_by_key(|held| held.series);
        let mut packed = packed.into_iter().peekable();
        let (mut bytes, mut samples) = (Vec::new(), Vec::new());
        loop {
            let order = match (packed.peek(), fresh.peek()) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(held), Some(fresh)) => held.series.cmp(&fresh[0].series),
            };
            samples.clear();
            if order.is_le()
                && let Some(held) = packed.next()
            {
                self.packed.each(held, &mut bytes, &mut |sample| samples.push(sample));
            }
            if order.is_ge()
                && let Some(fresh) = fresh.next()
            {
                samples.extend_from_slice(fresh);
            }
            each(&samples)?;
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.packed.samples + self.fresh.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About how much memory they take, in bytes.
    pub fn memory(&self) -> usize {
        self.packed.memory() + self.fresh.capacity() * size_of::<CountedSample>()
    }
}

impl FromIterator<CountedSample> for CountedSamples {
    fn from_iter<T: IntoIterator<Item = CountedSample>>(samples: T) -> CountedSamples {
        CountedSamples { fresh: samples.into_iter().collect(), ..CountedSamples::default() }
    }
}

impl Packed {
    fn push(&mut self, sample: &CountedSample) {
        self.last = self.number_of(sample.series);
        let held = &mut self.series[self.last];
        self.encoded.clear();
        held.state.put(sample, &mut self.encoded);
        self.cells.append(&mut held.chain, &self.encoded);
        self.samples += 1;
    }

    fn number_of(&mut self, series: u64) -> usize {
        let likely = [self.last, self.last + 1];
        let is_there = |at: &usize| self.series.get(*at).is_some_and(|held| held.series == series);
        if let Some(at) = likely.into_iter().find(is_there) {
            return at;
        }
        let next = u32::try_from(self.series.len()).expect("a head is far smaller");
        let number = *self.numbers.entry(series).or_insert(next);
        if number == next {
            let chain = self.cells.chain();
            self.series.push(Held { series, chain, state: State::default() });
        }
        number as usize
    }

    fn each_of(&self, wanted: impl Fn(u64) -> bool, each: &mut impl FnMut(CountedSample)) {
        let mut bytes = Vec::new();
        for held in self.series.iter().filter(|held| wanted(held.series)) {
            self.each(held, &mut bytes, each);
        }
    }

    fn each(&self, held: &Held, bytes: &mut Vec<u8>, each: &mut impl FnMut(CountedSample)) {
        bytes.clear();
        self.cells.read(&held.chain, bytes);
        let (mut state, mut rest) = (State::default(), bytes.as_slice());
        while !rest.is_empty() {
            each(state.take(held.series, &mut rest).expect("what was put can be taken"));
        }
    }

    fn memory(&self) -> usize {
        self.series.capacity() * size_of::<Held>()
            + self.numbers.capacity() * (size_of::<(u64, u32)>() + 1)
            + self.cells.memory()
    }
}

#[cfg(test)]
mod tests;
