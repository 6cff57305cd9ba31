//! Where a kind strikes: any entity that it can strike at all. Whether a BT suffers is seen by trying.

use super::super::chance::Chance;
use super::super::flow::Flow;
use super::super::world::{BackendKind, Call, Runtime, Target, World};
use super::{Entity, Incident, Kind};

/// Minutes that an incident lasts.
const LENGTHS: [u64; 4] = [20, 30, 45, 60];
/// A node that is busy for this share of its time lets requests wait.
const CROWDED: f64 = 0.9;
/// Filling up and running out take a while.
const LONG: [u64; 2] = [60, 90];

/// One incident of this kind, without its times; `None` where the system has nothing that it could strike. `usual` is the
/// system before it.
pub(crate) fn choose(
    kind: Kind,
    world: &World,
    usual: &Flow,
    chance: &mut Chance,
) -> Option<Incident> {
    let mut chooser = Chooser { world, usual, chance };
    let mut incident = chooser.strike(kind)?;
    incident.severity = chooser.chance.within(0.5, 1.2);
    incident.ramp = *chooser.chance.pick(&[0, 0, 1, 3, 6]);
    let lasts = match kind {
        Kind::Leak | Kind::ConnectionLeak | Kind::QueueBacklog | Kind::Herd => {
            *chooser.chance.pick(&LONG)
        }
        _ => *chooser.chance.pick(&LENGTHS),
    };
    incident.end = lasts;
    Some(incident)
}

struct Chooser<'a> {
    world: &'a World,
    usual: &'a Flow,
    chance: &'a mut Chance,
}

impl Chooser<'_> {
    fn strike(&mut self, kind: Kind) -> Option<Incident> {
        match kind {
            Kind::Cpu | Kind::Leak | Kind::CrashLoop => {
                let tier = self.tier(|_| true)?;
                Some(self.node_or_tier(kind, tier))
            }
            Kind::NodeLoss => {
                let tier = self.tier(|tier| self.world.usual_nodes(tier).count() > 1)?;
                let form = self.chance.below(2);
                let node = self.node(tier);
                Some(Incident { form, ..Self::of(kind, Entity::Node(node)) })
            }
            Kind::Imbalance => {
                let tier = self.tier_too_much_for_one()?;
                let node = self.node(tier);
                Some(Self::of(kind, Entity::Node(node)))
            }
            Kind::Gc => {
                let tier = self.tier(|tier| self.world.tiers[tier].runtime == Runtime::Jvm)?;
                Some(Self::of(kind, Entity::Tier(tier)))
            }
            Kind::Starvation => {
                let tier = self.tier(|tier| self.world.tiers[tier].runtime.has_workers())?;
                Some(Self::of(kind, Entity::Tier(tier)))
            }
            Kind::PoolExhaustion | Kind::ConnectionLeak => self.pool(kind),
            Kind::SlowStatement | Kind::Lock => self.statement(kind),
            Kind::PacketLoss if self.chance.is(0.5) => {
                let tier = self.tier(|_| true)?;
                let node = self.node(tier);
                Some(Self::of(kind, Entity::Node(node)))
            }
            Kind::PacketLoss
            | Kind::NetworkDelay
            | Kind::NoisyNeighbour
            | Kind::MemoryPressure
            | Kind::Clock
            | Kind::CronBatch => {
                let host = self.node_host()?;
                Some(Self::of(kind, Entity::Host(host)))
            }
            Kind::Disk => {
                let database = self.backend(BackendKind::Database)?;
                Some(Self::of(kind, Entity::Host(self.world.backends[database].host)))
            }
            Kind::Dns | Kind::ChattyRelease | Kind::RetryStorm => self.calling_tier(kind),
            Kind::BadDeployment | Kind::ErrorPath | Kind::Deployment => {
                let tier = self.tier(|_| true)?;
                let operations = self.some_operations(tier, kind == Kind::BadDeployment);
                let form = self.chance.below(if kind == Kind::BadDeployment { 3 } else { 2 });
                let setting = self.chance.within(0.95, 1.05);
                Some(Incident { operations, form, setting, ..Self::of(kind, Entity::Tier(tier)) })
            }
            Kind::Certificate => {
                let called = |tier: usize| {
                    let asked = |call: &Call| match call.target {
                        Target::Operation(callee) => self.world.operations[callee].tier == tier,
                        _ => false,
                    };
                    self.world.calls.iter().any(asked)
                };
                let tier = self.tier(called)?;
                Some(Self::of(kind, Entity::Tier(tier)))
            }
            Kind::LostCache | Kind::Herd => {
                let cache = self.backend(BackendKind::Cache)?;
                Some(Self::of(kind, Entity::Backend(cache)))
            }
            Kind::SlowPartner | Kind::FailingPartner | Kind::RateLimit => {
                let partner = self.backend(BackendKind::Http)?;
                let setting = self.usual.backends[partner].rate;
                Some(Incident { setting, ..Self::of(kind, Entity::Backend(partner)) })
            }
            Kind::BackendDown => {
                let cache = self.chance.is(0.3);
                let kind_of = if cache { BackendKind::Cache } else { BackendKind::Database };
                Some(Self::of(kind, Entity::Backend(self.backend(kind_of)?)))
            }
            Kind::QueueBacklog | Kind::AsyncDrift => self.consumer(kind),
            Kind::Config => {
                let tier = self.tier(|_| true)?;
                let form = usize::from(
                    self.world.tiers[tier].runtime.has_workers() && self.chance.is(0.5),
                );
                Some(Incident { form, ..Self::of(kind, Entity::Tier(tier)) })
            }
            Kind::ScaledTooFar => {
                let tier = self.tier_too_much_for_one()?;
                // So few that its work keeps each of them crowded.
                let form =
                    (busy_nodes(self.world, self.usual, tier) / CROWDED).floor().max(1.0) as usize;
                Some(Incident { form, ..Self::of(kind, Entity::Tier(tier)) })
            }
            Kind::ScaleDown => {
                let tier = self.tier(|tier| self.world.usual_nodes(tier).count() > 1)?;
                Some(Self::of(kind, Entity::Tier(tier)))
            }
            Kind::ScaleUp | Kind::HarmlessConfig => {
                let tier = self.tier(|_| true)?;
                Some(Self::of(kind, Entity::Tier(tier)))
            }
            Kind::Surge | Kind::Busy => {
                let by_people = |number: &usize| !self.world.transactions[*number].background;
                let some: Vec<usize> =
                    (0..self.world.transactions.len()).filter(by_people).collect();
                let transaction = *self.chance.pick(&some);
                Some(Self::of(kind, Entity::Transaction(transaction)))
            }
        }
    }

    fn of(kind: Kind, entity: Entity) -> Incident {
        Incident {
            kind,
            entity,
            operations: Vec::new(),
            calls: Vec::new(),
            pool: None,
            form: 0,
            setting: 1.0,
            severity: 1.0,
            onset: 0,
            end: 0,
            ramp: 0,
        }
    }

    /// A tier that answers somebody now, and is fit for it.
    fn tier(&mut self, fit: impl Fn(usize) -> bool) -> Option<usize> {
        let fitting: Vec<usize> =
            (0..self.world.tiers.len()).filter(|tier| fit(*tier) && self.is_used(*tier)).collect();
        (!fitting.is_empty()).then(|| *self.chance.pick(&fitting))
    }

    fn is_used(&self, tier: usize) -> bool {
        let asked = |operation: &&usize| {
            !self.world.operations[**operation].is_consumer
                && self.usual.operations[**operation].rate > 0.05
        };
        self.world.tiers[tier].operations.iter().any(|operation| asked(&operation))
    }

    /// A tier of which one node could not do the work of all: where there is so much idle, nothing is felt of how work is spread.
    fn tier_too_much_for_one(&mut self) -> Option<usize> {
        let (world, usual) = (self.world, self.usual);
        self.tier(|tier| {
            world.usual_nodes(tier).count() > 1 && busy_nodes(world, usual, tier) > CROWDED
        })
    }

    fn node(&mut self, tier: usize) -> usize {
        let nodes: Vec<usize> = self.world.usual_nodes(tier).collect();
        *self.chance.pick(&nodes)
    }

    fn node_or_tier(&mut self, kind: Kind, tier: usize) -> Incident {
        let entity =
            if self.chance.is(0.5) { Entity::Node(self.node(tier)) } else { Entity::Tier(tier) };
        Self::of(kind, entity)
    }

    fn node_host(&mut self) -> Option<usize> {
        let tier = self.tier(|_| true)?;
        let node = self.node(tier);
        Some(self.world.nodes[node].host)
    }

    fn backend(&mut self, kind: BackendKind) -> Option<usize> {
        let used: Vec<usize> = (0..self.world.backends.len())
            .filter(|backend| {
                self.world.backends[*backend].kind == kind
                    && self.usual.backends[*backend].rate > 0.05
            })
            .collect();
        (!used.is_empty()).then(|| *self.chance.pick(&used))
    }

    fn some_operations(&mut self, tier: usize, all: bool) -> Vec<usize> {
        let asked = |operation: &usize| !self.world.operations[*operation].is_consumer;
        let operations: Vec<usize> =
            self.world.tiers[tier].operations.iter().copied().filter(asked).collect();
        if all && self.chance.is(0.6) { operations } else { vec![*self.chance.pick(&operations)] }
    }

    fn pool(&mut self, kind: Kind) -> Option<Incident> {
        let used = |pool: &usize| self.usual.backends[self.world.pools[*pool].backend].rate > 0.05;
        let pools: Vec<usize> = (0..self.world.pools.len()).filter(used).collect();
        if pools.is_empty() {
            return None;
        }
        let pool = *self.chance.pick(&pools);
        let entity = Entity::Tier(self.world.pools[pool].tier);
        Some(Incident { pool: Some(pool), ..Self::of(kind, entity) })
    }

    /// A statement; locks meet all that touch the same table.
    fn statement(&mut self, kind: Kind) -> Option<Incident> {
        let used = |call: &usize| {
            self.world.calls[*call].statement.is_some() && self.usual.calls[*call].rate > 0.05
        };
        let calls: Vec<usize> = (0..self.world.calls.len()).filter(used).collect();
        if calls.is_empty() {
            return None;
        }
        let one = *self.chance.pick(&calls);
        let backend = self.world.calls[one].backend()?;
        let tier = |call: usize| self.world.operations[self.world.calls[call].from].tier;
        let same_table = |call: &usize| {
            self.world.calls[*call].backend() == Some(backend) && tier(*call) == tier(one)
        };
        let struck = if kind == Kind::Lock {
            calls.into_iter().filter(same_table).collect()
        } else {
            vec![one]
        };
        Some(Incident { calls: struck, ..Self::of(kind, Entity::Backend(backend)) })
    }

    fn calling_tier(&mut self, kind: Kind) -> Option<Incident> {
        let fits = |call: &Call| match (kind, call.target) {
            (Kind::ChattyRelease, Target::Backend(_)) => call.statement.is_some(),
            (Kind::RetryStorm, target) => matches!(target, Target::Operation(_)),
            (Kind::Dns, target) => !matches!(target, Target::Queue { .. }),
            _ => false,
        };
        let calls_of = |tier: usize| -> Vec<usize> {
            let of_tier = self.world.tiers[tier].operations.iter();
            let calls = of_tier.flat_map(|operation| self.world.calls_of(*operation));
            calls.filter(|call| fits(&self.world.calls[*call])).collect()
        };
        let tier = self.tier(|tier| !calls_of(tier).is_empty())?;
        let of_tier = self.world.tiers[tier].operations.iter();
        let calls = of_tier.flat_map(|operation| self.world.calls_of(*operation));
        let mut calls: Vec<usize> = calls.filter(|call| fits(&self.world.calls[*call])).collect();
        let mut setting = 1.0;
        if kind == Kind::RetryStorm {
            let one = *self.chance.pick(&calls);
            calls = vec![one];
            setting = self.usual.calls[one].attempt.mean;
        } else if kind == Kind::ChattyRelease {
            let one = *self.chance.pick(&calls);
            calls = vec![one];
        }
        Some(Incident { calls, setting, ..Self::of(kind, Entity::Tier(tier)) })
    }

    fn consumer(&mut self, kind: Kind) -> Option<Incident> {
        let queued = |number: &usize| {
            matches!(self.world.calls[*number].target, Target::Queue { .. })
                && self.usual.calls[*number].rate > 0.02
        };
        let calls: Vec<usize> = (0..self.world.calls.len()).filter(queued).collect();
        if calls.is_empty() {
            return None;
        }
        let call = *self.chance.pick(&calls);
        let Target::Queue { consumer, .. } = self.world.calls[call].target else { return None };
        let tier = self.world.operations[consumer].tier;
        // A drift keeps well within what the consumers can take.
        let setting = self.usual.operations[consumer].latency.mean * 0.3;
        let (operations, calls) = (vec![consumer], vec![call]);
        Some(Incident { operations, calls, setting, ..Self::of(kind, Entity::Tier(tier)) })
    }
}

/// How many nodes a tier's work keeps busy all the time.
fn busy_nodes(world: &World, usual: &Flow, tier: usize) -> f64 {
    world.usual_nodes(tier).map(|node| usual.nodes[node].busy).sum()
}
