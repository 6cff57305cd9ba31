//! Tiers.

use api_types::{Page, Tier, TierKind};
use axum::Json;
use model::{entity::EntityKind, figure::Scope};

use super::{Refusals, application_list::ApplicationList};
use crate::{
    entities::{hints_of, known},
    error::ApiError,
    extract::RangeParams,
    figures::Measured,
    paging::PageParams,
};

/// The tiers of an application by name.
#[utoipa::path(get, path = "/api/v1/applications/{id}/tiers", tag = "tiers",
    params(("id" = u32, Path), RangeParams, PageParams), responses((status = 200, body = Page<Tier>), Refusals))]
pub(crate) async fn list(list: ApplicationList) -> Result<Json<Page<Tier>>, ApiError> {
    let entities = &list.entities;
    let totals = list.totals(Scope::Tier).await?;
    let nodes = entities.live_nodes(list.application, list.period.range, list.context.now_ms());
    let tiers = entities.all(list.application, EntityKind::Tier);
    Ok(Json(list.slice.page(tiers, totals.partial.clone(), |tier| {
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
