//! Business transactions that an operator does not want as such: requests of theirs work for no business transaction. They
//! still count on their tiers, nodes, service endpoints, calls and errors.

use serde::{Deserialize, Serialize};

use crate::spells::Spells;

/// What is known of one business transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Excluded {
    /// An operator does not want it.
    pub wanted: bool,
    /// When that held.
    pub spells: Spells,
}

impl Excluded {
    /// Whether nothing was ever said of it.
    pub fn is_nothing(&self) -> bool {
        !self.wanted && self.spells.is_empty()
    }

    /// Brings the spells up to date with what is wanted; see [`Spells::turned`].
    #[must_use]
    pub fn reconciled(&self, from_ns: u64) -> Option<Excluded> {
        let spells = self.spells.turned(self.wanted, from_ns)?;
        Some(Excluded { spells, ..self.clone() })
    }
}
