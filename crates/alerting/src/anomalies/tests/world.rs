//! A shop whose minutes are made up, and an engine over it.
//!
//! `POST /checkout` enters at `web`, which calls `cart` and `inventory`; `inventory` asks `mysql`. Everybody's calls and
//! times vary a little, the same way each time.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
};

use metadata_store::{
    Anomalies as _, Anomaly, AnomalyChange, AnomalyFilter, AnomalyOutcome, Config, Detection,
    Directory, Event, EventFilter, Events as _, FoundCause, Incident, IncidentChange,
    IncidentFilter, Incidents as _, MemoryEntities, MetadataStore, NewAnomalyChange, ObjectRef,
    StoreError, StoredAnomalySettings, Url, Violation,
};
use model::{
    anomaly::AnomalySettings,
    entity::{EntityKey, EntityKind, Properties},
    figure::{Figure, FigureKey, Scope},
    id::{AccountId, EntityId, TraceId},
    naming::exit,
    time::Minute,
};
use parking_lot::Mutex;
use telemetry_store::reader::{
    Answer, FigureQuery, FigureRow, LogPage, LogQuery, LogRow, MetricQuery, MetricSeries,
    QueryError, Reader, Severity, Span, TracePage, TraceQuery,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::traces::Traces;
use crate::{
    anomalies::{
        AnomalyStore, Engine, FoundCauses, Judged, Observed, SqlAnomalies, StateObjects, Watch,
    },
    made_up,
    rules::Telemetry,
};

/// The first minute that anything happens in: a Tuesday's.
pub(super) const T: u32 = 29_000_160;
/// Minutes before the first that is judged.
pub(super) const HISTORY: u32 = 720;

/// What was counted, reported and logged.
#[derive(Debug, Default)]
pub(super) struct Fake {
    figures: Mutex<BTreeMap<(Minute, FigureKey), Figure>>,
    /// Tier, node, path: value.
    metrics: Mutex<BTreeMap<(Minute, EntityId, EntityId, String), f64>>,
    pub(super) logs: Mutex<Vec<LogRow>>,
    pub(super) traces: Traces,
    pub(super) application: EntityId,
    /// Questions until one fails; below 0 never.
    pub(super) fails_in: AtomicI32,
}

impl Fake {
    fn asked(&self) -> Result<(), QueryError> {
        match self.fails_in.fetch_sub(1, Ordering::Relaxed) {
            0 => Err(QueryError::Read { what: "figures".to_owned(), source: "no answer".into() }),
            _ => Ok(()),
        }
    }

    pub(super) fn count(&self, at: Minute, key: FigureKey, calls: (u32, u32, f64)) {
        self.figures.lock().insert((at, key), made_up::figure(at, calls));
    }
}

impl Telemetry for Fake {
    fn figures(&self, query: &FigureQuery) -> Result<Answer<Vec<FigureRow>>, QueryError> {
        self.asked()?;
        let is_wanted = |key: &FigureKey| {
            query.scopes.contains(&key.scope)
                && query.bt.is_none_or(|bt| key.bt == bt)
                && query.subject.is_none_or(|subject| key.subject == subject)
                && query.peer.is_none_or(|peer| key.peer == peer)
        };
        let figures = self.figures.lock();
        let none = EntityId::NONE;
        let first = FigureKey {
            scope: Scope::Tier,
            application: none,
            subject: none,
            peer: none,
            bt: none,
        };
        let rows = figures
            .range((query.range.start, first)..(query.range.end, first))
            .filter(|((_, key), _)| is_wanted(key))
            .map(|((at, key), figure)| FigureRow { key: *key, at: *at, figure: figure.clone() });
        Ok(Answer { value: rows.collect(), partial: Vec::new() })
    }

    fn metrics(&self, query: &MetricQuery) -> Result<Answer<Vec<MetricSeries>>, QueryError> {
        self.asked()?;
        let metrics = self.metrics.lock();
        let wanted = metrics.iter().filter(|((at, .., path), _)| {
            query.range.contains(*at) && query.paths.iter().any(|wanted| fits(wanted, path))
        });
        let series = made_up::metrics(self.application, wanted);
        Ok(Answer { value: series, partial: Vec::new() })
    }
}

/// One `*` at most stands for a segment.
fn fits(wanted: &str, path: &str) -> bool {
    match wanted.split_once('*') {
        None => wanted == path,
        Some((before, behind)) => path.starts_with(before) && path.ends_with(behind),
    }
}

impl Observed for Fake {
    fn logs(&self, query: &LogQuery) -> Result<Answer<LogPage>, QueryError> {
        self.asked()?;
        let all = self.logs.lock();
        let is_wanted = |row: &&LogRow| {
            (query.from_ns..query.to_ns).contains(&row.at_ns)
                && query.filter.severities.contains(&Severity::of(row.severity))
        };
        let rows = all.iter().filter(is_wanted);
        let mut rows: Vec<LogRow> = rows.cloned().collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.at_ns));
        Ok(Answer { value: LogPage { rows, next: None }, partial: Vec::new() })
    }

    fn traces(&self, query: &TraceQuery) -> Result<Answer<TracePage>, QueryError> {
        self.asked()?;
        Reader::traces(&self.traces.0, query)
    }

    fn trace(&self, account: AccountId, trace: TraceId) -> Result<Answer<Vec<Span>>, QueryError> {
        self.asked()?;
        Reader::trace(&self.traces.0, account, trace)
    }
}

/// What the parts of the shop take in a minute, ms a call, and which part of the calls fails there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shop {
    pub(super) calls: u32,
    pub(super) mysql: f64,
    pub(super) inventory: f64,
    pub(super) cart: f64,
    pub(super) web: f64,
    /// Of all calls to the cart, which then fail all the way up.
    pub(super) cart_fails: f64,
}

/// As it usually is.
pub(super) const USUAL: Shop =
    Shop { calls: 60, mysql: 20.0, inventory: 10.0, cart: 15.0, web: 10.0, cart_fails: 0.0 };

#[derive(Clone, Copy, Debug)]
pub(super) struct Ids {
    pub(super) application: EntityId,
    pub(super) web: EntityId,
    pub(super) cart: EntityId,
    pub(super) inventory: EntityId,
    pub(super) mysql: EntityId,
    pub(super) checkout: EntityId,
    /// Of web, cart and inventory.
    pub(super) nodes: [EntityId; 3],
}

pub(super) struct World {
    pub(super) runtime: Runtime,
    pub(super) store: MetadataStore,
    pub(super) directory: Arc<Directory>,
    pub(super) fake: Arc<Fake>,
    pub(super) objects: Objects,
    pub(super) watch: Arc<Watch>,
    pub(super) engine: Engine<Fake>,
    pub(super) ids: Ids,
    _folder: TempDir,
}

impl World {
    /// A shop that was as usual for [`HISTORY`] minutes.
    pub(super) fn new() -> World {
        World::over(|store| Box::new(store))
    }

    /// The same, over what a test makes of the store.
    pub(super) fn over(wrap: impl Fn(SqlAnomalies) -> Box<dyn AnomalyStore>) -> World {
        let folder = TempDir::new().expect("a folder for the test");
        let runtime = Runtime::new().expect("a runtime");
        let url = Url::Sqlite(folder.path().join("metadata.db"));
        let store = runtime.block_on(Config { url }.open()).expect("an empty database opens");
        let directory = Arc::new(Directory::load(Arc::new(MemoryEntities::default())).unwrap());
        let ids = ids(&directory);
        let fake = Arc::new(Fake {
            application: ids.application,
            fails_in: AtomicI32::new(-1),
            ..Fake::default()
        });
        let (objects, watch) = (Objects::default(), Arc::new(Watch::default()));
        let engine = engine(&store, &runtime, &fake, &directory, &objects, &watch, wrap);
        let world =
            World { runtime, store, directory, fake, objects, watch, engine, ids, _folder: folder };
        for minute in 0..HISTORY {
            world.minute(minute, USUAL);
        }
        world
    }

    /// An engine that knows nothing but what is stored.
    pub(super) fn restart(&mut self, wrap: impl Fn(SqlAnomalies) -> Box<dyn AnomalyStore>) {
        self.restart_with(Watch::default(), wrap);
    }

    pub(super) fn restart_with(
        &mut self,
        watch: Watch,
        wrap: impl Fn(SqlAnomalies) -> Box<dyn AnomalyStore>,
    ) {
        self.watch = Arc::new(watch);
        let World { store, runtime, fake, directory, objects, watch, .. } = self;
        self.engine = engine(store, runtime, fake, directory, objects, watch, wrap);
    }

    /// What the shop did in a minute.
    pub(super) fn minute(&self, minute: u32, shop: Shop) {
        let Ids { application, web, cart, inventory, mysql, checkout, nodes } = self.ids;
        let at = Minute(T + minute);
        let vary = |of: f64, salt: u32| of * (0.95 + 0.1 * noise(minute, salt));
        let calls = vary(f64::from(shop.calls), 1).round() as u32;
        let mysql_ms = vary(shop.mysql, 2);
        let inventory_ms = mysql_ms + vary(shop.inventory, 3);
        let cart_ms = vary(shop.cart, 4);
        let web_ms = inventory_ms + cart_ms + vary(shop.web, 5);
        let failed = (shop.cart_fails * f64::from(calls)).round() as u32;
        let none = EntityId::NONE;
        let put = |scope, subject, peer, bt, row| {
            self.fake.count(at, FigureKey { scope, application, subject, peer, bt }, row);
        };
        let of_web = (calls, failed, web_ms);
        put(Scope::BusinessTransaction, checkout, nodes[0], none, of_web);
        let tiers = [
            (web, nodes[0], of_web),
            (cart, nodes[1], (calls, failed, cart_ms)),
            (inventory, nodes[2], (calls, 0, inventory_ms)),
        ];
        for (tier, node, row) in tiers {
            put(Scope::Tier, tier, none, none, row);
            put(Scope::Node, node, tier, none, row);
            put(Scope::TierInTransaction, tier, none, checkout, row);
        }
        let edges = [
            (web, cart, (calls, failed, cart_ms + 0.5)),
            (web, inventory, (calls, 0, inventory_ms + 0.5)),
            (inventory, mysql, (calls, 0, mysql_ms)),
        ];
        for (from, to, row) in edges {
            put(Scope::Edge, from, to, none, row);
            put(Scope::Edge, from, to, checkout, row);
        }
        let all = [application, web, cart, inventory, mysql, checkout].into_iter().chain(nodes);
        let seen: Vec<_> = all.map(|id| (id, at.start_millis())).collect();
        self.directory.touch(&seen);
    }

    /// What a node reported in a minute.
    pub(super) fn reported(&self, minute: u32, node: usize, path: &str, value: f64) {
        let tier = [self.ids.web, self.ids.cart, self.ids.inventory][node];
        let key = (Minute(T + minute), tier, self.ids.nodes[node], path.to_owned());
        self.fake.metrics.lock().insert(key, value);
    }

    /// When a minute is due.
    pub(super) fn due(minute: u32) -> i64 {
        Minute(T + minute + 2).start_millis()
    }

    /// Judges one minute, which has to be the next one.
    pub(super) fn judge(&mut self, minute: u32) -> Judged {
        let judged = self.engine.step(World::due(minute), &|| true);
        let judged = judged.unwrap().expect("a minute is due");
        assert_eq!(judged.minute, Minute(T + minute));
        judged
    }

    /// Lets the shop do the same for some minutes and judges them.
    pub(super) fn run(&mut self, minutes: std::ops::Range<u32>, shop: Shop) {
        for minute in minutes {
            self.minute(minute, shop);
            self.judge(minute);
        }
    }

    pub(super) fn all_events(&self) -> Vec<Event> {
        let filter = EventFilter {
            account_id: AccountId::FIRST.0,
            until_ms: i64::MAX,
            ..EventFilter::default()
        };
        let mut events = self.runtime.block_on(self.store.events(&filter, None, 1000)).unwrap();
        events.sort_by_key(|event| (event.time_ms, event.id));
        events
    }

    /// All events of an entity so far: minute, kind.
    pub(super) fn told_of(&self, entity: EntityId) -> Vec<(u32, String)> {
        let all = self.all_events().into_iter();
        let of = all.filter(|event| event.affected[0].id == entity.0);
        of.map(|event| (Minute::of_millis(event.time_ms).0 - 1 - T, event.kind)).collect()
    }

    pub(super) fn anomalies(&self) -> Vec<Anomaly> {
        let filter = AnomalyFilter {
            account_id: AccountId::FIRST.0,
            until_minute: u32::MAX,
            ..AnomalyFilter::default()
        };
        let mut all = self.runtime.block_on(self.store.anomalies(&filter, None, 1000)).unwrap();
        all.reverse();
        all
    }

    pub(super) fn anomaly_of(&self, entity: EntityId) -> Anomaly {
        let all = self.anomalies();
        let found: Vec<_> = all.into_iter().filter(|one| one.of.entity_id == entity.0).collect();
        assert_eq!(found.len(), 1, "{found:#?}");
        found.into_iter().next().unwrap()
    }

    pub(super) fn causes(&self, anomaly: u32) -> FoundCauses {
        let found = self.runtime.block_on(self.store.anomaly_cause(anomaly)).unwrap();
        serde_json::from_str(&found.expect("a cause was looked for").body).unwrap()
    }

    pub(super) fn changes(&self, anomaly: u32) -> Vec<AnomalyChange> {
        self.runtime.block_on(self.store.anomaly_changes(anomaly)).unwrap()
    }

    pub(super) fn incidents(&self) -> Vec<Incident> {
        let filter = IncidentFilter {
            account_id: AccountId::FIRST.0,
            until_minute: u32::MAX,
            ..IncidentFilter::default()
        };
        self.runtime.block_on(self.store.incidents(&filter, None, 1000)).unwrap()
    }

    pub(super) fn set(&self, settings: &AnomalySettings) {
        let stored = StoredAnomalySettings {
            application_id: self.ids.application.0,
            body: serde_json::to_string(settings).unwrap(),
        };
        let account = AccountId::FIRST.0;
        self.runtime.block_on(self.store.set_anomaly_settings(account, &stored)).unwrap();
    }
}

/// 0 to 1, of a minute and a part.
pub(super) fn noise(minute: u32, salt: u32) -> f64 {
    let mut bits = u64::from(minute) << 32 | u64::from(salt);
    // splitmix64, <https://prng.di.unimi.it/splitmix64.c>.
    for _ in 0..2 {
        bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
    }
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

fn engine(
    store: &MetadataStore,
    runtime: &Runtime,
    fake: &Arc<Fake>,
    directory: &Arc<Directory>,
    objects: &Objects,
    watch: &Arc<Watch>,
    wrap: impl Fn(SqlAnomalies) -> Box<dyn AnomalyStore>,
) -> Engine<Fake> {
    let sql = SqlAnomalies::new(store.clone(), runtime.handle().clone());
    Engine::new(
        wrap(sql),
        Box::new(objects.clone()),
        Arc::clone(fake),
        Arc::clone(directory),
        Arc::clone(watch),
    )
}

fn ids(directory: &Directory) -> Ids {
    let none = EntityId::NONE;
    let make = |kind, application, parent, name: &str| {
        let key = EntityKey {
            account: AccountId::FIRST,
            kind,
            application,
            parent,
            name: name.to_owned(),
        };
        let category = if kind == EntityKind::Backend { exit::category::DATABASE } else { "" };
        let properties = Properties {
            host: format!("host-of-{name}"),
            category: category.to_owned(),
            ..Properties::default()
        };
        directory.resolve(&[(key, properties)], Minute(T).start_millis()).unwrap()[0]
    };
    let application = make(EntityKind::Application, none, none, "shop");
    let tier = |name: &str| make(EntityKind::Tier, application, none, name);
    let (web, cart, inventory) = (tier("web"), tier("cart"), tier("inventory"));
    let node = |tier, name: &str| make(EntityKind::Node, application, tier, name);
    Ids {
        application,
        web,
        cart,
        inventory,
        mysql: make(EntityKind::Backend, application, none, "mysql"),
        checkout: make(EntityKind::BusinessTransaction, application, web, "POST /checkout"),
        nodes: [node(web, "web-1"), node(cart, "cart-1"), node(inventory, "inventory-1")],
    }
}

/// Objects in memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Objects(pub(super) Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl StateObjects for Objects {
    fn write(&self, number: u64, content: &[u8]) -> Result<ObjectRef, telemetry_store::StoreError> {
        let path = format!("detection-{number}");
        let before = self.0.lock().insert(path.clone(), content.to_vec());
        assert!(before.is_none(), "an object of this name is there already: {path}");
        Ok(ObjectRef { path, bytes: content.len() as u64 })
    }

    fn read(&self, object: &ObjectRef) -> Result<Option<Vec<u8>>, telemetry_store::StoreError> {
        Ok(self.0.lock().get(&object.path).cloned())
    }

    fn remove(&self, path: &str) {
        self.0.lock().remove(path);
    }

    fn remove_others(
        &self,
        current: Option<&ObjectRef>,
    ) -> Result<(), telemetry_store::StoreError> {
        self.0.lock().retain(|path, _| current.is_some_and(|current| current.path == *path));
        Ok(())
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
    pub(super) inner: SqlAnomalies,
    pub(super) at: Arc<Mutex<Option<(Minute, Crash)>>>,
}

impl AnomalyStore for Failing {
    fn detection(&self) -> Result<Detection, StoreError> {
        self.inner.detection()
    }

    fn open(&self) -> Result<Vec<Anomaly>, StoreError> {
        self.inner.open()
    }

    fn cause(&self, id: u32) -> Result<Option<FoundCause>, StoreError> {
        self.inner.cause(id)
    }

    fn open_incidents(&self) -> Result<Vec<Incident>, StoreError> {
        self.inner.open_incidents()
    }

    fn open_violations(&self) -> Result<Vec<Violation>, StoreError> {
        self.inner.open_violations()
    }

    fn settings(&self) -> Result<Vec<StoredAnomalySettings>, StoreError> {
        self.inner.settings()
    }

    fn calendar(&self, account: AccountId) -> Result<analysis::baseline::Calendar, StoreError> {
        self.inner.calendar(account)
    }

    fn events(&self, filter: &EventFilter, limit: u32) -> Result<Vec<Event>, StoreError> {
        self.inner.events(filter, limit)
    }

    fn judge(
        &self,
        after: Option<u32>,
        minute: u32,
        changes: &[NewAnomalyChange],
        incidents: &[IncidentChange],
        checkpoint: Option<&ObjectRef>,
    ) -> Result<AnomalyOutcome, StoreError> {
        let failed = StoreError::NotFound { what: "connection", id: 0 };
        let crash = {
            let mut at = self.at.lock();
            match *at {
                Some((when, crash)) if when.0 == minute => {
                    *at = None;
                    Some(crash)
                }
                _ => None,
            }
        };
        if crash == Some(Crash::BeforeCommit) {
            return Err(failed);
        }
        let outcome = self.inner.judge(after, minute, changes, incidents, checkpoint);
        if crash == Some(Crash::AfterCommit) { Err(failed) } else { outcome }
    }

    fn forget(&self, closed_before: u32, limit: u32) -> Result<u64, StoreError> {
        self.inner.forget(closed_before, limit)
    }
}
