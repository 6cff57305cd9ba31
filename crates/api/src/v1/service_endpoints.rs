//! Service endpoints.

use api_types::{Page, ServiceEndpoint};
use axum::Json;
use model::{entity::EntityKind, figure::Scope, id::EntityId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Refusals, application_list::ApplicationList};
use crate::{
    error::ApiError,
    extract::{Params, RangeParams},
    figures::Measured,
    judge::BaselineParams,
    paging::PageParams,
};

/// Which service endpoints.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Id of a tier: only its service endpoints.
    tier: Option<u32>,
}

/// The service endpoints of an application by name.
#[utoipa::path(get, path = "/api/v1/applications/{id}/service-endpoints", tag = "service endpoints",
    params(("id" = u32, Path), RangeParams, BaselineParams, ListParams, PageParams),
    responses((status = 200, body = Page<ServiceEndpoint>), Refusals))]
pub(crate) async fn list(
    list: ApplicationList,
    Params(wanted): Params<ListParams>,
) -> Result<Json<Page<ServiceEndpoint>>, ApiError> {
    let entities = &list.entities;
    let tier = entities.filter(wanted.tier, EntityKind::Tier, "tier")?;
    let mut endpoints = entities.all(list.application, EntityKind::ServiceEndpoint);
    endpoints.retain(|endpoint| tier.is_none_or(|tier| endpoint.key.parent == tier));
    let ids: Vec<EntityId> = endpoints.iter().map(|endpoint| endpoint.id).collect();
    let totals = list.totals_of(Scope::Endpoint, tier.map(|_| &*ids)).await?;
    Ok(Json(list.slice.page(endpoints, totals.partial.clone(), |endpoint| ServiceEndpoint {
        id: endpoint.id.0,
        name: endpoint.key.name.clone(),
        tier: entities.mention(endpoint.key.parent),
        figures: totals.figures(Measured::Endpoint(endpoint.id)),
    })))
}
