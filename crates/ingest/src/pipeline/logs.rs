//! Log records: stored with their trace and span, secrets removed, their exceptions noted.

use std::borrow::Cow;

use model::{
    attributes::Value,
    conventions,
    id::{SpanId, TraceId},
    naming::{name, terminal},
    sanitise::{MASKED, Replacement},
};
use telemetry_store::{
    attribute::{self, truncated},
    head::Rows,
    reader::LOGGER,
    segment::logs::Log,
};

use super::spans::{Buffers, Context, Source, group_of, store_attributes};
use crate::otlp::logs::{LogRecord, ResourceLogs};

/// An exception that a log record tells of.
#[derive(Debug)]
pub(super) struct LoggedException {
    pub(super) trace: Option<TraceId>,
    pub(super) span: SpanId,
    pub(super) at_ns: u64,
    pub(super) group: (String, String),
}

/// Stores the records of a resource; returns the exceptions they tell of.
pub(super) fn take(
    resource: &ResourceLogs<'_>,
    source: &Source,
    context: &Context<'_>,
    rows: &mut Rows,
    buffers: &mut Buffers,
) -> Vec<LoggedException> {
    let mut exceptions = Vec::new();
    for scope in resource.scopes().filter_map(Result::ok) {
        for record in scope.records().filter_map(Result::ok) {
            take_one(&record, scope.name, source, context, rows, buffers, &mut exceptions);
        }
    }
    exceptions
}

fn take_one(
    record: &LogRecord<'_>,
    logger: &str,
    source: &Source,
    context: &Context<'_>,
    rows: &mut Rows,
    buffers: &mut Buffers,
    exceptions: &mut Vec<LoggedException>,
) {
    let Ok(attributes) = record.attributes.read() else { return };
    let now_ns = context.now_ms.unsigned_abs() * 1_000_000;
    let at_ns = if record.best_time_ns() == 0 { now_ns } else { record.best_time_ns() };
    let trace = TraceId::from_bytes(record.trace_id);
    let span = SpanId::from_bytes(record.span_id).unwrap_or_default();
    if let Some(exception) = conventions::exception(&attributes) {
        let group = group_of(&exception, context.cleaning.sanitiser);
        exceptions.push(LoggedException { trace, span, at_ns, group });
    }
    let mut stored = Vec::new();
    if !logger.is_empty() {
        attribute::encode(&mut stored, LOGGER, Value::Str(&name::limit(logger)));
    }
    store_attributes(&attributes, None, context.cleaning, &mut stored, &mut buffers.cleaner);
    rows.log(Log {
        at_ns,
        application: source.place.application,
        tier: source.place.tier,
        node: source.place.node,
        trace,
        span,
        severity: u8::try_from(record.severity_number).unwrap_or(0),
        body: body(record, context, buffers),
        attributes: stored,
    });
}

/// The body as text without a terminal's colours; a structured one as it would stand in JSON is left to the reader's page.
fn body(record: &LogRecord<'_>, context: &Context<'_>, buffers: &mut Buffers) -> String {
    let sent = record.body().unwrap_or(Value::Str(""));
    // First, so that no colour parts a secret from its name.
    let text = if let Value::Str(text) = sent { terminal::plain(text) } else { Cow::Borrowed("") };
    let value = if let Value::Str(_) = sent { Value::Str(&text) } else { sent };
    let replacement = context.cleaning.sanitiser.log_body(&value);
    buffers.cleaner.removed += u64::from(replacement.is_some());
    let text = match replacement {
        Some(Replacement::Masked) => MASKED.to_owned(),
        Some(Replacement::Text(text)) => text,
        Some(Replacement::Encoded(bytes)) => crate::otlp::value::to_text(&Value::Encoded(&bytes)),
        None => crate::otlp::value::to_text(&value),
    };
    let text = terminal::plain(&text);
    if text.len() > context.cleaning.limits.value_bytes {
        buffers.cleaner.truncated += 1;
    }
    truncated(&text, context.cleaning.limits.value_bytes).to_owned()
}
