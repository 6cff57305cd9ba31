//! The world: an application `shop` of three tiers that has reported the same every minute of the last hour, but for
//! three minutes of silence, and a first few calls in the minute that is filling.
//!
//! `web` gets 10 `GET /cart` of 20 ms a minute, one of which fails, and 5 health checks; each cart calls `stock`, which
//! calls MySQL twice; two carts a minute put a message into the queue `rabbitmq jobs` that `worker` handles.

use std::sync::{Arc, mpsc::channel};

use alerting::{baselines, rules};
use api::{
    AttemptsSource, Certificate, Config, Deps, Readiness, Status, access_key::Sealer, password,
};
use api_types::{Attempt, AttemptResult, Loopback};
use daemon::clock::{ManualClock, UnixNanos};
use metadata_store::{
    ACCOUNT_OWNER, ActorKind, Directory, Entities as _, FIRST_ACCOUNT, MemoryEntities,
    MetadataStore, NewAudit, NewEntity, NewRole, NewUser, Roles as _, Users as _,
};
use model::{
    access::Grant,
    distribution::{Buckets, Distribution},
    entity::{EntityKey, EntityKind, Properties},
    figure::{Call, Figure, FigureKey, Scope},
    id::{AccountId, EntityId, SpanId, TraceId},
    span::{Outcome, SnapshotReason},
    time::Minute,
};
use parking_lot::Mutex;
use telemetry_store::reader::{
    FigureRow, Instrument, LogRow, MetricPoint, MetricSeries, OwnedValue, Series, SeriesSamples,
    TraceRow,
};
use tempfile::TempDir;

use super::{
    Client, FakeReader,
    operations::{FakeIntake, FakeOperations, HeldKeyNames, Nobody},
};

/// The minute that is filling.
pub(crate) const NOW: Minute = Minute(28_000_000);
/// Nothing was reported from here for three minutes.
pub(crate) const SILENT: u32 = NOW.0 - 30;
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Ids of what is in the world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ids {
    pub(crate) shop: EntityId,
    pub(crate) web: EntityId,
    pub(crate) stock: EntityId,
    pub(crate) worker: EntityId,
    pub(crate) web1: EntityId,
    pub(crate) stock1: EntityId,
    pub(crate) worker1: EntityId,
    pub(crate) cart: EntityId,
    pub(crate) health: EntityId,
    pub(crate) mysql: EntityId,
    pub(crate) jobs: EntityId,
    pub(crate) endpoint: EntityId,
    pub(crate) error: EntityId,
}

/// Everything that a test may turn before it asks.
pub(crate) struct World {
    pub(crate) ids: Ids,
    pub(crate) clock: ManualClock,
    pub(crate) reader: FakeReader,
    pub(crate) config: Config,
    pub(crate) status: FakeStatus,
    pub(crate) store: MetadataStore,
    pub(crate) held_keys: HeldKeyNames,
    /// What rules said of entities.
    health: Arc<rules::States>,
    directory: Arc<Directory>,
    folder: TempDir,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct FakeStatus {
    pub(crate) partial: Vec<String>,
    pub(crate) not_ready: Vec<String>,
    pub(crate) standby: bool,
    /// The certificate was given to the server: there is no CA of ours.
    pub(crate) own_certificate: bool,
}

impl Status for FakeStatus {
    fn version(&self) -> String {
        "0.1.0".to_owned()
    }

    fn readiness(&self) -> Readiness {
        Readiness { ready: self.not_ready.is_empty(), reasons: self.not_ready.clone() }
    }

    fn partial(&self) -> Vec<String> {
        self.partial.clone()
    }

    fn active(&self) -> bool {
        !self.standby
    }

    fn startup_seconds(&self) -> u64 {
        4
    }

    fn certificate(&self) -> Certificate {
        let of_ca = |text: &str| if self.own_certificate { "" } else { text }.to_owned();
        Certificate {
            ca_pem: of_ca("-----BEGIN CERTIFICATE-----\n"),
            ca_fingerprint_sha256: of_ca("3F:A1"),
            names: vec!["apm.example.com".to_owned()],
            public_url: "https://apm.example.com".to_owned(),
        }
    }

    fn loopback(&self) -> Loopback {
        Loopback { grpc: Some("127.0.0.1:4317".to_owned()), http: None }
    }

    fn metrics_text(&self) -> String {
        "# EOF\n".to_owned()
    }
}

#[derive(Debug)]
struct OneAttempt;

impl AttemptsSource for OneAttempt {
    fn newest(&self, limit: usize) -> Vec<Attempt> {
        let attempt = Attempt {
            at: 1,
            sender: "10.0.0.9".to_owned(),
            transport: "HTTP".to_owned(),
            path: "/v1/traces".to_owned(),
            result: AttemptResult::Refused,
            code: "unknown_access_key".to_owned(),
            message: "The access key is not known.".to_owned(),
            remedy: "Copy the key.".to_owned(),
            tier: None,
            count: 3,
        };
        vec![attempt; limit.min(1)]
    }
}

impl World {
    pub(crate) async fn new() -> World {
        let folder = TempDir::new().unwrap();
        let url = metadata_store::Url::Sqlite(folder.path().join("metadata.sqlite"));
        let store = metadata_store::Config { url }.open().await.unwrap();
        let admin = NewUser {
            account_id: FIRST_ACCOUNT,
            user_name: "admin".to_owned(),
            display_name: "Administrator".to_owned(),
            email: String::new(),
            password_hash: password::hash(PASSWORD),
            must_change_password: false,
            roles: vec![ACCOUNT_OWNER],
            groups: Vec::new(),
            created_ms: 1,
        };
        store.create_user(&admin, &by_the_test()).await.unwrap();
        let directory = Directory::load(Arc::new(MemoryEntities::default())).unwrap();
        let ids = entities(&directory);
        store_as_well(&store, &directory).await;
        let clock = ManualClock::new(UnixNanos(NOW.start_ns() + 20_000_000_000));
        World {
            ids,
            clock,
            reader: reader(&ids),
            config: Config::default(),
            status: FakeStatus::default(),
            store,
            held_keys: HeldKeyNames::default(),
            health: Arc::default(),
            directory: Arc::new(directory),
            folder,
        }
    }

    /// A user of this name and the password of all, who may this and nothing else.
    pub(crate) async fn user(&self, name: &str, grants: &[Grant]) -> u32 {
        let role = NewRole {
            account_id: FIRST_ACCOUNT,
            name: format!("of {name}"),
            description: String::new(),
            grants: grants.to_vec(),
        };
        let role = self.store.create_role(&role, &by_the_test()).await.unwrap();
        let user = NewUser {
            account_id: FIRST_ACCOUNT,
            user_name: name.to_owned(),
            display_name: String::new(),
            email: String::new(),
            password_hash: self.store.user(1).await.unwrap().unwrap().password_hash,
            must_change_password: false,
            roles: vec![role],
            groups: Vec::new(),
            created_ms: 1,
        };
        self.store.create_user(&user, &by_the_test()).await.unwrap()
    }

    /// Makes the reader wait; dropping what is returned lets it go on.
    pub(crate) fn block_reader(&mut self) -> std::sync::mpsc::Sender<()> {
        let (hold, gate) = channel();
        self.reader.gate = Some(std::sync::Mutex::new(gate));
        hold
    }

    /// An entity more.
    pub(crate) fn entity(
        &self,
        kind: EntityKind,
        application: EntityId,
        parent: EntityId,
        name: &str,
    ) -> EntityId {
        make(&self.directory, kind, application, parent, name, Properties::default())
    }

    /// Something of an entity arrived at this time.
    pub(crate) fn seen(&self, entity: EntityId, at_ms: i64) {
        self.directory.touch(&[(entity, at_ms)]);
    }

    /// Changes what is known of an entity besides its name.
    pub(crate) fn change(&self, entity: EntityId, change: impl FnOnce(&mut Properties)) {
        self.directory.change_properties(entity, change).unwrap();
    }

    /// A client that is signed in by HTTP Basic.
    pub(crate) fn client(self) -> Client {
        self.stranger().with_basic("admin", PASSWORD)
    }

    /// A client that is signed in, after the last so many minutes were judged by the health rules.
    pub(crate) async fn judged(mut self, minutes: u32) -> Client {
        let reader = std::mem::take(&mut self.reader).shared();
        let mut engine = rules::Engine::new(
            Box::new(rules::SqlRules::new(self.store.clone(), tokio::runtime::Handle::current())),
            Arc::clone(&reader),
            Arc::clone(&self.directory),
            Arc::new(rules::NoBaselines),
            Arc::clone(&self.health),
            1 << 20,
        );
        let judging = tokio::task::spawn_blocking(move || {
            for minute in (0..minutes).rev() {
                let due = Minute(NOW.0 + 1 - minute).start_millis();
                engine.step(due).unwrap().expect("a minute is due");
            }
        });
        judging.await.unwrap();
        self.over(reader).with_basic("admin", PASSWORD)
    }

    /// A client that is not signed in.
    pub(crate) fn stranger(mut self) -> Client {
        let reader = std::mem::take(&mut self.reader).shared();
        self.over(reader)
    }

    fn over(self, reader: Arc<FakeReader>) -> Client {
        let notifier = alerting::NotifierConfig {
            base: "https://apm.example.com".to_owned(),
            ..alerting::NotifierConfig::default()
        };
        let secrets = Arc::new(Sealer::of_notices([7; 32]));
        let directory = Arc::clone(&self.directory);
        let notifier = notifier.build(self.store.clone(), directory, self.clock.shared(), secrets);
        let registry = Mutex::new(prometheus_client::registry::Registry::default());
        let baselines = baselines::Config::within(64 << 20).build(
            Arc::clone(&reader) as _,
            Arc::clone(&self.directory),
            self.clock.shared(),
            &mut registry.lock(),
        );
        let baselines = Arc::new(baselines);
        let held_keys = FakeIntake { store: self.store.clone(), held: self.held_keys };
        let deps = Deps {
            held_keys: Arc::new(held_keys),
            reader,
            directory: self.directory,
            store: self.store.clone(),
            expectations: Arc::new(rules::DefinedBaselines::new(
                Arc::clone(&baselines),
                self.store,
                tokio::runtime::Handle::current(),
            )),
            health: self.health,
            watch: Arc::default(),
            baselines,
            clock: self.clock.shared(),
            attempts: Arc::new(OneAttempt),
            status: Arc::new(self.status),
            operations: Arc::new(FakeOperations::default()),
            observer: Arc::new(Nobody),
            sealer: Sealer::new([7; 32]),
            notifier: Arc::new(notifier),
        };
        let router = self.config.build(deps, &mut registry.lock());
        Client::new(router, self.folder)
    }
}

/// An entry of the audit log about what a test did before it began.
fn by_the_test() -> NewAudit {
    NewAudit {
        account_id: FIRST_ACCOUNT,
        at_ms: 1,
        actor_kind: ActorKind::System,
        actor: "test".to_owned(),
        address: String::new(),
        action: "create".to_owned(),
        object_type: "world".to_owned(),
        object_id: String::new(),
        object_name: String::new(),
        before: String::new(),
        after: String::new(),
    }
}

fn make(
    directory: &Directory,
    kind: EntityKind,
    application: EntityId,
    parent: EntityId,
    name: &str,
    properties: Properties,
) -> EntityId {
    let key =
        EntityKey { account: AccountId::FIRST, kind, application, parent, name: name.to_owned() };
    let id = directory.resolve(&[(key, properties)], 0).unwrap()[0];
    directory.touch(&[(id, NOW.start_millis())]);
    id
}

fn of(category: &str, system: &str, address: &str) -> Properties {
    Properties {
        category: category.to_owned(),
        system: system.to_owned(),
        address: address.to_owned(),
        ..Properties::default()
    }
}

/// Puts the entities into the metadata store, which looks at the applications of an account there, under the ids that they have.
async fn store_as_well(store: &MetadataStore, directory: &Directory) {
    let known = (1..).map_while(|id| directory.get(EntityId(id)));
    let rows = known.map(|entity| NewEntity {
        account_id: entity.key.account.0,
        kind: entity.key.kind as u8,
        application_id: entity.key.application.0,
        parent_id: entity.key.parent.0,
        name: entity.key.name.clone(),
        properties: "{}".to_owned(),
        seen_ms: entity.last_seen_ms,
    });
    let rows: Vec<NewEntity> = rows.collect();
    let ids = store.resolve(&rows).await.unwrap();
    assert!(ids.iter().copied().eq(1..=rows.len() as u32), "{ids:?}");
}

fn entities(directory: &Directory) -> Ids {
    use EntityKind::{
        Application, Backend, BusinessTransaction, ErrorGroup, Node, Queue, ServiceEndpoint, Tier,
    };
    let none = EntityId::NONE;
    let shop = make(directory, Application, none, none, "shop", Properties::default());
    let tier = |name, runtime| make(directory, Tier, shop, none, name, of("", runtime, ""));
    let (web, stock) = (tier("web", "python"), tier("stock", "nodejs"));
    let worker = tier("worker", "python");
    let agent = || Properties {
        agent: "opentelemetry 1.45.1".to_owned(),
        host: "h1".to_owned(),
        ..Properties::default()
    };
    let node = |tier, name| make(directory, Node, shop, tier, name, agent());
    let background = Properties { background: true, health_check: true, ..of("HTTP", "", "") };
    Ids {
        shop,
        web,
        stock,
        worker,
        web1: node(web, "web1"),
        stock1: node(stock, "stock1"),
        worker1: node(worker, "worker1"),
        cart: make(directory, BusinessTransaction, shop, web, "GET /cart", of("HTTP", "", "")),
        health: make(directory, BusinessTransaction, shop, web, "Health Checks", background),
        mysql: make(
            directory,
            Backend,
            shop,
            none,
            "mysql db1:3306/shop",
            of("DATABASE", "mysql", "db1:3306"),
        ),
        jobs: make(directory, Queue, shop, none, "rabbitmq jobs", of("MESSAGING", "rabbitmq", "")),
        endpoint: make(
            directory,
            ServiceEndpoint,
            shop,
            stock,
            "GET /stock/{id}",
            of("HTTP", "", ""),
        ),
        error: make(directory, ErrorGroup, shop, web, "ValueError: bad {n}", Properties::default()),
    }
}

fn calls(count: usize, failed: usize, millis: f64, at: Minute) -> Figure {
    let mut figure = Figure::default();
    for n in 0..count {
        figure.add(&Call {
            micros: millis * 1000.0,
            weight: 1.0,
            failed: n < failed,
            http_error: n < failed,
            outcome: if n < failed { Outcome::Error } else { Outcome::Normal },
            long_lived: false,
            at_ms: at.start_millis() + 1,
        });
    }
    figure
}

/// What happens in one minute with so many carts.
fn minute(ids: &Ids, at: Minute, carts: usize, failed: usize, rows: &mut Vec<FigureRow>) {
    let none = EntityId::NONE;
    let mut put = |scope, subject, peer, bt, figure| {
        let key = FigureKey { scope, application: ids.shop, subject, peer, bt };
        rows.push(FigureRow { key, at, figure });
    };
    let web = || calls(carts, failed, 20.0, at);
    put(Scope::BusinessTransaction, ids.cart, ids.web1, none, web());
    put(Scope::BusinessTransaction, ids.health, ids.web1, none, calls(5, 0, 1.0, at));
    let mut all = web();
    all.merge(&calls(5, 0, 1.0, at));
    put(Scope::Tier, ids.web, none, none, all.clone());
    put(Scope::Node, ids.web1, ids.web, none, all);
    put(Scope::Tier, ids.stock, none, none, calls(carts, 0, 5.0, at));
    put(Scope::Node, ids.stock1, ids.stock, none, calls(carts, 0, 5.0, at));
    put(Scope::Endpoint, ids.endpoint, ids.stock1, none, calls(carts, 0, 5.0, at));
    put(Scope::Tier, ids.worker, none, none, calls(2, 0, 50.0, at));
    put(Scope::Node, ids.worker1, ids.worker, none, calls(2, 0, 50.0, at));
    put(Scope::TierInTransaction, ids.web, none, ids.cart, web());
    put(Scope::TierInTransaction, ids.stock, none, ids.cart, calls(carts, 0, 5.0, at));
    for bt in [none, ids.cart] {
        put(Scope::Edge, ids.web, ids.stock, bt, calls(carts, 0, 6.0, at));
        put(Scope::Edge, ids.stock, ids.mysql, bt, calls(2 * carts, 0, 1.0, at));
        put(Scope::Edge, ids.web, ids.jobs, bt, calls(2, 0, 2.0, at));
        put(Scope::Error, ids.error, ids.web, bt, calls(failed, 0, 0.0, at));
    }
    put(Scope::Edge, ids.jobs, ids.worker, none, calls(2, 0, 50.0, at));
}

fn reader(ids: &Ids) -> FakeReader {
    let mut figures = Vec::new();
    for at in NOW.0 - 60..NOW.0 {
        if !(SILENT..SILENT + 3).contains(&at) {
            minute(ids, Minute(at), 10, 1, &mut figures);
        }
    }
    minute(ids, NOW, 3, 0, &mut figures);
    FakeReader {
        figures,
        traces: (1..=5).map(|n| trace_row(ids, n)).collect(),
        logs: (1..=3).map(|n| log_row(ids, n)).collect(),
        metrics: vec![cpu(ids)],
        series: (1..=3).map(|n| raw_series(ids, n)).collect(),
        samples: raw_samples(),
        newest: Some(Minute(NOW.0 - 1)),
        ..FakeReader::default()
    }
}

/// The n-th newest transaction, n minutes ago; the first failed, the second was slow.
fn trace_row(ids: &Ids, n: u8) -> TraceRow {
    let (outcome, reason) = match n {
        1 => (Outcome::Error, SnapshotReason::Error),
        2 => (Outcome::Slow, SnapshotReason::Slow),
        3 => (Outcome::Normal, SnapshotReason::Periodic),
        _ => (Outcome::Normal, SnapshotReason::None),
    };
    TraceRow {
        trace: TraceId([n; 16]),
        entry: SpanId(u64::from(n)),
        application: ids.shop,
        bt: ids.cart,
        tier: ids.web,
        node: ids.web1,
        end_ns: Minute(NOW.0 - u32::from(n)).start_ns() + 20_000_000,
        duration_us: 20_000,
        outcome,
        reason,
        spans: 4,
    }
}

/// Series 1 and 2 of `queue.depth`, gauges, and 3 of `sizes`, a histogram.
fn raw_series(ids: &Ids, n: u64) -> Series {
    let (name, instrument) =
        if n < 3 { ("queue.depth", Instrument::Gauge) } else { ("sizes", Instrument::Histogram) };
    Series {
        id: n << 60,
        application: ids.shop,
        tier: ids.web,
        node: ids.web1,
        instrument,
        is_delta: false,
        name: name.to_owned(),
        unit: "{item}".to_owned(),
        scope: "app".to_owned(),
        attributes: vec![("queue".to_owned(), OwnedValue::Int(n as i64))],
    }
}

fn raw_samples() -> Vec<SeriesSamples> {
    let at = |minute: i64| NOW.start_millis() - minute * 60_000;
    let sizes = Distribution {
        count: 5,
        sum: Some(35.0),
        min: None,
        max: Some(20.0),
        buckets: Buckets::Explicit { bounds: vec![5.0, 10.0], counts: vec![2, 0, 3] },
    };
    vec![
        SeriesSamples {
            series: 1 << 60,
            numbers: vec![(at(90), 1.0), (at(2), 2.5), (at(1), f64::NAN)],
            ..SeriesSamples::default()
        },
        SeriesSamples {
            series: 3 << 60,
            distributions: vec![(at(1), sizes)],
            ..SeriesSamples::default()
        },
    ]
}

fn log_row(ids: &Ids, n: u8) -> LogRow {
    LogRow {
        at_ns: Minute(NOW.0 - u32::from(n)).start_ns(),
        application: ids.shop,
        tier: ids.web,
        node: ids.web1,
        trace: Some(TraceId([n; 16])),
        span: SpanId(u64::from(n)),
        severity: 17,
        body: format!("line {n}"),
        attributes: vec![("code.line".to_owned(), OwnedValue::Int(7))],
    }
}

/// CPU of `web1`: 40 % on average, from 30 to 50 in each minute.
fn cpu(ids: &Ids) -> MetricSeries {
    let point = |at| MetricPoint {
        at: Minute(at),
        count: 4.0,
        sum: 160.0,
        min: 30.0,
        max: 50.0,
        last: 45.0,
        last_at_ms: Minute(at).start_millis(),
    };
    MetricSeries {
        id: 1,
        application: ids.shop,
        tier: ids.web,
        node: ids.web1,
        path: "Hardware Resources|CPU|%Busy".to_owned(),
        unit: "%".to_owned(),
        points: (NOW.0 - 3..NOW.0).map(point).collect(),
    }
}
