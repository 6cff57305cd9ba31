//! Tokens of API clients: random texts that live for minutes, of which the store has the hash (ADR 10).

use std::net::IpAddr;

use metadata_store::{ApiClient, ApiClients as _, IssueOutcome, NewApiToken};
use model::id::AccountId;

use super::{Caller, SignIns, guard::same};
use crate::{access_key, error::ApiError};

/// How long a token is good for.
pub(crate) const LIFETIME_SECONDS: u32 = 300;
const LIFETIME_MS: i64 = LIFETIME_SECONDS as i64 * 1000;

impl SignIns {
    /// A token for `name@account` (or `name`, in the first account) and its secret.
    pub(crate) async fn issue_token(
        &self,
        client_id: &str,
        secret: &str,
        address: Option<IpAddr>,
    ) -> Result<String, ApiError> {
        // A user may have the same name.
        let who = format!("client {client_id}");
        self.throttle.admit(&who, address)?;
        let secret_hash = access_key::hash(secret);
        let found = self.find_client(client_id).await?;
        let found = found.filter(|client| same(&client.secret_hash, &secret_hash));
        let Some(client) = found else {
            self.throttle.failed(&who, address);
            return Err(ApiError::WrongClient);
        };
        self.throttle.succeeded(&who, address);
        let issued_ms = self.now_ms();
        let token = access_key::random_text("vt_");
        let stored = NewApiToken {
            token_hash: access_key::hash(&token),
            client_id: client.id,
            secret_hash,
            issued_ms,
            expires_at_ms: issued_ms.saturating_add(LIFETIME_MS),
        };
        match self.store.issue_api_token(&stored).await? {
            IssueOutcome::Issued => Ok(token),
            IssueOutcome::NotTheSecret => Err(ApiError::WrongClient),
            IssueOutcome::TooMany => {
                Err(ApiError::TooManyTokens { retry_after: LIFETIME_SECONDS.into() })
            }
        }
    }

    /// Who asks with this token.
    pub(super) async fn by_token(&self, token: &str) -> Result<Caller, ApiError> {
        let found = self.store.api_client_of_token(&access_key::hash(token)).await?;
        let now_ms = self.now_ms();
        let found = found.filter(|(_, expires_at_ms)| now_ms < *expires_at_ms);
        found.map(|(client, _)| of_client(client)).ok_or(ApiError::InvalidToken)
    }

    async fn find_client(&self, client_id: &str) -> Result<Option<ApiClient>, ApiError> {
        let (account, name) = self.place_of(client_id).await?;
        Ok(self.store.api_client_by_name(account, name).await?)
    }

    fn now_ms(&self) -> i64 {
        i64::try_from(self.clock.now().millis()).unwrap_or(i64::MAX)
    }
}

fn of_client(client: ApiClient) -> Caller {
    Caller {
        account: AccountId(client.account_id),
        display_name: client.name.clone(),
        name: client.name,
        user: None,
    }
}
