//! What one minute leaves to the next: who still waits where, what calls were like, when nodes were started.

use super::latency::Latency;
use super::world::World;

#[derive(Debug, Clone)]
pub(super) struct State {
    /// Requests that wait for each node's processor.
    pub(super) processors: Vec<f64>,
    /// Requests that wait for each node's workers.
    pub(super) workers: Vec<f64>,
    /// Requests that wait for a connection, by pool and the node's place in its tier.
    pub(super) pools: Vec<Vec<f64>>,
    pub(super) backends: Vec<f64>,
    /// Messages in each queue.
    pub(super) depths: Vec<f64>,
    /// Share of a call's attempts that failed.
    pub(super) failing: Vec<f64>,
    /// Share of calls that failed for good, with all attempts.
    pub(super) given_up: Vec<f64>,
    pub(super) latencies: Vec<Latency>,
    /// Logarithm of how much more of each transaction comes than usual.
    pub(super) moods: Vec<f64>,
    /// The minute in which each node was started.
    pub(super) started: Vec<u64>,
    /// Deployments of each tier so far.
    pub(super) releases: Vec<u32>,
}

impl State {
    pub(super) fn fresh(world: &World) -> Self {
        let waiting = |pool: &super::world::Pool| vec![0.0; world.tiers[pool.tier].nodes.len()];
        Self {
            processors: vec![0.0; world.nodes.len()],
            workers: vec![0.0; world.nodes.len()],
            pools: world.pools.iter().map(waiting).collect(),
            backends: vec![0.0; world.backends.len()],
            depths: vec![0.0; world.backends.len()],
            failing: vec![0.0; world.calls.len()],
            given_up: vec![0.0; world.calls.len()],
            latencies: vec![Latency::default(); world.operations.len()],
            moods: vec![0.0; world.transactions.len()],
            started: vec![0; world.nodes.len()],
            releases: vec![0; world.tiers.len()],
        }
    }
}
