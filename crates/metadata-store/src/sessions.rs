//! Sessions of signed-in users, found by the hash of a token that only the browser keeps.
//!
//! Whether a session has expired is the caller's judgement: the store reads no clock.

use std::future::Future;

use crate::database::{Tx, sql};
use crate::name::fits;
use crate::{MetadataStore, StoreError};

/// A signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the token in the cookie.
    pub token_hash: [u8; 32],
    pub user_id: u32,
    /// What forms must send back; at most 255 characters.
    pub csrf_token: String,
    /// Unix milliseconds.
    pub expires_at_ms: i64,
}

/// Sessions by the hash of their token.
pub trait Sessions {
    /// Stores a new session. `AlreadyExists` for a hash that is there, `NotFound` for an unknown user.
    fn create_session(
        &self,
        session: &Session,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The session, expired or not.
    fn session(
        &self,
        token_hash: &[u8; 32],
    ) -> impl Future<Output = Result<Option<Session>, StoreError>> + Send;

    /// Moves the expiry; nothing happens when the session is gone.
    fn touch_session(
        &self,
        token_hash: &[u8; 32],
        expires_at_ms: i64,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Ends a session; nothing happens when it is gone.
    fn delete_session(
        &self,
        token_hash: &[u8; 32],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Removes the sessions whose expiry is at or before `now_ms` and returns how many there were.
    fn delete_expired_sessions(
        &self,
        now_ms: i64,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Ends all sessions of a user and returns how many there were.
    fn delete_sessions_of_user(
        &self,
        user_id: u32,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// What a new session may find in its way.
enum Created {
    Done,
    HashTaken,
    NoUser,
}

impl Sessions for MetadataStore {
    async fn create_session(&self, session: &Session) -> Result<(), StoreError> {
        fits("a CSRF token", &session.csrf_token)?;
        let created = self.database.write("create a session", |mut tx| async move {
            let done = insert(&mut tx, session).await?;
            Ok((tx, done))
        });
        match created.await? {
            Created::Done => Ok(()),
            Created::HashTaken => Err(StoreError::AlreadyExists {
                what: "a session",
                name: hex::encode(session.token_hash),
            }),
            Created::NoUser => {
                Err(StoreError::NotFound { what: "user", id: session.user_id.into() })
            }
        }
    }

    async fn session(&self, token_hash: &[u8; 32]) -> Result<Option<Session>, StoreError> {
        let select = sql(
            "SELECT token_hash, user_id, csrf_token, expires_at_ms FROM sessions WHERE token_hash = ?",
        );
        let found = self.database.first("read a session", select.bind(*token_hash), |row| {
            Ok(Session {
                token_hash: row.hash(0)?,
                user_id: row.int(1)?,
                csrf_token: row.text(2)?,
                expires_at_ms: row.int(3)?,
            })
        });
        Ok(found.await?)
    }

    async fn touch_session(
        &self,
        token_hash: &[u8; 32],
        expires_at_ms: i64,
    ) -> Result<(), StoreError> {
        let update = sql("UPDATE sessions SET expires_at_ms = ? WHERE token_hash = ?")
            .bind(expires_at_ms)
            .bind(*token_hash);
        Ok(self.database.execute("prolong a session", update).await.map(drop)?)
    }

    async fn delete_session(&self, token_hash: &[u8; 32]) -> Result<(), StoreError> {
        let delete = sql("DELETE FROM sessions WHERE token_hash = ?").bind(*token_hash);
        Ok(self.database.execute("end a session", delete).await.map(drop)?)
    }

    async fn delete_expired_sessions(&self, now_ms: i64) -> Result<u64, StoreError> {
        let delete = sql("DELETE FROM sessions WHERE expires_at_ms <= ?").bind(now_ms);
        Ok(self.database.execute("end expired sessions", delete).await?)
    }

    async fn delete_sessions_of_user(&self, user_id: u32) -> Result<u64, StoreError> {
        let delete = sql("DELETE FROM sessions WHERE user_id = ?").bind(user_id);
        Ok(self.database.execute("end a user's sessions", delete).await?)
    }
}

async fn insert(tx: &mut Tx, session: &Session) -> Result<Created, sqlx::Error> {
    let user = sql("SELECT id FROM users WHERE id = ?").bind(session.user_id);
    if tx.row(user).await?.is_none() {
        return Ok(Created::NoUser);
    }
    let same_hash = sql("SELECT user_id FROM sessions WHERE token_hash = ?");
    if tx.row(same_hash.bind(session.token_hash)).await?.is_some() {
        return Ok(Created::HashTaken);
    }
    let insert = sql("INSERT INTO sessions (token_hash, user_id, csrf_token, expires_at_ms) \
                      VALUES (?, ?, ?, ?)");
    let insert = insert
        .bind(session.token_hash)
        .bind(session.user_id)
        .bind(session.csrf_token.as_str())
        .bind(session.expires_at_ms);
    tx.execute(insert).await?;
    Ok(Created::Done)
}
