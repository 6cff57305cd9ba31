//! Machines, processors and backends: what the load of this minute does to the speed of each.

use super::super::conditions::Conditions;
use super::super::state::State;
use super::super::station::Demand;
use super::super::world::{BackendKind, Runtime, World};
use super::Flow;

/// Packets that one call sends and receives, connection included.
const PACKETS: i32 = 6;
/// Beyond this share of a machine's cores, what runs on it gets its share of them only.
const CROWDED: f64 = 0.9;
/// Disk operations that a machine does at once.
const DISK_HEADS: f64 = 4.0;
/// Beyond this share of memory pages go to the disk.
const MEMORY_FULL: f64 = 0.97;
/// Requests that wait for a processor where no worker holds them.
const EVENT_ROOM: f64 = 3000.0;
/// Part of its limit that a node keeps for requests however much it burns.
const LEAST_LEFT: f64 = 0.06;

impl Flow {
    pub(super) fn machines(&mut self, world: &World, conditions: &Conditions, before: &State) {
        self.collections(world, conditions);
        let work = self.work(world, conditions);
        self.hosts(world, conditions, &work);
        self.processors(world, conditions, before, &work);
    }

    /// Heaps, and the time that goes into collecting them: little while there is room, most of it when there is none.
    fn collections(&mut self, world: &World, conditions: &Conditions) {
        for (number, node) in world.nodes.iter().enumerate() {
            let condition = &conditions.nodes[number];
            let flow = &mut self.nodes[number];
            let load = flow.busy.min(1.0);
            flow.heap = (node.live + 0.12 * load + condition.leaked).min(0.995);
            let tight = ((flow.heap - 0.75) / 0.25).max(0.0);
            let usual = match world.tiers[node.tier].runtime {
                Runtime::Jvm => 0.004 + 0.02 * load,
                Runtime::Node | Runtime::Go => 0.002 + 0.01 * load,
                Runtime::Python => 0.001 + 0.004 * load,
            };
            flow.collecting = (usual + 0.8 * tight.powi(3) + condition.collecting).clamp(0.0, 0.93);
        }
    }

    /// Processor seconds that one request needs on each node, on average.
    fn work(&self, world: &World, conditions: &Conditions) -> Vec<f64> {
        let of_tier = |tier: &super::super::world::Tier| {
            let (mut rate, mut work) = (0.0, 0.0);
            for operation in &tier.operations {
                let comes = self.operations[*operation].rate;
                rate += comes;
                work += comes
                    * world.operations[*operation].work
                    * conditions.operations[*operation].work;
            }
            if rate > 0.0 { work / rate } else { 0.0 }
        };
        let tiers: Vec<f64> = world.tiers.iter().map(of_tier).collect();
        let on_node = |(number, node): (usize, &super::super::world::Node)| {
            let paused = 1.0 - self.nodes[number].collecting;
            tiers[node.tier] * node.slowness * conditions.nodes[number].work / paused
        };
        world.nodes.iter().enumerate().map(on_node).collect()
    }

    fn hosts(&mut self, world: &World, conditions: &Conditions, work: &[f64]) {
        let mut demand: Vec<f64> = conditions.hosts.iter().map(|host| host.other_cores).collect();
        let mut memory: Vec<f64> =
            conditions.hosts.iter().map(|host| 0.25 + host.other_memory).collect();
        let mut calls = vec![0.0; world.hosts.len()];
        for (number, node) in world.nodes.iter().enumerate() {
            let condition = &conditions.nodes[number];
            if !condition.at_work {
                continue;
            }
            let used = (self.nodes[number].rate * work[number] + condition.spin).min(node.cores);
            demand[node.host] += used;
            memory[node.host] += self.resident_mb(world, number) / world.hosts[node.host].memory_mb;
            calls[node.host] += self.nodes[number].rate;
        }
        let mut disk: Vec<f64> = world
            .hosts
            .iter()
            .zip(&conditions.hosts)
            .map(|(host, condition)| host.disk_busy + condition.other_disk)
            .collect();
        for (number, backend) in world.backends.iter().enumerate() {
            let flow = &self.backends[number];
            let service = flow.service * conditions.backends[number].service;
            demand[backend.host] += service * (1.0 - backend.disk) * 0.5;
            disk[backend.host] += service * backend.disk / DISK_HEADS * 0.5;
            calls[backend.host] += flow.rate;
        }
        for (number, host) in world.hosts.iter().enumerate() {
            let condition = &conditions.hosts[number];
            let flow = &mut self.hosts[number];
            flow.load = demand[number] / host.cores;
            flow.busy = demand[number].min(host.cores);
            flow.stretch = stretch(flow.load, host.cores);
            flow.swapped = (memory[number] - MEMORY_FULL).max(0.0);
            flow.memory = memory[number].min(0.99);
            // Pages that come back from the disk keep it busy.
            disk[number] += flow.swapped * 6.0;
            flow.disk_busy = disk[number].min(1.0);
            flow.disk_stretch = waits_for_disk(disk[number]) / waits_for_disk(host.disk_busy);
            flow.retransmits = condition.loss;
            flow.calls = calls[number];
        }
    }

    pub(crate) fn resident_mb(&self, world: &World, node: usize) -> f64 {
        let heap = world.nodes[node].heap_mb;
        heap * (0.35 + 0.65 * self.nodes[node].heap) + 120.0
    }

    fn processors(&mut self, world: &World, conditions: &Conditions, before: &State, work: &[f64]) {
        for (number, node) in world.nodes.iter().enumerate() {
            let condition = &conditions.nodes[number];
            let host = self.hosts[node.host];
            let tier = &world.tiers[node.tier];
            // What was moved to the disk is waited for whenever it is touched.
            let paging = 1.0 + 60.0 * host.swapped;
            let flow = &mut self.nodes[number];
            flow.stretch = host.stretch * paging;
            let left = (node.cores - condition.spin).max(node.cores * LEAST_LEFT);
            let room =
                if tier.runtime.has_workers() { tier.workers.min(EVENT_ROOM) } else { EVENT_ROOM };
            let demand = Demand {
                rate: flow.rate,
                service: work[number] * flow.stretch,
                servers: left,
                backlog: before.processors[number].min(room),
                room,
            };
            flow.processor = if condition.at_work { demand.queue() } else { Default::default() };
            let burnt = condition.spin.min(node.cores - left);
            flow.busy = ((flow.processor.busy * left + burnt) / node.cores).min(1.0);
            flow.retransmits = together(condition.loss, conditions.hosts[node.host].loss);
        }
    }

    pub(super) fn serve(&mut self, world: &World, conditions: &Conditions, before: &State) {
        for (number, backend) in world.backends.iter().enumerate() {
            let condition = &conditions.backends[number];
            let host = self.hosts[backend.host];
            let flow = &mut self.backends[number];
            flow.over_limit =
                if flow.rate > condition.limit { 1.0 - condition.limit / flow.rate } else { 0.0 };
            let admitted = flow.rate * (1.0 - flow.over_limit);
            let slower = condition.service
                * (backend.disk * host.disk_stretch + (1.0 - backend.disk) * host.stretch);
            let each = if flow.rate > 0.0 { flow.service / flow.rate } else { 0.0 };
            let room = if backend.kind == BackendKind::Http { 1e6 } else { 400.0 };
            let demand = Demand {
                rate: admitted,
                service: each * slower,
                servers: backend.servers * condition.servers,
                backlog: before.backends[number].min(room),
                room,
            };
            flow.queue = demand.queue();
            flow.hits = backend.hits * condition.hits;
        }
    }

    /// Factor on the time of a backend's work, the same for all its calls.
    pub(super) fn backend_slower(
        &self,
        world: &World,
        conditions: &Conditions,
        backend: usize,
    ) -> f64 {
        let at = &world.backends[backend];
        let host = self.hosts[at.host];
        conditions.backends[backend].service
            * (at.disk * host.disk_stretch + (1.0 - at.disk) * host.stretch)
    }
}

/// Processor sharing on a machine: little more than alone while there are idle cores, in proportion when there are none.
fn stretch(load: f64, cores: f64) -> f64 {
    let at = load.min(CROWDED);
    let shared = 1.0 + at.powf((2.0 * (cores + 1.0)).sqrt() - 1.0) / (cores * (1.0 - at));
    shared * (load / CROWDED).max(1.0)
}

/// One server that is busy for this share of the time.
fn waits_for_disk(busy: f64) -> f64 {
    let at = busy.min(0.96);
    (1.0 / (1.0 - at)) * (busy / 0.96).max(1.0)
}

/// Either of two independent losses.
pub(super) fn together(one: f64, other: f64) -> f64 {
    1.0 - (1.0 - one) * (1.0 - other)
}

/// Share of calls that must send something again, at this share of lost packets.
pub(super) fn resending(loss: f64) -> f64 {
    1.0 - (1.0 - loss).powi(PACKETS)
}
