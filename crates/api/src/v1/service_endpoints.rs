//! Service endpoints.

use api_types::{Page, ServiceEndpoint};
use axum::Json;
use model::{entity::EntityKind, figure::Scope};

use super::{Refusals, application_list::ApplicationList};
use crate::{
    error::ApiError, extract::RangeParams, figures::Measured, judge::BaselineParams,
    paging::PageParams,
};

/// The service endpoints of an application by name.
#[utoipa::path(get, path = "/api/v1/applications/{id}/service-endpoints", tag = "service endpoints",
    params(("id" = u32, Path), RangeParams, BaselineParams, PageParams),
    responses((status = 200, body = Page<ServiceEndpoint>), Refusals))]
pub(crate) async fn list(list: ApplicationList) -> Result<Json<Page<ServiceEndpoint>>, ApiError> {
    let entities = &list.entities;
    let totals = list.totals(Scope::Endpoint).await?;
    let endpoints = entities.all(list.application, EntityKind::ServiceEndpoint);
    Ok(Json(list.slice.page(endpoints, totals.partial.clone(), |endpoint| ServiceEndpoint {
        id: endpoint.id.0,
        name: endpoint.key.name.clone(),
        tier: entities.mention(endpoint.key.parent),
        figures: totals.figures(Measured::Endpoint(endpoint.id)),
    })))
}
