//! How Vedette itself is.

use api_types::Health;
use axum::{Json, extract::State};
use model::{
    entity::{EntityKind, OWN_APPLICATION},
    id::EntityId,
};

use super::Refusals;
use crate::{auth::Caller, context::Shared, error::ApiError};

/// The process: memory, processor time, background work, and the application that it reports to itself as.
#[utoipa::path(get, path = "/api/v1/health", tag = "administration",
    responses((status = 200, body = Health), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
) -> Result<Json<Health>, ApiError> {
    let health = context.operations(|operations| Ok(operations.health())).await?;
    let entities = context.entities(&caller);
    let own =
        entities.find(EntityKind::Application, EntityId::NONE, EntityId::NONE, OWN_APPLICATION);
    let application = own.map(|own| entities.mention(own.id));
    Ok(Json(Health { application, ..health }))
}
