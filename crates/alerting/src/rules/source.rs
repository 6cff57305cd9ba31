//! Where the metric of a condition comes from.

use std::sync::Arc;

use metadata_store::Directory;
use model::{
    entity::{EntityKey, EntityKind},
    id::{AccountId, EntityId},
    leaf::Leaf,
    measured::Measured,
    metric_path as names,
};

/// Something that has a value in each minute.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// Made of figures.
    Figure { application: EntityId, measured: Measured, leaf: Leaf },
    /// Reported by agents of a node, or of all nodes of a tier (none), at a path whose segments may be `*`.
    Series { application: EntityId, tier: EntityId, node: EntityId, path: Arc<str> },
    /// The same of all nodes of a host.
    Host { application: EntityId, host: Arc<str>, path: Arc<str> },
    /// How many series a [`Source::Series`] or [`Source::Host`] is made of.
    Group(Box<Source>),
    /// Minutes since an application, tier or node was heard of.
    Silence(EntityId),
    /// Minutes since any application but Vedette's own was heard of.
    SilenceOfAll,
}

/// Where an affected entity stands in the metric tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Application,
    /// Something with figures only.
    Measured(Measured),
    Tier(EntityId),
    Node {
        tier: EntityId,
        node: EntityId,
    },
    Host(Arc<str>),
    /// Only absolute paths lead anywhere.
    Elsewhere,
}

/// A path that is not known to begin at the top of the tree is looked for below the entity.
#[derive(Debug)]
pub(super) struct Resolver<'a> {
    pub(super) directory: &'a Directory,
    pub(super) account: AccountId,
    pub(super) application: EntityId,
}

impl Resolver<'_> {
    /// Where a path leads, seen from a place; nothing where it names what there is not.
    pub(super) fn source(&self, place: &Place, path: &Arc<str>) -> Option<Source> {
        if is_absolute(path) {
            return self.absolute(path);
        }
        let figure = |measured| Leaf::named(path).map(|leaf| self.figure(measured, leaf));
        match place {
            Place::Application if **path == *names::SILENCE => {
                Some(Source::Silence(self.application))
            }
            Place::Application if **path == *names::SILENCE_OF_ALL => Some(Source::SilenceOfAll),
            Place::Application => figure(Measured::Application(self.application)),
            Place::Measured(measured) => figure(*measured),
            Place::Tier(tier) if **path == *names::SILENCE => Some(Source::Silence(*tier)),
            Place::Tier(tier) => figure(Measured::Tier(*tier))
                .or_else(|| Some(self.series(*tier, EntityId::NONE, path))),
            Place::Node { node, .. } if **path == *names::SILENCE => Some(Source::Silence(*node)),
            Place::Node { tier, node } => {
                figure(Measured::Node(*node)).or_else(|| Some(self.series(*tier, *node, path)))
            }
            Place::Host(host) => Some(Source::Host {
                application: self.application,
                host: Arc::clone(host),
                path: Arc::clone(path),
            }),
            Place::Elsewhere => None,
        }
    }

    fn figure(&self, measured: Measured, leaf: Leaf) -> Source {
        Source::Figure { application: self.application, measured, leaf }
    }

    fn series(&self, tier: EntityId, node: EntityId, path: &Arc<str>) -> Source {
        let application = self.application;
        Source::Series { application, tier, node, path: Arc::clone(path) }
    }

    fn find(&self, kind: EntityKind, parent: EntityId, name: &str) -> Option<EntityId> {
        self.directory.find(&EntityKey {
            account: self.account,
            kind,
            application: self.application,
            parent,
            name: name.to_owned(),
        })
    }

    fn tier(&self, name: &str) -> Option<EntityId> {
        self.find(EntityKind::Tier, EntityId::NONE, name)
    }

    /// What is called, by the name that the tree gives the call: `Call-HTTP to inventory`.
    fn called(&self, call: &str) -> Option<EntityId> {
        let (_, name) = call.strip_prefix("Call-")?.split_once(" to ")?;
        let kinds = [EntityKind::Backend, EntityKind::Queue, EntityKind::Tier];
        kinds.into_iter().find_map(|kind| self.find(kind, EntityId::NONE, name))
    }

    fn absolute(&self, path: &str) -> Option<Source> {
        let segments: Vec<&str> = path.split('|').collect();
        if let [names::INFRASTRUCTURE, tier, rest @ ..] = &*segments {
            return self.infrastructure(self.tier(tier)?, rest);
        }
        let (leaf, place) = segments.split_last()?;
        Some(self.figure(self.measured(place)?, Leaf::named(leaf)?))
    }

    fn infrastructure(&self, tier: EntityId, rest: &[&str]) -> Option<Source> {
        let (node, rest) = match rest {
            [names::NODES, node, rest @ ..] => (self.find(EntityKind::Node, tier, node)?, rest),
            rest => (EntityId::NONE, rest),
        };
        (!rest.is_empty()).then(|| self.series(tier, node, &rest.join("|").into()))
    }

    fn measured(&self, place: &[&str]) -> Option<Measured> {
        let node = |tier, name: &str| self.find(EntityKind::Node, tier, name);
        match place {
            [names::OVERALL] => Some(Measured::Application(self.application)),
            [names::OVERALL, tier] => self.tier(tier).map(Measured::Tier),
            [names::OVERALL, tier, names::NODES, name] => {
                node(self.tier(tier)?, name).map(Measured::Node)
            }
            [names::OVERALL, tier, names::CALLS, call] => {
                Some(Measured::Call { from: self.tier(tier)?, to: self.called(call)? })
            }
            [names::TRANSACTIONS, names::TRANSACTION_TIERS, tier, name, rest @ ..] => {
                let tier = self.tier(tier)?;
                let bt = self.find(EntityKind::BusinessTransaction, tier, name)?;
                match rest {
                    [] => Some(Measured::Transaction(bt)),
                    [names::NODES, name] => {
                        Some(Measured::TransactionOn { bt, node: node(tier, name)? })
                    }
                    [names::CALLS, call] => {
                        Some(Measured::CallUnder { bt, from: tier, to: self.called(call)? })
                    }
                    _ => None,
                }
            }
            [names::BACKENDS, name] => {
                let kinds = [EntityKind::Backend, EntityKind::Queue];
                let found =
                    kinds.into_iter().find_map(|kind| self.find(kind, EntityId::NONE, name));
                found.map(Measured::CallsTo)
            }
            [names::ENDPOINTS, tier, name, rest @ ..] => {
                let tier = self.tier(tier)?;
                let endpoint = self.find(EntityKind::ServiceEndpoint, tier, name)?;
                match rest {
                    [] => Some(Measured::Endpoint(endpoint)),
                    [names::NODES, name] => {
                        Some(Measured::EndpointOn { endpoint, node: node(tier, name)? })
                    }
                    _ => None,
                }
            }
            [names::ERRORS, tier, name] => {
                self.find(EntityKind::ErrorGroup, self.tier(tier)?, name).map(Measured::Error)
            }
            _ => None,
        }
    }
}

/// Whether a path begins at the top of the metric tree.
fn is_absolute(path: &str) -> bool {
    let first = path.split('|').next().unwrap_or_default();
    let tops = [
        names::OVERALL,
        names::TRANSACTIONS,
        names::BACKENDS,
        names::ENDPOINTS,
        names::ERRORS,
        names::INFRASTRUCTURE,
    ];
    path.contains('|') && tops.contains(&first)
}
