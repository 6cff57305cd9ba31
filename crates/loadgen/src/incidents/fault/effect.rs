//! What each kind changes, minute by minute.

use super::super::conditions::Conditions;
use super::super::world::{Target, World};
use super::{Entity, Incident, Kind};

impl Incident {
    /// Moves the conditions of a minute in which it is on.
    pub(crate) fn apply(&self, world: &World, minute: u64, conditions: &mut Conditions) {
        let since = minute - self.onset;
        let risen = ((since + 1) as f64 / (self.ramp + 1) as f64).min(1.0);
        let worse = self.severity * risen;
        match self.entity {
            Entity::Tier(_) | Entity::Node(_) => {
                self.apply_to_nodes(world, since, worse, conditions);
                self.apply_to_tier(world, since, worse, conditions);
            }
            Entity::Host(host) => self.apply_to_host(world, host, worse, conditions),
            Entity::Backend(backend) => {
                self.apply_to_backend(world, backend, since, worse, conditions);
            }
            Entity::Transaction(transaction) => {
                conditions.load[transaction] *= 1.0 + worse;
            }
        }
    }

    fn apply_to_nodes(&self, world: &World, since: u64, worse: f64, conditions: &mut Conditions) {
        for number in self.nodes(world) {
            let node = &world.nodes[number];
            let at = &mut conditions.nodes[number];
            match self.kind {
                Kind::Cpu => {
                    at.spin += node.cores * (0.6 + 0.3 * worse).min(0.98);
                    at.work *= 1.0 + 0.4 * worse;
                }
                Kind::Gc => {
                    at.leaked += (1.0 - node.live) * (0.55 + 0.1 * worse).min(0.9);
                    at.collecting += (0.22 * worse).min(0.75);
                }
                Kind::Leak => {
                    // Fills what is free in so many minutes, then the process is killed and starts empty.
                    let fills = (24.0 / self.severity).max(5.0);
                    let cycle = (since as f64 / fills).fract();
                    let round = (since as f64 / fills) as u64;
                    at.leaked += (1.0 - node.live) * cycle * 1.05;
                    if round > 0 && (((since - 1) as f64 / fills) as u64) < round {
                        (at.refusing, at.restarted) = (1.0, true);
                    }
                }
                Kind::PacketLoss => at.loss += (0.05 * worse).min(0.4),
                Kind::Starvation => {
                    at.stuck += world.tiers[node.tier].workers * (0.55 + 0.3 * worse).min(0.99);
                }
                Kind::NodeLoss => {
                    // What spreads the load notices after a while, if it looks at all.
                    let noticed = if self.form == 0 { 3 } else { u64::MAX };
                    if since < noticed { at.refusing = 1.0 } else { at.at_work = false }
                }
                Kind::CrashLoop => {
                    let every = if self.severity > 1.0 { 2 } else { 3 };
                    if since.is_multiple_of(every) {
                        (at.refusing, at.restarted) = ((0.5 * self.severity).min(0.95), true);
                    } else {
                        at.work *= 1.6;
                    }
                }
                Kind::Imbalance => at.weight *= 1.0 + 6.0 * worse,
                Kind::Deployment | Kind::BadDeployment | Kind::ChattyRelease
                    if since == node_turn(world, number) =>
                {
                    at.restarted = true;
                }
                _ => {}
            }
        }
    }

    fn apply_to_tier(&self, world: &World, since: u64, worse: f64, conditions: &mut Conditions) {
        let Some(tier) = self.tier(world) else { return };
        let at = &mut conditions.tiers[tier];
        match self.kind {
            Kind::PoolExhaustion | Kind::ConnectionLeak => {
                let Some(pool) = self.pool else { return };
                let held = if self.kind == Kind::PoolExhaustion {
                    (0.7 + 0.2 * worse).min(1.0)
                } else {
                    (since as f64 / 30.0 * self.severity).min(1.0)
                };
                conditions.pools[pool].leaked += (world.pools[pool].size * held).floor();
            }
            Kind::Dns => {
                at.lookup += 0.6 * worse;
                at.lookup_fails += (0.02 * worse).min(0.3);
            }
            Kind::BadDeployment | Kind::ChattyRelease | Kind::Deployment => {
                at.version += 1;
                self.release(worse, conditions);
            }
            Kind::ErrorPath => {
                for operation in &self.operations {
                    let at = &mut conditions.operations[*operation];
                    at.error += (0.15 * worse).min(0.9);
                    at.fails_late = self.form == 1;
                }
            }
            Kind::RetryStorm => {
                for call in &self.calls {
                    let at = &mut conditions.calls[*call];
                    at.timeout = Some(self.setting / (1.0 + 0.25 * self.severity));
                    at.retries = Some(4 + self.severity as u32);
                }
            }
            Kind::QueueBacklog => {
                for operation in &self.operations {
                    conditions.operations[*operation].takers *= 0.03 / worse.max(0.5);
                }
            }
            Kind::Config if self.form == 0 => {
                at.chatter *= 25.0;
                for operation in &world.tiers[tier].operations {
                    conditions.operations[*operation].work *= 1.0 + 1.5 * worse;
                }
            }
            Kind::Config => at.workers *= (0.25 / worse.max(0.3)).min(1.0),
            Kind::Certificate => at.handshake_fails += (0.25 * worse).min(1.0),
            Kind::ScaledTooFar => {
                for node in world.usual_nodes(tier).skip(self.left()) {
                    conditions.nodes[node].at_work = false;
                }
            }
            Kind::AsyncDrift => {
                for operation in &self.operations {
                    conditions.operations[*operation].sleep += self.setting * worse;
                }
            }
            Kind::ScaleUp => {
                for node in world.tiers[tier].nodes.iter().filter(|n| world.nodes[**n].reserve) {
                    conditions.nodes[*node].at_work = true;
                }
            }
            Kind::ScaleDown => {
                if let Some(last) = world.usual_nodes(tier).last() {
                    conditions.nodes[last].at_work = false;
                }
            }
            _ => {}
        }
    }

    /// Nodes that a tier is left with that is scaled too far.
    pub(crate) fn left(&self) -> usize {
        self.form.saturating_sub(self.severity as usize / 2).max(1)
    }

    fn release(&self, worse: f64, conditions: &mut Conditions) {
        match (self.kind, self.form) {
            (Kind::BadDeployment, 0) => {
                for operation in &self.operations {
                    conditions.operations[*operation].work *= 1.0 + 2.5 * worse;
                }
            }
            (Kind::BadDeployment, _) => {
                for operation in &self.operations {
                    conditions.operations[*operation].error += (0.12 * worse).min(0.8);
                    conditions.operations[*operation].fails_late = self.form == 2;
                }
            }
            (Kind::ChattyRelease, _) => {
                for call in &self.calls {
                    conditions.calls[*call].count *= 1.0 + 9.0 * worse;
                }
            }
            _ => {
                for operation in &self.operations {
                    conditions.operations[*operation].work *= self.setting;
                }
            }
        }
    }

    fn apply_to_host(&self, world: &World, host: usize, worse: f64, conditions: &mut Conditions) {
        let at = &mut conditions.hosts[host];
        match self.kind {
            Kind::Disk => at.other_disk += 0.6 + 0.25 * worse,
            Kind::PacketLoss => at.loss += (0.05 * worse).min(0.4),
            Kind::NetworkDelay => at.delay += 0.02 * worse,
            Kind::NoisyNeighbour => at.other_cores += world.hosts[host].cores * (0.7 + 0.8 * worse),
            Kind::MemoryPressure => at.other_memory += 0.6 + 0.12 * worse,
            Kind::CronBatch => {
                at.other_cores += world.hosts[host].cores * 0.25;
                at.other_disk += 0.1;
            }
            Kind::Clock => {
                at.clock += 90.0 * self.severity;
                for node in self.nodes(world) {
                    conditions.nodes[node].error += (0.3 * worse).min(0.95);
                }
            }
            _ => {}
        }
    }

    fn apply_to_backend(
        &self,
        world: &World,
        backend: usize,
        since: u64,
        worse: f64,
        conditions: &mut Conditions,
    ) {
        for call in &self.calls {
            let at = &mut conditions.calls[*call];
            match self.kind {
                Kind::SlowStatement => at.service *= 1.0 + 12.0 * worse,
                Kind::Lock => at.lock += 0.25 * worse,
                _ => {}
            }
        }
        let at = &mut conditions.backends[backend];
        match self.kind {
            Kind::LostCache => at.hits *= 0.2 / (1.0 + 2.0 * worse),
            // Expired together, asked for again by everybody, and so expired together once more.
            Kind::Herd if since % 4 < 2 => {
                at.hits *= 0.05;
                for (number, call) in world.calls.iter().enumerate() {
                    let fills = call.unless_in == Some(backend);
                    if fills && matches!(call.target, Target::Backend(_)) {
                        conditions.calls[number].count *= 1.0 + worse;
                    }
                }
            }
            Kind::SlowPartner => at.delay += 0.4 * worse,
            Kind::FailingPartner => at.error += (0.25 * worse).min(0.95),
            Kind::RateLimit => at.limit = self.setting / (1.0 + worse),
            Kind::BackendDown => at.refusing += (0.4 * worse).min(1.0),
            _ => {}
        }
    }
}

/// Minutes after the beginning of a roll-out in which this node is restarted.
fn node_turn(world: &World, node: usize) -> u64 {
    let nodes = &world.tiers[world.nodes[node].tier].nodes;
    nodes.iter().position(|other| *other == node).unwrap_or(0) as u64
}
