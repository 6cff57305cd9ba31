//! Access keys.

use metadata_store::{
    AccessKey, AccessKeys, FIRST_ACCOUNT, MetadataStore, NewAccessKey, StoreError,
};

use crate::audit::entry;

fn new_key(hash: u8) -> NewAccessKey {
    NewAccessKey {
        account_id: FIRST_ACCOUNT,
        name: "agents".to_owned(),
        key_hash: [hash; 32],
        sealed: vec![0, 255, hash],
        created_ms: 7,
    }
}

pub(crate) async fn a_key_is_found_by_hash_and_listed(store: MetadataStore) {
    // Hashes that end in zero bytes or spaces must not be cut.
    for hash in [0, 0x20, 9] {
        store.create_access_key(&new_key(hash), &entry()).await.unwrap();
    }
    let listed = store.access_keys().await.unwrap();
    let hashes: Vec<u8> = listed.iter().map(|key| key.key_hash[31]).collect();
    assert_eq!(hashes, [0, 0x20, 9]);
    let found = store.access_key_by_hash(&[0x20; 32]).await.unwrap();
    let expected = AccessKey {
        id: listed[1].id,
        account_id: FIRST_ACCOUNT,
        name: "agents".to_owned(),
        key_hash: [0x20; 32],
        sealed: vec![0, 255, 0x20],
        created_ms: 7,
        disabled: false,
        last_used_ms: None,
    };
    assert_eq!(found, Some(expected));
    assert_eq!(store.access_key_by_hash(&[8; 32]).await.unwrap(), None);
}

pub(crate) async fn a_disabled_key_stays_listed(store: MetadataStore) {
    let id = store.create_access_key(&new_key(1), &entry()).await.unwrap();
    store.create_access_key(&new_key(2), &entry()).await.unwrap();
    store.disable_access_key(id, &entry()).await.unwrap();
    store.disable_access_key(id, &entry()).await.unwrap();
    let disabled: Vec<bool> =
        store.access_keys().await.unwrap().iter().map(|key| key.disabled).collect();
    assert_eq!(disabled, [true, false]);
    assert!(store.access_key_by_hash(&[1; 32]).await.unwrap().unwrap().disabled);
    let missing = store.disable_access_key(id + 9, &entry()).await.unwrap_err();
    assert!(matches!(missing, StoreError::NotFound { .. }), "{missing}");
}

pub(crate) async fn a_key_is_stored_once(store: MetadataStore) {
    store.create_access_key(&new_key(1), &entry()).await.unwrap();
    let twin = store.create_access_key(&new_key(1), &entry()).await.unwrap_err();
    assert!(matches!(twin, StoreError::AlreadyExists { .. }), "{twin}");
    let huge = NewAccessKey { sealed: vec![0; 4097], ..new_key(2) };
    let refused = store.create_access_key(&huge, &entry()).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooLong { .. }), "{refused}");
    assert_eq!(store.access_keys().await.unwrap().len(), 1);
}

pub(crate) async fn the_last_use_of_a_key_never_goes_back(store: MetadataStore) {
    store.create_access_key(&new_key(1), &entry()).await.unwrap();
    let used = async || store.access_key_by_hash(&[1; 32]).await.unwrap().unwrap().last_used_ms;
    for (at_ms, expected) in [(50, 50), (40, 50), (60, 60)] {
        store.note_key_uses(&[([1; 32], at_ms), ([2; 32], at_ms)]).await.unwrap();
        assert_eq!(used().await, Some(expected));
    }
}
