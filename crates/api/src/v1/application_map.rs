//! All applications on one map: which of them call which.

use std::collections::BTreeMap;

use api_types::{FlowMap, FlowMapEdge, FlowMapNode, FlowMapNodeKind, Ref};
use axum::{Json, extract::State};
use model::{entity::EntityKind, figure::Scope, id::EntityId, time::Minute};
use telemetry_store::reader::{FigureQuery, Points};

use super::Refusals;
use crate::{
    auth::Caller,
    context::Shared,
    error::ApiError,
    extract::{Range, RangeParams},
    figures::{Measured, Sums, Total, figures},
};

/// All applications, and the calls between their tiers. A queue or database that two of them use belongs to each on its own, so
/// what goes through one is on no edge here.
#[utoipa::path(get, path = "/api/v1/flow-map", tag = "flow map",
    params(RangeParams), responses((status = 200, body = FlowMap), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    Range { period, .. }: Range,
) -> Result<Json<FlowMap>, ApiError> {
    let entities = context.entities(&caller);
    let asked = entities.clone();
    let told = context.queries.ask(&caller, move |asking| {
        let scopes = [Scope::Edge, Scope::BusinessTransaction];
        let all = asking.query(EntityId::NONE, &scopes, period.complete, Points::Total);
        let rows = asking.totals(&FigureQuery { bt: Some(EntityId::NONE), ..all }, &period)?;
        let wanted = |measured: &Measured| {
            matches!(measured, Measured::Application(_) | Measured::Call { .. })
        };
        Ok(Sums::of(&rows, |bt| asked.is_key(bt), wanted))
    });
    let told = told.await?;
    let sums = told.value;
    let minutes = period.complete.len();
    let application_of = |id: EntityId| {
        let entity = entities.get(id)?;
        entity.key.application.some()
    };
    let mut calls = BTreeMap::<(EntityId, EntityId), Total>::new();
    for measured in sums.measured() {
        let Measured::Call { from, to } = measured else { continue };
        let Some(ends) = application_of(from).zip(application_of(to)) else { continue };
        if ends.0 != ends.1 {
            calls.entry(ends).or_default().merge(&sums.total(measured, period.filling));
        }
    }
    let now_ms = context.now_ms();
    let node = |id: EntityId, name: &str| {
        let measured = Measured::Application(id);
        let total = sums.has(measured).then(|| sums.total(measured, period.filling));
        FlowMapNode {
            id: id.0,
            kind: FlowMapNodeKind::Application,
            name: name.to_owned(),
            category: "application".to_owned(),
            system: None,
            figures: total.map(|total| figures(&total, minutes)),
            nodes: entities.live_nodes(id, period.range, now_ms).len(),
            x: None,
            y: None,
            pinned: false,
            entry: sums.has(measured),
            hints: Vec::new(),
        }
    };
    let applications = entities.all(EntityId::NONE, EntityKind::Application);
    Ok(Json(FlowMap {
        application: Ref { id: 0, name: "All applications".to_owned() },
        nodes: applications.iter().map(|app| node(app.id, &app.key.name)).collect(),
        edges: calls
            .iter()
            .map(|((from, to), total)| FlowMapEdge {
                from: from.0,
                to: to.0,
                category: "HTTP".to_owned(),
                asynchronous: false,
                figures: figures(total, minutes),
                resolved: true,
            })
            .collect(),
        filling_from: period.filling.map(Minute::start_millis),
        partial: told.partial,
    }))
}
