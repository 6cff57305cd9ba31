//! Baselines of applications, and time zones of accounts.

use metadata_store::{
    Baseline, BaselineWindow, Baselines, FIRST_ACCOUNT, FIRST_OWN_BASELINE, MAX_BASELINES,
    MetadataStore, NewBaseline, StoreError,
};

const SHOP: u32 = 7;

fn new(application_id: u32, name: &str, window: BaselineWindow) -> NewBaseline {
    let account_id = FIRST_ACCOUNT;
    NewBaseline { account_id, application_id, name: name.to_owned(), season: 2, window }
}

pub(crate) async fn a_baseline_is_added_and_deleted(store: MetadataStore) {
    assert_eq!(store.baselines(FIRST_ACCOUNT).await.unwrap(), Default::default());
    let rolling = BaselineWindow::Rolling { days: 10 };
    let fixed = BaselineWindow::Fixed { from_ms: 5, to_ms: i64::MAX };
    let one = store.add_baseline(&new(SHOP, "ten days", rolling)).await.unwrap();
    let two = store.add_baseline(&new(SHOP, "before the sale", fixed)).await.unwrap();
    assert!(FIRST_OWN_BASELINE <= one && one < two);
    let as_added = |id, name: &str, window| Baseline {
        id,
        application_id: SHOP,
        name: name.to_owned(),
        season: 2,
        window,
    };
    let both = [as_added(one, "ten days", rolling), as_added(two, "before the sale", fixed)];
    assert_eq!(store.baselines(FIRST_ACCOUNT).await.unwrap().baselines, both);
    assert_eq!(store.baselines(FIRST_ACCOUNT + 1).await.unwrap(), Default::default());
    for (account, application, id) in [
        (FIRST_ACCOUNT + 1, SHOP, one),
        (FIRST_ACCOUNT, SHOP + 1, one),
        (FIRST_ACCOUNT, SHOP, two + 9),
    ] {
        let refused = store.delete_baseline(account, application, id, &|_| None).await.unwrap_err();
        assert!(matches!(refused, StoreError::NotFound { .. }), "{refused}");
    }
    store.delete_baseline(FIRST_ACCOUNT, SHOP, one, &|_| None).await.unwrap();
    assert_eq!(store.baselines(FIRST_ACCOUNT).await.unwrap().baselines, both[1..]);
}

pub(crate) async fn one_default_an_application_is_remembered(store: MetadataStore) {
    let window = BaselineWindow::Rolling { days: 10 };
    let own = store.add_baseline(&new(SHOP, "own", window)).await.unwrap();
    store.set_default_baseline(FIRST_ACCOUNT, SHOP, 2).await.unwrap();
    store.set_default_baseline(FIRST_ACCOUNT, SHOP, own).await.unwrap();
    store.set_default_baseline(FIRST_ACCOUNT, SHOP + 1, 3).await.unwrap();
    let found = store.baselines(FIRST_ACCOUNT).await.unwrap().defaults;
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [(SHOP, own), (SHOP + 1, 3)]);
    store.delete_baseline(FIRST_ACCOUNT, SHOP, own, &|_| None).await.unwrap();
    let left = store.baselines(FIRST_ACCOUNT).await.unwrap().defaults;
    assert_eq!(left.into_iter().collect::<Vec<_>>(), [(SHOP + 1, 3)]);
}

pub(crate) async fn baselines_are_bounded_and_their_names_unique(store: MetadataStore) {
    let window = BaselineWindow::Rolling { days: 10 };
    for number in 0..MAX_BASELINES {
        store.add_baseline(&new(SHOP, &format!("b{number}"), window)).await.unwrap();
    }
    let refused = store.add_baseline(&new(SHOP, "b3", window)).await.unwrap_err();
    assert!(matches!(refused, StoreError::AlreadyExists { .. }), "{refused}");
    let refused = store.add_baseline(&new(SHOP, "one more", window)).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooMany { .. }), "{refused}");
    // Another application has room and may use the same name.
    store.add_baseline(&new(SHOP + 1, "b3", window)).await.unwrap();
    let long = "n".repeat(256);
    let refused = store.add_baseline(&new(SHOP + 1, &long, window)).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooLong { .. }), "{refused}");
}

pub(crate) async fn an_account_has_one_time_zone(store: MetadataStore) {
    store.set_time_zone(FIRST_ACCOUNT, "UTC").await.unwrap();
    store.set_time_zone(FIRST_ACCOUNT, "Europe/Berlin").await.unwrap();
    store.set_time_zone(FIRST_ACCOUNT + 1, "Asia/Kolkata").await.unwrap();
    let found = store.baselines(FIRST_ACCOUNT).await.unwrap().time_zone;
    assert_eq!(found.as_deref(), Some("Europe/Berlin"));
}
