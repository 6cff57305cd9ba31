//! Whom what is found makes suspect, and what is one incident.

use metadata_store::{EntityRef, Event, EventSeverity, Events as _, NewEvent};
use model::{
    anomaly::{AnomalousKind, CauseVerdict, EvidenceKind, EvidenceLink},
    entity::{EntityKey, EntityKind, Properties},
    figure::{FigureKey, Scope},
    id::{AccountId, EntityId, SpanId},
    time::Minute,
};
use telemetry_store::reader::LogRow;

use super::world::{HISTORY, Ids, Shop, T, USUAL, World, noise};
use crate::{
    anomalies::FoundCauses,
    notice::Entry,
    policy::{EntitySelector, Policy, SelectedKind},
};

const BEGAN: u32 = HISTORY + 10;

/// The cart logs twenty lines in a minute.
fn log(world: &World, minute: u32, severity: u8, body: impl Fn(u64) -> String) {
    let at_ns = Minute(T + minute).start_ns() + 5;
    world.fake.logs.lock().extend((0..20).map(|number| LogRow {
        at_ns: at_ns + number,
        application: world.ids.application,
        tier: world.ids.cart,
        node: world.ids.nodes[1],
        trace: None,
        span: SpanId::NONE,
        severity,
        body: body(number),
        attributes: Vec::new(),
    }));
}

/// A shop in which something is wrong for ten minutes.
fn broken(shop: Shop) -> World {
    let mut world = World::new();
    world.run(HISTORY..BEGAN, USUAL);
    world.run(BEGAN..BEGAN + 10, shop);
    world
}

fn found(world: &World) -> FoundCauses {
    world.causes(world.anomaly_of(world.ids.checkout).id)
}

fn kinds(found: &FoundCauses) -> Vec<EvidenceKind> {
    found.suspects[0].evidence.iter().map(|one| one.kind).collect()
}

#[test]
fn a_pool_without_a_free_connection_is_its_tiers_trouble_and_not_its_databases() {
    let mut world = World::new();
    for minute in 0..BEGAN + 10 {
        // Of 60 calls each waits for 380 ms.
        let waits = if minute < BEGAN { 0.0 } else { 60.0 * 380.0 };
        let pool = "Connection Pools|HikariPool-1|Wait Time Per Min (ms)";
        world.reported(minute, 2, pool, waits);
    }
    world.run(HISTORY..BEGAN, USUAL);
    world.run(BEGAN..BEGAN + 10, Shop { mysql: 400.0, ..USUAL });
    let found = found(&world);
    assert_eq!(&*found.suspects[0].entity.name, "inventory", "{:#?}", found.suspects);
    assert!(kinds(&found).contains(&EvidenceKind::PoolWait), "{:?}", kinds(&found));
}

#[test]
fn a_slow_backend_is_named_with_its_path_and_evidence() {
    let world = broken(Shop { mysql: 400.0, ..USUAL });
    let found = found(&world);
    assert_eq!(found.verdict, CauseVerdict::Cause);
    let first = &found.suspects[0];
    assert_eq!((&*first.entity.name, first.entity.kind), ("mysql", AnomalousKind::Backend));
    assert!(first.confidence > 0.8 && first.share_of_time > 0.6, "{first:#?}");
    let path: Vec<&str> = first.path.iter().map(|one| &*one.name).collect();
    assert_eq!(path, ["mysql", "inventory", "web", "POST /checkout"]);
    let between = first.evidence.iter().find(|one| one.kind == EvidenceKind::Between).unwrap();
    let (from, to) = (world.ids.inventory.0, world.ids.mysql.0);
    assert_eq!(between.link, EvidenceLink::Edge { from, to });
    assert!(between.observed.unwrap() > 350.0 && between.expected.unwrap() < 25.0);
    let operation = &found.operations[0];
    assert_eq!((&*operation.tier.name, &*operation.name), ("inventory", "calls to mysql"));
    assert!(operation.before_ms.unwrap() < 25.0 && operation.after_ms.unwrap() > 350.0);
    let anomaly = world.anomaly_of(world.ids.checkout);
    assert_eq!(anomaly.standing.suspect_id, world.ids.mysql.0);
    let summary = serde_json::from_str::<serde_json::Value>(&anomaly.standing.body).unwrap();
    let summary = summary["summary"].as_str().unwrap().to_owned();
    assert!(summary.starts_with("Response time of POST /checkout rose from"), "{summary}");
    assert!(
        summary
            .contains("because of backend mysql: calls from tier inventory to backend mysql take"),
        "{summary}"
    );
}

#[test]
fn who_holds_the_workers_is_named_though_the_transaction_never_calls_it() {
    let mut world = World::new();
    let key = EntityKey {
        account: AccountId::FIRST,
        kind: EntityKind::Backend,
        application: world.ids.application,
        parent: EntityId::NONE,
        name: "search".to_owned(),
    };
    let made = world.directory.resolve(&[(key, Properties::default())], World::due(0)).unwrap();
    let search = made[0];
    // Calls of other transactions, and the threads that they keep busy.
    let others = |world: &World, minute: u32, millis: f64, threads: f64| {
        let Ids { application, web, .. } = world.ids;
        let (subject, peer, bt) = (web, search, EntityId::NONE);
        let key = FigureKey { scope: Scope::Edge, application, subject, peer, bt };
        world.fake.count(Minute(T + minute), key, (300, 0, millis * noise_around_1(minute)));
        let path = "JVM|Threads|Current No. of Threads";
        world.reported(minute, 0, path, threads * noise_around_1(minute + 7));
    };
    for minute in 0..BEGAN {
        others(&world, minute, 20.0, 20.0);
    }
    for minute in BEGAN..BEGAN + 10 {
        others(&world, minute, 2_000.0, 200.0);
    }
    world.run(HISTORY..BEGAN, USUAL);
    world.run(BEGAN..BEGAN + 10, Shop { web: 900.0, ..USUAL });
    let found = found(&world);
    let first = &found.suspects[0];
    assert_eq!(&*first.entity.name, "search", "{found:#?}");
    let path: Vec<&str> = first.path.iter().map(|one| &*one.name).collect();
    assert_eq!(path, ["search", "web", "POST /checkout"]);
}

fn noise_around_1(minute: u32) -> f64 {
    0.95 + 0.1 * noise(minute, 11)
}

#[test]
fn failures_are_laid_on_whoever_fails_by_itself() {
    let world = broken(Shop { cart_fails: 0.5, ..USUAL });
    let found = found(&world);
    assert_eq!(found.suspects[0].entity.id, world.ids.cart.0, "{found:#?}");
    assert!(kinds(&found).contains(&EvidenceKind::OwnErrors), "{found:#?}");
}

#[test]
fn a_node_s_processor_and_a_deployment_speak_against_its_tier() {
    let mut world = World::new();
    let path = "Hardware Resources|CPU|%Busy";
    let busy = |world: &World, minute, cart| {
        for (node, usual) in [(0, 30.0), (1, cart), (2, 25.0)] {
            world.reported(minute, node, path, usual + 4.0 * noise(minute, 9 + node as u32));
        }
    };
    for minute in 0..BEGAN {
        busy(&world, minute, 35.0);
    }
    world.run(HISTORY..BEGAN, USUAL);
    let deployed = NewEvent {
        account_id: AccountId::FIRST.0,
        application_id: Some(world.ids.application.0),
        kind: "APPLICATION_DEPLOYMENT".to_owned(),
        sub_type: String::new(),
        severity: EventSeverity::Info,
        time_ms: Minute(T + BEGAN - 1).start_millis(),
        summary: "cart 2.1".to_owned(),
        comment: String::new(),
        affected: vec![EntityRef { kind: 2, id: world.ids.cart.0, name: "cart".to_owned() }],
        triggered: None,
        properties: Vec::new(),
        key: None,
        repeats: 1,
        detail: String::new(),
    };
    let event = world.runtime.block_on(world.store.add_event(&deployed)).unwrap();
    for minute in BEGAN..BEGAN + 10 {
        busy(&world, minute, 92.0);
        log(&world, minute, 17, |item| format!("price cache of item {item} was rebuilt"));
        world.run(minute..minute + 1, Shop { cart: 200.0, ..USUAL });
    }
    let found = found(&world);
    assert_eq!(found.suspects[0].entity.id, world.ids.cart.0, "{found:#?}");
    let evidence = &found.suspects[0].evidence;
    let of = |kind| {
        evidence
            .iter()
            .find(|one| one.kind == kind)
            .unwrap_or_else(|| panic!("{kind:?}: {evidence:#?}"))
    };
    let metadata_store::Added::New(id) = event else { panic!("{event:?}") };
    assert_eq!(of(EvidenceKind::Change).link, EvidenceLink::Event { id });
    assert!(of(EvidenceKind::LogTemplate).text.contains("price cache of item {n} was rebuilt"));
    let own = of(EvidenceKind::OwnTime);
    assert!(own.observed.unwrap() > 180.0 && own.expected.unwrap() < 20.0);
    let hosts: Vec<_> = found.suspects.iter().map(|one| one.entity.kind).collect();
    let of_host = found.suspects.iter().flat_map(|one| &one.evidence);
    let busy = of_host.into_iter().find(|one| one.kind == EvidenceKind::Resource);
    assert!(busy.is_some_and(|one| one.text.contains("CPU %Busy")), "{hosts:?} {found:#?}");
}

#[test]
fn a_line_that_is_no_longer_logged_speaks_against_its_tier() {
    let mut world = World::new();
    let found_in_cache = |item| format!("price of item {item} found in the cache");
    (BEGAN - 60..BEGAN).for_each(|minute| log(&world, minute, 9, found_in_cache));
    world.run(HISTORY..BEGAN, USUAL);
    world.run(BEGAN..BEGAN + 10, Shop { cart: 200.0, ..USUAL });
    let found = found(&world);
    let cart = found.suspects.iter().find(|one| one.entity.id == world.ids.cart.0).unwrap();
    let line = cart.evidence.iter().find(|one| one.kind == EvidenceKind::LogTemplate).unwrap();
    assert!(line.text.contains("price of item {n} found in the cache”"), "{line:?}");
    assert!(line.observed == Some(0.0) && line.expected.unwrap() > 100.0, "{line:?}");
    let EvidenceLink::Logs { tier, severity, .. } = &line.link else { panic!("{line:?}") };
    assert_eq!((*tier, &**severity), (Some(world.ids.cart.0), "INFO"));
}

#[test]
fn a_surge_is_called_a_surge() {
    // Six times the load, and everything waits for the one processor there is.
    let world =
        broken(Shop { calls: 360, mysql: 40.0, inventory: 25.0, cart: 35.0, web: 25.0, ..USUAL });
    let anomalies = world.anomalies();
    let of_checkout = anomalies.iter().find(|one| one.of.entity_id == world.ids.checkout.0);
    let found = world.causes(of_checkout.expect("it is noticed").id);
    assert!(found.suspects[0].load, "{found:#?}");
    assert_eq!(found.verdict, CauseVerdict::Load);
}

#[test]
fn what_has_one_cause_is_one_incident_that_ends_with_its_last_anomaly() {
    let mut world = broken(Shop { mysql: 400.0, ..USUAL });
    let anomalies = world.anomalies();
    assert!(anomalies.len() >= 4, "the transaction, two tiers, their nodes and the backend");
    let incidents = world.incidents();
    assert_eq!(incidents.len(), 1, "{incidents:#?}");
    assert!(anomalies.iter().all(|one| one.incident_id == incidents[0].id), "{anomalies:#?}");
    let body: serde_json::Value = serde_json::from_str(&incidents[0].body).unwrap();
    assert_eq!(body["cause"]["entity"]["name"], "mysql");
    assert_eq!(incidents[0].closed_minute, 0);
    world.run(BEGAN + 10..BEGAN + 25, USUAL);
    let incident = &world.incidents()[0];
    let last = world.anomalies().iter().map(|one| one.closed_minute).max();
    assert_eq!(Some(incident.closed_minute), last);
    // Another fault at another time is another incident.
    world.run(BEGAN + 25..BEGAN + 35, Shop { cart_fails: 0.5, ..USUAL });
    assert_eq!(world.incidents().len(), 2);
}

#[test]
fn policies_take_the_events_and_notices_tell_figures_and_the_suspect() {
    let world = broken(Shop { mysql: 400.0, ..USUAL });
    let of_checkout = |event: &Event| event.affected[0].id == world.ids.checkout.0;
    let opened = world.all_events().into_iter().find(of_checkout).unwrap();
    let policy = Policy {
        enabled: true,
        event_types: [opened.kind.clone()].into(),
        entities: vec![EntitySelector {
            kind: SelectedKind::BusinessTransaction,
            ids: [world.ids.checkout.0].into(),
        }],
        ..Policy::default()
    };
    assert!(policy.takes(&opened, &|_| None));
    let entry = Entry::of(&opened, "https://apm.example.com");
    let measure = &entry.measures[0];
    assert_eq!(measure.name, "Response time");
    assert!(
        measure.value.ends_with(" ms") && measure.expected.starts_with("about "),
        "{measure:?}"
    );
    assert_eq!(entry.since_ms, Minute(T + BEGAN).start_millis());
    let suspected = ("suspected cause".to_owned(), "backend mysql".to_owned());
    assert!(entry.properties.contains(&suspected), "{entry:?}");
    let anomaly = world.anomaly_of(world.ids.checkout).id;
    let page = format!("/applications/{}/anomalies/{anomaly}", world.ids.application);
    assert!(entry.link.contains(&page), "{}", entry.link);
}
