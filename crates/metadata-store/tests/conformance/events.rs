//! Events.

use metadata_store::{
    Added, EntityRef, EventCount, EventFilter, EventMarks, EventSeverity, Events, FIRST_ACCOUNT,
    MAX_AFFECTED, MAX_EVENT_SUMMARY_CHARS, MAX_UNKEYED_EVENTS, MetadataStore, NewEvent, StoreError,
    event_key,
};

use crate::{backend, opening};

const APPLICATION: u8 = 1;
const TIER: u8 = 2;

fn new_event(time_ms: i64, summary: &str) -> NewEvent {
    NewEvent {
        account_id: FIRST_ACCOUNT,
        application_id: Some(7),
        kind: "APPLICATION_DEPLOYMENT".to_owned(),
        sub_type: String::new(),
        severity: EventSeverity::Info,
        time_ms,
        summary: summary.to_owned(),
        comment: String::new(),
        affected: Vec::new(),
        triggered: None,
        properties: Vec::new(),
        key: None,
        repeats: 1,
        detail: String::new(),
    }
}

fn entity(kind: u8, id: u32) -> EntityRef {
    EntityRef { kind, id, name: format!("entity {id}") }
}

fn all() -> EventFilter {
    EventFilter { account_id: FIRST_ACCOUNT, until_ms: i64::MAX, ..EventFilter::default() }
}

async fn add(store: &MetadataStore, event: NewEvent) -> u32 {
    match store.add_event(&event).await.unwrap() {
        Added::New(id) => id,
        other => panic!("{other:?}"),
    }
}

async fn found(store: &MetadataStore, filter: &EventFilter) -> Vec<u32> {
    store.events(filter, None, 100).await.unwrap().iter().map(|event| event.id).collect()
}

pub(crate) async fn an_event_comes_back_as_it_was(store: MetadataStore) {
    let new = NewEvent {
        sub_type: "load test".to_owned(),
        severity: EventSeverity::Warn,
        comment: "Größe\n'; --".to_owned(),
        affected: vec![entity(APPLICATION, 7), entity(TIER, 8), entity(TIER, 8)],
        triggered: Some(entity(EntityRef::HEALTH_RULE, 8)),
        properties: vec![("b".to_owned(), "2".to_owned()), ("a".to_owned(), String::new())],
        detail: r#"{"x": 1}"#.to_owned(),
        repeats: 3,
        ..new_event(1_700_000_000_123, "version 2")
    };
    let id = add(&store, new.clone()).await;
    let event = store.event(FIRST_ACCOUNT, id).await.unwrap().unwrap();
    assert_eq!(store.events(&all(), None, 10).await.unwrap(), std::slice::from_ref(&event));
    assert_eq!(store.events_after(id - 1, 10).await.unwrap(), std::slice::from_ref(&event));
    assert_eq!((event.is_read, event.is_resolved), (false, false));
    let back = NewEvent {
        account_id: event.account_id,
        application_id: event.application_id,
        kind: event.kind,
        sub_type: event.sub_type,
        severity: event.severity,
        time_ms: event.time_ms,
        summary: event.summary,
        comment: event.comment,
        affected: event.affected,
        triggered: event.triggered,
        properties: event.properties,
        key: None,
        repeats: event.repeats,
        detail: event.detail,
    };
    assert_eq!(back, new);
    assert_eq!(store.event(FIRST_ACCOUNT, id + 1).await.unwrap(), None);
    assert_eq!(store.event(FIRST_ACCOUNT + 1, id).await.unwrap(), None, "of another account");
}

pub(crate) async fn an_event_of_a_key_is_stored_once_and_tells_how_often(store: MetadataStore) {
    let key = Some(event_key(&[b"restart", b"node 3", b"10:05"]));
    let once = NewEvent { key, ..new_event(5, "restarted once") };
    let twice = NewEvent { key, repeats: 2, ..new_event(9, "restarted twice") };
    let added = store.add_events(&[once.clone(), once.clone(), twice, once.clone()]).await.unwrap();
    let Added::New(id) = added[0] else { panic!("{added:?}") };
    assert_eq!(added[1..], [Added::Known(id); 3]);
    let events = store.events(&all(), None, 10).await.unwrap();
    let told: Vec<_> = events.iter().map(|e| (e.time_ms, e.repeats, &*e.summary)).collect();
    assert_eq!(told, [(5, 2, "restarted twice")], "what came again late takes nothing back");
    let elsewhere = NewEvent { account_id: FIRST_ACCOUNT + 1, ..once };
    assert!(matches!(store.add_event(&elsewhere).await.unwrap(), Added::New(_)));
    assert_ne!(event_key(&[b"ab", b"c"]), event_key(&[b"a", b"bc"]));
}

pub(crate) async fn of_eight_writers_of_one_key_one_stores_it(store: MetadataStore) {
    let event = NewEvent { key: Some([7; 16]), ..new_event(5, "deployed") };
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let (store, event) = (store.clone(), event.clone());
            tokio::spawn(async move { store.add_event(&event).await.unwrap() })
        })
        .collect();
    let mut stored = 0;
    for writer in writers {
        stored += u32::from(matches!(writer.await.unwrap(), Added::New(_)));
    }
    assert_eq!((stored, found(&store, &all()).await.len()), (1, 1));
}

pub(crate) async fn events_come_newest_first_in_pages(store: MetadataStore) {
    let mut ids = Vec::new();
    for time_ms in [30, 10, 20, 20, 20] {
        ids.push(add(&store, new_event(time_ms, "x")).await);
    }
    let newest_first = [ids[0], ids[4], ids[3], ids[2], ids[1]];
    assert_eq!(found(&store, &all()).await, newest_first);
    let (mut paged, mut before) = (Vec::new(), None);
    loop {
        let page = store.events(&all(), before, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some((last.time_ms, last.id));
        paged.extend(page.iter().map(|event| event.id));
    }
    assert_eq!(paged, newest_first);
}

pub(crate) async fn every_part_of_a_filter_counts(store: MetadataStore) {
    let first = NewEvent {
        affected: vec![entity(APPLICATION, 7), entity(TIER, 8)],
        ..new_event(10, "Neue Version: GRÖSSE")
    };
    let second = NewEvent {
        application_id: Some(9),
        severity: EventSeverity::Error,
        kind: "CUSTOM".to_owned(),
        comment: "100 % of _it_".to_owned(),
        triggered: Some(entity(EntityRef::POLICY, 8)),
        ..new_event(20, "by hand")
    };
    let third = NewEvent { application_id: None, ..new_event(30, "of the account") };
    let ids = [add(&store, first).await, add(&store, second).await, add(&store, third).await];
    store.mark_events(FIRST_ACCOUNT, &[ids[0]], read(true)).await.unwrap();
    let custom = || vec!["CUSTOM".to_owned(), "OTHER".to_owned()];
    let text = |text: &str| EventFilter { text: text.to_owned(), ..all() };
    let affecting =
        |entities: &[(u8, u32)]| EventFilter { affecting: Some(entities.to_vec()), ..all() };
    let check = async |filter: EventFilter, expected: &[u32]| {
        assert_eq!(found(&store, &filter).await, expected, "{filter:?}");
    };
    check(EventFilter { applications: Some(vec![7]), ..all() }, &[ids[0]]).await;
    check(EventFilter { applications: Some(vec![9, 7]), ..all() }, &[ids[1], ids[0]]).await;
    check(EventFilter { applications: Some(vec![]), ..all() }, &[]).await;
    check(EventFilter { from_ms: 20, until_ms: 30, ..all() }, &[ids[1]]).await;
    check(EventFilter { kinds: custom(), ..all() }, &[ids[1]]).await;
    let bad = vec![EventSeverity::Warn, EventSeverity::Error];
    check(EventFilter { severities: bad, ..all() }, &[ids[1]]).await;
    check(affecting(&[(TIER, 8)]), &[ids[0]]).await;
    check(affecting(&[(EntityRef::POLICY, 8), (TIER, 8)]), &[ids[1], ids[0]]).await;
    check(affecting(&[]), &[]).await;
    check(text("grÖSSe"), &[ids[0]]).await;
    check(text("100 % of _IT"), &[ids[1]]).await;
    check(text("100 ! of"), &[]).await;
    check(EventFilter { unread_only: true, ..all() }, &[ids[2], ids[1]]).await;
    check(EventFilter { account_id: FIRST_ACCOUNT + 1, ..all() }, &[]).await;
    let both = EventFilter { kinds: custom(), ..text("by hand") };
    check(EventFilter { applications: Some(vec![7]), ..both }, &[]).await;
}

fn read(is_read: bool) -> EventMarks {
    EventMarks { is_read: Some(is_read), ..EventMarks::default() }
}

pub(crate) async fn events_are_counted_by_kind_and_severity(store: MetadataStore) {
    for severity in [EventSeverity::Info, EventSeverity::Error, EventSeverity::Error] {
        add(&store, NewEvent { severity, ..new_event(10, "x") }).await;
    }
    add(&store, NewEvent { kind: "CUSTOM".to_owned(), ..new_event(10, "x") }).await;
    let count = |kind: &str, severity, count| EventCount { kind: kind.to_owned(), severity, count };
    assert_eq!(
        store.count_events(&all()).await.unwrap(),
        [
            count("APPLICATION_DEPLOYMENT", EventSeverity::Info, 1),
            count("APPLICATION_DEPLOYMENT", EventSeverity::Error, 2),
            count("CUSTOM", EventSeverity::Info, 1),
        ]
    );
}

/// While eight write, one reads on from the last id that it has seen.
pub(crate) async fn a_reader_of_the_newest_misses_none_of_eight_writers(store: MetadataStore) {
    const EACH: i64 = 20;
    assert_eq!(store.newest_event_id().await.unwrap(), 0);
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in 0..EACH {
                    add(&store, new_event(writer * 100 + number, "x")).await;
                }
            })
        })
        .collect();
    let mut seen = Vec::new();
    loop {
        let is_over = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let events = store.events_after(seen.last().copied().unwrap_or(0), 7).await.unwrap();
        let found_none = events.is_empty();
        seen.extend(events.into_iter().map(|event| event.id));
        if is_over && found_none {
            break;
        }
        tokio::task::yield_now().await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(seen, (1..=8 * u32::try_from(EACH).unwrap()).collect::<Vec<_>>());
    assert_eq!(Some(&store.newest_event_id().await.unwrap()), seen.last());
}

pub(crate) async fn marks_are_set_one_by_one(store: MetadataStore) {
    let ids = [add(&store, new_event(1, "x")).await, add(&store, new_event(2, "x")).await];
    let marks = async |id: u32| {
        let event = store.event(FIRST_ACCOUNT, id).await.unwrap().unwrap();
        (event.is_read, event.is_resolved)
    };
    assert_eq!(store.mark_events(FIRST_ACCOUNT, &[ids[0], 99], read(true)).await.unwrap(), 1);
    assert_eq!(store.mark_events(FIRST_ACCOUNT, &[ids[0]], read(true)).await.unwrap(), 1);
    assert_eq!((marks(ids[0]).await, marks(ids[1]).await), ((true, false), (false, false)));
    let resolved = EventMarks { is_resolved: Some(true), ..EventMarks::default() };
    assert_eq!(store.mark_events(FIRST_ACCOUNT, &ids, resolved).await.unwrap(), 2);
    assert_eq!(store.mark_events(FIRST_ACCOUNT, &ids[..1], read(false)).await.unwrap(), 1);
    assert_eq!((marks(ids[0]).await, marks(ids[1]).await), ((false, true), (false, true)));
    assert_eq!(store.mark_events(FIRST_ACCOUNT + 1, &ids, read(true)).await.unwrap(), 0);
    assert_eq!(store.mark_events(FIRST_ACCOUNT, &[], read(true)).await.unwrap(), 0);
}

pub(crate) async fn what_does_not_fit_is_refused_whole(store: MetadataStore) {
    let largest = "ü".repeat(MAX_EVENT_SUMMARY_CHARS);
    let fits = new_event(1, &largest);
    let too_long = new_event(1, &format!("{largest}x"));
    let too_many = vec![entity(TIER, 1); MAX_AFFECTED + 1];
    let too_many = NewEvent { affected: too_many, ..fits.clone() };
    for refused in [too_long, too_many] {
        let refused = store.add_events(&[fits.clone(), refused]).await.unwrap_err();
        assert!(matches!(refused, StoreError::TooLong { .. }), "{refused}");
    }
    assert!(found(&store, &all()).await.is_empty());
    add(&store, fits).await;
}

#[test]
fn the_newest_are_refused_when_there_are_as_many_as_may_be() {
    for backend in [backend::sqlite(), backend::mariadb()] {
        backend.run(add(&backend.store, new_event(1, "")));
        // As if there were nearly as many as may be without a key.
        let stored = MAX_UNKEYED_EVENTS - 1;
        opening::execute(&backend, &format!("UPDATE event_totals SET stored = {stored}"));
        backend.run(fills_up(&backend.store));
    }
}

async fn fills_up(store: &MetadataStore) {
    add(store, new_event(2, "the last")).await;
    let full = store.add_event(&new_event(3, "one more")).await.unwrap_err();
    assert!(matches!(full, StoreError::TooMany { limit: MAX_UNKEYED_EVENTS, .. }), "{full}");
    let keyed = |key| NewEvent { key: Some([key; 16]), ..new_event(4, "of a rule") };
    let added = store.add_events(&[new_event(3, "one more"), keyed(1), keyed(1)]).await.unwrap();
    let Added::New(id) = added[1] else { panic!("{added:?}: room is kept for those with keys") };
    assert_eq!([added[0], added[2]], [Added::Refused, Added::Known(id)]);
    let usage = store.event_usage(FIRST_ACCOUNT).await.unwrap();
    assert_eq!((usage.stored, usage.refused), (MAX_UNKEYED_EVENTS as u64 + 1, 2));
    assert_eq!(found(store, &all()).await.len(), 3);
    store.delete_events_before(FIRST_ACCOUNT, 3, 2).await.unwrap();
    add(store, new_event(5, "there is room again")).await;
}

pub(crate) async fn old_events_go_in_bounded_steps(store: MetadataStore) {
    assert_eq!(store.event_usage(FIRST_ACCOUNT).await.unwrap().oldest_ms, None);
    let tier = vec![entity(TIER, 8)];
    for time_ms in [5, 3, 1, 4, 2] {
        add(&store, NewEvent { affected: tier.clone(), ..new_event(time_ms, "x") }).await;
    }
    let usage = store.event_usage(FIRST_ACCOUNT).await.unwrap();
    assert_eq!((usage.stored, usage.oldest_ms, usage.newest_ms), (5, Some(1), Some(5)));
    assert!((5 * 150..5 * 300).contains(&usage.bytes), "{usage:?}");
    for (limit, deleted) in [(2, 2), (2, 1), (2, 0)] {
        let gone = store.delete_events_before(FIRST_ACCOUNT, 4, limit).await.unwrap();
        assert_eq!(gone, deleted);
    }
    let affecting = EventFilter { affecting: Some(vec![(TIER, 8)]), ..all() };
    let left = store.events(&affecting, None, 10).await.unwrap();
    assert_eq!(left.iter().map(|event| event.time_ms).collect::<Vec<_>>(), [5, 4]);
    let usage = store.event_usage(FIRST_ACCOUNT).await.unwrap();
    assert_eq!((usage.stored, usage.oldest_ms), (2, Some(4)));
}

pub(crate) async fn a_minute_is_told_with_its_events_and_once(store: MetadataStore) {
    assert_eq!(store.told_minute().await.unwrap(), None);
    let slow = [NewEvent { key: Some(event_key(&[b"slow"])), ..new_event(5, "slow") }];
    assert!(store.tell_minute(None, 7, &slow).await.unwrap());
    // Another one that saw nothing told comes too late.
    let other = [NewEvent { key: Some(event_key(&[b"other"])), ..new_event(5, "other") }];
    assert!(!store.tell_minute(None, 7, &other).await.unwrap());
    assert_eq!(store.told_minute().await.unwrap(), Some(7));
    assert!(store.tell_minute(Some(7), 9, &[]).await.unwrap());
    assert_eq!(found(&store, &all()).await.len(), 1);
    // What does not fit leaves the minute untold.
    let long = [new_event(5, &"x".repeat(MAX_EVENT_SUMMARY_CHARS + 1))];
    store.tell_minute(Some(9), 10, &long).await.unwrap_err();
    assert_eq!(store.told_minute().await.unwrap(), Some(9));
}
