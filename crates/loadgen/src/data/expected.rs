//! What a correct server must show for the data sent: exact counts by business transaction, tier and edge. The
//! generator adds them up from the plans it used; `verify` compares them with what the server says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::topology::{Plan, What};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Count {
    pub(crate) calls: u64,
    pub(crate) errors: u64,
}

/// A node of the flow map.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    Tier(String),
    /// `host:port` of a database or cache.
    Backend(String),
    Queue(String),
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Totals {
    pub(crate) spans: u64,
    pub(crate) traces: u64,
    /// By entry tier and name (method and route).
    #[serde(with = "rows")]
    pub(crate) business_transactions: BTreeMap<(String, String), Count>,
    /// Entry spans by service.
    pub(crate) tiers: BTreeMap<String, Count>,
    #[serde(with = "rows")]
    pub(crate) edges: BTreeMap<(Place, Place), Count>,
}

/// The file `--expected` writes and `verify` reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Expected {
    pub(crate) application: String,
    pub(crate) seed: u64,
    /// When sending began and ended, in milliseconds since 1970.
    pub(crate) from_ms: u64,
    pub(crate) to_ms: u64,
    /// False when something was refused for good, so that the totals are more than can be stored.
    pub(crate) complete: bool,
    pub(crate) totals: Totals,
    /// Some of the traces sent, each of ten spans.
    pub(crate) sample_traces: Vec<String>,
}

impl Count {
    fn one(failed: bool) -> Self {
        Self { calls: 1, errors: u64::from(failed) }
    }

    fn add(&mut self, other: Self, times: u64) {
        self.calls += other.calls * times;
        self.errors += other.errors * times;
    }
}

impl Totals {
    /// Counts one trace of `plan` in which the steps marked in `failed` ended with an error.
    pub(crate) fn count(&mut self, plan: &Plan, failed: &[bool]) {
        self.traces += 1;
        self.spans += plan.steps.len() as u64;
        for (step, failed) in plan.steps.iter().zip(failed) {
            let one = Count::one(*failed);
            let tier = || Place::Tier(service_name(step.service));
            let edge = match step.what {
                What::Entry => {
                    let name = (service_name(step.service), plan.route.name());
                    self.business_transactions.entry(name).or_default().add(one, 1);
                    None
                }
                What::Call { to } => Some((tier(), Place::Tier(service_name(to)))),
                What::Database => Some((tier(), Place::Backend(database_address(step.service)))),
                What::Cache => Some((tier(), Place::Backend(cache_address()))),
                What::Publish => Some((tier(), Place::Queue(queue_name(step.service)))),
                What::Process { from } => Some((Place::Queue(queue_name(from)), tier())),
                What::Served | What::Internal => None,
            };
            if matches!(step.what, What::Entry | What::Served | What::Process { .. }) {
                self.tiers.entry(service_name(step.service)).or_default().add(one, 1);
            }
            if let Some(edge) = edge {
                self.edges.entry(edge).or_default().add(one, 1);
            }
        }
    }

    pub(crate) fn add(&mut self, other: &Totals, times: u64) {
        self.spans += other.spans * times;
        self.traces += other.traces * times;
        add_counts(&mut self.business_transactions, &other.business_transactions, times);
        add_counts(&mut self.tiers, &other.tiers, times);
        add_counts(&mut self.edges, &other.edges, times);
    }
}

fn add_counts<K: Ord + Clone>(
    into: &mut BTreeMap<K, Count>,
    from: &BTreeMap<K, Count>,
    times: u64,
) {
    for (key, count) in from.iter().filter(|_| times > 0) {
        into.entry(key.clone()).or_default().add(*count, times);
    }
}

// === names shared by spans and totals ===

pub(crate) fn service_name(service: usize) -> String {
    format!("service-{service}")
}

const DATABASE_HOSTS: usize = 3;

pub(crate) fn database_host(service: usize) -> String {
    format!("db-{}.loadgen.internal", service % DATABASE_HOSTS)
}

pub(crate) fn database_address(service: usize) -> String {
    format!("{}:5432", database_host(service))
}

pub(crate) const CACHE_HOST: &str = "cache-0.loadgen.internal";

pub(crate) fn cache_address() -> String {
    format!("{CACHE_HOST}:6379")
}

pub(crate) fn queue_name(producer: usize) -> String {
    format!("jobs.service-{producer}")
}

/// JSON has no maps keyed by pairs: they are written as rows `[key, count]`.
mod rows {
    use super::{BTreeMap, Count};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<K: Serialize, S: Serializer>(
        map: &BTreeMap<K, Count>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(map)
    }

    pub(super) fn deserialize<'de, K, D>(from: D) -> Result<BTreeMap<K, Count>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, Count)>::deserialize(from)?.into_iter().collect())
    }
}
