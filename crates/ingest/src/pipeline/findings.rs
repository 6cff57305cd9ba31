//! Events that are found on the way: who reports for the first time, by another version, from another process; what there
//! are as many of as may be.
//!
//! They wait for the next cut and are stored before it is committed, with the versions by which the next one is known: what
//! is read again after a crash finds the same events, with the same keys, since both are made of the time at which a record
//! arrived. Something that happens again and again is one event an interval, which says how often.

use metadata_store::{
    Directory, EntityRef, EventLog, EventSeverity, NewEvent, StoreError, event_key,
};
use model::{
    entity::{EntityKind, Properties},
    event,
    id::{AccountId, EntityId},
    naming::resource::ResourceIdentity,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{nodes::Replaced, registry::Place};

/// What happens more often within so long is one event, milliseconds.
const INTERVAL_MS: i64 = 600_000;
const DAY_MS: i64 = 86_400_000;
/// Events that may wait for a cut; further ones are not found.
const MAX_WAITING: usize = 1000;

/// What was found since the last cut.
#[derive(Debug, Default)]
pub(super) struct Findings {
    events: FxHashMap<[u8; 16], NewEvent>,
    /// Versions and agents of tiers and nodes that the directory does not have yet.
    known: FxHashMap<EntityId, Known>,
    /// How often what waits or was stored within the last interval happened, and when first.
    repeats: FxHashMap<[u8; 16], (u32, i64)>,
    /// Limits that were told, by what, of whom, and day.
    told: FxHashSet<(Limited, u32, i64)>,
}

/// What there may be only so many of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Limited {
    Entities(EntityKind),
    /// Of metrics.
    Series,
}

impl Limited {
    /// Stands for it in the key of an event.
    fn number(self) -> u8 {
        match self {
            Limited::Entities(kind) => kind as u8,
            Limited::Series => u8::MAX,
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Limited::Entities(kind) => plural(kind),
            Limited::Series => "metric series",
        }
    }

    /// What becomes of further ones.
    fn beyond(self) -> &'static str {
        match self {
            Limited::Entities(_) => "further ones count together",
            Limited::Series => "points of further ones are refused",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Known {
    version: String,
    agent: String,
}

impl Known {
    fn of(properties: &Properties) -> Known {
        Known { version: properties.version.clone(), agent: properties.agent.clone() }
    }
}

/// What a finding is about, and what it says.
struct Finding<'f> {
    kind: &'static str,
    severity: EventSeverity,
    account: AccountId,
    /// The widest first.
    about: &'f [EntityId],
    key: [u8; 16],
    at_ms: i64,
    properties: Vec<(String, String)>,
}

impl Findings {
    /// A resource reported and was given its place.
    pub(super) fn reported(
        &mut self,
        directory: &Directory,
        place: &Place,
        identity: &ResourceIdentity,
        at_ms: i64,
    ) {
        self.discovered(directory, place, at_ms);
        let node = self.known(directory, place.node);
        if !identity.version.is_empty() && node.version != identity.version {
            self.version(directory, place, &node.version, &identity.version, at_ms);
        }
        if !identity.agent.is_empty() && node.agent != identity.agent {
            self.agent(directory, place, &node.agent, &identity.agent, at_ms);
        }
    }

    /// An application or tier that was made by the record that arrived at this time is new.
    fn discovered(&mut self, directory: &Directory, place: &Place, at_ms: i64) {
        let of_tier = [place.application, place.tier];
        let parts = [
            (event::APPLICATION_DISCOVERED, "application", &of_tier[..1]),
            (event::TIER_DISCOVERED, "tier", &of_tier[..]),
        ];
        for (kind, what, about) in parts {
            let Some(entity) = about.last().and_then(|id| directory.get(*id)) else { continue };
            if entity.created_ms == at_ms {
                let key = event_key(&[kind.as_bytes(), &entity.id.0.to_be_bytes()]);
                let finding = Finding { kind, about, key, ..Finding::of(place, at_ms) };
                self.add(directory, finding, |_| {
                    format!("{} reports for the first time ({what})", entity.key.name)
                });
            }
        }
    }

    /// A node reports a version that it did not report before.
    fn version(
        &mut self,
        directory: &Directory,
        place: &Place,
        before: &str,
        version: &str,
        at_ms: i64,
    ) {
        let tier = self.known(directory, place.tier);
        // A further node of a version that others still have, in the middle of a roll-out, is no deployment.
        let is_another = tier.version != version
            && (!before.is_empty() || !self.is_live(directory, place, version, at_ms));
        self.know(directory, place.node, |known| version.clone_into(&mut known.version));
        if !is_another {
            return;
        }
        self.know(directory, place.tier, |known| version.clone_into(&mut known.version));
        if tier.version.is_empty() {
            return;
        }
        let key = keyed(event::DEPLOYMENT, place.tier, &[&tier.version, version], at_ms);
        let about = [place.application, place.tier, place.node];
        let properties = vec![
            ("version".to_owned(), version.to_owned()),
            ("version before".to_owned(), tier.version.clone()),
        ];
        let kind = event::DEPLOYMENT;
        let finding = Finding { kind, about: &about, key, properties, ..Finding::of(place, at_ms) };
        let name = name_of(directory, place.tier);
        self.add(directory, finding, |_| {
            format!("{name}: version {version} after {}", tier.version)
        });
    }

    /// Whether another node of the tier reported this version within the last interval.
    fn is_live(&self, directory: &Directory, place: &Place, version: &str, at_ms: i64) -> bool {
        let nodes = directory.of_application(place.account, place.application, EntityKind::Node);
        nodes.iter().any(|node| {
            node.key.parent == place.tier
                && node.id != place.node
                && node.last_seen_ms > at_ms - INTERVAL_MS
                && self.known(directory, node.id).version == version
        })
    }

    /// A node reports by another version of its agent.
    fn agent(
        &mut self,
        directory: &Directory,
        place: &Place,
        before: &str,
        agent: &str,
        at_ms: i64,
    ) {
        self.know(directory, place.node, |known| agent.clone_into(&mut known.agent));
        if before.is_empty() {
            return;
        }
        let key = keyed(event::AGENT_CHANGE, place.tier, &[before, agent], at_ms);
        let about = [place.application, place.tier, place.node];
        let properties = vec![
            ("agent".to_owned(), agent.to_owned()),
            ("agent before".to_owned(), before.to_owned()),
        ];
        let kind = event::AGENT_CHANGE;
        let finding = Finding { kind, about: &about, key, properties, ..Finding::of(place, at_ms) };
        let name = name_of(directory, place.tier);
        self.add(directory, finding, |nodes| match nodes {
            1 => format!("{name}: {agent} after {before}"),
            nodes => format!("{name}: {agent} after {before} on {nodes} nodes"),
        });
    }

    /// A process took the place of another one.
    pub(super) fn restarted(
        &mut self,
        directory: &Directory,
        place: &Place,
        node: EntityId,
        replaced: &Replaced,
    ) {
        let at_ms = replaced.at_ms;
        let key = keyed(event::RESTART, node, &[], at_ms);
        let about = [place.application, place.tier, node];
        let finding =
            Finding { kind: event::RESTART, about: &about, key, ..Finding::of(place, at_ms) };
        let (tier, name) = (name_of(directory, place.tier), name_of(directory, node));
        let severity = EventSeverity::Warn;
        let finding = Finding { severity, ..finding };
        self.add(directory, finding, |times| match times {
            1 => format!("{name} of {tier} restarted"),
            times => format!("{name} of {tier} restarted {times} times within ten minutes"),
        });
    }

    /// There are as many of something as may be, of this application and tier; told once a day.
    pub(super) fn limit(
        &mut self,
        directory: &Directory,
        account: AccountId,
        about: &[EntityId],
        (of, limit): (Limited, usize),
        at_ms: i64,
    ) {
        let about: Vec<EntityId> = about.iter().copied().filter(|id| !id.is_none()).collect();
        let whose = about.last().map_or(0, |id| id.0);
        let day = at_ms.div_euclid(DAY_MS);
        if !self.told.insert((of, whose, day)) {
            return;
        }
        if self.told.len() > MAX_WAITING {
            self.told.retain(|(.., told)| *told == day);
        }
        let kind = event::LIMIT_REACHED;
        let parts = [&[of.number()][..], &whose.to_be_bytes(), &day.to_be_bytes()];
        let key = event_key(&[kind.as_bytes(), parts[0], parts[1], parts[2]]);
        let properties = vec![("limit".to_owned(), limit.to_string())];
        let severity = EventSeverity::Warn;
        let finding = Finding { kind, severity, account, about: &about, key, at_ms, properties };
        let whose = about.last().map(|id| format!(" of {}", name_of(directory, *id)));
        let whose = whose.unwrap_or_default();
        self.add(directory, finding, |_| {
            format!("there are {limit} {}{whose}, as many as may be: {}", of.plural(), of.beyond())
        });
    }

    /// Adds a finding, or says of the one of its key that it happened once more. `summary` is given how often.
    fn add(
        &mut self,
        directory: &Directory,
        finding: Finding<'_>,
        summary: impl Fn(u32) -> String,
    ) {
        let Finding { kind, severity, account, about, key, at_ms, properties } = finding;
        if self.events.len() >= MAX_WAITING && !self.events.contains_key(&key) {
            return;
        }
        let (repeats, first_ms) = self.repeats.entry(key).or_insert((0, at_ms));
        *repeats += 1;
        let entities = about.iter().filter_map(|id| directory.get(*id));
        let affected = entities.map(|entity| EntityRef {
            kind: entity.key.kind as u8,
            id: entity.id.0,
            name: entity.key.name.clone(),
        });
        let event = NewEvent {
            account_id: account.0,
            application_id: about.first().map(|application| application.0),
            kind: kind.to_owned(),
            sub_type: String::new(),
            severity,
            time_ms: *first_ms,
            summary: summary(*repeats),
            comment: String::new(),
            affected: affected.collect(),
            triggered: None,
            properties,
            key: Some(key),
            repeats: *repeats,
            detail: String::new(),
        };
        self.events.insert(key, event);
    }

    fn known(&self, directory: &Directory, id: EntityId) -> Known {
        let stored = || directory.get(id).map(|entity| Known::of(&entity.properties));
        self.known.get(&id).cloned().or_else(stored).unwrap_or_default()
    }

    fn know(&mut self, directory: &Directory, id: EntityId, change: impl FnOnce(&mut Known)) {
        let mut known = self.known(directory, id);
        change(&mut known);
        self.known.insert(id, known);
    }

    /// Stores what was found, then what it is told by. Whatever fails is done again by the next call.
    ///
    /// # Errors
    /// When the metadata store does not answer.
    pub(super) fn store(
        &mut self,
        log: &dyn EventLog,
        directory: &Directory,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        if !self.events.is_empty() {
            let events: Vec<NewEvent> = self.events.values().cloned().collect();
            match log.add(&events) {
                Err(error @ StoreError::TooLong { .. }) => {
                    tracing::error!(%error, "events that were found do not fit and are left out");
                }
                added => added?,
            }
            self.events.clear();
        }
        for (id, Known { version, agent }) in &self.known {
            directory.change_properties(*id, |properties| {
                version.clone_into(&mut properties.version);
                agent.clone_into(&mut properties.agent);
            })?;
        }
        self.known.clear();
        self.repeats.retain(|_, (_, first_ms)| now_ms - *first_ms < 2 * INTERVAL_MS);
        Ok(())
    }
}

impl Finding<'_> {
    fn of(place: &Place, at_ms: i64) -> Finding<'static> {
        Finding {
            kind: "",
            severity: EventSeverity::Info,
            account: place.account,
            about: &[],
            key: [0; 16],
            at_ms,
            properties: Vec::new(),
        }
    }
}

/// The key of what happens to an entity, once an interval.
fn keyed(kind: &str, of: EntityId, how: &[&str], at_ms: i64) -> [u8; 16] {
    let (id, interval) = (of.0.to_be_bytes(), at_ms.div_euclid(INTERVAL_MS).to_be_bytes());
    let mut parts = vec![kind.as_bytes(), &id, &interval];
    parts.extend(how.iter().map(|text| text.as_bytes()));
    event_key(&parts)
}

fn name_of(directory: &Directory, id: EntityId) -> String {
    directory.get(id).map(|entity| entity.key.name.clone()).unwrap_or_default()
}

fn plural(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Application => "applications",
        EntityKind::Tier => "tiers",
        EntityKind::Node => "nodes",
        EntityKind::BusinessTransaction => "business transactions",
        EntityKind::ServiceEndpoint => "service endpoints",
        EntityKind::Backend => "backends of one type",
        EntityKind::Queue => "queues",
        EntityKind::ErrorGroup => "kinds of errors",
        EntityKind::Address => "addresses",
    }
}
