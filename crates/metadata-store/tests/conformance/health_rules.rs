//! Health rules and schedules.

use metadata_store::{
    AlertConfigKind, AlertConfigs, BaselineWindow, Baselines, DocumentNeeds, Entities,
    FIRST_ACCOUNT, HealthRules, MAX_ALERT_CONFIG_BYTES, MAX_RULE_BODY, MAX_RULES, MayUse,
    MetadataStore, NameTaken, NewAlertConfig, NewBaseline, NewEntity, NewHealthRule, NewSchedule,
    Page, RenamedRule, RuleNeeds, StoreError,
};

/// Documents of which none mentions a rule.
const NOBODY: fn(AlertConfigKind, &str, &RenamedRule<'_>) -> Option<String> = |_, _, _| None;

fn rule(application_id: u32, name: &str) -> NewHealthRule {
    let (name, body) = (name.to_owned(), format!("{{\"name\": \"{name}\"}}"));
    NewHealthRule {
        application_id,
        name,
        enabled: true,
        body,
        changed_ms: 7,
        needs: RuleNeeds::default(),
    }
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
    store.replace_health_rule(FIRST_ACCOUNT, id, &changed, &NOBODY).await.unwrap();
    // The same again is no change: whoever judges by it goes on.
    let again = NewHealthRule { changed_ms: 10, ..changed.clone() };
    store.replace_health_rule(FIRST_ACCOUNT, id, &again, &NOBODY).await.unwrap();
    let ids = store.import_health_rules(&[again], NameTaken::Replace).await.unwrap();
    assert_eq!(ids, [id]);
    let stored = store.health_rules(5).await.unwrap().remove(0);
    assert_eq!((&*stored.name, stored.enabled, stored.version), ("CPU", false, 2));
    assert_eq!(stored.changed_ms, 9);
    for missing in [
        store.replace_health_rule(FIRST_ACCOUNT, other, &rule(5, "x"), &NOBODY).await,
        store.delete_health_rule(FIRST_ACCOUNT, 5, other, &|_| None).await,
    ] {
        assert!(matches!(missing, Err(StoreError::NotFound { .. })), "{missing:?}");
    }
    let first = store.all_health_rules(Page::first(1)).await.unwrap();
    let second = store.all_health_rules(Page { after_id: id, limit: 1 }).await.unwrap();
    assert_eq!((first[0].id, second[0].id), (id, other));
    store.delete_health_rule(FIRST_ACCOUNT, 5, id, &|_| None).await.unwrap();
    assert!(store.health_rules(5).await.unwrap().is_empty());
}

pub(crate) async fn names_are_unique_within_an_application(store: MetadataStore) {
    let cpu = store.create_health_rule(&rule(5, "cpu")).await.unwrap();
    let heap = store.create_health_rule(&rule(5, "heap")).await.unwrap();
    for taken in [
        store.create_health_rule(&rule(5, "cpu")).await.map(drop),
        store.replace_health_rule(FIRST_ACCOUNT, heap, &rule(5, "cpu"), &NOBODY).await,
    ] {
        assert!(matches!(taken, Err(StoreError::AlreadyExists { .. })), "{taken:?}");
    }
    store.replace_health_rule(FIRST_ACCOUNT, cpu, &rule(5, "cpu"), &NOBODY).await.unwrap();
    store.create_health_rule(&rule(5, "Cpu")).await.unwrap();
    let nights = store.create_schedule(&schedule(5, "nights")).await.unwrap();
    let days = store.create_schedule(&schedule(5, "days")).await.unwrap();
    store.create_schedule(&schedule(6, "nights")).await.unwrap();
    let taken = store.replace_schedule(days, &schedule(5, "nights"), &|_| None).await.unwrap_err();
    assert!(matches!(taken, StoreError::AlreadyExists { .. }), "{taken}");
    store.replace_schedule(nights, &schedule(5, "evenings"), &|_| None).await.unwrap();
    store.replace_schedule(nights, &schedule(5, "evenings"), &|_| None).await.unwrap();
    let names: Vec<String> =
        store.schedules(5).await.unwrap().into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["evenings", "days"]);
    let gone = store.replace_schedule(days, &schedule(6, "x"), &|_| None).await.unwrap_err();
    assert!(matches!(gone, StoreError::NotFound { .. }), "{gone}");
    store.delete_schedule(5, days, &|_| None).await.unwrap();
    let gone = store.delete_schedule(5, days, &|_| None).await.unwrap_err();
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
    store.delete_health_rule(FIRST_ACCOUNT, 5, stored[1].id, &|_| None).await.unwrap();
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

/// A document of alerting whose body is a list of the rules that it names.
fn document(name: &str, application_id: Option<u32>, rules: &str) -> NewAlertConfig {
    NewAlertConfig {
        account_id: FIRST_ACCOUNT,
        application_id,
        name: name.to_owned(),
        body: rules.to_owned(),
        sealed: vec![7],
        changed_ms: 1,
        needs: DocumentNeeds::default(),
    }
}

fn followed(_: AlertConfigKind, body: &str, renamed: &RenamedRule<'_>) -> Option<String> {
    let both = format!("{} {}", renamed.from, renamed.to);
    let to = if renamed.is_left { &both } else { renamed.to };
    body.contains(renamed.from).then(|| body.replace(renamed.from, to))
}

fn application(name: &str) -> NewEntity {
    NewEntity {
        account_id: FIRST_ACCOUNT,
        kind: 1,
        application_id: 0,
        parent_id: 0,
        name: name.to_owned(),
        properties: "{}".to_owned(),
        seen_ms: 1,
    }
}

pub(crate) async fn documents_follow_a_rule_that_is_renamed(store: MetadataStore) {
    let ids = store.resolve(&[application("shop"), application("bank")]).await.unwrap();
    let (shop, bank) = (ids[0], ids[1]);
    let cpu = store.create_health_rule(&rule(shop, "cpu")).await.unwrap();
    let kind = AlertConfigKind::Suppression;
    let mut own = Vec::new();
    for (name, of) in [("shop's", Some(shop)), ("bank's", Some(bank)), ("of all", None)] {
        own.push(
            store.create_alert_config(kind, &document(name, of, "[cpu, heap]")).await.unwrap(),
        );
    }
    let body = async |id| {
        let read = store.alert_config(kind, FIRST_ACCOUNT, id).await.unwrap().unwrap();
        assert_eq!(read.sealed, [7]);
        read.body
    };
    let rename = async |id, application, name: &str| {
        let named = rule(application, name);
        store.replace_health_rule(FIRST_ACCOUNT, id, &named, &followed).await
    };
    rename(cpu, shop, "load").await.unwrap();
    assert_eq!(body(own[0]).await, "[load, heap]");
    assert_eq!(body(own[1]).await, "[cpu, heap]", "that means a rule of the bank");
    assert_eq!(body(own[2]).await, "[load, heap]");
    // What is of all applications goes on meaning the rule of another one.
    store.create_health_rule(&rule(bank, "load")).await.unwrap();
    rename(cpu, shop, "busy").await.unwrap();
    assert_eq!(body(own[0]).await, "[busy, heap]");
    assert_eq!(body(own[2]).await, "[load busy, heap]");
    // Nothing follows a name that the rule does not get, nor does it get one that a document has no room for.
    store.create_health_rule(&rule(shop, "taken")).await.unwrap();
    let taken = rename(cpu, shop, "taken").await.unwrap_err();
    assert!(matches!(taken, StoreError::AlreadyExists { .. }), "{taken}");
    let long = |_: AlertConfigKind, _: &str, _: &RenamedRule<'_>| {
        Some("x".repeat(MAX_ALERT_CONFIG_BYTES + 1))
    };
    let named = rule(shop, "free");
    let refused = store.replace_health_rule(FIRST_ACCOUNT, cpu, &named, &long).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooLong { .. }), "{refused}");
    assert_eq!(store.health_rule(shop, cpu).await.unwrap().unwrap().name, "busy");
    assert_eq!(body(own[0]).await, "[busy, heap]");
}

/// Whether any of the documents' bodies has the name.
fn named(of: &MayUse) -> Option<String> {
    let named = of.documents.iter().filter(|(_, one)| one.body.contains(&of.name));
    let named = named.filter(|(_, one)| one.application_id.is_some() || !of.is_elsewhere);
    named.map(|(kind, one)| format!("{} {}", kind.what(), one.name)).next()
}

/// Whether any of the rules' bodies has the name.
fn gone_by(of: &MayUse) -> Option<String> {
    of.rules.iter().find(|rule| rule.body.contains(&of.name)).map(|rule| rule.name.clone())
}

#[track_caller]
fn assert_in_use(refused: Result<(), StoreError>, by: &str) {
    let refused = refused.unwrap_err();
    assert!(matches!(&refused, StoreError::InUse(_)), "{refused}");
    assert_eq!(refused.to_string(), by);
}

#[track_caller]
fn assert_gone<T: std::fmt::Debug>(refused: Result<T, StoreError>) {
    let refused = refused.unwrap_err();
    assert!(matches!(&refused, StoreError::Gone { .. }), "{refused}");
}

pub(crate) async fn nothing_goes_that_is_used(store: MetadataStore) {
    let ids = store.resolve(&[application("shop"), application("bank")]).await.unwrap();
    let (shop, bank) = (ids[0], ids[1]);
    let kind = AlertConfigKind::Policy;
    let cpu = store.create_health_rule(&rule(shop, "cpu")).await.unwrap();
    store.create_health_rule(&rule(bank, "load")).await.unwrap();
    let own = store.create_alert_config(kind, &document("own", Some(shop), "[cpu]")).await.unwrap();
    let of_all = store.create_alert_config(kind, &document("all", None, "[cpu]")).await.unwrap();
    // Another application's policy means its own rule.
    store.create_alert_config(kind, &document("bank's", Some(bank), "[cpu]")).await.unwrap();
    let delete = async || store.delete_health_rule(FIRST_ACCOUNT, shop, cpu, &named).await;
    assert_in_use(delete().await, "policy own");
    store.delete_alert_config(kind, FIRST_ACCOUNT, own, &|_| None).await.unwrap();
    assert_in_use(delete().await, "policy all");
    // What is of all applications can mean the bank's.
    let others = store.create_health_rule(&rule(bank, "cpu")).await.unwrap();
    delete().await.unwrap();
    let last = store.delete_health_rule(FIRST_ACCOUNT, bank, others, &named).await;
    assert_in_use(last, "policy all");

    let action = document("hook", None, "{}");
    let action = store.create_alert_config(AlertConfigKind::Action, &action).await.unwrap();
    let does = |of: &MayUse| {
        let found = of.documents.iter().find(|(_, one)| one.body == "[cpu]");
        found.map(|(_, one)| one.name.clone())
    };
    let delete = async || {
        store.delete_alert_config(AlertConfigKind::Action, FIRST_ACCOUNT, action, &does).await
    };
    assert_in_use(delete().await, "all");
    let otherwise = document("hook", None, "[]");
    let replace =
        store.replace_alert_config(AlertConfigKind::Action, action, &otherwise, &does).await;
    assert_in_use(replace, "all");
    store.delete_alert_config(kind, FIRST_ACCOUNT, of_all, &|_| None).await.unwrap();
    assert_in_use(delete().await, "bank's");

    let nights = store.create_schedule(&schedule(shop, "nights")).await.unwrap();
    let baseline = NewBaseline {
        account_id: FIRST_ACCOUNT,
        application_id: shop,
        name: "ten days".to_owned(),
        season: 1,
        window: BaselineWindow::Rolling { days: 10 },
    };
    let baseline = store.add_baseline(&baseline).await.unwrap();
    let body = "[nights, ten days]".to_owned();
    let by_both = NewHealthRule { body, ..rule(shop, "slow") };
    let slow = store.create_health_rule(&by_both).await.unwrap();
    assert_in_use(store.delete_schedule(shop, nights, &gone_by).await, "slow");
    assert_in_use(
        store.replace_schedule(nights, &schedule(shop, "evenings"), &gone_by).await,
        "slow",
    );
    store.replace_schedule(nights, &schedule(shop, "nights"), &gone_by).await.unwrap();
    let delete = store.delete_baseline(FIRST_ACCOUNT, shop, baseline, &gone_by).await;
    assert_in_use(delete, "slow");
    store.delete_health_rule(FIRST_ACCOUNT, shop, slow, &named).await.unwrap();
    store.delete_schedule(shop, nights, &gone_by).await.unwrap();
    store.delete_baseline(FIRST_ACCOUNT, shop, baseline, &gone_by).await.unwrap();
}

pub(crate) async fn nothing_comes_that_uses_what_has_gone(store: MetadataStore) {
    let ids = store.resolve(&[application("shop"), application("bank")]).await.unwrap();
    let (shop, bank) = (ids[0], ids[1]);
    store.create_health_rule(&rule(bank, "cpu")).await.unwrap();
    let kind = AlertConfigKind::Policy;
    let needing = |application_id, rules: &[&str], actions: &[u32]| NewAlertConfig {
        needs: DocumentNeeds {
            rules: rules.iter().map(|name| (*name).to_owned()).collect(),
            actions: actions.iter().copied().collect(),
        },
        ..document("page", application_id, "[]")
    };
    assert_gone(store.create_alert_config(kind, &needing(Some(shop), &["cpu"], &[])).await);
    assert_gone(store.create_alert_config(kind, &needing(None, &["cpu", "heap"], &[])).await);
    let page = store.create_alert_config(kind, &needing(None, &["cpu"], &[])).await.unwrap();
    // A policy is no action.
    let by_itself = needing(None, &[], &[page]);
    assert_gone(store.replace_alert_config(kind, page, &by_itself, &|_| None).await);
    let coming = [needing(None, &[], &[page + 9])];
    assert_gone(store.import_alert_configs(kind, &coming, NameTaken::Replace).await);
    let stored = store.alert_configs(kind, Some(FIRST_ACCOUNT)).await.unwrap();
    assert_eq!(stored.len(), 1, "nothing came: {stored:?}");

    let needing = |schedule: &str, baseline: &str| NewHealthRule {
        needs: RuleNeeds {
            schedules: [schedule.to_owned()].into(),
            baselines: [baseline.to_owned()].into(),
        },
        ..rule(shop, "slow")
    };
    store.create_schedule(&schedule(shop, "nights")).await.unwrap();
    store.create_schedule(&schedule(bank, "days")).await.unwrap();
    let baseline = NewBaseline {
        account_id: FIRST_ACCOUNT,
        application_id: shop,
        name: "ten days".to_owned(),
        season: 1,
        window: BaselineWindow::Rolling { days: 10 },
    };
    store.add_baseline(&baseline).await.unwrap();
    assert_gone(store.create_health_rule(&needing("days", "ten days")).await);
    assert_gone(store.create_health_rule(&needing("nights", "nine days")).await);
    let slow = store.create_health_rule(&needing("nights", "ten days")).await.unwrap();
    let changed = NewHealthRule { enabled: false, ..needing("days", "ten days") };
    assert_gone(store.replace_health_rule(FIRST_ACCOUNT, slow, &changed, &NOBODY).await);
    assert_gone(store.import_health_rules(&[changed], NameTaken::Replace).await);
    assert!(store.health_rule(shop, slow).await.unwrap().unwrap().enabled);
}

/// Somebody who deletes a rule and somebody who makes a policy that names it come together again and again.
pub(crate) async fn a_rule_that_goes_and_a_policy_that_comes_never_miss_each_other(
    store: MetadataStore,
) {
    let kind = AlertConfigKind::Policy;
    let (mut deleted, mut made) = (0, 0);
    for round in 0..30 {
        let name = format!("cpu {round}");
        let id = store.create_health_rule(&rule(5, &name)).await.unwrap();
        let needs = DocumentNeeds { rules: [name.clone()].into(), ..DocumentNeeds::default() };
        let body = format!("[{name}]");
        let policy = NewAlertConfig { needs, ..document(&name, Some(5), &body) };
        let delete = store.delete_health_rule(FIRST_ACCOUNT, 5, id, &named);
        let make = store.create_alert_config(kind, &policy);
        // Who comes first changes from round to round.
        let both = match round % 2 {
            0 => tokio::join!(delete, make),
            _ => {
                let (make, delete) = tokio::join!(make, delete);
                (delete, make)
            }
        };
        match both {
            (Ok(()), Err(StoreError::Gone { .. })) => deleted += 1,
            (Err(StoreError::InUse(_)), Ok(_)) => made += 1,
            both => panic!("both came through, or none: {both:?}"),
        }
    }
    assert_eq!(deleted + made, 30);
}
