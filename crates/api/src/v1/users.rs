//! Users of the account, for who may administer them.

use api_types::{NewUser, Page, SetPassword, User, UserChange};
use axum::{Json, extract::State};
use http::StatusCode;
use metadata_store::{
    Group, Groups as _, MAX_NAME_CHARS, MembershipList, Memberships as _, NewPassword,
    NewUser as ToStore, Page as StorePage, Sessions as _, User as Stored, UserChange as ToChange,
    Users as _,
};

use super::{
    Refusals,
    own_rights::{user_within_own, within_own},
};
use crate::{
    auth::{Caller, Deed, Trail},
    context::{Context, Shared},
    error::ApiError,
    extract::{Body, PathId},
    paging::{PageParams, Slice},
    password,
};

/// More users are not listed, nor made.
const AT_MOST: u32 = 10_000;

/// The account's users, oldest first.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", params(PageParams),
    responses((status = 200, body = Page<User>), Refusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    slice: Slice,
) -> Result<Json<Page<User>>, ApiError> {
    let users = context.store.users(caller.account.0, StorePage::first(AT_MOST)).await?;
    let all = context.store.memberships(caller.account.0).await?;
    let now_ms = context.now_ms();
    Ok(Json(slice.page(users, None, |user| shown(&user, &all, now_ms))))
}

/// One user.
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "users", params(("id" = u32, Path)),
    responses((status = 200, body = User), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Json<User>, ApiError> {
    read_one(&context, &caller, id.0).await.map(Json)
}

/// Makes a user.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = NewUser,
    responses(
        (status = 200, body = User),
        (status = 409, description = "There is a user of that name.", body = api_types::ErrorBody),
        Refusals))]
pub(crate) async fn create(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    Body(wanted): Body<NewUser>,
) -> Result<Json<User>, ApiError> {
    let id = create_in(&context, &caller, &trail, wanted).await?;
    read_one(&context, &caller, id).await.map(Json)
}

/// Makes a user and returns its id; for the other APIs too.
pub(crate) async fn create_in(
    context: &Context,
    caller: &Caller,
    trail: &Trail,
    wanted: NewUser,
) -> Result<u32, ApiError> {
    let name = sound_user_name(&wanted.name)?.to_owned();
    let display_name = line("display_name", &wanted.display_name)?.to_owned();
    let email = line("email", &wanted.email)?.to_owned();
    password::sound(&wanted.password, &name).map_err(ApiError::bad)?;
    grants_within_own(context, caller, &wanted.roles, &wanted.groups).await?;
    let user = ToStore {
        account_id: caller.account.0,
        user_name: name,
        display_name,
        email,
        password_hash: context.sign_ins.hash(wanted.password).await?,
        must_change_password: wanted.must_change_password,
        roles: wanted.roles,
        groups: wanted.groups,
        created_ms: context.now_ms(),
    };
    let after = UserChange {
        name: user.user_name.clone(),
        display_name: user.display_name.clone(),
        email: user.email.clone(),
        enabled: true,
        roles: user.roles.clone(),
        groups: user.groups.clone(),
    };
    let deed = Deed { action: "create", object: "user", id: "", name: &user.user_name };
    let entry = trail.entry_of(deed, None::<&()>, Some(&after));
    Ok(context.store.create_user(&user, &entry).await?)
}

/// Changes a user: its name, whether it gets in, its roles and groups.
#[utoipa::path(put, path = "/api/v1/users/{id}", tag = "users", params(("id" = u32, Path)),
    request_body = UserChange,
    responses(
        (status = 200, body = User),
        (status = 409, description = "The name is taken, or nobody would be left who may do everything.",
            body = api_types::ErrorBody),
        Refusals))]
pub(crate) async fn change(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathId(id): PathId,
    Body(wanted): Body<UserChange>,
) -> Result<Json<User>, ApiError> {
    change_in(&context, &caller, &trail, id.0, wanted).await?;
    read_one(&context, &caller, id.0).await.map(Json)
}

/// Changes a user; for the other APIs too.
pub(crate) async fn change_in(
    context: &Context,
    caller: &Caller,
    trail: &Trail,
    id: u32,
    wanted: UserChange,
) -> Result<(), ApiError> {
    let before = read_one(context, caller, id).await?;
    user_within_own(context, caller, id, &before.name).await?;
    grants_within_own(context, caller, &wanted.roles, &wanted.groups).await?;
    let change = ToChange {
        user_name: sound_user_name(&wanted.name)?.to_owned(),
        display_name: line("display_name", &wanted.display_name)?.to_owned(),
        email: line("email", &wanted.email)?.to_owned(),
        enabled: wanted.enabled,
        roles: wanted.roles.clone(),
        groups: wanted.groups.clone(),
    };
    let text = id.to_string();
    let deed = Deed { action: "change", object: "user", id: &text, name: &before.name };
    let entry = trail.entry_of(deed, Some(&before), Some(&wanted));
    Ok(context.store.update_user(caller.account.0, id, &change, &entry).await?)
}

/// Deletes a user, with the sessions and saved searches. What it did stays in the audit log.
#[utoipa::path(delete, path = "/api/v1/users/{id}", tag = "users", params(("id" = u32, Path)),
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

/// Deletes a user; for the other APIs too.
pub(crate) async fn delete_in(
    context: &Context,
    caller: &Caller,
    trail: &Trail,
    id: u32,
) -> Result<(), ApiError> {
    let before = read_one(context, caller, id).await?;
    user_within_own(context, caller, id, &before.name).await?;
    let text = id.to_string();
    let deed = Deed { action: "delete", object: "user", id: &text, name: &before.name };
    let entry = trail.entry_of(deed, Some(&before), None::<&()>);
    Ok(context.store.delete_user(caller.account.0, id, &entry).await?)
}

/// Sets a user's password and ends the user's sessions.
#[utoipa::path(put, path = "/api/v1/users/{id}/password", tag = "users", params(("id" = u32, Path)),
    request_body = SetPassword,
    responses((status = 204, description = "It is set."), Refusals))]
pub(crate) async fn set_password(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathId(id): PathId,
    Body(wanted): Body<SetPassword>,
) -> Result<StatusCode, ApiError> {
    let user = read_one(&context, &caller, id.0).await?;
    user_within_own(&context, &caller, id.0, &user.name).await?;
    password::sound(&wanted.password, &user.name).map_err(ApiError::bad)?;
    let new = NewPassword {
        hash: context.sign_ins.hash(wanted.password).await?,
        must_change: wanted.must_change_password,
        at_ms: context.now_ms(),
        keep_session: None,
    };
    let text = id.to_string();
    let entry =
        trail.entry(Deed { action: "set password", object: "user", id: &text, name: &user.name });
    context.store.set_password(id.0, &new, &entry).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the lock of too many wrong passwords from a user.
#[utoipa::path(delete, path = "/api/v1/users/{id}/lock", tag = "users", params(("id" = u32, Path)),
    responses((status = 204, description = "It is not locked any more."), Refusals))]
pub(crate) async fn unlock(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathId(id): PathId,
) -> Result<StatusCode, ApiError> {
    let user = read_one(&context, &caller, id.0).await?;
    let text = id.to_string();
    let entry = trail.entry(Deed { action: "unlock", object: "user", id: &text, name: &user.name });
    context.store.unlock_user(caller.account.0, id.0, &entry).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all sessions of a user.
#[utoipa::path(delete, path = "/api/v1/users/{id}/sessions", tag = "users", params(("id" = u32, Path)),
    responses((status = 204, description = "They have ended."), Refusals))]
pub(crate) async fn end_sessions(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    PathId(id): PathId,
) -> Result<StatusCode, ApiError> {
    let user = read_one(&context, &caller, id.0).await?;
    user_within_own(&context, &caller, id.0, &user.name).await?;
    let text = id.to_string();
    let deed = Deed { action: "end sessions", object: "user", id: &text, name: &user.name };
    trail.tell(deed, None::<&()>, None::<&()>);
    context.store.delete_sessions_of_user(id.0).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One user of the caller's account.
pub(crate) async fn read_one(
    context: &Context,
    caller: &Caller,
    id: u32,
) -> Result<User, ApiError> {
    let user = context.store.user(id).await?.filter(|user| user.account_id == caller.account.0);
    let user = user.ok_or_else(|| ApiError::missing("user", id))?;
    let all = context.store.memberships(caller.account.0).await?;
    Ok(shown(&user, &all, context.now_ms()))
}

/// Refuses roles, and groups with roles, that allow more than the caller may.
async fn grants_within_own(
    context: &Context,
    caller: &Caller,
    roles: &[u32],
    groups: &[u32],
) -> Result<(), ApiError> {
    let known: Vec<Group> = context.store.groups(caller.account.0).await?;
    if let Some(id) = groups.iter().find(|id| known.iter().all(|group| group.id != **id)) {
        return Err(ApiError::Unprocessable(format!("there is no group {id}")));
    }
    let all = context.store.memberships(caller.account.0).await?;
    let of_groups = all.group_roles.iter().filter(|(group, _)| groups.contains(group));
    let roles: Vec<u32> = roles.iter().copied().chain(of_groups.map(|(_, role)| *role)).collect();
    within_own(context, caller, &roles).await
}

fn shown(user: &Stored, all: &MembershipList, now_ms: i64) -> User {
    let of = |pairs: &[(u32, u32)]| {
        pairs.iter().filter(|(id, _)| *id == user.id).map(|(_, other)| *other).collect()
    };
    User {
        id: user.id,
        name: user.user_name.clone(),
        display_name: user.display_name.clone(),
        email: user.email.clone(),
        enabled: user.enabled,
        must_change_password: user.must_change_password,
        locked_until: Some(user.locked_until_ms).filter(|until| *until > now_ms),
        last_sign_in_at: user.last_sign_in_ms,
        created_at: user.created_ms,
        roles: of(&all.user_roles),
        groups: of(&all.members),
    }
}

/// `@` and `:` would make it ambiguous where names and accounts or passwords stand in one text.
fn sound_user_name(name: &str) -> Result<&str, ApiError> {
    let wrong = |letter: char| letter.is_control() || matches!(letter, '@' | ':');
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS || name.chars().any(wrong) {
        return Err(ApiError::bad(format!(
            "name has to have 1 to {MAX_NAME_CHARS} characters, none of them @, : or a control character"
        )));
    }
    Ok(name)
}

/// One line of text that may be empty.
pub(super) fn line<'a>(what: &str, text: &'a str) -> Result<&'a str, ApiError> {
    let text = text.trim();
    if text.chars().count() > MAX_NAME_CHARS || text.chars().any(char::is_control) {
        return Err(ApiError::bad(format!(
            "{what} has to have at most {MAX_NAME_CHARS} characters, none of them a control character"
        )));
    }
    Ok(text)
}
