//! Reads all of a record as the pipeline does. What intake has taken must read without a fault, to the last value.

use ingest::otlp::{
    Signal, logs,
    metrics::{self, Data, ExponentialPoint, HistogramPoint, NumberPoint},
    trace,
    value::AttributeList,
    wire::WireError,
};

/// How many spans, points or log records there are.
pub(crate) fn walk(signal: Signal, record: &[u8]) -> Result<u32, WireError> {
    match signal {
        Signal::Traces => walk_traces(record),
        Signal::Metrics => walk_metrics(record),
        Signal::Logs => walk_logs(record),
    }
}

fn walk_attributes(attributes: AttributeList<'_>) -> Result<(), WireError> {
    assert_eq!(attributes.read()?.len(), attributes.len());
    Ok(())
}

fn walk_traces(record: &[u8]) -> Result<u32, WireError> {
    let mut spans = 0;
    for resource in trace::RequestView::read(record)?.resources() {
        let resource = resource?;
        walk_attributes(resource.resource_attributes()?)?;
        for scope in resource.scopes() {
            for span in scope?.spans() {
                walk_span(&span?)?;
                spans += 1;
            }
        }
    }
    Ok(spans)
}

fn walk_span(span: &trace::Span<'_>) -> Result<(), WireError> {
    assert_eq!((span.trace_id.len(), span.span_id.len()), (16, 8));
    walk_attributes(span.attributes)?;
    for event in span.events() {
        walk_attributes(event?.attributes)?;
    }
    for link in span.links() {
        walk_attributes(link?.attributes)?;
    }
    Ok(())
}

fn walk_logs(record: &[u8]) -> Result<u32, WireError> {
    let mut records = 0;
    for resource in logs::RequestView::read(record)?.resources() {
        let resource = resource?;
        walk_attributes(resource.resource_attributes()?)?;
        for scope in resource.scopes() {
            for record in scope?.records() {
                let record = record?;
                record.body()?;
                walk_attributes(record.attributes)?;
                records += 1;
            }
        }
    }
    Ok(records)
}

fn walk_metrics(record: &[u8]) -> Result<u32, WireError> {
    let mut points = 0;
    for resource in metrics::RequestView::read(record)?.resources() {
        let resource = resource?;
        walk_attributes(resource.resource_attributes()?)?;
        for scope in resource.scopes() {
            for metric in scope?.metrics() {
                points += walk_data(metric?.data)?;
            }
        }
    }
    Ok(points)
}

fn walk_data(data: Data<'_>) -> Result<u32, WireError> {
    let points = match data {
        Data::None => return Ok(0),
        Data::Gauge(points) | Data::Sum { points, .. } => {
            for point in points.numbers() {
                let NumberPoint { attributes, .. } = point?;
                walk_attributes(attributes)?;
            }
            points
        }
        Data::Histogram { points, .. } => {
            for point in points.histograms() {
                let HistogramPoint { attributes, bucket_counts, explicit_bounds, .. } = point?;
                walk_attributes(attributes)?;
                assert_eq!(bucket_counts.iter().count(), bucket_counts.len());
                assert_eq!(explicit_bounds.doubles().count(), explicit_bounds.len());
            }
            points
        }
        Data::ExponentialHistogram { points, .. } => {
            for point in points.exponentials() {
                let ExponentialPoint { attributes, positive, negative, .. } = point?;
                walk_attributes(attributes)?;
                positive.counts.iter().chain(negative.counts.iter()).for_each(drop);
            }
            points
        }
        Data::Summary(points) => {
            for point in points.summaries() {
                let point = point?;
                walk_attributes(point.attributes)?;
                point.quantiles().try_for_each(|quantile| quantile.map(drop))?;
            }
            points
        }
    };
    Ok(points.len() as u32)
}
