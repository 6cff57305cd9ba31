//! Views of the four kinds of points.

use crate::otlp::{
    value::AttributeList,
    wire::{Entry, Fields, Fixed64s, Repeated, Varints, WireError},
};

/// Set in a point's flags where it says "no value was recorded".
const NO_RECORDED_VALUE: u32 = 1;

/// A number as the agent measured it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NumberValue {
    Int(i64),
    Double(f64),
}

impl NumberValue {
    /// As a double, exact to 53 bits.
    pub fn as_f64(self) -> f64 {
        match self {
            NumberValue::Int(number) => number as f64,
            NumberValue::Double(number) => number,
        }
    }
}

/// A point of a gauge or sum.
#[derive(Clone, Copy, Debug, Default)]
pub struct NumberPoint<'a> {
    pub attributes: AttributeList<'a>,
    pub start_ns: u64,
    pub time_ns: u64,
    /// Nothing where no value was recorded.
    pub value: Option<NumberValue>,
    /// The encoded point itself.
    pub raw: &'a [u8],
}

impl<'a> NumberPoint<'a> {
    /// Reads an encoded `NumberDataPoint`.
    pub fn read(raw: &'a [u8]) -> Result<NumberPoint<'a>, WireError> {
        let mut point = NumberPoint { raw, ..NumberPoint::default() };
        let mut flags = 0;
        for entry in Fields::new(raw, "NumberDataPoint") {
            let entry = entry?;
            match entry.number {
                2 => point.start_ns = entry.fixed64()?,
                3 => point.time_ns = entry.fixed64()?,
                4 => point.value = Some(NumberValue::Double(entry.double()?)),
                6 => point.value = Some(NumberValue::Int(entry.fixed64()? as i64)),
                7 => point.attributes.0.note(raw, &entry)?,
                8 => flags = entry.uint32()?,
                _ => {}
            }
        }
        if flags & NO_RECORDED_VALUE != 0 {
            point.value = None;
        }
        Ok(point)
    }
}

/// A point of a histogram with explicit bounds.
#[derive(Clone, Copy, Debug, Default)]
pub struct HistogramPoint<'a> {
    pub attributes: AttributeList<'a>,
    pub start_ns: u64,
    pub time_ns: u64,
    pub count: u64,
    pub sum: Option<f64>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    /// Either empty, or one more than there are bounds.
    pub bucket_counts: Fixed64s<'a>,
    pub explicit_bounds: Fixed64s<'a>,
    pub no_recorded_value: bool,
    /// The encoded point itself.
    pub raw: &'a [u8],
}

impl<'a> HistogramPoint<'a> {
    /// Reads an encoded `HistogramDataPoint`.
    pub fn read(raw: &'a [u8]) -> Result<HistogramPoint<'a>, WireError> {
        let mut point = HistogramPoint { raw, ..HistogramPoint::default() };
        for entry in Fields::new(raw, "HistogramDataPoint") {
            let entry = entry?;
            match entry.number {
                2 => point.start_ns = entry.fixed64()?,
                3 => point.time_ns = entry.fixed64()?,
                4 => point.count = entry.fixed64()?,
                5 => point.sum = Some(entry.double()?),
                6 => point.bucket_counts.note(raw, &entry)?,
                7 => point.explicit_bounds.note(raw, &entry)?,
                9 => point.attributes.0.note(raw, &entry)?,
                10 => point.no_recorded_value = entry.uint32()? & NO_RECORDED_VALUE != 0,
                11 => point.min = Some(entry.double()?),
                12 => point.max = Some(entry.double()?),
                _ => {}
            }
        }
        Ok(point)
    }
}

/// A point of a histogram with exponential bounds: bucket `i` holds values in `(base^i, base^(i+1)]`,
/// `base = 2^(2^-scale)`.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExponentialPoint<'a> {
    pub attributes: AttributeList<'a>,
    pub start_ns: u64,
    pub time_ns: u64,
    pub count: u64,
    pub sum: Option<f64>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub scale: i32,
    pub zero_count: u64,
    pub zero_threshold: f64,
    pub positive: Buckets<'a>,
    pub negative: Buckets<'a>,
    pub no_recorded_value: bool,
    /// The encoded point itself.
    pub raw: &'a [u8],
}

impl<'a> ExponentialPoint<'a> {
    /// Reads an encoded `ExponentialHistogramDataPoint`.
    pub fn read(raw: &'a [u8]) -> Result<ExponentialPoint<'a>, WireError> {
        let mut point = ExponentialPoint { raw, ..ExponentialPoint::default() };
        for entry in Fields::new(raw, "ExponentialHistogramDataPoint") {
            point.take(&entry?)?;
        }
        Ok(point)
    }

    fn take(&mut self, entry: &Entry<'a>) -> Result<(), WireError> {
        match entry.number {
            1 => self.attributes.0.note(self.raw, entry)?,
            2 => self.start_ns = entry.fixed64()?,
            3 => self.time_ns = entry.fixed64()?,
            4 => self.count = entry.fixed64()?,
            5 => self.sum = Some(entry.double()?),
            6 => self.scale = entry.sint32()?,
            7 => self.zero_count = entry.fixed64()?,
            8 => self.positive = Buckets::read(entry.bytes()?)?,
            9 => self.negative = Buckets::read(entry.bytes()?)?,
            10 => self.no_recorded_value = entry.uint32()? & NO_RECORDED_VALUE != 0,
            12 => self.min = Some(entry.double()?),
            13 => self.max = Some(entry.double()?),
            14 => self.zero_threshold = entry.double()?,
            _ => {}
        }
        Ok(())
    }
}

/// One side of an exponential histogram: counts of the buckets `offset`, `offset + 1`, …
#[derive(Clone, Copy, Debug, Default)]
pub struct Buckets<'a> {
    pub offset: i32,
    pub counts: Varints<'a>,
}

impl<'a> Buckets<'a> {
    fn read(raw: &'a [u8]) -> Result<Buckets<'a>, WireError> {
        let mut buckets = Buckets::default();
        for entry in Fields::new(raw, "Buckets") {
            let entry = entry?;
            match entry.number {
                1 => buckets.offset = entry.sint32()?,
                2 => buckets.counts.note(raw, &entry)?,
                _ => {}
            }
        }
        Ok(buckets)
    }
}

/// A point of a summary: quantiles that the agent worked out.
#[derive(Clone, Copy, Debug, Default)]
pub struct SummaryPoint<'a> {
    pub attributes: AttributeList<'a>,
    pub start_ns: u64,
    pub time_ns: u64,
    pub count: u64,
    pub sum: f64,
    pub no_recorded_value: bool,
    /// The encoded point itself.
    pub raw: &'a [u8],
    quantiles: Repeated<'a>,
}

impl<'a> SummaryPoint<'a> {
    /// Reads an encoded `SummaryDataPoint`.
    pub fn read(raw: &'a [u8]) -> Result<SummaryPoint<'a>, WireError> {
        let mut point = SummaryPoint { raw, ..SummaryPoint::default() };
        for entry in Fields::new(raw, "SummaryDataPoint") {
            let entry = entry?;
            match entry.number {
                2 => point.start_ns = entry.fixed64()?,
                3 => point.time_ns = entry.fixed64()?,
                4 => point.count = entry.fixed64()?,
                5 => point.sum = entry.double()?,
                6 => point.quantiles.note(raw, &entry)?,
                7 => point.attributes.0.note(raw, &entry)?,
                8 => point.no_recorded_value = entry.uint32()? & NO_RECORDED_VALUE != 0,
                _ => {}
            }
        }
        Ok(point)
    }

    /// Each `(quantile 0..=1, value)`.
    pub fn quantiles(&self) -> impl Iterator<Item = Result<(f64, f64), WireError>> + use<'a> {
        self.quantiles.iter().map(read_quantile)
    }
}

fn read_quantile(raw: &[u8]) -> Result<(f64, f64), WireError> {
    let mut pair = (0.0, 0.0);
    for entry in Fields::new(raw, "ValueAtQuantile") {
        let entry = entry?;
        match entry.number {
            1 => pair.0 = entry.double()?,
            2 => pair.1 = entry.double()?,
            _ => {}
        }
    }
    Ok(pair)
}
