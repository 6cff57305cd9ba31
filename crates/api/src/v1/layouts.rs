//! Layouts of flow maps that people keep under a name; everybody of the account sees them.

use api_types::{Drawing, NewSavedLayout, Page, Ref, SavedLayout, SavedLayoutDetail};
use axum::{Json, extract::State};
use http::StatusCode;
use metadata_store::{NewView, View, Views as _};
use model::{access::Permission, entity::EntityKind, id::EntityId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Refusals, flow_map::check_positions};
use crate::{
    auth::Caller,
    context::{Context, Shared},
    entities::Entities,
    error::ApiError,
    extract::{Body, Params, PathId, short},
    paging::{PageParams, Slice},
};

/// Characters of a name.
const MAX_NAME: usize = 100;
/// Groups of a layout.
const MAX_GROUPS: usize = 200;

/// Of which map.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ScopeParams {
    /// `all`, `application:7`, `business-transaction:17`, `transaction-group:7.1`, `tier:3`, `node:5` or `backend:4`.
    #[param(
        example = "application:7",
        pattern = "^(all|(application|business-transaction|tier|node|backend):[0-9]{1,9}|transaction-group:[0-9]{1,9}\\.[0-9]{1,9})$"
    )]
    scope: String,
}

/// The layouts that are kept of a map.
#[utoipa::path(get, path = "/api/v1/flow-map-layouts", tag = "flow map", params(ScopeParams, PageParams),
    responses((status = 200, body = Page<SavedLayout>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    Params(of): Params<ScopeParams>,
    slice: Slice,
) -> Result<Json<Page<SavedLayout>>, ApiError> {
    check_scope(&context.entities(&caller), &of.scope)?;
    let all = context.store.views(caller.account.0, &of.scope).await?;
    Ok(Json(slice.page(all, None, told)))
}

/// Keeps a layout under a name. At most 50 of a map.
#[utoipa::path(post, path = "/api/v1/flow-map-layouts", tag = "flow map", request_body = NewSavedLayout,
    responses(
        (status = 201, body = Ref),
        (status = 409, description = "The map has a layout of that name.", body = api_types::ErrorBody),
        Refusals))]
pub(crate) async fn create(
    State(context): State<Shared>,
    caller: Caller,
    Body(wanted): Body<NewSavedLayout>,
) -> Result<(StatusCode, Json<Ref>), ApiError> {
    let view = view(&context, &caller, wanted).await?;
    let id = context.store.create_view(&view).await?;
    Ok((StatusCode::CREATED, Json(Ref { id, name: view.name })))
}

/// A layout with what it holds.
#[utoipa::path(get, path = "/api/v1/flow-map-layouts/{id}", tag = "flow map", params(("id" = u32, Path)),
    responses((status = 200, body = SavedLayoutDetail), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathId(EntityId(id)): PathId,
) -> Result<Json<SavedLayoutDetail>, ApiError> {
    let found = context.store.view(caller.account.0, id).await?;
    let (view, content) = found.ok_or_else(|| ApiError::missing("saved layout", id))?;
    check_scope(&context.entities(&caller), &view.scope)?;
    let drawing: Drawing = serde_json::from_str(&content).unwrap_or_default();
    Ok(Json(SavedLayoutDetail { layout: told(view), drawing }))
}

/// Replaces a layout: its name, what it holds, whether it is the default.
#[utoipa::path(put, path = "/api/v1/flow-map-layouts/{id}", tag = "flow map", params(("id" = u32, Path)),
    request_body = NewSavedLayout,
    responses(
        (status = 204, description = "Kept"),
        (status = 409, description = "The map has another layout of that name.", body = api_types::ErrorBody),
        Refusals))]
pub(crate) async fn replace(
    State(context): State<Shared>,
    caller: Caller,
    PathId(EntityId(id)): PathId,
    Body(wanted): Body<NewSavedLayout>,
) -> Result<StatusCode, ApiError> {
    may_change(&context, &caller, id).await?;
    let view = view(&context, &caller, wanted).await?;
    context.store.replace_view(id, &view).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets a layout.
#[utoipa::path(delete, path = "/api/v1/flow-map-layouts/{id}", tag = "flow map", params(("id" = u32, Path)),
    responses((status = 204, description = "It is no more"), Refusals))]
pub(crate) async fn delete(
    State(context): State<Shared>,
    caller: Caller,
    PathId(EntityId(id)): PathId,
) -> Result<StatusCode, ApiError> {
    may_change(&context, &caller, id).await?;
    context.store.delete_view(caller.account.0, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses who may not change a layout that is kept. One whose map is gone is anybody's to forget who may change the account.
async fn may_change(context: &Context, caller: &Caller, id: u32) -> Result<(), ApiError> {
    let found = context.store.view(caller.account.0, id).await?;
    let (view, _) = found.ok_or_else(|| ApiError::missing("saved layout", id))?;
    let application = check_scope(&context.entities(caller), &view.scope).unwrap_or(None);
    context.require(caller, Permission::Configure, application).await
}

fn told(view: View) -> SavedLayout {
    SavedLayout {
        id: view.id,
        scope: view.scope,
        name: view.name,
        default: view.is_default,
        changed_ms: view.changed_ms,
    }
}

async fn view(
    context: &Context,
    caller: &Caller,
    wanted: NewSavedLayout,
) -> Result<NewView, ApiError> {
    let application = check_scope(&context.entities(caller), &wanted.scope)?;
    context.require(caller, Permission::Configure, application).await?;
    let name = short("name", wanted.name.trim().to_owned(), MAX_NAME)?;
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(ApiError::Unprocessable("a layout has a name".to_owned()));
    }
    let drawing = Drawing { positions: wanted.positions, groups: wanted.groups };
    check(&drawing)?;
    let content = serde_json::to_string(&drawing).expect("a drawing is plain data");
    Ok(NewView {
        account_id: caller.account.0,
        scope: wanted.scope,
        name,
        content,
        is_default: wanted.default,
        changed_ms: context.now_ms(),
    })
}

fn check(drawing: &Drawing) -> Result<(), ApiError> {
    check_positions(&drawing.positions)?;
    if drawing.groups.len() > MAX_GROUPS {
        return Err(ApiError::bad(format!("a layout has at most {MAX_GROUPS} groups")));
    }
    for group in &drawing.groups {
        short("the name of a group", group.name.clone(), MAX_NAME)?;
        short("the prefix of a group", group.prefix.clone(), 255)?;
        if group.name.trim().is_empty() || group.prefix.is_empty() == group.members.is_empty() {
            return Err(ApiError::Unprocessable(
                "a group of a layout has a name, and either a prefix or members".to_owned(),
            ));
        }
    }
    Ok(())
}

/// The application whose map it is, none for the map of all; refuses the scope of a map that there is not.
fn check_scope(entities: &Entities, scope: &str) -> Result<Option<EntityId>, ApiError> {
    let number = |text: &str| text.parse().ok().map(EntityId);
    let of = |kinds: &[EntityKind], id: &str, what: &str| {
        let id = number(id).ok_or_else(no_scope)?;
        entities.one_of(id, kinds, what).map(|found| Some(Entities::application_of(&found)))
    };
    match scope.split_once(':') {
        None if scope == "all" => Ok(None),
        Some(("application", id)) => of(&[EntityKind::Application], id, "application"),
        Some(("business-transaction", id)) => {
            of(&[EntityKind::BusinessTransaction], id, "business transaction")
        }
        Some(("tier", id)) => of(&[EntityKind::Tier], id, "tier"),
        Some(("node", id)) => of(&[EntityKind::Node], id, "node"),
        Some(("backend", id)) => of(&[EntityKind::Backend, EntityKind::Queue], id, "backend"),
        Some(("transaction-group", id)) => {
            let (application, group) = id.split_once('.').ok_or_else(no_scope)?;
            let application = entities.application(number(application).ok_or_else(no_scope)?)?;
            let group: u32 = group.parse().map_err(|_| no_scope())?;
            match application.properties.groups.iter().any(|known| known.id == group) {
                true => Ok(Some(application.id)),
                false => Err(ApiError::missing("group of business transactions", group)),
            }
        }
        _ => Err(no_scope()),
    }
}

fn no_scope() -> ApiError {
    ApiError::bad(
        "scope has to be all, application:7, business-transaction:17, transaction-group:7.1, tier:3, node:5 or backend:4",
    )
}
