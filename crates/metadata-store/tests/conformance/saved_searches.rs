//! Saved searches.

use metadata_store::{
    MAX_SAVED_QUERY, MAX_SAVED_SEARCHES, MetadataStore, NewSavedSearch, SavedSearch, SavedSearches,
    StoreError, Users,
};

async fn user(store: &MetadataStore, name: &str) -> u32 {
    store.create_user(&crate::users::new_user(name), &crate::audit::entry()).await.unwrap()
}

fn search(user_id: u32, name: &str, query: &str) -> NewSavedSearch {
    NewSavedSearch { user_id, name: name.to_owned(), query: query.to_owned(), created_ms: 7 }
}

pub(crate) async fn a_search_is_kept_for_its_user_and_forgotten(store: MetadataStore) {
    let (one, other) = (user(&store, "one").await, user(&store, "other").await);
    let slow = store.save_search(&search(one, "slow", "min=100")).await.unwrap();
    let failed = store.save_search(&search(one, "Slow", "error=true")).await.unwrap();
    let listed = store.saved_searches(one).await.unwrap();
    let expected = SavedSearch {
        id: slow,
        name: "slow".to_owned(),
        query: "min=100".to_owned(),
        created_ms: 7,
    };
    assert_eq!((listed.len(), &listed[0], listed[1].id), (2, &expected, failed));
    assert!(store.saved_searches(other).await.unwrap().is_empty());
    for (user, id) in [(other, slow), (one, slow + 100)] {
        let refused = store.delete_saved_search(user, id).await.unwrap_err();
        assert!(matches!(refused, StoreError::NotFound { .. }), "{refused}");
    }
    store.delete_saved_search(one, slow).await.unwrap();
    assert_eq!(store.saved_searches(one).await.unwrap().len(), 1);
}

pub(crate) async fn a_search_of_the_same_name_replaces_the_one_before(store: MetadataStore) {
    let user = user(&store, "one").await;
    let first = store.save_search(&search(user, "slow", "min=100")).await.unwrap();
    let again = store.save_search(&search(user, "slow", "min=200")).await.unwrap();
    let listed = store.saved_searches(user).await.unwrap();
    assert_eq!((again, listed.len(), &*listed[0].query), (first, 1, "min=200"));
}

pub(crate) async fn searches_are_bounded_in_number_and_size(store: MetadataStore) {
    let user = user(&store, "one").await;
    for number in 0..MAX_SAVED_SEARCHES {
        store.save_search(&search(user, &format!("s{number}"), "")).await.unwrap();
    }
    let refused = store.save_search(&search(user, "one more", "")).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooMany { .. }), "{refused}");
    // One that is there already needs no further place.
    store.save_search(&search(user, "s3", "error=true")).await.unwrap();
    let largest = "x".repeat(MAX_SAVED_QUERY);
    store.save_search(&search(user, "s4", &largest)).await.unwrap();
    for (name, query) in [("s5", format!("{largest}x")), (&*"n".repeat(256), String::new())] {
        let refused = store.save_search(&search(user, name, &query)).await.unwrap_err();
        assert!(matches!(refused, StoreError::TooLong { .. }), "{refused}");
    }
    let refused = store.save_search(&search(user + 1, "s", "")).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotFound { .. }), "{refused}");
}
