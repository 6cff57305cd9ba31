//! Prometheus remote write: both messages become OTLP metrics, and go the way of those from there.
//!
//! [1.0](https://prometheus.io/docs/specs/prw/remote_write_spec/) and
//! [2.0](https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/). A target is a process: its `job` label is the tier
//! (`namespace/name` names the application, too), its `instance` the node; the other labels are attributes of the points
//! (after OpenTelemetry's "Prometheus and OpenMetrics Compatibility", which maps them the other way round). 1.0 does not say
//! what a series is: names that end in `_total`, `_count`, `_sum` or `_bucket` are counters, others gauges. Exemplars are not
//! taken. A staleness marker becomes a point that says "no value was recorded".

mod histogram;
mod output;

use model::remote_write::ENDED;

use self::{
    histogram::Histogram,
    output::{Kind, Output},
};
use crate::otlp::wire::{Entry, Fields, WireError};

/// Which message a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// `prometheus.WriteRequest`.
    V1,
    /// `io.prometheus.write.v2.Request`.
    V2,
}

/// A request, converted: encoded `ExportMetricsServiceRequest`s, empty where nothing is in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Converted {
    /// With all samples.
    pub samples: Vec<u8>,
    /// With all native histograms.
    pub histograms: Vec<u8>,
    /// Native histograms that are no counts but states, which OTLP has none for.
    pub gauge_histograms: u64,
}

/// Why a request cannot be converted; nothing of it is usable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error("a series refers to symbol {symbol}, and there are {symbols}")]
    NoSymbol { symbol: u64, symbols: usize },
    #[error("a series has a label name without a value")]
    OddLabels,
    #[error("there are more than {most} {what}; send smaller requests")]
    TooMany { what: &'static str, most: usize },
    #[error("the converted request is larger than {cap} bytes")]
    TooBig { cap: usize },
}

/// Of one series.
const MAX_LABELS: usize = 1024;
/// Texts of a request; each takes sixteen bytes of memory and may take two of the body.
const MAX_SYMBOLS: usize = 1 << 20;

/// Converts a request; the result is at most about `cap` bytes.
///
/// # Errors
/// See [`ConvertError`].
pub fn convert(version: Version, request: &[u8], cap: usize) -> Result<Converted, ConvertError> {
    let mut output = Output::new(cap);
    match version {
        Version::V1 => {
            for entry in Fields::new(request, "prometheus.WriteRequest") {
                let entry = entry?;
                if entry.number == 1 {
                    first_series(entry.bytes()?, &mut output)?;
                }
            }
        }
        Version::V2 => {
            let mut symbols = Vec::new();
            for entry in Fields::new(request, "io.prometheus.write.v2.Request") {
                let entry = entry?;
                if entry.number == 4 {
                    limit("symbols", symbols.len(), MAX_SYMBOLS)?;
                    symbols.push(entry.text()?);
                }
            }
            for entry in Fields::new(request, "io.prometheus.write.v2.Request") {
                let entry = entry?;
                if entry.number == 5 {
                    second_series(entry.bytes()?, &symbols, &mut output)?;
                }
            }
        }
    }
    Ok(output.finish())
}

/// Whether one more is too many.
fn limit(what: &'static str, count: usize, most: usize) -> Result<(), ConvertError> {
    if count < most { Ok(()) } else { Err(ConvertError::TooMany { what, most }) }
}

/// The labels of a series, and what of them says whose it is.
#[derive(Debug, Default)]
struct Labels<'a> {
    name: &'a str,
    job: &'a str,
    instance: &'a str,
    others: Vec<(&'a str, &'a str)>,
    /// About what the others take in a point.
    bytes: usize,
}

impl<'a> Labels<'a> {
    fn push(&mut self, name: &'a str, value: &'a str) -> Result<(), ConvertError> {
        limit("labels of one series", self.others.len(), MAX_LABELS)?;
        match name {
            "__name__" => self.name = value,
            "job" => self.job = value,
            "instance" => self.instance = value,
            _ if value.is_empty() => {}
            _ => {
                self.bytes += name.len() + value.len() + 16;
                self.others.push((name, value));
            }
        }
        Ok(())
    }

    /// What a series without metadata is, by custom.
    fn kind(&self) -> Kind {
        let counts = ["_total", "_count", "_sum", "_bucket"];
        if counts.iter().any(|suffix| self.name.ends_with(suffix)) {
            Kind::Counter
        } else {
            Kind::Gauge
        }
    }
}

/// What the metadata of a series say.
#[derive(Clone, Copy, Debug, Default)]
struct Metadata<'a> {
    kind: Option<Kind>,
    unit: &'a str,
    created_ms: u64,
}

fn first_series<'a>(series: &'a [u8], output: &mut Output<'a>) -> Result<(), ConvertError> {
    let mut labels = Labels::default();
    for entry in Fields::new(series, "prometheus.TimeSeries") {
        let entry = entry?;
        if entry.number == 1 {
            let (mut name, mut value) = ("", "");
            for entry in Fields::new(entry.bytes()?, "prometheus.Label") {
                let entry = entry?;
                match entry.number {
                    1 => name = entry.text()?,
                    2 => value = entry.text()?,
                    _ => {}
                }
            }
            labels.push(name, value)?;
        }
    }
    let metadata = Metadata::default();
    points(series, "prometheus.TimeSeries", [2, 4], &labels, &metadata, output)
}

fn second_series<'a>(
    series: &[u8],
    symbols: &[&'a str],
    output: &mut Output<'a>,
) -> Result<(), ConvertError> {
    const MESSAGE: &str = "io.prometheus.write.v2.TimeSeries";
    let mut refs = Vec::new();
    let (mut family, mut unit, mut created_ms) = (0, 0, 0);
    for entry in Fields::new(series, MESSAGE) {
        let entry = entry?;
        match entry.number {
            1 => {
                // A packed list has a byte or more for each.
                limit("labels of one series", refs.len() + entry.whole.len(), 20 * MAX_LABELS)?;
                refs.extend(entry.numbers()?);
            }
            5 => {
                for entry in Fields::new(entry.bytes()?, "io.prometheus.write.v2.Metadata") {
                    let entry = entry?;
                    match entry.number {
                        1 => family = entry.varint()?,
                        4 => unit = entry.varint()?,
                        _ => {}
                    }
                }
            }
            6 => created_ms = entry.varint()?,
            _ => {}
        }
    }
    let symbol = |symbol: u64| {
        let found = usize::try_from(symbol).ok().and_then(|at| symbols.get(at)).copied();
        found.ok_or(ConvertError::NoSymbol { symbol, symbols: symbols.len() })
    };
    let mut labels = Labels::default();
    for pair in refs.chunks(2) {
        let [name, value] = *pair else { return Err(ConvertError::OddLabels) };
        labels.push(symbol(name)?, symbol(value)?)?;
    }
    // Symbol 0 is the empty text, whether it was sent or not.
    let unit = if unit == 0 { "" } else { symbol(unit)? };
    let metadata = Metadata { kind: kind_of(family, &labels), unit, created_ms };
    points(series, MESSAGE, [2, 3], &labels, &metadata, output)
}

/// What a series of a family of this type is.
fn kind_of(family: u64, labels: &Labels<'_>) -> Option<Kind> {
    const COUNTER: u64 = 1;
    const HISTOGRAM: u64 = 3;
    const SUMMARY: u64 = 5;
    match family {
        0 => None,
        COUNTER => Some(Kind::Counter),
        // Their series have the suffixes, but for a summary's quantiles.
        HISTOGRAM | SUMMARY => Some(labels.kind()),
        _ => Some(Kind::Gauge),
    }
}

/// The samples and histograms of a series, which stand in these fields.
fn points<'a>(
    series: &[u8],
    message: &'static str,
    [samples, histograms]: [u32; 2],
    labels: &Labels<'a>,
    metadata: &Metadata<'a>,
    output: &mut Output<'a>,
) -> Result<(), ConvertError> {
    let kind = metadata.kind.unwrap_or_else(|| labels.kind());
    for entry in Fields::new(series, message) {
        let entry = entry?;
        if entry.number == samples {
            let (value, at_ms) = sample(&entry)?;
            output.sample(labels, kind, metadata, at_ms, value)?;
        } else if entry.number == histograms {
            let histogram = Histogram::read(entry.bytes()?)?;
            output.histogram(labels, metadata, &histogram)?;
        }
    }
    Ok(())
}

/// Its value, none where it marks the end of the series, and its time in Unix milliseconds.
fn sample(entry: &Entry<'_>) -> Result<(Option<f64>, i64), WireError> {
    let (mut value, mut at_ms) = (0.0, 0);
    for entry in Fields::new(entry.bytes()?, "prometheus.Sample") {
        let entry = entry?;
        match entry.number {
            1 => value = entry.double()?,
            2 => at_ms = entry.varint()?.cast_signed(),
            _ => {}
        }
    }
    Ok(((value.to_bits() != ENDED).then_some(value), at_ms))
}

#[cfg(test)]
mod tests;
