//! How many requests each tier says that it served, by its own HTTP metrics: more than its spans show means that the spans
//! are a sample.

use model::{id::EntityId, time::Minute};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// Newest minutes kept of a tier.
const MINUTES: usize = 15;

/// Requests of the last minutes, by tier.
#[derive(Debug, Default)]
pub(super) struct Requests {
    tiers: FxHashMap<EntityId, Vec<Counted>>,
}

/// What outlives the process.
pub(super) type SavedRequests = Vec<(EntityId, Vec<Counted>)>;

/// A minute. An agent told to send both generations of names counts each request in both.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Counted {
    minute: Minute,
    by_new_name: f64,
    by_old_name: f64,
}

/// Under which name a metric counts requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestMetric {
    New,
    Old,
}

impl RequestMetric {
    /// Whether a metric counts requests.
    pub(super) fn of(metric: &str) -> Option<RequestMetric> {
        match metric {
            "http.server.request.duration" => Some(RequestMetric::New),
            "http.server.duration" => Some(RequestMetric::Old),
            _ => None,
        }
    }
}

impl Requests {
    /// Counts requests of a tier.
    pub(super) fn add(
        &mut self,
        tier: EntityId,
        minute: Minute,
        metric: RequestMetric,
        count: f64,
    ) {
        let minutes = self.tiers.entry(tier).or_default();
        let at = match minutes.binary_search_by_key(&minute, |counted| counted.minute) {
            Ok(at) => at,
            // Too late to be of use.
            Err(0) if minutes.len() >= MINUTES => return,
            Err(at) => {
                minutes.insert(at, Counted { minute, by_new_name: 0.0, by_old_name: 0.0 });
                if minutes.len() > MINUTES {
                    minutes.remove(0);
                    at - 1
                } else {
                    at
                }
            }
        };
        match metric {
            RequestMetric::New => minutes[at].by_new_name += count,
            RequestMetric::Old => minutes[at].by_old_name += count,
        }
    }

    /// Each tier's requests, minute by minute.
    pub(super) fn counts(&self) -> impl Iterator<Item = (EntityId, Minute, f64)> + '_ {
        self.tiers.iter().flat_map(|(tier, minutes)| {
            let count = |counted: &Counted| counted.by_new_name.max(counted.by_old_name);
            minutes.iter().map(move |counted| (*tier, counted.minute, count(counted)))
        })
    }

    /// Forgets tiers whose newest minute is older than an hour.
    pub(super) fn forget(&mut self, now_ms: i64) {
        let oldest = Minute::of_millis(now_ms - super::streams::FORGET_MS);
        self.tiers.retain(|_, minutes| minutes.last().is_some_and(|last| last.minute >= oldest));
    }

    pub(super) fn save(&self) -> SavedRequests {
        self.tiers.iter().map(|(tier, minutes)| (*tier, minutes.clone())).collect()
    }

    pub(super) fn restore(saved: SavedRequests) -> Requests {
        Requests { tiers: saved.into_iter().collect() }
    }
}
