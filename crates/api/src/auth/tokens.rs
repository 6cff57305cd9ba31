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
        let right = found.as_ref().is_some_and(|client| is_secret(client, &secret_hash, issued_ms));
        let client = match found {
            Some(client) if right => client,
            found => {
                self.throttle.failed(&who, address);
                self.note_failed_client(found, address).await?;
                return Err(ApiError::WrongClient);
            }
        };
        self.throttle.succeeded(&who, address);
        let token = access_key::random_text("vt_");
        let stored = NewApiToken {
            token_hash: access_key::hash(&token),
            client_id: client.id,
            secret_hash,
            issued_ms,
            expires_at_ms: issued_ms.saturating_add(i64::from(client.token_seconds) * 1000),
        };
        match self.store.issue_api_token(&stored).await? {
            IssueOutcome::Issued => {
                self.store.record_audit(&entry_of(&client, "token", issued_ms, address)).await?;
                Ok(Token { text: token, seconds: client.token_seconds })
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

fn is_secret(client: &ApiClient, hash: &[u8; 32], now_ms: i64) -> bool {
    let old = client.old_secret.filter(|old| now_ms < old.until_ms);
    same(&client.secret_hash, hash) || old.is_some_and(|old| same(&old.hash, hash))
}

fn entry_of(client: &ApiClient, action: &str, at_ms: i64, address: Option<IpAddr>) -> NewAudit {
    let kind = ActorKind::ApiClient;
    let who = Who { account: client.account_id, kind, name: client.name.clone(), address };
    let id = client.id.to_string();
    who.entry(at_ms, Deed { action, object: "API client", id: &id, name: &client.name })
}
