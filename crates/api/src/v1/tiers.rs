//! Tiers.

use api_types::{Page, Tier, TierKind};
use axum::{Json, extract::State};
use model::{entity::EntityKind, figure::Scope};

use super::{Refusals, totals::Totals};
use crate::{
    auth::Caller,
    context::Shared,
    entities::{hints_of, known},
    error::ApiError,
    extract::{Params, PathId, Range, RangeParams},
    figures::Measured,
    paging::PageParams,
};

/// The tiers of an application by name.
#[utoipa::path(get, path = "/api/v1/applications/{id}/tiers", tag = "tiers",
    params(("id" = u32, Path), RangeParams, PageParams), responses((status = 200, body = Page<Tier>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<Tier>>, ApiError> {
    let slice = page.slice()?;
    let entities = context.entities(caller.account);
    entities.application(id)?;
    let totals = Totals::of(&context, caller.account, id, Scope::Tier, &period).await?;
    let nodes = entities.live_nodes(id, period.range, context.now_ms());
    let tiers = entities.all(id, EntityKind::Tier);
    Ok(Json(slice.page(tiers, totals.partial.clone(), |tier| {
        let own = || nodes.iter().filter(|node| node.key.parent == tier.id);
        let newest = own().max_by_key(|node| (node.last_seen_ms, node.id));
        Tier {
            id: tier.id.0,
            name: tier.key.name.clone(),
            kind: TierKind::Tier,
            nodes: own().count(),
            runtime: known(&tier.properties.system),
            agent: newest.and_then(|node| known(&node.properties.agent)),
            figures: totals.figures(Measured::Tier(tier.id)),
            hints: hints_of(&tier),
        }
    })))
}
