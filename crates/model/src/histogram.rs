//! Response times as a sparse base-2 exponential histogram.
//!
//! Scale 4 everywhere (OpenTelemetry's data model, "ExponentialHistogram"): bucket `i` holds values in
//! `(2^(i/16), 2^((i+1)/16)]`, so its geometric middle is at most 2.2 % away from any of them. Counts are signed and
//! weighted, since late spans move figures by signed deltas and sampled spans stand for several.

use smallvec::SmallVec;

use crate::varint;

/// Buckets per doubling.
const PER_DOUBLING: f64 = 16.0;

/// Counts by bucket, ascending; values are microseconds, at least 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    buckets: SmallVec<[(i16, f64); 4]>,
}

impl Histogram {
    /// Counts `weight` values of `micros`.
    pub fn record(&mut self, micros: f64, weight: f64) {
        self.add(bucket_of(micros), weight);
    }

    /// Adds every bucket of another, in one pass over both.
    pub fn merge(&mut self, other: &Histogram) {
        if self.buckets.is_empty() {
            self.buckets.clone_from(&other.buckets);
            return;
        }
        let own = self.buckets.len();
        self.buckets.resize(own + self.missing(other), (0, 0.0));
        // From the last ones on: what is moved goes behind all that is yet to be read.
        let (mut from, mut to) = (own, self.buckets.len());
        let mut has_none = false;
        for &(bucket, count) in other.buckets.iter().rev() {
            while from > 0 && self.buckets[from - 1].0 > bucket {
                (from, to) = (from - 1, to - 1);
                self.buckets[to] = self.buckets[from];
            }
            to -= 1;
            if from > 0 && self.buckets[from - 1].0 == bucket {
                from -= 1;
                self.buckets[to] = (bucket, self.buckets[from].1 + count);
            } else {
                self.buckets[to] = (bucket, count);
            }
            has_none |= self.buckets[to].1 == 0.0;
        }
        if has_none {
            self.buckets.retain(|(_, count)| *count != 0.0);
        }
    }

    /// How many buckets of another it does not have.
    fn missing(&self, other: &Histogram) -> usize {
        let mut own = self.buckets.iter().map(|(bucket, _)| *bucket).peekable();
        let is_missing = |(bucket, _): &&(i16, f64)| {
            while own.next_if(|own| own < bucket).is_some() {}
            own.peek() != Some(bucket)
        };
        other.buckets.iter().filter(is_missing).count()
    }

    fn add(&mut self, bucket: i16, count: f64) {
        match self.buckets.binary_search_by_key(&bucket, |(index, _)| *index) {
            Ok(at) => {
                self.buckets[at].1 += count;
                if self.buckets[at].1 == 0.0 {
                    self.buckets.remove(at);
                }
            }
            Err(at) => self.buckets.insert(at, (bucket, count)),
        }
    }

    /// The value (microseconds) below which the share `quantile` (0..=1) of the values lies; nothing when there are none.
    pub fn quantile(&self, quantile: f64) -> Option<f64> {
        let total: f64 = self.positive().map(|(_, count)| count).sum();
        if total <= 0.0 {
            return None;
        }
        let rank = (quantile * total).max(f64::MIN_POSITIVE);
        let mut seen = 0.0;
        let mut last = None;
        for (bucket, count) in self.positive() {
            seen += count;
            last = Some(middle_of(bucket));
            if seen >= rank {
                break;
            }
        }
        last
    }

    fn positive(&self) -> impl Iterator<Item = (i16, f64)> + '_ {
        self.buckets.iter().copied().filter(|(_, count)| *count > 0.0)
    }

    /// The buckets, ascending.
    pub fn buckets(&self) -> &[(i16, f64)] {
        &self.buckets
    }

    /// Puts a histogram together from stored buckets.
    pub fn from_buckets(buckets: impl IntoIterator<Item = (i16, f64)>) -> Histogram {
        let mut histogram = Histogram::default();
        for (bucket, count) in buckets {
            histogram.add(bucket, count);
        }
        histogram
    }

    /// Writes the stored form: for each bucket the zigzag varint of its distance from the one before, then its count as a
    /// zigzag varint of thousandths.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut before = 0i64;
        for &(bucket, count) in &self.buckets {
            varint::put_signed(out, i64::from(bucket) - before);
            varint::put_signed(out, (count * 1000.0).round() as i64);
            before = i64::from(bucket);
        }
    }

    /// Reads the stored form; nothing when it is damaged.
    pub fn decode(bytes: &[u8]) -> Option<Histogram> {
        let mut histogram = Histogram::default();
        histogram.read(bytes)?;
        Some(histogram)
    }

    /// Becomes what the stored form says, in the room that it has; nothing, and no sound histogram, when that is damaged.
    pub fn read(&mut self, mut bytes: &[u8]) -> Option<()> {
        self.buckets.clear();
        let mut before = 0i64;
        while !bytes.is_empty() {
            before = before.checked_add(varint::take_signed(&mut bytes)?)?;
            let count = varint::take_signed(&mut bytes)? as f64 / 1000.0;
            let bucket = i16::try_from(before).ok()?;
            // They were written in ascending order.
            match self.buckets.last() {
                Some((last, _)) if *last >= bucket => self.add(bucket, count),
                _ => self.buckets.push((bucket, count)),
            }
        }
        Some(())
    }
}

/// The bucket of a value in microseconds; below 1 µs counts as 1 µs.
fn bucket_of(micros: f64) -> i16 {
    let index = (micros.max(1.0).log2() * PER_DOUBLING).ceil() - 1.0;
    index.clamp(-1.0, f64::from(i16::MAX)) as i16
}

/// The geometric middle of a bucket, in microseconds.
fn middle_of(bucket: i16) -> f64 {
    ((f64::from(bucket) + 0.5) / PER_DOUBLING).exp2()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_single_value_comes_back_within_two_point_two_percent(micros in 1.0f64..1e11) {
            let mut histogram = Histogram::default();
            histogram.record(micros, 1.0);
            let found = histogram.quantile(0.5).expect("one value was recorded");
            prop_assert!((found / micros - 1.0).abs() <= 0.0221, "{micros} read as {found}");
        }

        #[test]
        fn merging_is_the_same_as_recording_both(
            one in prop::collection::vec((1.0f64..1e9, -3i8..9), 0..40),
            other in prop::collection::vec((1.0f64..1e9, -3i8..9), 0..40),
        ) {
            let of = |values: &[(f64, i8)]| {
                let mut histogram = Histogram::default();
                for (value, weight) in values.iter().filter(|(_, weight)| *weight != 0) {
                    histogram.record(*value, f64::from(*weight));
                }
                histogram
            };
            let mut merged = of(&one);
            merged.merge(&of(&other));
            prop_assert_eq!(merged, of(&[one, other].concat()));
        }

        #[test]
        fn what_is_taken_back_leaves_nothing(values in prop::collection::vec(1.0f64..1e9, 0..50)) {
            let mut histogram = Histogram::default();
            values.iter().for_each(|value| histogram.record(*value, 1.0));
            values.iter().for_each(|value| histogram.record(*value, -1.0));
            prop_assert_eq!(histogram, Histogram::default());
        }

        #[test]
        fn the_stored_form_reads_back(values in prop::collection::vec((1.0f64..1e9, 1u8..9), 0..50)) {
            let mut histogram = Histogram::default();
            values.iter().for_each(|(value, weight)| histogram.record(*value, f64::from(*weight)));
            let mut bytes = Vec::new();
            histogram.encode(&mut bytes);
            prop_assert_eq!(Histogram::decode(&bytes), Some(histogram));
        }
    }

    #[test]
    fn a_quantile_is_the_value_at_its_rank() {
        let mut histogram = Histogram::default();
        for millis in 1..=100 {
            histogram.record(f64::from(millis) * 1000.0, 1.0);
        }
        let p95 = histogram.quantile(0.95).expect("values were recorded");
        assert!((p95 / 95_000.0 - 1.0).abs() < 0.03, "{p95}");
        assert_eq!(Histogram::default().quantile(0.95), None);
    }

    #[test]
    fn damaged_bytes_are_refused() {
        assert_eq!(Histogram::decode(&[0x80]), None);
        assert_eq!(Histogram::decode(&[0xff; 12]), None);
    }
}
