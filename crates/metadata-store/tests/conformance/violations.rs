//! Violations and the judged minute.

use metadata_store::{
    ChangeOf, EntityRef, EventFilter, EventSeverity, Events, FIRST_ACCOUNT, HealthRules,
    JudgeOutcome, MetadataStore, NewEvent, NewHealthRule, NewViolationChange, RuleNeeds,
    StoreError, Violated, ViolationFilter, ViolationStatus, Violations, event_key,
};

fn violated(rule_id: u32, entity_id: u32) -> Violated {
    Violated {
        account_id: FIRST_ACCOUNT,
        application_id: 5,
        rule_id,
        rule_version: 1,
        rule_name: "cpu".to_owned(),
        entity_kind: 3,
        entity_id,
        entity_name: format!("n{entity_id}"),
    }
}

fn change(of: ChangeOf, status: ViolationStatus, kind: u8, level: u8) -> NewViolationChange {
    let name = match &of {
        ChangeOf::Opened(violated) => format!("{}-{}", violated.rule_id, violated.entity_id),
        ChangeOf::Known(id) => id.to_string(),
    };
    let event = NewEvent {
        account_id: FIRST_ACCOUNT,
        application_id: Some(5),
        kind: format!("KIND_{kind}"),
        sub_type: String::new(),
        severity: EventSeverity::Error,
        time_ms: 7,
        summary: "cpu".to_owned(),
        comment: String::new(),
        affected: vec![EntityRef { kind: 3, id: 1, name: "n1".to_owned() }],
        triggered: None,
        properties: Vec::new(),
        key: Some(event_key(&[name.as_bytes(), &[kind, level]])),
        repeats: 1,
        detail: String::new(),
    };
    NewViolationChange { of, status, kind, level, evidence: format!("{{\"kind\": {kind}}}"), event }
}

fn opens(rule_id: u32, entity_id: u32) -> NewViolationChange {
    change(ChangeOf::Opened(violated(rule_id, entity_id)), ViolationStatus::Open, 1, 1)
}

fn all() -> ViolationFilter {
    ViolationFilter {
        account_id: FIRST_ACCOUNT,
        until_minute: u32::MAX,
        ..ViolationFilter::default()
    }
}

async fn ids(store: &MetadataStore, filter: ViolationFilter) -> Vec<u32> {
    let found = store.violations(&filter, None, 100).await.unwrap();
    found.into_iter().map(|violation| violation.id).collect()
}

async fn stored(store: &MetadataStore, after: u32, changes: &[NewViolationChange]) -> Vec<u32> {
    let last = (after > 0).then_some(after);
    match store.judge(last, after + 1, changes).await.unwrap() {
        JudgeOutcome::Stored(ids) => ids,
        elsewhere => panic!("{elsewhere:?}"),
    }
}

pub(crate) async fn a_violation_is_followed_from_its_opening_to_its_end(store: MetadataStore) {
    assert_eq!(store.judged_minute().await.unwrap(), None);
    let opened = stored(&store, 0, &[opens(9, 1), opens(9, 2)]).await;
    let go_on = |kind, level, status| change(ChangeOf::Known(opened[0]), status, kind, level);
    stored(&store, 1, &[go_on(3, 2, ViolationStatus::Open)]).await;
    assert_eq!(store.open_violations().await.unwrap().len(), 2);
    stored(&store, 2, &[go_on(5, 2, ViolationStatus::Resolved)]).await;
    let open = store.open_violations().await.unwrap();
    assert_eq!((open.len(), open[0].id, &open[0].violated), (1, opened[1], &violated(9, 2)));
    let closed = store.violation(FIRST_ACCOUNT, opened[0]).await.unwrap().unwrap();
    assert_eq!((closed.status, closed.level), (ViolationStatus::Resolved, 2));
    assert_eq!((closed.opened_minute, closed.changed_minute, closed.closed_minute), (1, 3, 3));
    assert_eq!((closed.told_minute, &*closed.evidence), (3, "{\"kind\": 5}"));
    let changes = store.violation_changes(opened[0]).await.unwrap();
    let told: Vec<_> = changes.iter().map(|one| (one.kind, one.level, one.minute)).collect();
    assert_eq!(told, [(1, 1, 1), (3, 2, 2), (5, 2, 3)]);
    assert_eq!(store.judged_minute().await.unwrap(), Some(3));
    assert_eq!(store.violation(FIRST_ACCOUNT + 1, opened[0]).await.unwrap(), None);
}

pub(crate) async fn a_change_and_its_event_are_stored_together(store: MetadataStore) {
    let opened = stored(&store, 0, &[opens(9, 1)]).await;
    let filter = EventFilter { account_id: FIRST_ACCOUNT, until_ms: 100, ..EventFilter::default() };
    let events = store.events(&filter, None, 10).await.unwrap();
    assert_eq!(events.len(), 1);
    let expected = vec![("violation".to_owned(), opened[0].to_string())];
    assert_eq!(events[0].properties, expected);
    let mut unfit = opens(9, 2);
    unfit.event.kind = "x".repeat(256);
    let refused = store.judge(Some(1), 2, &[opens(9, 3), unfit]).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooLong { .. }), "{refused}");
    assert_eq!(store.judged_minute().await.unwrap(), Some(1));
    assert_eq!(ids(&store, all()).await, opened);
}

pub(crate) async fn a_minute_is_judged_once(store: MetadataStore) {
    stored(&store, 0, &[opens(9, 1)]).await;
    for after in [None, Some(7)] {
        let outcome = store.judge(after, 8, &[opens(9, 2)]).await.unwrap();
        assert_eq!(outcome, JudgeOutcome::Elsewhere { judged: Some(1) });
    }
    let at_once = (0..8).map(|entity| {
        let store = store.clone();
        tokio::spawn(async move { store.judge(Some(1), 2, &[opens(8, entity)]).await.unwrap() })
    });
    let mut won = 0;
    for judged in at_once.collect::<Vec<_>>() {
        won += usize::from(matches!(judged.await.unwrap(), JudgeOutcome::Stored(_)));
    }
    assert_eq!((won, ids(&store, all()).await.len()), (1, 2));
}

pub(crate) async fn violations_are_found_by_whom_what_and_when(store: MetadataStore) {
    let first = stored(&store, 0, &[opens(9, 1), opens(8, 2)]).await;
    let close = change(ChangeOf::Known(first[0]), ViolationStatus::Canceled, 6, 1);
    let second = stored(&store, 1, &[close, opens(9, 2)]).await[1];
    let (a, b) = (first[0], first[1]);
    assert_eq!(ids(&store, all()).await, [second, b, a]);
    assert_eq!(ids(&store, ViolationFilter { entity_id: Some(2), ..all() }).await, [second, b]);
    assert_eq!(ids(&store, ViolationFilter { rule_id: Some(9), ..all() }).await, [second, a]);
    assert!(ids(&store, ViolationFilter { level: Some(2), ..all() }).await.is_empty());
    let open = ViolationFilter { status: Some(ViolationStatus::Open), ..all() };
    assert_eq!(ids(&store, open).await, [second, b]);
    let other = ViolationFilter { applications: Some(vec![6]), ..all() };
    assert!(ids(&store, other).await.is_empty());
    // From minute 2 on the first is over; before minute 2 the last had not begun.
    assert_eq!(ids(&store, ViolationFilter { from_minute: 2, ..all() }).await, [second, b]);
    assert_eq!(ids(&store, ViolationFilter { until_minute: 2, ..all() }).await, [b, a]);
    let page = store.violations(&all(), Some((2, second)), 1).await.unwrap();
    assert_eq!(page[0].id, b);
}

pub(crate) async fn old_violations_are_forgotten_with_all_that_happened(store: MetadataStore) {
    let opened = stored(&store, 0, &[opens(9, 1), opens(9, 2)]).await;
    let close = change(ChangeOf::Known(opened[0]), ViolationStatus::Resolved, 5, 1);
    stored(&store, 1, &[close]).await;
    assert_eq!(store.forget_violations(2, 10).await.unwrap(), 0);
    assert_eq!(store.forget_violations(3, 10).await.unwrap(), 1);
    assert_eq!(ids(&store, all()).await, [opened[1]]);
    assert!(store.violation_changes(opened[0]).await.unwrap().is_empty());
}

pub(crate) async fn a_rule_is_known_as_it_was_when_it_was_broken(store: MetadataStore) {
    let rule = |body: &str| NewHealthRule {
        needs: RuleNeeds::default(),
        application_id: 5,
        name: "cpu".to_owned(),
        enabled: true,
        body: body.to_owned(),
        changed_ms: 7,
    };
    let id = store.create_health_rule(&rule("first")).await.unwrap();
    let of = |version, entity| {
        let violated = Violated { rule_version: version, ..violated(id, entity) };
        change(ChangeOf::Opened(violated), ViolationStatus::Open, 1, 1)
    };
    let opened = stored(&store, 0, &[of(1, 1), of(1, 2)]).await;
    store.replace_health_rule(FIRST_ACCOUNT, id, &rule("second"), &|_, _, _| None).await.unwrap();
    let close = |id| change(ChangeOf::Known(id), ViolationStatus::Canceled, 6, 1);
    stored(&store, 1, &[close(opened[0]), of(2, 1)]).await;
    store.delete_health_rule(FIRST_ACCOUNT, 5, id, &|_| None).await.unwrap();
    let known = async |version| store.rule_of_violation(id, version).await.unwrap();
    assert_eq!(
        (known(1).await.as_deref(), known(2).await.as_deref()),
        (Some("first"), Some("second"))
    );
    // By a version that is no longer there when it opens nothing can be kept.
    stored(&store, 2, &[of(3, 3)]).await;
    assert_eq!(known(3).await, None);
    // It is kept as long as one violation is that opened by it.
    assert_eq!(store.forget_violations(10, 10).await.unwrap(), 1);
    assert_eq!(known(1).await.as_deref(), Some("first"));
    stored(&store, 3, &[close(opened[1])]).await;
    assert_eq!(store.forget_violations(10, 10).await.unwrap(), 1);
    assert_eq!((known(1).await, known(2).await.as_deref()), (None, Some("second")));
}
