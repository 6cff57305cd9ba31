//! Users.

use metadata_store::{FIRST_ACCOUNT, MetadataStore, NewUser, Page, StoreError, User, Users};

pub(crate) fn new_user(name: &str) -> NewUser {
    NewUser {
        account_id: FIRST_ACCOUNT,
        user_name: name.to_owned(),
        display_name: "Ada L.".to_owned(),
        email: "ada@example.test".to_owned(),
        password_hash: "$argon2id$v=19$x".to_owned(),
    }
}

pub(crate) async fn a_user_is_found_by_id_and_by_exact_name(store: MetadataStore) {
    assert_eq!(store.count_users().await.unwrap(), 0);
    let id = store.create_user(&new_user("Zoë 🦀")).await.unwrap();
    let user = store.user(id).await.unwrap();
    let expected = User {
        id,
        account_id: FIRST_ACCOUNT,
        user_name: "Zoë 🦀".to_owned(),
        display_name: "Ada L.".to_owned(),
        email: "ada@example.test".to_owned(),
        password_hash: "$argon2id$v=19$x".to_owned(),
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
        tokio::spawn(async move { store.create_user(&new_user("admin")).await })
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
        store.create_user(&new_user(name)).await.unwrap();
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
    let id = store.create_user(&new_user("ada")).await.unwrap();
    store.set_password_hash(id, "$argon2id$new").await.unwrap();
    // Setting what is there already matches the user as well, on every database.
    store.set_password_hash(id, "$argon2id$new").await.unwrap();
    assert_eq!(store.user(id).await.unwrap().unwrap().password_hash, "$argon2id$new");
    let missing = store.set_password_hash(id + 1, "x").await.unwrap_err();
    assert!(matches!(missing, StoreError::NotFound { .. }), "{missing}");
}

pub(crate) async fn texts_that_do_not_fit_are_refused(store: MetadataStore) {
    let longest = "é".repeat(255);
    let id = store.create_user(&new_user(&longest)).await.unwrap();
    assert_eq!(store.user(id).await.unwrap().unwrap().user_name, longest);
    let refused = store.create_user(&new_user(&"é".repeat(256))).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooLong { limit: 255, .. }), "{refused}");
    assert_eq!(store.count_users().await.unwrap(), 1);
}
