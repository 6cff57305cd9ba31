//! Accounts.

use metadata_store::{Accounts, FIRST_ACCOUNT, MetadataStore};

pub(crate) async fn the_first_account_is_there_from_the_start(store: MetadataStore) {
    let accounts = store.accounts().await.unwrap();
    let [first] = accounts.as_slice() else { panic!("{accounts:?}") };
    assert_eq!((first.id, first.name.as_str()), (FIRST_ACCOUNT, "customer1"));
    assert_eq!(first.guid.len(), 36);
    assert_eq!(first.global_name, format!("customer1_{}", first.guid));
}
