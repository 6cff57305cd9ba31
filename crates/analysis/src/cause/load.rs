//! Load that comes from inside: calls that a request did not need before, who makes them, and whom they slow down.
//!
//! A rise of a rate is a product of factors, so it is shared out by their logarithms. Of a slowdown under `r` times the calls,
//! `1 − 1/r` is taken to be theirs, which is what a server at a steady pace would have less to do without them.
//!
//! A queue of which less is taken than is left there fills up, and those wait who would leave something: that is the doing of
//! who takes too little.
//!
//! Workers are another load: whoever answers late holds those of its callers, and all that enters there waits, also what
//! never calls it. By Little's law calls that take `t` ms more in a minute hold `t` ÷ 60,000 workers more; of a wait for
//! workers the share `t / (t + u)` is theirs, `u` being the time that all work there took before.

use std::collections::VecDeque;

use super::{
    Config,
    flow::{Flow, Windows},
    situation::{Calls, Figures, Kind, ResourceKind, Series, Situation},
    surprise::{self, Deviation},
};

/// A cache that finds less than it did: how many times more of its lookups are in vain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Missed {
    ratio: f64,
}

/// Which share of an entity's extra time is the doing of another, who makes calls that it did not make before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Brought {
    pub(super) by: usize,
    pub(super) share: f64,
}

/// Who holds the workers of an entity.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) brought: Brought,
    /// From who holds them up to the entity's callee on the way there.
    pub(super) way: Vec<usize>,
}

/// From how many nats on a change of a rate is taken for one.
const SURE: f64 = 1.0;
/// Of hits in percent, or as a share where they never are above 1.
const ALL_PERCENT: f64 = 100.0;

/// By entity: whether its hits fell.
pub(super) fn missed(
    situation: &Situation,
    windows: &Windows,
    config: &Config,
) -> Vec<Option<Missed>> {
    let mut missed = vec![None; situation.entities.len()];
    for resource in situation.resources.iter().filter(|of| of.kind == ResourceKind::Hits) {
        let values = |points| Windows::values(&resource.values, points).collect::<Vec<f64>>();
        let (history, incident) =
            (values(windows.history.clone()), values(windows.incident.clone()));
        if history.len() < config.least_points {
            continue;
        }
        let all = if history.iter().all(|value| *value <= 1.0) { 1.0 } else { ALL_PERCENT };
        let Some(hits) = surprise::deviation(&history, &incident, all / ALL_PERCENT, config) else {
            continue;
        };
        let in_vain = |hits: f64| (all - hits).max(all / ALL_PERCENT);
        if hits.scales < 0.0 && hits.evidence() > SURE {
            let ratio = in_vain(hits.observed) / in_vain(hits.expected);
            missed[resource.entity] = Some(Missed { ratio });
        }
    }
    missed
}

/// Which share of a rise of calls the failures among them explain: a call tried again is one more call for one failed.
pub(super) fn retried(figures: &Figures, rate: Deviation, windows: &Windows) -> f64 {
    let sums = |points| Windows::sums(&figures.errors, &figures.calls, points);
    let (before, of_before) = sums(windows.history.clone());
    let (now, of_now) = sums(windows.incident.clone());
    let failing = (now / of_now.max(1.0) - before / of_before.max(1.0)).max(0.0);
    if rate.change() > 0.0 {
        (failing * rate.observed / rate.change()).clamp(0.0, 1.0)
    } else {
        0.0
    }
}

/// The cache that used to spare an edge's caller some of these calls, and which share of their rise it explains.
pub(super) fn spared_by(
    flow: &Flow,
    edge: usize,
    rate: Deviation,
    missed: &[Option<Missed>],
) -> Option<(usize, f64)> {
    let calls = &flow.calls[edge];
    let asked = flow.out[calls.caller].iter().map(|other| flow.calls[*other].callee);
    spared(asked, calls.callee, rate, missed)
}

/// The same where whom the caller asks is given.
fn spared(
    asked: impl Iterator<Item = usize>,
    callee: usize,
    rate: Deviation,
    missed: &[Option<Missed>],
) -> Option<(usize, f64)> {
    let (cache, missed) = asked
        .filter(|cache| *cache != callee)
        .filter_map(|cache| Some((cache, missed[cache]?)))
        .max_by(|left, right| left.1.ratio.total_cmp(&right.1.ratio))?;
    let rise = (rate.observed / rate.expected.max(f64::MIN_POSITIVE)).ln();
    (rise > 0.0 && missed.ratio > 1.0).then(|| (cache, (missed.ratio.ln() / rise).min(1.0)))
}

/// By entity: who brought more calls upon it than a request needed before. `rates`: calls of each edge for each of its caller's.
pub(super) fn brought(
    situation: &Situation,
    flow: &Flow,
    rates: &[Option<Deviation>],
    missed: &[Option<Missed>],
    config: &Config,
) -> Vec<Option<Brought>> {
    let start = situation.anomaly.entity;
    let requests = &situation.entities[start].figures.calls;
    let a_request = |edge: usize, points: &std::ops::Range<usize>| {
        let (calls, of) = Windows::sums(&flow.calls[edge].figures.calls, requests, points.clone());
        if of > 0.0 { calls / of } else { 0.0 }
    };
    let before: Vec<f64> =
        (0..flow.calls.len()).map(|edge| a_request(edge, &flow.windows.history)).collect();
    let now: Vec<f64> =
        (0..flow.calls.len()).map(|edge| a_request(edge, &flow.windows.incident)).collect();
    let mut brought = backlogs(situation, flow, config);
    let everybody = Everybody::of(situation, &flow.windows, missed, config);
    let mut seen = vec![false; flow.out.len()];
    let mut open = VecDeque::from([start]);
    seen[start] = true;
    while let Some(entity) = open.pop_front() {
        for edge in &flow.out[entity] {
            let callee = flow.calls[*edge].callee;
            if !std::mem::replace(&mut seen[callee], true) {
                open.push_back(callee);
            }
        }
        let into = &flow.into[entity];
        let sum = |of: &[f64]| into.iter().map(|edge| of[*edge]).sum::<f64>();
        let (calls_before, calls_now) = (sum(&before), sum(&now));
        if brought[entity].is_none() {
            brought[entity] = everybody.brought_upon(entity);
        }
        let is_known = brought[entity].is_some();
        if is_known || calls_before <= 0.0 || calls_now < config.surge * calls_before {
            continue;
        }
        let most = into.iter().copied().max_by(|left, right| {
            (now[*left] - before[*left]).total_cmp(&(now[*right] - before[*right]))
        });
        let Some(by) = most.and_then(|edge| origin(flow, edge, rates, missed, &brought)) else {
            continue;
        };
        if by != entity {
            brought[entity] = Some(Brought { by, share: 1.0 - calls_before / calls_now });
        }
    }
    brought
}

/// The calls of all transactions together: who is slow under more of them is slow for those too that make no more.
struct Everybody<'a> {
    situation: &'a Situation,
    windows: &'a Windows,
    missed: &'a [Option<Missed>],
    config: &'a Config,
    /// Outgoing and incoming edges of each entity, and each edge's calls a point before and now.
    out: Vec<Vec<usize>>,
    into: Vec<Vec<usize>>,
    before: Vec<f64>,
    now: Vec<f64>,
}

impl<'a> Everybody<'a> {
    fn of(
        situation: &'a Situation,
        windows: &'a Windows,
        missed: &'a [Option<Missed>],
        config: &'a Config,
    ) -> Self {
        let count = situation.entities.len();
        let (mut out, mut into) = (vec![Vec::new(); count], vec![Vec::new(); count]);
        for (edge, calls) in situation.overall.iter().enumerate() {
            out[calls.caller].push(edge);
            into[calls.callee].push(edge);
        }
        let calls = |points: &std::ops::Range<usize>| {
            let all = situation.overall.iter();
            all.map(|calls| a_point(&calls.figures.calls, points.clone())).collect()
        };
        let (before, now) = (calls(&windows.history), calls(&windows.incident));
        Self { situation, windows, missed, config, out, into, before, now }
    }

    /// Who makes more calls to an entity, or to its callers, than each of theirs needed before.
    fn brought_upon(&self, entity: usize) -> Option<Brought> {
        let mut at = entity;
        for _ in 0..MOST_CALLERS {
            let most = self.into[at].iter().copied().max_by(|left, right| {
                let rise = |edge: &usize| self.now[*edge] - self.before[*edge];
                rise(left).total_cmp(&rise(right))
            })?;
            if self.rise(at) < self.config.surge {
                return None;
            }
            let caller = self.situation.overall[most].caller;
            if let Some(by) = self.makes_more(most) {
                let share = 1.0 - 1.0 / self.rise(entity);
                let is_other = by != entity && by != self.situation.overall[most].callee;
                return is_other.then_some(Brought { by, share });
            }
            at = caller;
        }
        None
    }

    /// How many times as many calls come to an entity.
    fn rise(&self, entity: usize) -> f64 {
        let sum = |of: &[f64]| self.into[entity].iter().map(|edge| of[*edge]).sum::<f64>();
        let before = sum(&self.before);
        if before > 0.0 { sum(&self.now) / before } else { 1.0 }
    }

    /// An edge's caller, or the cache that it asks, or its callee, where it makes more of these calls each time.
    fn makes_more(&self, edge: usize) -> Option<usize> {
        let calls = &self.situation.overall[edge];
        let taken = self.taken(calls.caller);
        let rate = self.windows.calls_per_call(&calls.figures.calls, &taken, self.config)?;
        if rate.of_rise() <= SURE {
            return None;
        }
        let asked =
            self.out[calls.caller].iter().map(|other| self.situation.overall[*other].callee);
        Some(match spared(asked, calls.callee, rate, self.missed) {
            Some((cache, share)) if share >= 0.5 => cache,
            // Calls that are tried again are their callee's doing.
            _ if retried(&calls.figures, rate, self.windows) >= 0.5 => calls.callee,
            _ => calls.caller,
        })
    }

    /// Calls that an entity takes of all transactions.
    fn taken(&self, entity: usize) -> Series {
        let entities = self.situation.entities.iter();
        let nodes: Vec<&Series> = entities
            .filter(|of| of.kind == Kind::Node && of.tier == Some(entity))
            .map(|of| &of.figures.calls)
            .collect();
        let into = self.into[entity].iter();
        let edges: Vec<&Series> =
            into.map(|edge| &self.situation.overall[*edge].figures.calls).collect();
        let of = if nodes.is_empty() { edges } else { nodes };
        let points = of.iter().map(|series| series.len()).max().unwrap_or_default();
        let mut sum = vec![0.0; points];
        for series in of {
            for (sum, value) in sum.iter_mut().zip(series) {
                *sum += if value.is_finite() { *value } else { 0.0 };
            }
        }
        sum
    }
}

/// Through how many callers more calls are followed to who makes them.
const MOST_CALLERS: usize = 16;

/// Queues of which less is taken than is left there: whoever takes too little lets those wait who would leave something. A queue
/// that is full takes no more than is taken from it, so that there only how much was taken before tells.
fn backlogs(situation: &Situation, flow: &Flow, config: &Config) -> Vec<Option<Brought>> {
    let mut brought = vec![None; flow.out.len()];
    let full = filled(situation, &flow.windows, config);
    let all = if situation.overall.is_empty() { &flow.calls } else { &situation.overall };
    let (mut takers, mut leave) =
        (vec![Vec::new(); flow.out.len()], vec![Vec::new(); flow.out.len()]);
    for (edge, calls) in all.iter().enumerate() {
        if calls.asynchronous && situation.entities[calls.caller].kind == Kind::Backend {
            takers[calls.caller].push(edge);
        } else {
            leave[calls.callee].push(edge);
        }
    }
    for (entity, takers) in takers.iter().enumerate().filter(|(_, takers)| !takers.is_empty()) {
        let count = |edges: &[usize], points: &std::ops::Range<usize>| {
            let calls = edges.iter().map(|edge| &all[*edge].figures.calls);
            calls.map(|calls| a_point(calls, points.clone())).sum::<f64>()
        };
        let (history, incident) = (&flow.windows.history, &flow.windows.incident);
        let rose = |edges: &[usize]| {
            let before = count(edges, history);
            if before > 0.0 { count(edges, incident) / before } else { 1.0 }
        };
        let (taken, left) = (rose(takers), rose(&leave[entity]));
        let fell = |edge: &usize| count(&[*edge], history) - count(&[*edge], incident);
        let least = takers.iter().max_by(|left, right| fell(left).total_cmp(&fell(right)));
        let Some(by) = least.map(|edge| all[*edge].callee) else { continue };
        // Nobody would wait for a queue that is emptied as fast as ever, unless far more were left there.
        let fills = full[entity] && (left < config.surge || taken < KEEPS_UP);
        if fills {
            brought[entity] = Some(Brought { by, share: 1.0 });
        } else if taken < KEEPS_UP * left {
            brought[entity] = Some(Brought { by, share: 1.0 - taken / left });
        }
    }
    brought
}

/// By entity: whether what it says of itself rose, as the depth of a queue does.
fn filled(situation: &Situation, windows: &Windows, config: &Config) -> Vec<bool> {
    let mut filled = vec![false; situation.entities.len()];
    for resource in situation.resources.iter().filter(|of| of.kind == ResourceKind::Backend) {
        let values = |points| Windows::values(&resource.values, points).collect::<Vec<f64>>();
        let (history, incident) =
            (values(windows.history.clone()), values(windows.incident.clone()));
        let found = surprise::deviation(&history, &incident, 1.0, config);
        filled[resource.entity] |= found.is_some_and(|found| found.of_rise() > SURE);
    }
    filled
}

/// Who takes less than this of what comes, compared with before, does not keep up.
const KEEPS_UP: f64 = 0.8;

/// Who made an edge's calls more: its caller by making more of them each time, or the cache it asks, or who brought more upon
/// the caller.
fn origin(
    flow: &Flow,
    edge: usize,
    rates: &[Option<Deviation>],
    missed: &[Option<Missed>],
    brought: &[Option<Brought>],
) -> Option<usize> {
    let caller = flow.calls[edge].caller;
    let rate = rates[edge].filter(|rate| rate.of_rise() > SURE);
    match (rate, brought[caller]) {
        (Some(rate), _) => match spared_by(flow, edge, rate, missed) {
            Some((cache, share)) if share >= 0.5 => Some(cache),
            _ if retried(&flow.calls[edge].figures, rate, &flow.windows) >= 0.5 => None,
            _ => Some(caller),
        },
        (None, Some(further)) => Some(further.by),
        (None, None) => None,
    }
}

/// By entity whose workers are used up: who holds them. `short_of_workers` says whose are, `of_callers` which part of the
/// transaction's calls' extra time is their callers' own.
pub(super) fn held(
    situation: &Situation,
    flow: &Flow,
    of_callers: &[f64],
    short_of_workers: &[bool],
) -> Vec<Option<Held>> {
    let windows = &flow.windows;
    let mut held = vec![None; situation.entities.len()];
    if situation.overall.is_empty() {
        return held;
    }
    let mut out = vec![Vec::new(); situation.entities.len()];
    for (edge, calls) in situation.overall.iter().enumerate() {
        if !calls.asynchronous {
            out[calls.caller].push(edge);
        }
    }
    let all: Vec<f64> = situation
        .overall
        .iter()
        .map(|calls| extra_a_point(&calls.figures.time_ms, windows))
        .collect();
    // What callers wait for themselves, each for all its calls.
    let mut callers = vec![0.0; situation.entities.len()];
    let mut extra = all.clone();
    for (edge, calls) in situation.overall.iter().enumerate() {
        let known = flow.out[calls.caller]
            .iter()
            .find(|other| flow.calls[**other].callee == calls.callee)
            .map(|other| of_callers[*other] * all[edge].max(0.0));
        let waits = extra_a_point(&calls.pool_wait_ms, windows);
        let own = known.unwrap_or(waits).clamp(0.0, all[edge].max(0.0));
        callers[calls.caller] += own;
        extra[edge] -= own;
    }
    for (entity, _) in short_of_workers.iter().enumerate().filter(|(_, short)| **short) {
        let first = slowest(&out[entity], &extra).filter(|edge| extra[*edge] > callers[entity]);
        let Some(first) = first else { continue };
        let way = down(&situation.overall, &out, &extra, first);
        let Some(by) = way.first().copied().filter(|by| *by != entity) else { continue };
        let nodes = situation.entities.iter().filter(|of| of.tier == Some(entity));
        let before: f64 =
            nodes.map(|node| a_point(&node.figures.time_ms, windows.history.clone())).sum();
        let share = extra[first] / (extra[first] + before);
        held[entity] = Some(Held { brought: Brought { by, share }, way });
    }
    held
}

/// Who is at the end of an edge's slowness, and the way from there up to the edge's callee: on it each next call carries most of
/// what the one before it does.
fn down(overall: &[Calls], out: &[Vec<usize>], extra: &[f64], first: usize) -> Vec<usize> {
    let mut way = vec![overall[first].callee];
    let mut edge = first;
    while let Some(next) = slowest(&out[overall[edge].callee], extra) {
        let callee = overall[next].callee;
        if extra[next] < MOST * extra[edge] || way.contains(&callee) {
            break;
        }
        way.push(callee);
        edge = next;
    }
    way.reverse();
    way
}

fn slowest(edges: &[usize], extra: &[f64]) -> Option<usize> {
    edges
        .iter()
        .copied()
        .filter(|edge| extra[*edge] > 0.0)
        .max_by(|left, right| extra[*left].total_cmp(&extra[*right]))
}

/// Which part of a delay must be passed on by one callee for the delay to be that callee's.
const MOST: f64 = 0.5;

pub(super) fn extra_a_point(of: &Series, windows: &Windows) -> f64 {
    a_point(of, windows.incident.clone()) - a_point(of, windows.history.clone())
}

/// The mean over the points of a window in which a series was measured.
pub(super) fn a_point(of: &Series, points: std::ops::Range<usize>) -> f64 {
    let (sum, count) = Windows::values(of, points)
        .fold((0.0, 0.0_f64), |(sum, count), value| (sum + value, count + 1.0));
    sum / count.max(1.0)
}
