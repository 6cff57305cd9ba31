use daemon::{
    clock::{ManualClock, UnixNanos},
    disk::SimulatedDisk,
};
use metadata_store::{
    Config, DocumentNeeds, Event, MemoryCatalogue, MemoryEntities, NewAlertConfig, Url,
};
use model::{
    entity::{EntityKey, Properties},
    figure::{Call, FigureKey},
    id::{SpanId, TraceId},
    span::SnapshotReason,
};
use telemetry_store::Store;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::*;
use crate::{notice::Entry, policy};

/// The minute in which something goes badly.
const T: Minute = Minute(29_000_000);

fn trace(outcome: Outcome, number: usize) -> TraceId {
    TraceId((1_000 * (outcome as u128 + 1) + number as u128).to_be_bytes())
}

/// A shop with a cart and a group of errors, a store of what was counted, and the job over it.
struct Shop {
    runtime: Runtime,
    store: MetadataStore,
    telemetry: Arc<Store>,
    job: Job,
    application: EntityId,
    cart: EntityId,
    errors: EntityId,
    _folder: TempDir,
}

impl Shop {
    fn new() -> Shop {
        let folder = TempDir::new().expect("a folder for the test");
        let runtime = Runtime::new().expect("a runtime");
        let url = Url::Sqlite(folder.path().join("metadata.db"));
        let store = runtime.block_on(Config { url }.open()).expect("an empty database opens");
        let directory = Arc::new(Directory::load(Arc::new(MemoryEntities::default())).unwrap());
        let make = |kind, application, parent, name: &str| {
            let name = name.to_owned();
            let key = EntityKey { account: AccountId::FIRST, kind, application, parent, name };
            directory.resolve(&[(key, Properties::default())], T.start_millis()).unwrap()[0]
        };
        let none = EntityId::NONE;
        let application = make(EntityKind::Application, none, none, "shop");
        let tier = make(EntityKind::Tier, application, none, "web");
        let cart = make(EntityKind::BusinessTransaction, application, tier, "GET /cart");
        let errors = make(EntityKind::ErrorGroup, application, tier, "TimeoutError: no answer");
        let telemetry = telemetry_store::Config {
            disk: Arc::new(SimulatedDisk::new()),
            catalogue: Arc::new(MemoryCatalogue::new()),
            memory: telemetry_store::Memory::default(),
        };
        let telemetry = Arc::new(telemetry.open().expect("an empty store opens"));
        let job = Job::new(Deps {
            store: store.clone(),
            runtime: runtime.handle().clone(),
            reader: Arc::clone(&telemetry) as _,
            directory,
            clock: ManualClock::new(UnixNanos(0)).shared(),
            pace: crate::Pace { is_caught_up: Box::new(|| true), is_stopping: Box::new(|| false) },
        });
        Shop { runtime, store, telemetry, job, application, cart, errors, _folder: folder }
    }

    /// A policy that asks for these types of events.
    fn policy(&self, types: &[&str], enabled: bool) {
        let policy = Policy {
            enabled,
            event_types: types.iter().map(|one| (*one).to_owned()).collect(),
            ..Policy::default()
        };
        let config = NewAlertConfig {
            account_id: AccountId::FIRST.0,
            application_id: None,
            name: types.join(" "),
            body: serde_json::to_string(&policy).unwrap(),
            sealed: Vec::new(),
            changed_ms: 0,
            needs: DocumentNeeds::default(),
        };
        let created = self.store.create_alert_config(AlertConfigKind::Policy, &config);
        self.runtime.block_on(created).unwrap();
    }

    /// Calls of the cart on two nodes, by how they went, with a kept trace of so many ms.
    fn calls(&self, outcome: Outcome, millis: &[u64]) {
        for (number, millis) in millis.iter().enumerate() {
            let node = EntityId(900 + u32::try_from(number % 2).unwrap());
            let failed = outcome == Outcome::Error;
            self.count(Scope::BusinessTransaction, self.cart, node, outcome, failed);
            let row = TraceRow {
                trace: trace(outcome, number),
                entry: SpanId(1),
                application: self.application,
                bt: self.cart,
                tier: EntityId(800),
                node,
                end_ns: T.start_ns() + 1_000_000 * (number as u64 + 1),
                duration_us: millis * 1_000,
                outcome,
                reason: SnapshotReason::Slowest,
                spans: 3,
            };
            self.telemetry.with_head(|head| head.rows(AccountId::FIRST).traces.push(row));
        }
    }

    fn count(
        &self,
        scope: Scope,
        subject: EntityId,
        peer: EntityId,
        outcome: Outcome,
        failed: bool,
    ) {
        let (application, bt) = (self.application, EntityId::NONE);
        let key = FigureKey { scope, application, subject, peer, bt };
        let call = Call {
            micros: 1_000.0,
            weight: 1.0,
            failed,
            http_error: false,
            outcome,
            long_lived: false,
            at_ms: T.start_millis(),
        };
        self.telemetry.with_head(|head| head.rows(AccountId::FIRST).count(key, T, &call));
    }

    /// Tells the minute and returns all events.
    fn told(&self) -> Vec<Event> {
        self.job.step(Minute(T.0 + 2).start_millis()).unwrap();
        self.runtime.block_on(self.store.events_after(0, 100)).unwrap()
    }
}

#[test]
fn a_minute_is_one_event_for_each_transaction_and_kind_that_is_asked_for() {
    let shop = Shop::new();
    shop.policy(&["VERY_SLOW", "ERROR"], true);
    shop.policy(&["STALL"], false);
    shop.calls(Outcome::Normal, &[1, 2, 3]);
    shop.calls(Outcome::Slow, &[10]);
    shop.calls(Outcome::VerySlow, &[500, 900, 700]);
    shop.calls(Outcome::Stall, &[50_000]);
    shop.calls(Outcome::Error, &[20, 10]);
    let told = shop.told();
    let texts: Vec<(&str, &str)> =
        told.iter().map(|one| (one.kind.as_str(), one.summary.as_str())).collect();
    assert_eq!(
        texts,
        [
            ("VERY_SLOW", "GET /cart: 3 of 10 calls very slow in a minute"),
            ("ERROR", "GET /cart: 2 of 10 calls failed in a minute"),
        ]
    );
    let worst = trace(Outcome::VerySlow, 1).to_string();
    let property = |name: &str| {
        let found = told[0].properties.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!((property("count"), property("trace")), (Some("3"), Some(worst.as_str())));
    assert_eq!(told[0].affected[0].id, shop.cart.0);
    let entry = Entry::of(&told[0], "https://apm.example.com");
    assert_eq!(entry.link, format!("https://apm.example.com/traces/{worst}"));
    assert_eq!(
        (entry.measures[0].name.as_str(), entry.measures[0].value.as_str()),
        ("Very slow calls", "3")
    );
    // Once: neither the same minute nor what was told before comes again.
    assert_eq!(shop.told().len(), 2);
}

#[test]
fn exceptions_are_told_by_their_group() {
    let shop = Shop::new();
    for _ in 0..4 {
        shop.count(Scope::Error, shop.errors, EntityId(800), Outcome::Normal, false);
    }
    assert!(shop.told().is_empty(), "nobody asks");
    let shop = Shop::new();
    shop.policy(&["APPLICATION_ERROR"], true);
    for _ in 0..4 {
        shop.count(Scope::Error, shop.errors, EntityId(800), Outcome::Normal, false);
    }
    shop.calls(Outcome::Error, &[20]);
    let told = shop.told();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].summary, "TimeoutError: no answer: 4 times in a minute");
    let entry = Entry::of(&told[0], "");
    let page = format!("/applications/{}/errors/{}?", shop.application.0, shop.errors.0);
    assert!(entry.link.starts_with(&page), "{}", entry.link);
}

#[test]
fn each_kind_that_policies_can_name_is_made() {
    let groups = ["Slow and stalled transactions", "Errors"];
    let named = policy::EVENT_TYPES.iter().filter(|(name, _)| groups.contains(name));
    let mut types: Vec<&str> = named.flat_map(|(_, types)| types.iter().copied()).collect();
    let shop = Shop::new();
    shop.policy(&types, true);
    for outcome in OUTCOMES {
        shop.calls(outcome, &[10]);
    }
    shop.count(Scope::Error, shop.errors, EntityId(800), Outcome::Normal, false);
    let told = shop.told();
    let mut kinds: Vec<&str> = told.iter().map(|one| one.kind.as_str()).collect();
    types.sort_unstable();
    kinds.sort_unstable();
    assert_eq!((types.len(), &types), (5, &kinds));
    let asking = Policy {
        enabled: true,
        event_types: types.iter().map(|one| (*one).to_owned()).collect(),
        ..Policy::default()
    };
    assert!(told.iter().all(|event| asking.takes(event, &|_| None)));
}

#[test]
fn what_was_missed_long_ago_is_not_told() {
    let shop = Shop::new();
    shop.policy(&["STALL"], true);
    shop.job.step(Minute(T.0 + 1).start_millis()).unwrap();
    shop.calls(Outcome::Stall, &[50_000]);
    let after_a_day = Minute(T.0 + 1_442);
    let first = shop.job.step(after_a_day.start_millis()).unwrap();
    assert_eq!(first, Some(0));
    let told = shop.runtime.block_on(shop.store.told_minute()).unwrap();
    assert_eq!(told, Some(after_a_day.0 - 2 - MAX_BEHIND));
}
