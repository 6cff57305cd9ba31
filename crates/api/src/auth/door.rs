//! The one place where it is decided whether a caller may take a route.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;
use metadata_store::Roles as _;
use model::{access::Permission, entity::EntityKind, id::EntityId};

use super::Caller;
use crate::{
    context::Context,
    entities::Entities,
    error::ApiError,
    routes::{Access, Place, RouteInfo},
};

/// Whom a refusal names at most.
const GRANTERS: u32 = 5;
/// What somebody may do whose password has to be changed first.
const BEFORE_A_NEW_PASSWORD: [&str; 2] = ["/api/v1/session", "/api/v1/profile/password"];

/// Lets the caller along the route, or says what is missing.
pub(super) async fn admit(
    context: &Context,
    caller: &Caller,
    route: &RouteInfo,
    parts: &mut Parts,
) -> Result<(), ApiError> {
    if caller.must_change_password && !BEFORE_A_NEW_PASSWORD.contains(&route.path) {
        return Err(ApiError::PasswordMustChange);
    }
    let (permission, place) = match route.access {
        Access::Public | Access::Monitoring | Access::SignedIn => return Ok(()),
        Access::Somewhere(permission) => (permission, None),
        Access::Needs(permission) => (permission, route.place()),
    };
    let (may, application) = match place {
        None => (caller.rights.somewhere(permission), None),
        Some(Place::Account) => (caller.rights.everywhere(permission), None),
        Some(place) => {
            let application = application_of(context, caller, place, parts).await;
            // Of what is not there the handler says so, to whoever may see anything at all.
            let may = application.map_or_else(
                || caller.rights.somewhere(permission),
                |id| caller.rights.within(permission, id),
            );
            (may, application)
        }
    };
    if may { Ok(()) } else { Err(context.forbidden(caller, permission, application).await) }
}

/// The application that the path is about, if it is there.
async fn application_of(
    context: &Context,
    caller: &Caller,
    place: Place,
    parts: &mut Parts,
) -> Option<EntityId> {
    let params = RawPathParams::from_request_parts(parts, &()).await.ok()?;
    let (_, value) = params.iter().next()?;
    let entities = context.every_entity(caller.account);
    match place {
        Place::Account => None,
        Place::Application => entities.application_named(value).map(|found| found.id),
        Place::Entity => {
            let entity = entities.get(EntityId(value.parse().ok()?))?;
            Some(Entities::application_of(&entity))
        }
    }
}

impl Context {
    /// The refusal of who lacks a permission: which, over what, and who can grant it.
    pub(crate) async fn forbidden(
        &self,
        caller: &Caller,
        permission: Permission,
        application: Option<EntityId>,
    ) -> ApiError {
        let application = application
            .and_then(|id| self.every_entity(caller.account).get(id))
            .map(|found| Arc::clone(&found))
            .filter(|found| found.key.kind == EntityKind::Application)
            // The name of what one may not see is none of one's business.
            .filter(|found| caller.rights.within(Permission::View, found.id))
            .map(|found| found.key.name.clone());
        let account = caller.account.0;
        let granters = self
            .store
            .who_may(account, Permission::AdministerUsers, GRANTERS)
            .await
            .unwrap_or_default();
        ApiError::Forbidden { permission, application, granters }
    }

    /// Refuses who lacks a permission over the account, in handlers whose route cannot tell what is asked of it.
    pub(crate) async fn require(
        &self,
        caller: &Caller,
        permission: Permission,
        application: Option<EntityId>,
    ) -> Result<(), ApiError> {
        if caller.rights.over(permission, application) {
            Ok(())
        } else {
            Err(self.forbidden(caller, permission, application).await)
        }
    }
}
