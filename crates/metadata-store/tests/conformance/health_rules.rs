//! Health rules and schedules.

use metadata_store::{
    HealthRules, MAX_RULE_BODY, MAX_RULES, MetadataStore, NameTaken, NewHealthRule, NewSchedule,
    Page, StoreError,
};

fn rule(application_id: u32, name: &str) -> NewHealthRule {
    let (name, body) = (name.to_owned(), format!("{{\"name\": \"{name}\"}}"));
    NewHealthRule { application_id, name, enabled: true, body, changed_ms: 7 }
}

fn schedule(application_id: u32, name: &str) -> NewSchedule {
    NewSchedule { application_id, name: name.to_owned(), body: "{}".to_owned() }
}

pub(crate) async fn a_rule_is_stored_replaced_and_deleted(store: MetadataStore) {
    let id = store.create_health_rule(&rule(5, "cpu")).await.unwrap();
    let other = store.create_health_rule(&rule(6, "cpu")).await.unwrap();
    let stored = store.health_rule(5, id).await.unwrap().unwrap();
    assert_eq!((&*stored.name, stored.enabled, stored.version), ("cpu", true, 1));
    assert_eq!(store.health_rule(6, id).await.unwrap(), None);
    let changed = NewHealthRule { enabled: false, changed_ms: 9, ..rule(5, "CPU") };
    store.replace_health_rule(id, &changed).await.unwrap();
    // The same again is no change: whoever judges by it goes on.
    let again = NewHealthRule { changed_ms: 10, ..changed.clone() };
    store.replace_health_rule(id, &again).await.unwrap();
    let ids = store.import_health_rules(&[again], NameTaken::Replace).await.unwrap();
    assert_eq!(ids, [id]);
    let stored = store.health_rules(5).await.unwrap().remove(0);
    assert_eq!((&*stored.name, stored.enabled, stored.version), ("CPU", false, 2));
    assert_eq!(stored.changed_ms, 9);
    for missing in [
        store.replace_health_rule(other, &rule(5, "x")).await,
        store.delete_health_rule(5, other).await,
    ] {
        assert!(matches!(missing, Err(StoreError::NotFound { .. })), "{missing:?}");
    }
    let first = store.all_health_rules(Page::first(1)).await.unwrap();
    let second = store.all_health_rules(Page { after_id: id, limit: 1 }).await.unwrap();
    assert_eq!((first[0].id, second[0].id), (id, other));
    store.delete_health_rule(5, id).await.unwrap();
    assert!(store.health_rules(5).await.unwrap().is_empty());
}

pub(crate) async fn names_are_unique_within_an_application(store: MetadataStore) {
    let cpu = store.create_health_rule(&rule(5, "cpu")).await.unwrap();
    let heap = store.create_health_rule(&rule(5, "heap")).await.unwrap();
    for taken in [
        store.create_health_rule(&rule(5, "cpu")).await.map(drop),
        store.replace_health_rule(heap, &rule(5, "cpu")).await,
    ] {
        assert!(matches!(taken, Err(StoreError::AlreadyExists { .. })), "{taken:?}");
    }
    store.replace_health_rule(cpu, &rule(5, "cpu")).await.unwrap();
    store.create_health_rule(&rule(5, "Cpu")).await.unwrap();
    let nights = store.create_schedule(&schedule(5, "nights")).await.unwrap();
    let days = store.create_schedule(&schedule(5, "days")).await.unwrap();
    store.create_schedule(&schedule(6, "nights")).await.unwrap();
    let taken = store.replace_schedule(days, &schedule(5, "nights")).await.unwrap_err();
    assert!(matches!(taken, StoreError::AlreadyExists { .. }), "{taken}");
    store.replace_schedule(nights, &schedule(5, "evenings")).await.unwrap();
    store.replace_schedule(nights, &schedule(5, "evenings")).await.unwrap();
    let names: Vec<String> =
        store.schedules(5).await.unwrap().into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["evenings", "days"]);
    let gone = store.replace_schedule(days, &schedule(6, "x")).await.unwrap_err();
    assert!(matches!(gone, StoreError::NotFound { .. }), "{gone}");
    store.delete_schedule(5, days).await.unwrap();
    let gone = store.delete_schedule(5, days).await.unwrap_err();
    assert!(matches!(gone, StoreError::NotFound { .. }), "{gone}");
    assert_eq!(store.all_schedules(Page::first(10)).await.unwrap().len(), 2);
}

pub(crate) async fn an_application_is_given_its_first_rules_once(store: MetadataStore) {
    store.create_health_rule(&NewHealthRule { changed_ms: 1, ..rule(5, "cpu") }).await.unwrap();
    let rules = [rule(5, "cpu"), rule(5, "heap")];
    let schedules = [schedule(5, "nights")];
    assert!(store.seed_application(5, &rules, &schedules).await.unwrap());
    let stored = store.health_rules(5).await.unwrap();
    let names: Vec<&str> = stored.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!((names, stored[0].changed_ms), (vec!["cpu", "heap"], 1));
    store.delete_health_rule(5, stored[1].id).await.unwrap();
    assert!(!store.seed_application(5, &rules, &schedules).await.unwrap());
    assert_eq!(store.health_rules(5).await.unwrap().len(), 1);
    assert_eq!(store.schedules(5).await.unwrap().len(), 1);
    assert_eq!(store.seeded_applications().await.unwrap(), [5]);
}

pub(crate) async fn rules_are_bounded_in_number_and_size(store: MetadataStore) {
    let many: Vec<NewHealthRule> =
        (0..MAX_RULES).map(|number| rule(5, &format!("r{number}"))).collect();
    store.seed_application(5, &many, &[]).await.unwrap();
    let refused = store.create_health_rule(&rule(5, "one more")).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooMany { .. }), "{refused}");
    store.create_health_rule(&rule(6, "another's")).await.unwrap();
    let body = "x".repeat(MAX_RULE_BODY + 1);
    for unfit in [NewHealthRule { body, ..rule(6, "a") }, rule(6, &"n".repeat(256))] {
        let refused = store.create_health_rule(&unfit).await.unwrap_err();
        assert!(matches!(refused, StoreError::TooLong { .. }), "{refused}");
    }
}

pub(crate) async fn rules_come_in_together_or_not_at_all(store: MetadataStore) {
    let cpu = store.create_health_rule(&rule(5, "cpu")).await.unwrap();
    let off = NewHealthRule { enabled: false, ..rule(5, "cpu") };
    let coming = [rule(5, "heap"), off, rule(5, "disk")];
    let clash = store.import_health_rules(&coming, NameTaken::Refuse).await.unwrap_err();
    assert!(matches!(&clash, StoreError::AlreadyExists { name, .. } if name == "cpu"), "{clash}");
    assert_eq!(store.health_rules(5).await.unwrap().len(), 1, "nothing came in");
    let ids = store.import_health_rules(&coming, NameTaken::Replace).await.unwrap();
    assert_eq!((ids.len(), ids[1]), (3, cpu), "it keeps its id");
    assert_eq!(store.health_rule(5, cpu).await.unwrap().unwrap().version, 2);
    let many: Vec<NewHealthRule> =
        (0..MAX_RULES).map(|number| rule(5, &format!("r{number}"))).collect();
    let refused = store.import_health_rules(&many, NameTaken::Refuse).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooMany { .. }), "{refused}");
    assert_eq!(store.health_rules(5).await.unwrap().len(), 3, "nothing came in");
}
