//! Stored samples as the series that they are shown as.

use rustc_hash::FxHashMap;
use telemetry_store::reader::SeriesSamples;

use super::{Wanted, buckets};
use crate::{
    Error,
    exposed::Part,
    labels::{BOUND, Labels},
    number,
    value::{Sampled, is_absent},
};

/// Series by labels: what several stored ones are shown as is one.
#[derive(Default)]
pub(super) struct Shown {
    places: FxHashMap<Labels, usize>,
    all: Vec<Sampled>,
    /// Those that several were put together to.
    mixed: Vec<usize>,
}

impl Shown {
    pub(super) fn with_room_for(series: usize) -> Shown {
        let mut shown = Shown::default();
        shown.places.reserve(series);
        shown.all.reserve(series);
        shown
    }

    pub(super) fn add(&mut self, series: Sampled) {
        match self.places.get(&series.labels) {
            Some(&at) => {
                self.all[at].samples.extend(series.samples);
                self.mixed.push(at);
            }
            None => {
                self.places.insert(series.labels.clone(), self.all.len());
                self.all.push(series);
            }
        }
    }

    pub(super) fn finish(mut self) -> Vec<Sampled> {
        for at in self.mixed {
            order(&mut self.all[at].samples);
        }
        self.all
    }
}

/// By time, and of each time the last; one that there is counts before one that says that there is none.
fn order(samples: &mut Vec<(i64, f64)>) {
    samples.sort_by_key(|(at_ms, _)| *at_ms);
    samples.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same && !is_absent(next.1) {
            kept.1 = next.1;
        }
        same
    });
}

/// Gives what of the samples is wanted to `each`; numbers are taken from them.
pub(super) fn show(
    wanted: Wanted,
    samples: &mut SeriesSamples,
    mut each: impl FnMut(Sampled) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut give = |labels: Labels, mut samples: Vec<(i64, f64)>| {
        if !samples.is_sorted_by(|a, b| a.0 < b.0) {
            order(&mut samples);
        }
        each(Sampled { labels, samples })
    };
    if wanted.part == Part::Value {
        let mut numbers = std::mem::take(&mut samples.numbers);
        if wanted.is_delta {
            add_up(&mut numbers);
        }
        return give(wanted.labels, numbers);
    }
    let ends = samples.numbers.iter().filter(|(_, value)| is_absent(*value)).copied();
    match wanted.part {
        Part::Value | Part::Sum | Part::Count => {
            let of = samples.distributions.iter().filter_map(|(at_ms, value)| {
                let number = match wanted.part {
                    Part::Sum => value.sum?,
                    _ => value.count as f64,
                };
                Some((*at_ms, number))
            });
            let mut numbers: Vec<(i64, f64)> = of.collect();
            if wanted.is_delta {
                add_up(&mut numbers);
            }
            numbers.extend(ends);
            give(wanted.labels, numbers)
        }
        Part::Bucket => {
            for (bound, mut counts) in buckets::cumulative(&samples.distributions) {
                if wanted.is_delta {
                    add_up(&mut counts);
                }
                counts.extend(ends.clone());
                let (mut labels, mut text) = (wanted.labels.clone(), String::new());
                number::write_plain(bound, &mut text);
                labels.set(BOUND, &text);
                give(labels, counts)?;
            }
            Ok(())
        }
    }
}

/// Increases become a total.
fn add_up(samples: &mut [(i64, f64)]) {
    let mut total = 0.0;
    for (_, value) in samples.iter_mut().filter(|(_, value)| !is_absent(*value)) {
        total += *value;
        *value = total;
    }
}
