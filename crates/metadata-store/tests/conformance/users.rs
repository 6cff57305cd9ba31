//! Users.

use metadata_store::{
    ACCOUNT_OWNER, FIRST_ACCOUNT, LockAfter, MetadataStore, NewPassword, NewUser, Page, Session,
    SessionDetails, Sessions, StoreError, User, UserChange, Users,
};

use crate::audit::entry;

pub(crate) fn new_user(name: &str) -> NewUser {
    NewUser {
        account_id: FIRST_ACCOUNT,
        user_name: name.to_owned(),
        display_name: "Ada L.".to_owned(),
        email: "ada@example.test".to_owned(),
        password_hash: "$argon2id$v=19$x".to_owned(),
        must_change_password: false,
        roles: Vec::new(),
        groups: Vec::new(),
        created_ms: 7,
    }
}

pub(crate) async fn a_user_is_found_by_id_and_by_exact_name(store: MetadataStore) {
    assert_eq!(store.count_users().await.unwrap(), 0);
    let id = store.create_user(&new_user("Zoë 🦀"), &entry()).await.unwrap();
    let user = store.user(id).await.unwrap();
    let expected = User {
        id,
        account_id: FIRST_ACCOUNT,
        user_name: "Zoë 🦀".to_owned(),
        display_name: "Ada L.".to_owned(),
        email: "ada@example.test".to_owned(),
        password_hash: "$argon2id$v=19$x".to_owned(),
        enabled: true,
        must_change_password: false,
        failed_sign_ins: 0,
        locked_until_ms: 0,
        last_sign_in_ms: None,
        last_address: String::new(),
        created_ms: 7,
        password_changed_ms: 7,
    };
    assert_eq!(user, Some(expected));
    assert_eq!(store.user_by_name(FIRST_ACCOUNT, "Zoë 🦀").await.unwrap(), user);
    for other in ["zoë 🦀", "Zoe 🦀", "Zoë 🦀 ", ""] {
        assert_eq!(store.user_by_name(FIRST_ACCOUNT, other).await.unwrap(), None, "{other:?}");
    }
    assert_eq!(store.user_by_name(FIRST_ACCOUNT + 1, "Zoë 🦀").await.unwrap(), None);
    assert_eq!(store.user(id + 1).await.unwrap(), None);
    assert_eq!(store.count_users().await.unwrap(), 1);
}

pub(crate) async fn a_user_name_is_given_once_even_to_eight_at_a_time(store: MetadataStore) {
    let attempts = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.create_user(&new_user("admin"), &entry()).await })
    });
    let mut created = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        match attempt.await.unwrap() {
            Ok(_) => created += 1,
            Err(StoreError::AlreadyExists { name, .. }) => assert_eq!(name, "admin"),
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!((created, store.count_users().await.unwrap()), (1, 1));
}

pub(crate) async fn users_come_in_pages(store: MetadataStore) {
    for name in ["a", "b", "c"] {
        store.create_user(&new_user(name), &entry()).await.unwrap();
    }
    let first = store.users(FIRST_ACCOUNT, Page::first(2)).await.unwrap();
    let next = Page { after_id: first[1].id, limit: 2 };
    let second = store.users(FIRST_ACCOUNT, next).await.unwrap();
    let names: Vec<&str> =
        first.iter().chain(&second).map(|user| user.user_name.as_str()).collect();
    assert_eq!((first.len(), names), (2, vec!["a", "b", "c"]));
    assert!(store.users(FIRST_ACCOUNT + 1, Page::first(9)).await.unwrap().is_empty());
}

pub(crate) async fn a_password_hash_is_replaced(store: MetadataStore) {
    let id = store.create_user(&new_user("ada"), &entry()).await.unwrap();
    store.set_password(id, &password("$argon2id$new"), &entry()).await.unwrap();
    // Setting what is there already matches the user as well, on every database.
    store.set_password(id, &password("$argon2id$new"), &entry()).await.unwrap();
    assert_eq!(store.user(id).await.unwrap().unwrap().password_hash, "$argon2id$new");
    let missing = store.set_password(id + 1, &password("x"), &entry()).await.unwrap_err();
    assert!(matches!(missing, StoreError::NotFound { .. }), "{missing}");
}

pub(crate) async fn texts_that_do_not_fit_are_refused(store: MetadataStore) {
    let longest = "é".repeat(255);
    let id = store.create_user(&new_user(&longest), &entry()).await.unwrap();
    assert_eq!(store.user(id).await.unwrap().unwrap().user_name, longest);
    let refused = store.create_user(&new_user(&"é".repeat(256)), &entry()).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooLong { limit: 255, .. }), "{refused}");
    assert_eq!(store.count_users().await.unwrap(), 1);
}

fn password(hash: &str) -> NewPassword {
    NewPassword { hash: hash.to_owned(), must_change: false, at_ms: 99, keep_session: None }
}

/// A user who may do everything.
pub(crate) fn owner(name: &str) -> NewUser {
    NewUser { roles: vec![ACCOUNT_OWNER], ..new_user(name) }
}

async fn with_session(store: &MetadataStore, user_id: u32, hash: u8) {
    let session = Session {
        token_hash: [hash; 32],
        user_id,
        csrf_token: "csrf".to_owned(),
        expires_at_ms: 1_000,
        details: SessionDetails::default(),
    };
    store.create_session(&session).await.unwrap();
}

pub(crate) async fn a_new_password_ends_other_sessions_and_unlocks(store: MetadataStore) {
    let id = store.create_user(&new_user("ada"), &entry()).await.unwrap();
    with_session(&store, id, 1).await;
    with_session(&store, id, 2).await;
    let lock = LockAfter { failures: 1, until_ms: 500 };
    assert!(store.note_failed_sign_in(id, lock, &entry()).await.unwrap());
    let new = NewPassword { must_change: true, keep_session: Some([2; 32]), ..password("new") };
    store.set_password(id, &new, &entry()).await.unwrap();
    let user = store.user(id).await.unwrap().unwrap();
    let state = (user.locked_until_ms, user.must_change_password, user.password_changed_ms);
    assert_eq!(state, (0, true, 99));
    assert!(store.session(&[1; 32]).await.unwrap().is_none());
    assert!(store.session(&[2; 32]).await.unwrap().is_some());
}

pub(crate) async fn wrong_passwords_lock_and_a_right_one_forgets_them(store: MetadataStore) {
    let id = store.create_user(&new_user("ada"), &entry()).await.unwrap();
    let lock = LockAfter { failures: 3, until_ms: 500 };
    for _ in 0..2 {
        assert!(!store.note_failed_sign_in(id, lock, &entry()).await.unwrap());
    }
    store.note_sign_in(id, 40, "192.0.2.7", &entry()).await.unwrap();
    let user = store.user(id).await.unwrap().unwrap();
    assert_eq!((user.failed_sign_ins, user.last_sign_in_ms), (0, Some(40)));
    assert_eq!(user.last_address, "192.0.2.7");
    for locked in [false, false, true, false] {
        assert_eq!(store.note_failed_sign_in(id, lock, &entry()).await.unwrap(), locked);
    }
    assert_eq!(store.user(id).await.unwrap().unwrap().locked_until_ms, 500);
    store.unlock_user(FIRST_ACCOUNT, id, &entry()).await.unwrap();
    let user = store.user(id).await.unwrap().unwrap();
    assert_eq!((user.failed_sign_ins, user.locked_until_ms), (0, 0));
    let missing = store.unlock_user(FIRST_ACCOUNT + 1, id, &entry()).await.unwrap_err();
    assert!(matches!(missing, StoreError::NotFound { .. }), "{missing}");
}

fn changed(name: &str, enabled: bool, roles: &[u32]) -> UserChange {
    UserChange {
        user_name: name.to_owned(),
        display_name: "Ada".to_owned(),
        email: String::new(),
        enabled,
        roles: roles.to_vec(),
        groups: Vec::new(),
    }
}

pub(crate) async fn a_disabled_user_stays_listed_without_sessions(store: MetadataStore) {
    store.create_user(&owner("root"), &entry()).await.unwrap();
    let id = store.create_user(&new_user("ada"), &entry()).await.unwrap();
    with_session(&store, id, 1).await;
    let change = changed("ada2", false, &[]);
    store.update_user(FIRST_ACCOUNT, id, &change, &entry()).await.unwrap();
    let user = store.user_by_name(FIRST_ACCOUNT, "ada2").await.unwrap().unwrap();
    assert_eq!((user.id, user.enabled, &*user.display_name), (id, false, "Ada"));
    assert!(store.session(&[1; 32]).await.unwrap().is_none());
    let twin = changed("root", true, &[]);
    let twin = store.update_user(FIRST_ACCOUNT, id, &twin, &entry()).await.unwrap_err();
    assert!(matches!(twin, StoreError::AlreadyExists { .. }), "{twin}");
    let unknown = changed("ada", true, &[99]);
    let unknown = store.update_user(FIRST_ACCOUNT, id, &unknown, &entry()).await.unwrap_err();
    assert!(matches!(unknown, StoreError::NotFound { what: "role", id: 99 }), "{unknown}");
    assert_eq!(store.user(id).await.unwrap().unwrap().user_name, "ada2", "nothing of it is left");
}

pub(crate) async fn one_account_owner_has_to_remain(store: MetadataStore) {
    let root = store.create_user(&owner("root"), &entry()).await.unwrap();
    let is_refused = |result: Result<(), StoreError>| {
        assert!(matches!(result, Err(StoreError::LastOwner)), "{result:?}");
    };
    is_refused(store.delete_user(FIRST_ACCOUNT, root, &entry()).await);
    for change in [changed("root", true, &[]), changed("root", false, &[ACCOUNT_OWNER])] {
        is_refused(store.update_user(FIRST_ACCOUNT, root, &change, &entry()).await);
    }
    assert!(store.user(root).await.unwrap().unwrap().enabled);
    let other = store.create_user(&owner("other"), &entry()).await.unwrap();
    store.delete_user(FIRST_ACCOUNT, root, &entry()).await.unwrap();
    assert_eq!(store.user(root).await.unwrap(), None);
    is_refused(store.delete_user(FIRST_ACCOUNT, other, &entry()).await);
}
