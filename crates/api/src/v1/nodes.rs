//! Nodes.

use api_types::{Figures, Node, NodeDetail, Page};
use axum::{Json, extract::State};
use model::{
    entity::{Entity, EntityKind},
    figure::Scope,
    id::EntityId,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Refusals, application_list::ApplicationList, totals::Totals};
use crate::{
    auth::Caller,
    context::Shared,
    entities::{Entities, is_historical, known},
    error::ApiError,
    extract::{Params, PathId, Range, RangeParams},
    figures::Measured,
    judge::{BaselineParams, Wanted},
    paging::PageParams,
};

/// Which nodes.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// `true`: also those that did not live in the range; their history is kept.
    historical: Option<bool>,
    /// Id of a tier: only its nodes.
    tier: Option<u32>,
}

/// The nodes of an application that lived in the range, by name.
#[utoipa::path(get, path = "/api/v1/applications/{id}/nodes", tag = "nodes",
    params(("id" = u32, Path), RangeParams, BaselineParams, ListParams, PageParams),
    responses((status = 200, body = Page<Node>), Refusals))]
pub(crate) async fn list(
    list: ApplicationList,
    Params(wanted): Params<ListParams>,
) -> Result<Json<Page<Node>>, ApiError> {
    let now_ms = list.context.now_ms();
    let entities = &list.entities;
    let tier = entities.filter(wanted.tier, EntityKind::Tier, "tier")?;
    let mut nodes = match wanted.historical {
        Some(true) => entities.all(list.application, EntityKind::Node),
        _ => entities.live_nodes(list.application, list.period.range, now_ms),
    };
    nodes.retain(|node| tier.is_none_or(|tier| node.key.parent == tier));
    let ids: Vec<EntityId> = nodes.iter().map(|node| node.id).collect();
    let totals = list.totals_of(Scope::Node, tier.map(|_| &*ids)).await?;
    Ok(Json(list.slice.page(nodes, totals.partial.clone(), |node| {
        body(entities, &node, now_ms, totals.figures(Measured::Node(node.id)))
    })))
}

/// One node.
#[utoipa::path(get, path = "/api/v1/nodes/{id}", tag = "nodes",
    params(("id" = u32, Path), RangeParams), responses((status = 200, body = NodeDetail), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
) -> Result<Json<NodeDetail>, ApiError> {
    let entities = context.entities(&caller);
    let node = entities.one_of(id, &[EntityKind::Node], "node")?;
    let application = node.key.application;
    let judged = (&period, Wanted::Default);
    let asked = (Scope::Node, Some(&[id][..]));
    let totals = Totals::of(&context, caller.account, application, asked, judged).await?;
    let figures = totals.figures(Measured::Node(id));
    Ok(Json(NodeDetail {
        node: body(&entities, &node, context.now_ms(), figures),
        application: entities.mention(application),
        host: known(&node.properties.host),
        first_seen: node.created_ms,
        partial: totals.partial,
    }))
}

fn body(entities: &Entities, node: &Entity, now_ms: i64, figures: Figures) -> Node {
    Node {
        id: node.id.0,
        name: node.key.name.clone(),
        tier: entities.mention(node.key.parent),
        runtime: known(&node.properties.system).or_else(|| {
            entities.get(node.key.parent).and_then(|tier| known(&tier.properties.system))
        }),
        agent: known(&node.properties.agent),
        last_seen: node.last_seen_ms,
        historical: is_historical(node, now_ms),
        figures,
    }
}
