//! Deliveries, and how far events were read for them.

use metadata_store::{
    Attempted, Deliveries, DeliveryFilter, DeliveryState, FIRST_ACCOUNT, MetadataStore, NewDelivery,
};

fn delivery(title: &str, due_ms: i64) -> NewDelivery {
    NewDelivery {
        account_id: FIRST_ACCOUNT,
        application_id: Some(3),
        policy_id: 4,
        action_id: 5,
        cause: String::new(),
        state: DeliveryState::Pending,
        created_ms: 10,
        due_ms,
        title: title.to_owned(),
        notice: "{}".to_owned(),
        log: "[]".to_owned(),
        violations: Vec::new(),
    }
}

fn all() -> DeliveryFilter {
    DeliveryFilter { account_id: FIRST_ACCOUNT, ..DeliveryFilter::default() }
}

pub(crate) async fn reading_on_and_its_deliveries_happen_together_or_not(store: MetadataStore) {
    let begun = store.alert_progress().await.unwrap();
    assert_eq!((begun.after_event, begun.version, begun.state.len()), (0, 0, 0));
    let two = [delivery("one", 10), delivery("two", 10)];
    assert!(store.advance_alerts(0, 9, b"state", &two).await.unwrap());
    // Another one that read the same comes too late.
    assert!(!store.advance_alerts(0, 9, b"other", &two).await.unwrap());
    let moved = store.alert_progress().await.unwrap();
    assert_eq!((moved.after_event, moved.version, &*moved.state), (9, 1, &b"state"[..]));
    let titles: Vec<String> =
        store.deliveries(&all(), 0, 10).await.unwrap().into_iter().map(|one| one.title).collect();
    assert_eq!(titles, ["two", "one"]);
}

pub(crate) async fn an_attempt_is_noted_once(store: MetadataStore) {
    let id = store.add_delivery(&delivery("one", 20)).await.unwrap();
    store.add_delivery(&delivery("two", 30)).await.unwrap();
    let due = store.due_deliveries(20, 10).await.unwrap();
    assert_eq!((due.len(), due[0].id, due[0].attempts), (1, id, 0));
    let attempt = |attempts_before, state| Attempted {
        id,
        attempts_before,
        state,
        due_ms: 50,
        log: "[1]".to_owned(),
    };
    assert!(store.note_attempt(&attempt(0, DeliveryState::Pending)).await.unwrap());
    assert!(!store.note_attempt(&attempt(0, DeliveryState::Delivered)).await.unwrap());
    assert_eq!(store.due_deliveries(49, 10).await.unwrap().len(), 1, "the other one");
    assert!(store.note_attempt(&attempt(1, DeliveryState::Delivered)).await.unwrap());
    assert!(!store.note_attempt(&attempt(2, DeliveryState::Pending)).await.unwrap());
    let read = store.delivery(FIRST_ACCOUNT, id).await.unwrap().unwrap();
    assert_eq!((read.state, read.attempts, &*read.log), (DeliveryState::Delivered, 2, "[1]"));
    assert!(store.delivery(FIRST_ACCOUNT + 1, id).await.unwrap().is_none());
}

pub(crate) async fn a_delivery_waits_for_the_one_before_of_its_cause(store: MetadataStore) {
    let of = |title: &str, action_id, cause: &str, due_ms| NewDelivery {
        action_id,
        cause: cause.to_owned(),
        ..delivery(title, due_ms)
    };
    let due = async |now_ms| {
        let due = store.due_deliveries(now_ms, 10).await.unwrap();
        due.into_iter().map(|one| one.title).collect::<Vec<String>>()
    };
    let first = store.add_delivery(&of("begins", 5, "slow", 10)).await.unwrap();
    for one in [
        of("ends", 5, "slow", 20),
        of("begins elsewhere", 6, "slow", 20),
        of("another thing", 5, "stale", 20),
        of("waits for nothing", 5, "", 20),
    ] {
        store.add_delivery(&one).await.unwrap();
    }
    let others = ["begins elsewhere", "another thing", "waits for nothing"];
    let all = ["begins", "begins elsewhere", "another thing", "waits for nothing"];
    assert_eq!(due(20).await, all);
    let attempt = |attempts_before, state| Attempted {
        id: first,
        attempts_before,
        state,
        due_ms: 50,
        log: "[]".to_owned(),
    };
    assert!(store.note_attempt(&attempt(0, DeliveryState::Pending)).await.unwrap());
    assert_eq!(due(49).await, others, "the end waits for the beginning");
    let mut late: Vec<&str> = others.to_vec();
    late.push("begins");
    assert_eq!(due(50).await, late, "though it was due before");
    assert!(store.note_attempt(&attempt(1, DeliveryState::GaveUp)).await.unwrap());
    assert_eq!(due(20).await[0], "ends");
    assert_eq!(due(20).await.len(), 4);
}

pub(crate) async fn deliveries_are_found_page_by_page_and_forgotten(store: MetadataStore) {
    for number in 0..5 {
        let state = if number % 2 == 0 { DeliveryState::GaveUp } else { DeliveryState::Pending };
        let one = NewDelivery { state, action_id: number, ..delivery("x", 10) };
        store.add_delivery(&one).await.unwrap();
    }
    let first = store.deliveries(&all(), 0, 2).await.unwrap();
    let second = store.deliveries(&all(), first[1].id, 9).await.unwrap();
    assert_eq!((first.len(), second.len()), (2, 3));
    assert!(second[0].id < first[1].id);
    let gave_up = DeliveryFilter { state: Some(DeliveryState::GaveUp), ..all() };
    let of_action = DeliveryFilter { action_id: Some(2), ..gave_up.clone() };
    assert_eq!(store.deliveries(&gave_up, 0, 9).await.unwrap().len(), 3);
    assert_eq!(store.deliveries(&of_action, 0, 9).await.unwrap().len(), 1);
    for (applications, found) in [(&[][..], 0), (&[7], 0), (&[7, 3], 5)] {
        let seen = DeliveryFilter { applications: Some(applications.to_vec()), ..all() };
        assert_eq!(store.deliveries(&seen, 0, 9).await.unwrap().len(), found, "{applications:?}");
    }
    assert_eq!(store.delete_deliveries_before(10).await.unwrap(), 0);
    assert_eq!(store.delete_deliveries_before(11).await.unwrap(), 3, "what is pending stays");
    assert_eq!(store.deliveries(&all(), 0, 9).await.unwrap().len(), 2);
}

pub(crate) async fn deliveries_are_found_by_the_violation_they_are_about(store: MetadataStore) {
    let about = |violations: &[u32]| NewDelivery {
        violations: violations.to_vec(),
        state: DeliveryState::GaveUp,
        ..delivery("x", 10)
    };
    let both = store.add_delivery(&about(&[7, 8])).await.unwrap();
    store.add_delivery(&about(&[])).await.unwrap();
    let second = store.add_delivery(&about(&[8])).await.unwrap();
    let found = async |violation| {
        let filter = DeliveryFilter { violation_id: Some(violation), ..all() };
        let found = store.deliveries(&filter, 0, 9).await.unwrap();
        found.into_iter().map(|one| one.id).collect::<Vec<u32>>()
    };
    assert_eq!((found(7).await, found(8).await), (vec![both], vec![second, both]));
    assert!(found(9).await.is_empty());
    store.delete_deliveries_before(11).await.unwrap();
    assert!(found(8).await.is_empty());
}

pub(crate) async fn an_action_with_much_to_do_delays_no_other(store: MetadataStore) {
    for number in 0..5 {
        store.add_delivery(&delivery(&format!("first {number}"), number)).await.unwrap();
    }
    for number in 0..2 {
        let late =
            NewDelivery { action_id: 6, ..delivery(&format!("second {number}"), 10 + number) };
        store.add_delivery(&late).await.unwrap();
    }
    let due = store.due_deliveries(20, 4).await.unwrap();
    let titles: Vec<&str> = due.iter().map(|one| one.title.as_str()).collect();
    assert_eq!(titles, ["first 0", "second 0", "first 1", "second 1"]);
}
