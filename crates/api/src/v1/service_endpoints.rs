//! Service endpoints.

use api_types::{Page, ServiceEndpoint};
use axum::{Json, extract::State};
use model::{entity::EntityKind, figure::Scope};

use super::{Refusals, totals::Totals};
use crate::{
    auth::Caller,
    context::Shared,
    error::ApiError,
    extract::{Params, PathId, Range, RangeParams},
    figures::Measured,
    paging::PageParams,
};

/// The service endpoints of an application by name.
#[utoipa::path(get, path = "/api/v1/applications/{id}/service-endpoints", tag = "service endpoints",
    params(("id" = u32, Path), RangeParams, PageParams),
    responses((status = 200, body = Page<ServiceEndpoint>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<ServiceEndpoint>>, ApiError> {
    let slice = page.slice()?;
    let entities = context.entities(caller.account);
    entities.application(id)?;
    let totals = Totals::of(&context, caller.account, id, Scope::Endpoint, &period).await?;
    let endpoints = entities.all(id, EntityKind::ServiceEndpoint);
    Ok(Json(slice.page(endpoints, totals.partial.clone(), |endpoint| ServiceEndpoint {
        id: endpoint.id.0,
        name: endpoint.key.name.clone(),
        tier: entities.mention(endpoint.key.parent),
        figures: totals.figures(Measured::Endpoint(endpoint.id)),
    })))
}
