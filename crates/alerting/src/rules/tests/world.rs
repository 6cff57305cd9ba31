//! A shop of two tiers whose minutes are made up, and an engine over it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
    time::Duration,
};

use analysis::baseline::{Basis, Expected, Noise};
use daemon::{absence::Absence, clock::UnixNanos};
use metadata_store::{
    Config, Directory, EventFilter, Events as _, HealthRule, HealthRules as _, JudgeOutcome,
    MemoryEntities, MetadataStore, NewHealthRule, NewSchedule, NewViolationChange, RuleNeeds,
    StoreError, StoredSchedule, Url, Violation, ViolationFilter, Violations as _,
};
use model::{
    entity::{EntityKey, EntityKind, Properties},
    figure::{FigureKey, Scope},
    id::{AccountId, EntityId},
    rule::{
        AffectedKind, Affects, Combine, Compare, Condition, Criteria, Function, Input, NoData,
        NodeMatch, Operator, Rule, Schedule,
    },
    time::Minute,
};
use parking_lot::Mutex;
use telemetry_store::reader::{
    Answer, FigureQuery, FigureRow, MetricQuery, MetricSeries, QueryError,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{
    made_up,
    rules::{BaselineKey, Engine, Expectations, Judged, RuleStore, SqlRules, States, Telemetry},
};

/// The first minute that anything happens in.
pub(super) const T: u32 = 29_000_000;

/// What was counted and reported, by minute.
#[derive(Debug, Default)]
pub(super) struct Minutes {
    pub(super) calls: BTreeMap<(Minute, FigureKeyParts), (u32, u32, f64)>,
    /// Tier, node, path: value.
    pub(super) metrics: BTreeMap<(Minute, EntityId, EntityId, String), f64>,
    pub(super) questions: u32,
}

/// Scope, subject, peer.
pub(super) type FigureKeyParts = (Scope, EntityId, EntityId);

#[derive(Debug)]
pub(super) struct Fake {
    pub(super) minutes: Mutex<Minutes>,
    pub(super) application: EntityId,
    /// Questions until one fails; below 0 never.
    pub(super) fails_in: AtomicI32,
}

impl Fake {
    fn asked(&self) -> Result<(), QueryError> {
        self.minutes.lock().questions += 1;
        match self.fails_in.fetch_sub(1, Ordering::Relaxed) {
            0 => Err(QueryError::TooLarge(0)),
            _ => Ok(()),
        }
    }
}

impl Telemetry for Fake {
    fn figures(&self, query: &FigureQuery) -> Result<Answer<Vec<FigureRow>>, QueryError> {
        self.asked()?;
        let minutes = self.minutes.lock();
        let rows = minutes.calls.iter().filter(|((at, (scope, ..)), _)| {
            query.range.contains(*at) && query.scopes.contains(scope)
        });
        let row = |((at, (scope, subject, peer)), calls): (
            &(Minute, FigureKeyParts),
            &(u32, u32, f64),
        )| {
            let key = FigureKey {
                scope: *scope,
                application: self.application,
                subject: *subject,
                peer: *peer,
                bt: EntityId::NONE,
            };
            FigureRow { key, at: *at, figure: made_up::figure(*at, *calls) }
        };
        Ok(Answer { value: rows.map(row).collect(), partial: Vec::new() })
    }

    fn metrics(&self, query: &MetricQuery) -> Result<Answer<Vec<MetricSeries>>, QueryError> {
        self.asked()?;
        let minutes = self.minutes.lock();
        let wanted = minutes.metrics.iter().filter(|((at, ..), _)| query.range.contains(*at));
        let series = made_up::metrics(self.application, wanted);
        Ok(Answer { value: series, partial: Vec::new() })
    }
}

/// A hundred calls of 100 ms, give or take 10 of each, whatever is asked about.
#[derive(Debug)]
pub(super) struct Steady;

impl Expectations for Steady {
    fn expected(&self, _: AccountId, keys: &[BaselineKey], _: Minute) -> Vec<Option<Expected>> {
        let expected = Expected {
            mean: 100.0,
            deviation: 10.0,
            noise: Noise::None,
            minutes: 1000,
            hours: 20,
            basis: Basis::Season,
        };
        let known = |key: &BaselineKey| key.baseline.as_deref() != Some("unknown");
        keys.iter().map(|key| known(key).then_some(expected)).collect()
    }
}

pub(super) struct World {
    pub(super) runtime: Runtime,
    pub(super) store: MetadataStore,
    pub(super) directory: Arc<Directory>,
    pub(super) fake: Arc<Fake>,
    pub(super) states: Arc<States>,
    pub(super) engine: Engine<Fake>,
    pub(super) application: EntityId,
    pub(super) web: EntityId,
    pub(super) nodes: [EntityId; 4],
    pub(super) bt: EntityId,
    absences: Vec<Absence>,
    _folder: TempDir,
}

impl World {
    /// A shop with only these rules.
    pub(super) fn with(rules: &[Rule]) -> World {
        World::over(rules, |store| Box::new(store))
    }

    /// The same, over what a test makes of the store.
    pub(super) fn over(rules: &[Rule], wrap: impl Fn(SqlRules) -> Box<dyn RuleStore>) -> World {
        let folder = TempDir::new().expect("a folder for the test");
        let runtime = Runtime::new().expect("a runtime");
        let url = Url::Sqlite(folder.path().join("metadata.db"));
        let store = runtime.block_on(Config { url }.open()).expect("an empty database opens");
        let directory = Arc::new(Directory::load(Arc::new(MemoryEntities::default())).unwrap());
        let make = |kind, application, parent, name: &str, properties: Properties| {
            let key = EntityKey {
                account: AccountId::FIRST,
                kind,
                application,
                parent,
                name: name.to_owned(),
            };
            let now_ms = Minute(T).start_millis();
            directory.resolve(&[(key, properties)], now_ms).unwrap()[0]
        };
        let none = EntityId::NONE;
        let plain = Properties::default;
        let application = make(EntityKind::Application, none, none, "shop", plain());
        let web = make(EntityKind::Tier, application, none, "web", plain());
        let java = || Properties { system: "java".to_owned(), host: "h1".to_owned(), ..plain() };
        let node =
            |name: &str, properties| make(EntityKind::Node, application, web, name, properties);
        let nodes =
            [node("n1", java()), node("n2", java()), node("n3", plain()), node("n4", plain())];
        let bt = make(EntityKind::BusinessTransaction, application, web, "GET /cart", plain());
        for rule in rules {
            put_rule(&runtime, &store, application, rule);
        }
        // The factory rules would judge as well: the application counts as having them.
        runtime.block_on(store.seed_application(application.0, &[], &[])).unwrap();
        let fake =
            Arc::new(Fake { minutes: Mutex::default(), application, fails_in: AtomicI32::new(-1) });
        let states = Arc::new(States::default());
        let sql = SqlRules::new(store.clone(), runtime.handle().clone());
        let engine = Engine::new(
            wrap(sql),
            Arc::clone(&fake),
            Arc::clone(&directory),
            Arc::new(Steady),
            Arc::clone(&states),
            1 << 20,
        );
        World {
            runtime,
            store,
            directory,
            fake,
            states,
            engine,
            application,
            web,
            nodes,
            bt,
            absences: Vec::new(),
            _folder: folder,
        }
    }

    /// An engine that knows nothing but what is stored.
    pub(super) fn restart(&mut self, wrap: impl Fn(SqlRules) -> Box<dyn RuleStore>) {
        self.engine = self.fresh(wrap);
    }

    fn fresh(&self, wrap: impl Fn(SqlRules) -> Box<dyn RuleStore>) -> Engine<Fake> {
        let sql = SqlRules::new(self.store.clone(), self.runtime.handle().clone());
        Engine::new(
            wrap(sql),
            Arc::clone(&self.fake),
            Arc::clone(&self.directory),
            Arc::new(Steady),
            Arc::clone(&self.states),
            1 << 20,
        )
    }

    /// The same, in the minute in which Vedette runs again: it knows of the stop, and of what it knew of before.
    pub(super) fn restart_after_a_stop(&mut self, minute: u32) {
        self.restart(|store| Box::new(store));
        let (account, none) = (AccountId::FIRST, EntityId::NONE);
        let tiers = self.directory.of_application(account, none, EntityKind::Tier);
        let heard_ms = tiers.iter().map(|tier| tier.last_seen_ms).max();
        let judged = self.runtime.block_on(self.store.judged_minute()).unwrap();
        let began_ms = Minute(T + minute).start_millis() + 20_000;
        self.absences.extend(crate::stop(heard_ms, judged, began_ms));
        self.engine.was_absent(&self.absences);
    }

    /// Vedette does not run from one moment to the other, each a minute and seconds into it, and is not stopped either.
    pub(super) fn absent(&mut self, from: (u32, u64), to: (u32, u64)) {
        let at = |(minute, seconds): (u32, u64)| {
            UnixNanos::from_minute(T + minute).saturating_add(Duration::from_secs(seconds))
        };
        self.absences.push(Absence { from: at(from), to: at(to) });
        self.engine.was_absent(&self.absences);
    }

    /// One more tier of the shop.
    pub(super) fn tier(&self, name: &str) -> EntityId {
        let key = EntityKey {
            account: AccountId::FIRST,
            kind: EntityKind::Tier,
            application: self.application,
            parent: EntityId::NONE,
            name: name.to_owned(),
        };
        let now_ms = Minute(T).start_millis();
        self.directory.resolve(&[(key, Properties::default())], now_ms).unwrap()[0]
    }

    /// An operator says, in a minute, that all nodes are gone.
    pub(super) fn retire(&self, minute: u32) {
        let at_ms = Minute(T + minute).start_millis() + 30_000;
        for node in self.nodes {
            let retire = |properties: &mut Properties| properties.retired_ms = Some(at_ms);
            self.directory.change_properties(node, retire).unwrap();
        }
    }

    /// Calls of the business transaction in a minute: how many, how many failed, milliseconds.
    pub(super) fn calls(&self, minute: u32, calls: u32, errors: u32, millis: f64) {
        let (bt, web, node) = (self.bt, self.web, self.nodes[0]);
        let keys = [(Scope::BusinessTransaction, bt, node), (Scope::Tier, web, EntityId::NONE)];
        for key in keys {
            let row = (calls, errors, millis);
            self.fake.minutes.lock().calls.insert((Minute(T + minute), key), row);
        }
        self.seen(minute, &[self.application, self.web, self.bt]);
    }

    /// What nodes reported in a minute.
    pub(super) fn reported(&self, minute: u32, path: &str, values: &[(usize, f64)]) {
        for (node, value) in values {
            let node = self.nodes[*node];
            let key = (Minute(T + minute), self.web, node, path.to_owned());
            self.fake.minutes.lock().metrics.insert(key, *value);
            self.seen(minute, &[self.application, self.web, node]);
        }
    }

    pub(super) fn seen(&self, minute: u32, entities: &[EntityId]) {
        let at_ms = Minute(T + minute).start_millis();
        self.directory.touch(&entities.iter().map(|id| (*id, at_ms)).collect::<Vec<_>>());
    }

    /// When a minute is due.
    pub(super) fn due(minute: u32) -> i64 {
        Minute(T + minute + 2).start_millis()
    }

    /// Judges one minute, which has to be the next one.
    pub(super) fn judge(&mut self, minute: u32) -> Judged {
        let judged = self.engine.step(World::due(minute)).unwrap().expect("a minute is due");
        assert_eq!(judged.minute, Minute(T + minute));
        judged
    }

    /// All events so far: minute, kind, whom they affect.
    pub(super) fn events(&self) -> Vec<(u32, String, String)> {
        let filter = EventFilter {
            account_id: AccountId::FIRST.0,
            until_ms: i64::MAX,
            ..EventFilter::default()
        };
        let mut events = self.runtime.block_on(self.store.events(&filter, None, 1000)).unwrap();
        events.sort_by_key(|event| (event.time_ms, event.id));
        let told = events.into_iter().map(|event| {
            let minute = Minute::of_millis(event.time_ms).0 - 1 - T;
            (minute, event.kind, event.affected[0].name.clone())
        });
        told.collect()
    }

    /// The same without whom they affect.
    pub(super) fn told(&self) -> Vec<(u32, String)> {
        self.events().into_iter().map(|(minute, kind, _)| (minute, kind)).collect()
    }

    pub(super) fn violations(&self) -> Vec<Violation> {
        let filter = ViolationFilter {
            account_id: AccountId::FIRST.0,
            until_minute: u32::MAX,
            ..ViolationFilter::default()
        };
        self.runtime.block_on(self.store.violations(&filter, None, 1000)).unwrap()
    }

    pub(super) fn rules(&self) -> Vec<HealthRule> {
        self.runtime.block_on(self.store.health_rules(self.application.0)).unwrap()
    }

    pub(super) fn change_rule(&self, change: impl FnOnce(&mut Rule)) {
        let stored = self.rules().remove(0);
        let mut rule: Rule = serde_json::from_str(&stored.body).unwrap();
        change(&mut rule);
        let new = new_rule(self.application, &rule);
        let account = AccountId::FIRST.0;
        let replace = self.store.replace_health_rule(account, stored.id, &new, &|_, _, _| None);
        self.runtime.block_on(replace).unwrap();
    }

    pub(super) fn put_schedule(&self, schedule: &Schedule) {
        let new = NewSchedule {
            application_id: self.application.0,
            name: schedule.name.clone(),
            body: serde_json::to_string(schedule).unwrap(),
        };
        self.runtime.block_on(self.store.create_schedule(&new)).unwrap();
    }
}

fn new_rule(application: EntityId, rule: &Rule) -> NewHealthRule {
    NewHealthRule {
        application_id: application.0,
        name: rule.name.clone(),
        enabled: rule.enabled,
        body: serde_json::to_string(rule).unwrap(),
        changed_ms: 0,
        needs: RuleNeeds::default(),
    }
}

fn put_rule(runtime: &Runtime, store: &MetadataStore, application: EntityId, rule: &Rule) {
    rule.check().unwrap();
    runtime.block_on(store.create_health_rule(&new_rule(application, rule))).unwrap();
}

/// `Calls per Minute|>|5`: a metric's value compared with a number.
pub(super) fn over(path: &str, function: Function, value: f64) -> Condition {
    Condition {
        short_name: "A".to_owned(),
        name: path.to_owned(),
        input: Input::Metric { function, path: path.to_owned() },
        compare: Compare::Value { operator: Operator::Greater, value },
        no_data: NoData::Unknown,
        persistence: None,
    }
}

pub(super) fn criteria(condition: Condition) -> Criteria {
    Criteria { conditions: vec![condition], combine: Combine::All, nodes: NodeMatch::Average }
}

/// A rule about a kind, over so many minutes, told again after five.
pub(super) fn rule(kind: AffectedKind, window: u16, critical: Condition) -> Rule {
    Rule {
        name: "rule".to_owned(),
        enabled: true,
        window_minutes: window,
        wait_minutes: 5,
        schedule: "Always".to_owned(),
        affects: Affects::all(kind),
        critical: Some(criteria(critical)),
        warning: None,
    }
}

/// When a store is to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crash {
    BeforeCommit,
    AfterCommit,
}

/// A store that fails once, in the commit of a minute.
#[derive(Debug)]
pub(super) struct Failing {
    pub(super) inner: SqlRules,
    pub(super) at: Arc<Mutex<Option<(Minute, Crash)>>>,
}

impl RuleStore for Failing {
    fn rules(&self) -> Result<Vec<HealthRule>, StoreError> {
        self.inner.rules()
    }

    fn schedules(&self) -> Result<Vec<StoredSchedule>, StoreError> {
        self.inner.schedules()
    }

    fn time_zone(&self) -> Result<String, StoreError> {
        self.inner.time_zone()
    }

    fn seeded(&self) -> Result<Vec<u32>, StoreError> {
        self.inner.seeded()
    }

    fn seed(
        &self,
        application: u32,
        rules: &[NewHealthRule],
        schedules: &[NewSchedule],
    ) -> Result<bool, StoreError> {
        self.inner.seed(application, rules, schedules)
    }

    fn judged(&self) -> Result<Option<u32>, StoreError> {
        self.inner.judged()
    }

    fn open(&self) -> Result<Vec<Violation>, StoreError> {
        self.inner.open()
    }

    fn judge(
        &self,
        after: Option<u32>,
        minute: u32,
        changes: &[NewViolationChange],
    ) -> Result<JudgeOutcome, StoreError> {
        let crash = self.at.lock().take_if(|(at, _)| at.0 == minute).map(|(_, crash)| crash);
        if crash != Some(Crash::BeforeCommit) {
            let outcome = self.inner.judge(after, minute, changes)?;
            if crash.is_none() {
                return Ok(outcome);
            }
        }
        Err(StoreError::BackupElsewhere)
    }

    fn forget(&self, closed_before: u32, limit: u32) -> Result<u64, StoreError> {
        self.inner.forget(closed_before, limit)
    }
}
