//! One minute of the system, as means: how many calls go where, how long they wait for what, how many fail.
//!
//! Load goes down the graph and times come back up; both depend on each other (what is slow times out, is tried again
//! and makes more load), so the two passes are repeated until they have settled, with what failed damped between them.

mod down;
mod settle;
mod up;

use super::conditions::Conditions;
use super::latency::Latency;
use super::state::State;
use super::station::{Impatient, Queue};
use super::world::World;

/// Passes down and up at most; most minutes have settled after two.
const PASSES: usize = 6;
/// A pass that moves every share and every relative time by less than this was the last: a minute's noise is larger.
const SETTLED: f64 = 0.004;

#[derive(Debug, Clone)]
pub(super) struct Flow {
    pub(super) operations: Vec<OperationFlow>,
    pub(super) calls: Vec<CallFlow>,
    pub(super) nodes: Vec<NodeFlow>,
    /// By pool and the node's place in its tier.
    pub(super) pools: Vec<Vec<Impatient>>,
    pub(super) backends: Vec<BackendFlow>,
    pub(super) hosts: Vec<HostFlow>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct OperationFlow {
    /// Calls that arrive, a second.
    pub(super) rate: f64,
    pub(super) latency: Latency,
    pub(super) error: f64,
    /// By the node's place in its tier.
    pub(super) at: Vec<Place>,
}

/// An operation on one node.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) latency: Latency,
    /// Without what it waits for others.
    pub(super) own: Latency,
    pub(super) error: f64,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CallFlow {
    /// Share of the caller's calls that come so far.
    pub(super) reached: f64,
    /// Calls for each caller's call that comes so far, without repetitions.
    pub(super) count: f64,
    /// Attempts a second.
    pub(super) rate: f64,
    /// One attempt, as the caller measures it.
    pub(super) attempt: Latency,
    /// All attempts and the pauses between them.
    pub(super) whole: Latency,
    /// Share of attempts that never arrive.
    pub(super) lost: f64,
    /// Share of attempts given up for their time.
    pub(super) timed_out: f64,
    /// Share of attempts that fail, for whatever reason.
    pub(super) failed: f64,
    /// Share of calls that fail after all attempts.
    pub(super) given_up: f64,
    pub(super) retries: u32,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct NodeFlow {
    /// Of the calls that arrive at its tier.
    pub(super) share: f64,
    pub(super) rate: f64,
    /// Its processor.
    pub(super) processor: Queue,
    /// Busy share of its limit, what it burns on nothing included.
    pub(super) busy: f64,
    pub(super) collecting: f64,
    pub(super) heap: f64,
    pub(super) workers: Queue,
    pub(super) workers_busy: f64,
    pub(super) retransmits: f64,
    /// Seconds of processor work, waits for it included, over the work alone.
    pub(super) stretch: f64,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct BackendFlow {
    /// Calls that arrive, a second.
    pub(super) rate: f64,
    /// Seconds that one needs of a server, on average.
    pub(super) service: f64,
    pub(super) queue: Queue,
    pub(super) hits: f64,
    pub(super) lock_waits: f64,
    /// Taken from a queue, a second.
    pub(super) taken: f64,
    /// Left in a queue, a second.
    pub(super) left: f64,
    pub(super) depth: f64,
    /// Share of publishers that wait for room.
    pub(super) blocked: f64,
    /// Share that it refuses by its limit.
    pub(super) over_limit: f64,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HostFlow {
    /// Cores in use, at most all.
    pub(super) busy: f64,
    /// Over its cores; above 1 all wait.
    pub(super) load: f64,
    /// Factor on processor work of everything on it.
    pub(super) stretch: f64,
    pub(super) disk_busy: f64,
    /// Factor on disk work.
    pub(super) disk_stretch: f64,
    pub(super) memory: f64,
    /// Share of the memory that did not fit.
    pub(super) swapped: f64,
    pub(super) retransmits: f64,
    pub(super) calls: f64,
}

/// What this minute is like with `rates` of each transaction a second; `state` becomes what it leaves.
pub(super) fn solve(
    world: &World,
    conditions: &Conditions,
    state: &mut State,
    rates: &[f64],
) -> Flow {
    let mut flow = Flow::empty(world);
    let before = state.clone();
    for pass in 0..PASSES {
        flow.route(world, conditions);
        flow.down(world, conditions, state, &before, rates);
        flow.machines(world, conditions, &before);
        flow.serve(world, conditions, &before);
        flow.up(world, conditions, &before);
        let moved = flow.remember(state, if pass == 0 { 1.0 } else { 0.6 });
        if pass > 0 && moved < SETTLED {
            break;
        }
    }
    flow.leave(state);
    flow
}

impl Flow {
    fn empty(world: &World) -> Self {
        let operation = |operation: &super::world::Operation| OperationFlow {
            at: vec![Place::default(); world.tiers[operation.tier].nodes.len()],
            ..OperationFlow::default()
        };
        let pool = |pool: &super::world::Pool| {
            vec![Impatient::default(); world.tiers[pool.tier].nodes.len()]
        };
        Self {
            operations: world.operations.iter().map(operation).collect(),
            calls: vec![CallFlow::default(); world.calls.len()],
            nodes: vec![NodeFlow::default(); world.nodes.len()],
            pools: world.pools.iter().map(pool).collect(),
            backends: vec![BackendFlow::default(); world.backends.len()],
            hosts: vec![HostFlow::default(); world.hosts.len()],
        }
    }

    /// What the next pass starts from, and by how much that moved.
    fn remember(&self, state: &mut State, weight: f64) -> f64 {
        let mut moved: f64 = 0.0;
        for (number, call) in self.calls.iter().enumerate() {
            let (failing, given_up) = (&mut state.failing[number], &mut state.given_up[number]);
            moved = moved.max((call.failed - *failing).abs());
            *failing += weight * (call.failed - *failing);
            *given_up += weight * (call.given_up - *given_up);
        }
        for (remembered, operation) in state.latencies.iter_mut().zip(&self.operations) {
            let (was, is) = (remembered.mean, operation.latency.mean);
            moved = moved.max((is - was).abs() / is.max(1e-6));
            *remembered = operation.latency;
        }
        moved
    }

    /// What the next minute starts from.
    fn leave(&self, state: &mut State) {
        for (number, node) in self.nodes.iter().enumerate() {
            state.processors[number] = node.processor.backlog;
            state.workers[number] = node.workers.backlog;
        }
        for (left, pool) in state.pools.iter_mut().zip(&self.pools) {
            left.iter_mut().zip(pool).for_each(|(left, queue)| *left = queue.backlog);
        }
        for (number, backend) in self.backends.iter().enumerate() {
            state.backends[number] = backend.queue.backlog;
            state.depths[number] = backend.depth;
        }
    }
}
