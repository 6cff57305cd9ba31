//! What the spans of some traces add up to, before the onset and since: operations by name with their failures and what they
//! call, the way between callers and callees, and statements. Pure.
//!
//! A call to a backend is an operation of the backend, as nobody else speaks for it; any other span is one of its tier. What a
//! trace has is counted in the minutes of the traces alone: a minute without one says nothing.

use std::collections::BTreeMap;

use analysis::cause::{Figures, Kind, Link, Operation, Series};
use metadata_store::Directory;
use model::{
    conventions::facts,
    entity::{EntityKey, EntityKind},
    id::{AccountId, EntityId, SpanId, TraceId},
    naming::exit,
    sanitise,
    span::{SpanKind, StatusCode},
    time::Minute,
};
use rustc_hash::FxHashMap;
use telemetry_store::reader::{OwnedValue, Span};

use super::scene::{Scene, SlowStatement, Traced};
use crate::anomalies::words::cut;

/// Operations that are told apart.
const MAX_OPERATIONS: usize = 2_000;
/// Pairs of operations of which one calls the other.
const MAX_LINKS: usize = 4_000;
/// Statements that are told apart.
const MAX_STATEMENTS: usize = 2_000;
/// Spans of one operation whose calls are remembered, to show one that lacks a call.
const MAX_REMEMBERED: usize = 20;
/// Calls of each side from which on the way between two tiers, or a statement, is known.
const LEAST_CALLS: f32 = 5.0;
/// Characters of a statement or a name.
const MAX_TEXT: usize = 300;

/// Where a span is to be seen.
pub(super) type Place = (TraceId, SpanId);

/// Spans, added up.
#[derive(Debug)]
pub(super) struct Spans<'d> {
    directory: &'d Directory,
    account: AccountId,
    /// The point of the onset.
    onset: usize,
    covered: Vec<bool>,
    operations: Vec<Sums>,
    by_name: FxHashMap<(usize, String), usize>,
    links: BTreeMap<(usize, usize), LinkSums>,
    ways: BTreeMap<(usize, usize), Way>,
    statements: BTreeMap<(usize, Option<usize>, String), Statement>,
}

/// The spans of one operation.
#[derive(Debug)]
struct Sums {
    entity: usize,
    name: String,
    figures: Figures,
    deepest_errors: Series,
    /// Since the onset.
    failing: Option<Place>,
    slowest: Option<(u64, Place)>,
    /// Since the onset, with the operations that each called.
    remembered: Vec<(Place, Vec<usize>)>,
}

#[derive(Debug, Default)]
struct LinkSums {
    children: Series,
    parents_with: Series,
    gap_ms: Series,
}

/// Calls from one tier to another of which both spans are there.
#[derive(Debug, Default)]
struct Way {
    calls: Series,
    gap_ms: Series,
}

/// Calls with the same statement: before the onset and since.
#[derive(Clone, Copy, Debug, Default)]
struct Statement {
    calls: [f64; 2],
    errors: [f64; 2],
    millis: [f64; 2],
    /// Since the onset.
    slowest: Option<(u64, Place)>,
}

/// What is known of a span of the trace that is looked at.
struct Known {
    point: usize,
    operation: usize,
    entity: usize,
    tier: usize,
    is_call: bool,
}

impl<'d> Spans<'d> {
    pub(super) fn new(
        directory: &'d Directory,
        account: AccountId,
        scene: &Scene,
        onset: Minute,
    ) -> Self {
        Spans {
            directory,
            account,
            onset: scene.point(onset).unwrap_or(0),
            covered: vec![false; scene.points()],
            operations: Vec::new(),
            by_name: FxHashMap::default(),
            links: BTreeMap::new(),
            ways: BTreeMap::new(),
            statements: BTreeMap::new(),
        }
    }

    /// Adds the spans of one trace. Those of entities that are not in the scene do not count.
    pub(super) fn add(&mut self, scene: &Scene, spans: &[Span]) {
        let by_id: FxHashMap<SpanId, usize> =
            spans.iter().enumerate().map(|(at, span)| (span.id, at)).collect();
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); spans.len()];
        for (at, span) in spans.iter().enumerate() {
            if let Some(parent) = by_id.get(&span.parent).filter(|parent| **parent != at) {
                children[*parent].push(at);
            }
        }
        let known: Vec<Option<Known>> =
            (0..spans.len()).map(|at| self.know(scene, spans, at, &children[at])).collect();
        for (at, span) in spans.iter().enumerate() {
            if let Some(of) = &known[at] {
                self.count(span, of, &children[at], spans);
                self.count_calls(span, of, &children[at], spans, &known);
            }
        }
    }

    /// The operation that a span is of, with its statement counted.
    fn know(
        &mut self,
        scene: &Scene,
        spans: &[Span],
        at: usize,
        children: &[usize],
    ) -> Option<Known> {
        let span = &spans[at];
        let tier = scene.place(span.tier)?;
        let point = scene.point(Minute::of_ns(end_ns(span)))?;
        let attributes = span.borrowed_attributes();
        let view = span.view(&attributes);
        let facts = facts(&view);
        let call = exit::call(&facts, &view);
        let answered = children.iter().any(|child| spans[*child].tier != span.tier);
        let backend = match &call {
            Some(call) if !answered => self.backend(scene, span, &call.identity()),
            _ => None,
        };
        if let (Some(_), Some(text)) = (&call, facts.db_statement) {
            let text = sanitise::statement(text, facts.db_system.unwrap_or_default());
            self.count_statement(span, (tier, backend, cut(&text, MAX_TEXT)), point);
        }
        let entity = backend.unwrap_or(tier);
        let name = match &call {
            Some(call) => format!("{} to {}", span.name, call.identity()),
            None => span.name.clone(),
        };
        let operation = self.operation(entity, &name)?;
        Some(Known { point, operation, entity, tier, is_call: call.is_some() })
    }

    /// The backend or queue of a name, if it is in the scene. A loopback address means another one on each host.
    fn backend(&self, scene: &Scene, span: &Span, identity: &str) -> Option<usize> {
        let find = |kind, name: String| {
            let key = EntityKey {
                account: self.account,
                kind,
                application: span.application,
                parent: EntityId::NONE,
                name: model::naming::name::limit(&name).into_owned(),
            };
            self.directory.find(&key).and_then(|id| scene.place(id))
        };
        let host = ["host.name", "k8s.node.name", "vedette.host"].iter().find_map(|wanted| {
            let found = span.resource.iter().find(|(key, _)| key == wanted);
            match found {
                Some((_, OwnedValue::Str(host))) => Some(host),
                _ => None,
            }
        });
        [EntityKind::Backend, EntityKind::Queue].into_iter().find_map(|kind| {
            let local = || find(kind, format!("{identity} ({})", host?));
            find(kind, identity.to_owned()).or_else(local)
        })
    }

    fn operation(&mut self, entity: usize, name: &str) -> Option<usize> {
        let key = (entity, cut(name, MAX_TEXT));
        if let Some(known) = self.by_name.get(&key) {
            return Some(*known);
        }
        if self.operations.len() >= MAX_OPERATIONS {
            return None;
        }
        let zeros = || vec![0.0; self.covered.len()];
        self.operations.push(Sums {
            entity,
            name: key.1.clone(),
            figures: Figures {
                calls: zeros(),
                errors: zeros(),
                time_ms: zeros(),
                self_ms: zeros(),
            },
            deepest_errors: zeros(),
            failing: None,
            slowest: None,
            remembered: Vec::new(),
        });
        let place = self.operations.len() - 1;
        self.by_name.insert(key, place);
        Some(place)
    }

    fn count_statement(&mut self, span: &Span, key: (usize, Option<usize>, String), point: usize) {
        if self.statements.len() >= MAX_STATEMENTS && !self.statements.contains_key(&key) {
            return;
        }
        let of = self.statements.entry(key).or_default();
        let side = usize::from(point >= self.onset);
        of.calls[side] += 1.0;
        of.errors[side] += f64::from(u8::from(span.status == StatusCode::Error));
        of.millis[side] += millis(span);
        if side == 1 {
            keep_slowest(&mut of.slowest, span);
        }
    }

    fn count(&mut self, span: &Span, of: &Known, children: &[usize], spans: &[Span]) {
        let is_since = of.point >= self.onset;
        self.covered[of.point] = true;
        let operation = &mut self.operations[of.operation];
        let own = span.duration_ns.saturating_sub(waited_ns(span, children, spans));
        operation.figures.calls[of.point] += 1.0;
        operation.figures.time_ms[of.point] += millis(span) as f32;
        operation.figures.self_ms[of.point] += (own as f64 / 1e6) as f32;
        if is_since {
            keep_slowest(&mut operation.slowest, span);
        }
        if span.status != StatusCode::Error {
            return;
        }
        operation.figures.errors[of.point] += 1.0;
        if children.iter().all(|child| spans[*child].status != StatusCode::Error) {
            operation.deepest_errors[of.point] += 1.0;
            if is_since {
                operation.failing.get_or_insert((span.trace, span.id));
            }
        }
    }

    /// Counts what a span called.
    fn count_calls(
        &mut self,
        span: &Span,
        of: &Known,
        children: &[usize],
        spans: &[Span],
        known: &[Option<Known>],
    ) {
        let points = self.covered.len();
        let mut called: Vec<usize> = Vec::new();
        for at in children {
            let Some(child) = &known[*at] else { continue };
            let key = (of.operation, child.operation);
            if self.links.len() >= MAX_LINKS && !self.links.contains_key(&key) {
                continue;
            }
            let link = self.links.entry(key).or_default();
            link.children.resize(points, 0.0);
            link.parents_with.resize(points, 0.0);
            link.children[of.point] += 1.0;
            if !called.contains(&child.operation) {
                called.push(child.operation);
                link.parents_with[of.point] += 1.0;
            }
            // Of one call and one answer; a queue's consumer answers nobody.
            let answers =
                of.is_call && child.tier != of.tier && spans[*at].kind != SpanKind::Consumer;
            if answers && children.len() == 1 {
                let gap = (millis(span) - millis(&spans[*at])).max(0.0) as f32;
                link.gap_ms.resize(points, 0.0);
                link.gap_ms[of.point] += gap;
                let way = self.ways.entry((of.entity, child.entity)).or_default();
                way.calls.resize(points, 0.0);
                way.gap_ms.resize(points, 0.0);
                way.calls[of.point] += 1.0;
                way.gap_ms[of.point] += gap;
            }
        }
        let remembered = &mut self.operations[of.operation].remembered;
        if of.point >= self.onset && remembered.len() < MAX_REMEMBERED {
            remembered.push(((span.trace, span.id), called));
        }
    }

    /// Puts all of it into the situation.
    pub(super) fn put_into(self, scene: &mut Scene) {
        self.put_ways(scene);
        let covered = self.covered;
        let silent = |series: &mut Series| {
            let of_covered = series.iter_mut().zip(&covered);
            of_covered.filter(|(_, covered)| !**covered).for_each(|(value, _)| *value = f32::NAN);
        };
        for ((parent, child), mut sums) in self.links {
            [&mut sums.children, &mut sums.parents_with, &mut sums.gap_ms]
                .into_iter()
                .for_each(silent);
            let lacking = self.operations[parent].remembered.iter();
            let lacking = lacking.filter(|(_, called)| !called.contains(&child));
            scene.lacking.push(lacking.map(|(place, _)| *place).next());
            let LinkSums { children, parents_with, gap_ms } = sums;
            scene.situation.links.push(Link { parent, child, children, parents_with, gap_ms });
        }
        for mut sums in self.operations {
            let Figures { calls, errors, time_ms, self_ms } = &mut sums.figures;
            [calls, errors, time_ms, self_ms, &mut sums.deepest_errors]
                .into_iter()
                .for_each(silent);
            scene.traced.push(Traced {
                name: sums.name,
                failing: sums.failing,
                slowest: sums.slowest.map(|(_, place)| place),
            });
            scene.situation.operations.push(Operation {
                entity: sums.entity,
                figures: sums.figures,
                deepest_errors: sums.deepest_errors,
            });
        }
        scene.statements.extend(self.statements.into_iter().filter_map(slow));
    }

    /// What calls spend between two tiers, where figures do not tell: whoever is called by several has no figures by caller.
    fn put_ways(&self, scene: &mut Scene) {
        let onset = self.onset;
        for calls in &mut scene.situation.calls {
            let is_of_tiers = [calls.caller, calls.callee]
                .iter()
                .all(|place| scene.situation.entities[*place].kind == Kind::Tier);
            let way = self.ways.get(&(calls.caller, calls.callee));
            let Some(way) = way.filter(|_| is_of_tiers && calls.far_ms.is_empty()) else {
                continue;
            };
            let mean = |from: usize, to: usize| {
                let sum = |series: &Series| series[from..to].iter().sum::<f32>();
                let count = sum(&way.calls);
                (count >= LEAST_CALLS).then(|| sum(&way.gap_ms) / count)
            };
            let (Some(before), Some(since)) = (mean(0, onset), mean(onset, self.covered.len()))
            else {
                continue;
            };
            let gap = |point: usize| match way.calls.get(point) {
                Some(count) if *count > 0.0 => way.gap_ms[point] / count,
                _ if point < onset => before,
                _ => since,
            };
            let far = calls.figures.time_ms.iter().zip(&calls.figures.calls).enumerate();
            calls.far_ms =
                far.map(|(point, (time, count))| (time - gap(point) * count).max(0.0)).collect();
            calls.arrived.clone_from(&calls.figures.calls);
        }
    }
}

/// A statement that takes longer than before, or came new and is no trifle.
fn slow(
    ((tier, backend, text), of): ((usize, Option<usize>, String), Statement),
) -> Option<SlowStatement> {
    let [before, since] =
        [0, 1].map(|side| (of.calls[side] > 0.0).then(|| of.millis[side] / of.calls[side]));
    let since = since.filter(|_| of.calls[1] >= f64::from(LEAST_CALLS))?;
    let longer = since - before.unwrap_or(0.0);
    if longer < 1.0 || longer < 0.5 * before.unwrap_or(0.0) {
        return None;
    }
    Some(SlowStatement {
        tier,
        backend,
        text,
        before,
        since,
        extra_ms: longer * of.calls[1],
        slowest: of.slowest.map(|(_, place)| place)?,
    })
}

fn keep_slowest(slowest: &mut Option<(u64, Place)>, span: &Span) {
    if slowest.is_none_or(|(longest, _)| span.duration_ns > longest) {
        *slowest = Some((span.duration_ns, (span.trace, span.id)));
    }
}

fn millis(span: &Span) -> f64 {
    span.duration_ns as f64 / 1e6
}

fn end_ns(span: &Span) -> u64 {
    span.start_ns.saturating_add(span.duration_ns)
}

/// How long a span had a child at work that it may have waited for.
fn waited_ns(span: &Span, children: &[usize], spans: &[Span]) -> u64 {
    let end = end_ns(span);
    let mut at_work: Vec<(u64, u64)> = children
        .iter()
        .map(|child| &spans[*child])
        .filter(|child| child.kind != SpanKind::Consumer)
        .map(|child| (child.start_ns.max(span.start_ns), end_ns(child).min(end)))
        .filter(|(from, to)| from < to)
        .collect();
    at_work.sort_unstable();
    let (mut waited, mut until) = (0, 0);
    for (from, to) in at_work {
        waited += to.saturating_sub(from.max(until));
        until = until.max(to);
    }
    waited
}
