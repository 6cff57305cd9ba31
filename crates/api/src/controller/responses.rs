//! `/controller/alerting/rest/v1/applications/{app}/…`: policies, actions, action suppressions and email digests in the
//! reference's JSON. What a script wrote comes back as it was, with its id, until somebody changes it elsewhere.

mod actions;
mod policies;
mod suppressions;

pub(super) use self::{
    actions::email_to,
    policies::{GATHER_SECONDS, custom, ids, shown_custom},
};

use std::collections::BTreeSet;

use alerting::actions::Action;
use api_types::Ref;
use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use metadata_store::{
    AlertConfig, AlertConfigKind, AlertConfigs as _, DocumentNeeds, NewAlertConfig,
};
use model::{entity::EntityKind, id::EntityId};
use serde_json::{Map, Value, json};

use crate::{
    auth::{Caller, Trail},
    context::{Context, Shared},
    error::ApiError,
    extract::Body,
    notification, v1,
};

/// One of the four collections.
pub(super) struct Asked<'a> {
    pub(super) context: &'a Context,
    pub(super) caller: &'a Caller,
    pub(super) application: Ref,
    pub(super) kind: AlertConfigKind,
}

/// What a document of the reference comes to.
struct Read {
    name: String,
    /// JSON of the document that alerting reads.
    body: String,
    sealed: Vec<u8>,
    needs: DocumentNeeds,
}

/// The collections by what they are called in paths.
fn kind(collection: &str) -> Result<AlertConfigKind, ApiError> {
    match collection {
        "policies" => Ok(AlertConfigKind::Policy),
        "actions" => Ok(AlertConfigKind::Action),
        "action-suppressions" => Ok(AlertConfigKind::Suppression),
        "email-digests" => Ok(AlertConfigKind::Digest),
        other => Err(ApiError::NotFound(format!("there are no {other}"))),
    }
}

fn asked<'a>(
    context: &'a Context,
    caller: &'a Caller,
    application: &str,
    collection: &str,
) -> Result<Asked<'a>, ApiError> {
    let kind = kind(collection)?;
    let all = context.entities(caller).all(EntityId::NONE, EntityKind::Application);
    let found = all
        .iter()
        .find(|one| one.id.0.to_string() == application)
        .or_else(|| all.iter().find(|one| one.key.name == application));
    let found = found.ok_or_else(|| ApiError::missing("application", application))?;
    let application = Ref { id: found.id.0, name: found.key.name.clone() };
    Ok(Asked { context, caller, application, kind })
}

macro_rules! collections {
    ($($module:ident = $collection:literal),*) => {
        $(pub(crate) mod $module {
            use super::*;

            const COLLECTION: &str = $collection;

            pub(crate) async fn list(
                State(context): State<Shared>,
                caller: Caller,
                Path(application): Path<String>,
            ) -> Result<Json<Vec<Value>>, ApiError> {
                asked(&context, &caller, &application, COLLECTION)?.list().await.map(Json)
            }

            pub(crate) async fn create(
                State(context): State<Shared>,
                caller: Caller,
                trail: Trail,
                Path(application): Path<String>,
                Body(document): Body<Value>,
            ) -> Result<Response, ApiError> {
                let asked = asked(&context, &caller, &application, COLLECTION)?;
                let made = asked.create(&trail, document).await?;
                Ok((StatusCode::CREATED, Json(made)).into_response())
            }

            pub(crate) async fn read(
                State(context): State<Shared>,
                caller: Caller,
                Path((application, id)): Path<(String, String)>,
            ) -> Result<Json<Value>, ApiError> {
                let asked = asked(&context, &caller, &application, COLLECTION)?;
                let found = asked.find(&id).await?;
                asked.whole(&found).await.map(Json)
            }

            pub(crate) async fn replace(
                State(context): State<Shared>,
                caller: Caller,
                trail: Trail,
                Path((application, id)): Path<(String, String)>,
                Body(document): Body<Value>,
            ) -> Result<Json<Value>, ApiError> {
                let asked = asked(&context, &caller, &application, COLLECTION)?;
                let found = asked.own(&id).await?;
                asked.replace(&trail, &found, document).await.map(Json)
            }

            pub(crate) async fn delete(
                State(context): State<Shared>,
                caller: Caller,
                trail: Trail,
                Path((application, id)): Path<(String, String)>,
            ) -> Result<StatusCode, ApiError> {
                let asked = asked(&context, &caller, &application, COLLECTION)?;
                let found = asked.own(&id).await?;
                let before = asked.told(found.id).await;
                let store = &context.store;
                let unused = |of: &_| notification::tells_by_action(&caller, found.id, of);
                store
                    .delete_alert_config(asked.kind, caller.account.0, found.id, &unused)
                    .await?;
                trail.tell_deleted(asked.kind.what(), (found.id, &found.name), before.as_ref());
                Ok(StatusCode::NO_CONTENT)
            }
        })*
    };
}
collections!(
    of_policies = "policies",
    of_actions = "actions",
    of_suppressions = "action-suppressions",
    of_digests = "email-digests"
);

impl Asked<'_> {
    /// Those of the application and of the whole account.
    pub(super) async fn configs(
        &self,
        kind: AlertConfigKind,
    ) -> Result<Vec<AlertConfig>, ApiError> {
        notification::of_application(self.context, self.caller, kind, Some(self.application.id))
            .await
    }

    async fn list(&self) -> Result<Vec<Value>, ApiError> {
        let configs = self.configs(self.kind).await?;
        let mut items = Vec::with_capacity(configs.len());
        for config in &configs {
            let whole = self.whole(config).await?;
            let mut item = json!({ "id": config.id, "name": config.name });
            for field in ["enabled", "actionType"] {
                if let Some(value) = whole.get(field) {
                    item[field] = value.clone();
                }
            }
            items.push(item);
        }
        Ok(items)
    }

    /// By id, or by name.
    async fn find(&self, which: &str) -> Result<AlertConfig, ApiError> {
        let mut configs = self.configs(self.kind).await?;
        let found = configs
            .iter()
            .position(|one| one.id.to_string() == which)
            .or_else(|| configs.iter().position(|one| one.name == which));
        let found = found.ok_or_else(|| ApiError::missing(self.kind.what(), which))?;
        Ok(configs.swap_remove(found))
    }

    /// One that is the application's own: who may change an application may not change what is of all.
    async fn own(&self, which: &str) -> Result<AlertConfig, ApiError> {
        let found = self.find(which).await?;
        match found.application_id {
            Some(_) => Ok(found),
            None => Err(ApiError::Conflict(format!(
                "{:?} is of all applications; change it on its page or under /api/v1",
                found.name
            ))),
        }
    }

    async fn create(&self, trail: &Trail, document: Value) -> Result<Value, ApiError> {
        let new = self.to_store(document, Some(self.application.id), None).await?;
        let id = self.context.store.create_alert_config(self.kind, &new).await?;
        trail.tell_made(self.kind.what(), (id, &new.name), &self.told(id).await);
        self.whole(&self.find(&id.to_string()).await?).await
    }

    async fn replace(
        &self,
        trail: &Trail,
        found: &AlertConfig,
        document: Value,
    ) -> Result<Value, ApiError> {
        let new = self.to_store(document, found.application_id, Some(found)).await?;
        let before = self.told(found.id).await;
        let doing = serde_json::from_str(&new.body).map(|action: Action| action.doing).ok();
        let unused =
            |of: &_| notification::is_unfit_for_digests(self.caller, found.id, doing.as_ref()?, of);
        self.context.store.replace_alert_config(self.kind, found.id, &new, &unused).await?;
        let after = self.told(found.id).await;
        trail.tell_changed(
            self.kind.what(),
            (found.id, &found.name),
            before.as_ref(),
            &after.unwrap_or_default(),
        );
        self.whole(&self.find(&found.id.to_string()).await?).await
    }

    /// One as the audit log tells of it: as `/api/v1` shows it, without what a script wrote besides. Nothing where it cannot
    /// be read.
    async fn told(&self, id: u32) -> Option<Value> {
        let (context, caller) = (self.context, self.caller);
        let shown = match self.kind {
            AlertConfigKind::Policy | AlertConfigKind::Digest => serde_json::to_value(
                v1::policies::read_of(context, caller, self.kind, id).await.ok()?.0,
            ),
            AlertConfigKind::Action => {
                serde_json::to_value(v1::actions::one(context, caller, id).await.ok()?.0)
            }
            AlertConfigKind::Suppression => {
                serde_json::to_value(v1::suppressions::one(context, caller, id).await.ok()?.0)
            }
        };
        shown.ok()
    }

    async fn to_store(
        &self,
        document: Value,
        application_id: Option<u32>,
        stored: Option<&AlertConfig>,
    ) -> Result<NewAlertConfig, ApiError> {
        let Value::Object(document) = document else {
            return Err(ApiError::bad("the body has to be a JSON object"));
        };
        let read = match self.kind {
            AlertConfigKind::Policy | AlertConfigKind::Digest => {
                self.read_policy(document, stored).await?
            }
            AlertConfigKind::Action => self.read_action(document, stored).await?,
            AlertConfigKind::Suppression => self.read_suppression(document, stored).await?,
        };
        Ok(NewAlertConfig {
            account_id: self.caller.account.0,
            application_id,
            name: read.name,
            body: read.body,
            sealed: read.sealed,
            changed_ms: self.context.now_ms(),
            needs: read.needs,
        })
    }

    /// The document as the reference writes it.
    async fn whole(&self, config: &AlertConfig) -> Result<Value, ApiError> {
        let mut document = match self.kind {
            AlertConfigKind::Policy | AlertConfigKind::Digest => self.show_policy(config).await?,
            AlertConfigKind::Action => self.show_action(config)?,
            AlertConfigKind::Suppression => self.show_suppression(config)?,
        };
        document.insert("id".to_owned(), config.id.into());
        document.insert("name".to_owned(), config.name.as_str().into());
        Ok(Value::Object(document))
    }

    /// Refuses names of health rules that the application does not have, as [`notification::known_rules`].
    async fn known_rules(
        &self,
        named: &BTreeSet<String>,
        before: Option<&BTreeSet<String>>,
    ) -> Result<BTreeSet<String>, ApiError> {
        let application = Some(self.application.id);
        let known =
            notification::known_rules(self.context, self.caller, application, named, before);
        known.await
    }

    /// The entities that some member of a document selects.
    fn selectors(&self, of: &Value) -> Result<Vec<alerting::policy::EntitySelector>, ApiError> {
        policies::selectors(self, of)
    }
}

/// The document's name, and the rest of it as it is kept.
fn named(document: &Map<String, Value>) -> Result<(String, Value), ApiError> {
    let name = document.get("name").and_then(Value::as_str).unwrap_or_default();
    let mut kept = document.clone();
    kept.remove("id");
    Ok((notification::name(name)?, Value::Object(kept)))
}

/// Texts of a list; other members are refused.
pub(super) fn texts(of: Option<&Value>, what: &str) -> Result<Vec<String>, ApiError> {
    let Some(list) = of.filter(|value| !value.is_null()) else { return Ok(Vec::new()) };
    let wrong = || ApiError::bad(format!("{what} has to be a list of texts"));
    let list = list.as_array().ok_or_else(wrong)?;
    list.iter().map(|one| one.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
}

/// The rules of a `healthRuleScope`; empty: all.
fn rules(scope: Option<&Value>) -> Result<Vec<String>, ApiError> {
    let Some(scope) = scope.filter(|value| !value.is_null()) else { return Ok(Vec::new()) };
    match scope.get("healthRuleScopeType").and_then(Value::as_str) {
        None | Some("ALL_HEALTH_RULES") => Ok(Vec::new()),
        Some("SPECIFIC_HEALTH_RULES") => {
            let rules = texts(scope.get("healthRules"), "healthRules")?;
            match rules.is_empty() {
                true => Err(ApiError::bad("healthRules has to name the health rules")),
                false => Ok(rules),
            }
        }
        Some(other) => Err(ApiError::bad(format!(
            "healthRuleScopeType is {other:?}; use ALL_HEALTH_RULES or SPECIFIC_HEALTH_RULES"
        ))),
    }
}

fn shown_rules(rules: &BTreeSet<String>) -> Value {
    match rules.is_empty() {
        true => json!({ "healthRuleScopeType": "ALL_HEALTH_RULES" }),
        false => json!({ "healthRuleScopeType": "SPECIFIC_HEALTH_RULES", "healthRules": rules }),
    }
}

pub(super) fn json_text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("texts and numbers are JSON")
}
