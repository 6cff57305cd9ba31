//! Tokens of API clients: random texts that live for minutes, of which the store has the hash (ADR 10).

use std::{net::IpAddr, sync::Arc};

use metadata_store::{
    ActorKind, ApiClient, ApiClients as _, AuditLog as _, IssueOutcome, NewApiToken, NewAudit,
    Roles as _,
};
use model::id::AccountId;

use super::{Caller, Deed, SignIns, Who, guard::same};
use crate::{access_key, error::ApiError};

/// A token that was given out.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) seconds: u32,
}

impl SignIns {
    /// A token for `name@account` (or `name`, in the first account) and its secret, or the one before while that is taken.
    /// It is in the audit log.
    pub(crate) async fn issue_token(
        &self,
        client_id: &str,
        secret: &str,
        address: Option<IpAddr>,
    ) -> Result<Token, ApiError> {
        // A user may have the same name.
        let who = format!("client {client_id}");
        self.throttle.admit(&who, address)?;
        let secret_hash = access_key::hash(secret);
        let found = self.find_client(client_id).await?;
        let issued_ms = self.now_ms();
        let until_ms =
            found.as_ref().and_then(|client| taken_until(client, &secret_hash, issued_ms));
        let (client, until_ms) = match (found, until_ms) {
            (Some(client), Some(until_ms)) => (client, until_ms),
            (found, _) => {
                self.throttle.failed(&who, address);
                self.note_failed_client(found, address).await?;
                return Err(ApiError::WrongClient);
            }
        };
        self.throttle.succeeded(&who, address);
        let token = access_key::random_text("vt_");
        let expires_at_ms =
            issued_ms.saturating_add(i64::from(client.token_seconds) * 1000).min(until_ms);
        let seconds = u32::try_from((expires_at_ms - issued_ms) / 1000).unwrap_or(0);
        let token_hash = access_key::hash(&token);
        let stored =
            NewApiToken { token_hash, client_id: client.id, secret_hash, issued_ms, expires_at_ms };
        match self.store.issue_api_token(&stored).await? {
            IssueOutcome::Issued => {
                self.store.record_audit(&entry_of(&client, "token", issued_ms, address)).await?;
                Ok(Token { text: token, seconds })
            }
            IssueOutcome::NotTheSecret => Err(ApiError::WrongClient),
            IssueOutcome::TooMany => {
                Err(ApiError::TooManyTokens { retry_after: client.token_seconds.into() })
            }
        }
    }

    /// Who asks with this token.
    pub(super) async fn by_token(
        &self,
        token: &str,
        address: Option<IpAddr>,
    ) -> Result<Caller, ApiError> {
        let found = self.store.api_client_of_token(&access_key::hash(token)).await?;
        let now_ms = self.now_ms();
        let found = found.filter(|(_, expires_at_ms)| now_ms < *expires_at_ms);
        let (client, _) = found.ok_or(ApiError::InvalidToken)?;
        Ok(Caller {
            account: AccountId(client.account_id),
            rights: Arc::new(self.store.rights_of_client(client.id).await?),
            display_name: client.name.clone(),
            name: client.name,
            user: None,
            must_change_password: false,
            address,
        })
    }

    async fn note_failed_client(
        &self,
        client: Option<ApiClient>,
        address: Option<IpAddr>,
    ) -> Result<(), ApiError> {
        let (Some(_), Some(client)) = (self.failures.admit(), client) else { return Ok(()) };
        let entry = entry_of(&client, "failed sign-in", self.now_ms(), address);
        Ok(self.store.record_audit(&entry).await?)
    }

    async fn find_client(&self, client_id: &str) -> Result<Option<ApiClient>, ApiError> {
        let (account, name) = self.place_of(client_id).await?;
        Ok(self.store.api_client_by_name(account, name).await?)
    }

    pub(super) fn now_ms(&self) -> i64 {
        i64::try_from(self.clock.now().millis()).unwrap_or(i64::MAX)
    }
}

/// Until when this is a secret of the client: the one before only until the overlap ends, and so are the tokens given for it.
fn taken_until(client: &ApiClient, hash: &[u8; 32], now_ms: i64) -> Option<i64> {
    let is_now = same(&client.secret_hash, hash);
    let old = client.old_secret.filter(|old| now_ms < old.until_ms && same(&old.hash, hash));
    if is_now { Some(i64::MAX) } else { old.map(|old| old.until_ms) }
}

fn entry_of(client: &ApiClient, action: &str, at_ms: i64, address: Option<IpAddr>) -> NewAudit {
    let kind = ActorKind::ApiClient;
    let who = Who { account: client.account_id, kind, name: client.name.clone(), address };
    let id = client.id.to_string();
    who.entry(at_ms, Deed { action, object: "API client", id: &id, name: &client.name })
}
