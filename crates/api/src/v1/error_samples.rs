//! Exceptions of a group as agents sent them: stacks, and the traces and log records that have them.

use std::collections::{BTreeMap, BTreeSet};

use api_types::{ErrorSample, ErrorSamples};
use axum::{Json, extract::State};
use model::{
    entity::{Entity, EntityKind},
    id::{EntityId, TraceId},
};
use telemetry_store::reader::{LogFilter, LogQuery, QueryError, SpanQuery};

use super::Refusals;
use crate::{
    ask::Asking,
    auth::Caller,
    context::Shared,
    entities::Entities,
    error::ApiError,
    extract::{PathId, Range, RangeParams},
    thrown::Thrown,
};

/// Failed spans of its tier whose traces are looked at,
const MAX_SPANS: usize = 200;
/// traces that are read,
const MAX_TRACES: usize = 25;
/// log records that are looked at,
const MAX_LOGS: usize = 1_000;
/// and stacks in the answer.
const MAX_STACKS: usize = 10;

/// Exceptions of a group: each stack once, with the newest trace that has it. Looks at the newest failed spans of its tier,
/// and at log records where those have none.
#[utoipa::path(get, path = "/api/v1/errors/{id}/samples", tag = "errors",
    params(("id" = u32, Path), RangeParams), responses((status = 200, body = ErrorSamples), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    range: Range,
) -> Result<Json<ErrorSamples>, ApiError> {
    let entities = context.entities(&caller);
    let group = entities.one_of(id, &[EntityKind::ErrorGroup], "error")?;
    let told = context.queries.ask(&caller, move |asking| {
        let mut found = Found::default();
        found.look_at_spans(asking, &entities, &group, &range)?;
        if found.stacks.is_empty() {
            found.look_at_logs(asking, &entities, &group, &range)?;
        }
        Ok(found.body(&entities))
    });
    let told = told.await?;
    Ok(Json(ErrorSamples { partial: told.partial, ..told.value }))
}

/// What was found, by stack and message; one without a stack by its message alone.
#[derive(Default)]
struct Found {
    stacks: BTreeMap<(String, String), Sample>,
    traces: usize,
    logs: usize,
}

/// The newest exception of a stack.
struct Sample {
    message: String,
    seen: usize,
    at_ns: u64,
    node: EntityId,
    place: Option<(TraceId, model::id::SpanId)>,
}

impl Found {
    fn look_at_spans(
        &mut self,
        asking: &mut Asking<'_>,
        entities: &Entities,
        group: &Entity,
        range: &Range,
    ) -> Result<(), QueryError> {
        let (from_ns, to_ns) = range.nanos();
        let failed = asking.spans(&SpanQuery {
            account: asking.account,
            application: Some(group.key.application),
            tier: Some(group.key.parent),
            bt: None,
            name: None,
            attributes: Vec::new(),
            min_duration_ns: 0,
            max_duration_ns: u64::MAX,
            errors_only: true,
            from_ns,
            to_ns,
            before: None,
            limit: MAX_SPANS,
        })?;
        let mut met = BTreeSet::new();
        let traces = failed.rows.iter().map(|span| span.trace).filter(|trace| met.insert(*trace));
        for trace in traces.take(MAX_TRACES) {
            self.traces += 1;
            let mut here = BTreeSet::new();
            for span in asking.trace(trace)?.iter().filter(|span| span.tier == group.key.parent) {
                for (event, thrown) in Thrown::of(span) {
                    let of = thrown.group(entities, span.application, span.tier);
                    // Stacked instrumentation repeats one throw on every span that it passes.
                    if of == Some(group.id) && here.insert((span.node, thrown.message.clone())) {
                        self.add(thrown, event.at_ns, span.node, Some((trace, span.id)));
                    }
                }
            }
        }
        Ok(())
    }

    fn look_at_logs(
        &mut self,
        asking: &mut Asking<'_>,
        entities: &Entities,
        group: &Entity,
        range: &Range,
    ) -> Result<(), QueryError> {
        let (from_ns, to_ns) = range.nanos();
        let page = asking.logs(&LogQuery {
            account: asking.account,
            filter: LogFilter {
                application: Some(group.key.application),
                tier: Some(group.key.parent),
                ..LogFilter::default()
            },
            from_ns,
            to_ns,
            before: None,
            limit: MAX_LOGS,
        })?;
        self.logs = page.rows.len();
        for record in page.rows {
            let thrown = Thrown::read(&record.attributes);
            let nothing = thrown.kind.is_empty() && thrown.message.is_empty();
            if !nothing && thrown.group(entities, record.application, record.tier) == Some(group.id)
            {
                let place = record.trace.map(|trace| (trace, record.span));
                self.add(thrown, record.at_ns, record.node, place);
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        thrown: Thrown,
        at_ns: u64,
        node: EntityId,
        place: Option<(TraceId, model::id::SpanId)>,
    ) {
        let Thrown { message, stack, .. } = thrown;
        let by = if stack.is_empty() { message.clone() } else { String::new() };
        let newest = Sample { message, seen: 0, at_ns, node, place };
        let sample =
            self.stacks.entry((stack, by)).or_insert_with(|| Sample { at_ns: 0, ..newest });
        sample.seen += 1;
        if at_ns >= sample.at_ns {
            (sample.at_ns, sample.node, sample.place) = (at_ns, node, place);
        }
    }

    fn body(self, entities: &Entities) -> ErrorSamples {
        let mut items: Vec<ErrorSample> = self
            .stacks
            .into_iter()
            .map(|((stack, _), sample)| ErrorSample {
                message: sample.message,
                stack,
                seen: sample.seen,
                at: i64::try_from(sample.at_ns / 1_000_000).unwrap_or(i64::MAX),
                node: entities.mention(sample.node),
                trace_id: sample.place.map(|(trace, _)| trace.to_string()),
                span_id: sample.place.map(|(_, span)| span.to_string()),
            })
            .collect();
        items.sort_by(|a, b| b.seen.cmp(&a.seen).then(b.at.cmp(&a.at)));
        items.truncate(MAX_STACKS);
        ErrorSamples { items, traces: self.traces, logs: self.logs, partial: None }
    }
}
