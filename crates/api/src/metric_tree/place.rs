//! The shape of the tree: what is below each place.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{
    entity::{Entity, EntityKind},
    id::EntityId,
    leaf::{self, Leaf},
};
use rustc_hash::FxHashMap;

use super::path::{Pattern, matches};
use telemetry_store::reader::MetricSeries;

use crate::{
    entities::Entities,
    figures::Measured,
    reference::{self, CallCategories},
};

pub(super) use model::metric_path::{
    BACKENDS, CALLS, ENDPOINTS, ERRORS, INFRASTRUCTURE, NODES, OVERALL, TRANSACTION_TIERS,
    TRANSACTIONS,
};

/// An application's tree.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) entities: Entities,
    pub(crate) application: EntityId,
    pub(crate) categories: CallCategories,
    /// Calls that were seen: caller, called, and under which business transaction (none: over all).
    pub(crate) calls: BTreeSet<(EntityId, EntityId, EntityId)>,
    /// Metric series that agents report: tier, node (none: the tier's own), path below it, unit.
    pub(crate) series: BTreeSet<Series>,
    /// What is of each tier, by kind, once it was asked for.
    of_tiers: RefCell<BTreeMap<EntityKind, ByTier>>,
}

type ByTier = FxHashMap<EntityId, Vec<Arc<Entity>>>;

/// A metric series that agents report of a node; without one, those of all nodes of the tier put together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Series {
    pub(crate) tier: EntityId,
    pub(crate) node: EntityId,
    pub(crate) path: Vec<String>,
    pub(crate) unit: String,
}

impl Series {
    /// What the store found.
    pub(crate) fn of(found: &MetricSeries) -> Series {
        Series {
            tier: found.tier,
            node: found.node,
            path: found.path.split('|').map(str::to_owned).collect(),
            unit: found.unit.clone(),
        }
    }
}

/// A place in the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Root,
    Overall,
    OverallTier(EntityId),
    TierNodes(EntityId),
    TierCalls(EntityId),
    TransactionRoot,
    TransactionTiers,
    TransactionTier(EntityId),
    Transaction(EntityId),
    TransactionNodes(EntityId),
    TransactionCalls(EntityId),
    BackendRoot,
    EndpointTiers,
    EndpointTier(EntityId),
    Endpoint(EntityId),
    EndpointNodes(EntityId),
    ErrorTiers,
    ErrorTier(EntityId),
    InfrastructureTiers,
    InfrastructureTier(EntityId),
    InfrastructureNodes(EntityId),
    /// Below a tier (node none) or node, down some segments.
    Reported {
        tier: EntityId,
        node: EntityId,
        below: Vec<String>,
    },
    /// Something measured by these leaves only.
    Folder(Measured, &'static [Leaf]),
    Leaf(Measured, Leaf),
    ReportedLeaf(Series),
}

/// A name at a level and what is there.
pub(crate) type Child = (String, Place);

impl Place {
    /// Whether it is a metric.
    pub(crate) fn is_leaf(&self) -> bool {
        matches!(self, Place::Leaf(..) | Place::ReportedLeaf(_))
    }
}

impl Tree {
    pub(super) fn new(
        entities: Entities,
        application: EntityId,
        categories: CallCategories,
        calls: BTreeSet<(EntityId, EntityId, EntityId)>,
        series: BTreeSet<Series>,
    ) -> Tree {
        Tree { entities, application, categories, calls, series, of_tiers: RefCell::default() }
    }

    /// What is at a path: the places that match it, with their full paths. More than `most` are not looked for.
    pub(crate) fn find(&self, pattern: &Pattern, most: usize) -> Vec<(Vec<String>, Place)> {
        let mut found = vec![(Vec::new(), Place::Root)];
        for segment in pattern.segments() {
            let mut below = Vec::new();
            for (path, place) in &found {
                for (name, child) in self.children(place) {
                    if matches(segment, &name) && below.len() <= most {
                        below.push(([path.as_slice(), &[name]].concat(), child));
                    }
                }
            }
            found = below;
        }
        found
    }

    /// The names directly below a path, and whether each is a metric; a name that is below several places once.
    pub(crate) fn level(&self, pattern: &Pattern) -> Vec<(String, bool)> {
        let mut names: Vec<(String, bool)> = Vec::new();
        let mut met = BTreeSet::new();
        for (_, place) in self.find(pattern, usize::MAX) {
            for (name, child) in self.children(&place) {
                let item = (name, child.is_leaf());
                if met.insert(item.clone()) {
                    names.push(item);
                }
            }
        }
        names
    }

    /// What is directly below a place, as it is shown.
    pub(crate) fn children(&self, place: &Place) -> Vec<Child> {
        let app = self.application;
        match place {
            Place::Root => vec![
                (OVERALL.to_owned(), Place::Overall),
                (TRANSACTIONS.to_owned(), Place::TransactionRoot),
                (BACKENDS.to_owned(), Place::BackendRoot),
                (ENDPOINTS.to_owned(), Place::EndpointTiers),
                (ERRORS.to_owned(), Place::ErrorTiers),
                (INFRASTRUCTURE.to_owned(), Place::InfrastructureTiers),
            ],
            Place::Overall => {
                join(leaves(Measured::Application(app), &leaf::ALL), self.tiers(Place::OverallTier))
            }
            Place::OverallTier(tier) => join(
                leaves(Measured::Tier(*tier), &leaf::ALL),
                vec![
                    (NODES.to_owned(), Place::TierNodes(*tier)),
                    (CALLS.to_owned(), Place::TierCalls(*tier)),
                ],
            ),
            Place::TierNodes(tier) => {
                self.nodes(*tier, |node| Place::Folder(Measured::Node(node), &leaf::OF_NODE))
            }
            Place::TierCalls(tier) => self.called(*tier, EntityId::NONE),
            Place::TransactionRoot => {
                vec![(TRANSACTION_TIERS.to_owned(), Place::TransactionTiers)]
            }
            Place::TransactionTiers => self.tiers(Place::TransactionTier),
            Place::TransactionTier(tier) => {
                self.of_tier(*tier, EntityKind::BusinessTransaction, Place::Transaction)
            }
            Place::Transaction(bt) => join(
                leaves(Measured::Transaction(*bt), &leaf::ALL),
                vec![
                    (NODES.to_owned(), Place::TransactionNodes(*bt)),
                    (CALLS.to_owned(), Place::TransactionCalls(*bt)),
                ],
            ),
            Place::TransactionNodes(bt) => self.nodes(self.tier_of(*bt), |node| {
                Place::Folder(Measured::TransactionOn { bt: *bt, node }, &leaf::OF_NODE)
            }),
            Place::TransactionCalls(bt) => self.called(self.tier_of(*bt), *bt),
            Place::BackendRoot => self.backends(),
            Place::EndpointTiers => self.tiers(Place::EndpointTier),
            Place::EndpointTier(tier) => {
                self.of_tier(*tier, EntityKind::ServiceEndpoint, Place::Endpoint)
            }
            Place::Endpoint(endpoint) => join(
                leaves(Measured::Endpoint(*endpoint), &leaf::OF_CALLS),
                vec![(NODES.to_owned(), Place::EndpointNodes(*endpoint))],
            ),
            Place::EndpointNodes(endpoint) => self.nodes(self.tier_of(*endpoint), |node| {
                let measured = Measured::EndpointOn { endpoint: *endpoint, node };
                Place::Folder(measured, &leaf::OF_CALLS)
            }),
            Place::ErrorTiers => self.tiers(Place::ErrorTier),
            Place::ErrorTier(tier) => self.of_tier(*tier, EntityKind::ErrorGroup, |group| {
                Place::Folder(Measured::Error(group), &leaf::OF_ERRORS)
            }),
            Place::InfrastructureTiers => self.tiers(Place::InfrastructureTier),
            Place::InfrastructureTier(tier) => join(
                vec![(NODES.to_owned(), Place::InfrastructureNodes(*tier))],
                self.reported(*tier, EntityId::NONE, &[]),
            ),
            Place::InfrastructureNodes(tier) => {
                self.nodes(*tier, |node| Place::Reported { tier: *tier, node, below: Vec::new() })
            }
            Place::Reported { tier, node, below } => self.reported(*tier, *node, below),
            Place::Folder(measured, of) => leaves(*measured, of),
            Place::Leaf(..) | Place::ReportedLeaf(_) => Vec::new(),
        }
    }

    fn tiers(&self, place: impl Fn(EntityId) -> Place) -> Vec<Child> {
        named(&self.entities.all(self.application, EntityKind::Tier), place)
    }

    fn nodes(&self, tier: EntityId, place: impl Fn(EntityId) -> Place) -> Vec<Child> {
        self.of_tier(tier, EntityKind::Node, place)
    }

    fn of_tier(
        &self,
        tier: EntityId,
        kind: EntityKind,
        place: impl Fn(EntityId) -> Place,
    ) -> Vec<Child> {
        let mut of_tiers = self.of_tiers.borrow_mut();
        let of_tiers = of_tiers.entry(kind).or_insert_with(|| {
            let mut by_tier = ByTier::default();
            for entity in self.entities.all(self.application, kind) {
                by_tier.entry(entity.key.parent).or_default().push(entity);
            }
            by_tier
        });
        named(of_tiers.get(&tier).into_iter().flatten(), place)
    }

    fn tier_of(&self, id: EntityId) -> EntityId {
        self.entities.get(id).map_or(EntityId::NONE, |entity| entity.key.parent)
    }

    fn backends(&self) -> Vec<Child> {
        let mut all = self.entities.all(self.application, EntityKind::Backend);
        all.extend(self.entities.all(self.application, EntityKind::Queue));
        named(&all, |id| Place::Folder(Measured::CallsTo(id), &leaf::OF_CALLS))
    }

    /// Calls out of a tier, over all (`bt` none) or under one business transaction.
    fn called(&self, from: EntityId, bt: EntityId) -> Vec<Child> {
        let calls = self.calls.iter().filter(|(caller, _, under)| *caller == from && *under == bt);
        let child = |(_, to, _): &(EntityId, EntityId, EntityId)| {
            let called = self.entities.get(*to)?;
            let category = reference::exit_point_type(&self.categories.to(&called));
            let measured = match bt.some() {
                Some(bt) => Measured::CallUnder { bt, from, to: *to },
                None => Measured::Call { from, to: *to },
            };
            let name = format!("Call-{category} to {}", called.key.name);
            Some((name, Place::Folder(measured, &leaf::OF_CALLS)))
        };
        calls.filter_map(child).collect()
    }

    /// One level of what agents report of a node, or of all nodes of a tier (`node` none).
    fn reported(&self, tier: EntityId, node: EntityId, below: &[String]) -> Vec<Child> {
        let mut children: Vec<Child> = Vec::new();
        for series in &self.series {
            if series.tier != tier || (node.some().is_some() && series.node != node) {
                continue;
            }
            let Some([name, rest @ ..]) = series.path.strip_prefix(below) else { continue };
            let place = match rest {
                [] => Place::ReportedLeaf(Series { node, ..series.clone() }),
                _ => Place::Reported {
                    tier,
                    node,
                    below: [below, std::slice::from_ref(name)].concat(),
                },
            };
            let child = (name.clone(), place);
            if !children.contains(&child) {
                children.push(child);
            }
        }
        children
    }
}

fn leaves(measured: Measured, of: &[Leaf]) -> Vec<Child> {
    of.iter().map(|leaf| (leaf.name().to_owned(), Place::Leaf(measured, *leaf))).collect()
}

fn named<'a>(
    entities: impl IntoIterator<Item = &'a Arc<Entity>>,
    place: impl Fn(EntityId) -> Place,
) -> Vec<Child> {
    entities.into_iter().map(|entity| (entity.key.name.clone(), place(entity.id))).collect()
}

fn join(mut first: Vec<Child>, second: Vec<Child>) -> Vec<Child> {
    first.extend(second);
    first
}
