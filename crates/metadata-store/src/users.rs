//! Users: people who sign in. Passwords arrive hashed; this part stores the text of the hash and checks
//! nothing.

use std::future::Future;

use crate::database::{Row, Tx, sql};
use crate::error::must_match;
use crate::name::{fits, name_key};
use crate::sequences::Sequence;
use crate::{MetadataStore, Page, StoreError};

/// A person who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: u32,
    pub account_id: u32,
    /// Unique in the account, compared byte by byte.
    pub user_name: String,
    pub display_name: String,
    pub email: String,
    /// The whole hash with its parameters, in PHC format.
    pub password_hash: String,
}

/// A user to be made; each text at most 255 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    pub account_id: u32,
    pub user_name: String,
    pub display_name: String,
    pub email: String,
    pub password_hash: String,
}

/// Users of an account.
pub trait Users {
    /// Makes a user and returns its id; `AlreadyExists` when the account has one of that name.
    fn create_user(&self, user: &NewUser) -> impl Future<Output = Result<u32, StoreError>> + Send;

    fn user(&self, id: u32) -> impl Future<Output = Result<Option<User>, StoreError>> + Send;

    fn user_by_name(
        &self,
        account_id: u32,
        user_name: &str,
    ) -> impl Future<Output = Result<Option<User>, StoreError>> + Send;

    /// One page of the account's users.
    fn users(
        &self,
        account_id: u32,
        page: Page,
    ) -> impl Future<Output = Result<Vec<User>, StoreError>> + Send;

    /// Replaces the hash; `NotFound` when there is no such user. Sessions stay: ending them is the caller's
    /// decision ([`Sessions::delete_sessions_of_user`](crate::Sessions::delete_sessions_of_user)).
    fn set_password_hash(
        &self,
        user_id: u32,
        password_hash: &str,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// How many users there are in all accounts; 0 tells the first start.
    fn count_users(&self) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

// A macro, because constants of text are joined by nothing else and only constant statements stay prepared.
macro_rules! select_users {
    ($rest:literal) => {
        concat!(
            "SELECT id, account_id, user_name, display_name, email, password_hash FROM users ",
            $rest
        )
    };
}

impl Users for MetadataStore {
    async fn create_user(&self, user: &NewUser) -> Result<u32, StoreError> {
        fits("a user name", &user.user_name)?;
        fits("a display name", &user.display_name)?;
        fits("an e-mail address", &user.email)?;
        fits("a password hash", &user.password_hash)?;
        let created = self.database.write("create a user", |mut tx| async move {
            let done = insert_unless_taken(&mut tx, user).await?;
            Ok((tx, done))
        });
        created.await?.ok_or_else(|| StoreError::AlreadyExists {
            what: "a user",
            name: user.user_name.clone(),
        })
    }

    async fn user(&self, id: u32) -> Result<Option<User>, StoreError> {
        let select = sql(select_users!("WHERE id = ?")).bind(id);
        Ok(self.database.first("read a user", select, user).await?)
    }

    async fn user_by_name(
        &self,
        account_id: u32,
        user_name: &str,
    ) -> Result<Option<User>, StoreError> {
        let select = sql(select_users!("WHERE account_id = ? AND name_key = ?"))
            .bind(account_id)
            .bind(name_key(user_name));
        Ok(self.database.first("read a user", select, user).await?)
    }

    async fn users(&self, account_id: u32, page: Page) -> Result<Vec<User>, StoreError> {
        let select = sql(select_users!("WHERE account_id = ? AND id > ? ORDER BY id LIMIT ?"))
            .bind(account_id)
            .bind(page.after_id)
            .bind(page.limit);
        Ok(self.database.list("list users", select, user).await?)
    }

    async fn set_password_hash(&self, user_id: u32, password_hash: &str) -> Result<(), StoreError> {
        fits("a password hash", password_hash)?;
        let update = sql("UPDATE users SET password_hash = ? WHERE id = ?");
        let update = update.bind(password_hash).bind(user_id);
        let matched = self.database.execute("change a password", update).await?;
        must_match(matched, "user", user_id)
    }

    async fn count_users(&self) -> Result<u64, StoreError> {
        let count = sql("SELECT COUNT(*) FROM users");
        let count = self.database.first("count users", count, |row| row.int(0)).await?;
        Ok(count.unwrap_or(0))
    }
}

async fn insert_unless_taken(tx: &mut Tx, user: &NewUser) -> Result<Option<u32>, sqlx::Error> {
    let key = name_key(&user.user_name);
    let same_name = sql("SELECT id FROM users WHERE account_id = ? AND name_key = ?");
    if tx.row(same_name.bind(user.account_id).bind(key)).await?.is_some() {
        return Ok(None);
    }
    let id = Sequence::User.take_one(tx).await?;
    let insert = sql(
        "INSERT INTO users (id, account_id, name_key, user_name, display_name, email, password_hash) \
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    let insert = insert
        .bind(id)
        .bind(user.account_id)
        .bind(key)
        .bind(user.user_name.as_str())
        .bind(user.display_name.as_str())
        .bind(user.email.as_str())
        .bind(user.password_hash.as_str());
    tx.execute(insert).await?;
    Ok(Some(id))
}

fn user(row: &Row) -> Result<User, sqlx::Error> {
    Ok(User {
        id: row.int(0)?,
        account_id: row.int(1)?,
        user_name: row.text(2)?,
        display_name: row.text(3)?,
        email: row.text(4)?,
        password_hash: row.text(5)?,
    })
}
