//! The audit log.

use metadata_store::{
    ActorKind, AuditLog, AuditQuery, FIRST_ACCOUNT, MAX_AUDITED_STATE, MetadataStore, NewAudit,
    StoreError, Users,
};

use crate::users::new_user;

/// An entry about nothing in particular.
pub(crate) fn entry() -> NewAudit {
    NewAudit {
        account_id: FIRST_ACCOUNT,
        at_ms: 50,
        actor_kind: ActorKind::User,
        actor: "root".to_owned(),
        address: "192.0.2.7".to_owned(),
        action: "change".to_owned(),
        object_type: "thing".to_owned(),
        object_id: "7".to_owned(),
        object_name: "Thing".to_owned(),
        before: String::new(),
        after: "{}".to_owned(),
    }
}

fn all() -> AuditQuery {
    AuditQuery { account_id: FIRST_ACCOUNT, to_ms: 1_000, limit: 100, ..AuditQuery::default() }
}

async fn found(store: &MetadataStore, query: &AuditQuery) -> Vec<i64> {
    store.audit(query).await.unwrap().iter().map(|found| found.entry.at_ms).collect()
}

pub(crate) async fn an_entry_comes_back_as_it_was_or_cut(store: MetadataStore) {
    store.record_audit(&entry()).await.unwrap();
    assert_eq!(store.audit(&all()).await.unwrap()[0].entry, entry());
    let long = NewAudit {
        at_ms: 51,
        object_name: "é".repeat(300),
        before: "x".repeat(MAX_AUDITED_STATE + 1),
        after: "y".repeat(MAX_AUDITED_STATE),
        ..entry()
    };
    store.record_audit(&long).await.unwrap();
    let kept = store.audit(&all()).await.unwrap().remove(0).entry;
    assert_eq!(kept.object_name, format!("{}…", "é".repeat(254)));
    assert_eq!((&*kept.before, &kept.after), ("\"longer than is kept\"", &long.after));
}

pub(crate) async fn an_entry_is_written_with_its_change_or_not_at_all(store: MetadataStore) {
    let id = store.create_user(&new_user("ada"), &entry()).await.unwrap();
    let made = store.audit(&all()).await.unwrap();
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].entry.object_id, id.to_string(), "the id that was given");
    let twin = store.create_user(&new_user("ada"), &entry()).await.unwrap_err();
    assert!(matches!(twin, StoreError::AlreadyExists { .. }), "{twin}");
    assert_eq!(store.audit(&all()).await.unwrap().len(), 1);
}

pub(crate) async fn entries_are_searched_newest_first(store: MetadataStore) {
    for at_ms in [10, 30, 20] {
        store.record_audit(&NewAudit { at_ms, ..entry() }).await.unwrap();
    }
    let other = NewAudit {
        at_ms: 40,
        actor: "ada".to_owned(),
        action: "delete".to_owned(),
        object_type: "role".to_owned(),
        object_name: "100%_of!It".to_owned(),
        ..entry()
    };
    store.record_audit(&other).await.unwrap();
    assert_eq!(found(&store, &all()).await, [40, 30, 20, 10]);
    assert_eq!(found(&store, &AuditQuery { from_ms: 20, to_ms: 40, ..all() }).await, [30, 20]);
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(found(&store, &AuditQuery { actor: some("ada"), ..all() }).await, [40]);
    assert_eq!(found(&store, &AuditQuery { action: some("delete"), ..all() }).await, [40]);
    assert_eq!(found(&store, &AuditQuery { object_type: some("role"), ..all() }).await, [40]);
    assert_eq!(found(&store, &AuditQuery { text: some("%_OF!i"), ..all() }).await, [40]);
    assert_eq!(found(&store, &AuditQuery { text: some("thing"), ..all() }).await, [30, 20, 10]);
    assert!(found(&store, &AuditQuery { text: some("thi_g"), ..all() }).await.is_empty());
    assert!(found(&store, &AuditQuery { account_id: FIRST_ACCOUNT + 1, ..all() }).await.is_empty());
}

pub(crate) async fn pages_go_on_where_the_last_ended(store: MetadataStore) {
    for at_ms in [10, 20, 20, 20, 30] {
        store.record_audit(&NewAudit { at_ms, ..entry() }).await.unwrap();
    }
    let mut query = AuditQuery { limit: 2, ..all() };
    let mut times = Vec::new();
    let mut ids = std::collections::BTreeSet::new();
    loop {
        let page = store.audit(&query).await.unwrap();
        let Some(last) = page.last() else { break };
        query.after = Some((last.entry.at_ms, last.id));
        times.extend(page.iter().map(|found| found.entry.at_ms));
        ids.extend(page.iter().map(|found| found.id));
    }
    assert_eq!((times, ids.len()), (vec![30, 20, 20, 20, 10], 5));
}

pub(crate) async fn old_entries_are_forgotten_some_at_a_time(store: MetadataStore) {
    for at_ms in 0..1_010 {
        store.record_audit(&NewAudit { at_ms: at_ms % 1_005, ..entry() }).await.unwrap();
    }
    let mut gone = Vec::new();
    loop {
        match store.forget_audit(1_004).await.unwrap() {
            0 => break,
            some => gone.push(some),
        }
    }
    assert_eq!(gone, [1_000, 9]);
    assert_eq!(found(&store, &AuditQuery { to_ms: 2_000, ..all() }).await, [1_004]);
}
