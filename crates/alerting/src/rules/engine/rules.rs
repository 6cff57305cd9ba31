//! The rules as they are in a minute: read each time, compiled once.

use std::sync::Arc;

use metadata_store::{Directory, HealthRule, NewHealthRule, NewSchedule, RuleNeeds, Violated};
use model::{
    entity::{Entity, EntityKind, OWN_APPLICATION},
    id::{AccountId, EntityId},
    rule::{ALWAYS, Rule, Schedule, factory_rules, factory_schedules, own_rules},
    time::Minute,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{EngineError, RuleStore};
use crate::rules::{Affected, Compiled};

/// What was compiled, by rule and version.
#[derive(Debug, Default)]
pub(super) struct Rules {
    compiled: FxHashMap<u32, (u32, Arc<Compiled>)>,
}

/// A rule that holds in a minute.
#[derive(Clone, Debug)]
pub(super) struct Active {
    pub(super) id: u32,
    pub(super) version: u32,
    pub(super) account: AccountId,
    pub(super) application: EntityId,
    pub(super) compiled: Arc<Compiled>,
}

/// Why a rule does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Disabled,
    OffSchedule,
    Unsound,
}

impl Why {
    /// Why an open violation ends, when its rule does not hold for this reason, or holds no longer for its entity.
    pub(super) fn sentence(why: Option<Why>, is_known: bool) -> &'static str {
        match why {
            Some(Why::Disabled) => "the rule was disabled",
            Some(Why::OffSchedule) => "the rule's schedule has ended",
            Some(Why::Unsound) => "the rule cannot be read",
            None if is_known => {
                "the rule does not affect it any more, or it has not reported for long"
            }
            None => "the rule was deleted",
        }
    }
}

/// What there is to judge by.
pub(super) struct Loaded {
    pub(super) active: Vec<Active>,
    pub(super) gone: FxHashMap<u32, Why>,
    /// A rule is new or another: windows may lack what it looks at.
    pub(super) changed: bool,
}

impl Rules {
    /// Reads all rules, after each application has been given those that every one begins with.
    pub(super) fn load(
        &mut self,
        store: &dyn RuleStore,
        directory: &Directory,
        minute: Minute,
        now_ms: i64,
    ) -> Result<Loaded, EngineError> {
        seed(store, directory, now_ms)?;
        let schedules: FxHashMap<(u32, String), Option<Schedule>> = store
            .schedules()?
            .into_iter()
            .map(|stored| {
                let schedule = serde_json::from_str(&stored.body).ok();
                ((stored.application_id, stored.name), schedule)
            })
            .collect();
        let mut loaded = Loaded { active: Vec::new(), gone: FxHashMap::default(), changed: false };
        let mut known = FxHashSet::default();
        for stored in store.rules()? {
            let application = EntityId(stored.application_id);
            let Some(entity) = directory.get(application) else { continue };
            known.insert(stored.id);
            if !stored.enabled {
                loaded.gone.insert(stored.id, Why::Disabled);
                continue;
            }
            let Some((compiled, is_new)) = self.compiled(&stored) else {
                loaded.gone.insert(stored.id, Why::Unsound);
                continue;
            };
            let schedule = &compiled.rule.schedule;
            // A schedule that was deleted or cannot be read must not let a rule fall silent.
            let schedule = match schedule == ALWAYS {
                true => None,
                false => schedules.get(&(stored.application_id, schedule.clone())),
            };
            let is_on = schedule.and_then(Option::as_ref);
            if is_on.is_some_and(|schedule| !schedule.is_on(minute.start_millis())) {
                loaded.gone.insert(stored.id, Why::OffSchedule);
                self.compiled.remove(&stored.id);
                continue;
            }
            loaded.changed |= is_new;
            loaded.active.push(Active {
                id: stored.id,
                version: stored.version,
                account: entity.key.account,
                application,
                compiled,
            });
        }
        self.compiled.retain(|id, _| known.contains(id));
        Ok(loaded)
    }

    /// The rule, and whether it was not known in this version; none when it is not sound.
    fn compiled(&mut self, stored: &HealthRule) -> Option<(Arc<Compiled>, bool)> {
        if let Some((version, compiled)) = self.compiled.get(&stored.id)
            && *version == stored.version
        {
            return Some((Arc::clone(compiled), false));
        }
        let read = serde_json::from_str::<Rule>(&stored.body).map_err(|error| error.to_string());
        let compiled = read.and_then(|rule| Compiled::of(rule).map_err(|error| error.to_string()));
        match compiled {
            Ok(compiled) => {
                let compiled = Arc::new(compiled);
                self.compiled.insert(stored.id, (stored.version, Arc::clone(&compiled)));
                Some((compiled, true))
            }
            Err(error) => {
                tracing::warn!(
                    rule = stored.id,
                    name = stored.name,
                    error,
                    "a health rule is not judged"
                );
                None
            }
        }
    }
}

fn seed(store: &dyn RuleStore, directory: &Directory, now_ms: i64) -> Result<(), EngineError> {
    let seeded: FxHashSet<u32> = store.seeded()?.into_iter().collect();
    let all = directory.of_application(AccountId::FIRST, EntityId::NONE, EntityKind::Application);
    for application in all.iter().filter(|application| !seeded.contains(&application.id.0)) {
        let (rules, schedules) = first_rules(application, &store.time_zone()?, now_ms);
        store.seed(application.id.0, &rules, &schedules)?;
    }
    Ok(())
}

fn first_rules(
    application: &Entity,
    timezone: &str,
    now_ms: i64,
) -> (Vec<NewHealthRule>, Vec<NewSchedule>) {
    let application_id = application.id.0;
    let mut rules = factory_rules();
    if application.key.name == OWN_APPLICATION {
        rules.extend(own_rules());
    }
    let json = "a factory rule is plain data with finite numbers";
    let rules = rules.into_iter().map(|rule| NewHealthRule {
        application_id,
        name: rule.name.clone(),
        enabled: rule.enabled,
        body: serde_json::to_string(&rule).expect(json),
        changed_ms: now_ms,
        // They come in one transaction with their schedules.
        needs: RuleNeeds::default(),
    });
    let schedules = factory_schedules(timezone).into_iter().map(|schedule| NewSchedule {
        application_id,
        name: schedule.name.clone(),
        body: serde_json::to_string(&schedule).expect(json),
    });
    (rules.collect(), schedules.collect())
}

impl Active {
    pub(super) fn violated_by(&self, entity: &Affected) -> Violated {
        Violated {
            account_id: self.account.0,
            application_id: self.application.0,
            rule_id: self.id,
            rule_version: self.version,
            rule_name: self.compiled.rule.name.clone(),
            entity_kind: entity.kind as u8,
            entity_id: entity.id.0,
            entity_name: entity.name.to_string(),
        }
    }
}
