//! Along which calls a suspect's trouble came to the transaction, and who else it struck.

use std::collections::BinaryHeap;

use super::{
    flow::Flow,
    situation::{Kind, Situation},
    surprise,
};

/// The widest way to each entity from the one under anomaly: along the calls whose least extra time (or errors) is largest.
#[derive(Debug)]
pub(super) struct Ways {
    start: usize,
    /// For each entity the caller on its way.
    from: Vec<Option<usize>>,
}

impl Ways {
    /// `weights`: what each edge carries.
    pub(super) fn of(start: usize, flow: &Flow, weights: &[f64]) -> Self {
        Self { start, from: widest(start, flow, weights) }
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
            Kind::Host => most_struck_on(suspect, situation, flow),
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
        while at != self.start {
            at = self.from[at].unwrap_or(self.start);
            path.push(at);
        }
        path
    }
}

impl Ways {
    /// Whose workers the suspect holds, and the way from it to there, where the requests themselves never come to the suspect.
    fn beside<'a>(&self, suspect: usize, flow: &'a Flow) -> Option<(usize, &'a [usize])> {
        if suspect == self.start || self.from[suspect].is_some() {
            return None;
        }
        let all = flow.held.iter().enumerate();
        let mut of_suspect = all.filter_map(|(entity, held)| {
            let held = held.as_ref().filter(|held| held.brought.by == suspect)?;
            Some((entity, held.way.as_slice()))
        });
        let known = |entity: usize| entity == self.start || self.from[entity].is_some();
        let any = of_suspect.clone().next();
        of_suspect.find(|(entity, _)| known(*entity)).or(any)
    }
}

/// For each entity the caller on its widest way from `start`. The search is Dijkstra's, with the least weight in place of the sum.
fn widest(start: usize, flow: &Flow, weights: &[f64]) -> Vec<Option<usize>> {
    let mut best = vec![f64::NEG_INFINITY; flow.out.len()];
    let mut from = vec![None; flow.out.len()];
    best[start] = f64::INFINITY;
    let mut open = BinaryHeap::from([(Width(f64::INFINITY), start)]);
    while let Some((Width(width), entity)) = open.pop() {
        if width < best[entity] {
            continue;
        }
        for &edge in &flow.out[entity] {
            let callee = flow.calls[edge].callee;
            let through = width.min(weights[edge]);
            if through > best[callee] {
                best[callee] = through;
                from[callee] = Some(entity);
                open.push((Width(through), callee));
            }
        }
    }
    from
}

#[derive(PartialEq)]
struct Width(f64);

impl Eq for Width {}

impl Ord for Width {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Width {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

fn most_struck_on(host: usize, situation: &Situation, flow: &Flow) -> Option<usize> {
    situation
        .entities
        .iter()
        .enumerate()
        .filter(|(_, of)| of.host == Some(host))
        .map(|(entity, of)| of.tier.unwrap_or(entity))
        .max_by(|left, right| flow.own[*left].time_ms.total_cmp(&flow.own[*right].time_ms))
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
