//! Roles, and the closed list of permissions that they are made of.

use api_types::{Grant, NewRole, Page, Permission as PermissionBody, Permissions, Role};
use axum::{Json, extract::State};
use http::StatusCode;
use metadata_store::{NewRole as ToStore, Role as Stored, Roles as _};
use model::{
    access::{Grant as Held, Permission, Rights},
    entity::EntityKind,
    id::EntityId,
};

use super::{Refusals, own_rights::covered, users::line};
use crate::{
    access_key::sound_name,
    auth::{Caller, Deed, Trail},
    context::{Context, Shared},
    error::ApiError,
    extract::{Body, PathId},
    paging::{PageParams, Slice},
};

/// All permissions that there are.
#[utoipa::path(get, path = "/api/v1/permissions", tag = "users",
    responses((status = 200, body = Permissions), Refusals))]
pub(crate) async fn permissions(_: Caller) -> Json<Permissions> {
    let items = Permission::ALL.into_iter().map(|permission| PermissionBody {
        name: permission.name().to_owned(),
        allows: permission.sentence().to_owned(),
        of_applications: permission.is_of_applications(),
    });
    Json(Permissions { items: items.collect() })
}

/// The account's roles, oldest first.
#[utoipa::path(get, path = "/api/v1/roles", tag = "users", params(PageParams),
    responses((status = 200, body = Page<Role>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    slice: Slice,
) -> Result<Json<Page<Role>>, ApiError> {
    let roles = context.store.roles(caller.account.0).await?;
    Ok(Json(slice.page(roles, None, shown)))
}

/// Makes a role.
#[utoipa::path(post, path = "/api/v1/roles", tag = "users", request_body = NewRole,
    responses(
        (status = 200, body = Role),
        (status = 409, description = "There is a role of that name.", body = api_types::ErrorBody),
        Refusals))]
pub(crate) async fn create(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    Body(wanted): Body<NewRole>,
) -> Result<Json<Role>, ApiError> {
    let id = create_in(&context, &caller, &trail, wanted).await?;
    read_one(&context, &caller, id).await.map(Json)
}

/// Makes a role and returns its id; for the other APIs too.
pub(crate) async fn create_in(
    context: &Context,
    caller: &Caller,
    trail: &Trail,
    wanted: NewRole,
) -> Result<u32, ApiError> {
    let role = to_store(context, caller, &wanted)?;
    let deed = Deed { action: "create", object: "role", id: "", name: &role.name };
    let entry = trail.entry_of(deed, None::<&()>, Some(&wanted));
    Ok(context.store.create_role(&role, &entry).await?)
}

/// Puts another role in the place of one. Whoever has it may what it allows from the next request on.
#[utoipa::path(put, path = "/api/v1/roles/{id}", tag = "users", params(("id" = u32, Path)),
    request_body = NewRole,
    responses(
        (status = 200, body = Role),
        (status = 409, description = "The name is taken, or the role is a predefined one.",
            body = api_types::ErrorBody),
        Refusals))]
pub(crate) async fn change(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathId(id): PathId,
    Body(wanted): Body<NewRole>,
) -> Result<Json<Role>, ApiError> {
    change_in(&context, &caller, &trail, id.0, wanted).await?;
    read_one(&context, &caller, id.0).await.map(Json)
}

/// Changes a role; for the other APIs too.
pub(crate) async fn change_in(
    context: &Context,
    caller: &Caller,
    trail: &Trail,
    id: u32,
    wanted: NewRole,
) -> Result<(), ApiError> {
    let before = read_one(context, caller, id).await?;
    role_within_own(context, caller, id).await?;
    let role = to_store(context, caller, &wanted)?;
    let text = id.to_string();
    let deed = Deed { action: "change", object: "role", id: &text, name: &before.name };
    let entry = trail.entry_of(deed, Some(&before), Some(&wanted));
    Ok(context.store.update_role(id, &role, &entry).await?)
}

/// Deletes a role and takes it from whoever has it.
#[utoipa::path(delete, path = "/api/v1/roles/{id}", tag = "users", params(("id" = u32, Path)),
    responses(
        (status = 204, description = "It is gone."),
        (status = 409, description = "The role is a predefined one.", body = api_types::ErrorBody),
        Refusals))]
pub(crate) async fn delete(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathId(id): PathId,
) -> Result<StatusCode, ApiError> {
    delete_in(&context, &caller, &trail, id.0).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes a role; for the other APIs too.
pub(crate) async fn delete_in(
    context: &Context,
    caller: &Caller,
    trail: &Trail,
    id: u32,
) -> Result<(), ApiError> {
    let before = read_one(context, caller, id).await?;
    role_within_own(context, caller, id).await?;
    let text = id.to_string();
    let deed = Deed { action: "delete", object: "role", id: &text, name: &before.name };
    let entry = trail.entry_of(deed, Some(&before), None::<&()>);
    Ok(context.store.delete_role(caller.account.0, id, &entry).await?)
}

/// One role of the caller's account.
pub(crate) async fn read_one(
    context: &Context,
    caller: &Caller,
    id: u32,
) -> Result<Role, ApiError> {
    let roles = context.store.roles(caller.account.0).await?;
    let found = roles.into_iter().find(|role| role.id == id).map(shown);
    found.ok_or_else(|| ApiError::missing("role", id))
}

async fn role_within_own(context: &Context, caller: &Caller, id: u32) -> Result<(), ApiError> {
    super::own_rights::within_own(context, caller, &[id]).await
}

fn to_store(context: &Context, caller: &Caller, wanted: &NewRole) -> Result<ToStore, ApiError> {
    let grants: Result<Vec<Held>, ApiError> =
        wanted.grants.iter().map(|grant| held(context, caller, grant)).collect();
    let grants = grants?;
    let rights: Rights = grants.iter().copied().collect();
    covered(caller, &rights, "this role")?;
    Ok(ToStore {
        account_id: caller.account.0,
        name: sound_name(&wanted.name).map_err(ApiError::bad)?.to_owned(),
        description: line("description", &wanted.description)?.to_owned(),
        grants,
    })
}

fn held(context: &Context, caller: &Caller, grant: &Grant) -> Result<Held, ApiError> {
    let permission = Permission::of_name(&grant.permission).ok_or_else(|| {
        let all: Vec<&str> = Permission::ALL.into_iter().map(Permission::name).collect();
        let all = all.join(", ");
        ApiError::Unprocessable(format!("{:?} is no permission; there are {all}", grant.permission))
    })?;
    let application = grant.application.map(EntityId);
    let held = Held { permission, application };
    if !held.is_sound() {
        return Err(ApiError::Unprocessable(format!(
            "{permission} can be held over the account only, not over one application"
        )));
    }
    if let Some(id) = application {
        let entities = context.every_entity(caller.account);
        let kinds = [EntityKind::Application];
        entities.one_of(id, &kinds, "application").map_err(ApiError::within_body)?;
    }
    Ok(held)
}

fn shown(role: Stored) -> Role {
    // In an order of its own, so that two answers are alike.
    let rights: Rights = role.grants.iter().copied().collect();
    Role {
        id: role.id,
        name: role.name,
        description: role.description,
        predefined: role.predefined,
        grants: rights
            .grants()
            .map(|grant| Grant {
                permission: grant.permission.name().to_owned(),
                application: grant.application.map(|id| id.0),
            })
            .collect(),
    }
}
