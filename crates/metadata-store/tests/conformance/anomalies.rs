//! Anomalies, incidents, and where detection stands.

use metadata_store::{
    Anomalies, AnomalyFilter, AnomalyOf, AnomalyOutcome, AnomalyStanding, AnomalyStatus,
    ChangedAnomaly, Detection, EntityRef, EventFilter, EventSeverity, Events, FIRST_ACCOUNT,
    FoundCause, IncidentChange, IncidentFilter, IncidentMembers, IncidentOf, Incidents,
    MAX_ANOMALY_FEEDBACK, MetadataStore, NewAnomalyChange, NewEvent, ObjectRef, StoreError,
    StoredAnomalySettings, StoredFeedback, Violations, event_key,
};

fn of(entity_id: u32) -> AnomalyOf {
    AnomalyOf {
        account_id: FIRST_ACCOUNT,
        application_id: 5,
        entity_kind: 4,
        entity_id,
        entity_name: format!("GET /{entity_id}"),
    }
}

fn standing(level: u8, status: AnomalyStatus, suspect_id: u32) -> AnomalyStanding {
    let body = format!("{{\"level\": {level}}}");
    AnomalyStanding { status, measure: 1, level, worst: level, suspect_id, body }
}

fn event(kind: &str, number: u32) -> NewEvent {
    NewEvent {
        account_id: FIRST_ACCOUNT,
        application_id: Some(5),
        kind: kind.to_owned(),
        sub_type: String::new(),
        severity: EventSeverity::Error,
        time_ms: 7,
        summary: "slow".to_owned(),
        comment: String::new(),
        affected: vec![EntityRef { kind: 4, id: number, name: "n".to_owned() }],
        triggered: None,
        properties: Vec::new(),
        key: Some(event_key(&[kind.as_bytes(), &number.to_be_bytes()])),
        repeats: 1,
        detail: String::new(),
    }
}

fn opens(entity: u32) -> NewAnomalyChange {
    NewAnomalyChange {
        id: ChangedAnomaly::Opened { of: of(entity), onset_minute: 90 },
        standing: standing(1, AnomalyStatus::Open, 70),
        happened: Some((1, "it opened".to_owned())),
        event: Some(event("ANOMALY_OPEN_WARNING", entity)),
        cause: Some("{\"suspects\": 1}".to_owned()),
    }
}

fn goes_on(id: u32, kind: Option<u8>, level: u8, status: AnomalyStatus) -> NewAnomalyChange {
    NewAnomalyChange {
        id: ChangedAnomaly::Known(id),
        standing: standing(level, status, 71),
        happened: kind.map(|kind| (kind, format!("change {kind}"))),
        event: None,
        cause: None,
    }
}

fn opened_incident(joined: Vec<usize>) -> IncidentChange {
    IncidentChange {
        of: IncidentOf::Opened { account_id: FIRST_ACCOUNT, application_id: 5 },
        status: AnomalyStatus::Open,
        level: 1,
        body: "{}".to_owned(),
        joined: IncidentMembers { changed: joined, violations: vec![3, 4] },
    }
}

fn all() -> AnomalyFilter {
    AnomalyFilter { account_id: FIRST_ACCOUNT, until_minute: u32::MAX, ..AnomalyFilter::default() }
}

async fn ids(store: &MetadataStore, filter: AnomalyFilter) -> Vec<u32> {
    let found = store.anomalies(&filter, None, 100).await.unwrap();
    found.into_iter().map(|anomaly| anomaly.id).collect()
}

async fn stored(
    store: &MetadataStore,
    after: u32,
    changes: &[NewAnomalyChange],
    incidents: &[IncidentChange],
) -> (Vec<u32>, Vec<u32>) {
    let last = (after > 0).then_some(after);
    match store.judge_anomalies(last, after + 1, changes, incidents, None).await.unwrap() {
        AnomalyOutcome::Stored { anomalies, incidents, .. } => (anomalies, incidents),
        elsewhere => panic!("{elsewhere:?}"),
    }
}

pub(crate) async fn an_anomaly_is_followed_from_its_opening_to_its_end(store: MetadataStore) {
    let (opened, _) = stored(&store, 0, &[opens(1), opens(2)], &[]).await;
    stored(&store, 1, &[goes_on(opened[0], Some(2), 2, AnomalyStatus::Open)], &[]).await;
    // What only becomes better known is no change.
    stored(&store, 2, &[goes_on(opened[0], None, 2, AnomalyStatus::Open)], &[]).await;
    assert_eq!(store.open_anomalies().await.unwrap().len(), 2);
    stored(&store, 3, &[goes_on(opened[0], Some(4), 2, AnomalyStatus::Closed)], &[]).await;
    let open = store.open_anomalies().await.unwrap();
    assert_eq!((open.len(), open[0].id, &open[0].of), (1, opened[1], &of(2)));
    let closed = store.anomaly(FIRST_ACCOUNT, opened[0]).await.unwrap().unwrap();
    assert_eq!(closed.standing, standing(2, AnomalyStatus::Closed, 71));
    let times = (closed.onset_minute, closed.opened_minute, closed.changed_minute);
    assert_eq!((times, closed.closed_minute), ((90, 1, 4), 4));
    let changes = store.anomaly_changes(opened[0]).await.unwrap();
    let told: Vec<_> = changes.iter().map(|one| (one.kind, one.level, one.minute)).collect();
    assert_eq!(told, [(1, 1, 1), (2, 2, 2), (4, 2, 4)]);
    let cause = store.anomaly_cause(opened[0]).await.unwrap();
    assert_eq!(cause, Some(FoundCause { minute: 1, body: "{\"suspects\": 1}".to_owned() }));
    assert_eq!(store.anomaly(FIRST_ACCOUNT + 1, opened[0]).await.unwrap(), None);
}

pub(crate) async fn a_minute_of_detection_is_judged_once_and_apart_from_rules(
    store: MetadataStore,
) {
    stored(&store, 0, &[opens(1)], &[]).await;
    assert_eq!(store.judged_minute().await.unwrap(), None, "health rules stand elsewhere");
    for after in [None, Some(7)] {
        let outcome = store.judge_anomalies(after, 8, &[opens(2)], &[], None).await.unwrap();
        assert_eq!(outcome, AnomalyOutcome::Elsewhere { judged: Some(1) });
    }
    let filter = EventFilter { account_id: FIRST_ACCOUNT, until_ms: 100, ..EventFilter::default() };
    let events = store.events(&filter, None, 10).await.unwrap();
    let id = ids(&store, all()).await[0];
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].properties, [("anomaly".to_owned(), id.to_string())]);
    let mut unfit = opens(3);
    unfit.standing.body = "x".repeat(metadata_store::MAX_ANOMALY_BODY + 1);
    let refused = store.judge_anomalies(Some(1), 2, &[opens(4), unfit], &[], None).await;
    assert!(matches!(refused, Err(StoreError::TooLong { .. })), "{refused:?}");
    assert_eq!(store.detection().await.unwrap().judged, Some(1));
}

pub(crate) async fn the_state_moves_with_the_minute_it_is_of(store: MetadataStore) {
    assert_eq!(store.detection().await.unwrap(), Detection::default());
    let object = |path: &str| ObjectRef { path: path.to_owned(), bytes: 9 };
    let judge = async |after, minute, path: Option<&str>| {
        let object = path.map(object);
        let judged = store.judge_anomalies(after, minute, &[], &[], object.as_ref()).await;
        match judged.unwrap() {
            AnomalyOutcome::Stored { replaced, .. } => replaced,
            elsewhere => panic!("{elsewhere:?}"),
        }
    };
    assert_eq!(judge(None, 5, Some("a")).await, None);
    assert_eq!(judge(Some(5), 6, None).await, None);
    let detection = store.detection().await.unwrap();
    assert_eq!((detection.judged, detection.checkpoint), (Some(6), Some((5, object("a")))));
    let judge = async |after, minute, path: &str| {
        store.judge_anomalies(after, minute, &[], &[], Some(&object(path))).await.unwrap()
    };
    let replaced = AnomalyOutcome::Stored {
        anomalies: Vec::new(),
        incidents: Vec::new(),
        replaced: Some("a".to_owned()),
    };
    assert_eq!(judge(Some(6), 7, "b").await, replaced);
    let elsewhere = AnomalyOutcome::Elsewhere { judged: Some(7) };
    assert_eq!(judge(Some(6), 8, "c").await, elsewhere);
    assert_eq!(store.detection().await.unwrap().checkpoint, Some((7, object("b"))));
}

pub(crate) async fn anomalies_are_found_by_whom_what_and_when(store: MetadataStore) {
    let (first, _) = stored(&store, 0, &[opens(1), opens(2)], &[]).await;
    let close = goes_on(first[0], Some(4), 1, AnomalyStatus::Closed);
    let (second, _) = stored(&store, 1, &[close, opens(2)], &[]).await;
    let (a, b, c) = (first[0], first[1], second[1]);
    assert_eq!(ids(&store, all()).await, [c, b, a]);
    assert_eq!(ids(&store, AnomalyFilter { entity_id: Some(2), ..all() }).await, [c, b]);
    assert_eq!(ids(&store, AnomalyFilter { entity_kind: Some(4), ..all() }).await, [c, b, a]);
    assert!(ids(&store, AnomalyFilter { measure: Some(2), ..all() }).await.is_empty());
    assert_eq!(ids(&store, AnomalyFilter { suspect_id: Some(71), ..all() }).await, [a]);
    let open = AnomalyFilter { status: Some(AnomalyStatus::Open), ..all() };
    assert_eq!(ids(&store, open).await, [c, b]);
    let other = AnomalyFilter { applications: Some(vec![6]), ..all() };
    assert!(ids(&store, other).await.is_empty());
    assert_eq!(ids(&store, AnomalyFilter { from_minute: 2, ..all() }).await, [c, b]);
    assert_eq!(ids(&store, AnomalyFilter { until_minute: 2, ..all() }).await, [b, a]);
    let page = store.anomalies(&all(), Some((2, c)), 1).await.unwrap();
    assert_eq!(page[0].id, b);
}

pub(crate) async fn incidents_have_what_joined_them(store: MetadataStore) {
    let changes = [opens(1), opens(2), opens(3)];
    let (anomalies, incidents) =
        stored(&store, 0, &changes, &[opened_incident(vec![0, 2]), opened_incident(vec![1])]).await;
    let known = IncidentChange {
        of: IncidentOf::Known(incidents[0]),
        status: AnomalyStatus::Closed,
        level: 2,
        joined: IncidentMembers { changed: vec![0], violations: vec![4, 5] },
        ..opened_incident(Vec::new())
    };
    let (more, _) = stored(&store, 1, &[opens(4)], &[known]).await;
    let members = store.incident_anomalies(incidents[0], 10).await.unwrap();
    let members: Vec<u32> = members.iter().map(|one| one.id).collect();
    assert_eq!(members, [anomalies[0], anomalies[2], more[0]]);
    assert_eq!(store.incident_violations(incidents[0]).await.unwrap(), [3, 4, 5]);
    let counts = store.incident_counts(&incidents).await.unwrap();
    assert_eq!(counts[&incidents[0]], [3, 3]);
    assert_eq!(counts[&incidents[1]], [1, 2]);
    let closed = store.incident(FIRST_ACCOUNT, incidents[0]).await.unwrap().unwrap();
    assert_eq!((closed.status, closed.level, closed.closed_minute), (AnomalyStatus::Closed, 2, 2));
    let open = store.open_incidents().await.unwrap();
    assert_eq!((open.len(), open[0].id), (1, incidents[1]));
    let filter = IncidentFilter {
        account_id: FIRST_ACCOUNT,
        until_minute: u32::MAX,
        ..IncidentFilter::default()
    };
    let found = store.incidents(&filter, None, 10).await.unwrap();
    let found: Vec<u32> = found.iter().map(|one| one.id).collect();
    assert_eq!(found, [incidents[1], incidents[0]]);
}

pub(crate) async fn old_anomalies_are_forgotten_with_all_that_happened(store: MetadataStore) {
    let (opened, incidents) =
        stored(&store, 0, &[opens(1), opens(2)], &[opened_incident(vec![0, 1])]).await;
    let close = goes_on(opened[0], Some(4), 1, AnomalyStatus::Closed);
    let over = IncidentChange {
        of: IncidentOf::Known(incidents[0]),
        status: AnomalyStatus::Closed,
        ..opened_incident(Vec::new())
    };
    stored(&store, 1, &[close], &[over]).await;
    assert_eq!(store.forget_anomalies(2, 10).await.unwrap(), 0);
    assert_eq!(store.forget_anomalies(3, 10).await.unwrap(), 1);
    assert_eq!(ids(&store, all()).await, [opened[1]]);
    assert!(store.anomaly_changes(opened[0]).await.unwrap().is_empty());
    assert_eq!(store.anomaly_cause(opened[0]).await.unwrap(), None);
    assert_eq!(store.incident(FIRST_ACCOUNT, incidents[0]).await.unwrap(), None);
}

pub(crate) async fn remarks_are_kept_in_order_and_bounded(store: MetadataStore) {
    let (opened, _) = stored(&store, 0, &[opens(1)], &[]).await;
    let said = |number: u32| StoredFeedback { at_ms: number.into(), body: format!("{number}") };
    for number in 0..MAX_ANOMALY_FEEDBACK {
        store.add_anomaly_feedback(opened[0], &said(number)).await.unwrap();
    }
    let refused = store.add_anomaly_feedback(opened[0], &said(0)).await;
    assert!(matches!(refused, Err(StoreError::TooMany { .. })), "{refused:?}");
    let all = store.anomaly_feedback(opened[0]).await.unwrap();
    assert_eq!((all.len(), &all[7]), (MAX_ANOMALY_FEEDBACK as usize, &said(7)));
    let missing = store.add_anomaly_feedback(opened[0] + 1, &said(0)).await;
    assert!(matches!(missing, Err(StoreError::NotFound { .. })), "{missing:?}");
}

pub(crate) async fn an_application_s_settings_are_replaced(store: MetadataStore) {
    let settings = |application_id, body: &str| StoredAnomalySettings {
        application_id,
        body: body.to_owned(),
    };
    for one in [settings(6, "a"), settings(5, "b"), settings(6, "c")] {
        store.set_anomaly_settings(FIRST_ACCOUNT, &one).await.unwrap();
    }
    let all = store.anomaly_settings().await.unwrap();
    assert_eq!(all, [settings(5, "b"), settings(6, "c")]);
}
