//! Capacity as operators plan it: from the load of the busiest hour, with room to spare, in round numbers.

use super::super::chance::Chance;
use super::super::conditions::Conditions;
use super::super::flow::{self, Flow};
use super::super::state::State;
use super::build::{nodes_for, place};
use super::{BackendKind, Target, World};

/// More than any station of an invented system needs.
pub(super) const UNLIMITED: f64 = 1e9;
/// Time-outs that people write into settings, seconds.
const TIMEOUTS: [f64; 8] = [0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0];

/// Gives the system machines, nodes, workers, connections and time-outs.
pub(super) fn fit(world: &mut World, chance: &mut Chance) {
    let rates = busiest(world);
    let demand = cores(world, &rates);
    let mut wanted = Vec::new();
    for (tier, cores) in demand.iter().enumerate() {
        let count = nodes_for(chance, *cores);
        let busy = chance.within(0.3, 0.55);
        // In twentieths of a core, as limits are written.
        let each = (cores / busy / count as f64 * 20.0).ceil().max(1.0) / 20.0;
        wanted.push((tier, count, each));
    }
    place(world, chance, &wanted);
    let idle = at_peak(world, &rates);
    backends(world, chance, &idle);
    let served = at_peak(world, &rates);
    connections(world, chance, &served);
    timeouts(world, chance, &served);
    let timed = at_peak(world, &rates);
    workers(world, chance, &timed);
    consumers(world, chance, &timed);
}

/// Calls a second in the busiest minute.
fn busiest(world: &World) -> Vec<f64> {
    world.transactions.iter().map(|t| t.rate * t.shape.most() / 60.0).collect()
}

fn at_peak(world: &World, rates: &[f64]) -> Flow {
    let conditions = Conditions::usual(world);
    flow::solve(world, &conditions, &mut State::fresh(world), rates)
}

/// Cores that each tier's work takes, with nothing failing.
fn cores(world: &World, rates: &[f64]) -> Vec<f64> {
    let mut operations = vec![0.0; world.operations.len()];
    for (transaction, rate) in world.transactions.iter().zip(rates) {
        operations[transaction.operation] += rate;
    }
    let mut tiers = vec![0.0; world.tiers.len()];
    for (number, operation) in world.operations.iter().enumerate() {
        tiers[operation.tier] += operations[number] * operation.work;
        for call in world.calls_of(number).map(|call| &world.calls[call]) {
            if let Target::Operation(callee) | Target::Queue { consumer: callee, .. } = call.target
            {
                operations[callee] += operations[number] * call.count;
            }
        }
    }
    tiers
}

/// Enough servers for a half or less of them to be busy.
fn backends(world: &mut World, chance: &mut Chance, flow: &Flow) {
    for (number, backend) in world.backends.iter_mut().enumerate() {
        let busy = flow.backends[number].service;
        backend.servers = match backend.kind {
            BackendKind::Http => UNLIMITED,
            _ => (busy / chance.within(0.25, 0.5)).ceil().max(2.0),
        };
        // A machine that is large enough for it.
        let host = &mut world.hosts[backend.host];
        while host.cores < busy * 2.5 {
            host.cores *= 2.0;
        }
        backend.room = (flow.backends[number].left * 60.0 * chance.within(2.0, 6.0)).max(20.0);
    }
}

fn connections(world: &mut World, chance: &mut Chance, flow: &Flow) {
    for number in 0..world.pools.len() {
        let (tier, backend) = (world.pools[number].tier, world.pools[number].backend);
        let mut busy = 0.0;
        for (call_number, call) in world.calls.iter().enumerate() {
            if call.pool == Some(number) {
                let waits = flow.backends[backend].queue.wait;
                busy += flow.calls[call_number].rate * (call.service + call.network + waits);
            }
        }
        let each = busy / world.usual_nodes(tier).count() as f64;
        world.pools[number].size = (each * chance.within(2.0, 4.0)).ceil().max(3.0);
    }
}

/// Longer than what is called takes, nearly always.
fn timeouts(world: &mut World, chance: &mut Chance, flow: &Flow) {
    for number in 0..world.calls.len() {
        if !matches!(world.calls[number].target, Target::Operation(_)) {
            continue;
        }
        let usual = flow.calls[number].attempt;
        let least = (usual.mean + 12.0 * usual.variance.sqrt()).max(usual.mean * 6.0);
        let least = least * chance.within(1.0, 2.0);
        let limit = TIMEOUTS.iter().find(|limit| **limit >= least);
        world.calls[number].timeout = limit.copied().unwrap_or(60.0);
    }
}

fn workers(world: &mut World, chance: &mut Chance, flow: &Flow) {
    for tier in &mut world.tiers {
        if !tier.runtime.has_workers() {
            continue;
        }
        let busy = tier.nodes.iter().map(|node| flow.nodes[*node].workers_busy).fold(0.0, f64::max);
        tier.workers = (busy * chance.within(2.5, 5.0)).ceil().max(8.0);
    }
}

/// Twice as many messages at once as the busiest hour needs.
fn consumers(world: &mut World, chance: &mut Chance, flow: &Flow) {
    for number in 0..world.operations.len() {
        if !world.operations[number].is_consumer {
            continue;
        }
        let tier = world.operations[number].tier;
        let nodes = world.usual_nodes(tier).count() as f64;
        let busy = flow.operations[number].rate * flow.operations[number].latency.mean;
        world.operations[number].takers = (busy / nodes * chance.within(1.8, 3.0)).ceil().max(1.0);
    }
}
