//! The same system as its agents would report it: OTLP requests of one minute, stamped with its time.
//!
//! Of each transaction only some requests are sent, as an agent that samples does; each span's tracestate says at which
//! threshold (`ot=th:`), so that a receiver that heeds it counts all calls.

mod body;
mod telemetry;

use std::collections::BTreeMap;

use self::body::{Attribute, Resources};
use self::telemetry::Totals;
use super::chance::{Chance, Purpose, chance};
use super::events::version;
use super::examples;
use super::layout::{End, Layout};
use super::simulation::Step;
use super::trace::{Span, SpanKind, Walk};
use super::world::{BackendKind, World};
use crate::send::courier::Signal;
use crate::wire::{put_bytes, put_fixed32, put_fixed64, put_number};

const MINUTE_NS: u64 = 60_000_000_000;
/// Spans of one request, about.
const SPANS_A_BODY: usize = 2_000;
/// Thresholds are of 56 bits.
const BITS: u32 = 56;
const STATUS_ERROR: u64 = 2;
const IS_REMOTE: u32 = 0x301;
const IS_LOCAL: u32 = 0x101;

/// One request's body.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) signal: Signal,
    pub(super) bytes: Vec<u8>,
    pub(super) items: u64,
}

/// All agents of a system.
#[derive(Debug)]
pub(super) struct Agents<'a> {
    world: &'a World,
    layout: &'a Layout,
    /// Requests of all transactions that are sent of a minute, about.
    requests: u64,
    totals: Totals,
}

impl<'a> Agents<'a> {
    pub(super) fn new(world: &'a World, layout: &'a Layout, requests: u64) -> Self {
        Self { world, layout, requests, totals: Totals::new(world) }
    }

    /// What they export of a minute.
    pub(super) fn minute(&mut self, step: &Step) -> Vec<Body> {
        let mut bodies = self.traces(step);
        let end_ns = (step.seen.minute + 1) * MINUTE_NS - 1_000_000;
        self.totals.advance(self.world, step);
        let resource = |node: usize| self.resource(step, node);
        bodies.extend(telemetry::metrics(self.world, &self.totals, step, end_ns, resource));
        bodies.extend(telemetry::logs(self.world, self.layout, step, resource));
        bodies
    }

    fn traces(&self, step: &Step) -> Vec<Body> {
        let (world, layout) = (self.world, self.layout);
        let walk = Walk { world, layout, conditions: &step.conditions, flow: &step.flow };
        let all: u64 = step.seen.transactions.iter().map(|row| row.calls).sum();
        let mut bodies = Vec::new();
        let mut by_node: BTreeMap<usize, Vec<Vec<u8>>> = BTreeMap::new();
        let mut spans = 0;
        for (transaction, row) in step.seen.transactions.iter().enumerate() {
            let mut chance = chance(world.seed, Purpose::Ids, transaction, step.seen.minute);
            let share = (self.requests * row.calls).div_ceil(all.max(1));
            let sent = share.max(1).min(row.calls);
            for _ in 0..sent {
                let begins = step.seen.minute * MINUTE_NS + (chance.unit() * 57e9) as u64;
                let request = walk.request(transaction, &mut chance);
                spans += request.len();
                let threshold = Threshold::of(sent as f64 / row.calls as f64);
                let encoded = Request { walk: &walk, spans: &request, begins, threshold };
                encoded.encode(&mut chance, &mut by_node);
                if spans >= SPANS_A_BODY {
                    bodies.push(self.body(step, &mut by_node, spans));
                    spans = 0;
                }
            }
        }
        if spans > 0 {
            bodies.push(self.body(step, &mut by_node, spans));
        }
        bodies
    }

    fn body(&self, step: &Step, by_node: &mut BTreeMap<usize, Vec<Vec<u8>>>, spans: usize) -> Body {
        let mut resources = Resources::default();
        for (node, spans) in std::mem::take(by_node) {
            resources.add(&self.resource(step, node), &spans);
        }
        Body { signal: Signal::Traces, bytes: resources.bytes, items: spans as u64 }
    }

    fn resource(&self, step: &Step, number: usize) -> Vec<Attribute> {
        let node = &self.world.nodes[number];
        let tier = &self.world.tiers[node.tier];
        let language = match tier.runtime.name() {
            "jvm" => "java",
            "node" => "nodejs",
            other => other,
        };
        let uptime = self.totals.started(number);
        vec![
            Attribute::text("service.name", &tier.name),
            Attribute::text("service.namespace", &self.world.application),
            Attribute::text(
                "service.version",
                &version(node.tier, step.conditions.tiers[node.tier].version),
            ),
            Attribute::text("service.instance.id", &format!("{}-{uptime}", node.name)),
            Attribute::text("k8s.pod.name", &node.name),
            Attribute::text("host.name", &self.world.hosts[node.host].name),
            Attribute::text("telemetry.sdk.language", language),
            Attribute::text("telemetry.sdk.name", "opentelemetry"),
        ]
    }
}

/// Which requests are sent, as in OpenTelemetry's probability sampling: those whose randomness is at or above it.
#[derive(Debug, Clone, Copy)]
struct Threshold(u64);

impl Threshold {
    fn of(share: f64) -> Self {
        Self(((1.0 - share) * (1u64 << BITS) as f64) as u64 & !0xFF_FFFF)
    }

    fn tracestate(self) -> Option<String> {
        let digits = format!("{:014x}", self.0);
        let digits = digits.trim_end_matches('0');
        (!digits.is_empty()).then(|| format!("ot=th:{digits}"))
    }

    /// A trace's id: its last seven bytes are the randomness.
    fn trace_id(self, chance: &mut Chance) -> [u8; 16] {
        let room = (1u64 << BITS) - self.0;
        let random = self.0 + (chance.unit() * room as f64) as u64;
        let id = (u128::from(chance.next()) << 64) | (u128::from(chance.next() >> BITS) << BITS);
        (id | u128::from(random.min((1u64 << BITS) - 1))).to_be_bytes()
    }
}

/// One request's spans.
struct Request<'a> {
    walk: &'a Walk<'a>,
    spans: &'a [Span],
    /// Nanoseconds since 1970.
    begins: u64,
    threshold: Threshold,
}

impl Request<'_> {
    fn encode(&self, chance: &mut Chance, by_node: &mut BTreeMap<usize, Vec<Vec<u8>>>) {
        let trace = self.threshold.trace_id(chance);
        let state = self.threshold.tracestate();
        let ids: Vec<[u8; 8]> =
            self.spans.iter().map(|_| (chance.next() | 1).to_be_bytes()).collect();
        for (number, span) in self.spans.iter().enumerate() {
            let parent = span.parent.map(|parent| ids[parent]);
            let bytes = self.span(span, &trace, ids[number], parent, state.as_deref());
            by_node.entry(span.node).or_default().push(bytes);
        }
    }

    fn span(
        &self,
        span: &Span,
        trace: &[u8; 16],
        id: [u8; 8],
        parent: Option<[u8; 8]>,
        state: Option<&str>,
    ) -> Vec<u8> {
        let mut out = Vec::with_capacity(400);
        put_bytes(&mut out, 1, trace);
        put_bytes(&mut out, 2, &id);
        if let Some(state) = state {
            put_bytes(&mut out, 3, state.as_bytes());
        }
        if let Some(parent) = parent {
            put_bytes(&mut out, 4, &parent);
        }
        put_bytes(&mut out, 5, examples::name(span, self.walk).as_bytes());
        let kind = match span.kind {
            SpanKind::Server => 2,
            SpanKind::Client => 3,
            SpanKind::Producer => 4,
            SpanKind::Consumer => 5,
        };
        put_number(&mut out, 6, kind);
        let start = self.begins + (span.start * 1e9) as u64;
        let end = start + (span.duration * 1e9) as u64;
        put_fixed64(&mut out, 7, start);
        put_fixed64(&mut out, 8, end);
        for attribute in self.attributes(span) {
            put_bytes(&mut out, 9, &attribute.encoded());
        }
        if let Some(template) = span.template {
            self.exception(&mut out, template, end);
        }
        if span.failed {
            let mut status = Vec::new();
            put_number(&mut status, 3, STATUS_ERROR);
            put_bytes(&mut out, 15, &status);
        }
        let remote = matches!(span.kind, SpanKind::Server | SpanKind::Consumer);
        put_fixed32(&mut out, 16, if remote { IS_REMOTE } else { IS_LOCAL });
        out
    }

    fn exception(&self, out: &mut Vec<u8>, template: usize, at: u64) {
        let template = &self.walk.layout.templates[template];
        let Some(exception) = template.exception else { return };
        let mut event = Vec::new();
        put_fixed64(&mut event, 1, at);
        put_bytes(&mut event, 2, b"exception");
        let message = template.text.replace("<*>", "4711");
        for (key, value) in [("exception.type", exception), ("exception.message", &message)] {
            put_bytes(&mut event, 3, &Attribute::text(key, value).encoded());
        }
        put_bytes(out, 11, &event);
    }

    fn attributes(&self, span: &Span) -> Vec<Attribute> {
        let world = self.walk.world;
        match span.call {
            None => self.of_entry(span),
            Some(call) => match self.walk.target(call) {
                End::Tier(tier) => {
                    let address = &world.tiers[tier].name;
                    let name = examples::name(span, self.walk);
                    let status = if span.failed { 500 } else { 200 };
                    vec![
                        Attribute::text("http.request.method", method(&name)),
                        Attribute::text("server.address", address),
                        Attribute::number("server.port", 8080),
                        Attribute::number("http.response.status_code", status),
                    ]
                }
                End::Backend(backend) => self.of_backend_call(call, backend),
            },
        }
    }

    fn of_entry(&self, span: &Span) -> Vec<Attribute> {
        let operation = &self.walk.world.operations[span.operation];
        if operation.is_consumer {
            let queue = operation.name.split(' ').next().unwrap_or_default();
            return vec![
                Attribute::text("messaging.system", "kafka"),
                Attribute::text("messaging.destination.name", queue),
                Attribute::text("messaging.operation.type", "process"),
            ];
        }
        let (verb, route) = operation.name.split_once(' ').unwrap_or(("GET", &operation.name));
        vec![
            Attribute::text("http.request.method", verb),
            Attribute::text("http.route", route),
            Attribute::text("url.path", &route.replace("{id}", "17")),
            Attribute::number("http.response.status_code", if span.failed { 500 } else { 200 }),
        ]
    }

    fn of_backend_call(&self, call: usize, number: usize) -> Vec<Attribute> {
        let backend = &self.walk.world.backends[number];
        let address = backend.name.split(['/', ':']).next().unwrap_or_default();
        let port = backend.name.split([':', '/']).nth(1).and_then(|port| port.parse().ok());
        let mut attributes = match backend.kind {
            BackendKind::Database => vec![
                Attribute::text("db.system.name", backend.system),
                Attribute::text("db.namespace", "main"),
            ],
            BackendKind::Cache => vec![
                Attribute::text("db.system.name", backend.system),
                Attribute::text("db.operation.name", "GET"),
            ],
            BackendKind::Http => vec![Attribute::text("http.request.method", "POST")],
            BackendKind::Queue => {
                return vec![
                    Attribute::text("messaging.system", "kafka"),
                    Attribute::text("messaging.destination.name", &backend.name),
                    Attribute::text("messaging.operation.type", "send"),
                ];
            }
        };
        attributes.push(Attribute::text("server.address", address));
        attributes.extend(port.map(|port| Attribute::number("server.port", port)));
        if let Some(statement) = &self.walk.world.calls[call].statement {
            attributes.push(Attribute::text("db.query.text", statement));
        }
        attributes
    }
}

fn method(name: &str) -> &str {
    name.split(' ').next().unwrap_or("GET")
}
