//! Nobody may give away, or get at by way of somebody else, more than he may himself.

use metadata_store::Roles as _;
use model::access::Rights;

use crate::{auth::Caller, context::Context, error::ApiError};

/// Refuses roles that allow more than the caller may.
pub(crate) async fn within_own(
    context: &Context,
    caller: &Caller,
    roles: &[u32],
) -> Result<(), ApiError> {
    let all = context.store.roles(caller.account.0).await?;
    for id in roles {
        let role = all.iter().find(|role| role.id == *id);
        let role = role.ok_or_else(|| ApiError::Unprocessable(format!("there is no role {id}")))?;
        let rights: Rights = role.grants.iter().copied().collect();
        covered(caller, &rights, &format!("the role {}", role.name))?;
    }
    Ok(())
}

/// Refuses to touch somebody who may more than the caller: with his password or session one would be him.
pub(crate) async fn user_within_own(
    context: &Context,
    caller: &Caller,
    user: u32,
    name: &str,
) -> Result<(), ApiError> {
    let rights = context.store.rights_of_user(user).await?;
    covered(caller, &rights, &format!("the user {name}"))
}

/// Refuses these rights where the caller lacks one of them.
pub(crate) fn covered(caller: &Caller, rights: &Rights, whose: &str) -> Result<(), ApiError> {
    let beyond = rights.grants().find(|grant| {
        let held = match grant.application {
            None => caller.rights.everywhere(grant.permission),
            Some(application) => caller.rights.within(grant.permission, application),
        };
        !held
    });
    match beyond {
        None => Ok(()),
        Some(grant) => Err(ApiError::BeyondOwn(format!(
            "{whose} has the permission {}, which you lack yourself; ask somebody who has it",
            grant.permission
        ))),
    }
}
