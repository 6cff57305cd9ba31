//! Native histograms, which both versions write alike.

use model::{remote_write::ENDED, varint::unzigzag};

use super::{ConvertError, limit};
use crate::otlp::wire::{Entry, Fields, WireError};

/// The schema whose bounds are listed.
const CUSTOM_BOUNDS: i32 = -53;
/// Buckets beyond it, empty ones between others included, make a histogram one without buckets.
const MAX_BUCKETS: usize = 4096;

/// A native histogram.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Histogram {
    pub(super) at_ms: i64,
    pub(super) count: u64,
    pub(super) sum: f64,
    pub(super) zero_count: u64,
    pub(super) zero_threshold: f64,
    pub(super) buckets: Buckets,
    /// A state and not a count.
    pub(super) is_gauge: bool,
    /// It marks the end of its series.
    pub(super) is_stale: bool,
}

/// How many values lie where.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Buckets {
    #[default]
    None,
    /// Upper bounds, and a count more than those.
    Explicit { bounds: Vec<f64>, counts: Vec<u64> },
    /// Each side's index of the first bucket, and counts from there; bucket i of Prometheus ends at base^i, where OTLP's
    /// begins.
    Exponential { scale: i32, positive: Side, negative: Side },
}

impl Buckets {
    /// At most about so many bytes in a point.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Buckets::None => 0,
            Buckets::Explicit { counts, .. } => counts.len() * 18,
            Buckets::Exponential { positive, negative, .. } => {
                (positive.counts.len() + negative.counts.len()) * 10
            }
        }
    }
}

/// Buckets of one sign.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Side {
    pub(super) offset: i32,
    pub(super) counts: Vec<u64>,
}

/// Spans of buckets that follow one another, and the counts of all.
#[derive(Default)]
struct Sparse {
    /// Distance from the end of the span before, and length.
    spans: Vec<(i32, u32)>,
    deltas: Vec<i64>,
    counts: Vec<f64>,
}

impl Histogram {
    /// Reads an encoded `Histogram`.
    pub(super) fn read(raw: &[u8]) -> Result<Histogram, ConvertError> {
        let mut histogram = Histogram::default();
        let (mut schema, mut bounds) = (0, Vec::new());
        let (mut positive, mut negative) = (Sparse::default(), Sparse::default());
        for entry in Fields::new(raw, "prometheus.Histogram") {
            let entry = entry?;
            // Counts take ten bytes at most.
            let so_far = positive.len() + negative.len() + bounds.len();
            limit("buckets of one histogram", so_far + entry.whole.len() / 10, MAX_BUCKETS)?;
            match entry.number {
                1 => histogram.count = entry.varint()?,
                2 => histogram.count = whole(entry.double()?),
                3 => histogram.sum = entry.double()?,
                4 => schema = entry.sint32()?,
                5 => histogram.zero_threshold = entry.double()?,
                6 => histogram.zero_count = entry.varint()?,
                7 => histogram.zero_count = whole(entry.double()?),
                8 => negative.spans.push(span(&entry)?),
                9 => negative.deltas.extend(entry.numbers()?.into_iter().map(unzigzag)),
                10 => negative.counts.extend(entry.doubles()?),
                11 => positive.spans.push(span(&entry)?),
                12 => positive.deltas.extend(entry.numbers()?.into_iter().map(unzigzag)),
                13 => positive.counts.extend(entry.doubles()?),
                14 => histogram.is_gauge = entry.varint()? == 3,
                15 => histogram.at_ms = entry.varint()?.cast_signed(),
                16 => bounds.extend(entry.doubles()?),
                _ => {}
            }
        }
        histogram.is_stale = histogram.sum.to_bits() == ENDED;
        histogram.buckets = buckets(schema, bounds, &positive, &negative).unwrap_or_default();
        Ok(histogram)
    }
}

fn span(entry: &Entry<'_>) -> Result<(i32, u32), WireError> {
    let mut span = (0, 0);
    for entry in Fields::new(entry.bytes()?, "prometheus.BucketSpan") {
        let entry = entry?;
        match entry.number {
            1 => span.0 = entry.sint32()?,
            2 => span.1 = entry.uint32()?,
            _ => {}
        }
    }
    Ok(span)
}

fn buckets(schema: i32, bounds: Vec<f64>, positive: &Sparse, negative: &Sparse) -> Option<Buckets> {
    if schema == CUSTOM_BOUNDS {
        let side = positive.expand()?;
        let first = usize::try_from(side.offset).ok()?;
        let mut counts = vec![0; bounds.len() + 1];
        for (at, count) in (first..).zip(side.counts) {
            *counts.get_mut(at)? = count;
        }
        return (!bounds.is_empty()).then_some(Buckets::Explicit { bounds, counts });
    }
    let otlp = |side: Side| Side { offset: side.offset.saturating_sub(1), ..side };
    let (positive, negative) = (otlp(positive.expand()?), otlp(negative.expand()?));
    Some(Buckets::Exponential { scale: schema, positive, negative })
}

impl Sparse {
    fn len(&self) -> usize {
        self.spans.len() + self.deltas.len() + self.counts.len()
    }

    /// All buckets from the first to the last; nothing where there are too many, or counts are missing.
    fn expand(&self) -> Option<Side> {
        let mut absolute = 0i64;
        let deltas = self.deltas.iter().map(|delta| {
            absolute = absolute.wrapping_add(*delta);
            absolute.max(0).unsigned_abs()
        });
        let floats = self.counts.iter().map(|count| whole(*count));
        let mut all = deltas.chain(floats);
        let mut side = Side::default();
        for (at, (offset, length)) in self.spans.iter().enumerate() {
            if at == 0 {
                side.offset = *offset;
            } else {
                let gap = usize::try_from(*offset).ok()?;
                side.counts.resize(Some(side.counts.len() + gap).filter(|n| *n <= MAX_BUCKETS)?, 0);
            }
            for _ in 0..*length {
                side.counts.push(all.next()?);
                if side.counts.len() > MAX_BUCKETS {
                    return None;
                }
            }
        }
        Some(side)
    }
}

/// A float histogram's count as a number of values.
fn whole(count: f64) -> u64 {
    count.round() as u64
}
