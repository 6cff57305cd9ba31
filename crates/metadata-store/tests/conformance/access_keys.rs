//! Access keys.

use metadata_store::{
    AccessKey, AccessKeys, FIRST_ACCOUNT, MetadataStore, NewAccessKey, StoreError,
};

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
        store.create_access_key(&new_key(hash)).await.unwrap();
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
    };
    assert_eq!(found, Some(expected));
    assert_eq!(store.access_key_by_hash(&[8; 32]).await.unwrap(), None);
}

pub(crate) async fn a_disabled_key_stays_listed(store: MetadataStore) {
    let id = store.create_access_key(&new_key(1)).await.unwrap();
    store.create_access_key(&new_key(2)).await.unwrap();
    store.disable_access_key(id).await.unwrap();
    store.disable_access_key(id).await.unwrap();
    let disabled: Vec<bool> =
        store.access_keys().await.unwrap().iter().map(|key| key.disabled).collect();
    assert_eq!(disabled, [true, false]);
    assert!(store.access_key_by_hash(&[1; 32]).await.unwrap().unwrap().disabled);
    let missing = store.disable_access_key(id + 9).await.unwrap_err();
    assert!(matches!(missing, StoreError::NotFound { .. }), "{missing}");
}

pub(crate) async fn a_key_is_stored_once(store: MetadataStore) {
    store.create_access_key(&new_key(1)).await.unwrap();
    let twin = store.create_access_key(&new_key(1)).await.unwrap_err();
    assert!(matches!(twin, StoreError::AlreadyExists { .. }), "{twin}");
    let huge = NewAccessKey { sealed: vec![0; 4097], ..new_key(2) };
    let refused = store.create_access_key(&huge).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooLong { .. }), "{refused}");
    assert_eq!(store.access_keys().await.unwrap().len(), 1);
}
