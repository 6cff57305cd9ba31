//! Policies of an application as JSON.

use std::collections::BTreeSet;

use alerting::{
    notifier,
    policy::{
        EntitySelector, MAX_ACTIONS, MAX_GATHER_SECONDS, MAX_NAMED, Policy, SelectedKind,
        is_event_type,
    },
};
use axum::{Json, response::Response};
use metadata_store::{AlertConfig, AlertConfigKind, DocumentNeeds, NewAlertConfig};
use model::{entity::EntityKind, id::EntityId};
use serde_json::{Map, Value, json};

use super::{
    Coming, OWN, actions::of, answer, documents, overwrite, store_all, text, upload::Upload,
};
use crate::{
    auth::Trail,
    controller::{
        asked::Asked,
        responses::{self, GATHER_SECONDS, custom, ids, shown_custom, texts},
    },
    error::ApiError,
    notification,
};

/// Kinds of entities by the reference's words.
const ENTITIES: [(&str, SelectedKind, EntityKind); 7] = [
    ("APPLICATION", SelectedKind::Application, EntityKind::Application),
    ("APPLICATION_COMPONENT", SelectedKind::Tier, EntityKind::Tier),
    ("APPLICATION_COMPONENT_NODE", SelectedKind::Node, EntityKind::Node),
    ("BUSINESS_TRANSACTION", SelectedKind::BusinessTransaction, EntityKind::BusinessTransaction),
    ("BACKEND", SelectedKind::Backend, EntityKind::Backend),
    ("SERVICE_END_POINT", SelectedKind::ServiceEndpoint, EntityKind::ServiceEndpoint),
    ("ERROR", SelectedKind::Error, EntityKind::ErrorGroup),
];

/// All policies of an application.
pub(crate) async fn export(asked: Asked) -> Result<Json<Value>, ApiError> {
    let of = of(&asked)?;
    let actions = of.configs(AlertConfigKind::Action).await?;
    let mut all = of.configs(AlertConfigKind::Policy).await?;
    all.retain(|one| one.application_id.is_some());
    let mut exported = Vec::new();
    for config in &all {
        exported.push(shown(&of, config, &actions)?);
    }
    Ok(Json(exported.into()))
}

/// Stores all policies of a file or none.
pub(crate) async fn import(
    asked: Asked,
    trail: Trail,
    Upload(file): Upload,
) -> Result<Response, ApiError> {
    let of = of(&asked)?;
    Ok(answer(stored(&asked, &of, &trail, &file).await))
}

async fn stored(
    asked: &Asked,
    of: &responses::Asked<'_>,
    trail: &Trail,
    file: &str,
) -> Result<Vec<String>, ApiError> {
    let taken = overwrite(asked)?;
    let actions = of.configs(AlertConfigKind::Action).await?;
    let mut coming = Vec::new();
    for document in documents(file)? {
        let name = notification::name(text(&document, "name").unwrap_or_default())?;
        let policy = read(of, document, &actions)
            .map_err(|error| ApiError::Unprocessable(format!("the policy {name:?}: {error}")))?;
        let application = Some(of.application.id);
        let unknown =
            notification::unknown_rules(of.context, of.caller, application, &policy.rules).await?;
        let warnings = missing(&name, &policy, &unknown);
        let mut needs = DocumentNeeds {
            rules: policy.rules.clone(),
            actions: policy.actions.iter().copied().collect(),
        };
        needs.rules.retain(|rule| !unknown.contains(rule));
        let new =
            notification::to_store(of.context, of.caller, application, name, &policy, Vec::new());
        let new = NewAlertConfig { needs, ..new };
        coming.push(Coming { new, warnings });
    }
    store_all(of.context, of.caller, trail, AlertConfigKind::Policy, coming, taken).await
}

/// What a policy names that is not there: it is kept as it came, and the importer is told.
fn missing(name: &str, policy: &Policy, unknown_rules: &[String]) -> Vec<String> {
    let mut all = Vec::new();
    for rule in unknown_rules {
        all.push(format!(
            "the policy {name:?} names the health rule {rule:?}, which is not there: it tells nothing of it until there is one"
        ));
    }
    for kind in policy.event_types.iter().filter(|kind| !is_event_type(kind)) {
        all.push(format!(
            "the policy {name:?} names events of the type {kind}, which are never made here"
        ));
    }
    if policy.actions.is_empty() {
        all.push(format!(
            "the policy {name:?} has no action: it tells nobody until it is given one"
        ));
    }
    all
}

fn read(
    of: &responses::Asked<'_>,
    document: Map<String, Value>,
    actions: &[AlertConfig],
) -> Result<Policy, ApiError> {
    let none = Map::new();
    let events = document.get("eventFilterTemplate").and_then(Value::as_object);
    let events = events
        .ok_or_else(|| ApiError::bad("eventFilterTemplate has to say which events it is about"))?;
    let own = document.get(OWN).and_then(Value::as_object).unwrap_or(&none);
    let gather = own.get("gather_seconds").and_then(Value::as_u64);
    let gather = gather.and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(GATHER_SECONDS);
    let policy = Policy {
        enabled: document.get("enabled").and_then(Value::as_bool).unwrap_or(true),
        event_types: event_types(events)?,
        rules: names(events.get("healthRuleNames"), "healthRuleNames")?.into_iter().collect(),
        custom: custom(events.get("customEventFilters"))?,
        entities: entities(of, document.get("entityFilterTemplates"))?,
        actions: action_ids(document.get("actionWrapperTemplates"), actions)?,
        gather_seconds: gather.min(MAX_GATHER_SECONDS),
        every_hours: None,
        reference: None,
        exported: None,
    };
    let named = policy.event_types.len().max(policy.rules.len()).max(policy.custom.len());
    if policy.actions.len() > MAX_ACTIONS || policy.entities.len() > 50 || named > MAX_NAMED {
        return Err(ApiError::bad("it has more actions, entities or events than may be"));
    }
    Ok(Policy { exported: Some(Value::Object(document)), ..policy })
}

fn event_types(events: &Map<String, Value>) -> Result<BTreeSet<String>, ApiError> {
    let listed = texts(events.get("eventTypes"), "eventTypes")?;
    let known = |kind: String| match kind.strip_prefix("HEALTH_RULE_") {
        Some(rest) => format!("POLICY_{rest}"),
        None => kind,
    };
    Ok(listed.into_iter().map(known).collect())
}

/// The names in a list of mentions of entities; null is an empty one.
fn names(of: Option<&Value>, what: &str) -> Result<Vec<String>, ApiError> {
    let Some(list) = of.filter(|list| !list.is_null()) else { return Ok(Vec::new()) };
    let wrong = || ApiError::bad(format!("{what} has to be a list of entities with an entityName"));
    let list = list.as_array().ok_or_else(wrong)?;
    let name = |one: &Value| {
        let name = one.get("entityName").unwrap_or(one).as_str();
        name.map(str::to_owned).ok_or_else(wrong)
    };
    list.iter().map(name).collect()
}

fn entities(
    of: &responses::Asked<'_>,
    templates: Option<&Value>,
) -> Result<Vec<EntitySelector>, ApiError> {
    let Some(templates) = templates.filter(|list| !list.is_null()) else { return Ok(Vec::new()) };
    let wrong = || ApiError::bad("entityFilterTemplates has to be a list of objects");
    let mut selectors = Vec::new();
    for template in templates.as_array().ok_or_else(wrong)? {
        let template = template.as_object().ok_or_else(wrong)?;
        let word = text(template, "entityType").unwrap_or_default();
        let known = ENTITIES.iter().find(|(known, ..)| *known == word);
        let (_, kind, stored) = known.ok_or_else(|| {
            ApiError::bad(format!("policies are not about entities of the type {word:?} here"))
        })?;
        let ids = match text(template, "matchCriteriaType").unwrap_or_default() {
            "AllEntities" if *kind == SelectedKind::Application => [of.application.id].into(),
            "AllEntities" => BTreeSet::new(),
            "SpecificEntities" => {
                let named = names(template.get("entityNames"), "entityNames")?;
                if named.is_empty() {
                    return Err(ApiError::bad("SpecificEntities has to have entityNames"));
                }
                ids(of, *stored, &named)?
            }
            other => {
                return Err(ApiError::bad(format!(
                    "entities of the type {word} are chosen by {other:?}, which policies cannot do here: use AllEntities, or \
                     SpecificEntities with their names"
                )));
            }
        };
        selectors.push(EntitySelector { kind: *kind, ids });
    }
    Ok(selectors)
}

fn action_ids(wrappers: Option<&Value>, known: &[AlertConfig]) -> Result<Vec<u32>, ApiError> {
    let Some(wrappers) = wrappers.filter(|list| !list.is_null()) else { return Ok(Vec::new()) };
    let wrong = || ApiError::bad("actionWrapperTemplates has to be a list of actionTags");
    let mut ids = Vec::new();
    for wrapper in wrappers.as_array().ok_or_else(wrong)? {
        let tag = wrapper.get("actionTag").and_then(Value::as_str).ok_or_else(wrong)?;
        // An application's own action comes before one of the account that is called the same.
        let found = known.iter().filter(|one| one.name == tag).max_by_key(|one| one.application_id);
        let found = found.ok_or_else(|| {
            ApiError::bad(format!(
                "there is no action {tag:?}; import it first: POST /controller/actions/{{app}}"
            ))
        })?;
        ids.push(found.id);
    }
    Ok(ids)
}

fn shown(
    of: &responses::Asked<'_>,
    config: &AlertConfig,
    actions: &[AlertConfig],
) -> Result<Value, ApiError> {
    let policy = notifier::read::<Policy>(config)?.value;
    if let Some(Value::Object(mut kept)) = policy.exported {
        kept.insert("name".to_owned(), config.name.as_str().into());
        return Ok(Value::Object(kept));
    }
    let application = of.application.name.as_str();
    let mention = |kind: &str, name: &str| json!({ "applicationName": application, "entityType": kind, "entityName": name });
    let rules: Vec<Value> = policy.rules.iter().map(|name| mention("POLICY", name)).collect();
    let custom: Vec<Value> = policy.custom.iter().map(shown_custom).collect();
    let entities = of.context.entities(of.caller);
    let selected = |selector: &EntitySelector| {
        let known = ENTITIES.iter().find(|(_, kind, _)| *kind == selector.kind);
        let kind = known.map_or("", |(kind, ..)| kind);
        let name = |id: &u32| mention(kind, &entities.mention(EntityId(*id)).name);
        let named: Vec<Value> = selector.ids.iter().map(name).collect();
        let is_all = named.is_empty() || selector.kind == SelectedKind::Application;
        match is_all {
            true => json!({ "entityType": kind, "matchCriteriaType": "AllEntities" }),
            false => json!({
                "entityType": kind, "matchCriteriaType": "SpecificEntities", "entityNames": named,
            }),
        }
    };
    let selected: Vec<Value> = policy.entities.iter().map(selected).collect();
    let tags = policy.actions.iter().filter_map(|id| actions.iter().find(|one| one.id == *id));
    let tags: Vec<Value> =
        tags.map(|one| json!({ "actionTag": one.name, "matchCriteriaTemplate": null })).collect();
    Ok(json!({
        "applicationName": application,
        "reactorType": "POLICY",
        "name": config.name,
        "enabled": policy.enabled,
        "batchActionsPerMinute": true,
        "eventFilterTemplate": {
            "applicationName": application,
            "eventTypes": policy.event_types,
            "healthRuleNames": (!rules.is_empty()).then_some(rules),
            "customEventFilters": custom,
        },
        "entityFilterTemplates": (!selected.is_empty()).then_some(selected),
        "actionWrapperTemplates": tags,
        OWN: { "gather_seconds": policy.gather_seconds },
    }))
}
