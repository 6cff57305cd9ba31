//! Tiers.

use std::sync::Arc;

use api_types::{Figures, Page, Tier, TierDetail, TierKind};
use axum::{Json, extract::State};
use model::{
    entity::{Entity, EntityKind},
    figure::Scope,
};

use super::{Refusals, application_list::ApplicationList, totals::Totals};
use crate::{
    auth::Caller,
    context::Shared,
    entities::{hints_of, known},
    error::ApiError,
    extract::{PathId, Range, RangeParams},
    figures::Measured,
    judge::{BaselineParams, Wanted},
    paging::PageParams,
};

/// The tiers of an application by name.
#[utoipa::path(get, path = "/api/v1/applications/{id}/tiers", tag = "tiers",
    params(("id" = u32, Path), RangeParams, BaselineParams, PageParams), responses((status = 200, body = Page<Tier>), Refusals))]
pub(crate) async fn list(list: ApplicationList) -> Result<Json<Page<Tier>>, ApiError> {
    let entities = &list.entities;
    let totals = list.totals(Scope::Tier).await?;
    let nodes = entities.live_nodes(list.application, list.period.range, list.context.now_ms());
    let tiers = entities.all(list.application, EntityKind::Tier);
    Ok(Json(list.slice.page(tiers, totals.partial.clone(), |tier| {
        body(&tier, &nodes, totals.figures(Measured::Tier(tier.id)))
    })))
}

/// One tier.
#[utoipa::path(get, path = "/api/v1/tiers/{id}", tag = "tiers",
    params(("id" = u32, Path), RangeParams), responses((status = 200, body = TierDetail), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
) -> Result<Json<TierDetail>, ApiError> {
    let entities = context.entities(&caller);
    let tier = entities.one_of(id, &[EntityKind::Tier], "tier")?;
    let application = tier.key.application;
    let judged = (&period, Wanted::Default);
    let asked = (Scope::Tier, Some(&[id][..]));
    let totals = Totals::of(&context, caller.account, application, asked, judged).await?;
    let nodes = entities.live_nodes(application, period.range, context.now_ms());
    let every = entities.all(application, EntityKind::Node);
    let own = |nodes: &[Arc<Entity>]| nodes.iter().filter(|node| node.key.parent == id).count();
    Ok(Json(TierDetail {
        historical_nodes: own(&every).saturating_sub(own(&nodes)),
        tier: body(&tier, &nodes, totals.figures(Measured::Tier(id))),
        application: entities.mention(application),
        first_seen: tier.created_ms,
        last_seen: tier.last_seen_ms,
        partial: totals.partial,
    }))
}

/// A tier with its live nodes among `nodes`.
fn body(tier: &Entity, nodes: &[Arc<Entity>], figures: Figures) -> Tier {
    let own = || nodes.iter().filter(|node| node.key.parent == tier.id);
    let newest = own().max_by_key(|node| (node.last_seen_ms, node.id));
    Tier {
        id: tier.id.0,
        name: tier.key.name.clone(),
        kind: TierKind::Tier,
        nodes: own().count(),
        runtime: known(&tier.properties.system),
        agent: newest.and_then(|node| known(&node.properties.agent)),
        figures,
        hints: hints_of(tier),
    }
}
