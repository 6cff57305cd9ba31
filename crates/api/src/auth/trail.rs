//! What the audit log says of a request that changes something.
//!
//! The door makes a [`Trail`] for each such request. A handler takes an entry from it that the store writes in the transaction
//! of the change; where the change is none of the metadata store's, the door writes the entry once the handler has answered
//! well. What a handler says nothing of is told by its route: no change goes without an entry.

use std::{net::IpAddr, sync::Arc};

use axum::extract::{FromRequestParts, RawPathParams};
use http::{Method, StatusCode, request::Parts};
use metadata_store::{ActorKind, AuditLog as _, NewAudit};
use parking_lot::Mutex;
use serde::Serialize;

use super::Caller;
use crate::{context::Context, error::ApiError};

/// What is going to be in the audit log about this request.
#[derive(Clone, Debug)]
pub(crate) struct Trail {
    who: Who,
    at_ms: i64,
    noted: Arc<Mutex<Noted>>,
}

/// Who does it, and from where.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    pub(crate) account: u32,
    pub(crate) kind: ActorKind,
    pub(crate) name: String,
    pub(crate) address: Option<IpAddr>,
}

#[derive(Debug)]
struct Noted {
    entry: NewAudit,
    /// The store writes it.
    taken: bool,
}

/// What was done to what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deed<'a> {
    /// `create`, `change`, `delete` or another word.
    pub(crate) action: &'a str,
    /// `user`, `role`, `access key`.
    pub(crate) object: &'a str,
    /// Empty of what is only now made: the store fills it in.
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
}

impl Who {
    pub(crate) fn caller(caller: &Caller) -> Who {
        Who {
            account: caller.account.0,
            kind: if caller.user.is_some() { ActorKind::User } else { ActorKind::ApiClient },
            name: caller.name.clone(),
            address: caller.address,
        }
    }

    /// An entry of this one.
    pub(crate) fn entry(&self, at_ms: i64, deed: Deed<'_>) -> NewAudit {
        NewAudit {
            account_id: self.account,
            at_ms,
            actor_kind: self.kind,
            actor: self.name.clone(),
            address: self.address.map(|address| address.to_string()).unwrap_or_default(),
            action: deed.action.to_owned(),
            object_type: deed.object.to_owned(),
            object_id: deed.id.to_owned(),
            object_name: deed.name.to_owned(),
            before: String::new(),
            after: String::new(),
        }
    }
}

impl Trail {
    /// For a request of `caller` along a route.
    pub(super) fn begin(
        context: &Context,
        caller: &Caller,
        method: &Method,
        route: &str,
        id: &str,
    ) -> Trail {
        let who = Who::caller(caller);
        let at_ms = context.now_ms();
        let object = object_of(route);
        let entry =
            who.entry(at_ms, Deed { action: action_of(method), object: &object, id, name: "" });
        Trail { who, at_ms, noted: Arc::new(Mutex::new(Noted { entry, taken: false })) }
    }

    /// The entry of a change that the store makes, to be written with it.
    pub(crate) fn entry(&self, deed: Deed<'_>) -> NewAudit {
        self.noted.lock().taken = true;
        self.who.entry(self.at_ms, deed)
    }

    /// The same with the state before and after; neither may hold a secret.
    pub(crate) fn entry_of(
        &self,
        deed: Deed<'_>,
        before: Option<&impl Serialize>,
        after: Option<&impl Serialize>,
    ) -> NewAudit {
        NewAudit { before: json(before), after: json(after), ..self.entry(deed) }
    }

    /// Says what is changed where the store does not write it: the door does once all went well.
    pub(crate) fn tell(
        &self,
        deed: Deed<'_>,
        before: Option<&impl Serialize>,
        after: Option<&impl Serialize>,
    ) {
        let entry = self.who.entry(self.at_ms, deed);
        self.noted.lock().entry = NewAudit { before: json(before), after: json(after), ..entry };
    }

    /// The same of something with a number that was made.
    pub(crate) fn tell_made(&self, object: &str, (id, name): (u32, &str), made: &impl Serialize) {
        let deed = Deed { action: "create", object, id: &id.to_string(), name };
        self.tell(deed, None::<&()>, Some(made));
    }

    /// Of something with a number that was changed; what cannot be read any more is told by what it is now.
    pub(crate) fn tell_changed<S: Serialize>(
        &self,
        object: &str,
        (id, name): (u32, &str),
        before: Option<&S>,
        after: &S,
    ) {
        let deed = Deed { action: "change", object, id: &id.to_string(), name };
        self.tell(deed, before, Some(after));
    }

    /// Of something with a number that was tried out: nothing has changed, and yet something was sent in its name.
    pub(crate) fn tell_tried(&self, object: &str, (id, name): (u32, &str)) {
        let deed = Deed { action: "try", object, id: &id.to_string(), name };
        self.tell(deed, None::<&()>, None::<&()>);
    }

    /// Of something with a number that was deleted.
    pub(crate) fn tell_deleted<S: Serialize>(
        &self,
        object: &str,
        (id, name): (u32, &str),
        before: Option<&S>,
    ) {
        let deed = Deed { action: "delete", object, id: &id.to_string(), name };
        self.tell(deed, before, None::<&()>);
    }

    /// Writes what is not written yet. The change has happened: that it is missing from the log is told to whoever watches
    /// the server, not to who asked.
    pub(super) async fn end(self, context: &Context, status: StatusCode) {
        let entry = {
            let noted = self.noted.lock();
            if noted.taken || !status.is_success() {
                return;
            }
            noted.entry.clone()
        };
        context.write_audit(&entry).await;
    }
}

impl Context {
    /// Writes an entry of what has happened already; a failure is logged and counted in `/metrics`.
    pub(crate) async fn write_audit(&self, entry: &NewAudit) {
        if let Err(error) = self.store.record_audit(entry).await {
            self.audit_failures.inc();
            tracing::error!(
                %error,
                actor = entry.actor,
                action = entry.action,
                object = entry.object_type,
                id = entry.object_id,
                "a change is missing from the audit log"
            );
        }
    }
}

fn json(state: Option<&impl Serialize>) -> String {
    state.and_then(|state| serde_json::to_string(state).ok()).unwrap_or_default()
}

fn action_of(method: &Method) -> &'static str {
    match *method {
        Method::POST => "create",
        Method::DELETE => "delete",
        _ => "change",
    }
}

/// The fixed part of a route: `applications/flow-map/layout`.
fn object_of(route: &str) -> String {
    let parts = route.split('/').filter(|part| !part.is_empty() && !part.starts_with('{'));
    let own: Vec<&str> =
        parts.skip_while(|part| matches!(*part, "api" | "v1" | "controller" | "rest")).collect();
    own.join("/")
}

/// The last parameter of the path.
pub(super) async fn last_param(parts: &mut Parts) -> String {
    let params = RawPathParams::from_request_parts(parts, &()).await;
    let last =
        params.ok().and_then(|params| params.iter().last().map(|(_, value)| value.to_owned()));
    last.unwrap_or_default()
}

/// Behind the door every request that changes something has a trail.
impl<S: Send + Sync> FromRequestParts<S> for Trail {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Trail>().cloned().ok_or(ApiError::NotSignedIn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_tells_what_it_changes() {
        assert_eq!(
            object_of("/api/v1/applications/{id}/flow-map/layout"),
            "applications/flow-map/layout"
        );
        assert_eq!(object_of("/controller/rest/users"), "users");
        assert_eq!(object_of("/controller/rest/applications/{app}/events"), "applications/events");
    }
}
