//! Metrics as runtimes' and hosts' instrumentations send them, and log records.

use super::super::layout::Layout;
use super::super::simulation::Step;
use super::super::world::{Runtime, World};
use super::Body;
use super::body::{Attribute, Resources};
use crate::send::courier::Signal;
use crate::wire::{put_bytes, put_fixed64, put_number};

const CUMULATIVE: u64 = 2;
const MINUTE_NS: u64 = 60_000_000_000;
const MEBIBYTE: f64 = 1_048_576.0;
/// Records of one template, node and minute that are sent; all are counted in the minutes' file.
const RECORDS: u64 = 4;
/// Disk operations a second of a host that does nothing special.
const DISK_OPERATIONS: f64 = 40.0;

/// Counters, which only grow until a process is started anew.
#[derive(Debug)]
pub(super) struct Totals {
    nodes: Vec<OfNode>,
    hosts: Vec<OfHost>,
    /// By pool and the node's place in its tier.
    pools: Vec<Vec<OfPool>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct OfPool {
    asked: f64,
    waited_s: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct OfNode {
    started: u64,
    processor_s: f64,
    collections: f64,
    collecting_s: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct OfHost {
    busy_s: f64,
    idle_s: f64,
    disk_operations: f64,
    disk_s: f64,
    network_bytes: f64,
    retransmits: f64,
}

impl Totals {
    pub(super) fn new(world: &World) -> Self {
        Self {
            nodes: vec![OfNode::default(); world.nodes.len()],
            hosts: vec![OfHost::default(); world.hosts.len()],
            pools: world
                .pools
                .iter()
                .map(|pool| vec![OfPool::default(); world.tiers[pool.tier].nodes.len()])
                .collect(),
        }
    }

    /// The minute in which the node's process was started, as far as it was seen to start.
    pub(super) fn started(&self, node: usize) -> u64 {
        self.nodes[node].started
    }

    pub(super) fn advance(&mut self, world: &World, step: &Step) {
        for (number, node) in world.nodes.iter().enumerate() {
            let (total, flow) = (&mut self.nodes[number], &step.flow.nodes[number]);
            if step.conditions.nodes[number].restarted {
                *total = OfNode { started: step.seen.minute, ..OfNode::default() };
            }
            total.processor_s += flow.busy * node.cores * 60.0;
            total.collecting_s += flow.collecting * 60.0;
            total.collections += 1.0 + (flow.collecting * 200.0).floor();
        }
        for (totals, (pool, queues)) in
            self.pools.iter_mut().zip(world.pools.iter().zip(&step.flow.pools))
        {
            let nodes = &world.tiers[pool.tier].nodes;
            for (total, (node, queue)) in totals.iter_mut().zip(nodes.iter().zip(queues)) {
                if step.conditions.nodes[*node].restarted {
                    *total = OfPool::default();
                }
                total.asked += (queue.rate * 60.0).round();
                total.waited_s += queue.rate * 60.0 * queue.waited;
            }
        }
        for (number, host) in world.hosts.iter().enumerate() {
            let (total, flow) = (&mut self.hosts[number], &step.flow.hosts[number]);
            total.busy_s += flow.busy * 60.0;
            total.idle_s += (host.cores - flow.busy) * 60.0;
            let operations = DISK_OPERATIONS * 60.0 * (0.5 + flow.disk_busy);
            total.disk_operations += operations;
            total.disk_s += operations * 0.001_2 * flow.disk_stretch;
            total.network_bytes += flow.calls * 60.0 * 12_000.0;
            total.retransmits += flow.calls * 60.0 * 12.0 * flow.retransmits;
        }
    }
}

/// Metrics of one resource at one time.
struct Metrics {
    time_ns: u64,
    /// When counters began.
    since_ns: u64,
    items: Vec<Vec<u8>>,
}

impl Metrics {
    fn gauge(&mut self, name: &str, unit: &str, value: f64, attributes: &[Attribute]) {
        let point = self.point(None, value, attributes);
        let mut data = Vec::new();
        put_bytes(&mut data, 1, &point);
        self.add(name, unit, 5, &data);
    }

    fn counter(&mut self, name: &str, unit: &str, value: f64, attributes: &[Attribute]) {
        let point = self.point(Some(self.since_ns), value, attributes);
        let mut data = Vec::new();
        put_bytes(&mut data, 1, &point);
        put_number(&mut data, 2, CUMULATIVE);
        put_number(&mut data, 3, 1);
        self.add(name, unit, 7, &data);
    }

    /// A histogram of one bucket: its count and sum are what is read.
    fn histogram(&mut self, name: &str, count: f64, sum: f64, attributes: &[Attribute]) {
        let (mut point, mut data) = (Vec::new(), Vec::new());
        put_fixed64(&mut point, 2, self.since_ns);
        put_fixed64(&mut point, 3, self.time_ns);
        put_fixed64(&mut point, 4, count as u64);
        put_fixed64(&mut point, 5, sum.to_bits());
        put_bytes(&mut point, 6, &(count as u64).to_le_bytes());
        for attribute in attributes {
            put_bytes(&mut point, 9, &attribute.encoded());
        }
        put_bytes(&mut data, 1, &point);
        put_number(&mut data, 2, CUMULATIVE);
        self.add(name, "s", 9, &data);
    }

    fn point(&self, since: Option<u64>, value: f64, attributes: &[Attribute]) -> Vec<u8> {
        let mut point = Vec::new();
        if let Some(since) = since {
            put_fixed64(&mut point, 2, since);
        }
        put_fixed64(&mut point, 3, self.time_ns);
        put_fixed64(&mut point, 4, value.to_bits());
        for attribute in attributes {
            put_bytes(&mut point, 7, &attribute.encoded());
        }
        point
    }

    fn add(&mut self, name: &str, unit: &str, field: u32, data: &[u8]) {
        let mut metric = Vec::new();
        put_bytes(&mut metric, 1, name.as_bytes());
        put_bytes(&mut metric, 3, unit.as_bytes());
        put_bytes(&mut metric, field, data);
        self.items.push(metric);
    }
}

pub(super) fn metrics(
    world: &World,
    totals: &Totals,
    step: &Step,
    time_ns: u64,
    resource: impl Fn(usize) -> Vec<Attribute>,
) -> Option<Body> {
    let (mut resources, mut items) = (Resources::default(), 0);
    for number in 0..world.nodes.len() {
        let condition = &step.conditions.nodes[number];
        if !condition.at_work || condition.refusing >= 1.0 {
            continue;
        }
        let since_ns = totals.nodes[number].started * MINUTE_NS;
        let mut metrics = Metrics { time_ns, since_ns, items: Vec::new() };
        of_node(world, totals, step, number, &mut metrics);
        of_host(
            &totals.hosts[world.nodes[number].host],
            step,
            world.nodes[number].host,
            &mut metrics,
        );
        items += metrics.items.len();
        resources.add(&resource(number), &metrics.items);
    }
    // Machines of databases and brokers have no process of ours; an agent on each reports them.
    for backend in &world.backends {
        let host = &world.hosts[backend.host];
        let first = world.backends.iter().find(|other| other.host == backend.host);
        if !host.watched || first.is_none_or(|first| first.name != backend.name) {
            continue;
        }
        let mut metrics = Metrics { time_ns, since_ns: 0, items: Vec::new() };
        of_host(&totals.hosts[backend.host], step, backend.host, &mut metrics);
        items += metrics.items.len();
        let of_agent = [
            Attribute::text("service.name", "machines"),
            Attribute::text("service.namespace", &world.application),
            Attribute::text("host.name", &host.name),
        ];
        resources.add(&of_agent, &metrics.items);
    }
    (items > 0).then_some(Body {
        signal: Signal::Metrics,
        bytes: resources.bytes,
        items: items as u64,
    })
}

fn of_node(world: &World, totals: &Totals, step: &Step, number: usize, metrics: &mut Metrics) {
    let (node, flow) = (&world.nodes[number], &step.flow.nodes[number]);
    let (tier, total) = (&world.tiers[node.tier], &totals.nodes[number]);
    metrics.counter(
        "process.cpu.time",
        "s",
        total.processor_s,
        &[Attribute::text("cpu.mode", "user")],
    );
    let resident = step.flow.resident_mb(world, number) * MEBIBYTE;
    metrics.gauge("process.memory.usage", "By", resident, &[]);
    let uptime = (step.seen.minute - total.started) as f64 * 60.0;
    if total.started > 0 {
        metrics.gauge("process.uptime", "s", uptime, &[]);
    }
    let (heap, used) = (node.heap_mb * MEBIBYTE, node.heap_mb * MEBIBYTE * flow.heap);
    match tier.runtime {
        Runtime::Jvm => {
            let of_heap = [
                Attribute::text("jvm.memory.type", "heap"),
                Attribute::text("jvm.memory.pool.name", "Old Gen"),
            ];
            metrics.gauge("jvm.memory.used", "By", used, &of_heap);
            metrics.gauge("jvm.memory.limit", "By", heap, &of_heap);
            let action = [Attribute::text("jvm.gc.action", "end of minor GC")];
            metrics.histogram("jvm.gc.duration", total.collections, total.collecting_s, &action);
            metrics.gauge("jvm.thread.count", "{thread}", 20.0 + flow.workers_busy.round(), &[]);
        }
        Runtime::Node => {
            metrics.gauge("v8js.memory.heap.used", "By", used, &[]);
            metrics.gauge("v8js.memory.heap.limit", "By", heap, &[]);
            metrics.gauge("nodejs.eventloop.utilization", "1", flow.busy, &[]);
            metrics.histogram("v8js.gc.duration", total.collections, total.collecting_s, &[]);
        }
        Runtime::Python => {
            metrics.gauge("process.thread.count", "{thread}", 4.0 + flow.workers_busy.round(), &[]);
        }
        Runtime::Go => {
            metrics.gauge("go.memory.used", "By", used, &[]);
            metrics.gauge(
                "go.goroutine.count",
                "{goroutine}",
                30.0 + flow.processor.waiting.round(),
                &[],
            );
        }
    }
    if tier.runtime.has_workers() {
        metrics.gauge("server.workers.busy", "{worker}", flow.workers_busy, &[]);
        metrics.gauge("server.workers.limit", "{worker}", tier.workers, &[]);
        metrics.gauge("server.requests.waiting", "{request}", flow.workers.waiting, &[]);
    }
    let place = tier.nodes.iter().position(|other| *other == number).unwrap_or(0);
    for pool in &tier.pools {
        let (at, queue) = (&world.pools[*pool], &step.flow.pools[*pool][place]);
        let name =
            Attribute::text("db.client.connection.pool.name", &world.backends[at.backend].name);
        let used = [name.clone(), Attribute::text("db.client.connection.state", "used")];
        metrics.gauge("db.client.connection.count", "{connection}", queue.busy * at.size, &used);
        metrics.gauge(
            "db.client.connection.max",
            "{connection}",
            at.size,
            std::slice::from_ref(&name),
        );
        let name = [name];
        metrics.gauge("db.client.connection.pending_requests", "{request}", queue.waiting, &name);
        let OfPool { asked, waited_s } = totals.pools[*pool][place];
        metrics.histogram("db.client.connection.wait_time", asked, waited_s, &name);
    }
}

fn of_host(total: &OfHost, step: &Step, number: usize, metrics: &mut Metrics) {
    let flow = &step.flow.hosts[number];
    // Hosts have been up for longer than anything that is measured here.
    let since = std::mem::replace(&mut metrics.since_ns, 0);
    let mode = |mode| [Attribute::text("cpu.mode", mode)];
    metrics.counter("system.cpu.time", "s", total.busy_s, &mode("user"));
    metrics.counter("system.cpu.time", "s", total.idle_s, &mode("idle"));
    let state = |state| [Attribute::text("system.memory.state", state)];
    metrics.gauge("system.memory.utilization", "1", flow.memory, &state("used"));
    metrics.gauge("system.memory.utilization", "1", 1.0 - flow.memory, &state("free"));
    let disk =
        [Attribute::text("system.device", "sda"), Attribute::text("disk.io.direction", "write")];
    metrics.counter("system.disk.operations", "{operation}", total.disk_operations, &disk);
    metrics.counter("system.disk.operation_time", "s", total.disk_s, &disk);
    let sent = [
        Attribute::text("network.interface.name", "eth0"),
        Attribute::text("network.io.direction", "transmit"),
    ];
    metrics.counter("system.network.io", "By", total.network_bytes, &sent);
    metrics.counter("system.network.errors", "{error}", total.retransmits, &sent);
    metrics.since_ns = since;
}

pub(super) fn logs(
    world: &World,
    layout: &Layout,
    step: &Step,
    resource: impl Fn(usize) -> Vec<Attribute>,
) -> Option<Body> {
    let mut by_node: std::collections::BTreeMap<usize, Vec<Vec<u8>>> = Default::default();
    let mut items = 0;
    for (number, node, count) in &step.seen.logs {
        let template = &layout.templates[*number];
        let sent = (*count).min(RECORDS);
        for record in 0..sent {
            let at = step.seen.minute * MINUTE_NS + (record * 2 + 1) * MINUTE_NS / (2 * sent);
            let varies = (step.seen.minute * 7 + record * 13 + *node as u64) % 9_000 + 100;
            let text = template.text.replace("<*>", &varies.to_string());
            let severity = match template.severity {
                "DEBUG" => 5,
                "INFO" => 9,
                "WARN" => 13,
                _ => 17,
            };
            let (mut body, mut out) = (Vec::new(), Vec::new());
            put_bytes(&mut body, 1, text.as_bytes());
            put_fixed64(&mut out, 1, at);
            put_number(&mut out, 2, severity);
            put_bytes(&mut out, 3, template.severity.as_bytes());
            put_bytes(&mut out, 5, &body);
            if let Some(exception) = template.exception {
                put_bytes(&mut out, 6, &Attribute::text("exception.type", exception).encoded());
                put_bytes(&mut out, 6, &Attribute::text("exception.message", &text).encoded());
            }
            put_fixed64(&mut out, 11, at);
            by_node.entry(*node).or_default().push(out);
            items += 1;
        }
    }
    let mut resources = Resources::default();
    for (node, records) in by_node {
        debug_assert!(node < world.nodes.len());
        resources.add(&resource(node), &records);
    }
    (items > 0).then_some(Body { signal: Signal::Logs, bytes: resources.bytes, items })
}
