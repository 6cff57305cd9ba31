//! Nodes.

use api_types::{Node, Page};
use axum::Json;
use model::figure::Scope;

use super::{Refusals, application_list::ApplicationList};
use crate::{
    entities::{is_historical, known},
    error::ApiError,
    extract::RangeParams,
    figures::Measured,
    paging::PageParams,
};

/// The nodes of an application that lived in the range, by name.
#[utoipa::path(get, path = "/api/v1/applications/{id}/nodes", tag = "nodes",
    params(("id" = u32, Path), RangeParams, PageParams), responses((status = 200, body = Page<Node>), Refusals))]
pub(crate) async fn list(list: ApplicationList) -> Result<Json<Page<Node>>, ApiError> {
    let now_ms = list.context.now_ms();
    let entities = &list.entities;
    let totals = list.totals(Scope::Node).await?;
    let nodes = entities.live_nodes(list.application, list.period.range, now_ms);
    Ok(Json(list.slice.page(nodes, totals.partial.clone(), |node| Node {
        id: node.id.0,
        name: node.key.name.clone(),
        tier: entities.mention(node.key.parent),
        runtime: known(&node.properties.system).or_else(|| {
            entities.get(node.key.parent).and_then(|tier| known(&tier.properties.system))
        }),
        agent: known(&node.properties.agent),
        last_seen: node.last_seen_ms,
        historical: is_historical(&node, now_ms),
        figures: totals.figures(Measured::Node(node.id)),
    })))
}
