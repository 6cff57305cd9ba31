//! Settings.

use metadata_store::{Expected, MetadataStore, PutOutcome, Setting, Settings, StoreError};

pub(crate) async fn a_setting_is_absent_then_versioned(store: MetadataStore) {
    assert_eq!(store.setting("smtp").await.unwrap(), None);
    let first = store.put_setting("smtp", &[0, 255], Expected::Absent).await.unwrap();
    assert_eq!(first, PutOutcome::Stored { version: 1 });
    let second = store.put_setting("smtp", b"", Expected::Version(1)).await.unwrap();
    assert_eq!(second, PutOutcome::Stored { version: 2 });
    let third = store.put_setting("smtp", &[3], Expected::Anything).await.unwrap();
    assert_eq!(third, PutOutcome::Stored { version: 3 });
    let stored = store.setting("smtp").await.unwrap();
    assert_eq!(stored, Some(Setting { value: vec![3], version: 3 }));
}

pub(crate) async fn a_put_against_another_version_changes_nothing(store: MetadataStore) {
    let early = store.put_setting("smtp", b"x", Expected::Version(1)).await.unwrap();
    assert_eq!(early, PutOutcome::Conflict { current: None });
    assert_eq!(store.setting("smtp").await.unwrap(), None);
    store.put_setting("smtp", b"a", Expected::Anything).await.unwrap();
    for expected in [Expected::Absent, Expected::Version(0), Expected::Version(2)] {
        let late = store.put_setting("smtp", b"b", expected).await.unwrap();
        assert_eq!(late, PutOutcome::Conflict { current: Some(1) }, "{expected:?}");
    }
    assert_eq!(store.setting("smtp").await.unwrap().unwrap().value, b"a");
}

pub(crate) async fn of_eight_first_puts_one_wins(store: MetadataStore) {
    let puts = (0..8u8).map(|n| {
        let store = store.clone();
        tokio::spawn(async move { store.put_setting("lease", &[n], Expected::Absent).await })
    });
    let mut outcomes = Vec::new();
    for put in puts.collect::<Vec<_>>() {
        outcomes.push(put.await.unwrap().unwrap());
    }
    let winners: Vec<usize> =
        (0..8).filter(|n| outcomes[*n] == PutOutcome::Stored { version: 1 }).collect();
    assert_eq!(winners.len(), 1, "{outcomes:?}");
    let stored = store.setting("lease").await.unwrap().unwrap();
    assert_eq!(stored.value, [winners[0] as u8]);
}

/// Eight writers raise a number by compare-and-swap, each five times.
pub(crate) async fn no_increment_is_lost(store: MetadataStore) {
    store.put_setting("number", &[0], Expected::Absent).await.unwrap();
    let writers = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            for _ in 0..5 {
                increment(&store).await;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let stored = store.setting("number").await.unwrap();
    assert_eq!(stored, Some(Setting { value: vec![40], version: 41 }));
}

async fn increment(store: &MetadataStore) {
    loop {
        let seen = store.setting("number").await.unwrap().unwrap();
        let raised = [seen.value[0] + 1];
        let put = store.put_setting("number", &raised, Expected::Version(seen.version)).await;
        if let PutOutcome::Stored { .. } = put.unwrap() {
            return;
        }
    }
}

pub(crate) async fn names_that_differ_in_a_space_or_in_case_are_two(store: MetadataStore) {
    let names = ["a", "A", "a ", "á", " a"];
    for (n, name) in (0u8..).zip(names) {
        let put = store.put_setting(name, &[n], Expected::Absent).await.unwrap();
        assert_eq!(put, PutOutcome::Stored { version: 1 }, "{name:?}");
    }
    for (n, name) in (0u8..).zip(names) {
        assert_eq!(store.setting(name).await.unwrap().unwrap().value, [n], "{name:?}");
    }
}

pub(crate) async fn values_up_to_one_mebibyte_are_kept(store: MetadataStore) {
    let largest = vec![0xAB; 1 << 20];
    store.put_setting("large", &largest, Expected::Absent).await.unwrap();
    assert!(store.setting("large").await.unwrap().unwrap().value == largest);
    let over = vec![0; (1 << 20) + 1];
    let refused = store.put_setting("larger", &over, Expected::Absent).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooLong { .. }), "{refused}");
}
