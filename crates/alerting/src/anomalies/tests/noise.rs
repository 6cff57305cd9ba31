//! One slowness is told once: what only shows it joins its incident quietly.

use model::entity::EntityKind;

use super::world::{HISTORY, Shop, T, USUAL, World};
use crate::anomalies::Body;

const BEGAN: u32 = HISTORY + 10;
/// Everything takes four times as long, as on a machine that is busy with something else.
const BUSY: Shop = Shop { mysql: 80.0, inventory: 40.0, cart: 60.0, web: 40.0, ..USUAL };

fn is_of_transaction(kind: u8) -> bool {
    EntityKind::from_number(kind) == Some(EntityKind::BusinessTransaction)
}

#[test]
fn when_everything_is_slower_at_once_the_transaction_is_told_and_its_parts_join_quietly() {
    let mut world = World::new();
    world.run(HISTORY..BEGAN, USUAL);
    world.run(BEGAN..BEGAN + 15, BUSY);
    let anomalies = world.anomalies();
    assert!(anomalies.len() >= 6, "tiers, nodes and the backend deviate too: {anomalies:#?}");
    let incidents = world.incidents();
    assert_eq!(incidents.len(), 1, "{incidents:#?}");
    assert!(anomalies.iter().all(|one| one.incident_id == incidents[0].id));
    let quiet = |body: &str| serde_json::from_str::<Body>(body).unwrap().quiet;
    let told: Vec<_> = anomalies.iter().filter(|one| !quiet(&one.standing.body)).collect();
    assert!(told.len() <= 2, "one, and one at most that was there before it: {told:#?}");
    assert!(told.iter().any(|one| is_of_transaction(one.of.entity_kind)), "{told:#?}");
    world.run(BEGAN + 15..BEGAN + 40, USUAL);
    assert!(world.anomalies().iter().all(|one| one.closed_minute > 0));
    let events = world.all_events();
    let told: Vec<u32> = told.iter().map(|one| one.of.entity_id).collect();
    let others = events.iter().filter(|event| !told.contains(&event.affected[0].id));
    assert_eq!(others.count(), 0, "neither their beginning nor their end: {events:#?}");
    // What happened to them stands with them all the same.
    let one = anomalies.iter().find(|one| quiet(&one.standing.body)).unwrap();
    let changes = world.changes(one.id);
    assert!(changes.len() >= 2, "it opened and closed: {changes:#?}");
}

#[test]
fn a_part_that_is_worse_than_what_was_told_speaks_up() {
    let mut world = World::new();
    world.run(HISTORY..BEGAN, USUAL);
    // The transaction is a little slower for a while, by its first tier.
    let mut minute = BEGAN;
    let mut millis = 10.0;
    while world.incidents().is_empty() {
        millis += 0.5;
        world.run(minute..minute + 1, Shop { web: millis, ..USUAL });
        minute += 1;
        assert!(minute < BEGAN + 120, "a slow rise is seen");
    }
    world.run(minute..minute + 6, Shop { web: 300.0, ..USUAL });
    let worst = world.incidents()[0].level;
    assert_eq!(worst, 2, "it became critical");
    let critical = |kind: &str| kind == "ANOMALY_OPEN_CRITICAL" || kind == "ANOMALY_UPGRADED";
    let events = world.all_events();
    assert!(events.iter().any(|event| critical(&event.kind)), "and was told so: {events:#?}");
}

#[test]
fn what_is_in_no_incident_s_way_is_told_by_itself() {
    let mut world = World::new();
    let path = "Process|Memory|Resident (MB)";
    for minute in 0..BEGAN {
        for node in 0..3 {
            world.reported(minute, node, path, 200.0 + f64::from(minute % 5));
        }
    }
    world.run(HISTORY..BEGAN, USUAL);
    for minute in BEGAN..BEGAN + 15 {
        world.reported(minute, 1, path, 1_500.0);
        world.run(minute..minute + 1, USUAL);
    }
    let told = world.told_of(world.ids.nodes[1]);
    assert!(told.iter().any(|(at, _)| *at >= BEGAN && *at < BEGAN + 15), "{told:?} {}", T);
    // Nodes of several tiers are often called the same.
    let of_node = |one: &metadata_store::Anomaly| one.of.entity_id == world.ids.nodes[1].0;
    let anomaly = world.anomalies().into_iter().find(of_node).expect("it was told");
    let body: Body = serde_json::from_str(&anomaly.standing.body).unwrap();
    assert!(
        body.summary.contains(&format!("{path} of node cart-1 of cart rose")),
        "{}",
        body.summary
    );
}
