//! Who calls a single node and whom it calls. Figures keep calls by tier, so that this is told of traces: of a bounded sample,
//! spread over the range.

use std::{collections::BTreeMap, sync::Arc};

use api_types::{FlowMap, FlowMapEdge, FlowMapNode, FlowMapNodeKind, NodeFlowMap};
use axum::{Json, extract::State};
use model::{
    entity::{Entity, EntityKind},
    figure::{Call, Figure},
    id::{EntityId, TraceId},
    span::{Outcome, StatusCode},
};
use telemetry_store::reader::{QueryError, Span, SpanQuery};

use super::{Refusals, traces::Targets};
use crate::{
    ask::Asking,
    auth::Caller,
    context::Shared,
    entities::{Entities, known},
    error::ApiError,
    extract::{PathId, Range, RangeParams},
    figures::{Total, figures},
    reference::{CallCategories, backend_category},
    sampled,
    waterfall::{Role, Waterfall, entry_failed},
};

/// Spans of the tier that are looked through for the node's, in each part of the range: at first, and where too few of these are
/// its own.
const SPANS_A_SLICE: [usize; 2] = [100, 500];
/// Traces that are read.
const MAX_TRACES: usize = 40;

/// Who calls a node and whom it calls, in at most 40 traces spread over the range. A trace is kept whole for a day.
#[utoipa::path(get, path = "/api/v1/nodes/{id}/flow-map", tag = "flow map",
    params(("id" = u32, Path), RangeParams), responses((status = 200, body = NodeFlowMap), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    range: Range,
) -> Result<Json<NodeFlowMap>, ApiError> {
    let entities = context.entities(&caller);
    let node = entities.one_of(id, &[EntityKind::Node], "node")?;
    let (of, known) = (entities.clone(), Arc::clone(&node));
    let told = context.queries.ask(caller.account, move |asking| {
        let (traces, looked_at) = traces_of(asking, &known, &range)?;
        let mut calls = Calls::default();
        let mut read = 0;
        sampled::read_traces(asking, &traces, |spans| {
            read += 1;
            calls.add(&of, id, spans);
        })?;
        Ok((calls, read, looked_at))
    });
    let told = told.await?;
    let (calls, traces, looked_at) = told.value;
    let map = FlowMap { partial: told.partial, ..calls.drawn(&entities, &node) };
    Ok(Json(NodeFlowMap { map, traces, looked_at }))
}

/// Traces in which the node took part, from all parts of the range, and how many spans of its tier were looked through.
fn traces_of(
    asking: &mut Asking<'_>,
    node: &Entity,
    range: &Range,
) -> Result<(Vec<TraceId>, usize), QueryError> {
    let (from_ns, to_ns) = range.nanos();
    let (account, most) = (asking.account, MAX_TRACES / sampled::SLICES);
    let (mut traces, mut looked_at) = (Vec::new(), 0);
    for (from_ns, to_ns) in sampled::slices(from_ns, to_ns) {
        let of_tier = |limit| SpanQuery {
            account,
            application: Some(node.key.application),
            tier: Some(node.key.parent),
            name: None,
            bt: None,
            attributes: Vec::new(),
            min_duration_ns: 0,
            max_duration_ns: u64::MAX,
            errors_only: false,
            from_ns,
            to_ns,
            before: None,
            limit,
        };
        let (mut own, mut found) = (Vec::new(), 0);
        for limit in SPANS_A_SLICE {
            let spans = asking.spans(&of_tier(limit))?.rows;
            let of_node = spans.iter().filter(|span| span.node == node.id);
            own = of_node.map(|span| span.trace).collect();
            own.dedup();
            own.truncate(most);
            found = spans.len();
            if own.len() == most || found < limit {
                break;
            }
        }
        looked_at += found;
        traces.extend(own);
    }
    traces.sort();
    traces.dedup();
    Ok((traces, looked_at))
}

/// Calls by their other end: into the node, and out of it.
#[derive(Debug, Default)]
struct Calls {
    entries: Figure,
    /// By the tier that called; no entity where nobody known did.
    callers: BTreeMap<EntityId, Figure>,
    called: BTreeMap<EntityId, Figure>,
}

impl Calls {
    fn add(&mut self, entities: &Entities, node: EntityId, spans: &[Span]) {
        let targets = Targets::of(entities, spans);
        let waterfall = Waterfall::of(spans);
        for row in &waterfall.rows {
            let span = &spans[row.span];
            if span.node != node {
                continue;
            }
            match &row.role {
                Role::Entry => {
                    let call = call_of(span, entry_failed(span));
                    self.entries.add(&call);
                    if let Some(parent) = waterfall.tree.parent(row.span) {
                        self.callers.entry(spans[parent].tier).or_default().add(&call);
                    }
                }
                Role::Exit(called) => {
                    let target = EntityId(targets.of_call(span, called).id);
                    if target.some().is_some() {
                        let call = call_of(span, span.status == StatusCode::Error);
                        self.called.entry(target).or_default().add(&call);
                    }
                }
                Role::Internal | Role::Transport => {}
            }
        }
    }

    fn drawn(&self, entities: &Entities, node: &Entity) -> FlowMap {
        let categories = CallCategories::of(entities);
        let mut nodes = BTreeMap::<EntityId, FlowMapNode>::new();
        let mut edges = Vec::new();
        let itself = FlowMapNode {
            kind: FlowMapNodeKind::Node,
            category: "node".to_owned(),
            entry: self.entries.calls > 0.0,
            ..drawn(node, Some(&self.entries))
        };
        nodes.insert(node.id, itself);
        for (tier, figure) in &self.callers {
            let Some(caller) = entities.get(*tier) else { continue };
            edges.push(edge(caller.id, node.id, "HTTP", false, true, figure));
            nodes.entry(caller.id).or_insert_with(|| drawn(&caller, None));
        }
        for (target, figure) in &self.called {
            let Some(called) = entities.get(*target) else { continue };
            let queue = called.key.kind == EntityKind::Queue;
            let resolved = called.key.kind != EntityKind::Backend;
            edges.push(edge(node.id, called.id, &categories.to(&called), queue, resolved, figure));
            nodes.entry(called.id).or_insert_with(|| drawn(&called, Some(figure)));
        }
        FlowMap {
            application: entities.mention(node.key.application),
            nodes: nodes.into_values().collect(),
            edges,
            filling_from: None,
            partial: None,
        }
    }
}

fn call_of(span: &Span, failed: bool) -> Call {
    Call {
        micros: span.duration_ns as f64 / 1000.0,
        weight: 1.0,
        failed,
        http_error: false,
        outcome: Outcome::Normal,
        long_lived: false,
        at_ms: i64::try_from(span.start_ns / 1_000_000).unwrap_or(i64::MAX),
    }
}

/// Of a sample there is no rate.
fn of_sample(figure: &Figure) -> api_types::Figures {
    figures(&Total { all: figure.clone(), complete: figure.clone() }, 0)
}

fn drawn(entity: &Entity, figure: Option<&Figure>) -> FlowMapNode {
    let (kind, category) = match entity.key.kind {
        EntityKind::Backend => (FlowMapNodeKind::Backend, backend_category(entity)),
        EntityKind::Queue => (FlowMapNodeKind::Queue, backend_category(entity)),
        EntityKind::Application => (FlowMapNodeKind::Application, "application".to_owned()),
        _ => (FlowMapNodeKind::Tier, "tier".to_owned()),
    };
    FlowMapNode {
        id: entity.id.0,
        kind,
        name: entity.key.name.clone(),
        category,
        system: known(&entity.properties.system),
        figures: figure.map(of_sample),
        nodes: 0,
        x: None,
        y: None,
        pinned: false,
        entry: false,
        hints: Vec::new(),
    }
}

fn edge(
    from: EntityId,
    to: EntityId,
    category: &str,
    asynchronous: bool,
    resolved: bool,
    figure: &Figure,
) -> FlowMapEdge {
    let category = category.to_owned();
    FlowMapEdge {
        from: from.0,
        to: to.0,
        category,
        asynchronous,
        figures: of_sample(figure),
        resolved,
    }
}
