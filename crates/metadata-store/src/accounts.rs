//! Accounts: the tenants that own applications, users and access keys.

use std::future::Future;

use crate::database::sql;
use crate::{MetadataStore, StoreError};

/// The id of the account that every store is born with, `customer1`.
pub const FIRST_ACCOUNT: u32 = 1;

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: u32,
    /// What people type, `customer1`.
    pub name: String,
    /// Name that is unique among all appliances, `customer1_` and the guid.
    pub global_name: String,
    /// Random UUID in lower case, made with the account.
    pub guid: String,
}

/// Reading accounts. The first is made when the database is; there is no other way to make one yet.
pub trait Accounts {
    /// All accounts by rising id; there are few.
    fn accounts(&self) -> impl Future<Output = Result<Vec<Account>, StoreError>> + Send;
}

impl Accounts for MetadataStore {
    async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let select = "SELECT id, name, global_name, guid FROM accounts ORDER BY id";
        let accounts = self.database.list("list accounts", sql(select), |row| {
            Ok(Account {
                id: row.int(0)?,
                name: row.text(1)?,
                global_name: row.text(2)?,
                guid: row.text(3)?,
            })
        });
        Ok(accounts.await?)
    }
}
