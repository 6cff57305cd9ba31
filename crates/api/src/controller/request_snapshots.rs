//! Snapshots, with the filters of the reference: one for each segment of a transaction, newest transaction first.

mod details;
mod filter;
mod segment;

use std::sync::Arc;

use serde_json::Value;
use telemetry_store::reader::{QueryError, Span, TraceQuery, TraceRow};

use self::{
    details::Details,
    filter::{Filter, MOST_RESULTS, deep_dive_policy},
    segment::{Segment, Segments},
};
use super::{
    asked::Asked,
    document::{Document, Shape},
    time_range::TimeRange,
};
use crate::{
    ask::Asking, entities::Entities, error::ApiError, extract::nanos, v1::traces::Targets,
};

/// Pages that are looked through for what the filters want.
const PAGES: usize = 20;
/// What is read for one answer: traces,
const MOST_TRACES: usize = 600;
/// and spans of them. When half the time for an answer is over nothing more is read either.
const MOST_SPANS: usize = 100_000;

pub(crate) async fn list(asked: Asked) -> Result<Document, ApiError> {
    let app = asked.application()?;
    let filter = Filter::of(&asked)?;
    let range = TimeRange::of(&asked)?;
    let query = TraceQuery {
        account: asked.caller.account,
        trace: None,
        application: Some(app.id),
        bt: filter.one_bt(),
        tier: None,
        outcomes: filter.outcomes.clone(),
        min_duration_us: filter.min_duration_us,
        max_duration_us: u64::MAX,
        kept_only: true,
        from_ns: nanos(range.from_ms),
        to_ns: nanos(range.to_ms),
        before: None,
        limit: MOST_RESULTS as usize,
    };
    let entities = asked.entities();
    let asked_entities = entities.clone();
    let context = asked.context();
    let clock = Arc::clone(&context.clock);
    let until = clock.monotonic() + context.config.query_deadline / 2;
    let told = context.queries.ask(&asked.caller, move |asking| {
        let in_time = || clock.monotonic() < until;
        Search::new(asking, &asked_entities, &filter, &in_time).newest(query)
    });
    let told = told.await?;
    let items = told.value.into_iter().map(|snapshot| shape(&entities, snapshot)).collect();
    Ok(asked.partial_list("request-segment-datas", "request-segment-data", items, told.partial))
}

/// One snapshot: a transaction's segment on one tier.
#[derive(Debug)]
struct Snapshot {
    transaction: TraceRow,
    segment: Segment,
    details: Details,
}

/// Looks for what a filter wants, within what may be read for one answer.
struct Search<'a, 'r> {
    asking: &'a mut Asking<'r>,
    entities: &'a Entities,
    filter: &'a Filter,
    in_time: &'a dyn Fn() -> bool,
    traces_left: usize,
    spans_left: usize,
}

impl<'a, 'r> Search<'a, 'r> {
    fn new(
        asking: &'a mut Asking<'r>,
        entities: &'a Entities,
        filter: &'a Filter,
        in_time: &'a dyn Fn() -> bool,
    ) -> Self {
        let (traces_left, spans_left) = (MOST_TRACES, MOST_SPANS);
        Search { asking, entities, filter, in_time, traces_left, spans_left }
    }

    /// The newest snapshots that the filter takes.
    fn newest(mut self, mut query: TraceQuery) -> Result<Vec<Snapshot>, QueryError> {
        let mut found = Vec::new();
        if self.filter.nothing {
            return Ok(found);
        }
        for _ in 0..PAGES {
            let page = self.asking.traces(&query)?;
            for row in page.rows.iter().filter(|row| self.filter.takes_transaction(row)) {
                self.add_snapshots(row, &mut found)?;
                if found.len() >= self.filter.results {
                    found.truncate(self.filter.results);
                    return Ok(found);
                }
            }
            query.before = page.next;
            if query.before.is_none() {
                return Ok(found);
            }
        }
        self.asking.lacks("only the newest 12000 snapshots of the range were looked through");
        Ok(found)
    }

    /// The snapshots of one transaction.
    fn add_snapshots(
        &mut self,
        transaction: &TraceRow,
        found: &mut Vec<Snapshot>,
    ) -> Result<(), QueryError> {
        let filter = self.filter;
        let first = Segment::first(transaction);
        if filter.first_only && !filter.takes_segment(&first) {
            return Ok(());
        }
        let spans = self.spans(transaction)?;
        let Some(segments) = Segments::of(&spans, transaction) else {
            if !filter.needs_spans() && filter.takes_segment(&first) {
                let details = Details::default();
                found.push(Snapshot { transaction: *transaction, segment: first, details });
            }
            return Ok(());
        };
        if !filter.takes_spans(segments.of_transaction()) {
            return Ok(());
        }
        let properties = filter.details.properties;
        let exits_wanted = filter.details.exit_calls;
        let targets = exits_wanted.then(|| Targets::of(self.entities, &spans));
        for (entry, segment) in segments.all().filter(|(_, one)| filter.takes_segment(one)) {
            let details =
                Details::of(self.entities, targets.as_ref(), &segments, entry, properties);
            if filter.takes_errors(&details) {
                found.push(Snapshot { transaction: *transaction, segment, details });
            }
        }
        Ok(())
    }

    /// The spans of a transaction's trace; none where they are not needed, or enough were read.
    fn spans(&mut self, transaction: &TraceRow) -> Result<Vec<Span>, QueryError> {
        if !self.filter.reads_spans() {
            return Ok(Vec::new());
        }
        if self.traces_left == 0 || self.spans_left == 0 || !(self.in_time)() {
            self.asking.lacks(
                "only the spans of the newest snapshots were read: older ones have their first segment alone, \
                 and are left out where a filter asks for what spans tell; ask for a shorter range",
            );
            return Ok(Vec::new());
        }
        let spans = self.asking.trace(transaction.trace)?;
        self.traces_left -= 1;
        self.spans_left = self.spans_left.saturating_sub(spans.len());
        Ok(spans)
    }
}

fn shape(entities: &Entities, snapshot: Snapshot) -> Shape {
    let Snapshot { transaction: row, segment, details } = snapshot;
    let name = entities.mention(row.bt).name;
    let reason = row.reason.name().unwrap_or("kept");
    // A later segment was called by another name.
    let route = if segment.first { route(&name) } else { "" };
    let error_ids = details.error_ids.iter().map(|id| id.0.into()).collect();
    let none = || Shape::Scalar(Value::Null);
    let empty = |item: &'static str| Shape::List(item, Vec::new());
    Shape::Object(vec![
        ("id", segment.id.into()),
        ("requestGUID", row.trace.to_string().into()),
        ("localID", segment.span.to_string().into()),
        ("summary", format!("[{reason}] {name}").into()),
        ("URL", details.url.unwrap_or_else(|| route.to_owned()).into()),
        ("businessTransactionId", row.bt.0.into()),
        ("applicationId", row.application.0.into()),
        ("applicationComponentId", segment.tier.0.into()),
        ("applicationComponentNodeId", segment.node.0.into()),
        ("serverStartTime", segment.server_start_ms.into()),
        ("localStartTime", segment.local_start_ms.into()),
        ("timeTakenInMilliSecs", (segment.duration_us / 1000).into()),
        ("cpuTimeTakenInMilliSecs", 0.into()),
        ("userExperience", row.outcome.name().into()),
        ("warningThreshold", "".into()),
        ("criticalThreshold", "".into()),
        ("callChain", segment.chain.into()),
        ("firstInChain", segment.first.into()),
        ("snapshotExitSequence", segment.exit_sequence.into()),
        ("exitCallsDataTruncated", false.into()),
        ("exitCallsDataTruncationMessage", none()),
        ("unresolvedCallInCallChain", details.unresolved.into()),
        ("hasDeepDiveData", true.into()),
        ("deepDivePolicy", deep_dive_policy(row.reason).into()),
        ("delayedDeepDive", false.into()),
        ("delayedDeepDiveOffSet", 0.into()),
        ("diagnosticSessionGUID", none()),
        ("errorOccured", segment.failed.into()),
        ("errorSummary", Shape::Scalar(details.error_summary.map_or(Value::Null, Value::from))),
        ("errorDetails", Shape::List("errorDetail", details.errors)),
        ("errorIDs", Shape::List("errorID", error_ids)),
        ("stallDump", none()),
        ("async", segment.asynchronous.into()),
        ("archived", false.into()),
        ("httpSessionID", Shape::Scalar(details.session.map_or(Value::Null, Value::from))),
        ("threadID", "".into()),
        ("threadName", "".into()),
        ("httpParameters", empty("httpParameter")),
        ("cookies", empty("cookie")),
        ("httpHeaders", empty("httpHeader")),
        ("sessionKeys", empty("sessionKey")),
        ("responseHeaders", empty("responseHeader")),
        ("businessData", empty("businessData")),
        ("logMessages", empty("logMessage")),
        ("transactionProperties", Shape::List("transactionProperty", details.properties)),
        ("transactionEvents", empty("transactionEvent")),
        ("dotnetProperty", empty("dotnetProperty")),
        ("snapshotExitCalls", Shape::List("snapshotExitCall", details.exit_calls)),
    ])
}

/// The route in a business transaction's name, `GET /cart`; empty where it is no HTTP request.
fn route(name: &str) -> &str {
    match name.split_once(' ') {
        Some((_, path)) if path.starts_with('/') => path,
        _ => "",
    }
}
