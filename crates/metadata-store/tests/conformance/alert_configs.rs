//! Configuration of alerting.

use metadata_store::{
    AlertConfigKind::{Action, Policy},
    AlertConfigs, DocumentNeeds, FIRST_ACCOUNT, MAX_ALERT_CONFIG_BYTES, MetadataStore, NameTaken,
    NewAlertConfig, StoreError,
};

fn config(name: &str, application_id: Option<u32>) -> NewAlertConfig {
    NewAlertConfig {
        account_id: FIRST_ACCOUNT,
        application_id,
        name: name.to_owned(),
        body: "{}".to_owned(),
        sealed: vec![0, 255],
        changed_ms: 7,
        needs: DocumentNeeds::default(),
    }
}

pub(crate) async fn a_document_is_kept_changed_and_forgotten(store: MetadataStore) {
    let id = store.create_alert_config(Policy, &config("page", Some(3))).await.unwrap();
    let read = store.alert_config(Policy, FIRST_ACCOUNT, id).await.unwrap().unwrap();
    assert_eq!(
        (read.application_id, &*read.name, &*read.sealed, read.changed_ms),
        (Some(3), "page", &[0, 255][..], 7)
    );
    let changed = NewAlertConfig { body: "{\"a\":1}".to_owned(), ..config("ring", None) };
    for _ in 0..2 {
        store.replace_alert_config(Policy, id, &changed, &|_| None).await.unwrap();
    }
    let read = store.alert_configs(Policy, None).await.unwrap();
    assert_eq!((read.len(), &*read[0].name, read[0].application_id), (1, "ring", None));
    assert!(store.alert_configs(Action, Some(FIRST_ACCOUNT)).await.unwrap().is_empty());
    let others = store.delete_alert_config(Action, FIRST_ACCOUNT, id, &|_| None).await.unwrap_err();
    assert!(matches!(others, StoreError::NotFound { .. }), "{others}");
    store.delete_alert_config(Policy, FIRST_ACCOUNT, id, &|_| None).await.unwrap();
    assert!(store.alert_config(Policy, FIRST_ACCOUNT, id).await.unwrap().is_none());
    let gone = store.replace_alert_config(Policy, id, &changed, &|_| None).await.unwrap_err();
    assert!(matches!(gone, StoreError::NotFound { .. }), "{gone}");
}

pub(crate) async fn a_name_is_given_once_per_kind_and_application(store: MetadataStore) {
    let first = store.create_alert_config(Policy, &config("page", None)).await.unwrap();
    let taken = store.create_alert_config(Policy, &config("page", None)).await.unwrap_err();
    assert!(matches!(taken, StoreError::AlreadyExists { .. }), "{taken}");
    store.create_alert_config(Policy, &config("page", Some(3))).await.unwrap();
    store.create_alert_config(Action, &config("page", None)).await.unwrap();
    let other = store.create_alert_config(Policy, &config("ring", None)).await.unwrap();
    let taken = store
        .replace_alert_config(Policy, other, &config("page", None), &|_| None)
        .await
        .unwrap_err();
    assert!(matches!(taken, StoreError::AlreadyExists { .. }), "{taken}");
    store.replace_alert_config(Policy, first, &config("page", None), &|_| None).await.unwrap();
    let body = "x".repeat(MAX_ALERT_CONFIG_BYTES + 1);
    let long = NewAlertConfig { body, ..config("long", None) };
    let refused = store.create_alert_config(Policy, &long).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooLong { .. }), "{refused}");
}

pub(crate) async fn documents_come_in_together_or_not_at_all(store: MetadataStore) {
    let page = store.create_alert_config(Policy, &config("page", Some(3))).await.unwrap();
    let coming = [config("ring", Some(3)), config("page", Some(3))];
    let clash = store.import_alert_configs(Policy, &coming, NameTaken::Refuse).await.unwrap_err();
    assert!(matches!(&clash, StoreError::AlreadyExists { name, .. } if name == "page"), "{clash}");
    assert_eq!(store.alert_configs(Policy, None).await.unwrap().len(), 1, "nothing came in");
    let ids = store.import_alert_configs(Policy, &coming, NameTaken::Replace).await.unwrap();
    assert_eq!((ids.len(), ids[1]), (2, page), "it keeps its id");
    // What is of the whole account has names of its own.
    let account = [config("page", None)];
    store.import_alert_configs(Policy, &account, NameTaken::Refuse).await.unwrap();
    assert_eq!(store.alert_configs(Policy, None).await.unwrap().len(), 3);
}
