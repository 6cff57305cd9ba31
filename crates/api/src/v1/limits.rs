//! Limits: how near they are, and what was refused for their sake.

use api_types::{Limit, Limits};
use axum::{Json, extract::State};
use model::{entity::EntityKind, id::EntityId};

use super::Refusals;
use crate::{
    auth::Caller,
    context::Shared,
    deps::Caps,
    entities::{Entities, is_historical},
    error::ApiError,
    limit,
};

/// Limits that are worth a look, the nearest first: those of the process always, those of entities from half of them on, at
/// most 500. With what was refused since the start.
#[utoipa::path(get, path = "/api/v1/limits", tag = "administration",
    responses((status = 200, body = Limits), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
) -> Result<Json<Limits>, ApiError> {
    let (caps, mut items, refusals, since) = context
        .operations(|operations| {
            let health = operations.health();
            Ok((operations.caps(), operations.limits()?, operations.refusals(), health.started_at))
        })
        .await?;
    items.extend(of_entities(&context.entities(&caller), caps, context.now_ms()));
    limit::sort(&mut items);
    items.truncate(500);
    Ok(Json(Limits { items, refusals, since }))
}

fn of_entities(entities: &Entities, caps: Caps, now_ms: i64) -> Vec<Limit> {
    let applications = entities.all(EntityId::NONE, EntityKind::Application);
    let mut limits = vec![limit::of("applications", "Applications", applications.len(), caps.applications)
        .remedy("Further ones are one application, All other applications. Let services of one system share their service.namespace.")
        .made()];
    for application in &applications {
        let mention = entities.mention(application.id);
        let transactions = entities.transactions(application.id, now_ms).len();
        limits.push(
            limit::of("business-transactions", "Business transactions", transactions, caps.transactions)
                .application(&mention)
                .remedy(
                    "Further ones count in All Other Traffic of their tier, where each can be promoted. One that was not \
                     called for 7 days frees its place. Many alike show that paths hold ids: set http.route in the service.",
                )
                .made(),
        );
        let tiers = entities.all(application.id, EntityKind::Tier);
        limits.push(
            limit::of("tiers", "Tiers", tiers.len(), caps.tiers)
                .application(&mention)
                .remedy("Further ones are one tier, All other tiers. Let service.name name what a service is, not one process of it.")
                .made(),
        );
        for tier in &tiers {
            let nodes = entities.all(application.id, EntityKind::Node);
            let live = nodes
                .iter()
                .filter(|node| node.key.parent == tier.id && !is_historical(node, now_ms));
            limits.push(
                limit::of("nodes", "Live nodes", live.count(), caps.nodes)
                    .application(&mention)
                    .tier(entities.mention(tier.id))
                    .remedy("Processes on further hosts are one node, All other nodes. A node is historical after an hour without data.")
                    .made(),
            );
        }
    }
    limits.retain(|limit| limit.used * 2 >= limit.max);
    limits
}
