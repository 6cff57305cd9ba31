//! Down the graph: how many calls come to each operation, backend and queue.

use super::super::conditions::Conditions;
use super::super::state::State;
use super::super::world::{Target, World};
use super::Flow;

/// Fewer attempts a second than this are none.
const NOTHING: f64 = 1e-12;

impl Flow {
    /// How calls to a tier are spread over its nodes.
    pub(super) fn route(&mut self, world: &World, conditions: &Conditions) {
        for tier in &world.tiers {
            let weight = |node: usize| {
                let condition = &conditions.nodes[node];
                if condition.at_work { condition.weight } else { 0.0 }
            };
            let all: f64 = tier.nodes.iter().map(|node| weight(*node)).sum();
            for node in &tier.nodes {
                self.nodes[*node].share = if all > 0.0 { weight(*node) / all } else { 0.0 };
            }
        }
    }

    /// Share of calls to the tier that find nobody.
    pub(super) fn refusing(&self, world: &World, conditions: &Conditions, tier: usize) -> f64 {
        let nodes = &world.tiers[tier].nodes;
        let answering =
            |node: &usize| self.nodes[*node].share * (1.0 - conditions.nodes[*node].refusing);
        1.0 - nodes.iter().map(answering).sum::<f64>()
    }

    pub(super) fn down(
        &mut self,
        world: &World,
        conditions: &Conditions,
        state: &State,
        before: &State,
        rates: &[f64],
    ) {
        self.operations.iter_mut().for_each(|operation| operation.rate = 0.0);
        for backend in &mut self.backends {
            (backend.rate, backend.service, backend.left) = (0.0, 0.0, 0.0);
            (backend.taken, backend.lock_waits) = (0.0, 0.0);
        }
        for (transaction, rate) in world.transactions.iter().zip(rates) {
            let tier = world.operations[transaction.operation].tier;
            let arriving = 1.0 - self.refusing(world, conditions, tier);
            self.operations[transaction.operation].rate += rate * arriving;
        }
        for operation in 0..world.operations.len() {
            if world.operations[operation].is_consumer {
                self.take(world, conditions, before, state, operation);
            }
            self.descend(world, conditions, state, operation);
        }
        for tier in &world.tiers {
            for node in &tier.nodes {
                let rate: f64 = tier.operations.iter().map(|o| self.operations[*o].rate).sum();
                let tier_answers = 1.0 - self.refusing(world, conditions, world.nodes[*node].tier);
                let arriving = self.nodes[*node].share * (1.0 - conditions.nodes[*node].refusing);
                self.nodes[*node].rate =
                    if tier_answers > 0.0 { rate * arriving / tier_answers } else { 0.0 };
            }
        }
    }

    /// The calls that an operation makes.
    fn descend(&mut self, world: &World, conditions: &Conditions, state: &State, number: usize) {
        let operation = &world.operations[number];
        let condition = &conditions.operations[number];
        let rate = self.operations[number].rate;
        let fails = (operation.error + condition.error).min(1.0);
        let mut reached = if condition.fails_late { 1.0 } else { 1.0 - fails };
        for stage in &operation.stages {
            let mut passed = 1.0;
            for call_number in stage {
                let call = &world.calls[*call_number];
                let count = self.wanted(world, conditions, *call_number);
                let retries = conditions.calls[*call_number].retries.unwrap_or(call.retries);
                let failing = state.failing[*call_number];
                let attempts: f64 = (0..=retries).map(|again| failing.powi(again as i32)).sum();
                let call_rate = rate * reached * count * attempts;
                if !call.optional {
                    passed *= (1.0 - state.given_up[*call_number]).powf(count);
                }
                let flow = &mut self.calls[*call_number];
                (flow.reached, flow.count, flow.retries) = (reached, count, retries);
                flow.rate = call_rate;
                self.arrive(world, conditions, *call_number, call_rate);
            }
            reached *= passed;
        }
    }

    /// Calls for each of the caller's.
    fn wanted(&self, world: &World, conditions: &Conditions, number: usize) -> f64 {
        let call = &world.calls[number];
        let missing = call.unless_in.map_or(1.0, |cache| {
            let hits = world.backends[cache].hits * conditions.backends[cache].hits;
            // What cannot be asked has nothing.
            1.0 - hits * (1.0 - conditions.backends[cache].refusing)
        });
        call.count * conditions.calls[number].count * missing
    }

    fn arrive(&mut self, world: &World, conditions: &Conditions, number: usize, rate: f64) {
        let (call, lost) = (&world.calls[number], self.calls[number].lost);
        match call.target {
            Target::Operation(callee) => self.operations[callee].rate += rate * (1.0 - lost),
            Target::Backend(backend) => {
                let condition = &conditions.calls[number];
                let service = call.service * condition.service;
                let flow = &mut self.backends[backend];
                flow.rate += rate * (1.0 - lost);
                flow.service += rate * (1.0 - lost) * service;
                flow.lock_waits += rate * condition.lock;
            }
            Target::Queue { backend, .. } => {
                let flow = &mut self.backends[backend];
                flow.rate += rate * (1.0 - lost);
                flow.service += rate * (1.0 - lost) * call.service;
                flow.left += rate * (1.0 - lost) * (1.0 - flow.blocked);
            }
        }
    }

    /// What a consumer takes from its queue: what is there, at most what it can.
    fn take(
        &mut self,
        world: &World,
        conditions: &Conditions,
        before: &State,
        state: &State,
        consumer: usize,
    ) {
        let feeds = |call: &super::super::world::Call| match call.target {
            Target::Queue { backend, consumer: taker } if taker == consumer => Some(backend),
            _ => None,
        };
        let Some(queue) = world.calls.iter().find_map(feeds) else { return };
        let tier = &world.tiers[world.operations[consumer].tier];
        let working = |node: &&usize| {
            self.nodes[**node].share > 0.0 && conditions.nodes[**node].refusing < 1.0
        };
        let nodes = tier.nodes.iter().filter(working).count() as f64;
        let takers =
            world.operations[consumer].takers * conditions.operations[consumer].takers * nodes;
        let each = state.latencies[consumer].mean.max(1e-6);
        let flow = &mut self.backends[queue];
        let waiting = before.depths[queue] / 60.0;
        let taken = (flow.left + waiting).min(takers / each);
        flow.taken = taken;
        flow.depth = (before.depths[queue] + (flow.left - taken) * 60.0).max(0.0);
        let room = world.backends[queue].room;
        let over = (flow.depth - room).max(0.0) / 60.0;
        let offered = flow.rate.max(NOTHING);
        // Damped: what is blocked now leaves less in the queue in the next pass.
        flow.blocked = (0.5 * flow.blocked + 0.5 * (flow.blocked + over / offered)).clamp(0.0, 1.0);
        flow.depth = flow.depth.min(room);
        self.operations[consumer].rate = taken;
    }
}
