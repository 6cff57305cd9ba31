//! Spans: refused with unusable ids, times or texts; partitioned by trace id.

use model::id::{SpanId, TraceId};

use super::{Cutting, Place, Refusal, Shape, shorten};
use crate::otlp::{
    schema::{self, EXPORT_TRACE, RESOURCE_SPANS, SCOPE_SPANS, SPAN},
    trace::Span,
    wire::WireError,
};

pub(super) static SHAPE: Shape = Shape {
    request: &EXPORT_TRACE,
    resource: &RESOURCE_SPANS,
    scope: &SCOPE_SPANS,
    take,
    count: |_| 1,
};

fn take(cutting: &mut Cutting<'_>, place: &Place<'_>, raw: &[u8]) -> Result<(), WireError> {
    if let Err(error) = schema::check(raw, &SPAN) {
        super::spare(error)?;
        cutting.refuse(Refusal::of(&error), 1);
        return Ok(());
    }
    let span = Span::read(raw)?;
    let trace = match usable_ids(&span) {
        Ok(trace) => trace,
        Err(why) => {
            cutting.refuse(why, 1);
            return Ok(());
        }
    };
    // An end before its start is skew or a fault of the agent; the pipeline clamps it.
    if !cutting.in_time(span.end_ns.max(span.start_ns)) {
        return Ok(());
    }
    let levels = [place.resource, place.scope];
    let item = cutting.fitted(&levels, raw, &shorten::SPAN)?;
    let exceeds = item.len() < raw.len() || exceeds_limits(&span, cutting)?;
    if cutting.put(trace.partition(), &levels, super::CHILDREN, &item) && exceeds {
        cutting.cut.oversized += 1;
    }
    Ok(())
}

fn usable_ids(span: &Span<'_>) -> Result<TraceId, Refusal> {
    let trace = TraceId::from_bytes(span.trace_id).ok_or(Refusal::TraceId)?;
    let id = SpanId::from_bytes(span.span_id).ok_or(Refusal::SpanId)?;
    if id.is_none() {
        return Err(Refusal::SpanId);
    }
    // All zeros is what some agents send for "no parent".
    SpanId::from_bytes(span.parent_span_id).ok_or(Refusal::ParentSpanId)?;
    Ok(trace)
}

fn exceeds_limits(span: &Span<'_>, cutting: &Cutting<'_>) -> Result<bool, WireError> {
    let limits = &cutting.rules.limits;
    if limits.exceeded_by(span.attributes, span.raw.len())? {
        return Ok(true);
    }
    for event in span.events() {
        let event = event?;
        if limits.exceeded_by(event.attributes, event.raw.len())? {
            return Ok(true);
        }
    }
    for link in span.links() {
        let link = link?;
        if limits.exceeded_by(link.attributes, link.raw.len())? {
            return Ok(true);
        }
    }
    Ok(false)
}
