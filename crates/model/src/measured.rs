//! What can be asked for figures, and which rows count for it.

use crate::{
    figure::{FigureKey, Scope},
    id::EntityId,
};

/// Something with figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Measured {
    /// Its business transactions without background work.
    Application(EntityId),
    /// Entry calls of a tier, whatever their business transaction.
    Tier(EntityId),
    TierUnder {
        bt: EntityId,
        tier: EntityId,
    },
    Node(EntityId),
    Endpoint(EntityId),
    EndpointOn {
        endpoint: EntityId,
        node: EntityId,
    },
    Transaction(EntityId),
    /// The business transactions of a group of an application, by its number.
    Group {
        application: EntityId,
        group: u32,
    },
    /// Where a business transaction entered.
    TransactionOn {
        bt: EntityId,
        node: EntityId,
    },
    Call {
        from: EntityId,
        to: EntityId,
    },
    CallUnder {
        bt: EntityId,
        from: EntityId,
        to: EntityId,
    },
    /// All calls to a backend, queue or tier.
    CallsTo(EntityId),
    /// Exceptions of one group.
    Error(EntityId),
    ErrorsOf {
        tier: EntityId,
    },
    ErrorsUnder {
        bt: EntityId,
    },
    ErrorUnder {
        bt: EntityId,
        error: EntityId,
    },
    ErrorsIn {
        application: EntityId,
    },
}

/// What one row counts for: at most four things.
pub type Counted = [Option<Measured>; 4];

/// For what business transactions count besides themselves.
pub trait Belonging {
    /// Whether one belongs to its application's figures.
    fn is_key(&self, bt: EntityId) -> bool;

    /// The number of the group that one is in.
    fn group_of(&self, bt: EntityId) -> Option<u32>;
}

/// A test for key figures alone: nothing is in a group.
impl<F: Fn(EntityId) -> bool> Belonging for F {
    fn is_key(&self, bt: EntityId) -> bool {
        self(bt)
    }

    fn group_of(&self, _: EntityId) -> Option<u32> {
        None
    }
}

impl Measured {
    /// What a row of this key counts for.
    pub fn of(key: &FigureKey, belonging: &impl Belonging) -> Counted {
        let FigureKey { subject, peer, bt, application, .. } = *key;
        match key.scope {
            Scope::Tier => [Some(Measured::Tier(subject)), None, None, None],
            Scope::Node => [Some(Measured::Node(subject)), None, None, None],
            Scope::Endpoint => [
                Some(Measured::Endpoint(subject)),
                Some(Measured::EndpointOn { endpoint: subject, node: peer }),
                None,
                None,
            ],
            Scope::BusinessTransaction => [
                Some(Measured::Transaction(subject)),
                Some(Measured::TransactionOn { bt: subject, node: peer }),
                belonging.is_key(subject).then_some(Measured::Application(application)),
                belonging.group_of(subject).map(|group| Measured::Group { application, group }),
            ],
            Scope::TierInTransaction => {
                [Some(Measured::TierUnder { bt, tier: subject }), None, None, None]
            }
            Scope::Edge if bt.is_none() => [
                Some(Measured::Call { from: subject, to: peer }),
                Some(Measured::CallsTo(peer)),
                None,
                None,
            ],
            Scope::Edge => {
                [Some(Measured::CallUnder { bt, from: subject, to: peer }), None, None, None]
            }
            Scope::Error if bt.is_none() => [
                Some(Measured::Error(subject)),
                Some(Measured::ErrorsOf { tier: peer }),
                Some(Measured::ErrorsIn { application }),
                None,
            ],
            Scope::Error => [
                Some(Measured::ErrorsUnder { bt }),
                Some(Measured::ErrorUnder { bt, error: subject }),
                None,
                None,
            ],
        }
    }

    /// The scope whose rows count for it.
    pub fn scope(self) -> Scope {
        match self {
            Measured::Application(_)
            | Measured::Transaction(_)
            | Measured::Group { .. }
            | Measured::TransactionOn { .. } => Scope::BusinessTransaction,
            Measured::Tier(_) => Scope::Tier,
            Measured::TierUnder { .. } => Scope::TierInTransaction,
            Measured::Node(_) => Scope::Node,
            Measured::Endpoint(_) | Measured::EndpointOn { .. } => Scope::Endpoint,
            Measured::Call { .. } | Measured::CallUnder { .. } | Measured::CallsTo(_) => {
                Scope::Edge
            }
            Measured::Error(_)
            | Measured::ErrorsOf { .. }
            | Measured::ErrorsUnder { .. }
            | Measured::ErrorUnder { .. }
            | Measured::ErrorsIn { .. } => Scope::Error,
        }
    }

    /// The one subject of the rows that count for it, where there is one.
    pub fn subject(self) -> Option<EntityId> {
        match self {
            Measured::Tier(id)
            | Measured::Node(id)
            | Measured::Endpoint(id)
            | Measured::Transaction(id)
            | Measured::Error(id)
            | Measured::ErrorUnder { error: id, .. }
            | Measured::TierUnder { tier: id, .. }
            | Measured::EndpointOn { endpoint: id, .. }
            | Measured::TransactionOn { bt: id, .. }
            | Measured::Call { from: id, .. }
            | Measured::CallUnder { from: id, .. } => Some(id),
            Measured::Application(_)
            | Measured::Group { .. }
            | Measured::CallsTo(_)
            | Measured::ErrorsOf { .. }
            | Measured::ErrorsUnder { .. }
            | Measured::ErrorsIn { .. } => None,
        }
    }

    /// The one peer of the rows that count for it, where there is one.
    pub fn peer(self) -> Option<EntityId> {
        match self {
            Measured::EndpointOn { node, .. } | Measured::TransactionOn { node, .. } => Some(node),
            Measured::Call { to, .. } | Measured::CallUnder { to, .. } | Measured::CallsTo(to) => {
                Some(to)
            }
            Measured::ErrorsOf { tier } => Some(tier),
            Measured::Application(_)
            | Measured::Tier(_)
            | Measured::TierUnder { .. }
            | Measured::Node(_)
            | Measured::Endpoint(_)
            | Measured::Transaction(_)
            | Measured::Group { .. }
            | Measured::Error(_)
            | Measured::ErrorsUnder { .. }
            | Measured::ErrorUnder { .. }
            | Measured::ErrorsIn { .. } => None,
        }
    }

    /// The business transaction of its rows: one, none ("over all"), or any where that does not matter.
    pub fn bt(self) -> Option<EntityId> {
        match self {
            Measured::TierUnder { bt, .. }
            | Measured::CallUnder { bt, .. }
            | Measured::ErrorsUnder { bt }
            | Measured::ErrorUnder { bt, .. } => Some(bt),
            Measured::Call { .. }
            | Measured::CallsTo(_)
            | Measured::Error(_)
            | Measured::ErrorsOf { .. }
            | Measured::ErrorsIn { .. } => Some(EntityId::NONE),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_row_counts_for_is_found_by_its_parts() {
        for (number, bt) in
            (1..=7).flat_map(|number| [(number, EntityId::NONE), (number, EntityId(4))])
        {
            let key = FigureKey {
                scope: Scope::from_number(number).expect("seven scopes have numbers"),
                application: EntityId(1),
                subject: EntityId(2),
                peer: EntityId(3),
                bt,
            };
            let found = Measured::of(&key, &|_: EntityId| true);
            for measured in found.into_iter().flatten() {
                assert_eq!(measured.scope(), key.scope, "{measured:?}");
                assert!(
                    measured.subject().is_none_or(|subject| subject == key.subject),
                    "{measured:?}"
                );
                assert!(measured.peer().is_none_or(|peer| peer == key.peer), "{measured:?}");
                assert!(measured.bt().is_none_or(|bt| bt == key.bt), "{measured:?}");
            }
        }
    }
}
