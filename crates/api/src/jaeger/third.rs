//! `/jaeger/api/v3`: the third query API of Jaeger, of which its front end since 2026 asks services, operations and searches,
//! and Grafana's data source, when told so, services, operations and single traces.
//!
//! Shapes as of `jaeger.api_v3.QueryService` in proto3's JSON. That has no place for what an answer lacks.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use model::{
    id::{SpanId, TraceId},
    span::StatusCode as SpanStatus,
};
use serde::Serialize;
use telemetry_store::reader::Span;

use super::{
    otlp::{self, ResourceSpans},
    search::Search,
    services::{Operation, Services, of_service},
    traces::{by_ids, searched, trace_id},
};
use crate::{auth::Caller, context::Shared, error::ApiError, prometheus::Asked};

#[derive(Debug, Serialize)]
pub(crate) struct ServicesAnswer {
    services: Vec<String>,
}

/// The names of all services.
pub(crate) async fn services(
    State(context): State<Shared>,
    caller: Caller,
) -> Json<ServicesAnswer> {
    Json(ServicesAnswer { services: Services::of(&context.entities(&caller)).all() })
}

#[derive(Debug, Serialize)]
pub(crate) struct OperationsAnswer {
    operations: BTreeSet<Operation>,
}

/// `/operations?service=…&span_kind=…`.
pub(crate) async fn operations(
    State(context): State<Shared>,
    caller: Caller,
    asked: Asked,
) -> Result<Json<OperationsAnswer>, ApiError> {
    let service =
        asked.text("service").ok_or_else(|| ApiError::bad("parameter 'service' is required"))?;
    let kind = asked.text("span_kind").or_else(|| asked.text("spanKind"));
    let (mut operations, _) = of_service(&context, &caller, service).await?;
    operations.retain(|operation| kind.is_none_or(|kind| operation.span_kind == kind));
    Ok(Json(OperationsAnswer { operations }))
}

#[derive(Debug, Serialize)]
pub(crate) struct SummariesAnswer {
    summaries: Vec<Summary>,
}

/// What a list says of a trace.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    trace_id: String,
    /// Of the earliest span that none of the trace is the parent of.
    root_service_name: String,
    root_operation_name: String,
    min_start_time_unix_nano: String,
    max_end_time_unix_nano: String,
    span_count: usize,
    error_span_count: usize,
    /// Spans whose parents are not in the trace.
    orphan_span_count: usize,
    services: Vec<ServiceSummary>,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ServiceSummary {
    name: String,
    span_count: usize,
    error_span_count: usize,
}

/// `/trace-summaries?query.serviceName=…`: the traces that a search finds, in a line each.
pub(crate) async fn summaries(
    State(context): State<Shared>,
    caller: Caller,
    asked: Asked,
) -> Result<Json<SummariesAnswer>, ApiError> {
    let search = Search::read_third(&asked, context.now_ms())?;
    let (summaries, _) = searched(&context, &caller, search, summary).await?;
    Ok(Json(SummariesAnswer { summaries }))
}

fn summary(id: TraceId, spans: &[Span], services: &Services) -> Summary {
    let ids: BTreeSet<SpanId> = spans.iter().map(|span| span.id).collect();
    let is_top = |span: &&Span| !ids.contains(&span.parent);
    // One without a parent before one whose parent has not come.
    let root = spans.iter().filter(is_top).min_by_key(|it| (!it.parent.is_none(), it.start_ns));
    let failed = |span: &Span| usize::from(span.status == SpanStatus::Error);
    let mut counts = BTreeMap::<&str, (usize, usize)>::new();
    for span in spans {
        let (all, errors) = counts.entry(services.name(span.tier)).or_default();
        *all += 1;
        *errors += failed(span);
    }
    let end_ns = spans.iter().map(|span| span.start_ns.saturating_add(span.duration_ns)).max();
    Summary {
        trace_id: id.to_string(),
        root_service_name: root.map_or("", |root| services.name(root.tier)).to_owned(),
        root_operation_name: root.map_or("", |root| &root.name).to_owned(),
        min_start_time_unix_nano: spans.iter().map(|it| it.start_ns).min().unwrap_or(0).to_string(),
        max_end_time_unix_nano: end_ns.unwrap_or(0).to_string(),
        span_count: spans.len(),
        error_span_count: spans.iter().map(failed).sum(),
        orphan_span_count: spans.iter().filter(|it| !it.parent.is_none()).filter(is_top).count(),
        services: counts
            .into_iter()
            .map(|(name, (span_count, error_span_count))| ServiceSummary {
                name: name.to_owned(),
                span_count,
                error_span_count,
            })
            .collect(),
    }
}

/// A part of a stream of traces, which here has one part.
#[derive(Debug, Serialize)]
pub(crate) struct TracesAnswer {
    result: TracesData,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TracesData {
    resource_spans: Vec<ResourceSpans>,
}

fn answer(traces: Vec<Vec<ResourceSpans>>) -> Json<TracesAnswer> {
    let resource_spans = traces.into_iter().flatten().collect();
    Json(TracesAnswer { result: TracesData { resource_spans } })
}

/// `/traces?query.serviceName=…`: the traces that a search finds, whole.
pub(crate) async fn search(
    State(context): State<Shared>,
    caller: Caller,
    asked: Asked,
) -> Result<Json<TracesAnswer>, ApiError> {
    let search = Search::read_third(&asked, context.now_ms())?;
    let (found, _) = searched(&context, &caller, search, otlp::trace).await?;
    Ok(answer(found))
}

/// `/traces/{id}`.
pub(crate) async fn trace(
    State(context): State<Shared>,
    caller: Caller,
    Path(text): Path<String>,
) -> Result<Json<TracesAnswer>, ApiError> {
    let id = trace_id(&text)?;
    let (found, missing, _) = by_ids(&context, &caller, vec![id], otlp::trace).await?;
    match missing.is_empty() {
        true => Ok(answer(found)),
        false => Err(ApiError::NotFound("trace not found".to_owned())),
    }
}

#[derive(Debug, Serialize)]
struct Refusal {
    error: RefusalDetail,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RefusalDetail {
    http_code: u16,
    message: String,
}

/// Words a refusal as Jaeger's gateway does.
pub(super) fn refusal(status: StatusCode, message: String) -> Response {
    Json(Refusal { error: RefusalDetail { http_code: status.as_u16(), message } }).into_response()
}
