//! Single requests: a walk down the graph that draws what the flow of the minute says, span by span.

use super::chance::Chance;
use super::conditions::Conditions;
use super::flow::Flow;
use super::latency::Latency;
use super::layout::{End, Layout, Line};
use super::world::{Target, World};

/// A trace with more spans goes on without them.
const MOST_SPANS: usize = 600;
/// Pause before a repetition, seconds.
const BACK_OFF: f64 = 0.02;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SpanKind {
    Server,
    Client,
    Producer,
    Consumer,
}

impl SpanKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) parent: Option<usize>,
    pub(super) kind: SpanKind,
    pub(super) node: usize,
    /// Of entries their own, of calls the caller's.
    pub(super) operation: usize,
    pub(super) call: Option<usize>,
    /// Seconds from the trace's start.
    pub(super) start: f64,
    pub(super) duration: f64,
    pub(super) failed: bool,
    /// What was thrown here.
    pub(super) template: Option<usize>,
}

/// What the walk needs to know of the minute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk<'a> {
    pub(super) world: &'a World,
    pub(super) layout: &'a Layout,
    pub(super) conditions: &'a Conditions,
    pub(super) flow: &'a Flow,
}

impl Walk<'_> {
    /// One request of the transaction; the first span is its entry. Empty when nobody is there to answer it.
    pub(super) fn request(&self, transaction: usize, chance: &mut Chance) -> Vec<Span> {
        let mut spans = Vec::new();
        let operation = self.world.transactions[transaction].operation;
        if let Some((place, node)) = self.node(operation, chance) {
            self.entry(operation, (place, node), None, 0.0, &mut spans, chance);
        }
        spans
    }

    /// Who answers, by the shares of the tier's nodes.
    fn node(&self, operation: usize, chance: &mut Chance) -> Option<(usize, usize)> {
        let nodes = &self.world.tiers[self.world.operations[operation].tier].nodes;
        let share = |node: usize| {
            self.flow.nodes[node].share * (1.0 - self.conditions.nodes[node].refusing)
        };
        let all: f64 = nodes.iter().map(|node| share(*node)).sum();
        let mut left = chance.unit() * all;
        let mut found = None;
        for (place, node) in nodes.iter().enumerate().filter(|(_, node)| share(**node) > 0.0) {
            found = Some((place, *node));
            left -= share(*node);
            if left <= 0.0 {
                break;
            }
        }
        found
    }

    /// How long it took and whether it failed.
    fn entry(
        &self,
        number: usize,
        (place, node): (usize, usize),
        parent: Option<usize>,
        start: f64,
        spans: &mut Vec<Span>,
        chance: &mut Chance,
    ) -> (f64, bool) {
        let operation = &self.world.operations[number];
        let at = &self.flow.operations[number].at[place];
        let own = at.own.at(chance.normal());
        let me = spans.len();
        let kind = if operation.is_consumer { SpanKind::Consumer } else { SpanKind::Server };
        spans.push(Span {
            parent,
            kind,
            node,
            operation: number,
            call: None,
            start,
            duration: own,
            failed: false,
            template: None,
        });
        let condition = &self.conditions.operations[number];
        let thrown = self.thrown(number, node, chance);
        if thrown.is_some() && !condition.fails_late {
            (spans[me].failed, spans[me].template) = (true, thrown);
            return (own, true);
        }
        let mut now = start + own * 0.5;
        let mut failed = false;
        'stages: for stage in &operation.stages {
            let mut ends = now;
            for call in stage {
                let (end, well) = self.calls(*call, (place, node), me, now, spans, chance);
                ends = ends.max(end);
                if !well && !self.world.calls[*call].optional {
                    failed = true;
                }
            }
            now = ends;
            if failed {
                break 'stages;
            }
        }
        let duration = now - start + own * 0.5;
        spans[me].duration = duration;
        if let Some(template) = thrown {
            (failed, spans[me].template) = (true, Some(template));
        }
        spans[me].failed = failed;
        (duration, failed)
    }

    /// What the operation throws by itself, if it does.
    fn thrown(&self, number: usize, node: usize, chance: &mut Chance) -> Option<usize> {
        let tier = self.world.operations[number].tier;
        let lines = &self.layout.lines[tier];
        let [usual, broken] = self.layout.failures[number];
        let by =
            |share: f64, template: usize, chance: &mut Chance| chance.is(share).then_some(template);
        by(self.world.operations[number].error, usual, chance)
            .or_else(|| by(self.conditions.operations[number].error, broken, chance))
            .or_else(|| by(self.conditions.nodes[node].error, lines[Line::Token as usize], chance))
            .or_else(|| {
                let refused = self.flow.nodes[node].workers.refused;
                by(refused, lines[Line::Rejected as usize], chance)
            })
    }

    /// All repetitions of a call; when the last ended, and whether each came to something.
    fn calls(
        &self,
        number: usize,
        from: (usize, usize),
        parent: usize,
        start: f64,
        spans: &mut Vec<Span>,
        chance: &mut Chance,
    ) -> (f64, bool) {
        let flow = &self.flow.calls[number];
        let whole = flow.count.floor();
        let count = whole as usize + usize::from(chance.is(flow.count - whole));
        let mut now = start;
        for _ in 0..count {
            let mut well = false;
            for again in 0..=flow.retries {
                if spans.len() >= MOST_SPANS {
                    return (now, true);
                }
                if again > 0 {
                    now += BACK_OFF;
                }
                let (took, came) = self.attempt(number, from, parent, now, spans, chance);
                now += took;
                well = came;
                if well {
                    break;
                }
            }
            if !well {
                return (now, false);
            }
        }
        (now, true)
    }

    fn attempt(
        &self,
        number: usize,
        (place, node): (usize, usize),
        parent: usize,
        start: f64,
        spans: &mut Vec<Span>,
        chance: &mut Chance,
    ) -> (f64, bool) {
        let (call, flow) = (&self.world.calls[number], &self.flow.calls[number]);
        let me = spans.len();
        let kind = if matches!(call.target, Target::Queue { .. }) {
            SpanKind::Producer
        } else {
            SpanKind::Client
        };
        spans.push(Span {
            parent: Some(parent),
            kind,
            node,
            operation: call.from,
            call: Some(number),
            start,
            duration: 0.0,
            failed: false,
            template: None,
        });
        let tier = self.world.nodes[node].tier;
        let lines = &self.layout.lines[tier];
        if chance.is(flow.lost) {
            let (line, took) = self.lost(number, tier, chance);
            let span = &mut spans[me];
            (span.duration, span.failed, span.template) = (took, true, Some(lines[line as usize]));
            return (took, false);
        }
        let limit = self.conditions.calls[number].timeout.unwrap_or(call.timeout);
        let (took, failed) = match call.target {
            Target::Operation(callee) => {
                let queue = call.pool.map_or(0.0, |pool| self.flow.pools[pool][place].wait);
                let way = self.way(number, callee) + Latency::waiting(queue).at(chance.normal());
                match self.node(callee, chance) {
                    Some(at) => {
                        let (took, failed) =
                            self.entry(callee, at, Some(me), start + way * 0.5, spans, chance);
                        (way + took, failed)
                    }
                    None => (way, true),
                }
            }
            Target::Backend(_) => {
                let fails = (flow.failed - flow.lost - flow.timed_out).max(0.0);
                (flow.attempt.at(chance.normal()), chance.is(fails))
            }
            Target::Queue { backend, consumer } => {
                let took = flow.attempt.at(chance.normal());
                let queue = &self.flow.backends[backend];
                let waits = if queue.taken > 0.0 { queue.depth / queue.taken } else { 0.0 };
                // The consumer's work is part of the trace, and nobody waits for it.
                if let (Some(at), true) = (self.node(consumer, chance), waits < 60.0) {
                    self.entry(consumer, at, Some(me), start + took + waits, spans, chance);
                }
                (took, false)
            }
        };
        let timed_out = took > limit;
        let took = took.min(limit);
        let template = if timed_out {
            let locked = self.conditions.calls[number].lock > 0.0;
            Some(lines[if locked { Line::LockWait } else { Line::Timeout } as usize])
        } else if failed {
            Some(lines[Line::Answer as usize])
        } else {
            None
        };
        let span = &mut spans[me];
        (span.duration, span.failed, span.template) = (took, timed_out || failed, template);
        (took, !(timed_out || failed))
    }

    /// What the way to a tier and back takes beyond its answer, on average: what the caller waits more than the callee takes.
    fn way(&self, number: usize, callee: usize) -> f64 {
        let (call, flow) = (&self.world.calls[number], &self.flow.calls[number]);
        let answered = self.flow.operations[callee].latency.mean;
        (flow.attempt.mean - answered).clamp(call.network, 3.0)
    }

    fn lost(&self, number: usize, tier: usize, chance: &mut Chance) -> (Line, f64) {
        let line = super::sample::why_lost(self.world, self.conditions, tier, number);
        let patience = self.world.calls[number].pool.map(|pool| self.world.pools[pool].patience);
        let took = match (line, patience) {
            (Line::NoConnection, Some(patience)) => patience,
            (Line::UnknownHost, _) => self.conditions.tiers[tier].lookup,
            _ => self.world.calls[number].network * chance.within(1.0, 3.0),
        };
        (line, took)
    }

    pub(super) fn target(&self, call: usize) -> End {
        match self.world.calls[call].target {
            Target::Operation(callee) => End::Tier(self.world.operations[callee].tier),
            Target::Backend(backend) | Target::Queue { backend, .. } => End::Backend(backend),
        }
    }
}
