//! Policies and email digests.

use std::collections::BTreeSet;

use alerting::{
    notifier,
    policy::{CustomMatch, EntitySelector, Policy, SelectedKind},
};
use metadata_store::{AlertConfig, AlertConfigKind, DocumentNeeds};
use model::{entity::EntityKind, id::EntityId};
use serde_json::{Map, Value, json};

use super::{Asked, Read, json_text, named, rules, shown_rules, texts};
use crate::{error::ApiError, notification};

/// For so long notices of one cause are gathered, unless the page says otherwise.
pub(in crate::controller) const GATHER_SECONDS: u32 = 60;

impl Asked<'_> {
    pub(super) async fn read_policy(
        &self,
        document: Map<String, Value>,
        stored: Option<&AlertConfig>,
    ) -> Result<Read, ApiError> {
        let digest = self.kind == AlertConfigKind::Digest;
        if digest && document.contains_key("executeActionsInBatch") {
            return Err(ApiError::bad("executeActionsInBatch is not for email digests"));
        }
        let every_hours = match (digest, document.get("frequency").and_then(Value::as_u64)) {
            (false, _) => None,
            (true, Some(hours @ 1..=168)) => u8::try_from(hours).ok(),
            (true, _) => return Err(ApiError::bad("frequency has to be 1 to 168 hours")),
        };
        let (name, reference) = named(&document)?;
        let events = document.get("events").cloned().unwrap_or(Value::Null);
        let of_rules = events.get("healthRuleEvents").filter(|value| !value.is_null());
        let known = self.configs(AlertConfigKind::Action).await?;
        let policy = Policy {
            enabled: document.get("enabled").and_then(Value::as_bool).unwrap_or(true),
            event_types: event_types(&events)?,
            rules: rules(of_rules.and_then(|of| of.get("healthRuleScope")))?.into_iter().collect(),
            custom: custom(events.get("customEvents"))?,
            entities: match document.get("selectedEntities") {
                None => Vec::new(),
                Some(selected) => self.selectors(selected)?,
            },
            actions: action_ids(document.get("actions"), &known)?,
            gather_seconds: GATHER_SECONDS,
            every_hours,
            reference: Some(reference),
            exported: None,
        };
        let before = stored.and_then(|stored| notifier::read::<Policy>(stored).ok());
        let before = before.as_ref().map(|stored| &stored.value.rules);
        let rules = self.known_rules(&policy.rules, before).await?;
        notification::doable(&policy, &known)?;
        let needs = DocumentNeeds { rules, actions: policy.actions.iter().copied().collect() };
        Ok(Read { name, body: json_text(&policy), sealed: Vec::new(), needs })
    }

    pub(super) async fn show_policy(
        &self,
        config: &AlertConfig,
    ) -> Result<Map<String, Value>, ApiError> {
        let policy = notifier::read::<Policy>(config)?.value;
        if let Some(Value::Object(document)) = policy.reference {
            return Ok(document);
        }
        let known = self.configs(AlertConfigKind::Action).await?;
        let mut actions = Vec::new();
        for action in known.iter().filter(|one| policy.actions.contains(&one.id)) {
            let kind = self.show_action(action)?.get("actionType").cloned();
            actions.push(json!({ "actionName": action.name, "actionType": kind }));
        }
        let (of_rules, rest): (Vec<_>, Vec<_>) =
            policy.event_types.iter().partition(|one| one.starts_with("POLICY_"));
        let (anomalies, other): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|one| one.starts_with("ANOMALY_"));
        let of_rules = (!of_rules.is_empty()).then(|| {
            json!({ "healthRuleEventTypes": of_rules, "healthRuleScope": shown_rules(&policy.rules) })
        });
        let anomalies = (!anomalies.is_empty()).then(|| json!({ "anomalyEventTypes": anomalies }));
        let custom: Vec<Value> = policy.custom.iter().map(shown_custom).collect();
        let mut document = json!({
            "enabled": policy.enabled,
            "actions": actions,
            "events": {
                "healthRuleEvents": of_rules,
                "otherEvents": other,
                "anomalyEvents": anomalies,
                "customEvents": custom,
            },
            "selectedEntities": self.shown_selectors(&policy.entities),
        });
        match policy.every_hours {
            Some(hours) => document["frequency"] = hours.into(),
            None => document["executeActionsInBatch"] = true.into(),
        }
        match document {
            Value::Object(document) => Ok(document),
            _ => Ok(Map::new()),
        }
    }

    pub(super) fn shown_selectors(&self, selectors: &[EntitySelector]) -> Value {
        if selectors.is_empty() {
            return json!({ "selectedEntityType": "ANY_ENTITY" });
        }
        let entities = self.context.entities(self.caller);
        let one = |selector: &EntitySelector| {
            let (kind, list) = words(selector.kind);
            let names: Vec<String> =
                selector.ids.iter().map(|id| entities.mention(EntityId(*id)).name).collect();
            json!({ "entityType": kind, list: names })
        };
        let list: Vec<Value> = selectors.iter().map(one).collect();
        json!({ "selectedEntityType": "SPECIFIC_ENTITIES", "entities": list })
    }
}

fn action_ids(actions: Option<&Value>, known: &[AlertConfig]) -> Result<Vec<u32>, ApiError> {
    let wanted = actions.and_then(Value::as_array).into_iter().flatten();
    let found = wanted.map(|one| {
        let name = one.get("actionName").and_then(Value::as_str).unwrap_or_default();
        let found = known.iter().find(|action| action.name == name);
        found
            .map(|action| action.id)
            .ok_or_else(|| ApiError::bad(format!("there is no action {name:?}; make it first")))
    });
    found.collect()
}

fn words(kind: SelectedKind) -> (&'static str, &'static str) {
    match kind {
        SelectedKind::Application => ("APPLICATION", "applications"),
        SelectedKind::Tier => ("TIER", "tiers"),
        SelectedKind::Node => ("NODE", "nodes"),
        SelectedKind::BusinessTransaction => ("BUSINESS_TRANSACTION", "businessTransactions"),
        SelectedKind::Backend => ("BACKEND", "backends"),
        SelectedKind::ServiceEndpoint => ("SERVICE_ENDPOINT", "serviceEndpoints"),
        SelectedKind::Error => ("ERROR", "errors"),
    }
}

/// Newer scripts call the violations of health rules by another name.
fn event_types(events: &Value) -> Result<BTreeSet<String>, ApiError> {
    let of_rules = events.get("healthRuleEvents").and_then(|of| of.get("healthRuleEventTypes"));
    let anomalies = events
        .get("anomalyEvents")
        .filter(|of| !of.is_null())
        .and_then(|of| of.get("anomalyEventTypes").or_else(|| of.is_array().then_some(of)));
    let mut all = texts(of_rules, "healthRuleEventTypes")?;
    all.extend(texts(anomalies, "anomalyEventTypes")?);
    all.extend(texts(events.get("otherEvents"), "otherEvents")?);
    Ok(all
        .into_iter()
        .map(|kind| match kind.strip_prefix("HEALTH_RULE_") {
            Some(rest) => format!("POLICY_{rest}"),
            None => kind,
        })
        .collect())
}

pub(in crate::controller) fn custom(list: Option<&Value>) -> Result<Vec<CustomMatch>, ApiError> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    let one = |value: &Value| {
        let text = |names: &[&str]| {
            names.iter().find_map(|name| value.get(name)?.as_str()).map(str::to_owned)
        };
        let event_type = match value.as_str() {
            Some(text) => Some(text.to_owned()),
            None => text(&["customEventType", "eventType", "type"]),
        };
        let event_type =
            event_type.ok_or_else(|| ApiError::bad("a custom event needs its type"))?;
        let pairs = value.get("properties").and_then(Value::as_array).into_iter().flatten();
        let pair = |pair: &Value| {
            let part = |names: [&str; 2]| {
                names
                    .iter()
                    .find_map(|name| pair.get(name)?.as_str())
                    .unwrap_or_default()
                    .to_owned()
            };
            (part(["name", "key"]), part(["value", "value"]))
        };
        let any = text(&["propertiesMatchType", "matchType"]).is_some_and(|how| how == "ANY");
        Ok(CustomMatch { event_type, properties: pairs.map(pair).collect(), any_property: any })
    };
    list.map(one).collect()
}

pub(in crate::controller) fn shown_custom(custom: &CustomMatch) -> Value {
    let pairs: Vec<Value> = custom
        .properties
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    json!({
        "customEventType": custom.event_type,
        "properties": pairs,
        "propertiesMatchType": if custom.any_property { "ANY" } else { "ALL" },
    })
}

/// The entities that `selectedEntities` or `affects` selects. Scopes differ by kind; the lists of names in them are what
/// counts, and where there is none, all of the kind.
pub(super) fn selectors(asked: &Asked<'_>, of: &Value) -> Result<Vec<EntitySelector>, ApiError> {
    if of.is_null() || of.get("selectedEntityType").and_then(Value::as_str) == Some("ANY_ENTITY") {
        return Ok(Vec::new());
    }
    let listed = of.get("entities").and_then(Value::as_array);
    let each: Vec<&Value> = listed.map_or_else(|| vec![of], |list| list.iter().collect());
    let mut selectors = Vec::new();
    for entity in each {
        let mut found = Vec::new();
        named_in(asked, entity, &mut found)?;
        let kind = ["entityType", "affectedInfoType", "affectedEntityType"]
            .iter()
            .find_map(|name| entity.get(name)?.as_str());
        match (found.is_empty(), kind.and_then(kind_of)) {
            (false, _) => selectors.extend(found),
            (true, Some(kind)) => {
                let ids = match kind {
                    SelectedKind::Application => [asked.application.id].into(),
                    _ => BTreeSet::new(),
                };
                selectors.push(EntitySelector { kind, ids });
            }
            (true, None) => {
                return Err(ApiError::bad(format!(
                    "entities of the kind {:?} are not known here",
                    kind.unwrap_or_default()
                )));
            }
        }
    }
    Ok(selectors)
}

fn kind_of(text: &str) -> Option<SelectedKind> {
    [
        ("BUSINESS_TRANSACTION", SelectedKind::BusinessTransaction),
        ("SERVICE_ENDPOINT", SelectedKind::ServiceEndpoint),
        ("NODE", SelectedKind::Node),
        ("TIER", SelectedKind::Tier),
        ("BACKEND", SelectedKind::Backend),
        ("DATABASE", SelectedKind::Backend),
        ("ERROR", SelectedKind::Error),
        ("APPLICATION", SelectedKind::Application),
    ]
    .into_iter()
    .find(|(word, _)| text.contains(word))
    .map(|(_, kind)| kind)
}

fn named_in(
    asked: &Asked<'_>,
    value: &Value,
    found: &mut Vec<EntitySelector>,
) -> Result<(), ApiError> {
    let Some(members) = value.as_object() else { return Ok(()) };
    if members.get("shouldNot").and_then(Value::as_bool) == Some(true) {
        return Err(ApiError::bad("shouldNot is not supported: name what is meant"));
    }
    for (name, member) in members {
        let kinds = match name.to_lowercase() {
            name if name.ends_with("businesstransactions") => {
                Some((SelectedKind::BusinessTransaction, EntityKind::BusinessTransaction))
            }
            name if name.ends_with("tiers") => Some((SelectedKind::Tier, EntityKind::Tier)),
            name if name.ends_with("nodes") => Some((SelectedKind::Node, EntityKind::Node)),
            name if name.ends_with("backends") => {
                Some((SelectedKind::Backend, EntityKind::Backend))
            }
            name if name.ends_with("errors") => Some((SelectedKind::Error, EntityKind::ErrorGroup)),
            _ => None,
        };
        match (kinds, member.is_array()) {
            (Some((kind, stored)), true) => {
                let names = texts(Some(member), name)?;
                if !names.is_empty() {
                    found.push(EntitySelector { kind, ids: ids(asked, stored, &names)? });
                }
            }
            _ => named_in(asked, member, found)?,
        }
    }
    Ok(())
}

/// The entities of these names.
pub(in crate::controller) fn ids(
    asked: &Asked<'_>,
    kind: EntityKind,
    names: &[String],
) -> Result<BTreeSet<u32>, ApiError> {
    let entities = asked.context.entities(asked.caller);
    let all = entities.all(EntityId(asked.application.id), kind);
    let mut ids = BTreeSet::new();
    for name in names {
        let before = ids.len();
        ids.extend(all.iter().filter(|one| one.key.name == *name).map(|one| one.id.0));
        if ids.len() == before {
            return Err(ApiError::bad(format!(
                "there is nothing of the name {name:?} in the application {}",
                asked.application.name
            )));
        }
    }
    Ok(ids)
}
