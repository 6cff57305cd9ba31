//! Users.

use api_types::{NewUser, User, UserChange};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use metadata_store::{Groups as _, Page, Roles as _, Users as _};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Accepted, Ids, Mention, PROVIDER, Sent, answer, internal, quirky, same_id};
use crate::{
    auth::{Caller, Trail},
    context::{Context, Shared},
    error::ApiError,
    v1::users::{change_in, create_in, delete_in, read_one},
};

const AT_MOST: u32 = 10_000;

/// A user as it is sent.
#[derive(Debug, Deserialize)]
pub(crate) struct Body {
    id: Option<u32>,
    name: Option<String>,
    #[serde(rename = "displayName")]
    display_name: Option<String>,
    email: Option<String>,
    security_provider_type: Option<String>,
    password: Option<Secret>,
}

/// A text that no debugging output shows.
#[derive(Deserialize)]
#[serde(transparent)]
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

#[derive(Debug, Serialize)]
struct Shown {
    id: u32,
    name: String,
    email: String,
    #[serde(rename = "displayName")]
    display_name: String,
    security_provider_type: &'static str,
    roles: Vec<Mention>,
    groups: Vec<Mention>,
}

pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    _: Accepted,
) -> Result<Response, ApiError> {
    let users = context.store.users(caller.account.0, Page::first(AT_MOST)).await?;
    let users: Vec<Mention> =
        users.into_iter().map(|user| Mention { id: user.id, name: user.user_name }).collect();
    Ok(answer(json!({"users": users})))
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
    let found = context.store.user_by_name(caller.account.0, &name).await?;
    match found {
        Some(user) => one(&context, &caller, user.id).await,
        None => quirky(Err(ApiError::missing("user", name))),
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
    let name = body.name.ok_or_else(|| ApiError::bad("the body lacks name"))?;
    let Secret(password) = body.password.ok_or_else(|| ApiError::bad("the body lacks password"))?;
    let new = NewUser {
        display_name: body.display_name.unwrap_or_else(|| name.clone()),
        name,
        email: body.email.unwrap_or_default(),
        password,
        must_change_password: false,
        roles: Vec::new(),
        groups: Vec::new(),
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
    if body.password.is_some() {
        return Err(ApiError::bad("a password is not changed here; leave it out of the body"));
    }
    let result = async {
        let known = read_one(&context, &caller, id).await?;
        let wanted = UserChange {
            name: body.name.unwrap_or(known.name),
            display_name: body.display_name.unwrap_or(known.display_name),
            email: body.email.unwrap_or(known.email),
            enabled: known.enabled,
            roles: known.roles,
            groups: known.groups,
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

async fn one(context: &Context, caller: &Caller, id: u32) -> Result<Response, ApiError> {
    let User { name, display_name, email, roles, groups, .. } =
        read_one(context, caller, id).await?;
    let all_roles = context.store.roles(caller.account.0).await?;
    let all_groups = context.store.groups(caller.account.0).await?;
    let roles = all_roles.into_iter().filter(|role| roles.contains(&role.id));
    let groups = all_groups.into_iter().filter(|group| groups.contains(&group.id));
    Ok(answer(Shown {
        id,
        name,
        email,
        display_name,
        security_provider_type: PROVIDER,
        roles: roles.map(|role| Mention { id: role.id, name: role.name }).collect(),
        groups: groups.map(|group| Mention { id: group.id, name: group.name }).collect(),
    }))
}
