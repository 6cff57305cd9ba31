//! What the resources of each entity say: processor, memory, pools, disks, network.

use super::{
    Config,
    evidence::{Clue, Evidence, one_of},
    flow::{Flow, Windows},
    situation::{Kind, Resource, ResourceKind, Series, Situation},
    surprise::{self, Deviation, Usual},
};

/// How each resource usually is; nothing where the history is too short to tell.
pub(super) fn usual(
    situation: &Situation,
    windows: &Windows,
    config: &Config,
) -> Vec<Option<Usual>> {
    situation.resources.iter().map(|resource| usual_of(resource, windows, config)).collect()
}

fn usual_of(resource: &Resource, windows: &Windows, config: &Config) -> Option<Usual> {
    let history: Vec<f64> = Windows::values(&resource.values, windows.history.clone()).collect();
    (!history.is_empty() && history.len() >= config.least_points).then(|| Usual::of(history))
}

/// For each entity, the clues found in its resources; `slow` is how certain it is that the transaction is slow, 0 to 1.
pub(super) fn clues(
    situation: &Situation,
    flow: &Flow,
    usual: &[Option<Usual>],
    slow: f64,
    config: &Config,
) -> Vec<Vec<Clue>> {
    let load: Vec<f64> =
        (0..situation.entities.len()).map(|entity| load_of(entity, situation, flow)).collect();
    let judged: Vec<Option<Deviation>> = situation
        .resources
        .iter()
        .zip(usual)
        .map(|(resource, usual)| {
            judge(resource, usual.as_ref()?, load[resource.entity], &flow.windows, config)
        })
        .collect();
    let slower = slower_by_another_path(situation, &judged);
    let mut clues = vec![Vec::new(); situation.entities.len()];
    for (index, resource) in situation.resources.iter().enumerate() {
        let Some(deviation) = judged[index] else { continue };
        let bad = match resource.kind {
            ResourceKind::Throughput => continue,
            ResourceKind::Hits | ResourceKind::Uptime => deviation.scales < 0.0,
            _ => deviation.scales > 0.0,
        };
        if !bad {
            // It was looked at, and speaks for nothing: it still counts among those that could have.
            clues[resource.entity]
                .push(Clue { nats: 0.0, what: Evidence::Resource { resource: index, deviation } });
            continue;
        }
        let own = match resource.kind {
            // Held while waiting for others.
            ResourceKind::Threads | ResourceKind::Pool => {
                own_share(unit_of(resource.entity, situation), flow)
            }
            ResourceKind::ResponseTime => {
                let passed_on = callees(unit_of(resource.entity, situation), flow)
                    .map(|callee| slower[callee])
                    .fold(0.0, f64::max);
                let own = 1.0 - passed_on / deviation.change().max(f64::MIN_POSITIVE);
                // Who answers late is the cause of a transaction's being slow, of nothing else.
                slow * own.clamp(0.0, 1.0)
            }
            _ => 1.0,
        };
        let nats = own * deviation.evidence();
        clues[resource.entity]
            .push(Clue { nats, what: Evidence::Resource { resource: index, deviation } });
    }
    clues
}

/// By entity: whether one of its nodes has used up its workers, or lets requests wait for one.
pub(super) fn short_of_workers(
    situation: &Situation,
    windows: &Windows,
    config: &Config,
) -> Vec<bool> {
    let mut short = vec![false; situation.entities.len()];
    for resource in situation.resources.iter().filter(|of| of.kind == ResourceKind::Threads) {
        if let Some(usual) = usual_of(resource, windows, config)
            && let Some(deviation) = judge(resource, &usual, 1.0, windows, config)
            && deviation.of_rise() > config.certain_nats
        {
            short[unit_of(resource.entity, situation)] = true;
        }
    }
    short
}

/// A node's tier, else the entity itself.
pub(super) fn unit_of(entity: usize, situation: &Situation) -> usize {
    situation.entities[entity].tier.unwrap_or(entity)
}

fn callees(entity: usize, flow: &Flow) -> impl Iterator<Item = usize> + '_ {
    flow.out[entity].iter().map(|edge| flow.calls[*edge].callee)
}

/// Which share of an entity's extra time is its own, not that of those for whom it waits.
fn own_share(entity: usize, flow: &Flow) -> f64 {
    let own = flow.own[entity].time_ms.max(0.0);
    let passed_on: f64 =
        flow.out[entity].iter().map(|edge| flow.carried[*edge].time_ms.max(0.0)).sum();
    let of_others = flow.brought[entity].map_or(0.0, |brought| brought.share);
    (1.0 - of_others) * if own + passed_on > 0.0 { own / (own + passed_on) } else { 1.0 }
}

/// By how much an entity's load rose: calls now over calls before; 1 where it is not known or fell.
fn load_of(entity: usize, situation: &Situation, flow: &Flow) -> f64 {
    let calls = &situation.entities[entity].figures.calls;
    let mean = |points| {
        let (sum, count) = Windows::values(calls, points)
            .fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
        if count > 0.0 { sum / count } else { 0.0 }
    };
    let (before, now): (f64, f64) =
        (mean(flow.windows.history.clone()), mean(flow.windows.incident.clone()));
    if before > 0.0 && situation.entities[entity].kind != Kind::Host {
        (now / before).max(1.0)
    } else {
        1.0
    }
}

fn judge(
    resource: &Resource,
    usual: &Usual,
    load: f64,
    windows: &Windows,
    config: &Config,
) -> Option<Deviation> {
    let (sum, count) = Windows::values(&resource.values, windows.incident.clone())
        .fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    if count <= 0.0 {
        return None;
    }
    let observed = sum / count;
    let by_load = matches!(
        resource.kind,
        ResourceKind::Cpu
            | ResourceKind::Network
            | ResourceKind::Disk
            | ResourceKind::GarbageCollection
    );
    let observed = if by_load { observed / load } else { observed };
    Some(usual.deviation(observed, floor(resource.kind, usual.mean().abs(), config), config))
}

/// The least scale of a resource's series: a share of its level, and a little of its unit.
fn floor(kind: ResourceKind, level: f64, config: &Config) -> f64 {
    let of_unit = match kind {
        // Percentages.
        ResourceKind::Cpu
        | ResourceKind::Memory
        | ResourceKind::Threads
        | ResourceKind::Pool
        | ResourceKind::Hits => 1.0,
        ResourceKind::ResponseTime => config.floor_ms,
        _ => 0.1,
    };
    of_unit.max(2.0 * config.floor_share * level)
}

/// By how many ms each unit's response time rose by another path than its figures.
fn slower_by_another_path(situation: &Situation, judged: &[Option<Deviation>]) -> Vec<f64> {
    let mut slower = vec![0.0_f64; situation.entities.len()];
    for (resource, deviation) in situation.resources.iter().zip(judged) {
        if let (ResourceKind::ResponseTime, Some(deviation)) = (resource.kind, deviation) {
            let unit = unit_of(resource.entity, situation);
            slower[unit] = slower[unit].max(deviation.change());
        }
    }
    slower
}

/// Evidence that an entity which used to report is gone: by how often it was missing before, for as long as now. That no calls
/// came is no sign of it where nobody made any.
pub(super) fn silent(
    entity: usize,
    resources: &[usize],
    situation: &Situation,
    flow: &Flow,
) -> f64 {
    let windows = &flow.windows;
    let surprise_at = |series: &Series| {
        let there = |points| Windows::values(series, points).filter(|value| *value != 0.0).count();
        if there(windows.incident.clone()) > 0 {
            return 0.0;
        }
        let missing = windows.history.len().saturating_sub(there(windows.history.clone()));
        let share = (missing as f64 + 0.5) / (windows.history.len() as f64 + 1.0);
        -share.ln() * windows.incident.len() as f64
    };
    let calls = &situation.entities[entity].figures.calls;
    let of_calls = (!is_called_no_more(entity, situation, flow)).then_some(calls);
    let least = resources
        .iter()
        .map(|resource| &situation.resources[*resource].values)
        .chain(of_calls)
        .filter(|series| !series.is_empty())
        .map(surprise_at)
        .fold(f64::INFINITY, f64::min);
    if least.is_finite() { surprise::evidence(least) } else { 0.0 }
}

/// Whether all calls to an entity were measured by their callers, who make none any more.
fn is_called_no_more(entity: usize, situation: &Situation, flow: &Flow) -> bool {
    let made = |points: std::ops::Range<usize>| -> f64 {
        let into = flow.into[entity].iter();
        into.map(|edge| {
            Windows::values(&situation.calls[*edge].figures.calls, points.clone()).sum::<f64>()
        })
        .sum::<f64>()
    };
    let measured =
        flow.into[entity].iter().all(|edge| !situation.calls[*edge].figures.calls.is_empty());
    measured
        && made(flow.windows.history.clone()) > 0.0
        && made(flow.windows.incident.clone()) <= 0.0
}

/// Hosts whose own resources speak, while nodes of several tiers on them are in trouble alike: nobody of those on it takes the
/// processor from the others, or its own use would have risen more than theirs.
pub(super) fn struck_hosts(
    situation: &Situation,
    clues: &[Vec<Clue>],
    config: &Config,
) -> Vec<bool> {
    let entities = &situation.entities;
    let mut on_host: Vec<Vec<usize>> = vec![Vec::new(); entities.len()];
    for (entity, of) in entities.iter().enumerate() {
        if let (Kind::Node, Some(host)) = (of.kind, of.host) {
            on_host[host].push(entity);
        }
    }
    let speaks = |entity: usize| one_of(clues[entity].iter().map(|clue| clue.nats));
    (0..entities.len())
        .map(|host| {
            if entities[host].kind != Kind::Host || speaks(host) < config.certain_nats {
                return false;
            }
            let in_trouble: Vec<usize> =
                on_host[host].iter().copied().filter(|node| speaks(*node) > 1.0).collect();
            let mut tiers: Vec<Option<usize>> =
                in_trouble.iter().map(|node| entities[*node].tier).collect();
            tiers.sort_unstable();
            tiers.dedup();
            tiers.len() >= 2 && are_alike(&in_trouble, situation, clues)
        })
        .collect()
}

/// Whether no node's use of the processor rose much more than that of most.
fn are_alike(nodes: &[usize], situation: &Situation, clues: &[Vec<Clue>]) -> bool {
    let rise = |node: &usize| {
        clues[*node].iter().find_map(|clue| match clue.what {
            Evidence::Resource { resource, deviation }
                if situation.resources[resource].kind == ResourceKind::Cpu =>
            {
                Some(deviation.observed / deviation.expected.max(1.0))
            }
            _ => None,
        })
    };
    let mut rises: Vec<f64> = nodes.iter().filter_map(rise).collect();
    rises.sort_by(f64::total_cmp);
    match (rises.last(), rises.get(rises.len() / 2)) {
        (Some(most), Some(middle)) => *most <= ALIKE * middle.max(1.0),
        _ => true,
    }
}

/// One whose use of the processor rose by this much more than that of most on its host is not like them.
const ALIKE: f64 = 2.0;

/// Whether a clue is of what a machine shares out among those on it.
pub(super) fn is_of_machine(clue: &Clue, situation: &Situation) -> bool {
    let Evidence::Resource { resource, .. } = clue.what else { return false };
    matches!(
        situation.resources[resource].kind,
        ResourceKind::Cpu | ResourceKind::GarbageCollection | ResourceKind::Threads
    )
}
