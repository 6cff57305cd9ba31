//! Sessions of signed-in users, found by the hash of a token that only the browser keeps.
//!
//! Whether a session has expired is the caller's judgement: the store reads no clock.

use std::future::Future;

use crate::database::{Row, Tx, sql};
use crate::name::{MAX_NAME_CHARS, fits};
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
    pub details: SessionDetails,
}

/// What people recognise a session by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionDetails {
    /// Unix milliseconds; 0 for one that began before this was kept.
    pub began_ms: i64,
    /// When it was last prolonged, Unix milliseconds.
    pub seen_ms: i64,
    /// Where it began.
    pub address: String,
    /// The browser as it calls itself; cut to 255 characters.
    pub agent: String,
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

    /// The account's sessions (of one user: its id), by falling expiry, at most `limit`; expired ones too.
    fn sessions(
        &self,
        account_id: u32,
        user_id: Option<u32>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Session>, StoreError>> + Send;

    /// Moves the expiry and notes when; nothing happens when the session is gone.
    fn touch_session(
        &self,
        token_hash: &[u8; 32],
        expires_at_ms: i64,
        seen_ms: i64,
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

macro_rules! select_sessions {
    ($rest:literal) => {
        concat!(
            "SELECT s.token_hash, s.user_id, s.csrf_token, s.expires_at_ms, COALESCE(d.began_ms, 0), \
             COALESCE(d.seen_ms, 0), COALESCE(d.address, ''), COALESCE(d.agent, '') FROM sessions s \
             LEFT JOIN session_details d ON d.token_hash = s.token_hash ",
            $rest
        )
    };
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
        fits("an address", &session.details.address)?;
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
        let select = sql(select_sessions!("WHERE s.token_hash = ?"));
        Ok(self.database.first("read a session", select.bind(*token_hash), session).await?)
    }

    async fn sessions(
        &self,
        account_id: u32,
        user_id: Option<u32>,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError> {
        let select = match user_id {
            None => sql(select_sessions!(
                "JOIN users u ON u.id = s.user_id WHERE u.account_id = ? ORDER BY s.expires_at_ms DESC LIMIT ?"
            ))
            .bind(account_id),
            Some(id) => sql(select_sessions!(
                "JOIN users u ON u.id = s.user_id WHERE u.account_id = ? AND u.id = ? \
                 ORDER BY s.expires_at_ms DESC LIMIT ?"
            ))
            .bind(account_id)
            .bind(id),
        };
        Ok(self.database.list("list sessions", select.bind(limit), session).await?)
    }

    async fn touch_session(
        &self,
        token_hash: &[u8; 32],
        expires_at_ms: i64,
        seen_ms: i64,
    ) -> Result<(), StoreError> {
        let touched = self.database.write("prolong a session", |mut tx| async move {
            let update = sql("UPDATE sessions SET expires_at_ms = ? WHERE token_hash = ?");
            tx.execute(update.bind(expires_at_ms).bind(*token_hash)).await?;
            let update = sql("UPDATE session_details SET seen_ms = ? WHERE token_hash = ?");
            tx.execute(update.bind(seen_ms).bind(*token_hash)).await?;
            Ok((tx, ()))
        });
        Ok(touched.await?)
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
    let details =
        sql("INSERT INTO session_details (token_hash, began_ms, seen_ms, address, agent) \
                       VALUES (?, ?, ?, ?, ?)");
    let agent: String = session.details.agent.chars().take(MAX_NAME_CHARS).collect();
    let details = details
        .bind(session.token_hash)
        .bind(session.details.began_ms)
        .bind(session.details.seen_ms)
        .bind(session.details.address.as_str())
        .bind(agent);
    tx.execute(details).await?;
    Ok(Created::Done)
}

fn session(row: &Row) -> Result<Session, sqlx::Error> {
    Ok(Session {
        token_hash: row.hash(0)?,
        user_id: row.int(1)?,
        csrf_token: row.text(2)?,
        expires_at_ms: row.int(3)?,
        details: SessionDetails {
            began_ms: row.int(4)?,
            seen_ms: row.int(5)?,
            address: row.text(6)?,
            agent: row.text(7)?,
        },
    })
}
