//! Groups, and who is in them.

use api_types::{Group, NewGroup};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use metadata_store::{Membership, Page, Roles as _, Users as _};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Accepted, Change, Ids, Mention, PROVIDER, Sent, answer, internal, quirky, same_id, write,
};
use crate::{
    auth::{Caller, Deed, Trail},
    context::{Context, Shared},
    error::ApiError,
    v1::{
        groups::{all, change_in, create_in, delete_in, read_one},
        own_rights::within_own,
        users,
    },
};

/// A group as it is sent.
#[derive(Debug, Deserialize)]
pub(crate) struct Body {
    id: Option<u32>,
    name: Option<String>,
    description: Option<String>,
    security_provider_type: Option<String>,
}

#[derive(Debug, Serialize)]
struct Shown {
    id: u32,
    name: String,
    security_provider_type: &'static str,
    description: String,
    roles: Vec<Mention>,
    users: Vec<Mention>,
}

pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    _: Accepted,
) -> Result<Response, ApiError> {
    let groups = all(&context, &caller).await?.into_iter();
    let groups: Vec<Mention> =
        groups.map(|group| Mention { id: group.id, name: group.name }).collect();
    Ok(answer(json!({"groups": groups})))
}

pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    _: Accepted,
    Ids([id]): Ids<1>,
) -> Result<Response, ApiError> {
    quirky(one(&context, &caller, id).await)
}

pub(crate) async fn read_named(
    State(context): State<Shared>,
    caller: Caller,
    _: Accepted,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let found = all(&context, &caller).await?.into_iter().find(|group| group.name == name);
    match found {
        Some(group) => one(&context, &caller, group.id).await,
        None => quirky(Err(ApiError::missing("group", name))),
    }
}

pub(crate) async fn create(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    _: Accepted,
    Sent(body): Sent<Body>,
) -> Result<Response, ApiError> {
    internal(body.security_provider_type.as_deref())?;
    let new = NewGroup {
        name: body.name.ok_or_else(|| ApiError::bad("the body lacks name"))?,
        description: body.description.unwrap_or_default(),
        users: Vec::new(),
        roles: Vec::new(),
    };
    let id = create_in(&context, &caller, &trail, new).await?;
    one(&context, &caller, id).await
}

pub(crate) async fn change(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    _: Accepted,
    Ids([id]): Ids<1>,
    Sent(body): Sent<Body>,
) -> Result<Response, ApiError> {
    internal(body.security_provider_type.as_deref())?;
    same_id(body.id, id)?;
    let result = async {
        let known = read_one(&context, &caller, id).await?;
        let wanted = NewGroup {
            name: body.name.unwrap_or(known.name),
            description: body.description.unwrap_or(known.description),
            users: known.users,
            roles: known.roles,
        };
        change_in(&context, &caller, &trail, id, wanted).await?;
        one(&context, &caller, id).await
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

pub(crate) async fn add_user(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    Ids([group, user]): Ids<2>,
) -> Result<Response, ApiError> {
    quirky(member(&context, &caller, &trail, Change::Give, group, user).await)
}

pub(crate) async fn remove_user(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    Ids([group, user]): Ids<2>,
) -> Result<Response, ApiError> {
    quirky(member(&context, &caller, &trail, Change::Take, group, user).await)
}

async fn member(
    context: &Context,
    caller: &Caller,
    trail: &Trail,
    change: Change,
    group: u32,
    user: u32,
) -> Result<Response, ApiError> {
    let Group { name, roles, .. } = read_one(context, caller, group).await?;
    let user_name = users::read_one(context, caller, user).await?.name;
    within_own(context, caller, &roles).await?;
    let text = group.to_string();
    let action = if change == Change::Give { "add member" } else { "remove member" };
    let deed = Deed { action, object: "group", id: &text, name: &name };
    let entry = trail.entry_of(deed, None::<&()>, Some(&json!({"user": user_name})));
    write(context, caller, change, Membership::UserInGroup { user, group }, &entry).await
}

async fn one(context: &Context, caller: &Caller, id: u32) -> Result<Response, ApiError> {
    let group = read_one(context, caller, id).await?;
    let roles = context.store.roles(caller.account.0).await?.into_iter();
    let users = context.store.users(caller.account.0, Page::first(10_000)).await?.into_iter();
    Ok(answer(Shown {
        id,
        name: group.name,
        security_provider_type: PROVIDER,
        description: group.description,
        roles: roles
            .filter(|role| group.roles.contains(&role.id))
            .map(|role| Mention { id: role.id, name: role.name })
            .collect(),
        users: users
            .filter(|user| group.users.contains(&user.id))
            .map(|user| Mention { id: user.id, name: user.user_name })
            .collect(),
    }))
}
