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

/// What one row counts for: at most three things.
pub type Counted = [Option<Measured>; 3];

impl Measured {
    /// What a row of this key counts for. `is_key` says whether a business transaction belongs to its application's figures.
    pub fn of(key: &FigureKey, is_key: impl Fn(EntityId) -> bool) -> Counted {
        let FigureKey { subject, peer, bt, application, .. } = *key;
        match key.scope {
            Scope::Tier => [Some(Measured::Tier(subject)), None, None],
            Scope::Node => [Some(Measured::Node(subject)), None, None],
            Scope::Endpoint => [
                Some(Measured::Endpoint(subject)),
                Some(Measured::EndpointOn { endpoint: subject, node: peer }),
                None,
            ],
            Scope::BusinessTransaction => [
                Some(Measured::Transaction(subject)),
                Some(Measured::TransactionOn { bt: subject, node: peer }),
                is_key(subject).then_some(Measured::Application(application)),
            ],
            Scope::TierInTransaction => {
                [Some(Measured::TierUnder { bt, tier: subject }), None, None]
            }
            Scope::Edge if bt.is_none() => [
                Some(Measured::Call { from: subject, to: peer }),
                Some(Measured::CallsTo(peer)),
                None,
            ],
            Scope::Edge => [Some(Measured::CallUnder { bt, from: subject, to: peer }), None, None],
            Scope::Error if bt.is_none() => [
                Some(Measured::Error(subject)),
                Some(Measured::ErrorsOf { tier: peer }),
                Some(Measured::ErrorsIn { application }),
            ],
            Scope::Error => [
                Some(Measured::ErrorsUnder { bt }),
                Some(Measured::ErrorUnder { bt, error: subject }),
                None,
            ],
        }
    }

    /// The scope whose rows count for it.
    pub fn scope(self) -> Scope {
        match self {
            Measured::Application(_)
            | Measured::Transaction(_)
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
            | Measured::CallsTo(_)
            | Measured::ErrorsOf { .. }
            | Measured::ErrorsUnder { .. }
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
