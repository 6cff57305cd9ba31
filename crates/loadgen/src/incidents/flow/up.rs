//! Back up the graph: what each call takes and how often it fails, from what it calls.

use super::super::conditions::Conditions;
use super::super::latency::{Latency, Mixture};
use super::super::state::State;
use super::super::station::{Demand, Impatient, Queue};
use super::super::world::{Target, World};
use super::settle::{resending, together};
use super::{Flow, Place};

/// A packet is sent again after this long, doubling from then on.
const RESEND: f64 = 0.22;
/// Pause before the first repetition of a call.
const BACK_OFF: f64 = 0.02;
/// Of connections that have to be made anew.
const NEW_CONNECTIONS: f64 = 0.3;
/// Requests that may wait for a worker.
const ACCEPTED: f64 = 600.0;

/// A possible far end of an attempt.
#[derive(Debug, Clone, Copy)]
struct Far {
    share: f64,
    latency: Latency,
}

/// One attempt from one node.
#[derive(Debug, Clone, Copy, Default)]
struct Attempt {
    latency: Latency,
    lost: f64,
    timed_out: f64,
    failed: f64,
}

impl Flow {
    pub(super) fn up(&mut self, world: &World, conditions: &Conditions, before: &State) {
        let mut far = Vec::new();
        for tier in (0..world.tiers.len()).rev() {
            self.connect(world, conditions, before, tier);
            for operation in world.tiers[tier].operations.clone() {
                self.answer(world, conditions, operation, &mut far);
            }
            self.employ(world, conditions, before, tier);
            for operation in world.tiers[tier].operations.clone() {
                self.merge(world, operation);
            }
        }
    }

    /// The waits for connections of each pool of the tier.
    fn connect(&mut self, world: &World, conditions: &Conditions, before: &State, tier: usize) {
        for pool in &world.tiers[tier].pools {
            let (backend, condition) = (world.pools[*pool].backend, &conditions.pools[*pool]);
            let (mut rate, mut held) = (0.0, 0.0);
            for call in world.tiers[tier].operations.iter().flat_map(|o| world.calls_of(*o)) {
                if world.calls[call].pool == Some(*pool) {
                    let answered = self.backend_answer(world, conditions, call, backend);
                    rate += self.calls[call].rate;
                    held += self.calls[call].rate * (answered.mean + world.calls[call].network);
                }
            }
            let each = if rate > 0.0 { held / rate } else { 0.0 };
            for (place, node) in world.tiers[tier].nodes.iter().enumerate() {
                let patience = world.pools[*pool].patience;
                let all = world.pools[*pool].size * condition.size;
                let size = (all - condition.leaked).max(0.0);
                let room = patience * size.max(1.0) / each.max(1e-6);
                let demand = Demand {
                    rate: rate * self.nodes[*node].share,
                    service: each,
                    servers: size,
                    backlog: before.pools[*pool][place],
                    room,
                };
                let mut queue = demand.impatient(patience);
                // Connections that do not come back are in use.
                queue.busy = ((queue.busy * size + condition.leaked) / all.max(1.0)).min(1.0);
                self.pools[*pool][place] = queue;
            }
        }
    }

    fn backend_answer(
        &self,
        world: &World,
        conditions: &Conditions,
        number: usize,
        backend: usize,
    ) -> Latency {
        let (call, condition) = (&world.calls[number], &conditions.calls[number]);
        let slower = self.backend_slower(world, conditions, backend);
        let served = Latency::spread(call.service * condition.service * slower, call.ratio);
        let waited = Latency::waiting(self.backends[backend].queue.wait);
        let locked = Latency::waiting(condition.lock);
        served.then(waited).then(locked).then(Latency::fixed(conditions.backends[backend].delay))
    }

    /// Who may answer the call and how long that takes; the share of attempts that never arrive, and of answers that are errors.
    fn far(
        &self,
        world: &World,
        conditions: &Conditions,
        number: usize,
        far: &mut Vec<Far>,
    ) -> (f64, f64) {
        far.clear();
        match world.calls[number].target {
            Target::Operation(callee) => {
                let tier = world.operations[callee].tier;
                let condition = &conditions.tiers[tier];
                for (place, node) in world.tiers[tier].nodes.iter().enumerate() {
                    let at = &conditions.nodes[*node];
                    let share = self.nodes[*node].share * (1.0 - at.refusing);
                    if share > 0.0 {
                        let loss =
                            together(at.loss, conditions.hosts[world.nodes[*node].host].loss);
                        let delay = at.delay + conditions.hosts[world.nodes[*node].host].delay;
                        let latency = self.operations[callee].at[place].latency;
                        let latency = latency.then(resent(loss)).then(Latency::fixed(delay));
                        far.push(Far { share, latency });
                    }
                }
                let refusing = self.refusing(world, conditions, tier);
                let lost = together(refusing, condition.handshake_fails);
                (lost, self.operations[callee].error)
            }
            Target::Backend(backend) => {
                let condition = &conditions.backends[backend];
                let host = &conditions.hosts[world.backends[backend].host];
                let latency = self.backend_answer(world, conditions, number, backend);
                let latency = latency.then(resent(host.loss)).then(Latency::fixed(host.delay));
                far.push(Far { share: 1.0, latency });
                let lost = together(condition.refusing, condition.handshake_fails);
                let flow = &self.backends[backend];
                let refused = together(flow.queue.refused, flow.over_limit);
                (lost, together(refused, condition.error))
            }
            Target::Queue { backend, .. } => {
                let condition = &conditions.backends[backend];
                let blocked = self.backends[backend].blocked;
                let latency = self.backend_answer(world, conditions, number, backend);
                // Publishers wait until there is room, some for as long as they would.
                let waits = Latency::waiting(world.calls[number].timeout / 2.0).sometimes(blocked);
                far.push(Far { share: 1.0, latency: latency.then(waits) });
                (together(condition.refusing, condition.handshake_fails), condition.error)
            }
        }
    }

    fn answer(
        &mut self,
        world: &World,
        conditions: &Conditions,
        number: usize,
        far: &mut Vec<Far>,
    ) {
        let operation = &world.operations[number];
        let tier = &world.tiers[operation.tier];
        let mut waits = vec![Latency::default(); tier.nodes.len()];
        let mut survives = vec![1.0; tier.nodes.len()];
        for stage in &operation.stages {
            let mut longest = vec![Latency::default(); tier.nodes.len()];
            let mut passed = vec![1.0; tier.nodes.len()];
            for call in stage {
                let (lost, error) = self.far(world, conditions, *call, far);
                let mut sums = Sums::default();
                for (place, node) in tier.nodes.iter().enumerate() {
                    let attempt =
                        self.attempt(world, conditions, *call, *node, place, far, lost, error);
                    let flow = &self.calls[*call];
                    let (attempts, given_up) = tries(attempt.failed, flow.retries);
                    let pauses = Latency::fixed(BACK_OFF * (attempts - 1.0));
                    let whole = attempt.latency.repeated(attempts).then(pauses);
                    sums.add(self.nodes[*node].share, &attempt, whole, given_up);
                    longest[place] = longest[place].beside(whole.repeated(flow.count));
                    if !world.calls[*call].optional {
                        passed[place] *= (1.0 - given_up).powf(flow.count);
                    }
                }
                sums.write(&mut self.calls[*call]);
            }
            let so_far = waits.iter_mut().zip(&mut survives);
            for ((wait, survives), (longest, passed)) in so_far.zip(longest.iter().zip(&passed)) {
                *wait = wait.then(longest.sometimes(*survives));
                *survives *= passed;
            }
        }
        for (place, node) in tier.nodes.iter().enumerate() {
            let own = self.own(world, conditions, number, *node);
            let condition = &conditions.operations[number];
            let fails = (operation.error + condition.error).min(1.0);
            let fails = together(fails, conditions.nodes[*node].error);
            let early = if condition.fails_late { 0.0 } else { fails };
            let refused = self.nodes[*node].processor.refused;
            self.operations[number].at[place] = Place {
                latency: own.then(waits[place].sometimes((1.0 - early) * (1.0 - refused))),
                own,
                error: 1.0 - (1.0 - fails) * survives[place] * (1.0 - refused),
            };
        }
    }

    /// What an operation spends without waiting for others: the processor and its queue, pauses, sleep.
    fn own(&self, world: &World, conditions: &Conditions, number: usize, node: usize) -> Latency {
        let (operation, condition) = (&world.operations[number], &conditions.operations[number]);
        let (at, flow) = (&conditions.nodes[node], &self.nodes[node]);
        let work = operation.work * condition.work * world.nodes[node].slowness * at.work;
        let running = Latency::spread(work * flow.stretch, operation.ratio);
        // A pause of a quarter second meets those who are there when it begins.
        let pause = 0.02 + 0.25 * flow.collecting;
        let share = flow.collecting;
        let met = Latency::waiting(pause).sometimes(share).repeated(1.0 + running.mean / pause);
        running
            .then(met)
            .then(Latency::waiting(flow.processor.wait))
            .then(Latency::spread(condition.sleep, 0.4))
    }

    #[allow(clippy::too_many_arguments, reason = "the far end is the same for all nodes of a tier")]
    fn attempt(
        &self,
        world: &World,
        conditions: &Conditions,
        number: usize,
        node: usize,
        place: usize,
        far: &[Far],
        lost: f64,
        error: f64,
    ) -> Attempt {
        let call = &world.calls[number];
        let (near, host) = (&conditions.nodes[node], &conditions.hosts[world.nodes[node].host]);
        let tier = &conditions.tiers[world.nodes[node].tier];
        let queue = call.pool.map_or(Impatient::default(), |pool| self.pools[pool][place]);
        let loss = together(near.loss, host.loss);
        let lookup = Latency::waiting(tier.lookup).sometimes(NEW_CONNECTIONS);
        let way = Latency::spread(call.network, 0.3)
            .then(Latency::fixed(near.delay + host.delay))
            .then(resent(loss))
            .then(lookup)
            .then(Latency::waiting(queue.wait));
        let limit = conditions.calls[number].timeout.unwrap_or(call.timeout);
        // Share of calls that wait for a connection as long as they may, and get none.
        let no_connection = queue.in_vain;
        let never =
            together(together(lost, never_sent(loss)), together(tier.lookup_fails, no_connection));
        let mut timed_out = 0.0;
        let shares: f64 = far.iter().map(|far| far.share).sum();
        let waited = Latency::mixture(far.iter().map(|far| {
            let cut = way.then(far.latency).cut(limit);
            timed_out += far.share / shares * cut.share;
            (far.share, cut.latency)
        }));
        // What is refused is refused at once; what waits for a connection in vain waits as long as it may.
        let patience = call.pool.map_or(0.0, |pool| world.pools[pool].patience);
        let in_vain = Latency::fixed(call.network + 2.0 * BACK_OFF * never_sent(loss));
        let in_vain =
            in_vain.then(Latency::fixed(patience).sometimes(share_of(no_connection, never)));
        let latency = Latency::mixture([(1.0 - never, waited), (never, in_vain)].into_iter());
        Attempt {
            latency,
            lost: never,
            timed_out: timed_out * (1.0 - never),
            failed: together(never, together(timed_out, error)),
        }
    }

    /// The wait for workers, who are held until everything is answered.
    fn employ(&mut self, world: &World, conditions: &Conditions, before: &State, tier: usize) {
        let (at, condition) = (&world.tiers[tier], &conditions.tiers[tier]);
        if !at.runtime.has_workers() {
            return;
        }
        let all: f64 = at.operations.iter().map(|o| self.operations[*o].rate).sum();
        for (place, node) in at.nodes.iter().enumerate() {
            let held: f64 = at
                .operations
                .iter()
                .map(|o| self.operations[*o].rate * self.operations[*o].at[place].latency.mean)
                .sum();
            let each = if all > 0.0 { held / all } else { 0.0 };
            let stuck = conditions.nodes[*node].stuck;
            let workers = (at.workers * condition.workers - stuck).max(0.0);
            let demand = Demand {
                rate: self.nodes[*node].rate,
                service: each,
                servers: workers,
                backlog: before.workers[*node],
                room: ACCEPTED,
            };
            let mut queue =
                if self.nodes[*node].share > 0.0 { demand.queue() } else { Queue::default() };
            // Those who wait for very long have gone before they are answered.
            queue.wait = queue.wait.min(60.0);
            self.nodes[*node].workers = queue;
            self.nodes[*node].workers_busy = (queue.busy * workers + stuck.min(at.workers))
                .min(at.workers * condition.workers.max(1.0));
            for operation in &at.operations {
                if world.operations[*operation].is_consumer {
                    continue;
                }
                let there = &mut self.operations[*operation].at[place];
                let waits = Latency::waiting(queue.wait);
                there.own = there.own.then(waits);
                there.latency = there.latency.sometimes(1.0 - queue.refused).then(waits);
                there.error = together(there.error, queue.refused);
            }
        }
    }

    /// An operation over all nodes of its tier.
    fn merge(&mut self, world: &World, number: usize) {
        let nodes = &world.tiers[world.operations[number].tier].nodes;
        let flow = &self.operations[number];
        let parts =
            || nodes.iter().zip(&flow.at).map(|(node, place)| (self.nodes[*node].share, place));
        let latency = Latency::mixture(parts().map(|(share, place)| (share, place.latency)));
        let all: f64 = parts().map(|(share, _)| share).sum();
        let errors: f64 = parts().map(|(share, place)| share * place.error).sum();
        let flow = &mut self.operations[number];
        flow.latency = latency;
        flow.error = if all > 0.0 { errors / all } else { 1.0 };
    }
}

/// Figures of a call over the nodes of its caller.
#[derive(Debug, Default)]
struct Sums {
    share: f64,
    attempts: Mixture,
    wholes: Mixture,
    lost: f64,
    timed_out: f64,
    failed: f64,
    given_up: f64,
}

impl Sums {
    fn add(&mut self, share: f64, attempt: &Attempt, whole: Latency, given_up: f64) {
        self.share += share;
        self.attempts.add(share, attempt.latency);
        self.wholes.add(share, whole);
        self.lost += share * attempt.lost;
        self.timed_out += share * attempt.timed_out;
        self.failed += share * attempt.failed;
        self.given_up += share * given_up;
    }

    fn write(self, flow: &mut super::CallFlow) {
        let all = self.share.max(1e-12);
        flow.attempt = self.attempts.latency();
        flow.whole = self.wholes.latency();
        flow.lost = self.lost / all;
        flow.timed_out = self.timed_out / all;
        flow.failed = self.failed / all;
        flow.given_up = self.given_up / all;
    }
}

/// Attempts that a call takes on average, and the share of calls that fail for good.
fn tries(failed: f64, retries: u32) -> (f64, f64) {
    let attempts = (0..=retries).map(|again| failed.powi(again as i32)).sum();
    (attempts, failed.powi(retries as i32 + 1))
}

/// The delay of what is sent again.
fn resent(loss: f64) -> Latency {
    Latency::waiting(RESEND * (1.0 + 2.0 * loss)).sometimes(resending(loss))
}

/// Share of calls that come to nothing by lost packets: three in a row.
fn never_sent(loss: f64) -> f64 {
    1.0 - (1.0 - loss.powi(3)).powi(6)
}

fn share_of(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { (part / whole).min(1.0) } else { 0.0 }
}
