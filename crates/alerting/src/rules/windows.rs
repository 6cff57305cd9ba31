//! The last minutes of every series that a rule looks at, in bounded memory.

use std::collections::hash_map::Entry;

use model::{
    leaf::{Leaf, Value},
    rule::Function,
    time::Minute,
};
use rustc_hash::FxHashMap;

use super::Source;

/// Beside the values: the source, its place in the table.
const ENTRY_BYTES: usize = 160;

/// Series and their minutes. All advance together, minute by minute.
#[derive(Debug)]
pub(super) struct Windows {
    by: FxHashMap<Source, Ring>,
    newest: Minute,
    bytes: usize,
    max_bytes: usize,
    /// Series that there was no room for.
    refused: usize,
}

/// A minute's place is its number modulo the length. Absent is NaN.
#[derive(Debug)]
enum Ring {
    /// What is counted: a minute's total is all there is to know.
    Totals(Box<[f64]>),
    Values(Box<[Value]>),
}

const ABSENT: Value = Value {
    value: f64::NAN,
    min: f64::NAN,
    max: f64::NAN,
    current: f64::NAN,
    sum: f64::NAN,
    count: 0.0,
};

impl Ring {
    fn of(source: &Source, minutes: usize) -> Ring {
        let is_total = match source {
            Source::Figure { leaf, .. } => {
                !matches!(leaf, Leaf::AverageResponseTime | Leaf::Percentile95)
            }
            Source::Group(_) => true,
            _ => false,
        };
        match is_total {
            true => Ring::Totals(vec![f64::NAN; minutes].into()),
            false => Ring::Values(vec![ABSENT; minutes].into()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Ring::Totals(totals) => totals.len(),
            Ring::Values(values) => values.len(),
        }
    }

    fn bytes(&self) -> usize {
        ENTRY_BYTES
            + match self {
                Ring::Totals(totals) => size_of_val(&**totals),
                Ring::Values(values) => size_of_val(&**values),
            }
    }

    fn set(&mut self, minute: Minute, value: Value) {
        let at = minute.0 as usize % self.len();
        match self {
            Ring::Totals(totals) => totals[at] = value.sum,
            Ring::Values(values) => values[at] = value,
        }
    }

    fn get(&self, minute: Minute) -> Option<Value> {
        let at = minute.0 as usize % self.len();
        match self {
            Ring::Totals(totals) => {
                let total = totals[at];
                let value = Value {
                    value: total,
                    min: total,
                    max: total,
                    current: total,
                    sum: total,
                    count: 1.0,
                };
                (!total.is_nan()).then_some(value)
            }
            Ring::Values(values) => (!values[at].value.is_nan()).then_some(values[at]),
        }
    }
}

impl Windows {
    pub(super) fn new(max_bytes: usize) -> Windows {
        Windows { by: FxHashMap::default(), newest: Minute(0), bytes: 0, max_bytes, refused: 0 }
    }

    /// Keeps so many minutes of a source from now on; one that has fewer loses them. There may be no room.
    pub(super) fn want(&mut self, source: Source, minutes: u16) {
        let minutes = usize::from(minutes);
        match self.by.entry(source) {
            Entry::Occupied(known) if known.get().len() >= minutes => {}
            Entry::Occupied(mut known) => {
                let ring = Ring::of(known.key(), minutes);
                self.bytes = self.bytes + ring.bytes() - known.get().bytes();
                known.insert(ring);
            }
            Entry::Vacant(place) => {
                let ring = Ring::of(place.key(), minutes);
                if self.bytes + ring.bytes() > self.max_bytes {
                    self.refused += 1;
                    return;
                }
                self.bytes += ring.bytes();
                place.insert(ring);
            }
        }
    }

    /// Forgets sources that nobody wants.
    pub(super) fn retain(&mut self, wanted: impl Fn(&Source) -> bool) {
        self.by.retain(|source, _| wanted(source));
        self.bytes = self.by.values().map(Ring::bytes).sum();
        self.refused = 0;
    }

    /// Series that there was no room for since the last [`Windows::retain`].
    pub(super) fn refused(&self) -> usize {
        self.refused
    }

    pub(super) fn sources(&self) -> impl Iterator<Item = &Source> {
        self.by.keys()
    }

    pub(super) fn has(&self, source: &Source) -> bool {
        self.by.contains_key(source)
    }

    /// Begins a minute: nothing is known of it, nor of minutes that were passed over.
    pub(super) fn begin(&mut self, minute: Minute) {
        // A ring that was made since holds nothing anyway.
        let from = match self.newest {
            Minute(0) => minute,
            newest => Minute(newest.0 + 1).min(minute),
        };
        for passed in from.0..=minute.0 {
            self.by.values_mut().for_each(|ring| ring.set(Minute(passed), ABSENT));
        }
        self.newest = minute;
    }

    /// Puts what a source was in a minute that has begun; one that its window no longer reaches is passed over.
    pub(super) fn put(&mut self, source: &Source, minute: Minute, value: Value) {
        if let Some(ring) = self.by.get_mut(source)
            && minute.0 as usize + ring.len() > self.newest.0 as usize
        {
            ring.set(minute, value);
        }
    }

    /// What a function comes to over the last so many minutes up to `at`; none where nothing is known of any.
    pub(super) fn value(
        &self,
        source: &Source,
        function: Function,
        at: Minute,
        minutes: u16,
    ) -> Option<f64> {
        let ring = self.by.get(source)?;
        let minutes = u32::from(minutes).min(ring.len() as u32);
        let first = (at.0 + 1).saturating_sub(minutes);
        let values = (first..=at.0).filter_map(|minute| ring.get(Minute(minute)));
        folded(values, function, is_count(source))
    }
}

/// Counts of a window are those of all its minutes; everything else is a mean.
fn is_count(source: &Source) -> bool {
    let Source::Figure { leaf, .. } = source else { return false };
    matches!(leaf, Leaf::Slow | Leaf::VerySlow | Leaf::Stall)
}

fn folded(values: impl Iterator<Item = Value>, function: Function, is_count: bool) -> Option<f64> {
    let (mut known, mut sum, mut count) = (false, 0.0, 0.0);
    let (mut min, mut max, mut current) = (f64::INFINITY, f64::NEG_INFINITY, 0.0);
    for value in values {
        known = true;
        sum += value.sum;
        count += value.count;
        min = min.min(value.min);
        max = max.max(value.max);
        current = value.current;
    }
    if !known {
        return None;
    }
    Some(match function {
        Function::Value if is_count => sum,
        Function::Value => sum / count,
        Function::Min => min,
        Function::Max | Function::GroupCount => max,
        Function::Sum => sum,
        Function::Count => count,
        Function::Current => current,
    })
}
