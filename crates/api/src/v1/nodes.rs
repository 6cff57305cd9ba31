//! Nodes.

use api_types::{Node, Page};
use axum::{Json, extract::State};
use model::figure::Scope;

use super::{Refusals, totals::Totals};
use crate::{
    auth::Caller,
    context::Shared,
    entities::{is_historical, known},
    error::ApiError,
    extract::{Params, PathId, Range, RangeParams},
    figures::Measured,
    paging::PageParams,
};

/// The nodes of an application that lived in the range, by name.
#[utoipa::path(get, path = "/api/v1/applications/{id}/nodes", tag = "nodes",
    params(("id" = u32, Path), RangeParams, PageParams), responses((status = 200, body = Page<Node>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<Node>>, ApiError> {
    let slice = page.slice()?;
    let now_ms = context.now_ms();
    let entities = context.entities(caller.account);
    entities.application(id)?;
    let totals = Totals::of(&context, caller.account, id, Scope::Node, &period).await?;
    let nodes = entities.live_nodes(id, period.range, now_ms);
    Ok(Json(slice.page(nodes, totals.partial.clone(), |node| Node {
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
