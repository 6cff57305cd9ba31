//! Draws a system: layers of tiers below front doors, operations that call operations further down, backends that several
//! tiers share, hosts that hold nodes of several tiers. Sizes follow from the load (`sizing`), as operators would choose them.

use super::super::chance::{Chance, Purpose, chance};
use super::{
    Backend, BackendKind, Call, Host, Node, Operation, Pool, Runtime, Shape, Target, Tier,
    Transaction, World, names, reach, sizing,
};

/// Calls that one operation makes to others, at most, while another caller can be found.
const FAN_OUT: usize = 4;
const MOST_NODES: usize = 8;

/// The system of this seed, with so many tiers.
pub(crate) fn build(seed: u64, tiers: usize) -> World {
    let mut builder = Builder {
        chance: chance(seed, Purpose::Build, 0, 0),
        world: World {
            seed,
            application: format!("sim-{seed}"),
            hosts: Vec::new(),
            tiers: Vec::new(),
            nodes: Vec::new(),
            backends: Vec::new(),
            operations: Vec::new(),
            calls: Vec::new(),
            pools: Vec::new(),
            transactions: Vec::new(),
        },
        levels: Vec::new(),
    };
    builder.tiers(tiers);
    builder.operations();
    builder.backends();
    builder.calls_between_tiers();
    builder.calls_to_backends();
    builder.partners_are_asked();
    builder.arrange();
    builder.transactions();
    reach::trace(&mut builder.world);
    sizing::fit(&mut builder.world, &mut builder.chance);
    builder.world
}

struct Builder {
    chance: Chance,
    world: World,
    /// By tier; 0 is a front door.
    levels: Vec<usize>,
}

impl Builder {
    fn tiers(&mut self, count: usize) {
        let chance = &mut self.chance;
        let fronts = (count as f64 / 12.0 * chance.within(0.7, 1.4)).round().max(1.0) as usize;
        let fronts = fronts.min(count / 3).max(1);
        let depth = 2 + (count as f64 / 6.0).log2().max(0.0).round() as usize;
        let mut levels: Vec<usize> = (fronts..count)
            .map(|_| {
                let (one, other) = (chance.whole(1, depth), chance.whole(1, depth));
                (one + other).div_ceil(2)
            })
            .collect();
        levels.sort_unstable();
        self.levels = vec![0; fronts].into_iter().chain(levels).collect();
        for name in names::tiers(chance, fronts, count) {
            let runtime = *chance.pick(&[
                Runtime::Jvm,
                Runtime::Jvm,
                Runtime::Node,
                Runtime::Python,
                Runtime::Go,
            ]);
            let chatter = chance.within_log(0.05, 1.5);
            let (nodes, operations, pools) = (Vec::new(), Vec::new(), Vec::new());
            let workers = sizing::UNLIMITED;
            self.world.tiers.push(Tier {
                name,
                runtime,
                nodes,
                operations,
                pools,
                workers,
                chatter,
            });
        }
    }

    fn operations(&mut self) {
        for tier in 0..self.world.tiers.len() {
            let most = if self.levels[tier] == 0 { 5 } else { 3 };
            for number in 0..self.chance.whole(if most == 5 { 2 } else { 1 }, most) {
                let name = names::operation(&self.world.tiers[tier].name, number);
                self.add_operation(tier, name, false);
            }
        }
    }

    fn add_operation(&mut self, tier: usize, name: String, is_consumer: bool) -> usize {
        let chance = &mut self.chance;
        let operation = Operation {
            tier,
            name,
            work: chance.within_log(0.000_8, 0.02),
            ratio: chance.within(0.4, 0.9),
            stages: Vec::new(),
            error: chance.within_log(0.000_01, 0.001),
            transactions: Vec::new(),
            is_consumer,
            takers: sizing::UNLIMITED,
        };
        self.world.operations.push(operation);
        let number = self.world.operations.len() - 1;
        self.world.tiers[tier].operations.push(number);
        number
    }

    fn backends(&mut self) {
        let tiers = self.world.tiers.len();
        let some = |chance: &mut Chance, each: f64| {
            (tiers as f64 / each * chance.within(0.7, 1.4)).round().max(1.0) as usize
        };
        let (databases, caches) = (some(&mut self.chance, 6.0), some(&mut self.chance, 10.0));
        let (partners, queues) = (some(&mut self.chance, 14.0), some(&mut self.chance, 12.0));
        for number in 0..databases {
            let (system, port) =
                *self.chance.pick(&[("postgresql", 5432), ("mysql", 3306), ("mssql", 1433)]);
            let name = format!("db-{}.internal:{port}/main", number + 1);
            // Some databases share a machine.
            let shares = number > 0 && self.chance.is(0.25);
            let host = if shares {
                self.world.hosts.len() - 1
            } else {
                self.host(format!("db-host-{}", number + 1), true)
            };
            self.backend(name, BackendKind::Database, system, host);
        }
        for number in 0..caches {
            let host = self.host(format!("cache-host-{}", number + 1), true);
            self.backend(
                format!("cache-{}.internal:6379", number + 1),
                BackendKind::Cache,
                "redis",
                host,
            );
        }
        for number in 0..partners {
            let host = self.host(format!("partner-{}", number + 1), false);
            self.backend(
                format!("api.partner-{}.example:443", number + 1),
                BackendKind::Http,
                "http",
                host,
            );
        }
        for number in 0..queues {
            let host = self.host(format!("broker-host-{}", number + 1), true);
            let system = *self.chance.pick(&["kafka", "rabbitmq"]);
            self.backend(format!("work-{}", number + 1), BackendKind::Queue, system, host);
        }
    }

    fn host(&mut self, name: String, watched: bool) -> usize {
        let cores = *self.chance.pick(&[8.0, 16.0, 16.0, 32.0]);
        let memory_mb = cores * 4096.0;
        let disk_busy = self.chance.within(0.03, 0.2);
        self.world.hosts.push(Host { name, cores, memory_mb, disk_busy, watched });
        self.world.hosts.len() - 1
    }

    fn backend(&mut self, name: String, kind: BackendKind, system: &'static str, host: usize) {
        let chance = &mut self.chance;
        let disk = match kind {
            BackendKind::Database => chance.within(0.2, 0.6),
            BackendKind::Queue => 0.3,
            BackendKind::Cache | BackendKind::Http => 0.0,
        };
        let hits = chance.within(0.75, 0.97);
        let servers = sizing::UNLIMITED;
        self.world.backends.push(Backend {
            name,
            kind,
            system,
            host,
            servers,
            disk,
            hits,
            room: f64::MAX,
        });
    }

    /// Every operation below the front doors has a caller, so that every tier is reached.
    fn calls_between_tiers(&mut self) {
        let asked = self.world.operations.len();
        for callee in 0..asked {
            let tier = self.world.operations[callee].tier;
            if self.levels[tier] == 0 {
                continue;
            }
            let callers = 1 + usize::from(self.chance.is(0.35));
            for number in 0..callers {
                let Some(caller) = self.caller(tier, asked) else { continue };
                // Behind a queue nobody waits; the first caller does, so that all of the graph can matter.
                if self.chance.is(0.1) && number > 0 {
                    self.publish(caller, tier);
                } else {
                    self.ask(caller, callee);
                }
            }
        }
        self.one_branch_at_least(asked);
    }

    fn one_branch_at_least(&mut self, asked: usize) {
        let is_queue = |call: &Call| matches!(call.target, Target::Queue { .. });
        if self.world.calls.iter().any(is_queue) {
            return;
        }
        let last = self.world.tiers.len() - 1;
        if let Some(caller) = self.caller(last, asked) {
            self.publish(caller, last);
        }
    }

    /// An operation of a tier further up, most often of the layer just above, with few calls so far.
    fn caller(&mut self, tier: usize, asked: usize) -> Option<usize> {
        let level = self.levels[tier];
        let near = self.chance.is(0.8);
        let above: Vec<usize> = (0..asked)
            .filter(|operation| {
                let other = self.levels[self.world.operations[*operation].tier];
                if near { other + 1 == level } else { other < level }
            })
            .collect();
        let above = if above.is_empty() {
            (0..asked).filter(|o| self.levels[self.world.operations[*o].tier] < level).collect()
        } else {
            above
        };
        let free: Vec<usize> =
            above.iter().copied().filter(|operation| self.fan_out(*operation) < FAN_OUT).collect();
        let from = if free.is_empty() { &above } else { &free };
        (!from.is_empty()).then(|| *self.chance.pick(from))
    }

    fn fan_out(&self, operation: usize) -> usize {
        self.world.operations[operation].stages.iter().map(Vec::len).sum()
    }

    fn ask(&mut self, caller: usize, callee: usize) {
        let already = self.world.calls_of(caller);
        if already
            .into_iter()
            .any(|call| self.world.calls[call].target == Target::Operation(callee))
        {
            return;
        }
        let chance = &mut self.chance;
        let count = match chance.below(10) {
            0..7 => 1.0,
            7 | 8 => chance.within(0.25, 0.9),
            _ => chance.whole(2, 3) as f64,
        };
        let call = Call {
            from: caller,
            target: Target::Operation(callee),
            count,
            service: 0.0,
            ratio: 0.0,
            timeout: f64::MAX,
            retries: if chance.is(0.4) { chance.whole(1, 2) as u32 } else { 0 },
            optional: chance.is(0.1),
            unless_in: None,
            network: chance.within_log(0.000_2, 0.001_5),
            statement: None,
            pool: None,
            places: Vec::new(),
        };
        self.add_call(call);
    }

    fn add_call(&mut self, call: Call) {
        let from = call.from;
        self.world.calls.push(call);
        self.world.operations[from].stages.push(vec![self.world.calls.len() - 1]);
    }

    /// Leaves a message for an operation of `tier` that takes from the queue.
    fn publish(&mut self, caller: usize, tier: usize) {
        let queues: Vec<usize> = (0..self.world.backends.len())
            .filter(|backend| self.world.backends[*backend].kind == BackendKind::Queue)
            .filter(|queue| self.world.consumers(*queue).next().is_none())
            .collect();
        let Some(queue) = queues.first().copied() else { return };
        let name = format!("{} process", self.world.backends[queue].name);
        let consumer = self.add_operation(tier, name, true);
        let call = Call {
            target: Target::Queue { backend: queue, consumer },
            count: 1.0,
            service: self.chance.within_log(0.000_8, 0.003),
            ratio: 0.5,
            timeout: 10.0,
            retries: 0,
            ..self.plain(caller, queue)
        };
        self.add_call(call);
    }

    fn plain(&mut self, from: usize, backend: usize) -> Call {
        let chance = &mut self.chance;
        Call {
            from,
            target: Target::Backend(backend),
            count: 1.0,
            service: 0.0,
            ratio: chance.within(0.5, 1.1),
            timeout: f64::MAX,
            retries: 0,
            optional: false,
            unless_in: None,
            network: chance.within_log(0.000_2, 0.001),
            statement: None,
            pool: None,
            places: Vec::new(),
        }
    }

    fn calls_to_backends(&mut self) {
        for tier in 0..self.world.tiers.len() {
            let front = self.levels[tier] == 0;
            let database = self.chance.is(if front { 0.2 } else { 0.65 });
            let database = database.then(|| self.one_of(BackendKind::Database));
            let cached = database.is_some() && self.chance.is(0.45);
            let cache = cached.then(|| self.one_of(BackendKind::Cache));
            let partner = self.chance.is(0.12).then(|| self.one_of(BackendKind::Http));
            let pool = database.map(|database| self.pool(tier, database));
            for operation in self.world.tiers[tier].operations.clone() {
                if let (Some(database), true) = (database, self.chance.is(0.8)) {
                    self.query(operation, database, cache, pool);
                }
                if let (Some(partner), true) = (partner, self.chance.is(0.5)) {
                    self.ask_partner(operation, partner);
                }
            }
        }
    }

    /// A partner whom nobody asked so far gets somebody who does.
    fn partners_are_asked(&mut self) {
        for partner in 0..self.world.backends.len() {
            let asked = |call: &Call| call.backend() == Some(partner);
            let is_partner = self.world.backends[partner].kind == BackendKind::Http;
            if is_partner && !self.world.calls.iter().any(asked) {
                let answers = |operation: &usize| !self.world.operations[*operation].is_consumer;
                let some: Vec<usize> = (0..self.world.operations.len()).filter(answers).collect();
                let operation = *self.chance.pick(&some);
                self.ask_partner(operation, partner);
            }
        }
    }

    fn one_of(&mut self, kind: BackendKind) -> usize {
        let of_kind: Vec<usize> = (0..self.world.backends.len())
            .filter(|backend| self.world.backends[*backend].kind == kind)
            .collect();
        *self.chance.pick(&of_kind)
    }

    fn pool(&mut self, tier: usize, backend: usize) -> usize {
        let patience = *self.chance.pick(&[2.0, 5.0, 10.0]);
        self.world.pools.push(Pool { tier, backend, size: sizing::UNLIMITED, patience });
        let number = self.world.pools.len() - 1;
        self.world.tiers[tier].pools.push(number);
        number
    }

    fn query(
        &mut self,
        operation: usize,
        database: usize,
        cache: Option<usize>,
        pool: Option<usize>,
    ) {
        if let Some(cache) = cache {
            let call = Call {
                service: self.chance.within_log(0.000_3, 0.000_9),
                timeout: 1.0,
                optional: true,
                ..self.plain(operation, cache)
            };
            self.add_call(call);
        }
        let tier = self.world.tiers[self.world.operations[operation].tier].name.clone();
        // What is worth a cache is what takes long.
        let slower = if cache.is_some() { 3.0 } else { 1.0 };
        for _ in 0..self.chance.whole(1, 2) {
            let call = Call {
                service: self.chance.within_log(0.001, 0.012) * slower,
                count: if self.chance.is(0.2) { self.chance.whole(2, 4) as f64 } else { 1.0 },
                unless_in: cache,
                statement: Some(names::statement(&mut self.chance, &tier)),
                pool,
                timeout: 30.0,
                ..self.plain(operation, database)
            };
            self.add_call(call);
        }
    }

    fn ask_partner(&mut self, operation: usize, partner: usize) {
        let call = Call {
            service: self.chance.within_log(0.03, 0.2),
            ratio: 0.6,
            network: 0.02,
            timeout: 5.0,
            retries: u32::from(self.chance.is(0.3)),
            optional: self.chance.is(0.15),
            ..self.plain(operation, partner)
        };
        self.add_call(call);
    }

    /// Backends first, as most code reads before it asks others; then some calls side by side.
    fn arrange(&mut self) {
        self.sort_operations();
        for operation in 0..self.world.operations.len() {
            let mut stages = std::mem::take(&mut self.world.operations[operation].stages);
            let calls = &self.world.calls;
            stages.sort_by_key(|stage| match calls[stage[0]].target {
                Target::Backend(backend) => {
                    usize::from(self.world.backends[backend].kind != BackendKind::Cache)
                }
                Target::Operation(_) => 2,
                Target::Queue { .. } => 3,
            });
            let mut arranged: Vec<Vec<usize>> = Vec::new();
            for stage in stages {
                let asks = |stage: &[usize]| matches!(calls[stage[0]].target, Target::Operation(_));
                match arranged.last_mut() {
                    Some(last) if asks(last) && asks(&stage) && self.chance.is(0.35) => {
                        last.extend(stage)
                    }
                    _ => arranged.push(stage),
                }
            }
            self.world.operations[operation].stages = arranged;
        }
    }

    /// Consumers were added last; in the order of tiers callers come before those they call.
    fn sort_operations(&mut self) {
        let world = &mut self.world;
        let mut order: Vec<usize> = (0..world.operations.len()).collect();
        order.sort_by_key(|operation| world.operations[*operation].tier);
        let mut place = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            place[*old] = new;
        }
        world.operations = order.iter().map(|old| world.operations[*old].clone()).collect();
        for call in &mut world.calls {
            call.from = place[call.from];
            call.target = match call.target {
                Target::Operation(callee) => Target::Operation(place[callee]),
                Target::Queue { backend, consumer } => {
                    Target::Queue { backend, consumer: place[consumer] }
                }
                Target::Backend(backend) => Target::Backend(backend),
            };
        }
        for tier in &mut world.tiers {
            tier.operations.iter_mut().for_each(|operation| *operation = place[*operation]);
        }
    }

    fn transactions(&mut self) {
        let chance = &mut self.chance;
        let (daily, peak_hour, weekend) =
            (chance.within(0.3, 0.65), chance.within(10.0, 20.0), chance.within_log(0.45, 1.25));
        let rate = chance.within_log(150.0, 1200.0);
        for operation in 0..self.world.operations.len() {
            let tier = self.world.operations[operation].tier;
            if self.levels[tier] > 0 {
                continue;
            }
            let shape = Shape {
                daily: (daily * chance.within(0.8, 1.2)).min(0.75),
                peak_hour: peak_hour + chance.within(-1.5, 1.5),
                twice: chance.within(0.0, 0.2),
                weekend: weekend * chance.within(0.9, 1.1),
                every_min: 0,
            };
            let rate = rate * chance.jitter(0.9).clamp(0.1, 6.0);
            let name = self.world.operations[operation].name.clone();
            self.world.transactions.push(Transaction {
                name,
                operation,
                rate,
                shape,
                background: false,
            });
        }
        if self.chance.is(0.5) {
            self.scheduled_job();
        }
    }

    /// The last front door also has a job that comes every hour or half hour: a season of its own.
    fn scheduled_job(&mut self) {
        let Some(job) = self.world.transactions.last_mut() else { return };
        let every_min = *self.chance.pick(&[30, 60]);
        job.shape.every_min = every_min;
        job.background = true;
        job.rate = job.rate.min(120.0);
    }
}

/// The nodes of all tiers onto machines: several tiers on each, no tier twice where that can be avoided.
pub(super) fn place(world: &mut World, chance: &mut Chance, wanted: &[(usize, usize, f64)]) {
    let mut order: Vec<(usize, usize, f64)> = wanted
        .iter()
        .flat_map(|(tier, count, cores)| (0..*count).map(move |number| (*tier, number, *cores)))
        .collect();
    chance.shuffle(&mut order);
    let first = world.hosts.len();
    // Cores and memory left on each of the new machines.
    let mut free: Vec<(f64, f64)> = Vec::new();
    let mut nodes: Vec<Node> = Vec::new();
    for (tier, number, cores) in order {
        let has_tier =
            |host: usize| nodes.iter().any(|n: &Node| n.host == first + host && n.tier == tier);
        let heap_mb = *chance.pick(&[512.0, 1024.0, 2048.0, 4096.0]);
        let fits = |host: &usize| free[*host].0 >= cores && free[*host].1 >= heap_mb + 200.0;
        let host = (0..free.len()).find(|host| fits(host) && !has_tier(*host));
        let host = host.unwrap_or_else(|| {
            let most = f64::max(*chance.pick(&[8.0, 16.0, 32.0]), cores.ceil());
            // Limits add up to more than the machine has, as they do where most are idle most of the time.
            // A third of the memory is the system's and its page cache's.
            free.push((most * 1.3, most * 4096.0 * 0.65));
            let name = format!("host-{:02}", free.len());
            let disk_busy = chance.within(0.02, 0.15);
            world.hosts.push(Host {
                name,
                cores: most,
                memory_mb: most * 4096.0,
                disk_busy,
                watched: true,
            });
            free.len() - 1
        });
        free[host].0 -= cores;
        free[host].1 -= heap_mb + 200.0;
        let name = format!("{}-{}", world.tiers[tier].name, number);
        nodes.push(Node {
            name,
            tier,
            host: first + host,
            cores,
            slowness: chance.jitter(0.05),
            heap_mb,
            live: chance.within(0.3, 0.55),
            reserve: false,
        });
    }
    nodes.sort_by(|a, b| (a.tier, &a.name).cmp(&(b.tier, &b.name)));
    for (number, node) in nodes.iter().enumerate() {
        world.tiers[node.tier].nodes.push(number);
    }
    // One more of each tier in reserve, on the machine of its first.
    for tier in 0..world.tiers.len() {
        let like = nodes[world.tiers[tier].nodes[0]].clone();
        let name = format!("{}-{}", world.tiers[tier].name, world.tiers[tier].nodes.len());
        world.tiers[tier].nodes.push(nodes.len());
        nodes.push(Node { name, reserve: true, ..like });
    }
    world.nodes = nodes;
}

/// How many nodes a tier gets that needs so many cores at its peak.
pub(super) fn nodes_for(chance: &mut Chance, cores: f64) -> usize {
    let least = if cores > 4.0 { 2 } else { 1 };
    let drawn = 1 + chance.below(3) + chance.below(4);
    drawn.clamp(least, MOST_NODES)
}
