//! Sessions.

use metadata_store::{
    FIRST_ACCOUNT, MetadataStore, Session, SessionDetails, Sessions, StoreError, Users,
};

use crate::{audit::entry, users::new_user};

fn session(user_id: u32, hash: u8, expires_at_ms: i64) -> Session {
    Session {
        token_hash: [hash; 32],
        user_id,
        csrf_token: "csrf".to_owned(),
        expires_at_ms,
        details: SessionDetails {
            began_ms: 5,
            seen_ms: 5,
            address: "192.0.2.7".to_owned(),
            agent: "Firefox".to_owned(),
        },
    }
}

pub(crate) async fn a_session_is_found_prolonged_and_ended(store: MetadataStore) {
    let user = store.create_user(&new_user("ada"), &entry()).await.unwrap();
    let made = session(user, 0, 100);
    store.create_session(&made).await.unwrap();
    assert_eq!(store.session(&[0; 32]).await.unwrap(), Some(made.clone()));
    assert_eq!(store.session(&[1; 32]).await.unwrap(), None);
    store.touch_session(&[0; 32], 200, 55).await.unwrap();
    let details = SessionDetails { seen_ms: 55, ..made.details.clone() };
    let prolonged = Session { expires_at_ms: 200, details, ..made };
    assert_eq!(store.session(&[0; 32]).await.unwrap(), Some(prolonged));
    store.delete_session(&[0; 32]).await.unwrap();
    store.delete_session(&[0; 32]).await.unwrap();
    store.touch_session(&[0; 32], 300, 55).await.unwrap();
    assert_eq!(store.session(&[0; 32]).await.unwrap(), None);
}

pub(crate) async fn only_expired_sessions_are_removed(store: MetadataStore) {
    let user = store.create_user(&new_user("ada"), &entry()).await.unwrap();
    for (hash, expires_at_ms) in [(1, 10), (2, 20), (3, 21)] {
        store.create_session(&session(user, hash, expires_at_ms)).await.unwrap();
    }
    assert_eq!(store.delete_expired_sessions(20).await.unwrap(), 2);
    assert_eq!(store.delete_expired_sessions(20).await.unwrap(), 0);
    assert!(store.session(&[3; 32]).await.unwrap().is_some());
}

pub(crate) async fn a_users_sessions_end_together(store: MetadataStore) {
    let ada = store.create_user(&new_user("ada"), &entry()).await.unwrap();
    let bob = store.create_user(&new_user("bob"), &entry()).await.unwrap();
    for (hash, user) in [(1, ada), (2, ada), (3, bob)] {
        store.create_session(&session(user, hash, 10)).await.unwrap();
    }
    assert_eq!(store.delete_sessions_of_user(ada).await.unwrap(), 2);
    assert!(store.session(&[1; 32]).await.unwrap().is_none());
    assert!(store.session(&[3; 32]).await.unwrap().is_some());
}

pub(crate) async fn sessions_need_a_user_and_a_hash_of_their_own(store: MetadataStore) {
    let orphan = store.create_session(&session(99, 1, 10)).await.unwrap_err();
    assert!(matches!(orphan, StoreError::NotFound { what: "user", id: 99 }), "{orphan}");
    let user = store.create_user(&new_user("ada"), &entry()).await.unwrap();
    store.create_session(&session(user, 1, 10)).await.unwrap();
    let twin = store.create_session(&session(user, 1, 20)).await.unwrap_err();
    assert!(matches!(twin, StoreError::AlreadyExists { .. }), "{twin}");
    assert_eq!(store.session(&[1; 32]).await.unwrap().unwrap().expires_at_ms, 10);
}

pub(crate) async fn sessions_are_listed_by_account_and_user(store: MetadataStore) {
    let ada = store.create_user(&new_user("ada"), &entry()).await.unwrap();
    let bob = store.create_user(&new_user("bob"), &entry()).await.unwrap();
    for (hash, user, expires) in [(1, ada, 10), (2, bob, 30), (3, ada, 20)] {
        store.create_session(&session(user, hash, expires)).await.unwrap();
    }
    let hashes = |sessions: Vec<Session>| -> Vec<u8> {
        sessions.iter().map(|session| session.token_hash[0]).collect()
    };
    let listed = async |user, limit| store.sessions(FIRST_ACCOUNT, user, limit).await.unwrap();
    assert_eq!(hashes(listed(None, 9).await), [2, 3, 1]);
    assert_eq!(hashes(listed(None, 2).await), [2, 3]);
    assert_eq!(hashes(listed(Some(ada), 9).await), [3, 1]);
    assert!(store.sessions(FIRST_ACCOUNT + 1, None, 9).await.unwrap().is_empty());
}
