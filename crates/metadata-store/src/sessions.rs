//! Sessions of signed-in users, found by the hash of a token that only the browser keeps.
//!
//! Whether a session has expired is the caller's judgement: the store reads no clock.

use std::future::Future;

use crate::StoreError;

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
