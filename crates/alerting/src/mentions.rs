//! Which health rules and actions the documents of alerting's configuration mention, and how a document follows a rule that
//! is called otherwise. The metadata store keeps documents without knowing what is in them.

use std::collections::BTreeSet;

use metadata_store::{AlertConfig, AlertConfigKind, RenamedRule};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{policy::Policy, suppression::Suppression};

/// Kinds of documents that mention health rules.
pub const OF_RULES: [AlertConfigKind; 3] =
    [AlertConfigKind::Policy, AlertConfigKind::Digest, AlertConfigKind::Suppression];

/// Kinds of documents that mention actions.
pub const OF_ACTIONS: [AlertConfigKind; 2] = [AlertConfigKind::Policy, AlertConfigKind::Digest];

/// The names of the health rules that a document of one of [`OF_RULES`] mentions. None of one that cannot be read.
pub fn rules(kind: AlertConfigKind, config: &AlertConfig) -> BTreeSet<String> {
    match kind {
        AlertConfigKind::Action => BTreeSet::new(),
        AlertConfigKind::Suppression => {
            read(&config.body).map(|one: Suppression| one.rules).unwrap_or_default()
        }
        AlertConfigKind::Policy | AlertConfigKind::Digest => {
            read(&config.body).map(|one: Policy| one.rules).unwrap_or_default()
        }
    }
}

/// Whether a document of one of [`OF_ACTIONS`] does an action.
pub fn does(config: &AlertConfig, action: u32) -> bool {
    read(&config.body).is_some_and(|policy: Policy| policy.actions.contains(&action))
}

/// A document that mentions a rule by its old name, with the new one in its place, or beside it where another rule still has
/// the old one. `None` when it need not change: it does not mention it, or cannot be read.
pub fn following(kind: AlertConfigKind, body: &str, renamed: &RenamedRule<'_>) -> Option<String> {
    match kind {
        AlertConfigKind::Action => None,
        AlertConfigKind::Suppression => {
            let mut suppression: Suppression = read(body)?;
            follow(&mut suppression.rules, renamed)?;
            follow_in(&mut suppression.reference, renamed);
            Some(written(&suppression))
        }
        AlertConfigKind::Policy | AlertConfigKind::Digest => {
            let mut policy: Policy = read(body)?;
            follow(&mut policy.rules, renamed)?;
            follow_in(&mut policy.reference, renamed);
            follow_in(&mut policy.exported, renamed);
            Some(written(&policy))
        }
    }
}

fn read<T: DeserializeOwned>(body: &str) -> Option<T> {
    serde_json::from_str(body).ok()
}

fn written(document: &impl Serialize) -> String {
    serde_json::to_string(document).expect("texts and numbers are JSON")
}

fn follow(rules: &mut BTreeSet<String>, renamed: &RenamedRule<'_>) -> Option<()> {
    if !rules.contains(renamed.from) {
        return None;
    }
    if !renamed.is_left {
        rules.remove(renamed.from);
    }
    rules.insert(renamed.to.to_owned());
    Some(())
}

/// What a script wrote follows where it means one rule; else it no longer says what the document does, and goes.
fn follow_in(document: &mut Option<Value>, renamed: &RenamedRule<'_>) {
    match document {
        Some(document) if !renamed.is_left => rename(document, false, renamed),
        _ => *document = None,
    }
}

/// Renames the texts below the members that name rules.
fn rename(value: &mut Value, names: bool, renamed: &RenamedRule<'_>) {
    match value {
        Value::String(name) if names && name == renamed.from => renamed.to.clone_into(name),
        Value::Array(all) => all.iter_mut().for_each(|one| rename(one, names, renamed)),
        Value::Object(members) => {
            for (member, value) in members {
                let names = match member.as_str() {
                    "healthRules" | "healthRuleNames" => true,
                    "entityName" => names,
                    _ => false,
                };
                rename(value, names, renamed);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RENAMED: RenamedRule<'static> = RenamedRule { from: "slow", to: "late", is_left: false };

    #[test]
    fn a_policy_follows_in_all_that_it_keeps() {
        let policy = Policy {
            rules: ["slow".to_owned(), "other".to_owned()].into(),
            reference: Some(json!({"name": "slow", "events": {"healthRuleEvents": {
                "healthRuleScope": {"healthRules": ["slow", "other"]}}}})),
            exported: Some(json!({"eventFilterTemplate": {"healthRuleNames": [
                {"applicationName": "slow", "entityType": "POLICY", "entityName": "slow"}]}})),
            ..Policy::default()
        };
        let body = written(&policy);
        let followed = following(AlertConfigKind::Policy, &body, &RENAMED).unwrap();
        let followed: Policy = read(&followed).unwrap();
        assert_eq!(followed.rules, ["late".to_owned(), "other".to_owned()].into());
        let reference = followed.reference.unwrap();
        assert_eq!(reference["name"], "slow", "that is the policy's own");
        assert_eq!(
            reference["events"]["healthRuleEvents"]["healthRuleScope"]["healthRules"],
            json!(["late", "other"])
        );
        let named = &followed.exported.unwrap()["eventFilterTemplate"]["healthRuleNames"][0];
        assert_eq!(
            (&named["applicationName"], &named["entityName"]),
            (&json!("slow"), &json!("late"))
        );
        // Where another application has a rule of the old name it stays.
        let both = RenamedRule { is_left: true, ..RENAMED };
        let both: Policy =
            read(&following(AlertConfigKind::Policy, &body, &both).unwrap()).unwrap();
        assert_eq!(both.rules.len(), 3, "{both:?}");
        assert_eq!((both.reference, both.exported), (None, None));
    }

    #[test]
    fn what_does_not_name_the_rule_stays_as_it_is() {
        let all = written(&Policy::default());
        assert_eq!(following(AlertConfigKind::Digest, &all, &RENAMED), None);
        assert_eq!(following(AlertConfigKind::Suppression, "{\"newer\":1}", &RENAMED), None);
        assert_eq!(following(AlertConfigKind::Action, "{\"rules\":[\"slow\"]}", &RENAMED), None);
    }
}
