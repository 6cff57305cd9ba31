//! What speaks for a suspect. Each clue names the thing it was found in by its index in the situation, so that a reader
//! can be led to the series, the call, the log lines or the change itself. Calls are those of the transaction and, counting on, of all
//! transactions together: see [`Situation::named_calls`](super::Situation::named_calls).

use super::{situation::Severity, surprise::Deviation};

/// Something that speaks for a suspect, and how much.
#[derive(Debug, Clone, PartialEq)]
pub struct Clue {
    /// Log of how much more likely a fault there has become by this alone, at most.
    pub nats: f64,
    pub what: Evidence,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Evidence {
    /// Its calls take longer without what it waits for, ms a call.
    OwnTime { entity: usize, per_call: Deviation },
    /// More of its calls fail without a failed exit call: shares of its calls.
    OwnErrors { entity: usize, expected: f64, observed: f64 },
    /// Time between a caller and a callee, or in a callee that does not report, ms a call.
    Between { calls: usize, per_call: Deviation },
    /// Calls that fail without the callee knowing: shares of the calls.
    FailedCalls { calls: usize, expected: f64, observed: f64 },
    /// Wait for a pooled connection, ms a call.
    PoolWait { calls: usize, per_call: Deviation },
    /// Exit calls for each call taken.
    MoreCalls { calls: usize, per_call: Deviation },
    /// A resource's series leaves its band. Judged after taking out what the load explains.
    Resource { resource: usize, deviation: Deviation },
    /// Spans of an operation fail without a failed child: shares.
    DeepestError { operation: usize, expected: f64, observed: f64 },
    /// Spans lack children that they used to have: shares of the spans that have them.
    LostCalls { link: usize, expected: f64, observed: f64 },
    /// Spans of an operation have fewer child spans each.
    FewerCalls { operation: usize, expected: f64, observed: f64 },
    /// A kind of log line or exception comes more or less often than its surroundings explain.
    Template { template: usize, severity: Severity, expected: f64, observed: f64 },
    /// Something was changed shortly before.
    Change { change: usize, points_before: usize },
    /// Reported before, and no longer.
    Silent { entity: usize },
    /// The load rose: calls a point.
    Load { entity: usize, calls: Deviation },
}

impl Evidence {
    /// Whether both tell of the same thing.
    pub(super) fn is_of_same(&self, other: &Self) -> bool {
        let place = |of: &Self| match of {
            Self::Between { calls, .. }
            | Self::FailedCalls { calls, .. }
            | Self::PoolWait { calls, .. }
            | Self::MoreCalls { calls, .. } => *calls,
            Self::OwnTime { entity, .. }
            | Self::OwnErrors { entity, .. }
            | Self::Silent { entity }
            | Self::Load { entity, .. } => *entity,
            Self::Resource { resource, .. } => *resource,
            Self::DeepestError { operation, .. } | Self::FewerCalls { operation, .. } => *operation,
            Self::LostCalls { link, .. } => *link,
            Self::Template { template, .. } => *template,
            Self::Change { change, .. } => *change,
        };
        std::mem::discriminant(self) == std::mem::discriminant(other) && place(self) == place(other)
    }
}

/// What evidence counts for where it may bring `most` nats at most: nearly itself while it is small, and more for more.
///
/// A plain limit would make all strong evidence alike.
pub(super) fn bounded(nats: f64, most: f64) -> f64 {
    if most > 0.0 { -most * (-nats / most).exp_m1() } else { 0.0 }
}

/// One of several things happened, nobody says which: the mean of their likelihood ratios.
pub(super) fn one_of(nats: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = nats.clone().count();
    if count == 0 {
        return 0.0;
    }
    let most = nats.clone().fold(0.0, f64::max);
    let sum: f64 = nats.map(|value| (value - most).exp()).sum();
    (most + sum.ln() - (count as f64).ln()).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_keep_the_order_of_what_they_bound() {
        let of = |nats: f64| bounded(nats, 6.0);
        assert_eq!(of(0.0), 0.0);
        assert!((of(0.1) - 0.1).abs() < 0.002);
        assert!(of(10.0) < of(20.0) && of(1e6) <= 6.0, "{} {}", of(10.0), of(20.0));
        assert_eq!(bounded(5.0, 0.0), 0.0);
    }
}
