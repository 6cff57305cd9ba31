//! API clients and their tokens.

use metadata_store::{
    ApiClient, ApiClientChange, ApiClients, FIRST_ACCOUNT, IssueOutcome, MAX_API_TOKENS,
    MetadataStore, NewApiClient, NewApiToken, OPERATOR, OldSecret, Roles, StoreError, VIEWER,
};
use model::access::Permission;

use crate::audit::entry;

fn new_client(name: &str) -> NewApiClient {
    NewApiClient {
        account_id: FIRST_ACCOUNT,
        name: name.to_owned(),
        description: "nightly".to_owned(),
        secret_hash: [0x20; 32],
        created_ms: 7,
        token_seconds: 600,
        roles: vec![VIEWER],
    }
}

/// A token issued at 100 that expires at 200.
fn new_token(client_id: u32, number: u32) -> NewApiToken {
    let mut token_hash = [0; 32];
    token_hash[..4].copy_from_slice(&number.to_be_bytes());
    NewApiToken {
        token_hash,
        client_id,
        secret_hash: [0x20; 32],
        issued_ms: 100,
        expires_at_ms: 200,
    }
}

pub(crate) async fn a_client_is_found_by_its_accounts_exact_name(store: MetadataStore) {
    let id = store.create_api_client(&new_client("ci"), &entry()).await.unwrap();
    store.create_api_client(&new_client("CI "), &entry()).await.unwrap();
    let twin = store.create_api_client(&new_client("ci"), &entry()).await.unwrap_err();
    assert!(matches!(twin, StoreError::AlreadyExists { .. }), "{twin}");
    let long = store.create_api_client(&new_client(&"n".repeat(256)), &entry()).await.unwrap_err();
    assert!(matches!(long, StoreError::TooLong { .. }), "{long}");
    let expected = ApiClient {
        id,
        account_id: FIRST_ACCOUNT,
        name: "ci".to_owned(),
        description: "nightly".to_owned(),
        secret_hash: [0x20; 32],
        created_ms: 7,
        last_used_ms: None,
        token_seconds: 600,
        old_secret: None,
    };
    let found = store.api_client_by_name(FIRST_ACCOUNT, "ci").await.unwrap();
    assert_eq!(found, Some(expected));
    assert_eq!(store.api_client_by_name(FIRST_ACCOUNT, "Ci").await.unwrap(), None);
    assert_eq!(store.api_client_by_name(FIRST_ACCOUNT + 1, "ci").await.unwrap(), None);
    let listed = store.api_clients(FIRST_ACCOUNT).await.unwrap();
    assert_eq!(listed.iter().map(|client| &*client.name).collect::<Vec<_>>(), ["ci", "CI "]);
    assert!(store.api_clients(FIRST_ACCOUNT + 1).await.unwrap().is_empty());
}

pub(crate) async fn a_token_leads_to_its_client_until_it_is_revoked(store: MetadataStore) {
    let id = store.create_api_client(&new_client("ci"), &entry()).await.unwrap();
    let other = store.create_api_client(&new_client("other"), &entry()).await.unwrap();
    let (first, kept) = (new_token(id, 1), new_token(other, 2));
    assert_eq!(store.issue_api_token(&first).await.unwrap(), IssueOutcome::Issued);
    assert_eq!(store.issue_api_token(&kept).await.unwrap(), IssueOutcome::Issued);
    let (client, expires) = store.api_client_of_token(&first.token_hash).await.unwrap().unwrap();
    assert_eq!((&*client.name, client.last_used_ms, expires), ("ci", Some(100), 200));

    store.replace_api_client_secret(FIRST_ACCOUNT, id, [9; 32], 0, &entry()).await.unwrap();
    assert_eq!(store.api_client_of_token(&first.token_hash).await.unwrap(), None);
    assert!(store.api_client_of_token(&kept.token_hash).await.unwrap().is_some());

    let again = NewApiToken { secret_hash: [9; 32], ..first.clone() };
    assert_eq!(store.issue_api_token(&again).await.unwrap(), IssueOutcome::Issued);
    store.delete_api_client(FIRST_ACCOUNT, id, &entry()).await.unwrap();
    assert_eq!(store.api_client_of_token(&first.token_hash).await.unwrap(), None);
    assert!(store.api_client_of_token(&kept.token_hash).await.unwrap().is_some());

    let gone = store.delete_api_client(FIRST_ACCOUNT, id, &entry()).await.unwrap_err();
    assert!(matches!(gone, StoreError::NotFound { .. }), "{gone}");
    let theirs = store.delete_api_client(FIRST_ACCOUNT + 1, other, &entry()).await.unwrap_err();
    assert!(matches!(theirs, StoreError::NotFound { .. }), "{theirs}");
    let theirs = store
        .replace_api_client_secret(FIRST_ACCOUNT + 1, other, [1; 32], 0, &entry())
        .await
        .unwrap_err();
    assert!(matches!(theirs, StoreError::NotFound { .. }), "{theirs}");
}

pub(crate) async fn a_token_is_given_for_the_secret_of_now_only(store: MetadataStore) {
    let id = store.create_api_client(&new_client("ci"), &entry()).await.unwrap();
    store.replace_api_client_secret(FIRST_ACCOUNT, id, [9; 32], 0, &entry()).await.unwrap();
    for token in [new_token(id, 1), new_token(id + 9, 1)] {
        assert_eq!(store.issue_api_token(&token).await.unwrap(), IssueOutcome::NotTheSecret);
        assert_eq!(store.api_client_of_token(&token.token_hash).await.unwrap(), None);
    }
}

pub(crate) async fn tokens_are_bounded_and_expired_ones_go(store: MetadataStore) {
    let id = store.create_api_client(&new_client("ci"), &entry()).await.unwrap();
    for number in 0..MAX_API_TOKENS {
        let issued = store.issue_api_token(&new_token(id, number)).await.unwrap();
        assert_eq!(issued, IssueOutcome::Issued, "{number}");
    }
    let more = new_token(id, MAX_API_TOKENS);
    assert_eq!(store.issue_api_token(&more).await.unwrap(), IssueOutcome::TooMany);
    let later = NewApiToken { issued_ms: 200, expires_at_ms: 300, ..more };
    assert_eq!(store.issue_api_token(&later).await.unwrap(), IssueOutcome::Issued);
    let expired = new_token(id, 0).token_hash;
    assert_eq!(store.api_client_of_token(&expired).await.unwrap(), None);
}

pub(crate) async fn an_old_secret_is_taken_until_its_time(store: MetadataStore) {
    let id = store.create_api_client(&new_client("ci"), &entry()).await.unwrap();
    let first = new_token(id, 1);
    assert_eq!(store.issue_api_token(&first).await.unwrap(), IssueOutcome::Issued);
    store.replace_api_client_secret(FIRST_ACCOUNT, id, [9; 32], 150, &entry()).await.unwrap();
    let client = store.api_client_by_name(FIRST_ACCOUNT, "ci").await.unwrap().unwrap();
    assert_eq!(client.old_secret, Some(OldSecret { hash: [0x20; 32], until_ms: 150 }));
    let (_, expires_ms) = store.api_client_of_token(&first.token_hash).await.unwrap().unwrap();
    assert_eq!(expires_ms, first.expires_at_ms.min(150), "with its secret");
    let old = NewApiToken { issued_ms: 149, ..new_token(id, 2) };
    assert_eq!(store.issue_api_token(&old).await.unwrap(), IssueOutcome::Issued);
    let (_, expires_ms) = store.api_client_of_token(&old.token_hash).await.unwrap().unwrap();
    assert_eq!(expires_ms, 150, "with its secret, whatever was asked for");
    let late = NewApiToken { issued_ms: 150, ..new_token(id, 3) };
    assert_eq!(store.issue_api_token(&late).await.unwrap(), IssueOutcome::NotTheSecret);
    let new = NewApiToken { secret_hash: [9; 32], ..late };
    assert_eq!(store.issue_api_token(&new).await.unwrap(), IssueOutcome::Issued);
    let (_, expires_ms) = store.api_client_of_token(&new.token_hash).await.unwrap().unwrap();
    assert_eq!(expires_ms, 200);
}

pub(crate) async fn a_client_may_what_its_roles_allow(store: MetadataStore) {
    let id = store.create_api_client(&new_client("ci"), &entry()).await.unwrap();
    let rights = store.rights_of_client(id).await.unwrap();
    assert!(rights.everywhere(Permission::View) && !rights.everywhere(Permission::Configure));
    let description = "nightly build".to_owned();
    let change = ApiClientChange { description, token_seconds: 60, roles: vec![OPERATOR] };
    store.update_api_client(FIRST_ACCOUNT, id, &change, &entry()).await.unwrap();
    let client = store.api_client_by_name(FIRST_ACCOUNT, "ci").await.unwrap().unwrap();
    assert_eq!((&*client.description, client.token_seconds), ("nightly build", 60));
    assert!(store.rights_of_client(id).await.unwrap().everywhere(Permission::Configure));
    let unknown = ApiClientChange { roles: vec![99], ..change.clone() };
    let unknown = store.update_api_client(FIRST_ACCOUNT, id, &unknown, &entry()).await.unwrap_err();
    assert!(matches!(unknown, StoreError::NotFound { what: "role", .. }), "{unknown}");
    let theirs = store.update_api_client(FIRST_ACCOUNT + 1, id, &change, &entry()).await;
    assert!(matches!(theirs, Err(StoreError::NotFound { .. })), "{theirs:?}");
}
