//! Users: people who sign in. Passwords arrive hashed; this part stores the text of the hash and checks
//! nothing.

use std::future::Future;

use crate::audit::{record, record_made};
use crate::database::{Row, Tx, sql};
use crate::error::refuse;
use crate::memberships::{self, owner_remains};
use crate::name::{fits, name_key};
use crate::sequences::Sequence;
use crate::{MetadataStore, NewAudit, Page, StoreError};

/// Users of one account.
pub const MAX_USERS: u64 = 10_000;

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
    /// A disabled user stays listed and does not get in.
    pub enabled: bool,
    /// Whether the password has to be changed before anything else is done.
    pub must_change_password: bool,
    /// Since the last sign-in that went well.
    pub failed_sign_ins: u32,
    /// Until when no sign-in goes well, Unix milliseconds; 0: not locked.
    pub locked_until_ms: i64,
    /// Unix milliseconds.
    pub last_sign_in_ms: Option<i64>,
    /// Where the last sign-in came from; empty: never, or not known.
    pub last_address: String,
    /// Unix milliseconds; 0 for who was made before this was kept.
    pub created_ms: i64,
    /// Unix milliseconds; 0 as above.
    pub password_changed_ms: i64,
}

/// A user to be made; each text at most 255 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    pub account_id: u32,
    pub user_name: String,
    pub display_name: String,
    pub email: String,
    pub password_hash: String,
    pub must_change_password: bool,
    /// Of the account.
    pub roles: Vec<u32>,
    pub groups: Vec<u32>,
    pub created_ms: i64,
}

/// What of a user is to be from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserChange {
    pub user_name: String,
    pub display_name: String,
    pub email: String,
    pub enabled: bool,
    pub roles: Vec<u32>,
    pub groups: Vec<u32>,
}

/// Another password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPassword {
    pub hash: String,
    pub must_change: bool,
    /// Unix milliseconds.
    pub at_ms: i64,
    /// The session that goes on, by the hash of its token; all others of the user end.
    pub keep_session: Option<[u8; 32]>,
}

/// When a user is locked for wrong passwords, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockAfter {
    pub failures: u32,
    /// Until when, Unix milliseconds.
    pub until_ms: i64,
}

/// Users of an account.
pub trait Users {
    /// Makes a user and returns its id; `AlreadyExists` when the account has one of that name.
    fn create_user(
        &self,
        user: &NewUser,
        audit: &NewAudit,
    ) -> impl Future<Output = Result<u32, StoreError>> + Send;

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

    /// Changes a user, and ends its sessions when it is disabled. `NotFound`, `AlreadyExists`, or `LastOwner`.
    fn update_user(
        &self,
        account_id: u32,
        id: u32,
        change: &UserChange,
        audit: &NewAudit,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Deletes a user with all that is only its own. `NotFound` or `LastOwner`.
    fn delete_user(
        &self,
        account_id: u32,
        id: u32,
        audit: &NewAudit,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Replaces the password, which also unlocks; `NotFound` when there is no such user.
    fn set_password(
        &self,
        user_id: u32,
        password: &NewPassword,
        audit: &NewAudit,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Notes a sign-in that went well. Nothing happens when the user is gone.
    fn note_sign_in(
        &self,
        user_id: u32,
        at_ms: i64,
        address: &str,
        audit: &NewAudit,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Counts a wrong password, and locks the user when it was one too many: then returns true.
    fn note_failed_sign_in(
        &self,
        user_id: u32,
        lock: LockAfter,
        audit: &NewAudit,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Takes the lock from a user and forgets the failures; `NotFound` when the account has no such user.
    fn unlock_user(
        &self,
        account_id: u32,
        id: u32,
        audit: &NewAudit,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// How many users there are in all accounts; 0 tells the first start.
    fn count_users(&self) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

// A macro, because constants of text are joined by nothing else and only constant statements stay prepared.
macro_rules! select_users {
    ($rest:literal) => {
        concat!(
            "SELECT u.id, u.account_id, u.user_name, u.display_name, u.email, u.password_hash, a.enabled, \
             a.must_change_password, a.failed_sign_ins, a.locked_until_ms, a.last_sign_in_ms, a.last_address, \
             a.created_ms, a.password_changed_ms FROM users u JOIN user_access a ON a.user_id = u.id ",
            $rest
        )
    };
}

impl Users for MetadataStore {
    async fn create_user(&self, user: &NewUser, audit: &NewAudit) -> Result<u32, StoreError> {
        texts_fit([&user.user_name, &user.display_name, &user.email])?;
        fits("a password hash", &user.password_hash)?;
        let created = self.database.write("create a user", |mut tx| async move {
            let id = insert(&mut tx, user).await?;
            memberships::set_of_user(&mut tx, user.account_id, id, &user.roles, &user.groups)
                .await?;
            record_made(&mut tx, audit, id).await?;
            Ok((tx, id))
        });
        Ok(created.await?)
    }

    async fn user(&self, id: u32) -> Result<Option<User>, StoreError> {
        let select = sql(select_users!("WHERE u.id = ?")).bind(id);
        Ok(self.database.first("read a user", select, user).await?)
    }

    async fn user_by_name(
        &self,
        account_id: u32,
        user_name: &str,
    ) -> Result<Option<User>, StoreError> {
        let select = sql(select_users!("WHERE u.account_id = ? AND u.name_key = ?"))
            .bind(account_id)
            .bind(name_key(user_name));
        Ok(self.database.first("read a user", select, user).await?)
    }

    async fn users(&self, account_id: u32, page: Page) -> Result<Vec<User>, StoreError> {
        let select =
            sql(select_users!("WHERE u.account_id = ? AND u.id > ? ORDER BY u.id LIMIT ?"))
                .bind(account_id)
                .bind(page.after_id)
                .bind(page.limit);
        Ok(self.database.list("list users", select, user).await?)
    }

    async fn update_user(
        &self,
        account_id: u32,
        id: u32,
        change: &UserChange,
        audit: &NewAudit,
    ) -> Result<(), StoreError> {
        texts_fit([&change.user_name, &change.display_name, &change.email])?;
        let updated = self.database.write("change a user", |mut tx| async move {
            memberships::own_user(&mut tx, account_id, id).await?;
            unless_taken(&mut tx, account_id, &change.user_name, id).await?;
            let update =
                sql("UPDATE users SET name_key = ?, user_name = ?, display_name = ?, email = ? \
                              WHERE id = ?");
            let update = update
                .bind(name_key(&change.user_name))
                .bind(change.user_name.as_str())
                .bind(change.display_name.as_str())
                .bind(change.email.as_str())
                .bind(id);
            tx.execute(update).await?;
            let update = sql("UPDATE user_access SET enabled = ? WHERE user_id = ?");
            tx.execute(update.bind(change.enabled).bind(id)).await?;
            if !change.enabled {
                tx.execute(sql("DELETE FROM sessions WHERE user_id = ?").bind(id)).await?;
            }
            memberships::set_of_user(&mut tx, account_id, id, &change.roles, &change.groups)
                .await?;
            owner_remains(&mut tx, account_id).await?;
            record(&mut tx, audit).await?;
            Ok((tx, ()))
        });
        Ok(updated.await?)
    }

    async fn delete_user(
        &self,
        account_id: u32,
        id: u32,
        audit: &NewAudit,
    ) -> Result<(), StoreError> {
        let deleted = self.database.write("delete a user", |mut tx| async move {
            memberships::own_user(&mut tx, account_id, id).await?;
            tx.execute(sql("DELETE FROM users WHERE id = ?").bind(id)).await?;
            owner_remains(&mut tx, account_id).await?;
            record(&mut tx, audit).await?;
            Ok((tx, ()))
        });
        Ok(deleted.await?)
    }

    async fn set_password(
        &self,
        user_id: u32,
        password: &NewPassword,
        audit: &NewAudit,
    ) -> Result<(), StoreError> {
        fits("a password hash", &password.hash)?;
        let changed = self.database.write("change a password", |mut tx| async move {
            let update = sql("UPDATE users SET password_hash = ? WHERE id = ?");
            if tx.execute(update.bind(password.hash.as_str()).bind(user_id)).await? == 0 {
                return Err(refuse(StoreError::NotFound { what: "user", id: user_id.into() }));
            }
            let update =
                sql("UPDATE user_access SET must_change_password = ?, password_changed_ms = ?, \
                              failed_sign_ins = 0, locked_until_ms = 0 WHERE user_id = ?");
            let update = update.bind(password.must_change).bind(password.at_ms).bind(user_id);
            tx.execute(update).await?;
            let end = sql("DELETE FROM sessions WHERE user_id = ? AND token_hash <> ?");
            let kept = password.keep_session.unwrap_or_default();
            tx.execute(end.bind(user_id).bind(kept)).await?;
            record(&mut tx, audit).await?;
            Ok((tx, ()))
        });
        Ok(changed.await?)
    }

    async fn note_sign_in(
        &self,
        user_id: u32,
        at_ms: i64,
        address: &str,
        audit: &NewAudit,
    ) -> Result<(), StoreError> {
        fits("an address", address)?;
        let noted = self.database.write("note a sign-in", |mut tx| async move {
            let update = sql("UPDATE user_access SET failed_sign_ins = 0, locked_until_ms = 0, \
                              last_sign_in_ms = ?, last_address = ? WHERE user_id = ?");
            tx.execute(update.bind(at_ms).bind(address).bind(user_id)).await?;
            record(&mut tx, audit).await?;
            Ok((tx, ()))
        });
        Ok(noted.await?)
    }

    async fn note_failed_sign_in(
        &self,
        user_id: u32,
        lock: LockAfter,
        audit: &NewAudit,
    ) -> Result<bool, StoreError> {
        let noted = self.database.write("note a failed sign-in", |mut tx| async move {
            let raise = sql("UPDATE user_access SET failed_sign_ins = failed_sign_ins + 1 \
                             WHERE user_id = ?");
            tx.execute(raise.bind(user_id)).await?;
            let lock_it = sql("UPDATE user_access SET locked_until_ms = ?, failed_sign_ins = 0 \
                               WHERE user_id = ? AND failed_sign_ins >= ?");
            let lock_it = lock_it.bind(lock.until_ms).bind(user_id).bind(lock.failures);
            let locked = tx.execute(lock_it).await? > 0;
            record(&mut tx, audit).await?;
            Ok((tx, locked))
        });
        Ok(noted.await?)
    }

    async fn unlock_user(
        &self,
        account_id: u32,
        id: u32,
        audit: &NewAudit,
    ) -> Result<(), StoreError> {
        let unlocked = self.database.write("unlock a user", |mut tx| async move {
            memberships::own_user(&mut tx, account_id, id).await?;
            let update = sql("UPDATE user_access SET failed_sign_ins = 0, locked_until_ms = 0 \
                              WHERE user_id = ?");
            tx.execute(update.bind(id)).await?;
            record(&mut tx, audit).await?;
            Ok((tx, ()))
        });
        Ok(unlocked.await?)
    }

    async fn count_users(&self) -> Result<u64, StoreError> {
        let count = sql("SELECT COUNT(*) FROM users");
        let count = self.database.first("count users", count, |row| row.int(0)).await?;
        Ok(count.unwrap_or(0))
    }
}

fn texts_fit([user_name, display_name, email]: [&String; 3]) -> Result<(), StoreError> {
    fits("a user name", user_name)?;
    fits("a display name", display_name)?;
    fits("an e-mail address", email)
}

async fn insert(tx: &mut Tx, user: &NewUser) -> Result<u32, sqlx::Error> {
    let id = Sequence::User.take_one(tx).await?;
    unless_taken(tx, user.account_id, &user.user_name, id).await?;
    let count = sql("SELECT COUNT(*) FROM users WHERE account_id = ?").bind(user.account_id);
    if tx.row(count).await?.map_or(Ok(0), |row| row.int::<u64>(0))? >= MAX_USERS {
        let limit = MAX_USERS as usize;
        return Err(refuse(StoreError::TooMany { what: "users", limit }));
    }
    let insert = sql(
        "INSERT INTO users (id, account_id, name_key, user_name, display_name, email, password_hash) \
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    let insert = insert
        .bind(id)
        .bind(user.account_id)
        .bind(name_key(&user.user_name))
        .bind(user.user_name.as_str())
        .bind(user.display_name.as_str())
        .bind(user.email.as_str())
        .bind(user.password_hash.as_str());
    tx.execute(insert).await?;
    let insert =
        sql("INSERT INTO user_access (user_id, enabled, must_change_password, failed_sign_ins, \
         locked_until_ms, last_sign_in_ms, last_address, created_ms, password_changed_ms) \
         VALUES (?, 1, ?, 0, 0, 0, '', ?, ?)");
    let insert =
        insert.bind(id).bind(user.must_change_password).bind(user.created_ms).bind(user.created_ms);
    tx.execute(insert).await?;
    Ok(id)
}

async fn unless_taken(
    tx: &mut Tx,
    account_id: u32,
    name: &str,
    id: u32,
) -> Result<(), sqlx::Error> {
    let same_name = sql("SELECT id FROM users WHERE account_id = ? AND name_key = ? AND id <> ?");
    let same_name = same_name.bind(account_id).bind(name_key(name)).bind(id);
    match tx.row(same_name).await? {
        None => Ok(()),
        Some(_) => Err(refuse(StoreError::AlreadyExists { what: "a user", name: name.to_owned() })),
    }
}

fn user(row: &Row) -> Result<User, sqlx::Error> {
    Ok(User {
        id: row.int(0)?,
        account_id: row.int(1)?,
        user_name: row.text(2)?,
        display_name: row.text(3)?,
        email: row.text(4)?,
        password_hash: row.text(5)?,
        enabled: row.flag(6)?,
        must_change_password: row.flag(7)?,
        failed_sign_ins: row.int(8)?,
        locked_until_ms: row.int(9)?,
        last_sign_in_ms: Some(row.int(10)?).filter(|at| *at != 0),
        last_address: row.text(11)?,
        created_ms: row.int(12)?,
        password_changed_ms: row.int(13)?,
    })
}
