//! Views of `ExportMetricsServiceRequest`: resources, scopes, metrics and points, borrowed from the agent's bytes.
//!
//! Exemplars are not read. A point's start is 0 where the agent sent none.

mod point;

pub use point::{
    Buckets, ExponentialPoint, HistogramPoint, NumberPoint, NumberValue, SummaryPoint,
};

use super::{
    resource::{self, Scope},
    value::AttributeList,
    wire::{Entry, Fields, Repeated, WireError},
};

/// A whole request.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestView<'a> {
    resource_metrics: Repeated<'a>,
}

impl<'a> RequestView<'a> {
    /// Reads an encoded `ExportMetricsServiceRequest`.
    pub fn read(bytes: &'a [u8]) -> Result<RequestView<'a>, WireError> {
        let mut request = RequestView::default();
        for entry in Fields::new(bytes, "ExportMetricsServiceRequest") {
            let entry = entry?;
            if entry.number == 1 {
                request.resource_metrics.note(bytes, &entry)?;
            }
        }
        Ok(request)
    }

    /// Each resource with its metrics.
    pub fn resources(
        &self,
    ) -> impl Iterator<Item = Result<ResourceMetrics<'a>, WireError>> + use<'a> {
        self.resource_metrics.iter().map(ResourceMetrics::read)
    }
}

/// The metrics of one resource.
#[derive(Clone, Copy, Debug, Default)]
pub struct ResourceMetrics<'a> {
    /// The encoded `Resource`; empty when none was sent.
    pub resource: &'a [u8],
    pub schema_url: &'a str,
    /// The encoded `ResourceMetrics` itself.
    pub raw: &'a [u8],
    scope_metrics: Repeated<'a>,
}

impl<'a> ResourceMetrics<'a> {
    /// Reads an encoded `ResourceMetrics`.
    pub fn read(raw: &'a [u8]) -> Result<ResourceMetrics<'a>, WireError> {
        let mut metrics = ResourceMetrics { raw, ..ResourceMetrics::default() };
        for entry in Fields::new(raw, "ResourceMetrics") {
            let entry = entry?;
            match entry.number {
                1 => metrics.resource = entry.bytes()?,
                2 => metrics.scope_metrics.note(raw, &entry)?,
                3 => metrics.schema_url = entry.text()?,
                _ => {}
            }
        }
        Ok(metrics)
    }

    /// The resource's attributes.
    pub fn resource_attributes(&self) -> Result<AttributeList<'a>, WireError> {
        resource::attributes(self.resource)
    }

    /// Each scope with its metrics.
    pub fn scopes(&self) -> impl Iterator<Item = Result<ScopeMetrics<'a>, WireError>> + use<'a> {
        self.scope_metrics.iter().map(ScopeMetrics::read)
    }
}

/// The metrics of one instrumentation scope.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScopeMetrics<'a> {
    /// The encoded `InstrumentationScope`; empty when none was sent.
    pub scope: &'a [u8],
    pub name: &'a str,
    pub version: &'a str,
    /// The scope's own.
    pub attributes: AttributeList<'a>,
    pub schema_url: &'a str,
    /// The encoded `ScopeMetrics` itself.
    pub raw: &'a [u8],
    metrics: Repeated<'a>,
}

impl<'a> ScopeMetrics<'a> {
    /// Reads an encoded `ScopeMetrics`.
    pub fn read(raw: &'a [u8]) -> Result<ScopeMetrics<'a>, WireError> {
        let mut metrics = ScopeMetrics { raw, ..ScopeMetrics::default() };
        for entry in Fields::new(raw, "ScopeMetrics") {
            let entry = entry?;
            match entry.number {
                1 => metrics.scope = entry.bytes()?,
                2 => metrics.metrics.note(raw, &entry)?,
                3 => metrics.schema_url = entry.text()?,
                _ => {}
            }
        }
        let scope = Scope::read(metrics.scope)?;
        (metrics.name, metrics.version) = (scope.name, scope.version);
        metrics.attributes = scope.attributes;
        Ok(metrics)
    }

    /// Each metric.
    pub fn metrics(&self) -> impl Iterator<Item = Result<Metric<'a>, WireError>> + use<'a> {
        self.metrics.iter().map(Metric::read)
    }

    /// Each metric's bytes, unread.
    pub fn raw_metrics(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.metrics.iter()
    }
}

/// One metric and its points.
#[derive(Clone, Copy, Debug)]
pub struct Metric<'a> {
    pub name: &'a str,
    pub description: &'a str,
    pub unit: &'a str,
    pub data: Data<'a>,
    /// The encoded `Metric` itself.
    pub raw: &'a [u8],
}

/// What a metric measures. `None` is a metric without data, or of a type that is not known yet.
#[derive(Clone, Copy, Debug, Default)]
pub enum Data<'a> {
    #[default]
    None,
    Gauge(Points<'a>),
    Sum {
        points: Points<'a>,
        temporality: Temporality,
        monotonic: bool,
    },
    Histogram {
        points: Points<'a>,
        temporality: Temporality,
    },
    ExponentialHistogram {
        points: Points<'a>,
        temporality: Temporality,
    },
    Summary(Points<'a>),
}

/// Whether a value is the change since the point before or the total since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Temporality {
    #[default]
    Unspecified,
    Delta,
    Cumulative,
}

impl Temporality {
    fn from_wire(number: u64) -> Temporality {
        match number {
            1 => Temporality::Delta,
            2 => Temporality::Cumulative,
            _ => Temporality::Unspecified,
        }
    }
}

/// The points of a metric, read as the kind that its [`Data`] says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Points<'a>(Repeated<'a>);

impl<'a> Points<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each point's bytes, unread.
    pub fn raw(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.0.iter()
    }

    /// The points of a gauge or sum.
    pub fn numbers(&self) -> impl Iterator<Item = Result<NumberPoint<'a>, WireError>> + use<'a> {
        self.0.iter().map(NumberPoint::read)
    }

    /// The points of a histogram.
    pub fn histograms(
        &self,
    ) -> impl Iterator<Item = Result<HistogramPoint<'a>, WireError>> + use<'a> {
        self.0.iter().map(HistogramPoint::read)
    }

    /// The points of an exponential histogram.
    pub fn exponentials(
        &self,
    ) -> impl Iterator<Item = Result<ExponentialPoint<'a>, WireError>> + use<'a> {
        self.0.iter().map(ExponentialPoint::read)
    }

    /// The points of a summary.
    pub fn summaries(&self) -> impl Iterator<Item = Result<SummaryPoint<'a>, WireError>> + use<'a> {
        self.0.iter().map(SummaryPoint::read)
    }
}

impl<'a> Metric<'a> {
    /// Reads an encoded `Metric`.
    pub fn read(raw: &'a [u8]) -> Result<Metric<'a>, WireError> {
        let mut metric = Metric { name: "", description: "", unit: "", data: Data::None, raw };
        for entry in Fields::new(raw, "Metric") {
            metric.take(&entry?)?;
        }
        Ok(metric)
    }

    fn take(&mut self, entry: &Entry<'a>) -> Result<(), WireError> {
        match entry.number {
            1 => self.name = entry.text()?,
            2 => self.description = entry.text()?,
            3 => self.unit = entry.text()?,
            5 => self.data = Data::Gauge(Body::read(entry.bytes()?, "Gauge")?.points),
            7 => {
                let Body { points, temporality, monotonic } = Body::read(entry.bytes()?, "Sum")?;
                self.data = Data::Sum { points, temporality, monotonic };
            }
            9 => {
                let body = Body::read(entry.bytes()?, "Histogram")?;
                self.data = Data::Histogram { points: body.points, temporality: body.temporality };
            }
            10 => {
                let body = Body::read(entry.bytes()?, "ExponentialHistogram")?;
                self.data = Data::ExponentialHistogram {
                    points: body.points,
                    temporality: body.temporality,
                };
            }
            11 => self.data = Data::Summary(Body::read(entry.bytes()?, "Summary")?.points),
            _ => {}
        }
        Ok(())
    }
}

/// What the five data messages hold, each some of it, under the same numbers.
#[derive(Default)]
struct Body<'a> {
    points: Points<'a>,
    temporality: Temporality,
    monotonic: bool,
}

impl<'a> Body<'a> {
    fn read(raw: &'a [u8], message: &'static str) -> Result<Body<'a>, WireError> {
        let mut body = Body::default();
        for entry in Fields::new(raw, message) {
            let entry = entry?;
            match (entry.number, message) {
                (1, _) => body.points.0.note(raw, &entry)?,
                (2, "Sum" | "Histogram" | "ExponentialHistogram") => {
                    body.temporality = Temporality::from_wire(entry.varint()?);
                }
                (3, "Sum") => body.monotonic = entry.varint()? != 0,
                _ => {}
            }
        }
        Ok(body)
    }
}
