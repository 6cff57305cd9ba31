//! Policies: which events, on which entities, lead to which actions. Digests are policies that tell by the hour.

use std::collections::BTreeSet;

use metadata_store::{Event, EventSeverity};
use model::event;
use serde::{Deserialize, Serialize};

/// Actions of one policy.
pub const MAX_ACTIONS: usize = 20;
/// Types of events, rules, entities or custom events that one policy names.
pub const MAX_NAMED: usize = 500;
/// The longest time for which what belongs together is gathered, seconds.
pub const MAX_GATHER_SECONDS: u32 = 3_600;
/// The longest time between two digests, hours.
pub const MAX_DIGEST_HOURS: u8 = 168;

/// Types of events that a policy can name, in groups as people look for them: all that Vedette makes, and no other. Others
/// that scripts name are taken too, and kept.
pub const EVENT_TYPES: &[(&str, &[&str])] = &[
    (
        "Health rule violations",
        &[
            "POLICY_OPEN_WARNING",
            "POLICY_OPEN_CRITICAL",
            "POLICY_UPGRADED",
            "POLICY_DOWNGRADED",
            "POLICY_CONTINUES_WARNING",
            "POLICY_CONTINUES_CRITICAL",
            "POLICY_CLOSE_WARNING",
            "POLICY_CLOSE_CRITICAL",
            "POLICY_CANCELED_WARNING",
            "POLICY_CANCELED_CRITICAL",
        ],
    ),
    (
        "Anomalies",
        &[
            "ANOMALY_OPEN_WARNING",
            "ANOMALY_OPEN_CRITICAL",
            "ANOMALY_UPGRADED",
            "ANOMALY_DOWNGRADED",
            "ANOMALY_CLOSE_WARNING",
            "ANOMALY_CLOSE_CRITICAL",
        ],
    ),
    ("Slow and stalled transactions", &[event::SLOW, event::VERY_SLOW, event::STALL]),
    ("Errors", &[event::ERROR, event::APPLICATION_ERROR]),
    (
        "Application changes",
        &[
            event::DEPLOYMENT,
            event::CONFIG_CHANGE,
            event::RESTART,
            event::AGENT_CHANGE,
            event::APPLICATION_DISCOVERED,
            event::TIER_DISCOVERED,
        ],
    ),
    ("Vedette itself", &[event::LIMIT_REACHED, event::DISK_SPACE, event::OWN_HEALTH]),
];

/// Whether a policy can name a type of events.
pub fn is_event_type(name: &str) -> bool {
    name == event::CUSTOM || EVENT_TYPES.iter().any(|(_, types)| types.contains(&name))
}

/// A policy, as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    pub enabled: bool,
    /// Types of events, `POLICY_OPEN_CRITICAL`.
    pub event_types: BTreeSet<String>,
    /// Names of the health rules whose violations count; empty: of all.
    pub rules: BTreeSet<String>,
    pub custom: Vec<CustomMatch>,
    /// Empty: whatever an event affects.
    pub entities: Vec<EntitySelector>,
    pub actions: Vec<u32>,
    /// For so long after the first event further ones of the same cause join its notice.
    pub gather_seconds: u32,
    /// Of a digest: hours between two of them.
    pub every_hours: Option<u8>,
    /// The document by which a script made it, as long as nobody else has changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<serde_json::Value>,
    /// The document by which an import of exports made it, as long as nobody else has changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exported: Option<serde_json::Value>,
}

/// Custom events that a policy takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomMatch {
    /// Empty: any.
    pub event_type: String,
    /// Properties that they have to have; an empty value means any.
    pub properties: Vec<(String, String)>,
    /// Whether one of the properties is enough.
    pub any_property: bool,
}

/// What entities a policy or a suppression is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntitySelector {
    pub kind: SelectedKind,
    /// Empty: all of the kind.
    #[serde(default)]
    pub ids: BTreeSet<u32>,
}

/// Kinds of entities that can be selected; what is below a selected one is selected too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelectedKind {
    Application,
    Tier,
    Node,
    BusinessTransaction,
    Backend,
    ServiceEndpoint,
    Error,
}

impl SelectedKind {
    /// As `model::entity::EntityKind` numbers it.
    pub fn number(self) -> u8 {
        match self {
            Self::Application => 1,
            Self::Tier => 2,
            Self::Node => 3,
            Self::BusinessTransaction => 4,
            Self::ServiceEndpoint => 5,
            Self::Backend => 6,
            Self::Error => 8,
        }
    }
}

/// Where an entity stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kin {
    pub kind: u8,
    /// Its tier, 0 for none.
    pub parent: u32,
    /// 0 for none.
    pub application: u32,
}

/// Looks up where an entity stands.
pub type Lineage<'a> = &'a dyn Fn(u32) -> Option<Kin>;

/// Kind and id of everything that an event is about: what it affects, its tiers, its application.
pub fn concerned(event: &Event, lineage: Lineage<'_>) -> BTreeSet<(u8, u32)> {
    let mut all = BTreeSet::new();
    all.extend(event.application_id.map(|id| (SelectedKind::Application.number(), id)));
    for entity in event.affected.iter().filter(|entity| entity.kind < 100) {
        all.insert((entity.kind, entity.id));
        if let Some(kin) = lineage(entity.id) {
            all.insert((SelectedKind::Tier.number(), kin.parent));
            all.insert((SelectedKind::Application.number(), kin.application));
        }
    }
    all.retain(|(_, id)| *id != 0);
    all
}

impl EntitySelector {
    /// Whether it selects one of these. A queue counts as a backend.
    pub fn selects(&self, concerned: &BTreeSet<(u8, u32)>) -> bool {
        let number = self.kind.number();
        concerned.iter().any(|(kind, id)| {
            (*kind == number || (number == 6 && *kind == 7))
                && (self.ids.is_empty() || self.ids.contains(id))
        })
    }
}

/// What an event means for something that begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Opens,
    GoesOn,
    Ends,
    /// It neither begins nor ends: a deployment, an error.
    Happens,
}

/// The phase of a type of event.
pub fn phase(kind: &str) -> Phase {
    let Some(rest) = kind.strip_prefix("POLICY_").or_else(|| kind.strip_prefix("ANOMALY_")) else {
        return Phase::Happens;
    };
    if rest.starts_with("OPEN") || rest == "UPGRADED" {
        Phase::Opens
    } else if rest.starts_with("CLOSE") || rest.starts_with("CANCELED") {
        Phase::Ends
    } else if rest.starts_with("CONTINUES") || rest == "DOWNGRADED" {
        Phase::GoesOn
    } else {
        Phase::Happens
    }
}

impl Policy {
    /// Whether it takes an event of its account and application.
    pub fn takes(&self, event: &Event, lineage: Lineage<'_>) -> bool {
        self.takes_kind(event) && self.takes_subject(event, lineage)
    }

    /// Whether it takes events about what this one is about, of whatever type.
    pub fn takes_subject(&self, event: &Event, lineage: Lineage<'_>) -> bool {
        let of_rule = event.kind.starts_with("POLICY_");
        if of_rule && !self.rules.is_empty() {
            let rule = event.triggered.as_ref().map(|rule| rule.name.as_str());
            if !rule.is_some_and(|rule| self.rules.contains(rule)) {
                return false;
            }
        }
        if self.entities.is_empty() {
            return true;
        }
        let concerned = concerned(event, lineage);
        self.entities.iter().any(|selector| selector.selects(&concerned))
    }

    /// Whether it takes events of this type.
    fn takes_kind(&self, event: &Event) -> bool {
        if event.kind == "CUSTOM" {
            return self.custom.iter().any(|custom| custom.takes(event))
                || self.event_types.contains("CUSTOM");
        }
        // What becomes critical opens critical, for whoever asked for nothing less.
        let becomes_critical = event.kind.ends_with("_UPGRADED")
            && self.event_types.contains(&event.kind.replace("UPGRADED", "OPEN_CRITICAL"));
        becomes_critical || self.event_types.contains(&event.kind)
    }

    /// Whether it takes the beginning of something of this severity.
    pub fn takes_opening(&self, event: &Event) -> bool {
        let Some((family, _)) = event.kind.split_once('_') else { return false };
        let level = if event.severity == EventSeverity::Error { "CRITICAL" } else { "WARNING" };
        self.event_types.contains(&format!("{family}_OPEN_{level}"))
    }
}

impl CustomMatch {
    fn takes(&self, event: &Event) -> bool {
        if !self.event_type.is_empty() && self.event_type != event.sub_type {
            return false;
        }
        let has = |(name, value): &(String, String)| {
            event
                .properties
                .iter()
                .any(|(known, is)| known == name && (value.is_empty() || value == is))
        };
        match self.any_property {
            true if !self.properties.is_empty() => self.properties.iter().any(has),
            _ => self.properties.iter().all(has),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::rule::Level;

    use super::*;
    use crate::rules::{Change, ChangeKind};

    #[test]
    fn what_is_offered_is_what_is_made() {
        let offered: Vec<&str> =
            EVENT_TYPES.iter().flat_map(|(_, types)| types.iter().copied()).collect();
        let levels = [Level::Warning, Level::Critical];
        let of_rules = (1..=u8::MAX)
            .filter_map(ChangeKind::from_number)
            .flat_map(|kind| levels.map(|level| Change { kind, level }.event_kind()));
        let of_anomalies = levels.into_iter().flat_map(crate::anomalies::event_kinds);
        let made: BTreeSet<&str> = of_rules.chain(of_anomalies).chain(event::FOUND).collect();
        assert_eq!(offered.iter().copied().collect::<BTreeSet<&str>>(), made);
        assert_eq!(offered.len(), made.len(), "each once");
    }
}
