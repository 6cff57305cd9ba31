//! Readings of many series, in whatever order they come.
//!
//! A million states do not fit into any cache, and a reading spends more time waiting for its state than on it. Here the
//! states of the next few readings are fetched side by side before the first of them is judged: several times as many
//! readings a second as one by one, with the same verdicts.

use std::{hint::black_box, mem::offset_of};

use super::{
    config::{Config, Sensitivity},
    kind::Reading,
    series::{Moment, Series, Verdict},
};

/// A reading of one of many series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Due<'s> {
    /// The series' place.
    pub series: u32,
    pub at: Moment,
    pub reading: Reading,
    pub sensitivity: &'s Sensitivity,
}

/// States that are fetched side by side: about as many cache lines as a core waits for at once.
const TOGETHER: usize = 16;
const LINE: usize = 64;

/// Takes readings in the order of `due`, as [`Series::observe`] does, and shows each verdict to `take`. A series may come more
/// than once.
///
/// # Panics
/// When a reading is of a series that is not in `series`.
pub fn observe_many<'s>(
    series: &mut [Series],
    c: &Config,
    due: &[Due<'s>],
    mut take: impl FnMut(&Due<'s>, Verdict),
) {
    for group in due.chunks(TOGETHER) {
        let fetched = group.iter().map(|one| series[one.series as usize].words());
        black_box(fetched.fold(0, |all, words| all ^ words));
        for one in group {
            let of = &mut series[one.series as usize];
            take(one, of.observe(c, one.sensitivity, one.at, one.reading));
        }
    }
}

// Line by line what `words` looks at.
const _: () = assert!(offset_of!(Series, tails) == 0);
const _: () = assert!(offset_of!(Series, last) / LINE == 1);
const _: () = assert!(offset_of!(Series, model.level) / LINE == 2);
const _: () = assert!(offset_of!(Series, model.season.hours) / LINE == 3);
const _: () = assert!(offset_of!(Series, model.season.knots) / LINE == 3);

impl Series {
    /// A word of each cache line that a usual reading needs.
    fn words(&self) -> u32 {
        self.tails.quantiles[0].to_bits()
            ^ self.last
            ^ self.model.level.to_bits()
            ^ u32::from(self.model.season.hours[0])
    }
}
