//! Backends and queues.

use api_types::{Backend, Page};
use axum::{Json, extract::State};
use model::{entity::EntityKind, figure::Scope};

use super::{Refusals, totals::Totals};
use crate::{
    auth::Caller,
    context::Shared,
    entities::known,
    error::ApiError,
    extract::{Params, PathId, Range, RangeParams},
    figures::Measured,
    paging::PageParams,
    reference,
};

/// The backends of an application, then its queues, each by name.
#[utoipa::path(get, path = "/api/v1/applications/{id}/backends", tag = "backends",
    params(("id" = u32, Path), RangeParams, PageParams), responses((status = 200, body = Page<Backend>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Range { period, .. }: Range,
    Params(page): Params<PageParams>,
) -> Result<Json<Page<Backend>>, ApiError> {
    let slice = page.slice()?;
    let entities = context.entities(caller.account);
    entities.application(id)?;
    let totals = Totals::of(&context, caller.account, id, Scope::Edge, &period).await?;
    let mut backends = entities.all(id, EntityKind::Backend);
    backends.extend(entities.all(id, EntityKind::Queue));
    Ok(Json(slice.page(backends, totals.partial.clone(), |backend| Backend {
        id: backend.id.0,
        name: backend.key.name.clone(),
        category: reference::backend_category(&backend),
        system: known(&backend.properties.system),
        address: backend.properties.address.clone(),
        figures: totals.figures(Measured::CallsTo(backend.id)),
    })))
}
