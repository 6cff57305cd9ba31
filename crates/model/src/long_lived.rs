//! Long-lived work: connections and streams whose time says how long somebody listened, not how long they waited. Their calls
//! count, and stay out of response times.
//!
//! Sockets say so themselves. A business transaction is long-lived besides when half of its calls last over a minute, or
//! when an operator says so. That holds for calls that end within its [`LongLived::spells`]: a call is judged the same
//! however often its trace is opened again.

use serde::{Deserialize, Serialize};

use crate::spells::Spells;

/// A business transaction is long-lived when its median exceeds this, microseconds.
pub const MEDIAN_MICROS: f64 = 60e6;
/// Fewer calls tell no median.
pub const MIN_CALLS: f64 = 10.0;

/// What is known of one business transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LongLived {
    /// What an operator said; nothing while Vedette decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marked: Option<bool>,
    #[serde(skip_serializing_if = "Spells::is_empty")]
    pub spells: Spells,
}

impl LongLived {
    /// Whether nothing was ever said of it.
    pub fn is_nothing(&self) -> bool {
        self.marked.is_none() && self.spells.is_empty()
    }

    /// Whether calls that end from now on are long-lived.
    pub fn is_now(&self) -> bool {
        self.spells.is_now()
    }

    /// Whether a call that ends at this time (Unix nanoseconds) is.
    pub fn is_at(&self, end_ns: u64) -> bool {
        self.spells.is_at(end_ns)
    }

    /// Brings the spells up to date. `median_micros` is what the last hours say, if they say enough; `from_ns` a time after
    /// the end of every call that was taken. Nothing when there is nothing to change.
    ///
    /// One that was found by its median stays: its calls are not timed any more. An operator's word ends it.
    #[must_use]
    pub fn reconciled(&self, median_micros: Option<f64>, from_ns: u64) -> Option<LongLived> {
        let found = median_micros.is_some_and(|median| median > MEDIAN_MICROS);
        let wanted = self.marked.unwrap_or(found || self.is_now());
        let spells = self.spells.turned(wanted, from_ns)?;
        Some(LongLived { spells, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_over_a_minute_begins_a_spell_that_only_an_operator_ends() {
        let nothing = LongLived::default();
        assert_eq!(nothing.reconciled(None, 5), None);
        assert_eq!(nothing.reconciled(Some(59e6), 5), None);
        let found = nothing.reconciled(Some(61e6), 5).expect("it began");
        assert!(found.is_now() && found.is_at(5) && !found.is_at(4));
        assert_eq!(found.reconciled(None, 9), None);
        let denied = LongLived { marked: Some(false), ..found };
        let ended = denied.reconciled(Some(61e6), 9).expect("it ended");
        assert!(!ended.is_now() && ended.is_at(8) && !ended.is_at(9));
        assert_eq!(ended.reconciled(Some(61e6), 10), None, "the operator knows better");
        let again = LongLived { marked: Some(true), ..ended };
        let again = again.reconciled(None, 20).expect("it began again");
        assert!(!again.is_at(15) && again.is_at(20));
    }
}
