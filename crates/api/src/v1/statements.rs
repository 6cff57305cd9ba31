//! What a backend is asked: statements and requests, from a bounded sample of traces.

use std::collections::BTreeMap;

use api_types::{Statement, Statements as Body};
use axum::{Json, extract::State};
use model::{entity::EntityKind, figure::Scope, id::EntityId};
use telemetry_store::reader::{Detail, FigureQuery, Points, QueryError, TraceQuery, TraceRow};

use super::{Refusals, traces::Targets};
use crate::{
    ask::Asking,
    auth::Caller,
    context::Shared,
    entities::Entities,
    error::ApiError,
    extract::{PathId, Range, RangeParams},
    sampled,
    statements::{Asked, MOST, Statements},
    waterfall::{Role, Waterfall},
};

/// Business transactions that traces are taken of, those with most calls to the backend first.
const MAX_TRANSACTIONS: usize = 8;
/// Traces that are read.
const MAX_TRACES: usize = 40;

/// What a backend was asked, by time spent. Of at most 40 traces, spread over the range and over the business transactions that
/// call it most; a trace is kept whole for a day, so of an older range there are snapshots alone.
#[utoipa::path(get, path = "/api/v1/backends/{id}/statements", tag = "backends",
    params(("id" = u32, Path), RangeParams), responses((status = 200, body = Body), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    range: Range,
) -> Result<Json<Body>, ApiError> {
    let entities = context.entities(&caller);
    let backend = entities.one_of(id, &[EntityKind::Backend, EntityKind::Queue], "backend")?;
    let application = backend.key.application;
    let told = context.queries.ask(&caller, move |asking| {
        let transactions = callers(asking, application, id, &range)?;
        let rows = traces_of(asking, application, &transactions, &range)?;
        look_at(asking, &entities, id, &rows)
    });
    let told = told.await?;
    Ok(Json(Body { partial: told.partial, ..told.value }))
}

/// Business transactions under which the backend is called, most calls first.
fn callers(
    asking: &mut Asking<'_>,
    application: EntityId,
    backend: EntityId,
    range: &Range,
) -> Result<Vec<EntityId>, QueryError> {
    let all = asking.query(application, &[Scope::Edge], range.period.range, Points::Total);
    let to_it = FigureQuery { peer: Some(backend), detail: Detail::Counts, ..all };
    let mut calls = BTreeMap::<EntityId, f64>::new();
    for row in asking.figures(&to_it)?.iter().filter(|row| !row.key.bt.is_none()) {
        *calls.entry(row.key.bt).or_default() += row.figure.calls;
    }
    let mut calls: Vec<(EntityId, f64)> = calls.into_iter().collect();
    calls.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    Ok(calls.into_iter().take(MAX_TRANSACTIONS).map(|(bt, _)| bt).collect())
}

fn traces_of(
    asking: &mut Asking<'_>,
    application: EntityId,
    transactions: &[EntityId],
    range: &Range,
) -> Result<Vec<TraceRow>, QueryError> {
    let (from_ns, to_ns) = range.nanos();
    let mut rows: Vec<TraceRow> = Vec::new();
    for bt in transactions {
        let query = TraceQuery {
            account: asking.account,
            trace: None,
            application: Some(application),
            bt: Some(*bt),
            tier: None,
            outcomes: Vec::new(),
            min_duration_us: 0,
            max_duration_us: u64::MAX,
            kept_only: false,
            from_ns,
            to_ns,
            before: None,
            limit: 0,
        };
        rows.extend(sampled::spread(asking, &query, MAX_TRACES.div_ceil(transactions.len()))?);
    }
    // A trace may enter several of them.
    rows.sort_by_key(|row| row.trace);
    rows.dedup_by_key(|row| row.trace);
    Ok(rows)
}

fn look_at(
    asking: &mut Asking<'_>,
    entities: &Entities,
    backend: EntityId,
    rows: &[TraceRow],
) -> Result<Body, QueryError> {
    let mut statements = Statements::default();
    let mut traces = 0;
    sampled::read_each(asking, rows, |_, spans| {
        traces += 1;
        let targets = Targets::of(entities, spans);
        for row in &Waterfall::of(spans).rows {
            let Role::Exit(called) = &row.role else { continue };
            let span = &spans[row.span];
            if targets.of_call(span, called).id == backend.0 {
                statements.add(span);
            }
        }
    })?;
    let found = statements.by_time();
    let time: f64 = found.iter().map(|asked| asked.total_ms).sum();
    let calls = found.iter().map(|asked| asked.calls).sum();
    let body = |asked: Asked| Statement {
        tier: entities.mention(asked.tier),
        text: asked.text,
        calls: asked.calls,
        errors: asked.errors,
        total_ms: asked.total_ms,
        average_ms: asked.total_ms / asked.calls as f64,
        max_ms: asked.max_ms,
        share_percent: if time > 0.0 { 100.0 * asked.total_ms / time } else { 0.0 },
        slowest_trace_id: asked.slowest.0.to_string(),
        slowest_span_id: asked.slowest.1.to_string(),
    };
    let items = found.into_iter().take(MOST).map(body).collect();
    Ok(Body { items, traces, calls, partial: None })
}
