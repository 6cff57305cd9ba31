//! Counted samples: raw samples that tell the minutes of their metric, so that these are stored nowhere else.
//!
//! What a series' samples count for (a metric path, a factor) stands in its row of the table of series; how each sample
//! counts, in the row of its chunk ([`Counting`]). A sample counts in the minute of its own time, and each in exactly one
//! chunk: chunks of a series may overlap in time and each is counted by itself. They are laid together only where one
//! goes on from the other.

mod held;

pub use self::held::CountedSamples;

use super::{
    SegmentError,
    metrics::Point,
    samples::{Chunk, Encoded, MAX_SAMPLES, Values, periods::Periods},
};
use crate::{cut::nanos, table::Table};

/// How the samples of a chunk count; the numbers are persisted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Counting {
    /// Not at all: their minutes are stored.
    #[default]
    Elsewhere = 0,
    /// Each by its own value.
    Values = 1,
    /// Each by how much more it is than the one before, or by itself where it is less: a counter that began again. The
    /// first does not count.
    Increases = 2,
    /// The same, and the first is no sample of this chunk: it stands in another one, and only says from where to go on.
    IncreasesFrom = 3,
}

impl Counting {
    /// Reads the persisted number.
    pub(crate) fn from_number(number: u8) -> Option<Counting> {
        use Counting::*;
        [Elsewhere, Values, Increases, IncreasesFrom]
            .into_iter()
            .find(|counting| *counting as u8 == number)
    }

    /// How many of a chunk's first values are no samples of it.
    pub(crate) fn borrowed(self) -> usize {
        usize::from(self == Counting::IncreasesFrom)
    }
}

/// What a sample is to those of its series that came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It counts by its own value.
    Value,
    /// It was there before, and the next one counts from it.
    Base,
    /// It does not count, and the next one counts from it.
    First,
    /// It counts by how much more it is than the one before.
    Next,
}

/// A counted sample on its way into a segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountedSample {
    pub series: u64,
    pub value: f64,
    /// Unix milliseconds, and in the two lowest bits the role.
    at: i64,
}

impl CountedSample {
    /// A sample at a time in Unix milliseconds.
    pub fn new(series: u64, at_ms: i64, value: f64, role: Role) -> CountedSample {
        CountedSample { series, value, at: at_ms << 2 | role as i64 }
    }

    /// Unix milliseconds.
    pub fn at_ms(&self) -> i64 {
        self.at >> 2
    }

    /// What it is.
    pub fn role(&self) -> Role {
        Role::of((self.at & 0b11) as u8)
    }
}

impl Role {
    fn of(number: u8) -> Role {
        match number {
            0 => Role::Value,
            1 => Role::Base,
            2 => Role::First,
            _ => Role::Next,
        }
    }
}

/// Samples of a series that count from one another, by time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Run {
    pub(crate) counting: Counting,
    /// Unix milliseconds and value; no two at one time.
    pub(crate) samples: Vec<(i64, f64)>,
}

impl Run {
    /// That of a chunk; nothing where it is of distributions.
    pub(crate) fn of(counting: Counting, chunk: Chunk) -> Option<Run> {
        let Values::Numbers(values) = chunk.values else { return None };
        Some(Run { counting, samples: chunk.times.into_iter().zip(values).collect() })
    }

    /// What each sample counts for, with its time in Unix milliseconds.
    pub(crate) fn points(&self, factor: f64) -> impl Iterator<Item = Point> + '_ {
        let is_by_value = self.counting == Counting::Values;
        let skipped = match self.counting {
            Counting::Elsewhere => self.samples.len(),
            Counting::Values => 0,
            Counting::Increases | Counting::IncreasesFrom => 1,
        };
        (skipped..self.samples.len()).map(move |at| {
            let (at_ms, value) = self.samples[at];
            let counted = if is_by_value { value } else { increase(self.samples[at - 1].1, value) };
            Point::of(counted * factor, at_ms)
        })
    }

    /// Takes over a run that goes on from this one; gives it back where it does not.
    fn join(&mut self, next: Run) -> Option<Run> {
        let (Some(last), Some(first)) = (self.samples.last(), next.samples.first()) else {
            return None;
        };
        let goes_on = match (self.counting, next.counting) {
            (Counting::Values, Counting::Values) => first.0 > last.0,
            (Counting::Increases | Counting::IncreasesFrom, Counting::IncreasesFrom) => {
                first.0 == last.0 && first.1.to_bits() == last.1.to_bits()
            }
            _ => false,
        };
        if !goes_on {
            return Some(next);
        }
        self.samples.extend(&next.samples[next.counting.borrowed()..]);
        None
    }

    /// Parts of at most [`MAX_SAMPLES`] values, each going on from the one before.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (Counting, &[(i64, f64)])> {
        let is_by_value = self.counting == Counting::Values;
        let borrowed = usize::from(!is_by_value);
        let mut start = 0;
        std::iter::from_fn(move || {
            let end = (start + MAX_SAMPLES).min(self.samples.len());
            if start + borrowed.min(start) >= end {
                return None;
            }
            let counting =
                if start == 0 || is_by_value { self.counting } else { Counting::IncreasesFrom };
            let part = &self.samples[start..end];
            start = if end == self.samples.len() { end } else { end - borrowed };
            Some((counting, part))
        })
    }
}

/// By how much a total grew, or the whole of it where it began again.
pub fn increase(before: f64, now: f64) -> f64 {
    if now >= before { now - before } else { now }
}

/// The runs of a series, as few as they can be; in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Runs(pub(crate) Vec<Run>);

impl Runs {
    /// Adds a run that came after these.
    pub(crate) fn add(&mut self, run: Run) {
        let mut rest = Some(run);
        for known in self.0.iter_mut().rev() {
            let Some(run) = rest.take() else { break };
            rest = known.join(run);
        }
        self.0.extend(rest);
    }

    /// Adds a sample that came after these.
    fn push(&mut self, sample: &CountedSample) {
        let of_it = (sample.at_ms(), sample.value);
        let begin = |runs: &mut Vec<Run>, counting, samples| runs.push(Run { counting, samples });
        match (sample.role(), self.0.last_mut()) {
            (Role::Value, Some(run))
                if run.counting == Counting::Values
                    && run.samples.last().is_some_and(|last| last.0 < of_it.0) =>
            {
                run.samples.push(of_it);
            }
            (Role::Value, _) => begin(&mut self.0, Counting::Values, vec![of_it]),
            (Role::Base, _) => begin(&mut self.0, Counting::IncreasesFrom, vec![of_it]),
            (Role::First, _) => begin(&mut self.0, Counting::Increases, vec![of_it]),
            (Role::Next, Some(run)) if run.counting != Counting::Values => run.samples.push(of_it),
            (Role::Next, _) => begin(&mut self.0, Counting::Increases, vec![of_it]),
        }
    }
}

/// Encodes what a head holds, a segment each period.
///
/// # Errors
/// Only when Parquet itself fails.
pub fn encode_counted(samples: &CountedSamples) -> Result<Vec<Encoded>, SegmentError> {
    let mut periods = Periods::new(samples.len());
    samples.each_series(|series| {
        for (period, runs) in runs_by_period(series) {
            for run in &runs.0 {
                let own = &run.samples[run.counting.borrowed()..];
                if let (Some((first_ms, _)), Some((last_ms, _))) = (own.first(), own.last()) {
                    let span = (*first_ms, *last_ms);
                    periods.of(period, span)?.run(series[0].series, run)?;
                }
            }
        }
        Ok(())
    })?;
    periods.finish()
}

/// The runs of one series' samples, by period.
fn runs_by_period(samples: &[CountedSample]) -> Vec<(i64, Runs)> {
    let mut periods: Vec<(i64, Runs)> = Vec::with_capacity(1);
    let (mut before, mut is_base) = (None, false);
    for sample in samples {
        let of_it = (sample.at_ms(), sample.value);
        let role = sample.role();
        if role == Role::Base {
            // It goes with the next one, into that one's period.
            (before, is_base) = (Some(of_it), true);
            continue;
        }
        let period = Table::Counted.period_of(nanos(of_it.0));
        let is_new = periods.last().is_none_or(|(last, _)| *last != period);
        if is_new {
            periods.push((period, Runs::default()));
        }
        let (_, runs) = periods.last_mut().expect("one was just made");
        match (role, before) {
            (Role::Next, Some(base)) if is_new || is_base => {
                let base = CountedSample::new(sample.series, base.0, base.1, Role::Base);
                runs.push(&base);
                runs.push(sample);
            }
            _ => runs.push(sample),
        }
        (before, is_base) = (Some(of_it), false);
    }
    periods
}

#[cfg(test)]
mod tests;
