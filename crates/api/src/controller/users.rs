//! `POST /controller/rest/users`: makes a user, or changes the one of `user-id`, by a form; answers in plain text.

use api_types::{NewUser, UserChange};
use axum::{
    body::Bytes,
    extract::{RawQuery, State},
};
use metadata_store::{NewPassword, Roles as _, Users as _};

use crate::{
    auth::{Caller, Deed, Trail},
    context::{Context, Shared},
    error::ApiError,
    password,
    v1::{
        own_rights::user_within_own,
        users::{change_in, create_in, read_one},
    },
};

/// What a form says; the first of each counts.
#[derive(Debug, Default)]
struct Form {
    id: Option<String>,
    name: Option<String>,
    display_name: Option<String>,
    email: Option<String>,
    password: Option<String>,
    roles: Option<String>,
}

impl Form {
    /// Fields of the body, or parameters of the URL.
    fn read(parts: [&[u8]; 2]) -> Form {
        let mut form = Form::default();
        for (name, value) in parts.into_iter().flat_map(form_urlencoded::parse) {
            let field = match &*name {
                "user-id" => &mut form.id,
                "user-name" => &mut form.name,
                "user-display-name" => &mut form.display_name,
                "user-email" => &mut form.email,
                "user-password" => &mut form.password,
                "user-roles" => &mut form.roles,
                _ => continue,
            };
            field.get_or_insert_with(|| value.into_owned());
        }
        form
    }
}

pub(crate) async fn save(
    State(context): State<Shared>,
    caller: Caller,
    trail: Trail,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Result<String, ApiError> {
    let query = query.unwrap_or_default();
    let form = Form::read([&body, query.as_bytes()]);
    let roles = role_ids(&context, &caller, form.roles.as_deref()).await?;
    let id = match form.id.as_deref().filter(|id| !id.is_empty()) {
        None => make(&context, &caller, &trail, form, roles).await?,
        Some(id) => {
            let id = id.parse().map_err(|_| ApiError::bad("user-id has to be a whole number"))?;
            change(&context, &caller, &trail, id, form, roles).await?;
            id
        }
    };
    Ok(format!("Successfully saved the user id:{id}\n"))
}

async fn make(
    context: &Context,
    caller: &Caller,
    trail: &Trail,
    form: Form,
    roles: Option<Vec<u32>>,
) -> Result<u32, ApiError> {
    let needed = |value: Option<String>, name| {
        value.ok_or_else(|| ApiError::bad(format!("the form lacks {name}")))
    };
    let name = needed(form.name, "user-name")?;
    let new = NewUser {
        display_name: form.display_name.unwrap_or_else(|| name.clone()),
        name,
        email: form.email.unwrap_or_default(),
        password: needed(form.password, "user-password")?,
        must_change_password: false,
        roles: roles.unwrap_or_default(),
        groups: Vec::new(),
    };
    create_in(context, caller, trail, new).await
}

async fn change(
    context: &Context,
    caller: &Caller,
    trail: &Trail,
    id: u32,
    form: Form,
    roles: Option<Vec<u32>>,
) -> Result<(), ApiError> {
    let known = read_one(context, caller, id).await?;
    let name = form.name.unwrap_or_else(|| known.name.clone());
    if let Some(text) = &form.password {
        password::sound(text, &name).map_err(ApiError::bad)?;
    }
    let wanted = UserChange {
        name: name.clone(),
        display_name: form.display_name.unwrap_or(known.display_name),
        email: form.email.unwrap_or(known.email),
        enabled: known.enabled,
        roles: roles.unwrap_or(known.roles),
        groups: known.groups,
    };
    change_in(context, caller, trail, id, wanted).await?;
    let Some(text) = form.password else { return Ok(()) };
    user_within_own(context, caller, id, &name).await?;
    let new = NewPassword {
        hash: context.sign_ins.hash(text).await?,
        must_change: false,
        at_ms: context.now_ms(),
        keep_session: None,
    };
    let text = id.to_string();
    let deed = Deed { action: "set password", object: "user", id: &text, name: &name };
    Ok(context.store.set_password(id, &new, &trail.entry(deed)).await?)
}

/// The ids of roles by their names, joined by commas.
async fn role_ids(
    context: &Context,
    caller: &Caller,
    names: Option<&str>,
) -> Result<Option<Vec<u32>>, ApiError> {
    let Some(names) = names else { return Ok(None) };
    let all = context.store.roles(caller.account.0).await?;
    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    let id = |name: &str| {
        let found = all.iter().find(|role| role.name.eq_ignore_ascii_case(name));
        found
            .map(|role| role.id)
            .ok_or_else(|| ApiError::bad(format!("user-roles names {name:?}, which is no role")))
    };
    names.map(id).collect::<Result<_, _>>().map(Some)
}
