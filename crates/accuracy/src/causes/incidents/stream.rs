//! A run's stream, read in order of time, and the situations of its incidents.

use std::{
    collections::{HashMap, VecDeque},
    path::Path,
};

use analysis::cause::{
    Anomaly, Calls, Change, ChangeKind, Entity, Figures, Kind, Resource, ResourceKind, Series,
    Severity, Situation, Template,
};

use crate::{
    causes::case::{Case, Truth},
    simulated::{
        self, Backend, Bt, Edge, End, Entities, Event, Host, Incident, Line, Measured, Minute,
        Named, NamedEntity, Node, SeriesLine, Sums, TemplateLine,
    },
};

/// Minutes that are kept: the history.
const KEPT: usize = 120;
/// Minutes after the first one of suffering in which the answer is asked for.
const ASKED_AFTER: u64 = 4;

pub(super) fn cases(folder: &Path) -> anyhow::Result<Vec<Case>> {
    let truth = simulated::truth(folder)?;
    // When to ask, and about which transaction: what a detector would say.
    let questions: Vec<Option<Question>> = truth.incidents.iter().map(Question::of).collect();
    let mut situations: HashMap<usize, (Situation, Known)> = HashMap::new();
    let mut system = System::default();
    for line in simulated::lines(folder)? {
        let Some(minute) = system.take(line?) else { continue };
        for (index, question) in questions.iter().enumerate() {
            if let Some(question) = question.filter(|question| question.asked == minute) {
                situations.insert(index, system.situation(question));
            }
        }
    }
    let mut cases = Vec::new();
    for (index, incident) in truth.incidents.iter().enumerate() {
        if let Some((situation, known)) = situations.remove(&index) {
            let seed = folder
                .file_name()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            cases.push(known.case(format!("{seed}/{}", incident.id), incident, situation)?);
        }
    }
    Ok(cases)
}

#[derive(Debug, Clone, Copy)]
struct Question {
    bt: usize,
    onset: u64,
    asked: u64,
}

impl Question {
    fn of(incident: &Incident) -> Option<Self> {
        let worst = incident.bts.first()?;
        let asked = (worst.first_minute + ASKED_AFTER)
            .min(incident.end_minute.saturating_sub(1))
            .max(worst.first_minute);
        Some(Self { bt: worst.bt, onset: worst.first_minute, asked })
    }
}

/// What of the system was seen so far, and its last minutes.
#[derive(Default)]
struct System {
    hosts: Vec<Host>,
    tiers: Vec<Named>,
    nodes: Vec<Node>,
    backends: Vec<Backend>,
    bts: Vec<Bt>,
    edges: Vec<Edge>,
    templates: Vec<TemplateLine>,
    series: Vec<SeriesLine>,
    minutes: VecDeque<Minute>,
}

impl System {
    /// Takes a line; the minute's number when it was a minute.
    fn take(&mut self, line: Line) -> Option<u64> {
        match line {
            Line::World(_) => None,
            Line::Entities(seen) => {
                self.meet(*seen);
                None
            }
            Line::Minute(minute) => {
                let number = minute.minute;
                if self.minutes.len() == KEPT {
                    self.minutes.pop_front();
                }
                self.minutes.push_back(*minute);
                Some(number)
            }
        }
    }

    fn meet(&mut self, seen: Entities) {
        self.hosts.extend(seen.hosts);
        self.tiers.extend(seen.tiers);
        self.nodes.extend(seen.nodes);
        self.backends.extend(seen.backends);
        self.bts.extend(seen.bts);
        self.edges.extend(seen.edges);
        self.templates.extend(seen.templates);
        self.series.extend(seen.series);
    }

    fn known(&self) -> Known {
        let tiers = self.hosts.len();
        let nodes = tiers + self.tiers.len();
        let backends = nodes + self.nodes.len();
        let bts = backends + self.backends.len();
        let names = self
            .hosts
            .iter()
            .map(|host| &host.name)
            .chain(self.tiers.iter().map(|tier| &tier.name))
            .chain(self.nodes.iter().map(|node| &node.name))
            .chain(self.backends.iter().map(|backend| &backend.name))
            .chain(self.bts.iter().map(|bt| &bt.name))
            .cloned()
            .collect();
        let node_tiers = self.nodes.iter().map(|node| node.tier).collect();
        Known { tiers, nodes, backends, bts, names, node_tiers }
    }

    fn situation(&self, question: Question) -> (Situation, Known) {
        let known = self.known();
        let first = self.minutes.front().map_or(0, |minute| minute.minute);
        let point = |minute: u64| (minute.saturating_sub(first)) as usize;
        let mut situation = Situation {
            step_s: 60,
            entities: self.entities(&known, question.bt),
            ..Situation::default()
        };
        self.add_calls(&mut situation, &known, question.bt);
        situation.overall = self.overall(&known);
        self.add_series(&mut situation, &known);
        self.add_templates(&mut situation, &known);
        for (at, minute) in self.minutes.iter().enumerate() {
            situation
                .changes
                .extend(minute.events.iter().filter_map(|event| change_of(event, &known, at)));
        }
        situation.anomaly = Anomaly {
            entity: known.bts + question.bt,
            onset: point(question.onset),
            now: point(question.asked),
            what: None,
        };
        (situation, known)
    }

    fn entities(&self, known: &Known, bt: usize) -> Vec<Entity> {
        let mut entities = vec![Entity::new(Kind::Host); self.hosts.len()];
        entities.extend(self.tiers.iter().map(|_| Entity::new(Kind::Tier)));
        entities.extend(self.nodes.iter().map(|node| Entity {
            tier: Some(known.tiers + node.tier),
            host: Some(node.host),
            ..Entity::new(Kind::Node)
        }));
        entities.extend(
            self.backends
                .iter()
                .map(|backend| Entity { host: backend.host, ..Entity::new(Kind::Backend) }),
        );
        entities.extend(self.bts.iter().map(|_| Entity::new(Kind::BusinessTransaction)));
        let points = self.minutes.len();
        for (at, minute) in self.minutes.iter().enumerate() {
            let bts = minute.bts.iter().map(|row| (known.bts + row.id, row.sums));
            let nodes = minute.nodes.iter().map(|row| (known.nodes + row.id, row.sums));
            let of_bt = || minute.tier_bts.iter().filter(|row| row.bt == bt);
            let tiers = of_bt().map(|row| (known.tiers + row.tier, row.sums));
            for (entity, sums) in bts.chain(nodes).chain(tiers) {
                put(&mut entities[entity].figures, points, at, sums);
            }
            for row in of_bt() {
                let own = &mut entities[known.tiers + row.tier].figures.self_ms;
                add(own, points, at, ms(row.self_us));
            }
        }
        entities
    }

    fn add_calls(&self, situation: &mut Situation, known: &Known, bt: usize) {
        let points = self.minutes.len();
        let mut all: Vec<Calls> = self.edges.iter().map(|edge| calls_of(edge, known)).collect();
        let mut seen = vec![false; all.len()];
        for (at, minute) in self.minutes.iter().enumerate() {
            for row in minute.edges.iter().filter(|row| row.bt == bt) {
                let calls = &mut all[row.edge];
                seen[row.edge] = true;
                put(&mut calls.figures, points, at, row.sums);
                if situation.entities[calls.callee].kind == Kind::Tier {
                    add(&mut calls.arrived, points, at, row.arrived as f32);
                    add(&mut calls.far_ms, points, at, ms(row.far_us));
                }
            }
        }
        let mut place = 0;
        all.retain(|_| {
            place += 1;
            seen[place - 1]
        });
        self.add_waits(&mut all, known);
        // Backends have the figures of the calls to them: nothing else is known of their time, so they have none of their own.
        situation.calls = all;
        for (index, of) in self.bts.iter().enumerate() {
            let figures = situation.entities[known.bts + index].figures.clone();
            situation.calls.push(Calls {
                caller: known.bts + index,
                callee: known.tiers + of.tier,
                figures: Figures { self_ms: Series::new(), ..figures.clone() },
                arrived: figures.calls,
                far_ms: figures.time_ms,
                ..Calls::default()
            });
        }
    }

    /// The calls of all transactions.
    fn overall(&self, known: &Known) -> Vec<Calls> {
        let points = self.minutes.len();
        let mut all: Vec<Calls> = self.edges.iter().map(|edge| calls_of(edge, known)).collect();
        for (at, minute) in self.minutes.iter().enumerate() {
            for row in &minute.edges {
                put(&mut all[row.edge].figures, points, at, row.sums);
            }
        }
        all.retain(|calls| !calls.figures.calls.is_empty());
        self.add_waits(&mut all, known);
        all
    }

    /// Waits for a pooled connection: what the nodes of a tier measure of the pool to the backend, on average, for each of the calls.
    fn add_waits(&self, all: &mut [Calls], known: &Known) {
        let mut pools: HashMap<(usize, usize), Vec<usize>> = HashMap::new();
        for (index, line) in self.series.iter().enumerate() {
            if let ("connections_wait_ms", Some(node), Some(backend)) =
                (line.name.as_str(), line.of.node, line.pool)
            {
                let tier = known.tiers + self.nodes[node].tier;
                pools.entry((tier, known.backends + backend)).or_default().push(index);
            }
        }
        for calls in all {
            let Some(series) = pools.get(&(calls.caller, calls.callee)) else { continue };
            calls.pool_wait_ms = self
                .minutes
                .iter()
                .zip(calls.figures.calls.iter().zip(&calls.figures.time_ms))
                .map(|(minute, (count, time_ms))| {
                    let waits = series.iter().filter_map(|index| *minute.series.get(*index)?);
                    let (sum, nodes) =
                        waits.fold((0.0, 0.0), |(sum, nodes), wait| (sum + wait, nodes + 1.0));
                    if nodes > 0.0 { ((sum / nodes) as f32 * count).min(*time_ms) } else { 0.0 }
                })
                .collect();
        }
    }

    fn add_series(&self, situation: &mut Situation, known: &Known) {
        for (index, line) in self.series.iter().enumerate() {
            let kind = match line.name.as_str() {
                "cpu_pct" => ResourceKind::Cpu,
                "memory_mb" | "memory_pct" | "heap_pct" | "swap_pages_s" => ResourceKind::Memory,
                "gc_ms" => ResourceKind::GarbageCollection,
                "threads_busy" | "threads_pct" | "waiting" => ResourceKind::Threads,
                "connections_pct" | "connections_pending" | "connections_wait_ms" => {
                    ResourceKind::Pool
                }
                "disk_busy_pct" | "disk_wait_ms" => ResourceKind::Disk,
                "retransmits_pct" => ResourceKind::Network,
                "network_mb_s" => ResourceKind::Throughput,
                "hit_pct" => ResourceKind::Hits,
                "uptime_min" => ResourceKind::Uptime,
                "connections" | "lock_waits" | "depth" => ResourceKind::Backend,
                _ => ResourceKind::Other,
            };
            let values = self
                .minutes
                .iter()
                .map(|minute| {
                    minute
                        .series
                        .get(index)
                        .copied()
                        .flatten()
                        .map_or(f32::NAN, |value| value as f32)
                })
                .collect();
            situation.resources.push(Resource { entity: known.measured(line.of), kind, values });
        }
    }

    fn add_templates(&self, situation: &mut Situation, known: &Known) {
        let points = self.minutes.len();
        let mut counts: Vec<Series> = vec![vec![0.0; points]; self.templates.len()];
        for (at, minute) in self.minutes.iter().enumerate() {
            for (template, _, count) in &minute.logs {
                counts[*template][at] += *count as f32;
            }
        }
        for (line, counts) in self.templates.iter().zip(counts) {
            let severity = match line.severity.as_str() {
                "ERROR" => Severity::Error,
                "WARN" => Severity::Warning,
                _ => Severity::Info,
            };
            situation.templates.push(Template {
                entity: known.tiers + line.tier,
                within: None,
                severity,
                counts,
            });
        }
    }
}

/// An edge without figures. What a queue hands on, nobody waits for.
fn calls_of(edge: &Edge, known: &Known) -> Calls {
    Calls {
        caller: known.end(edge.from),
        callee: known.end(edge.to),
        asynchronous: edge.from.backend.is_some(),
        ..Calls::default()
    }
}

fn put(figures: &mut Figures, points: usize, at: usize, sums: Sums) {
    add(&mut figures.calls, points, at, sums.calls as f32);
    add(&mut figures.errors, points, at, sums.errors as f32);
    add(&mut figures.time_ms, points, at, ms(sums.sum_us));
}

fn ms(us: u64) -> f32 {
    us as f32 / 1_000.0
}

fn add(series: &mut Series, points: usize, at: usize, value: f32) {
    if series.is_empty() {
        series.resize(points, 0.0);
    }
    series[at] += value;
}

/// Where each kind of id begins among the situation's entities.
struct Known {
    tiers: usize,
    nodes: usize,
    backends: usize,
    bts: usize,
    names: Vec<String>,
    node_tiers: Vec<usize>,
}

impl Known {
    fn end(&self, end: End) -> usize {
        end.backend.map_or_else(
            || self.tiers + end.tier.unwrap_or_default(),
            |backend| self.backends + backend,
        )
    }

    fn measured(&self, of: Measured) -> usize {
        match of {
            Measured { host: Some(host), .. } => host,
            Measured { node: Some(node), .. } => self.nodes + node,
            Measured { backend: Some(backend), .. } => self.backends + backend,
            Measured { tier, .. } => self.tiers + tier.unwrap_or_default(),
        }
    }

    fn named(&self, named: &NamedEntity) -> anyhow::Result<usize> {
        Ok(match named.r#type.as_str() {
            "host" => named.id,
            "tier" => self.tiers + named.id,
            "node" => self.nodes + named.id,
            "backend" => self.backends + named.id,
            "bt" => self.bts + named.id,
            other => anyhow::bail!("an entity of type {other}"),
        })
    }

    fn case(self, name: String, incident: &Incident, situation: Situation) -> anyhow::Result<Case> {
        let at_fault = self.named(&incident.entity)?;
        let mut entities = vec![at_fault];
        // Naming a node or its tier are both right.
        if let Some(tier) = incident.tier.as_ref() {
            entities.push(self.tiers + tier.id());
        }
        if situation.entities[at_fault].kind == Kind::Tier {
            let nodes = (0..self.node_tiers.len())
                .filter(|node| self.tiers + self.node_tiers[*node] == at_fault);
            entities.extend(nodes.map(|node| self.nodes + node));
        }
        let path = incident.bts.first().and_then(|bt| bt.path.as_ref());
        let path = path
            .map(|path| {
                path.iter().map(|step| self.named(step)).collect::<anyhow::Result<Vec<_>>>()
            })
            .transpose()?;
        let load = incident.class == "surge";
        let reached: Vec<usize> = (0..self.bts).collect();
        Ok(Case {
            name,
            kind: incident.kind.clone(),
            names: self.names,
            candidates: if load { (0..situation.entities.len()).collect() } else { reached },
            truth: Truth { entities, load, path: path.filter(|_| !load) },
            situation,
        })
    }
}

/// What an event changed, where it is of a kind that may be a cause.
fn change_of(event: &Event, known: &Known, at: usize) -> Option<Change> {
    let kind = match event.kind.as_str() {
        "deployment" => ChangeKind::Deployment,
        "config" => ChangeKind::Configuration,
        "restart" => ChangeKind::Restart,
        "scale" => ChangeKind::Scaling,
        "job" => ChangeKind::Job,
        _ => return None,
    };
    Some(Change { entity: known.measured(event.of), kind, at })
}
