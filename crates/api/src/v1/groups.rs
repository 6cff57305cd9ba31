//! Groups of users.

use api_types::{Group, NewGroup, Page};
use axum::{Json, extract::State};
use http::StatusCode;
use metadata_store::{
    Group as Stored, Groups as _, MembershipList, Memberships as _, NewGroup as ToStore,
};

use super::{Refusals, own_rights::within_own, users::line};
use crate::{
    access_key::sound_name,
    auth::{Caller, Deed, Trail},
    context::{Context, Shared},
    error::ApiError,
    extract::{Body, PathId},
    paging::{PageParams, Slice},
};

/// The account's groups, oldest first.
#[utoipa::path(get, path = "/api/v1/groups", tag = "users", params(PageParams),
    responses((status = 200, body = Page<Group>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    slice: Slice,
) -> Result<Json<Page<Group>>, ApiError> {
    Ok(Json(slice.page(all(&context, &caller).await?, None, |group| group)))
}

/// Makes a group.
#[utoipa::path(post, path = "/api/v1/groups", tag = "users", request_body = NewGroup,
    responses(
        (status = 200, body = Group),
        (status = 409, description = "There is a group of that name.", body = api_types::ErrorBody),
        Refusals))]
pub(crate) async fn create(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    Body(wanted): Body<NewGroup>,
) -> Result<Json<Group>, ApiError> {
    let id = create_in(&context, &caller, &trail, wanted).await?;
    read_one(&context, &caller, id).await.map(Json)
}

/// Makes a group and returns its id; for the other APIs too.
pub(crate) async fn create_in(
    context: &Context,
    caller: &Caller,
    trail: &Trail,
    wanted: NewGroup,
) -> Result<u32, ApiError> {
    within_own(context, caller, &wanted.roles).await?;
    let group = to_store(caller, &wanted)?;
    let deed = Deed { action: "create", object: "group", id: "", name: &group.name };
    let entry = trail.entry_of(deed, None::<&()>, Some(&wanted));
    context
        .store
        .create_group(&group, &entry)
        .await
        .map_err(|error| ApiError::from(error).within_body())
}

/// Puts another group in the place of one: name, members and roles.
#[utoipa::path(put, path = "/api/v1/groups/{id}", tag = "users", params(("id" = u32, Path)),
    request_body = NewGroup,
    responses(
        (status = 200, body = Group),
        (status = 409, description = "The name is taken, or nobody would be left who may do everything.",
            body = api_types::ErrorBody),
        Refusals))]
pub(crate) async fn change(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathId(id): PathId,
    Body(wanted): Body<NewGroup>,
) -> Result<Json<Group>, ApiError> {
    change_in(&context, &caller, &trail, id.0, wanted).await?;
    read_one(&context, &caller, id.0).await.map(Json)
}

/// Changes a group; for the other APIs too.
pub(crate) async fn change_in(
    context: &Context,
    caller: &Caller,
    trail: &Trail,
    id: u32,
    wanted: NewGroup,
) -> Result<(), ApiError> {
    let before = read_one(context, caller, id).await?;
    within_own(context, caller, &before.roles).await?;
    within_own(context, caller, &wanted.roles).await?;
    let group = to_store(caller, &wanted)?;
    let text = id.to_string();
    let deed = Deed { action: "change", object: "group", id: &text, name: &before.name };
    let entry = trail.entry_of(deed, Some(&before), Some(&wanted));
    context
        .store
        .update_group(id, &group, &entry)
        .await
        .map_err(|error| ApiError::from(error).within_body())
}

/// Deletes a group; its users stay, without the roles that they had by it.
#[utoipa::path(delete, path = "/api/v1/groups/{id}", tag = "users", params(("id" = u32, Path)),
    responses(
        (status = 204, description = "It is gone."),
        (status = 409, description = "Nobody would be left who may do everything.",
            body = api_types::ErrorBody),
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

/// Deletes a group; for the other APIs too.
pub(crate) async fn delete_in(
    context: &Context,
    caller: &Caller,
    trail: &Trail,
    id: u32,
) -> Result<(), ApiError> {
    let before = read_one(context, caller, id).await?;
    within_own(context, caller, &before.roles).await?;
    let text = id.to_string();
    let deed = Deed { action: "delete", object: "group", id: &text, name: &before.name };
    let entry = trail.entry_of(deed, Some(&before), None::<&()>);
    Ok(context.store.delete_group(caller.account.0, id, &entry).await?)
}

/// All groups of the caller's account.
pub(crate) async fn all(context: &Context, caller: &Caller) -> Result<Vec<Group>, ApiError> {
    let groups = context.store.groups(caller.account.0).await?;
    let members = context.store.memberships(caller.account.0).await?;
    Ok(groups.iter().map(|group| shown(group, &members)).collect())
}

/// One group of the caller's account.
pub(crate) async fn read_one(
    context: &Context,
    caller: &Caller,
    id: u32,
) -> Result<Group, ApiError> {
    let found = all(context, caller).await?.into_iter().find(|group| group.id == id);
    found.ok_or_else(|| ApiError::missing("group", id))
}

fn to_store(caller: &Caller, wanted: &NewGroup) -> Result<ToStore, ApiError> {
    Ok(ToStore {
        account_id: caller.account.0,
        name: sound_name(&wanted.name).map_err(ApiError::bad)?.to_owned(),
        description: line("description", &wanted.description)?.to_owned(),
        users: wanted.users.clone(),
        roles: wanted.roles.clone(),
    })
}

fn shown(group: &Stored, all: &MembershipList) -> Group {
    Group {
        id: group.id,
        name: group.name.clone(),
        description: group.description.clone(),
        users: all
            .members
            .iter()
            .filter(|(_, id)| *id == group.id)
            .map(|(user, _)| *user)
            .collect(),
        roles: all
            .group_roles
            .iter()
            .filter(|(id, _)| *id == group.id)
            .map(|(_, role)| *role)
            .collect(),
    }
}
