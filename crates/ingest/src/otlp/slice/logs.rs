//! Log records: refused with unusable times or texts; partitioned by trace id where there is one, else by resource.

use model::id::TraceId;

use super::{Cutting, Place, Refusal, Shape};
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
    // An id that is not 16 bytes means "no trace" here, by OTLP's own words.
    let trace = TraceId::from_bytes(record.trace_id);
    let partition = trace
        .map_or_else(|| super::partition_of_resource(place.resource_bytes), TraceId::partition);
    if cutting.put(partition, &[place.resource, place.scope], super::CHILDREN, raw) && exceeds {
        cutting.cut.oversized += 1;
    }
    Ok(())
}
