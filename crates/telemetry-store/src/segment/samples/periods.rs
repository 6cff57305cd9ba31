//! Segments of samples, one a period, that are made at the same time: samples come by series.

use std::collections::{BTreeMap, btree_map::Entry};

use super::SampleWriter;
use crate::{cut::nanos, segment::SegmentError};

/// A segment's worth of samples.
#[derive(Debug)]
pub struct Encoded {
    pub period_start_ms: i64,
    pub samples: u64,
    pub min_time_ns: u64,
    pub max_time_ns: u64,
    pub bytes: Vec<u8>,
}

/// Segments that are being made, each of about so many samples.
pub(in crate::segment) struct Periods {
    samples: usize,
    all: BTreeMap<i64, Period>,
}

struct Period {
    writer: SampleWriter<Vec<u8>>,
    min_ms: i64,
    max_ms: i64,
}

impl Periods {
    pub(in crate::segment) fn new(samples: usize) -> Periods {
        Periods { samples, all: BTreeMap::new() }
    }

    /// The segment of a period, for samples from `first_ms` to `last_ms`.
    pub(in crate::segment) fn of(
        &mut self,
        period_start_ms: i64,
        (first_ms, last_ms): (i64, i64),
    ) -> Result<&mut SampleWriter<Vec<u8>>, SegmentError> {
        let period = match self.all.entry(period_start_ms) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let writer = SampleWriter::new(self.samples, Vec::new())?;
                new.insert(Period { writer, min_ms: i64::MAX, max_ms: i64::MIN })
            }
        };
        period.min_ms = period.min_ms.min(first_ms);
        period.max_ms = period.max_ms.max(last_ms);
        Ok(&mut period.writer)
    }

    pub(in crate::segment) fn finish(self) -> Result<Vec<Encoded>, SegmentError> {
        let with_samples = self.all.into_iter().filter(|(_, period)| period.writer.samples > 0);
        let encoded = with_samples.map(|(period_start_ms, Period { writer, min_ms, max_ms })| {
            Ok(Encoded {
                period_start_ms,
                samples: writer.samples,
                min_time_ns: nanos(min_ms),
                max_time_ns: nanos(max_ms),
                bytes: writer.finish()?,
            })
        });
        encoded.collect()
    }
}
