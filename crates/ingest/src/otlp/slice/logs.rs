//! Log records: refused with unusable times or texts; partitioned by trace id where there is one, else by resource. One
//! whose trace or span id is no id is kept without it, as OTLP asks of receivers, and counted.

use model::id::{SpanId, TraceId};

use super::{Cutting, Place, Refusal, Shape, shorten};
use crate::otlp::{
    logs::LogRecord,
    schema::{self, EXPORT_LOGS, LOG_RECORD, RESOURCE_LOGS, SCOPE_LOGS},
    wire::WireError,
};

pub(super) static SHAPE: Shape = Shape {
    request: &EXPORT_LOGS,
    resource: &RESOURCE_LOGS,
    scope: &SCOPE_LOGS,
    take,
    count: |_| 1,
};

fn take(cutting: &mut Cutting<'_>, place: &Place<'_>, raw: &[u8]) -> Result<(), WireError> {
    if let Err(error) = schema::check(raw, &LOG_RECORD) {
        super::spare(error)?;
        cutting.refuse(Refusal::of(&error), 1);
        return Ok(());
    }
    let record = LogRecord::read(raw)?;
    // OTLP lets both times be unknown; such a record happened when it came.
    let time_ns = record.best_time_ns();
    if time_ns != 0 && !cutting.in_time(time_ns) {
        return Ok(());
    }
    let limits = &cutting.rules.limits;
    let body_exceeds = record.body.len() > limits.value_bytes;
    let exceeds = body_exceeds || limits.exceeded_by(record.attributes, raw.len())?;
    let trace = TraceId::from_bytes(record.trace_id);
    let partition = trace
        .map_or_else(|| super::partition_of_resource(place.resource_bytes), TraceId::partition);
    let levels = [place.resource, place.scope];
    let item = cutting.fitted(&levels, raw, &shorten::LOG_RECORD)?;
    let exceeds = exceeds || item.len() < raw.len();
    if cutting.put(partition, &levels, super::CHILDREN, &item) {
        cutting.cut.oversized += u64::from(exceeds);
        cutting.cut.unlinked += u64::from(has_unusable_id(&record));
    }
    Ok(())
}

/// Whether an id was sent that is none. All zeros is what loggers outside of any span send, and no fault.
fn has_unusable_id(record: &LogRecord<'_>) -> bool {
    let LogRecord { trace_id, span_id, .. } = record;
    let no_trace =
        trace_id.iter().any(|byte| *byte != 0) && TraceId::from_bytes(trace_id).is_none();
    no_trace || SpanId::from_bytes(span_id).is_none()
}
