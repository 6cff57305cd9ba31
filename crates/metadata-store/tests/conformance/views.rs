//! Views.

use metadata_store::{
    FIRST_ACCOUNT, MAX_VIEW, MAX_VIEWS, MetadataStore, NewView, StoreError, Views,
};

fn new(scope: &str, name: &str, content: &str, is_default: bool) -> NewView {
    NewView {
        account_id: FIRST_ACCOUNT,
        scope: scope.to_owned(),
        name: name.to_owned(),
        content: content.to_owned(),
        is_default,
        changed_ms: 7,
    }
}

async fn names(store: &MetadataStore, scope: &str) -> Vec<(String, bool)> {
    let views = store.views(FIRST_ACCOUNT, scope).await.unwrap();
    views.into_iter().map(|view| (view.name, view.is_default)).collect()
}

pub(crate) async fn a_view_is_kept_changed_and_forgotten(store: MetadataStore) {
    let one = store.create_view(&new("application:1", "Day", "{}", true)).await.unwrap();
    let other = store.create_view(&new("application:1", "Night", "[1]", true)).await.unwrap();
    store.create_view(&new("application:2", "Day", "", false)).await.unwrap();
    let listed = [("Day".to_owned(), false), ("Night".to_owned(), true)];
    assert_eq!(names(&store, "application:1").await, listed);
    let (view, content) = store.view(FIRST_ACCOUNT, other).await.unwrap().unwrap();
    assert_eq!(
        (view.scope.as_str(), view.changed_ms, content.as_str()),
        ("application:1", 7, "[1]")
    );
    assert_eq!(store.view(FIRST_ACCOUNT + 1, other).await.unwrap(), None);
    store.replace_view(one, &new("application:1", "Early", "{}", true)).await.unwrap();
    let listed = [("Early".to_owned(), true), ("Night".to_owned(), false)];
    assert_eq!(names(&store, "application:1").await, listed);
    store.delete_view(FIRST_ACCOUNT, one).await.unwrap();
    let gone = store.delete_view(FIRST_ACCOUNT, one).await.unwrap_err();
    assert!(matches!(gone, StoreError::NotFound { .. }), "{gone}");
    assert_eq!(names(&store, "application:1").await.len(), 1);
}

pub(crate) async fn views_have_names_of_their_own_and_are_bounded(store: MetadataStore) {
    let first = store.create_view(&new("all", "v0", "", false)).await.unwrap();
    let taken = store.create_view(&new("all", "v0", "", false)).await.unwrap_err();
    assert!(matches!(taken, StoreError::AlreadyExists { .. }), "{taken}");
    for number in 1..MAX_VIEWS {
        store.create_view(&new("all", &format!("v{number}"), "", false)).await.unwrap();
    }
    let more = store.create_view(&new("all", "one more", "", false)).await.unwrap_err();
    assert!(matches!(more, StoreError::TooMany { .. }), "{more}");
    let taken = store.replace_view(first, &new("all", "v1", "", false)).await.unwrap_err();
    assert!(matches!(taken, StoreError::AlreadyExists { .. }), "{taken}");
    let elsewhere = store.replace_view(first, &new("tier:1", "v0", "", false)).await.unwrap_err();
    assert!(matches!(elsewhere, StoreError::NotFound { .. }), "{elsewhere}");
    let large = "x".repeat(MAX_VIEW + 1);
    let refused = store.replace_view(first, &new("all", "v0", &large, false)).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooLong { .. }), "{refused}");
}
