//! How long it takes to rank the causes of an anomaly: tiers of two nodes each on shared hosts, databases, traces' operations and
//! their links, log templates, resources of all, and an hour of minutes. In each situation another tier is slow; in a storm it uses up its
//! workers too, and others' calls are known, so that the ranking looks at the beginning as well.

use analysis::cause::{
    Anomaly, Calls, Config, Entity, Figures, Kind, Link, Operation, Resource, ResourceKind, Series,
    Severity, Situation, Template, try_rank,
};

use super::timed;
use crate::draws::Draws;

/// An hour of history and the first minutes of the incident.
const POINTS: usize = 65;
const ONSET: usize = 60;
/// Situations that differ in what is slow, each ranked as often as it takes.
const SITUATIONS: usize = 20;

pub(super) struct Measured {
    pub(super) entities: usize,
    pub(super) resources: usize,
    /// Milliseconds, of half and of 99 in a hundred.
    pub(super) half: f64,
    pub(super) nearly_all: f64,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Trouble {
    /// A tier takes longer, and what it runs on is busy; workers are left.
    Slow,
    /// A tier which the requests come to soon has no worker left.
    Storm,
}

pub(super) fn measure(
    trouble: Trouble,
    entities: usize,
    rankings: usize,
) -> anyhow::Result<Measured> {
    let config = Config::default();
    let mut draws = Draws::new(7);
    let situations: Vec<Situation> = (0..SITUATIONS)
        .map(|_| System::of(entities, &mut draws).situation(trouble, &mut draws))
        .collect();
    let mut took = Vec::with_capacity(rankings);
    for number in 0..rankings {
        let (time, answer) = timed(|| try_rank(&situations[number % SITUATIONS], &config));
        anyhow::ensure!(!answer?.suspects.is_empty(), "a slow tier and nobody is suspected");
        took.push(time);
    }
    took.sort_unstable();
    let share = |part: f64| took[((took.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    Ok(Measured {
        entities: situations[0].entities.len(),
        resources: situations[0].resources.len(),
        half: share(0.5),
        nearly_all: share(0.99),
    })
}

/// Places of its entities: tiers, their nodes, hosts, databases, the transaction at last.
struct System {
    tiers: usize,
    hosts: usize,
    databases: usize,
    /// Caller and callee; callers come before callees.
    calls: Vec<(usize, usize)>,
}

impl System {
    /// A third of the entities are tiers, and two nodes of each.
    fn of(entities: usize, draws: &mut Draws) -> Self {
        let hosts = entities / 20;
        let databases = entities / 20;
        let tiers = (entities - hosts - databases - 1) / 3;
        let mut calls = Vec::new();
        for tier in 1..tiers {
            // One caller at least, most often a near one.
            for _ in 0..1 + draws.below(2) {
                calls.push((tier - 1 - draws.below(tier.min(40)), tier));
            }
        }
        let first_database = 3 * tiers + hosts;
        for tier in 0..tiers {
            if draws.below(2) == 0 {
                calls.push((tier, first_database + draws.below(databases)));
            }
        }
        calls.sort_unstable();
        calls.dedup();
        Self { tiers, hosts, databases, calls }
    }

    fn node(&self, tier: usize, number: usize) -> usize {
        self.tiers + 2 * tier + number
    }

    fn transaction(&self) -> usize {
        3 * self.tiers + self.hosts + self.databases
    }

    fn situation(&self, trouble: Trouble, draws: &mut Draws) -> Situation {
        let slow = draws.below(match trouble {
            Trouble::Slow => self.tiers,
            // All of these the transaction's requests come to.
            Trouble::Storm => BESIDE - 1,
        });
        let first_host = 3 * self.tiers;
        let mut entities = vec![Entity::new(Kind::Tier); self.tiers];
        for tier in 0..self.tiers {
            for _ in 0..2 {
                let host = Some(first_host + draws.below(self.hosts));
                entities.push(Entity { tier: Some(tier), host, ..Entity::new(Kind::Node) });
            }
        }
        entities.resize(first_host + self.hosts, Entity::new(Kind::Host));
        entities.resize(first_host + self.hosts + self.databases, Entity::new(Kind::Backend));
        entities.push(Entity::new(Kind::BusinessTransaction));
        let mut situation = Situation { step_s: 60, entities, ..Situation::default() };
        self.add_figures(&mut situation, slow, draws);
        self.add_resources(&mut situation, slow, trouble, draws);
        if trouble == Trouble::Storm {
            self.add_others(&mut situation);
        }
        self.add_traces(&mut situation, draws);
        situation.anomaly =
            Anomaly { entity: self.transaction(), onset: ONSET, now: POINTS - 1, what: None };
        situation
    }

    /// Every tier takes a hundred calls a minute or so, a millisecond each and what it waits for.
    fn add_figures(&self, situation: &mut Situation, slow: usize, draws: &mut Draws) {
        let own: Vec<Series> = (0..self.tiers)
            .map(|tier| {
                let later = if tier == slow { 40.0 } else { 1.0 };
                (0..POINTS).map(|at| about(draws, if at < ONSET { 1.0 } else { later })).collect()
            })
            .collect();
        let mut each = own.clone();
        for tier in (0..self.tiers).rev() {
            for (caller, callee) in self.calls.iter().filter(|(caller, _)| *caller == tier) {
                let waits =
                    if *callee < self.tiers { each[*callee].clone() } else { vec![2.0; POINTS] };
                for (ms, waits) in each[*caller].iter_mut().zip(waits) {
                    *ms += 0.3 * waits;
                }
            }
        }
        let figures = |calls: Series, per: &Series, own: Option<&Series>| Figures {
            time_ms: calls.iter().zip(per).map(|(calls, ms)| calls * ms).collect(),
            self_ms: own.map_or_else(Series::new, |own| {
                calls.iter().zip(own).map(|(calls, ms)| calls * ms).collect()
            }),
            errors: vec![0.0; POINTS],
            calls,
        };
        for tier in 0..self.tiers {
            let calls: Series = (0..POINTS).map(|_| about(draws, 100.0)).collect();
            for number in 0..2 {
                let half = calls.iter().map(|calls| calls / 2.0).collect();
                situation.entities[self.node(tier, number)].figures =
                    figures(half, &each[tier], None);
            }
            situation.entities[tier].figures = figures(calls, &each[tier], Some(&own[tier]));
        }
        let of_entry = situation.entities[0].figures.clone();
        situation.entities[self.transaction()].figures = of_entry.clone();
        situation.calls.push(Calls {
            caller: self.transaction(),
            callee: 0,
            arrived: of_entry.calls.clone(),
            far_ms: of_entry.time_ms.clone(),
            figures: Figures { self_ms: Series::new(), ..of_entry },
            ..Calls::default()
        });
        for (caller, callee) in &self.calls {
            let per: Series = (0..POINTS)
                .map(|at| if *callee < self.tiers { each[*callee][at] } else { 2.0 })
                .map(|ms| ms + about(draws, 0.5))
                .collect();
            let made: Series = (0..POINTS).map(|_| about(draws, 30.0)).collect();
            let mut calls = Calls {
                caller: *caller,
                callee: *callee,
                figures: figures(made.clone(), &per, None),
                ..Calls::default()
            };
            if *callee < self.tiers {
                calls.far_ms = made.iter().zip(&each[*callee]).map(|(n, ms)| n * ms).collect();
                calls.arrived = made;
            }
            situation.calls.push(calls);
        }
    }

    fn add_resources(
        &self,
        situation: &mut Situation,
        slow: usize,
        trouble: Trouble,
        draws: &mut Draws,
    ) {
        let kinds = [
            ResourceKind::Cpu,
            ResourceKind::Memory,
            ResourceKind::GarbageCollection,
            ResourceKind::Threads,
            ResourceKind::Network,
        ];
        for entity in self.tiers..self.transaction() {
            let struck = situation.entities[entity].tier == Some(slow);
            for kind in kinds {
                let struck = struck && (kind != ResourceKind::Threads || trouble == Trouble::Storm);
                let values = (0..POINTS)
                    .map(|at| about(draws, if struck && at >= ONSET { 90.0 } else { 30.0 }))
                    .collect();
                situation.resources.push(Resource { entity, kind, values });
            }
        }
    }

    /// All calls are known, also those into tiers that only other transactions use.
    fn add_others(&self, situation: &mut Situation) {
        situation.overall = situation.calls.clone();
        situation.calls.retain(|calls| calls.callee >= self.tiers || !is_beside(calls.callee));
    }

    /// Three operations a tier, two children of each, and three kinds of log lines.
    fn add_traces(&self, situation: &mut Situation, draws: &mut Draws) {
        for tier in 0..self.tiers {
            for _ in 0..3 {
                let figures = situation.entities[tier].figures.clone();
                situation.operations.push(Operation {
                    entity: tier,
                    figures,
                    deepest_errors: vec![0.0; POINTS],
                });
                situation.templates.push(Template {
                    entity: tier,
                    within: None,
                    severity: Severity::Info,
                    counts: (0..POINTS).map(|_| about(draws, 50.0).round()).collect(),
                });
            }
        }
        let operations = situation.operations.len();
        for parent in 0..operations {
            for _ in 0..2 {
                let children = situation.operations[parent].figures.calls.clone();
                situation.links.push(Link {
                    parent,
                    child: draws.below(operations),
                    parents_with: children.clone(),
                    children,
                    gap_ms: Series::new(),
                });
            }
        }
    }
}

/// Of so many tiers one is in a storm called by others' requests only.
const BESIDE: usize = 8;

fn is_beside(tier: usize) -> bool {
    tier % BESIDE == BESIDE - 1
}

/// Within a tenth of it.
fn about(draws: &mut Draws, value: f32) -> f32 {
    value * (0.9 + 0.2 * draws.unit() as f32)
}
