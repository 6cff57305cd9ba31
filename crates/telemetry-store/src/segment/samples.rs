//! Segments of raw samples: one row a chunk of one series, by series and time. Those of counted samples
//! ([`super::counted`]) are alike; the column that says how samples count is not in segments before format 4.
//!
//! What a series is stands in the table of series ([`super::series`]). A chunk's bytes are [`chunk`]'s format.

pub(super) mod chunk;
mod held;
pub(super) mod periods;

use std::{io::Write, ops::Range, sync::Arc};

use arrow::{
    array::{ArrayRef, BinaryBuilder, Int64Builder, UInt8Builder, UInt32Builder, UInt64Builder},
    record_batch::RecordBatch,
};
use model::distribution::Distribution;
use parquet::{arrow::ArrowWriter, basic::Encoding};

use self::periods::Periods;
pub use self::{
    chunk::{Chunk, MAX_SAMPLES, Values},
    held::Distributions,
    periods::Encoded,
};
use super::{
    Opened, SegmentError, Unpacker,
    column::{Binary, I64, U8, U32, U64, column},
    counted::{Counting, Run},
    properties, with_statistics, writer,
};
use crate::{cut::nanos, reader::SeriesSamples, table::Table};

/// Small, so that a few series cost little to read.
const ROW_GROUP: usize = 8 * 1024;
const BATCH: usize = 8 * 1024;
/// Rows of each segment that are read at a time where several are read side by side.
const SIDE_BY_SIDE: usize = 1024;

/// A number that was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    pub series: u64,
    /// Unix milliseconds.
    pub at_ms: i64,
    pub value: f64,
}

/// A distribution that was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct DistributionSample {
    pub series: u64,
    /// Unix milliseconds.
    pub at_ms: i64,
    pub value: Distribution,
}

/// Samples on their way into a segment, in the order they came.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    pub numbers: Vec<Sample>,
    pub distributions: Distributions,
}

impl Samples {
    /// Adds a number.
    pub fn number(&mut self, series: u64, at_ms: i64, value: f64) {
        self.numbers.push(Sample { series, at_ms, value });
    }

    /// Adds a distribution.
    pub fn distribution(&mut self, series: u64, at_ms: i64, value: Distribution) {
        self.distributions.push(DistributionSample { series, at_ms, value });
    }

    /// Adds what came later.
    pub fn absorb(&mut self, other: Samples) {
        if self.numbers.is_empty() {
            self.numbers = other.numbers;
        } else {
            self.numbers.extend(other.numbers);
        }
        self.distributions.absorb(other.distributions);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.numbers.len() + self.distributions.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About how much memory they take, in bytes.
    pub fn memory(&self) -> usize {
        self.numbers.capacity() * size_of::<Sample>() + self.distributions.memory()
    }
}

/// One row: a chunk, still encoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub series: u64,
    /// Unix milliseconds of its first and last value.
    pub first_ms: i64,
    pub last_ms: i64,
    pub count: u32,
    pub counting: Counting,
    pub bytes: Vec<u8>,
}

impl Row {
    /// Its samples; nothing where it is damaged.
    pub fn decode(&self) -> Option<Chunk> {
        chunk::decode(usize::try_from(self.count).ok()?, self.first_ms, &self.bytes)
    }
}

impl SeriesSamples {
    /// None of a series yet.
    pub(crate) fn of(series: u64) -> SeriesSamples {
        SeriesSamples { series, ..SeriesSamples::default() }
    }

    /// Adds those of a chunk that lie in a range of time.
    pub(crate) fn add(&mut self, chunk: Chunk, counting: Counting, range: &Range<i64>) {
        let inside = |at_ms: &i64| range.contains(at_ms);
        let times = chunk.times.into_iter();
        match chunk.values {
            Values::Numbers(values) => {
                let own = times.zip(values).skip(counting.borrowed());
                self.numbers.extend(own.filter(|(at_ms, _)| inside(at_ms)));
            }
            Values::Distributions(values) => {
                self.distributions.extend(times.zip(values).filter(|(at_ms, _)| inside(at_ms)));
            }
        }
    }

    /// Puts them in order of time; what stands twice stays once.
    pub(crate) fn order(&mut self) {
        self.numbers.sort_by_key(|(at_ms, _)| *at_ms);
        self.numbers.dedup_by(|a, b| a.0 == b.0 && a.1.to_bits() == b.1.to_bits());
        self.distributions.sort_by_key(|(at_ms, _)| *at_ms);
        self.distributions.dedup();
    }

    pub(crate) fn len(&self) -> usize {
        self.numbers.len() + self.distributions.len()
    }
}

/// Writes a segment, chunk by chunk, series ascending.
#[derive(Debug)]
pub struct SampleWriter<W: Write + Send> {
    writer: ArrowWriter<W>,
    builders: Builders,
    /// Of the chunk that is being encoded.
    times: Vec<i64>,
    values: Vec<f64>,
    chunk: Vec<u8>,
    /// How many were added.
    pub samples: u64,
}

#[derive(Debug, Default)]
struct Builders {
    series: UInt64Builder,
    first: Int64Builder,
    length: UInt64Builder,
    count: UInt32Builder,
    counting: UInt8Builder,
    chunk: BinaryBuilder,
    rows: usize,
}

impl<W: Write + Send> SampleWriter<W> {
    /// Begins a segment of about so many samples.
    ///
    /// # Errors
    /// Only when Parquet itself fails.
    pub fn new(samples: usize, out: W) -> Result<SampleWriter<W>, SegmentError> {
        let properties = ["series", "first", "length", "count"]
            .into_iter()
            .fold(properties(samples), |properties, name| {
                properties
                    .set_column_dictionary_enabled(name.into(), false)
                    .set_column_encoding(name.into(), Encoding::DELTA_BINARY_PACKED)
            })
            .set_column_dictionary_enabled("chunk".into(), false)
            .set_column_encoding("chunk".into(), Encoding::DELTA_LENGTH_BYTE_ARRAY)
            .set_max_row_group_row_count(Some(ROW_GROUP));
        let properties = with_statistics(properties, &["series"]).build();
        let schema = Builders::default().batch().schema();
        let (builders, times, values, chunk) = Default::default();
        let writer = writer(out, schema, properties)?;
        Ok(SampleWriter { writer, builders, times, values, chunk, samples: 0 })
    }

    /// Adds numbers of a series by time, at most [`MAX_SAMPLES`].
    fn numbers(
        &mut self,
        series: u64,
        samples: impl Iterator<Item = (i64, f64)>,
    ) -> Result<(), SegmentError> {
        self.times.clear();
        self.values.clear();
        for (at_ms, value) in samples {
            self.times.push(at_ms);
            self.values.push(value);
        }
        self.chunk.clear();
        chunk::encode_numbers(&self.times, &self.values, &mut self.chunk);
        self.push(series, Counting::Elsewhere)
    }

    /// Adds counted samples of a series, in as many chunks as they need.
    ///
    /// # Errors
    /// Only when Parquet itself fails.
    pub(crate) fn run(&mut self, series: u64, run: &Run) -> Result<(), SegmentError> {
        for (counting, part) in run.parts() {
            self.times.clear();
            self.values.clear();
            self.times.extend(part.iter().map(|(at_ms, _)| *at_ms));
            self.values.extend(part.iter().map(|(_, value)| *value));
            self.chunk.clear();
            chunk::encode_numbers(&self.times, &self.values, &mut self.chunk);
            self.push(series, counting)?;
        }
        Ok(())
    }

    /// Adds distributions of a series by time, at most [`MAX_SAMPLES`].
    fn distributions<'d>(
        &mut self,
        series: u64,
        samples: impl Iterator<Item = (i64, &'d Distribution)> + Clone,
    ) -> Result<(), SegmentError> {
        self.times.clear();
        self.times.extend(samples.clone().map(|(at_ms, _)| at_ms));
        self.chunk.clear();
        let values = samples.map(|(_, value)| value);
        chunk::encode_distributions(&self.times, values, &mut self.chunk);
        self.push(series, Counting::Elsewhere)
    }

    /// Adds samples of a series by time, in as many chunks as they need.
    ///
    /// # Errors
    /// Only when Parquet itself fails.
    pub fn samples(&mut self, samples: &SeriesSamples) -> Result<(), SegmentError> {
        for part in samples.numbers.chunks(MAX_SAMPLES) {
            self.numbers(samples.series, part.iter().copied())?;
        }
        for part in samples.distributions.chunks(MAX_SAMPLES) {
            self.distributions(samples.series, part.iter().map(|(at_ms, value)| (*at_ms, value)))?;
        }
        Ok(())
    }

    fn push(&mut self, series: u64, counting: Counting) -> Result<(), SegmentError> {
        let times = &self.times;
        let (Some(&first), Some(&last)) = (times.first(), times.last()) else { return Ok(()) };
        let builders = &mut self.builders;
        builders.series.append_value(series);
        builders.first.append_value(first);
        builders.length.append_value(last.abs_diff(first));
        builders.count.append_value(times.len() as u32);
        builders.counting.append_value(counting as u8);
        builders.chunk.append_value(&self.chunk);
        builders.rows += 1;
        self.samples += (times.len() - counting.borrowed()) as u64;
        if builders.rows >= BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), SegmentError> {
        self.writer.write(&self.builders.batch()).map_err(SegmentError::Encode)
    }

    /// Where the whole segment was written to.
    ///
    /// # Errors
    /// When Parquet fails, or what it is written to.
    pub fn finish(mut self) -> Result<W, SegmentError> {
        if self.builders.rows > 0 {
            self.flush()?;
        }
        self.writer.into_inner().map_err(SegmentError::Encode)
    }
}

impl Builders {
    fn batch(&mut self) -> RecordBatch {
        self.rows = 0;
        let columns: [(&str, ArrayRef); 6] = [
            ("series", Arc::new(self.series.finish())),
            ("first", Arc::new(self.first.finish())),
            ("length", Arc::new(self.length.finish())),
            ("count", Arc::new(self.count.finish())),
            ("counting", Arc::new(self.counting.finish())),
            ("chunk", Arc::new(self.chunk.finish())),
        ];
        RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, array)| (name, array, false)),
        )
        .expect("all columns have one value a row")
    }
}

/// Encodes what a head holds, a segment each period.
///
/// # Errors
/// Only when Parquet itself fails.
pub fn encode_samples(samples: &Samples) -> Result<Vec<Encoded>, SegmentError> {
    let mut periods = Periods::new(samples.len());
    let mut numbers = samples.numbers.clone();
    // Stable: of several at one time the last one that came stays the last.
    numbers.sort_by_key(|sample| (sample.series, sample.at_ms));
    let mut numbers = numbers.chunk_by(|a, b| a.series == b.series).peekable();
    samples.distributions.each_series(|series, distributions| {
        while let Some(run) = numbers.next_if(|run| run[0].series <= series) {
            put_numbers(run, &mut periods)?;
        }
        distributions.sort_by_key(|(at_ms, _)| *at_ms);
        let period = |(at_ms, _): &(i64, Distribution)| period_of(*at_ms);
        for run in distributions.chunk_by(|a, b| period(a) == period(b)) {
            for part in run.chunks(MAX_SAMPLES) {
                let span = (part[0].0, part[part.len() - 1].0);
                let values = part.iter().map(|(at_ms, value)| (*at_ms, value));
                periods.of(period_of(span.0), span)?.distributions(series, values)?;
            }
        }
        Ok(())
    })?;
    numbers.try_for_each(|run| put_numbers(run, &mut periods))?;
    periods.finish()
}

/// Numbers of one series, by time.
fn put_numbers(samples: &[Sample], periods: &mut Periods) -> Result<(), SegmentError> {
    for run in samples.chunk_by(|a, b| period_of(a.at_ms) == period_of(b.at_ms)) {
        for part in run.chunks(MAX_SAMPLES) {
            let span = (part[0].at_ms, part[part.len() - 1].at_ms);
            let values = part.iter().map(|sample| (sample.at_ms, sample.value));
            periods.of(period_of(span.0), span)?.numbers(part[0].series, values)?;
        }
    }
    Ok(())
}

fn period_of(at_ms: i64) -> i64 {
    Table::Samples.period_of(nanos(at_ms))
}

/// Gives each chunk of these series (ascending) to `each`.
///
/// # Errors
/// When the file cannot be read or lacks a column.
pub fn each_row(
    segment: &Opened,
    series: &[u64],
    mut each: impl FnMut(Row) -> Option<()>,
) -> Result<(), SegmentError> {
    let wanted = |group: &super::Group<'_>| {
        let Some((first, last)) = group.bounds("series") else { return true };
        let next = series.partition_point(|id| *id < first);
        series.get(next).is_some_and(|id| *id <= last)
    };
    segment.each_batch_of(wanted, |batch| {
        let columns = Columns::of(batch)?;
        (0..batch.num_rows()).try_for_each(|at| {
            let id = columns.series.value(at);
            if series.binary_search(&id).is_err() {
                return Some(());
            }
            each(columns.row(at)?)
        })
    })
}

/// All chunks of the series that are wanted, in order; an error stands where the file cannot be read or lacks a column.
pub(crate) fn rows<'s>(
    segment: &'s Opened,
    unpacker: &'s Unpacker,
    wanted: impl Fn(u64) -> bool + 's,
) -> impl Iterator<Item = Result<Row, SegmentError>> + 's {
    segment.batches(unpacker, SIDE_BY_SIDE).flat_map(move |batch| {
        let rows = batch.and_then(|batch| {
            let columns = Columns::of(&batch).ok_or_else(|| segment.lacks_column())?;
            let rows = (0..batch.num_rows()).filter(|at| wanted(columns.series.value(*at)));
            let rows = rows.map(|at| columns.row(at)).collect::<Option<Vec<Row>>>();
            rows.ok_or_else(|| segment.damaged())
        });
        let (rows, error) = match rows {
            Ok(rows) => (rows, None),
            Err(error) => (Vec::new(), Some(Err(error))),
        };
        rows.into_iter().map(Ok).chain(error)
    })
}

/// Gives the series of each chunk to `each`.
///
/// # Errors
/// When the file cannot be read or lacks the column.
pub(crate) fn each_series_id(
    segment: &Opened,
    mut each: impl FnMut(u64),
) -> Result<(), SegmentError> {
    let all = |_: &super::Group<'_>| true;
    segment.each_batch_with(&["series"], all, |batch| {
        column::<U64>(batch, "series")?.values().iter().for_each(|id| each(*id));
        Some(())
    })
}

struct Columns<'a> {
    series: &'a U64,
    first: &'a I64,
    length: &'a U64,
    count: &'a U32,
    counting: Option<&'a U8>,
    chunk: &'a Binary,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Option<Columns<'a>> {
        Some(Columns {
            series: column(batch, "series")?,
            first: column(batch, "first")?,
            length: column(batch, "length")?,
            count: column(batch, "count")?,
            counting: column(batch, "counting"),
            chunk: column(batch, "chunk")?,
        })
    }

    fn row(&self, at: usize) -> Option<Row> {
        let first_ms = self.first.value(at);
        let counting = self.counting.map_or(0, |counting| counting.value(at));
        Some(Row {
            series: self.series.value(at),
            first_ms,
            last_ms: first_ms.saturating_add_unsigned(self.length.value(at)),
            count: self.count.value(at),
            counting: Counting::from_number(counting)?,
            bytes: self.chunk.value(at).to_vec(),
        })
    }
}

#[cfg(test)]
mod tests;
