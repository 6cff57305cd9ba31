//! Which traces are kept as examples: as a monitor keeps them, failed ones, slow ones for their transaction, and one every ten
//! minutes. It knows nothing of incidents.

use serde_json::{Value, json};

use super::chance::{Purpose, chance};
use super::fault::Entity;
use super::layout::Layout;
use super::simulation::Step;
use super::stream::Known;
use super::trace::{Span, Walk};
use super::world::World;

/// Requests of each transaction and minute that are looked at.
const LOOKED_AT: u64 = 3;
/// Failed and slow ones that are kept of a transaction in each five minutes.
const KEPT: usize = 5;
const PERIOD: u64 = 5;
const REGULARLY: u64 = 10;
/// Weight of a new duration in what is usual.
const NEW: f64 = 0.01;
/// Standard deviations above the usual that are slow.
const SLOW: f64 = 3.0;
/// Durations seen before any is called slow.
const LEAST_SEEN: u64 = 60;

/// What is usual for each transaction, and what was kept of it.
#[derive(Debug)]
pub(super) struct Examples<'a> {
    world: &'a World,
    layout: &'a Layout,
    usual: Vec<Usual>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Usual {
    seen: u64,
    mean: f64,
    square: f64,
    kept: usize,
    regular: u64,
}

/// A trace that is kept.
#[derive(Debug)]
pub(super) struct Example {
    transaction: usize,
    minute: u64,
    reason: &'static str,
    id: [u64; 2],
    pub(super) spans: Vec<Span>,
}

impl<'a> Examples<'a> {
    pub(super) fn new(world: &'a World, layout: &'a Layout) -> Self {
        Self { world, layout, usual: vec![Usual::default(); world.transactions.len()] }
    }

    pub(super) fn of(&mut self, step: &Step) -> Vec<Example> {
        let (world, layout) = (self.world, self.layout);
        let walk = Walk { world, layout, conditions: &step.conditions, flow: &step.flow };
        let minute = step.seen.minute;
        let mut examples = Vec::new();
        for (transaction, usual) in self.usual.iter_mut().enumerate() {
            let mut chance = chance(world.seed, Purpose::Traces, transaction, minute);
            if minute.is_multiple_of(PERIOD) {
                usual.kept = 0;
            }
            for _ in 0..step.seen.transactions[transaction].calls.min(LOOKED_AT) {
                let spans = walk.request(transaction, &mut chance);
                let id = [chance.next(), chance.next()];
                let Some(entry) = spans.first() else { continue };
                if let Some(reason) = usual.reason(entry, minute) {
                    examples.push(Example { transaction, minute, reason, id, spans });
                }
            }
        }
        examples
    }
}

impl Usual {
    /// Why this one is kept, if it is.
    fn reason(&mut self, entry: &Span, minute: u64) -> Option<&'static str> {
        let deviation = (self.square - self.mean * self.mean).max(0.0).sqrt();
        let slow = self.seen >= LEAST_SEEN && entry.duration > self.mean + SLOW * deviation;
        let weight = NEW.max(1.0 / (self.seen + 1) as f64);
        // What is slow moves what is usual as far as the limit does.
        let counted = if slow { self.mean + SLOW * deviation } else { entry.duration };
        self.mean += weight * (counted - self.mean);
        self.square += weight * (counted * counted - self.square);
        self.seen += 1;
        let notable = if entry.failed { Some("error") } else { slow.then_some("slow") };
        if notable.is_some() && self.kept < KEPT {
            self.kept += 1;
            return notable;
        }
        if minute >= self.regular + REGULARLY {
            self.regular = minute;
            return Some("periodic");
        }
        None
    }
}

impl Example {
    /// The line of docs/incidents.md.
    pub(super) fn json(&self, walk: &Walk<'_>, known: &Known) -> Value {
        let spans = self.spans.iter().enumerate();
        let spans: Vec<Value> = spans.map(|(id, span)| json_of(id, span, walk, known)).collect();
        json!({
            "type": "trace",
            "minute": self.minute,
            "bt": known.id(Entity::Transaction(self.transaction)),
            "reason": self.reason,
            "trace_id": format!("{:016x}{:016x}", self.id[0], self.id[1]),
            "spans": spans,
        })
    }
}

fn json_of(id: usize, span: &Span, walk: &Walk<'_>, known: &Known) -> Value {
    let world = walk.world;
    let mut value = json!({
        "id": id,
        "parent": span.parent,
        "kind": span.kind.name(),
        "tier": known.id(Entity::Tier(world.nodes[span.node].tier)),
        "node": known.id(Entity::Node(span.node)),
        "name": name(span, walk),
        "start_us": (span.start * 1e6).round() as u64,
        "duration_us": (span.duration * 1e6).round() as u64,
        "error": span.failed,
    });
    if let Some(call) = span.call {
        value["to"] = known.end(walk.target(call));
        if let Some(statement) = &world.calls[call].statement {
            value["statement"] = json!(statement);
        }
    }
    if let Some(template) = span.template {
        let template = &walk.layout.templates[template];
        value["exception"] = json!(template.exception);
        value["message"] = json!(template.text);
    }
    value
}

/// Of an entry its endpoint's, of a call that of what is called.
pub(super) fn name(span: &Span, walk: &Walk<'_>) -> String {
    use super::world::Target;
    let world = walk.world;
    match span.call.map(|call| world.calls[call].target) {
        None => world.operations[span.operation].name.clone(),
        Some(Target::Operation(callee)) => world.operations[callee].name.clone(),
        Some(Target::Backend(backend)) => world.backends[backend].system.to_owned(),
        Some(Target::Queue { backend, .. }) => format!("{} publish", world.backends[backend].name),
    }
}
