//! Backends and queues.

use api_types::{Backend, Page};
use axum::Json;
use model::{entity::EntityKind, figure::Scope};

use super::{Refusals, application_list::ApplicationList};
use crate::{
    entities::known, error::ApiError, extract::RangeParams, figures::Measured, paging::PageParams,
    reference,
};

/// The backends of an application, then its queues, each by name.
#[utoipa::path(get, path = "/api/v1/applications/{id}/backends", tag = "backends",
    params(("id" = u32, Path), RangeParams, PageParams), responses((status = 200, body = Page<Backend>), Refusals))]
pub(crate) async fn list(list: ApplicationList) -> Result<Json<Page<Backend>>, ApiError> {
    let entities = &list.entities;
    let totals = list.totals(Scope::Edge).await?;
    let mut backends = entities.all(list.application, EntityKind::Backend);
    backends.extend(entities.all(list.application, EntityKind::Queue));
    Ok(Json(list.slice.page(backends, totals.partial.clone(), |backend| Backend {
        id: backend.id.0,
        name: backend.key.name.clone(),
        category: reference::backend_category(&backend),
        system: known(&backend.properties.system),
        address: backend.properties.address.clone(),
        figures: totals.figures(Measured::CallsTo(backend.id)),
    })))
}
