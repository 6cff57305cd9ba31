//! The way along which an incident reached a transaction: from where it entered down to the cause, each time along the call that
//! carried most of what was added.

use super::fault::{Entity, Incident};
use super::flow::Flow;
use super::world::{Target, World};

/// Seconds that one failed call counts for.
const ERROR_S: f64 = 1.0;

#[derive(Debug)]
pub(super) struct Paths<'a> {
    world: &'a World,
    with: &'a Flow,
    without: &'a Flow,
    entity: Entity,
    /// By operation: whether its calls lead to the entity.
    leads: Vec<bool>,
}

impl<'a> Paths<'a> {
    /// Of the worst minute's two flows.
    pub(super) fn new(
        world: &'a World,
        incident: &Incident,
        (with, without): (&'a Flow, &'a Flow),
    ) -> Self {
        let entity = incident.entity;
        let mut paths =
            Self { world, with, without, entity, leads: vec![false; world.operations.len()] };
        for operation in (0..world.operations.len()).rev() {
            let leads = paths.is_at(operation)
                || world.calls_of(operation).any(|call| paths.call_leads(call));
            paths.leads[operation] = leads;
        }
        paths
    }

    /// From the cause to the tier where the transaction enters.
    pub(super) fn of(&self, transaction: usize) -> Vec<Entity> {
        let entry = self.world.transactions[transaction].operation;
        let mut path = self.down(entry, self.leads[entry]);
        if !self.leads[entry] {
            path.extend(self.beside(path.last().copied()));
        }
        path.reverse();
        let mut whole = self.cause();
        whole.extend(path);
        whole.dedup();
        whole
    }

    /// The entity, and where it stands for more than itself what of it was called.
    fn cause(&self) -> Vec<Entity> {
        match self.entity {
            Entity::Transaction(_) => Vec::new(),
            other => vec![other],
        }
    }

    /// Where the transaction's own calls end without having led to the entity, others of the same tier's do: they hold what
    /// both need, workers most often.
    fn beside(&self, end: Option<Entity>) -> Vec<Entity> {
        let Some(Entity::Tier(tier)) = end else { return Vec::new() };
        let leading = |operation: &&usize| self.leads[**operation];
        let most = |operation: usize| {
            let calls = self.world.calls_of(operation).filter(|call| self.call_leads(*call));
            calls.map(|call| self.added(call)).fold(0.0, f64::max)
        };
        let operations = self.world.tiers[tier].operations.iter().filter(leading);
        let one = operations.max_by(|one, other| most(**one).total_cmp(&most(**other)));
        one.map(|operation| self.down(*operation, true)[1..].to_vec()).unwrap_or_default()
    }

    fn is_at(&self, operation: usize) -> bool {
        let tier = self.world.operations[operation].tier;
        match self.entity {
            Entity::Tier(at) => at == tier,
            Entity::Node(node) => self.world.nodes[node].tier == tier,
            Entity::Host(host) => {
                self.world.tiers[tier].nodes.iter().any(|node| self.world.nodes[*node].host == host)
            }
            Entity::Backend(_) | Entity::Transaction(_) => false,
        }
    }

    fn backend_is_at(&self, backend: usize) -> bool {
        match self.entity {
            Entity::Backend(at) => at == backend,
            Entity::Host(host) => self.world.backends[backend].host == host,
            _ => false,
        }
    }

    fn call_leads(&self, call: usize) -> bool {
        let at_backend = self.world.calls[call].backend().is_some_and(|b| self.backend_is_at(b));
        let below = match self.world.calls[call].target {
            Target::Operation(callee) | Target::Queue { consumer: callee, .. } => {
                self.leads[callee]
            }
            Target::Backend(_) => false,
        };
        at_backend || below
    }

    /// Tiers from the entry down, and the backend if it ends in one. With `to_entity` only along calls that lead there.
    fn down(&self, entry: usize, to_entity: bool) -> Vec<Entity> {
        let mut path = Vec::new();
        let mut at = entry;
        loop {
            path.push(Entity::Tier(self.world.operations[at].tier));
            if to_entity && self.is_at(at) && !matches!(self.entity, Entity::Host(_)) {
                return path;
            }
            let fits = |call: &usize| !to_entity || self.call_leads(*call);
            let most = self
                .world
                .calls_of(at)
                .filter(fits)
                .max_by(|one, other| self.added(*one).total_cmp(&self.added(*other)));
            let Some(call) = most else { return path };
            let stays = (!to_entity || self.is_at(at)) && self.own_added(at) >= self.added(call);
            if stays {
                return path;
            }
            match self.world.calls[call].target {
                Target::Operation(callee) => at = callee,
                Target::Backend(backend) => {
                    path.push(Entity::Backend(backend));
                    return path;
                }
                Target::Queue { backend, consumer } => {
                    path.push(Entity::Backend(backend));
                    if self.backend_is_at(backend) || !to_entity {
                        return path;
                    }
                    at = consumer;
                }
            }
        }
    }

    /// Seconds that the call added to its caller.
    fn added(&self, call: usize) -> f64 {
        let (with, without) = (&self.with.calls[call], &self.without.calls[call]);
        let slower = with.count * with.whole.mean - without.count * without.whole.mean;
        let failing = if self.world.calls[call].optional {
            0.0
        } else {
            with.count * with.given_up - without.count * without.given_up
        };
        slower.max(0.0) + ERROR_S * failing.max(0.0)
    }

    /// Seconds that an operation added by itself, its own failures included.
    fn own_added(&self, operation: usize) -> f64 {
        let failing = |flow: &Flow| {
            let passed = |call: usize| {
                let of_call = &flow.calls[call];
                let counts = if self.world.calls[call].optional { 0.0 } else { of_call.count };
                (1.0 - of_call.given_up).powf(counts)
            };
            let passed: f64 = self.world.calls_of(operation).map(passed).product();
            1.0 - (1.0 - flow.operations[operation].error) / passed.max(1e-9)
        };
        let failing = (failing(self.with) - failing(self.without)).max(0.0);
        let own = |flow: &Flow| {
            let nodes = &self.world.tiers[self.world.operations[operation].tier].nodes;
            let places = nodes.iter().zip(&flow.operations[operation].at);
            places.map(|(node, place)| flow.nodes[*node].share * place.own.mean).sum::<f64>()
        };
        (own(self.with) - own(self.without)).max(0.0) + ERROR_S * failing
    }
}
