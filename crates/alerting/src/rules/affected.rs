//! Which entities a rule affects, as of a minute.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use metadata_store::Directory;
use model::{
    entity::{Entity, EntityKind},
    id::{AccountId, EntityId},
    measured::Measured,
    rule::{AffectedKind, Affects, CustomEntity, RuleError},
    time::Minute,
};

use super::{compiled::Compiled, source::Place};

/// Unseen for so long a node is retired: no alarm of its own any more.
const NODE_RETIRED_MS: i64 = 3_600_000;
/// The same of a tier, which stays an alarm for longer: a whole tier that is gone is seldom meant to be.
const TIER_RETIRED_MS: i64 = 24 * 3_600_000;
/// The same of everything else, which may be rarely used.
const FORGOTTEN_MS: i64 = 7 * 24 * 3_600_000;

/// An entity that a rule judges.
#[derive(Clone, Debug, PartialEq)]
pub struct Affected {
    pub id: EntityId,
    pub kind: EntityKind,
    pub name: Arc<str>,
    pub(super) place: Place,
}

/// How far back an entity may have been seen last.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Alive {
    /// In the minute that is judged, seen from now.
    At(Minute),
    /// In some minute since then; for looking back.
    Since(Minute),
}

impl Alive {
    fn takes(self, entity: &Entity, retired_ms: i64) -> bool {
        let from = match self {
            Alive::At(minute) => minute.start_millis() - retired_ms,
            Alive::Since(minute) => minute.start_millis(),
        };
        entity.last_seen_ms >= from && !entity.is_retired() && !entity.properties.is_waiting()
    }
}

/// Whom a rule that affects these would judge in a minute, by id.
///
/// # Errors
/// When `affects` is not sound.
pub fn affected_at(
    directory: &Directory,
    account: AccountId,
    application: EntityId,
    affects: Affects,
    minute: Minute,
) -> Result<Vec<Affected>, RuleError> {
    let alive = Alive::At(minute);
    let entities = Entities { directory, account, application, alive };
    Ok(entities.affected(&Compiled::affecting(affects)?))
}

/// The entities of one application.
#[derive(Debug)]
pub(crate) struct Entities<'a> {
    pub(crate) directory: &'a Directory,
    pub(crate) account: AccountId,
    pub(crate) application: EntityId,
    pub(crate) alive: Alive,
}

impl Entities<'_> {
    /// Those that a rule affects, by id.
    pub(super) fn affected(&self, rule: &Compiled) -> Vec<Affected> {
        match rule.kind() {
            AffectedKind::OverallApplication => self.application(Place::Application),
            AffectedKind::Custom => self.custom(rule),
            AffectedKind::Servers => self.servers(rule),
            AffectedKind::Tiers | AffectedKind::TierHardware => {
                self.named(rule, EntityKind::Tier, |tier| Place::Tier(tier.id))
            }
            AffectedKind::Nodes | AffectedKind::NodeHardware => {
                self.named(rule, EntityKind::Node, node_place)
            }
            AffectedKind::BusinessTransactions => {
                self.measured(rule, EntityKind::BusinessTransaction, Measured::Transaction)
            }
            AffectedKind::ServiceEndpoints => {
                self.measured(rule, EntityKind::ServiceEndpoint, Measured::Endpoint)
            }
            AffectedKind::Errors => self.measured(rule, EntityKind::ErrorGroup, Measured::Error),
            AffectedKind::Backends => {
                let mut all = self.measured(rule, EntityKind::Backend, Measured::CallsTo);
                all.extend(self.measured(rule, EntityKind::Queue, Measured::CallsTo));
                all
            }
        }
    }

    /// Nodes of a tier that are not retired.
    pub(super) fn nodes_of(&self, tier: EntityId) -> Vec<Affected> {
        let all = self.all(EntityKind::Node);
        let of_tier = all.iter().filter(|node| node.key.parent == tier);
        of_tier.map(|node| affected(node, node_place(node))).collect()
    }

    /// Those of a kind that are not retired, by id.
    pub(crate) fn all(&self, kind: EntityKind) -> Vec<Arc<Entity>> {
        let retired_ms = match kind {
            EntityKind::Node => NODE_RETIRED_MS,
            EntityKind::Tier => TIER_RETIRED_MS,
            _ => FORGOTTEN_MS,
        };
        let of_kind = |kind| self.directory.of_application(self.account, self.application, kind);
        let mut all = of_kind(kind);
        all.retain(|entity| self.alive.takes(entity, retired_ms));
        if kind == EntityKind::Tier {
            // A tier all of whose nodes are said to be gone is meant to be.
            let (gone, left): (Vec<_>, Vec<_>) =
                of_kind(EntityKind::Node).into_iter().partition(|node| node.is_retired());
            let left: BTreeSet<EntityId> = left.iter().map(|node| node.key.parent).collect();
            let gone: BTreeSet<EntityId> = gone.iter().map(|node| node.key.parent).collect();
            all.retain(|tier| !gone.contains(&tier.id) || left.contains(&tier.id));
        }
        all
    }

    fn application(&self, place: Place) -> Vec<Affected> {
        let application = self.directory.get(self.application);
        application.iter().map(|one| affected(one, place.clone())).collect()
    }

    fn named(
        &self,
        rule: &Compiled,
        kind: EntityKind,
        place: impl Fn(&Entity) -> Place,
    ) -> Vec<Affected> {
        let tiers: BTreeMap<EntityId, Arc<Entity>> = match kind {
            EntityKind::Tier | EntityKind::Backend | EntityKind::Queue => BTreeMap::new(),
            _ => {
                let tiers =
                    self.directory.of_application(self.account, self.application, EntityKind::Tier);
                tiers.into_iter().map(|tier| (tier.id, tier)).collect()
            }
        };
        let takes = |entity: &Entity| {
            let tier = tiers.get(&entity.key.parent);
            let tier = tier.map(|tier| tier.key.name.as_str()).unwrap_or_default();
            rule.takes(&entity.key.name, tier) && rule.takes_runtime(&entity.properties.system)
        };
        let all = self.all(kind);
        let taken = all.iter().filter(|entity| takes(entity));
        taken.map(|entity| affected(entity, place(entity))).collect()
    }

    fn measured(
        &self,
        rule: &Compiled,
        kind: EntityKind,
        measured: fn(EntityId) -> Measured,
    ) -> Vec<Affected> {
        self.named(rule, kind, |entity| Place::Measured(measured(entity.id)))
    }

    /// Hosts have no entity of their own: the first of their nodes that was met stands for them.
    fn servers(&self, rule: &Compiled) -> Vec<Affected> {
        let mut hosts: BTreeMap<String, Affected> = BTreeMap::new();
        for node in self.all(EntityKind::Node) {
            let host = node.properties.host.as_str();
            let tier = self.directory.get(node.key.parent);
            let tier = tier.as_ref().map(|tier| tier.key.name.as_str()).unwrap_or_default();
            if host.is_empty() || hosts.contains_key(host) || !rule.takes(host, tier) {
                continue;
            }
            let name: Arc<str> = host.into();
            let place = Place::Host(Arc::clone(&name));
            hosts.insert(host.to_owned(), Affected { name, ..affected(&node, place) });
        }
        hosts.into_values().collect()
    }

    fn custom(&self, rule: &Compiled) -> Vec<Affected> {
        let kind = match rule.custom_entity() {
            None => return self.application(Place::Elsewhere),
            Some(CustomEntity::Tier) => EntityKind::Tier,
            Some(CustomEntity::Node) => EntityKind::Node,
            Some(CustomEntity::BusinessTransaction) => EntityKind::BusinessTransaction,
            Some(CustomEntity::Backend) => EntityKind::Backend,
            Some(CustomEntity::ServiceEndpoint) => EntityKind::ServiceEndpoint,
        };
        let mut found = self.named(rule, kind, |_| Place::Elsewhere);
        found.truncate(1);
        found
    }
}

fn node_place(node: &Entity) -> Place {
    Place::Node { tier: node.key.parent, node: node.id }
}

fn affected(entity: &Entity, place: Place) -> Affected {
    Affected { id: entity.id, kind: entity.key.kind, name: entity.key.name.as_str().into(), place }
}
