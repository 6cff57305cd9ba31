//! The world of a trace that is being closed: names, addresses and queues as the registry knows them.

use metadata_store::StoreError;
use model::{
    entity::Properties,
    id::{AccountId, EntityId},
    naming::{exit::ExitKey, transaction::category},
};

use super::{
    decide::World,
    registry::{Call, Registry},
    skeleton::{CONSUMER, INTERNAL_ROOT, Skeleton},
    targets::Targets,
};

/// Resolves for one trace.
pub(super) struct TraceWorld<'w> {
    pub(super) registry: &'w mut Registry,
    pub(super) targets: &'w Targets,
    pub(super) account: AccountId,
    pub(super) names: &'w [(u64, String)],
    /// Addresses learnt from this time on (Unix milliseconds) do not decide the trace.
    pub(super) known_by_ms: i64,
    /// One learnt from this time on is fresh.
    pub(super) fresh_from_ms: i64,
    /// A fresh address took part.
    pub(super) by_a_fresh_address: bool,
    pub(super) now_ms: i64,
    /// The first failure; what was decided after it is not used.
    pub(super) failure: Option<StoreError>,
}

impl TraceWorld<'_> {
    fn or_fail(&mut self, result: Result<EntityId, StoreError>) -> EntityId {
        result.unwrap_or_else(|error| {
            self.failure.get_or_insert(error);
            EntityId::NONE
        })
    }

    /// The name that a span gave.
    fn name_by(&self, span: u64) -> Option<&str> {
        self.names.iter().find(|(id, _)| *id == span).map(|(_, name)| name.as_str())
    }

    fn named(
        &mut self,
        entry: &Skeleton,
        span: u64,
        category: &str,
        piece: bool,
    ) -> Result<EntityId, StoreError> {
        let Some(name) = self.name_by(span).map(str::to_owned) else { return Ok(EntityId::NONE) };
        let properties = Properties {
            category: category.to_owned(),
            background: category == category::BACKGROUND,
            ..Properties::default()
        };
        let tier = EntityId(entry.tier);
        let call = Call { end_ns: entry.end_ns, piece };
        self.registry.named_transaction(tier, &name, properties, call, self.now_ms)
    }
}

impl World for TraceWorld<'_> {
    fn application_of(&mut self, tier: u32) -> EntityId {
        self.registry.application_of(tier)
    }

    fn transaction(&mut self, entry: &Skeleton, named_by: Option<u64>, piece: bool) -> EntityId {
        let result = match named_by {
            Some(span) => self.named(entry, span, category::GRAPHQL, piece),
            None if entry.is(INTERNAL_ROOT) => {
                self.named(entry, entry.id, category::BACKGROUND, piece)
            }
            None => {
                let call = Call { end_ns: entry.end_ns, piece };
                self.registry.transaction(EntityId(entry.endpoint), call, self.now_ms)
            }
        };
        self.or_fail(result)
    }

    fn exit_key(&self, target: u32) -> Option<ExitKey> {
        self.targets.get(target).map(|target| target.exit_key())
    }

    fn far_end(
        &mut self,
        exit: &Skeleton,
        carrier: Option<u32>,
        answered: Option<u32>,
    ) -> EntityId {
        let Some(target) = self.targets.get(exit.target) else { return EntityId::NONE };
        // The broker's address is no part of a queue.
        let carrier = carrier.filter(|_| target.address.is_empty() && !target.queue);
        let transport = carrier
            .and_then(|number| self.targets.get(number))
            .filter(|transport| !transport.address.is_empty());
        let numbers = (exit.target, carrier.filter(|_| transport.is_some()).unwrap_or(0));
        let carried = transport.map(|transport| target.carried_by(transport));
        let target = carried.as_ref().unwrap_or(target);
        if target.queue {
            let result = self.registry.backend(EntityId(exit.tier), numbers, target, self.now_ms);
            return self.or_fail(result);
        }
        let address = target.address.as_str();
        if let Some(tier) = answered {
            let learnt =
                self.registry.learn_address(self.account, address, EntityId(tier), self.now_ms);
            if let Err(error) = learnt {
                self.failure.get_or_insert(error);
            }
            return EntityId(tier);
        }
        match self.registry.answers_at(self.account, address) {
            Some((tier, since_ms)) if since_ms < self.known_by_ms => {
                self.by_a_fresh_address |= since_ms >= self.fresh_from_ms;
                return tier;
            }
            _ => {}
        }
        let result = self.registry.backend(EntityId(exit.tier), numbers, target, self.now_ms);
        self.or_fail(result)
    }

    fn queue(&mut self, entry: &Skeleton) -> EntityId {
        if !entry.is(CONSUMER) {
            return EntityId::NONE;
        }
        let Some(target) = self.targets.get(entry.target) else { return EntityId::NONE };
        let result =
            self.registry.backend(EntityId(entry.tier), (entry.target, 0), target, self.now_ms);
        self.or_fail(result)
    }
}
