//! Along which calls a suspect's trouble came to the transaction, and who else it struck.

use std::collections::VecDeque;

use super::{
    flow::Flow,
    load,
    situation::{Kind, Situation},
    surprise,
};

/// The ways from the entity under anomaly down to suspects: each time along the call that carries most of the extra time and
/// errors, among those that lead there.
#[derive(Debug)]
pub(super) struct Ways {
    start: usize,
    /// What each edge carries, and what each entity adds itself.
    weights: Vec<f64>,
    own: Vec<f64>,
    /// For each entity whether the requests come there.
    reached: Vec<bool>,
}

impl Ways {
    /// `weights`: what each edge carries; `own`: what each entity adds itself.
    pub(super) fn of(start: usize, flow: &Flow, weights: Vec<f64>, own: Vec<f64>) -> Self {
        let mut ways = Self { start, weights, own, reached: Vec::new() };
        ways.reached = ways
            .hops(&[start], &flow.out, |edge| flow.calls[edge].callee)
            .iter()
            .map(Option::is_some)
            .collect();
        ways
    }

    /// From the suspect to the entity under anomaly.
    ///
    /// For a node or a host the way begins there and goes on at the tier; a suspect to which no call leads stands alone
    /// before the entity under anomaly.
    pub(super) fn suspects_way(
        &self,
        suspect: usize,
        situation: &Situation,
        flow: &Flow,
    ) -> Vec<usize> {
        let mut path = vec![suspect];
        let unit = match situation.entities[suspect].kind {
            Kind::Node => situation.entities[suspect].tier,
            Kind::Host => {
                let on_host = units_on(suspect, situation);
                let down = self.down_to(&on_host, flow);
                if down.last().is_some_and(|end| on_host.contains(end)) {
                    path.extend(down.into_iter().rev());
                    return path;
                }
                on_host.into_iter().max_by(|one, other| self.own[*one].total_cmp(&self.own[*other]))
            }
            _ => None,
        };
        path.extend(unit);
        let mut at = unit.unwrap_or(suspect);
        while let Some((waits, way)) = self.beside(at, flow) {
            if path.contains(&waits) {
                break;
            }
            path.extend(way.iter().skip(1));
            path.push(waits);
            at = waits;
        }
        if at != self.start {
            let own = self.down_to(&[at], flow);
            let way = if self.reached[at] { own } else { self.others_way(at, situation, flow) };
            let rest = way.into_iter().rev().filter(|passed| !path.contains(passed));
            let rest: Vec<usize> = rest.collect();
            path.extend(rest);
        }
        path
    }

    /// From the start to an entity to which only others' requests come: along the calls of all transactions, each time the one that
    /// takes most more, among those that lead there. The start alone where none do.
    fn others_way(&self, end: usize, situation: &Situation, flow: &Flow) -> Vec<usize> {
        let mut way = vec![self.start];
        let entry = flow.out[self.start].iter().map(|edge| flow.calls[*edge].callee).next();
        let mut at = match situation.entities[self.start].kind {
            Kind::BusinessTransaction => entry.unwrap_or(self.start),
            _ => self.start,
        };
        let all = &situation.overall;
        let (mut out, mut into) =
            (vec![Vec::new(); flow.out.len()], vec![Vec::new(); flow.out.len()]);
        for (edge, calls) in all.iter().enumerate().filter(|(_, calls)| !calls.asynchronous) {
            out[calls.caller].push(edge);
            into[calls.callee].push(edge);
        }
        let left = self.hops(&[end], &into, |edge| all[edge].caller);
        let more = |edge: &usize| load::extra_a_point(&all[*edge].figures.time_ms, &flow.windows);
        while left[at].is_some() && at != end {
            if at != self.start {
                way.push(at);
            }
            let next = out[at].iter().filter(|edge| {
                let callee = all[**edge].callee;
                left[callee].is_some() && !way.contains(&callee)
            });
            let Some(next) = next.max_by(|one, other| more(one).total_cmp(&more(other))) else {
                break;
            };
            at = all[*next].callee;
        }
        if at == end { way } else { vec![self.start] }
    }

    /// From the start to one of these entities: to the first which adds more itself than comes up from further down.
    fn down_to(&self, ends: &[usize], flow: &Flow) -> Vec<usize> {
        let left = self.hops(ends, &flow.into, |edge| flow.calls[edge].caller);
        let (mut at, mut way) = (self.start, vec![self.start]);
        loop {
            // Each step is one nearer or carries more; who was passed is not passed again.
            let next = flow.out[at]
                .iter()
                .filter(|edge| {
                    let callee = flow.calls[**edge].callee;
                    left[callee].is_some() && !way.contains(&callee)
                })
                .max_by(|one, other| {
                    let hops = |edge: usize| left[flow.calls[edge].callee];
                    let carried = self.weights[**one].total_cmp(&self.weights[**other]);
                    carried.then(hops(**other).cmp(&hops(**one)))
                });
            let Some(next) = next else { break };
            if ends.contains(&at) && (ends.len() == 1 || self.own[at] >= self.weights[*next]) {
                break;
            }
            at = flow.calls[*next].callee;
            way.push(at);
        }
        way
    }

    /// How many calls each entity is away, along or against them.
    fn hops(
        &self,
        from: &[usize],
        edges: &[Vec<usize>],
        other: impl Fn(usize) -> usize,
    ) -> Vec<Option<usize>> {
        let mut hops = vec![None; edges.len()];
        from.iter().for_each(|at| hops[*at] = Some(0));
        let mut open: VecDeque<usize> = from.iter().copied().collect();
        while let Some(at) = open.pop_front() {
            for edge in &edges[at] {
                let next = other(*edge);
                if hops[next].is_none() {
                    hops[next] = hops[at].map(|hops| hops + 1);
                    open.push_back(next);
                }
            }
        }
        hops
    }
}

impl Ways {
    /// Whose workers the suspect holds, or to whom it brings calls, and the way from it to there, where the requests themselves never
    /// come to the suspect.
    fn beside<'a>(&self, suspect: usize, flow: &'a Flow) -> Option<(usize, &'a [usize])> {
        if self.reached[suspect] {
            return None;
        }
        let all = flow.held.iter().enumerate();
        let mut of_suspect = all.filter_map(|(entity, held)| {
            let held = held.as_ref().filter(|held| held.brought.by == suspect)?;
            Some((entity, held.way.as_slice()))
        });
        let any = of_suspect.clone().next();
        let is_brought =
            |of: &usize| flow.brought[*of].is_some_and(|brought| brought.by == suspect);
        let mut brought = (0..self.reached.len()).filter(is_brought);
        let upon = brought.clone().next();
        let upon = brought.find(|entity| self.reached[*entity]).or(upon);
        let held = of_suspect.find(|(entity, _)| self.reached[*entity]).or(any);
        held.or(upon.map(|entity| (entity, [].as_slice())))
    }
}

/// Tiers with a node on the host, and backends there.
fn units_on(host: usize, situation: &Situation) -> Vec<usize> {
    let mut units: Vec<usize> = situation
        .entities
        .iter()
        .enumerate()
        .filter(|(_, of)| of.host == Some(host))
        .map(|(entity, of)| of.tier.unwrap_or(entity))
        .collect();
    units.sort_unstable();
    units.dedup();
    units
}

/// Whom else it struck: those on the way, and all whose callees carry significantly more.
pub(super) fn victims(path: &[usize], situation: &Situation, flow: &Flow) -> Vec<usize> {
    let mut victims: Vec<usize> = path.iter().skip(1).copied().collect();
    let struck = path.first().copied();
    for (entity, own) in flow.own.iter().enumerate() {
        let passes_on: f64 =
            flow.out[entity].iter().map(|edge| flow.carried[*edge].time_ms.max(0.0)).sum();
        let adds = surprise::evidence(own.time_surprise.max(own.error_surprise)) > 2.0;
        let more = passes_on > flow.time.map_or(f64::INFINITY, |time| 0.1 * time.change().max(0.0));
        if Some(entity) != struck
            && (more || adds)
            && matches!(situation.entities[entity].kind, Kind::Tier | Kind::Backend)
        {
            victims.push(entity);
        }
    }
    victims.sort_unstable();
    victims.dedup();
    victims
}
