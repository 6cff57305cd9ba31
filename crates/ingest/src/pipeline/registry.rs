//! Names to entities, within the limits that keep an application readable: 200 business transactions, 1,000 backends a
//! tier and type, 500 nodes a tier. What comes beyond counts in an entity of its own kind that says so.

use std::{net::IpAddr, sync::Arc};

use metadata_store::{Directory, StoreError};
use model::{
    entity::{Entity, EntityKey, EntityKind, Properties, Waiting},
    id::{AccountId, EntityId},
    long_lived::LongLived,
    naming::{
        name,
        resource::ResourceIdentity,
        transaction::{self, EntryKind, EntryName, HEALTH_CHECKS},
    },
    spells::Spells,
    time::Minute,
};
use rustc_hash::{FxHashMap, FxHashSet};
use twox_hash::XxHash3_64;

use super::{
    findings::{Findings, Limited},
    nodes::Nodes,
    targets::Target,
};

/// Most entities of a kind.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Business transactions an application.
    pub transactions: usize,
    /// Business transactions that enter at one tier's nodes.
    pub transactions_a_tier: usize,
    /// Business transactions an application that wait for a place and are known by name.
    pub transactions_waiting: usize,
    /// Service endpoints a tier.
    pub endpoints: usize,
    /// Backends a tier and type.
    pub backends: usize,
    /// Queues an application.
    pub queues: usize,
    /// Error groups a tier.
    pub errors: usize,
    /// Applications an account.
    pub applications: usize,
    /// Tiers an application.
    pub tiers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            transactions: 200,
            transactions_a_tier: 50,
            transactions_waiting: 1000,
            endpoints: 500,
            backends: 1000,
            queues: 1000,
            errors: 500,
            applications: 1000,
            tiers: 2000,
        }
    }
}

/// Resolves names, making entities as they are met.
#[derive(Debug)]
pub(super) struct Registry {
    directory: Arc<Directory>,
    limits: Limits,
    applications: FxHashMap<u32, EntityId>,
    /// How many entities there are, by kind, application or parent, and type.
    counts: FxHashMap<(EntityKind, u32, String), usize>,
    /// What is resolved already, so that a name costs one look-up.
    endpoints: FxHashMap<(u32, u64), EntityId>,
    transactions: FxHashMap<u32, EntityId>,
    /// By the calling tier, the number of the target and that of the transport whose address it has.
    backends: FxHashMap<(u32, u32, u32), EntityId>,
    /// Which backends each tier calls, by their type.
    called: FxHashMap<(EntityId, String), FxHashSet<EntityId>>,
    /// When business transactions, and the service endpoints at which they enter, were long-lived.
    long_lived: FxHashMap<EntityId, LongLived>,
    /// When operators did not want business transactions.
    excluded: FxHashMap<EntityId, Spells>,
    /// Business transactions that have, or once had, no place of their own.
    waiting: FxHashMap<EntityId, Waiting>,
    /// When such were called, Unix milliseconds, since it was last asked.
    waiting_seen: FxHashMap<EntityId, i64>,
    /// Tiers that others of their application call, and which of them are to be noted as such.
    called_within: FxHashSet<u32>,
    newly_called: Vec<EntityId>,
    /// How often such calls came of what may be a piece.
    pieces: FxHashMap<EntityId, Comings>,
    addresses: FxHashMap<AccountId, FxHashMap<String, (EntityId, i64)>>,
    /// Events that were found.
    pub(super) findings: Findings,
    /// Accounts whose entities are counted.
    loaded: FxHashSet<AccountId>,
}

/// Names of endpoints that are resolved without a look at the directory; beyond it all are looked up again once.
const MAX_ENDPOINT_NAMES: usize = 200_000;
/// A business transaction that was not seen for so long frees its place, milliseconds.
const FREE_AFTER_MS: i64 = 7 * 86_400_000;

/// Where a resource stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) account: AccountId,
    pub(super) application: EntityId,
    pub(super) tier: EntityId,
    pub(super) node: EntityId,
}

impl Registry {
    pub(super) fn new(directory: Arc<Directory>, limits: Limits) -> Registry {
        Registry {
            directory,
            limits,
            applications: FxHashMap::default(),
            counts: FxHashMap::default(),
            endpoints: FxHashMap::default(),
            transactions: FxHashMap::default(),
            backends: FxHashMap::default(),
            called: FxHashMap::default(),
            long_lived: FxHashMap::default(),
            excluded: FxHashMap::default(),
            waiting: FxHashMap::default(),
            waiting_seen: FxHashMap::default(),
            called_within: FxHashSet::default(),
            newly_called: Vec::new(),
            pieces: FxHashMap::default(),
            addresses: FxHashMap::default(),
            findings: Findings::default(),
            loaded: FxHashSet::default(),
        }
    }

    /// Counts what an account has already, so that the limits hold across a restart.
    pub(super) fn load(&mut self, account: AccountId, now_ms: i64) {
        if !self.loaded.insert(account) {
            return;
        }
        let kinds = [
            EntityKind::Application,
            EntityKind::Tier,
            EntityKind::ServiceEndpoint,
            EntityKind::Queue,
            EntityKind::ErrorGroup,
            EntityKind::Address,
        ];
        let entities: Vec<_> = kinds.into_iter().flat_map(|kind| self.all(account, kind)).collect();
        for entity in entities {
            for group in groups_of(&entity.key, &entity.properties) {
                *self.counts.entry(group).or_default() += 1;
            }
            if entity.properties.called {
                self.called_within.insert(entity.id.0);
            }
            if entity.key.kind == EntityKind::Address {
                let known = (entity.key.parent, entity.created_ms);
                self.addresses.entry(account).or_default().insert(entity.key.name.clone(), known);
            }
        }
        for bt in self.all(account, EntityKind::BusinessTransaction) {
            self.note_long_lived(&bt.key, bt.id, &bt.properties.long_lived);
            if !bt.properties.excluded.spells.is_empty() {
                self.excluded.insert(bt.id, bt.properties.excluded.spells.clone());
            }
            if let Some(waiting) = bt.properties.waiting {
                self.waiting.insert(bt.id, waiting);
            }
        }
        self.count_transactions(account, now_ms);
    }

    /// Whether a call of this business transaction or service endpoint is long-lived, by when it ended.
    pub(super) fn is_long_lived(&self, entity: EntityId, end_ns: u64) -> bool {
        self.long_lived.get(&entity).is_some_and(|known| known.is_at(end_ns))
    }

    /// All business transactions of an account with what is known of their lives.
    pub(super) fn transactions(&self, account: AccountId) -> Vec<Arc<Entity>> {
        self.all(account, EntityKind::BusinessTransaction)
    }

    /// Changes when a business transaction was long-lived.
    pub(super) fn set_long_lived(
        &mut self,
        bt: &Entity,
        changed: LongLived,
    ) -> Result<(), StoreError> {
        let spells = changed.spells.clone();
        self.directory
            .change_properties(bt.id, |properties| properties.long_lived.spells = spells)?;
        self.note_long_lived(&bt.key, bt.id, &changed);
        Ok(())
    }

    fn note_long_lived(&mut self, key: &EntityKey, bt: EntityId, known: &LongLived) {
        if known.spells.is_empty() {
            return;
        }
        let endpoint = EntityKey { kind: EntityKind::ServiceEndpoint, ..key.clone() };
        let places = [Some(bt), self.directory.find(&endpoint)];
        for place in places.into_iter().flatten() {
            self.long_lived.insert(place, known.clone());
        }
    }

    /// Begins and ends the exclusion of business transactions as operators want it, for calls that end at `from_ns` or later,
    /// which is after every call that was taken. Returns names, and whether each is excluded now.
    ///
    /// # Errors
    /// When the metadata store does not answer; those before the one that failed are changed.
    pub(super) fn exclude(
        &mut self,
        account: AccountId,
        from_ns: u64,
        now_ms: i64,
    ) -> Result<Vec<(String, bool)>, StoreError> {
        let mut changes = Vec::new();
        for bt in self.transactions(account) {
            let Some(changed) = bt.properties.excluded.reconciled(from_ns) else { continue };
            let spells = changed.spells;
            let stored = spells.clone();
            self.directory
                .change_properties(bt.id, |properties| properties.excluded.spells = stored)?;
            changes.push((bt.key.name.clone(), spells.is_now()));
            self.excluded.insert(bt.id, spells);
        }
        if !changes.is_empty() {
            // What is excluded takes no place of its application or tier.
            self.recount(now_ms);
        }
        Ok(changes)
    }

    /// All tiers of an account.
    pub(super) fn tiers(&self, account: AccountId) -> Vec<EntityId> {
        self.all(account, EntityKind::Tier).into_iter().map(|tier| tier.id).collect()
    }

    /// Says of a tier which share of its requests its spans show.
    pub(super) fn set_spans_show(
        &self,
        tier: EntityId,
        percent: Option<u8>,
    ) -> Result<(), StoreError> {
        self.directory.change_properties(tier, |properties| properties.spans_show_percent = percent)
    }

    /// One entity, as it is known.
    pub(super) fn get(&self, id: EntityId) -> Option<Arc<Entity>> {
        self.directory.get(id)
    }

    fn all(&self, account: AccountId, kind: EntityKind) -> Vec<Arc<Entity>> {
        self.directory.of_application(account, EntityId::NONE, kind)
    }

    /// The accounts that have reported.
    pub(super) fn accounts(&self) -> impl Iterator<Item = AccountId> + '_ {
        self.loaded.iter().copied()
    }

    /// Counts the business transactions again, without those that have long been silent: their places are free.
    pub(super) fn recount(&mut self, now_ms: i64) {
        self.counts.retain(|(kind, ..), _| *kind != EntityKind::BusinessTransaction);
        for account in self.loaded.clone() {
            self.count_transactions(account, now_ms);
        }
        self.transactions.clear();
    }

    fn count_transactions(&mut self, account: AccountId, now_ms: i64) {
        let live = |entity: &Arc<Entity>| entity.last_seen_ms > now_ms - FREE_AFTER_MS;
        for entity in self.all(account, EntityKind::BusinessTransaction).into_iter().filter(live) {
            for group in groups_of(&entity.key, &entity.properties) {
                *self.counts.entry(group).or_default() += 1;
            }
        }
    }

    /// The application, tier and node of a resource.
    pub(super) fn place(
        &mut self,
        account: AccountId,
        identity: &ResourceIdentity,
        nodes: &mut Nodes,
        now_ms: i64,
    ) -> Result<Place, StoreError> {
        self.load(account, now_ms);
        let application = self.bounded(
            EntityKey {
                account,
                kind: EntityKind::Application,
                application: EntityId::NONE,
                parent: EntityId::NONE,
                name: identity.application.clone(),
            },
            Properties::default(),
            self.limits.applications,
            "All other applications",
            now_ms,
        )?;
        let of_tier = Properties {
            system: identity.runtime.clone().unwrap_or_default(),
            agent: identity.agent.clone(),
            hints: identity.hints.clone(),
            ..Properties::default()
        };
        let key = EntityKey {
            account,
            kind: EntityKind::Tier,
            application,
            parent: EntityId::NONE,
            name: identity.tier.clone(),
        };
        let tier = self.bounded(key, of_tier, self.limits.tiers, "All other tiers", now_ms)?;
        self.applications.insert(tier.0, application);
        let named = nodes.name(tier, &identity.node_base, identity.process, now_ms);
        let of_node = Properties {
            system: identity.runtime.clone().unwrap_or_default(),
            agent: identity.agent.clone(),
            host: identity.host.clone().unwrap_or_default(),
            ..Properties::default()
        };
        let key = EntityKey {
            account,
            kind: EntityKind::Node,
            application,
            parent: tier,
            name: named.name,
        };
        let node = self.directory.resolve(&[(key.clone(), of_node)], now_ms)?[0];
        let place = Place { account, application, tier, node };
        self.findings.reported(&self.directory, &place, identity, now_ms);
        // What nobody calls, a job by the hour for one, begins anew each time.
        let is_called =
            self.counts.contains_key(&(EntityKind::ServiceEndpoint, tier.0, String::new()));
        if let Some(replaced) = named.replaced.filter(|_| is_called) {
            let gone = EntityKey { name: replaced.name.clone(), ..key };
            let gone = self.directory.find(&gone).unwrap_or(node);
            self.findings.restarted(&self.directory, &place, gone, &replaced);
        }
        Ok(place)
    }

    /// The service endpoint of an entry.
    pub(super) fn endpoint(
        &mut self,
        place: &Place,
        tier_name: &str,
        name: &EntryName,
        now_ms: i64,
    ) -> Result<EntityId, StoreError> {
        let known = (place.tier.0, fingerprint(name));
        if let Some(&endpoint) = self.endpoints.get(&known) {
            return Ok(endpoint);
        }
        let other = transaction::other_traffic(tier_name);
        let (text, other_traffic, health_check) = match &name.kind {
            EntryKind::Named(text) => (text.clone(), false, false),
            EntryKind::HealthCheck => (HEALTH_CHECKS.to_owned(), false, true),
            EntryKind::OtherTraffic => (other.clone(), true, false),
        };
        let properties = Properties {
            category: name.category.to_owned(),
            background: name.background(),
            other_traffic,
            health_check,
            ..Properties::default()
        };
        let key = EntityKey {
            account: place.account,
            kind: EntityKind::ServiceEndpoint,
            application: place.application,
            parent: place.tier,
            name: text,
        };
        let endpoint = self.bounded(key, properties, self.limits.endpoints, &other, now_ms)?;
        if self.endpoints.len() >= MAX_ENDPOINT_NAMES {
            self.endpoints.clear();
        }
        self.endpoints.insert(known, endpoint);
        Ok(endpoint)
    }

    /// The business transaction in which a call counts that enters at a service endpoint.
    pub(super) fn transaction(
        &mut self,
        endpoint: EntityId,
        call: Call,
        now_ms: i64,
    ) -> Result<EntityId, StoreError> {
        if let Some(&known) = self.transactions.get(&endpoint.0) {
            return self.counting_for(known, call, now_ms);
        }
        let Some(entry) = self.directory.get(endpoint) else { return Ok(EntityId::NONE) };
        let key = EntityKey { kind: EntityKind::BusinessTransaction, ..entry.key.clone() };
        let bt = self.bounded_transaction(key, entry.properties.clone(), call, now_ms)?;
        self.transactions.insert(endpoint.0, bt);
        self.counting_for(bt, call, now_ms)
    }

    /// The business transaction in which a call counts that enters at a tier under a name.
    pub(super) fn named_transaction(
        &mut self,
        tier: EntityId,
        name: &str,
        properties: Properties,
        call: Call,
        now_ms: i64,
    ) -> Result<EntityId, StoreError> {
        let Some(of) = self.directory.get(tier) else { return Ok(EntityId::NONE) };
        let key = EntityKey {
            account: of.key.account,
            kind: EntityKind::BusinessTransaction,
            application: of.key.application,
            parent: tier,
            name: name::limit(name).into_owned(),
        };
        let bt = self.bounded_transaction(key, properties, call, now_ms)?;
        self.counting_for(bt, call, now_ms)
    }

    /// Where a call of a business transaction counts: in itself, in other traffic while it waits, or in none while it is
    /// excluded, or where both may be pieces.
    fn counting_for(
        &mut self,
        bt: EntityId,
        call: Call,
        now_ms: i64,
    ) -> Result<EntityId, StoreError> {
        if self.excluded.get(&bt).is_some_and(|excluded| excluded.is_at(call.end_ns)) {
            return Ok(EntityId::NONE);
        }
        let Some(waiting) = self.waiting.get(&bt) else { return Ok(bt) };
        if waiting.has_place_at(call.end_ns) {
            return Ok(bt);
        }
        let may_be_piece = waiting.piece;
        let Some(known) = self.directory.get(bt) else { return Ok(bt) };
        let seen = self.waiting_seen.entry(bt).or_default();
        *seen = now_ms.max(*seen);
        if may_be_piece {
            self.pieces.entry(bt).or_default().note(call);
            if call.piece {
                return Ok(EntityId::NONE);
            }
        }
        let (key, properties) = self.other_traffic(known.key.clone());
        match self.directory.find(&key) {
            Some(other) => Ok(other),
            None => self.resolve(key, properties, now_ms),
        }
    }

    fn count(&self, of: EntityId, what: &str) -> usize {
        let group = (EntityKind::BusinessTransaction, of.0, what.to_owned());
        self.counts.get(&group).copied().unwrap_or(0)
    }

    /// A new one waits where there is no place for it, or where others wait for one.
    fn bounded_transaction(
        &mut self,
        key: EntityKey,
        properties: Properties,
        call: Call,
        now_ms: i64,
    ) -> Result<EntityId, StoreError> {
        if is_special(&properties) || self.directory.find(&key).is_some() {
            return self.resolve(key, properties, now_ms);
        }
        if call.piece && self.is_only_called(key.parent) {
            return match self.count(key.application, PIECES) < self.limits.transactions_waiting {
                true => self.wait(
                    key,
                    properties,
                    Waiting { piece: true, ..Waiting::default() },
                    now_ms,
                ),
                false => Ok(EntityId::NONE),
            };
        }
        let waiting = self.count(key.application, WAITING);
        if self.has_place(&key) && waiting == 0 {
            return self.resolve(key, properties, now_ms);
        }
        self.no_place(&key, now_ms);
        if waiting >= self.limits.transactions_waiting {
            let (key, properties) = self.other_traffic(key);
            return self.resolve(key, properties, now_ms);
        }
        self.wait(key, properties, Waiting::default(), now_ms)
    }

    /// Makes a business transaction that has no place of its own.
    fn wait(
        &mut self,
        key: EntityKey,
        properties: Properties,
        waiting: Waiting,
        now_ms: i64,
    ) -> Result<EntityId, StoreError> {
        let properties = Properties { waiting: Some(waiting), ..properties };
        self.resolve(key, properties, now_ms)
    }

    /// Whether others of its application call a tier, and no business transaction enters at it.
    fn is_only_called(&self, tier: EntityId) -> bool {
        self.called_within.contains(&tier.0) && self.count(tier, "tier") == 0
    }

    /// Learns that a tier's entry worked for a transaction that another tier began.
    pub(super) fn learn_called(&mut self, tier: u32) {
        if self.called_within.insert(tier) {
            self.newly_called.push(EntityId(tier));
        }
    }

    /// Stores what was learnt by [`Registry::learn_called`].
    ///
    /// # Errors
    /// When the metadata store does not answer; what was not stored is tried again.
    pub(super) fn note_called(&mut self) -> Result<(), StoreError> {
        while let Some(tier) = self.newly_called.last() {
            self.directory.change_properties(*tier, |properties| properties.called = true)?;
            self.newly_called.pop();
        }
        Ok(())
    }

    fn no_place(&mut self, key: &EntityKey, now_ms: i64) {
        let kind = EntityKind::BusinessTransaction;
        let about = [key.application, key.parent];
        let (about, limit) = match self.count(key.application, "") < self.limits.transactions {
            true => (&about[..], self.limits.transactions_a_tier),
            false => (&about[..1], self.limits.transactions),
        };
        self.findings.limit(
            &self.directory,
            key.account,
            about,
            (Limited::Entities(kind), limit),
            now_ms,
        );
    }

    /// There is no room for further metric series of the application, or of all where there is none given.
    pub(super) fn no_series(
        &mut self,
        account: AccountId,
        application: Option<EntityId>,
        limit: usize,
        now_ms: i64,
    ) {
        let limit = (Limited::Series, limit);
        self.findings.limit(&self.directory, account, application.as_slice(), limit, now_ms);
    }

    fn has_place(&self, key: &EntityKey) -> bool {
        self.count(key.application, "") < self.limits.transactions
            && self.count(key.parent, "tier") < self.limits.transactions_a_tier
    }

    /// Gives places to business transactions that an operator wants counted by themselves and, as far as there are free
    /// ones, to those that wait: for calls that end at `from_ns` or later, which is after every call that was taken.
    /// Returns their names.
    ///
    /// # Errors
    /// When the metadata store does not answer; those before the one that failed have their places.
    pub(super) fn promote(
        &mut self,
        account: AccountId,
        from_ns: u64,
        now_ms: i64,
    ) -> Result<Vec<String>, StoreError> {
        let mut waiting = self.transactions(account);
        waiting.retain(|bt| bt.properties.is_waiting());
        // Those that an operator wants come first, then those that wait longest.
        let promoted = |bt: &Entity| bt.properties.waiting.is_some_and(|waiting| waiting.promoted);
        waiting.sort_by_key(|bt| (!promoted(bt), bt.created_ms, bt.id));
        let mut names = Vec::new();
        for bt in waiting {
            let lives = bt.last_seen_ms > now_ms - FREE_AFTER_MS;
            let is_own = !bt.properties.is_piece()
                || self.pieces.get(&bt.id).is_some_and(|comings| comings.are_own(now_ms));
            if !(promoted(&bt) || lives && is_own && self.has_place(&bt.key)) {
                continue;
            }
            self.pieces.remove(&bt.id);
            let waited = bt.properties.waiting.unwrap_or_default();
            let has_place = Waiting { promoted: true, from_ns: Some(from_ns), ..waited };
            self.directory
                .change_properties(bt.id, |properties| properties.waiting = Some(has_place))?;
            self.waiting.insert(bt.id, has_place);
            if lives {
                let waited = groups_of(&bt.key, &bt.properties);
                waited.iter().for_each(|group| self.uncount(group));
            }
            let with_place = Properties { waiting: Some(has_place), ..bt.properties.clone() };
            for group in groups_of(&bt.key, &with_place) {
                *self.counts.entry(group).or_default() += 1;
            }
            names.push(bt.key.name.clone());
        }
        Ok(names)
    }

    fn uncount(&mut self, group: &(EntityKind, u32, String)) {
        if let Some(count) = self.counts.get_mut(group) {
            *count = count.saturating_sub(1);
        }
    }

    /// When business transactions without a place were called since this was last asked, Unix milliseconds.
    pub(super) fn take_waiting_seen(&mut self) -> Vec<(EntityId, i64)> {
        self.waiting_seen.drain().collect()
    }

    fn other_traffic(&self, key: EntityKey) -> (EntityKey, Properties) {
        let tier =
            self.directory.get(key.parent).map(|tier| tier.key.name.clone()).unwrap_or_default();
        let name = name::limit(&transaction::other_traffic(&tier)).into_owned();
        let properties = Properties {
            category: "OTHER".to_owned(),
            other_traffic: true,
            ..Properties::default()
        };
        (EntityKey { name, ..key }, properties)
    }

    /// The backend that a tier's call leads to where no tier answers at that address. Known by the numbers of its target
    /// and of the transport that gave it its address, or 0.
    pub(super) fn backend(
        &mut self,
        tier: EntityId,
        (number, carrier): (u32, u32),
        target: &Target,
        now_ms: i64,
    ) -> Result<EntityId, StoreError> {
        if let Some(&known) = self.backends.get(&(tier.0, number, carrier)) {
            return Ok(known);
        }
        let Some(of) = self.directory.get(tier) else { return Ok(EntityId::NONE) };
        let (account, application) = (of.key.account, of.key.application);
        let kind = if target.queue { EntityKind::Queue } else { EntityKind::Backend };
        let key = EntityKey {
            account,
            kind,
            application,
            parent: EntityId::NONE,
            name: name::limit(&target.name).into_owned(),
        };
        let properties = Properties {
            category: target.category.clone(),
            system: target.system.clone(),
            address: target.address.clone(),
            ..Properties::default()
        };
        let other = format!("All other traffic for {}", target.category);
        let backend = match target.queue {
            true => self.bounded(key, properties, self.limits.queues, &other, now_ms)?,
            false => self.backend_of_tier(tier, key, properties, &other, now_ms)?,
        };
        self.backends.insert((tier.0, number, carrier), backend);
        Ok(backend)
    }

    /// One backend of a tier, or the one that stands for all others when the tier calls too many of its type already.
    fn backend_of_tier(
        &mut self,
        tier: EntityId,
        key: EntityKey,
        properties: Properties,
        other: &str,
        now_ms: i64,
    ) -> Result<EntityId, StoreError> {
        let place = (tier, properties.category.clone());
        let called = self.called.get(&place);
        let is_called = self
            .directory
            .find(&key)
            .is_some_and(|known| called.is_some_and(|called| called.contains(&known)));
        if !is_called && called.is_some_and(|called| called.len() >= self.limits.backends) {
            let about = [key.application, tier];
            let limit = (Limited::Entities(key.kind), self.limits.backends);
            self.findings.limit(&self.directory, key.account, &about, limit, now_ms);
            return self.resolve_other(key, properties, other, now_ms);
        }
        let backend = self.resolve(key, properties, now_ms)?;
        self.called.entry(place).or_default().insert(backend);
        Ok(backend)
    }

    /// Which backends each tier calls, for a checkpoint.
    pub(super) fn save_backends(&self) -> Vec<(EntityId, Vec<EntityId>)> {
        let of_tier = |((tier, _), called): (&(EntityId, String), &FxHashSet<EntityId>)| {
            (*tier, called.iter().copied().collect())
        };
        self.called.iter().map(of_tier).collect()
    }

    /// Takes over which backends each tier calls.
    pub(super) fn restore_backends(&mut self, saved: Vec<(EntityId, Vec<EntityId>)>) {
        for (tier, called) in saved {
            for backend in called {
                let Some(known) = self.directory.get(backend) else { continue };
                let place = (tier, known.properties.category.clone());
                self.called.entry(place).or_default().insert(backend);
            }
        }
    }

    /// An exception's group.
    pub(super) fn error_group(
        &mut self,
        tier: EntityId,
        group: &(String, String),
        now_ms: i64,
    ) -> Result<EntityId, StoreError> {
        let Some(of) = self.directory.get(tier) else { return Ok(EntityId::NONE) };
        let key = EntityKey {
            account: of.key.account,
            kind: EntityKind::ErrorGroup,
            application: of.key.application,
            parent: tier,
            name: name::limit(&format!("{}: {}", group.0, group.1)).into_owned(),
        };
        let properties = Properties { category: group.0.clone(), ..Properties::default() };
        self.bounded(key, properties, self.limits.errors, "All other errors", now_ms)
    }

    /// The tier that is known to answer at an address, and since when (Unix milliseconds).
    pub(super) fn answers_at(&self, account: AccountId, address: &str) -> Option<(EntityId, i64)> {
        self.addresses.get(&account)?.get(address).copied()
    }

    /// Learns that a tier answers at an address.
    pub(super) fn learn_address(
        &mut self,
        account: AccountId,
        address: &str,
        tier: EntityId,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let known = self.addresses.entry(account).or_default();
        if address.is_empty() || known.contains_key(address) || known.len() >= MAX_ADDRESSES {
            return Ok(());
        }
        let key = EntityKey {
            account,
            kind: EntityKind::Address,
            application: EntityId::NONE,
            parent: tier,
            name: name::limit(address).into_owned(),
        };
        self.directory.resolve(&[(key, Properties::default())], now_ms)?;
        known.insert(address.to_owned(), (tier, now_ms));
        Ok(())
    }

    pub(super) fn application_of(&mut self, tier: u32) -> EntityId {
        if let Some(&known) = self.applications.get(&tier) {
            return known;
        }
        let Some(of) = self.directory.get(EntityId(tier)) else { return EntityId::NONE };
        self.applications.insert(tier, of.key.application);
        of.key.application
    }

    /// An entity's name; empty for one that is not known.
    pub(super) fn name_of(&self, id: EntityId) -> String {
        self.directory.get(id).map(|entity| entity.key.name.clone()).unwrap_or_default()
    }

    /// Resolves a key, or the one that stands for all others when there are too many of its kind already.
    fn bounded(
        &mut self,
        key: EntityKey,
        properties: Properties,
        limit: usize,
        other: &str,
        now_ms: i64,
    ) -> Result<EntityId, StoreError> {
        if let Some(known) = self.directory.find(&key) {
            return Ok(known);
        }
        let group = groups_of(&key, &properties).swap_remove(0);
        if self.counts.get(&group).copied().unwrap_or(0) < limit {
            return self.resolve(key, properties, now_ms);
        }
        let about = [key.application, key.parent];
        self.findings.limit(
            &self.directory,
            key.account,
            &about,
            (Limited::Entities(key.kind), limit),
            now_ms,
        );
        self.resolve_other(key, properties, other, now_ms)
    }

    /// The entity that stands for all others of its kind.
    fn resolve_other(
        &mut self,
        key: EntityKey,
        properties: Properties,
        other: &str,
        now_ms: i64,
    ) -> Result<EntityId, StoreError> {
        let name = name::limit(other).into_owned();
        self.resolve(
            EntityKey { name, ..key },
            Properties { other_traffic: true, ..properties },
            now_ms,
        )
    }

    fn resolve(
        &mut self,
        key: EntityKey,
        properties: Properties,
        now_ms: i64,
    ) -> Result<EntityId, StoreError> {
        let is_new = self.directory.find(&key).is_none();
        let may_wait = key.kind == EntityKind::BusinessTransaction;
        let id = self.directory.resolve(&[(key, properties)], now_ms)?[0];
        if !is_new && !may_wait {
            return Ok(id);
        }
        // What it is was settled by whoever made it, perhaps an earlier attempt that got no answer.
        let Some(known) = self.directory.get(id) else { return Ok(id) };
        if is_new {
            let groups = groups_of(&known.key, &known.properties).into_iter();
            groups.for_each(|group| *self.counts.entry(group).or_default() += 1);
        }
        if let Some(waiting) = known.properties.waiting {
            self.waiting.entry(id).or_insert(waiting);
        }
        Ok(id)
    }
}

/// Addresses that one account's tiers answer at.
const MAX_ADDRESSES: usize = 100_000;

/// What the business transactions of an application that wait for a place are counted as.
const WAITING: &str = "waiting";
/// What those are counted as that may be pieces of others.
const PIECES: &str = "pieces";

/// A call that enters a transaction, as far as it matters where it counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    /// When it ended, Unix nanoseconds.
    pub(super) end_ns: u64,
    /// Something above it was named and did not come.
    pub(super) piece: bool,
}

/// Whether calls of what may be a piece keep coming.
#[derive(Debug, Default)]
struct Comings {
    /// The newest minute in which one ended, and in which of those before it one did: the lowest bit is the newest.
    newest: Minute,
    minutes: u16,
    /// One was no piece.
    whole: bool,
}

impl Comings {
    /// Calls of callers that nobody instruments come in so many of 15 minutes; what was lost around a stop came in fewer.
    const OWN_MINUTES: u32 = 10;

    fn note(&mut self, call: Call) {
        self.whole |= !call.piece;
        let minute = Minute::of_millis((call.end_ns / 1_000_000).cast_signed());
        let later = minute.0.saturating_sub(self.newest.0);
        let earlier = self.newest.0.saturating_sub(minute.0);
        self.minutes =
            self.minutes.checked_shl(later).unwrap_or(0) | 1u16.checked_shl(earlier).unwrap_or(0);
        self.newest = self.newest.max(minute);
    }

    /// Whether they are a transaction of their own: nothing lacks above one, or they have come for long, and still do.
    fn are_own(&self, now_ms: i64) -> bool {
        const LAST: u16 = (1 << 15) - 1;
        let is_fresh = self.newest.0 + 15 > Minute::of_millis(now_ms).0;
        self.whole || is_fresh && (self.minutes & LAST).count_ones() >= Comings::OWN_MINUTES
    }
}

/// Takes no place of its own.
fn is_special(properties: &Properties) -> bool {
    properties.other_traffic || properties.health_check
}

/// Tells names of entries of one tier apart.
fn fingerprint(name: &EntryName) -> u64 {
    let (seed, text) = match &name.kind {
        EntryKind::Named(text) => (1, text.as_str()),
        EntryKind::HealthCheck => (2, ""),
        EntryKind::OtherTraffic => (3, ""),
    };
    XxHash3_64::oneshot_with_seed(seed, text.as_bytes())
}

/// The groups that an entity's number is limited in; the first is the main one.
fn groups_of(key: &EntityKey, properties: &Properties) -> Vec<(EntityKind, u32, String)> {
    let group = |of: EntityId, what: &str| (key.kind, of.0, what.to_owned());
    match key.kind {
        EntityKind::Application => vec![group(EntityId(key.account.0), "")],
        EntityKind::BusinessTransaction
            if is_special(properties) || properties.excluded.spells.is_now() =>
        {
            Vec::new()
        }
        EntityKind::BusinessTransaction if properties.is_piece() => {
            vec![group(key.application, PIECES)]
        }
        EntityKind::BusinessTransaction if properties.is_waiting() => {
            vec![group(key.application, WAITING)]
        }
        EntityKind::BusinessTransaction => {
            vec![group(key.application, ""), group(key.parent, "tier")]
        }
        // Limited by the tier that calls.
        EntityKind::Backend => Vec::new(),
        EntityKind::ServiceEndpoint | EntityKind::ErrorGroup | EntityKind::Node => {
            vec![group(key.parent, "")]
        }
        EntityKind::Tier | EntityKind::Queue | EntityKind::Address => {
            vec![group(key.application, "")]
        }
    }
}

/// The host that a loopback address stands for: the resource's, else the sender's, else the tier itself.
pub(super) fn host_of(identity: &ResourceIdentity, sender: Option<IpAddr>) -> String {
    match (&identity.host, sender) {
        (Some(host), _) => host.clone(),
        (None, Some(sender)) if !sender.to_canonical().is_loopback() => {
            sender.to_canonical().to_string()
        }
        (None, _) => identity.tier.clone(),
    }
}
