//! The notifier: reads events in order, lets the [`Desk`](crate::desk::Desk) decide, sends what is due, and keeps a log of
//! every attempt.
//!
//! How far events were read, what is undecided and the deliveries that came of it are one transaction. An attempt is noted
//! after it was made: whoever is killed in between makes it again.

mod mail;
mod record;
mod send;

use std::{collections::BTreeSet, sync::Arc};

use daemon::clock::SharedClock;
use metadata_store::{
    AlertConfig, AlertConfigKind, AlertConfigs as _, Anomalies as _, Deliveries as _, Directory,
    EntityRef, Event, EventSeverity, Events as _, MetadataStore, StoreError, Violations as _,
};
use model::id::EntityId;
use serde::de::DeserializeOwned;

pub use self::{mail::Mail, record::Tried};
use crate::{
    actions::{Action, Hidden, command::Commands, email, http, outward::Allowed},
    desk::{Desk, Ongoing, Rules, Stored, World, silencing},
    notice::Notice,
    policy::{Kin, Policy},
    suppression::Suppression,
};

/// Events that one step reads.
const EVENTS_AT_ONCE: u32 = 500;
/// Steps of reading in one run.
const STEPS: usize = 20;

/// What the notifier may do, from the settings file.
#[derive(Clone, Debug, Default)]
pub struct Config {
    pub allowed: Allowed,
    /// Certificates that are trusted besides the machine's, PEM.
    pub trusted: Vec<u8>,
    pub commands: Commands,
    /// The public URL, without a slash at its end.
    pub base: String,
}

/// Seals and opens what is secret. Calls must not block.
pub trait Secrets: Send + Sync + std::fmt::Debug {
    /// The text, encrypted.
    fn seal(&self, text: &str) -> Vec<u8>;

    /// The text that was sealed.
    ///
    /// # Errors
    /// A sentence when it was sealed by another key or damaged.
    fn open(&self, sealed: &[u8]) -> Result<String, String>;
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum NotifierError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("what was stored of {what} cannot be read")]
    Stored {
        what: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("the secrets of {what} do not open: {why}")]
    Sealed { what: String, why: String },
}

/// An entity that began to break a rule.
#[derive(Clone, Copy, Debug)]
pub struct Breach<'a> {
    pub application: EntityId,
    /// The rule's name.
    pub rule: &'a str,
    pub entity: EntityId,
    /// When it was known, Unix milliseconds.
    pub at_ms: i64,
}

/// Tells people what happens.
#[derive(Debug)]
pub struct Notifier {
    store: MetadataStore,
    directory: Arc<Directory>,
    clock: SharedClock,
    secrets: Arc<dyn Secrets>,
    config: Config,
    http: http::Sender,
    email: email::Sender,
}

impl Config {
    /// The notifier; it does nothing until it is asked for a step.
    pub fn build(
        self,
        store: MetadataStore,
        directory: Arc<Directory>,
        clock: SharedClock,
        secrets: Arc<dyn Secrets>,
    ) -> Notifier {
        let (allowed, trusted) = (self.allowed.clone(), self.trusted.clone());
        let http = http::Sender { allowed: allowed.clone(), trusted: trusted.clone() };
        let email = email::Sender { allowed, trusted };
        Notifier { store, directory, clock, secrets, config: self, http, email }
    }
}

impl Notifier {
    /// Reads what is new, writes and sends what is due. What it did, in a few words.
    ///
    /// # Errors
    /// When the store fails; the next step goes on where this one ended.
    pub async fn step(&self) -> Result<Option<String>, NotifierError> {
        let mut read = 0;
        for _ in 0..STEPS {
            let events = self.read_on().await?;
            read += events;
            if events < EVENTS_AT_ONCE as usize {
                break;
            }
        }
        let sent = self.send_due().await?;
        Ok((read + sent > 0).then(|| format!("read {read} events, made {sent} attempts")))
    }

    /// Reads the next events and writes the deliveries that are due; returns how many events it were.
    ///
    /// # Errors
    /// When the store fails, or holds what no version of this wrote.
    pub async fn read_on(&self) -> Result<usize, NotifierError> {
        let progress = self.store.alert_progress().await?;
        let mut desk = Desk::read(&progress.state).map_err(|source| NotifierError::Stored {
            what: "what is undecided of events".to_owned(),
            source,
        })?;
        let now_ms = self.now_ms();
        // Before the events: what ended by then has its event among those that were read, if there are no others.
        let open = if desk.is_end_due(now_ms) { Some(self.ongoing().await?) } else { None };
        let events = self.store.events_after(progress.after_event, EVENTS_AT_ONCE).await?;
        let Some(after) = events.last().map(|event| event.id) else {
            if !desk.is_due(now_ms) {
                return Ok(0);
            }
            if let Some(open) = open {
                desk.reconcile(&open);
            }
            let rules = self.rules(None).await?;
            let due = self.with_world(&rules, |world| desk.write(world));
            let from = progress.version;
            self.store.advance_alerts(from, progress.after_event, &desk.bytes(), &due).await?;
            return Ok(0);
        };
        let rules = self.rules(None).await?;
        let due = self.with_world(&rules, |world| {
            events.iter().for_each(|event| desk.take(event, world));
            desk.write(world)
        });
        // When somebody else has moved on, the next step reads what they left.
        self.store.advance_alerts(progress.version, after, &desk.bytes(), &due).await?;
        Ok(events.len())
    }

    async fn ongoing(&self) -> Result<BTreeSet<Ongoing>, NotifierError> {
        let violations = self.store.open_violations().await?;
        let anomalies = self.store.open_anomalies().await?;
        let violations = violations.iter().map(|one| Ongoing::Violation(one.id));
        Ok(violations.chain(anomalies.iter().map(|one| Ongoing::Anomaly(one.id))).collect())
    }

    /// What decides, of one account or of all. A document that cannot be read is left out, and said.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn rules(&self, account: Option<u32>) -> Result<Rules, NotifierError> {
        let mut policies = self.stored::<Policy>(AlertConfigKind::Policy, account).await?;
        policies.extend(self.stored::<Policy>(AlertConfigKind::Digest, account).await?);
        let suppressions =
            self.stored::<Suppression>(AlertConfigKind::Suppression, account).await?;
        Ok(Rules { policies, suppressions })
    }

    async fn stored<T: DeserializeOwned>(
        &self,
        kind: AlertConfigKind,
        account: Option<u32>,
    ) -> Result<Vec<Stored<T>>, NotifierError> {
        let configs = self.store.alert_configs(kind, account).await?;
        let read = |config: AlertConfig| match read(&config) {
            Ok(stored) => Some(stored),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, ?kind, id = config.id, "left out of alerting");
                None
            }
        };
        Ok(configs.into_iter().filter_map(read).collect())
    }

    /// Runs `work` with the world as it is now.
    pub fn with_world<T>(&self, rules: &Rules, work: impl FnOnce(&World<'_>) -> T) -> T {
        let kin = |id: u32| {
            let entity = self.directory.get(EntityId(id))?;
            Some(Kin {
                kind: entity.key.kind as u8,
                parent: entity.key.parent.0,
                application: entity.key.application.0,
            })
        };
        let named = |id: u32| {
            let entity = self.directory.get(EntityId(id));
            entity.map(|entity| entity.key.name.clone()).unwrap_or_default()
        };
        work(&World {
            rules,
            lineage: &kin,
            named: &named,
            base: &self.config.base,
            now_ms: self.now_ms(),
        })
    }

    /// Which of these events a policy takes.
    pub fn taken(&self, policy: &Stored<Policy>, events: &[Event]) -> BTreeSet<u32> {
        self.with_world(&Rules::default(), |world| {
            let here = |event: &&Event| {
                policy.application.is_none_or(|one| event.application_id == Some(one))
            };
            let taken = |event: &&Event| policy.value.takes(event, world.lineage);
            events.iter().filter(here).filter(taken).map(|event| event.id).collect()
        })
    }

    /// The suppression, of those that there are now, because of which nobody would have been told that an entity began to
    /// break a rule.
    pub fn silencing<'r>(
        &self,
        rules: &'r Rules,
        breach: &Breach<'_>,
    ) -> Option<&'r Stored<Suppression>> {
        let entity = self.directory.get(breach.entity)?;
        let event = Event {
            id: 0,
            account_id: entity.key.account.0,
            application_id: Some(breach.application.0),
            kind: "POLICY_OPEN_CRITICAL".to_owned(),
            sub_type: String::new(),
            severity: EventSeverity::Error,
            time_ms: breach.at_ms,
            repeats: 1,
            summary: String::new(),
            comment: String::new(),
            affected: vec![EntityRef {
                kind: entity.key.kind as u8,
                id: breach.entity.0,
                name: entity.key.name.clone(),
            }],
            triggered: Some(EntityRef {
                kind: EntityRef::HEALTH_RULE,
                id: 0,
                name: breach.rule.to_owned(),
            }),
            properties: Vec::new(),
            detail: String::new(),
            is_read: false,
            is_resolved: false,
        };
        self.with_world(rules, |world| {
            silencing(&rules.suppressions, &event, breach.at_ms, world.lineage)
        })
    }

    /// What a policy would say of one event.
    pub fn preview(&self, policy: &Stored<Policy>, event: &Event) -> Notice {
        self.with_world(&Rules::default(), |world| crate::desk::preview(policy, event, world))
    }

    /// An action and its secrets.
    ///
    /// # Errors
    /// When the store fails, or the action cannot be read.
    pub async fn action(
        &self,
        account: u32,
        id: u32,
    ) -> Result<Option<(Stored<Action>, Hidden)>, NotifierError> {
        let config = self.store.alert_config(AlertConfigKind::Action, account, id).await?;
        let Some(config) = config else { return Ok(None) };
        let secrets = self.opened(&config)?;
        Ok(Some((read(&config)?, secrets)))
    }

    /// The secrets of a stored action.
    ///
    /// # Errors
    /// When they do not open with this data directory's key.
    pub fn opened(&self, config: &AlertConfig) -> Result<Hidden, NotifierError> {
        if config.sealed.is_empty() {
            return Ok(Hidden::default());
        }
        let what = || format!("the action {:?}", config.name);
        let text = self
            .secrets
            .open(&config.sealed)
            .map_err(|why| NotifierError::Sealed { what: what(), why })?;
        serde_json::from_str(&text).map_err(|source| NotifierError::Stored { what: what(), source })
    }

    /// The secrets of an action as they are stored.
    pub fn sealed(&self, secrets: &Hidden) -> Vec<u8> {
        if secrets.0.is_empty() {
            return Vec::new();
        }
        self.secrets.seal(&serde_json::to_string(secrets).expect("texts are JSON"))
    }

    /// Names of the commands that may be run.
    pub fn commands(&self) -> Vec<String> {
        self.config.commands.keys().cloned().collect()
    }

    fn now_ms(&self) -> i64 {
        i64::try_from(self.clock.now().millis()).unwrap_or(i64::MAX)
    }
}

/// A stored document.
///
/// # Errors
/// When it is not what this version or an earlier one wrote.
pub fn read<T: DeserializeOwned>(config: &AlertConfig) -> Result<Stored<T>, NotifierError> {
    let value = serde_json::from_str(&config.body)
        .map_err(|source| NotifierError::Stored { what: format!("{:?}", config.name), source })?;
    Ok(Stored {
        id: config.id,
        account: config.account_id,
        application: config.application_id,
        name: config.name.clone(),
        value,
    })
}
