//! The lines of docs/incidents.md: names when something is first seen, then numbers by minute.

use std::fmt::Write as _;
use std::io::Write;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::events::Event;
use super::examples::Example;
use super::fault::Entity;
use super::layout::{End, Layout};
use super::sample::{Row, Seen};
use super::simulation::Step;
use super::trace::Walk;
use super::world::World;

pub(super) const FORMAT: u64 = 1;

/// Writes a run. Ids count in order of appearance.
pub(super) struct Stream<'a> {
    world: &'a World,
    layout: &'a Layout,
    out: Box<dyn Write + 'a>,
    pub(super) known: Known,
    line: String,
}

/// Which of the system's parts were seen, and under which ids.
#[derive(Debug, Default)]
pub(super) struct Known {
    hosts: Ids,
    tiers: Ids,
    nodes: Ids,
    backends: Ids,
    transactions: Ids,
    operations: Ids,
    edges: Ids,
    templates: Ids,
    series: Ids,
}

#[derive(Debug, Default)]
struct Ids {
    ids: Vec<Option<usize>>,
    count: usize,
    fresh: Vec<usize>,
}

impl Ids {
    fn see(&mut self, place: usize) -> usize {
        if self.ids.len() <= place {
            self.ids.resize(place + 1, None);
        }
        if let Some(id) = self.ids[place] {
            return id;
        }
        let id = self.count;
        self.ids[place] = Some(id);
        self.count += 1;
        self.fresh.push(place);
        id
    }

    fn get(&self, place: usize) -> Option<usize> {
        self.ids.get(place).copied().flatten()
    }

    /// What is new, each with its id.
    fn list(&mut self, item: impl Fn(usize, usize) -> Value) -> Option<Value> {
        let fresh = std::mem::take(&mut self.fresh);
        let first = self.count - fresh.len();
        let items = fresh.iter().enumerate().map(|(at, place)| item(first + at, *place));
        (!fresh.is_empty()).then(|| Value::Array(items.collect()))
    }
}

impl Known {
    pub(super) fn id(&self, entity: Entity) -> Option<usize> {
        match entity {
            Entity::Tier(at) => self.tiers.get(at),
            Entity::Node(at) => self.nodes.get(at),
            Entity::Host(at) => self.hosts.get(at),
            Entity::Backend(at) => self.backends.get(at),
            Entity::Transaction(at) => self.transactions.get(at),
        }
    }

    fn reference(&self, entity: Entity) -> Value {
        json!({ entity.type_name(): self.id(entity) })
    }

    pub(super) fn end(&self, end: End) -> Value {
        match end {
            End::Tier(tier) => self.reference(Entity::Tier(tier)),
            End::Backend(backend) => self.reference(Entity::Backend(backend)),
        }
    }

    fn see(&mut self, entity: Entity) {
        match entity {
            Entity::Tier(at) => self.tiers.see(at),
            Entity::Node(at) => self.nodes.see(at),
            Entity::Host(at) => self.hosts.see(at),
            Entity::Backend(at) => self.backends.see(at),
            Entity::Transaction(at) => self.transactions.see(at),
        };
    }
}

impl<'a> Stream<'a> {
    pub(super) fn new(world: &'a World, layout: &'a Layout, out: Box<dyn Write + 'a>) -> Self {
        Self { world, layout, out, known: Known::default(), line: String::new() }
    }

    pub(super) fn write(&mut self, value: &Value) -> Result<()> {
        serde_json::to_writer(&mut self.out, value).context("cannot write the stream")?;
        self.out.write_all(b"\n").context("cannot write the stream")
    }

    /// A minute with its events and example traces.
    pub(super) fn minute(
        &mut self,
        step: &Step,
        events: &[Event],
        examples: &[Example],
    ) -> Result<()> {
        let seen = &step.seen;
        self.see(seen, events);
        for span in examples.iter().flat_map(|example| &example.spans) {
            self.known.see(Entity::Node(span.node));
            self.known.see(Entity::Tier(self.world.nodes[span.node].tier));
            self.known.see(Entity::Host(self.world.nodes[span.node].host));
            let backend = span.call.and_then(|call| self.world.calls[call].backend());
            if let Some(backend) = backend {
                self.known.see(Entity::Backend(backend));
            }
        }
        self.introduce()?;
        let (world, layout) = (self.world, self.layout);
        let walk = Walk { world, layout, conditions: &step.conditions, flow: &step.flow };
        for example in examples {
            self.write(&example.json(&walk, &self.known))?;
        }
        self.figures(seen, events);
        self.out.write_all(self.line.as_bytes()).context("cannot write the stream")
    }

    pub(super) fn finish(mut self) -> Result<()> {
        self.out.flush().context("cannot write the stream")
    }

    /// Ids for what has not been seen before.
    fn see(&mut self, seen: &Seen, events: &[Event]) {
        let (world, layout, known) = (self.world, self.layout, &mut self.known);
        for (place, _) in seen.tiers.iter().enumerate().filter(|(_, row)| row.calls > 0) {
            known.tiers.see(place);
        }
        for (place, value) in seen.series.iter().enumerate() {
            if value.is_some() {
                known.series.see(place);
                known.see(layout.series[place].of);
                if let Some(pool) = layout.series[place].pool {
                    known.see(Entity::Backend(world.pools[pool].backend));
                }
            }
        }
        for (place, _) in seen.nodes.iter().enumerate().filter(|(_, row)| row.calls > 0) {
            known.nodes.see(place);
        }
        for (place, _) in seen.transactions.iter().enumerate().filter(|(_, row)| row.calls > 0) {
            known.transactions.see(place);
        }
        for (place, _) in seen.operations.iter().enumerate().filter(|(_, row)| row.calls > 0) {
            known.operations.see(place);
        }
        for (place, _) in seen.ways.iter().enumerate().filter(|(_, way)| way.calls > 0) {
            let (edge, transaction) = layout.ways[place];
            known.edges.see(edge);
            known.transactions.see(transaction);
            for end in [layout.edges[edge].0, layout.edges[edge].1] {
                known.see(match end {
                    End::Tier(tier) => Entity::Tier(tier),
                    End::Backend(backend) => Entity::Backend(backend),
                });
            }
        }
        for (share, (tier, transaction)) in seen.shares.iter().zip(&layout.shares) {
            if share.calls > 0 {
                known.tiers.see(*tier);
                known.transactions.see(*transaction);
            }
        }
        for (template, _, _) in &seen.logs {
            known.templates.see(*template);
            known.tiers.see(layout.templates[*template].tier);
        }
        for event in events {
            known.see(event.of);
        }
        for transaction in known.transactions.fresh.clone() {
            let operation = world.transactions[transaction].operation;
            known.tiers.see(world.operations[operation].tier);
        }
        for node in known.nodes.fresh.clone() {
            known.tiers.see(world.nodes[node].tier);
            known.hosts.see(world.nodes[node].host);
        }
        for backend in known.backends.fresh.clone() {
            if world.hosts[world.backends[backend].host].watched {
                known.hosts.see(world.backends[backend].host);
            }
        }
    }

    /// The line of what is new, if anything is.
    fn introduce(&mut self) -> Result<()> {
        let (world, layout) = (self.world, self.layout);
        let mut line = json!({ "type": "entities" });
        let mut known = std::mem::take(&mut self.known);
        let mut put = |name: &str, list: Option<Value>| {
            if let Some(list) = list {
                line[name] = list;
            }
        };
        put("hosts", known.hosts.list(|id, at| {
            let host = &world.hosts[at];
            json!({ "id": id, "name": host.name, "cores": host.cores, "memory_mb": host.memory_mb })
        }));
        put("tiers", known.tiers.list(|id, at| {
            json!({ "id": id, "name": world.tiers[at].name, "runtime": world.tiers[at].runtime.name() })
        }));
        let mut nodes = std::mem::take(&mut known.nodes);
        put("nodes", nodes.list(|id, at| {
            let node = &world.nodes[at];
            json!({ "id": id, "name": node.name, "tier": known.tiers.get(node.tier), "host": known.hosts.get(node.host) })
        }));
        known.nodes = nodes;
        let mut backends = std::mem::take(&mut known.backends);
        put("backends", backends.list(|id, at| {
            let backend = &world.backends[at];
            json!({ "id": id, "name": backend.name, "kind": backend.kind.name(), "system": backend.system, "host": known.hosts.get(backend.host) })
        }));
        known.backends = backends;
        let mut transactions = std::mem::take(&mut known.transactions);
        put("bts", transactions.list(|id, at| {
            let transaction = &world.transactions[at];
            let tier = world.operations[transaction.operation].tier;
            json!({ "id": id, "name": transaction.name, "tier": known.tiers.get(tier), "background": transaction.background })
        }));
        known.transactions = transactions;
        let mut operations = std::mem::take(&mut known.operations);
        put(
            "endpoints",
            operations.list(|id, at| {
                let operation = &world.operations[at];
                json!({ "id": id, "name": operation.name, "tier": known.tiers.get(operation.tier) })
            }),
        );
        known.operations = operations;
        let mut edges = std::mem::take(&mut known.edges);
        put(
            "edges",
            edges.list(|id, at| {
                let (from, to) = layout.edges[at];
                json!({ "id": id, "from": known.end(from), "to": known.end(to) })
            }),
        );
        known.edges = edges;
        let mut templates = std::mem::take(&mut known.templates);
        put("templates", templates.list(|id, at| {
            let template = &layout.templates[at];
            json!({ "id": id, "tier": known.tiers.get(template.tier), "severity": template.severity, "exception": template.exception, "text": template.text })
        }));
        known.templates = templates;
        let mut series = std::mem::take(&mut known.series);
        put(
            "series",
            series.list(|id, at| {
                let series = &layout.series[at];
                let mut item =
                    json!({ "id": id, "of": known.reference(series.of), "name": series.name });
                if let Some(pool) = series.pool {
                    item["pool"] = json!(known.backends.get(world.pools[pool].backend));
                }
                item
            }),
        );
        known.series = series;
        self.known = known;
        if line.as_object().is_some_and(|fields| fields.len() > 1) {
            self.write(&line)
        } else {
            Ok(())
        }
    }

    fn figures(&mut self, seen: &Seen, events: &[Event]) {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        put(&mut line, format_args!("{{\"type\":\"minute\",\"minute\":{}", seen.minute));
        rows(&mut line, "bts", &seen.transactions, &self.known.transactions);
        rows(&mut line, "tiers", &seen.tiers, &self.known.tiers);
        rows(&mut line, "nodes", &seen.nodes, &self.known.nodes);
        rows(&mut line, "endpoints", &seen.operations, &self.known.operations);
        line.push_str(",\"tier_bts\":[");
        let mut comma = "";
        for (share, (tier, transaction)) in seen.shares.iter().zip(&self.layout.shares) {
            let ids = (self.known.tiers.get(*tier), self.known.transactions.get(*transaction));
            let (Some(tier), Some(transaction)) = ids else { continue };
            if share.calls > 0 {
                let (calls, errors, sum, own) =
                    (share.calls, share.errors, share.sum_us, share.self_us);
                put(
                    &mut line,
                    format_args!("{comma}[{tier},{transaction},{calls},{errors},{sum},{own}]"),
                );
                comma = ",";
            }
        }
        line.push_str("],\"edges\":[");
        comma = "";
        for (way, (edge, transaction)) in seen.ways.iter().zip(&self.layout.ways) {
            let ids = (self.known.edges.get(*edge), self.known.transactions.get(*transaction));
            let (Some(edge), Some(transaction)) = ids else { continue };
            if way.calls > 0 {
                let (calls, errors, sum, p95) = (way.calls, way.errors, way.sum_us, way.p95_us);
                let (arrived, far) = (way.arrived, way.far_us);
                put(
                    &mut line,
                    format_args!(
                        "{comma}[{edge},{transaction},{calls},{errors},{sum},{p95},{arrived},{far}]"
                    ),
                );
                comma = ",";
            }
        }
        line.push_str("],\"series\":[");
        let mut values = vec![None; self.known.series.count];
        for (place, value) in seen.series.iter().enumerate() {
            if let Some(id) = self.known.series.get(place) {
                values[id] = *value;
            }
        }
        for (id, value) in values.iter().enumerate() {
            let comma = if id == 0 { "" } else { "," };
            match value {
                Some(value) => put(&mut line, format_args!("{comma}{value}")),
                None => put(&mut line, format_args!("{comma}null")),
            }
        }
        line.push_str("],\"logs\":[");
        comma = "";
        for (template, node, count) in &seen.logs {
            let ids = (self.known.templates.get(*template), self.known.nodes.get(*node));
            if let (Some(template), Some(node)) = ids {
                put(&mut line, format_args!("{comma}[{template},{node},{count}]"));
                comma = ",";
            }
        }
        line.push_str("],\"events\":[");
        comma = "";
        for event in events {
            let of = self.known.reference(event.of);
            let event = json!({ "kind": event.kind, "of": of, "detail": event.detail });
            put(&mut line, format_args!("{comma}{event}"));
            comma = ",";
        }
        line.push_str("]}\n");
        self.line = line;
    }
}

fn rows(line: &mut String, name: &str, rows: &[Row], ids: &Ids) {
    put(line, format_args!(",\"{name}\":["));
    let mut comma = "";
    for (place, row) in rows.iter().enumerate().filter(|(_, row)| row.calls > 0) {
        let Some(id) = ids.get(place) else { continue };
        let Row { calls, errors, sum_us, p50_us, p95_us, p99_us } = row;
        put(
            line,
            format_args!("{comma}[{id},{calls},{errors},{sum_us},{p50_us},{p95_us},{p99_us}]"),
        );
        comma = ",";
    }
    line.push(']');
}

fn put(line: &mut String, what: std::fmt::Arguments<'_>) {
    line.write_fmt(what).expect("a string takes everything");
}
