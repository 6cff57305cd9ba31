//! Tiers whose spans are a sample that the agent did not tell of: their own metrics count more requests than their spans
//! show.

use std::collections::BTreeMap;

use model::{
    figure::Scope,
    id::{AccountId, EntityId},
    time::{Minute, MinuteRange},
};
use rustc_hash::FxHashMap;
use telemetry_store::reader::QueryError;
use tracing::warn;

use super::Pipeline;

/// A difference below it is what agents export a minute apart, or count and do not trace.
const MIN_SHARE: f64 = 0.9;
const MIN_MISSING: f64 = 20.0;
/// The newest minutes are still being reported.
const SETTLED_MINUTES: u32 = 2;
/// Metrics that are older say nothing of today.
const FORGET_MINUTES: u32 = 60;

/// Which share of its requests a tier's spans show, percent; nothing when they show about all.
fn shown_percent(requests: f64, spans: f64) -> Option<u8> {
    let is_sample = spans < requests * MIN_SHARE && requests - spans >= MIN_MISSING;
    // What is shown rounds up: some spans are not none.
    is_sample.then(|| (100.0 * spans.max(0.0) / requests).ceil() as u8)
}

impl Pipeline {
    /// Compares, and says so of each tier.
    pub(super) fn find_samples(&mut self, now: Minute) -> Result<(), QueryError> {
        let mut requests: BTreeMap<EntityId, (f64, MinuteRange)> = BTreeMap::new();
        let settled = now.0.saturating_sub(SETTLED_MINUTES);
        let of_late = |at: Minute| at.0 < settled && at.0 + FORGET_MINUTES > now.0;
        for (tier, minute, count) in self.metrics.request_counts().filter(|(_, at, _)| of_late(*at))
        {
            // A count is of its export's minute, its requests may be of the one before.
            let began = Minute(minute.0.saturating_sub(1));
            let whole = MinuteRange { start: began, end: Minute(minute.0 + 1) };
            let (sum, range) = requests.entry(tier).or_insert((0.0, whole));
            *sum += count;
            range.start = range.start.min(whole.start);
            range.end = range.end.max(whole.end);
        }
        let accounts: Vec<AccountId> = self.registry.accounts().collect();
        for account in accounts {
            let mut spans: FxHashMap<MinuteRange, FxHashMap<EntityId, f64>> = FxHashMap::default();
            for tier in self.registry.tiers(account) {
                let percent = match requests.get(&tier) {
                    Some((count, range)) => {
                        if !spans.contains_key(range) {
                            spans.insert(*range, self.http_entries(account, *range)?);
                        }
                        shown_percent(*count, spans[range].get(&tier).copied().unwrap_or(0.0))
                    }
                    None => None,
                };
                if let Err(error) = self.registry.set_spans_show(tier, percent) {
                    warn!(%error, "could not note how much a tier's spans show");
                }
            }
        }
        Ok(())
    }

    /// HTTP requests by tier, as spans show them.
    fn http_entries(
        &self,
        account: AccountId,
        range: MinuteRange,
    ) -> Result<FxHashMap<EntityId, f64>, QueryError> {
        let mut calls: FxHashMap<EntityId, f64> = FxHashMap::default();
        for row in self.figures_between(account, Scope::Endpoint, range)? {
            let Some(endpoint) = self.registry.get(row.key.subject) else { continue };
            if endpoint.properties.category == "HTTP" {
                *calls.entry(endpoint.key.parent).or_default() += row.figure.calls;
            }
        }
        Ok(calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_what_misses_a_tenth_and_twenty_requests() {
        assert_eq!(shown_percent(100.0, 10.0), Some(10));
        assert_eq!(shown_percent(1000.0, 1.0), Some(1));
        assert_eq!(shown_percent(1000.0, 0.0), Some(0));
        assert_eq!(shown_percent(1000.0, 950.0), None);
        assert_eq!(shown_percent(25.0, 10.0), None);
        assert_eq!(shown_percent(100.0, 130.0), None);
    }
}
