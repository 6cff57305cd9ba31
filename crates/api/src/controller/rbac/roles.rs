//! Roles, and who has them.
//!
//! Permissions are Vedette's own: `entity_type` is `ACCOUNT` or `APPLICATION`, `action` one of the names that
//! `GET /api/v1/permissions` lists.

use api_types::{Grant, NewRole, Role};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use metadata_store::{Membership, Roles as _};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Accepted, Change, Ids, Mention, Sent, answer, quirky, same_id};
use crate::{
    auth::{Caller, Deed, Trail},
    context::{Context, Shared},
    error::ApiError,
    extract::Params,
    v1::{
        own_rights::{user_within_own, within_own},
        roles::{change_in, create_in, delete_in, read_one},
        {groups, users},
    },
};

/// A role as it is sent.
#[derive(Debug, Deserialize)]
pub(crate) struct Body {
    id: Option<u32>,
    name: Option<String>,
    description: Option<String>,
    permissions: Option<Vec<Permission>>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Permission {
    entity_type: String,
    #[serde(default)]
    entity_id: u32,
    action: String,
    #[serde(default = "yes")]
    allowed: bool,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Serialize)]
struct Shown {
    id: u32,
    name: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<Vec<Permission>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Including {
    #[serde(default, rename = "include-permissions")]
    permissions: bool,
}

pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    _: Accepted,
) -> Result<Response, ApiError> {
    let roles = context.store.roles(caller.account.0).await?.into_iter();
    let roles: Vec<Mention> = roles.map(|role| Mention { id: role.id, name: role.name }).collect();
    Ok(answer(json!({"roles": roles})))
}

pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    _: Accepted,
    Ids([id]): Ids<1>,
    Params(including): Params<Including>,
) -> Result<Response, ApiError> {
    quirky(one(&context, &caller, id, including.permissions).await)
}

pub(crate) async fn read_named(
    State(context): State<Shared>,
    caller: Caller,
    _: Accepted,
    Path(name): Path<String>,
    Params(including): Params<Including>,
) -> Result<Response, ApiError> {
    let mut roles = context.store.roles(caller.account.0).await?.into_iter();
    match roles.find(|role| role.name == name) {
        Some(role) => one(&context, &caller, role.id, including.permissions).await,
        None => quirky(Err(ApiError::missing("role", name))),
    }
}

pub(crate) async fn create(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    _: Accepted,
    Sent(body): Sent<Body>,
) -> Result<Response, ApiError> {
    let grants = body.permissions.unwrap_or_default().into_iter().filter(|it| it.allowed);
    let new = NewRole {
        name: body.name.ok_or_else(|| ApiError::bad("the body lacks name"))?,
        description: body.description.unwrap_or_default(),
        grants: grants.map(grant).collect::<Result<_, _>>()?,
    };
    let id = create_in(&context, &caller, &trail, new).await?;
    one(&context, &caller, id, true).await
}

pub(crate) async fn change(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    _: Accepted,
    Ids([id]): Ids<1>,
    Sent(body): Sent<Body>,
) -> Result<Response, ApiError> {
    if body.permissions.is_some() {
        return Err(ApiError::bad("permissions are not changed here; leave them out of the body"));
    }
    same_id(body.id, id)?;
    let result = async {
        let known = read_one(&context, &caller, id).await?;
        let wanted = NewRole {
            name: body.name.unwrap_or(known.name),
            description: body.description.unwrap_or(known.description),
            grants: known.grants,
        };
        change_in(&context, &caller, &trail, id, wanted).await?;
        one(&context, &caller, id, false).await
    };
    quirky(result.await)
}

pub(crate) async fn delete(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    Ids([id]): Ids<1>,
) -> Result<Response, ApiError> {
    let deleted = delete_in(&context, &caller, &trail, id).await;
    quirky(deleted.map(|()| StatusCode::NO_CONTENT.into_response()))
}

pub(crate) async fn add_to_user(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    Ids([role, user]): Ids<2>,
) -> Result<Response, ApiError> {
    quirky(of_user(&context, &caller, &trail, Change::Give, role, user).await)
}

pub(crate) async fn take_from_user(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    Ids([role, user]): Ids<2>,
) -> Result<Response, ApiError> {
    quirky(of_user(&context, &caller, &trail, Change::Take, role, user).await)
}

pub(crate) async fn add_to_group(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    Ids([role, group]): Ids<2>,
) -> Result<Response, ApiError> {
    quirky(of_group(&context, &caller, &trail, Change::Give, role, group).await)
}

pub(crate) async fn take_from_group(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    Ids([role, group]): Ids<2>,
) -> Result<Response, ApiError> {
    quirky(of_group(&context, &caller, &trail, Change::Take, role, group).await)
}

async fn of_user(
    context: &Context,
    caller: &Caller,
    trail: &Trail,
    change: Change,
    role: u32,
    user: u32,
) -> Result<Response, ApiError> {
    let name = users::read_one(context, caller, user).await?.name;
    user_within_own(context, caller, user, &name).await?;
    let whose = (Membership::RoleOfUser { user, role }, "user", user, name);
    give_or_take(context, caller, trail, change, role, whose).await
}

async fn of_group(
    context: &Context,
    caller: &Caller,
    trail: &Trail,
    change: Change,
    role: u32,
    group: u32,
) -> Result<Response, ApiError> {
    let name = groups::read_one(context, caller, group).await?.name;
    let whose = (Membership::RoleOfGroup { group, role }, "group", group, name);
    give_or_take(context, caller, trail, change, role, whose).await
}

async fn give_or_take(
    context: &Context,
    caller: &Caller,
    trail: &Trail,
    change: Change,
    role: u32,
    (membership, object, id, name): (Membership, &str, u32, String),
) -> Result<Response, ApiError> {
    let role_name = read_one(context, caller, role).await?.name;
    within_own(context, caller, &[role]).await?;
    let action = if change == Change::Give { "add role" } else { "remove role" };
    let text = id.to_string();
    let deed = Deed { action, object, id: &text, name: &name };
    let entry = trail.entry_of(deed, None::<&()>, Some(&json!({"role": role_name})));
    super::write(context, caller, change, membership, &entry).await
}

async fn one(
    context: &Context,
    caller: &Caller,
    id: u32,
    with_permissions: bool,
) -> Result<Response, ApiError> {
    let Role { name, description, grants, .. } = read_one(context, caller, id).await?;
    let permissions = grants.into_iter().map(|grant| Permission {
        entity_type: if grant.application.is_some() { "APPLICATION" } else { "ACCOUNT" }.to_owned(),
        entity_id: grant.application.unwrap_or(0),
        action: grant.permission,
        allowed: true,
    });
    let permissions = with_permissions.then(|| permissions.collect());
    Ok(answer(Shown { id, name, description, permissions }))
}

fn grant(sent: Permission) -> Result<Grant, ApiError> {
    let application = match &*sent.entity_type {
        "ACCOUNT" => None,
        "APPLICATION" if sent.entity_id == 0 => None,
        "APPLICATION" => Some(sent.entity_id),
        _ => return Err(ApiError::bad("entity_type has to be ACCOUNT or APPLICATION")),
    };
    Ok(Grant { permission: sent.action.to_lowercase().replace('_', "-"), application })
}
