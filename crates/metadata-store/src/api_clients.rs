//! API clients, the programs that sign in by themselves, and the short-lived tokens they are given.
//!
//! Secrets and tokens are random and known by their hashes only. Whether a token has expired is the caller's judgement:
//! the store reads no clock. A client that goes, or gets another secret at once, takes its tokens along in the same transaction.

use std::future::Future;

use crate::audit::{record, record_made};
use crate::database::{Row, Tx, sql};
use crate::error::refuse;
use crate::memberships::set_of_client;
use crate::name::{fits, name_key};
use crate::sequences::Sequence;
use crate::{MetadataStore, NewAudit, StoreError};

/// Tokens of one client that have not expired.
pub const MAX_API_TOKENS: u32 = 1_000;
/// How long tokens of a client are good for that was made before each could have its own.
const DEFAULT_TOKEN_SECONDS: u32 = 300;

/// A program that may ask for tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiClient {
    pub id: u32,
    pub account_id: u32,
    /// Unique within the account, byte by byte.
    pub name: String,
    pub description: String,
    /// SHA-256 of the secret.
    pub secret_hash: [u8; 32],
    /// Unix milliseconds.
    pub created_ms: i64,
    /// When it was last given a token, Unix milliseconds.
    pub last_used_ms: Option<i64>,
    /// How long its tokens are good for.
    pub token_seconds: u32,
    /// The secret before this one, while it goes on being taken.
    pub old_secret: Option<OldSecret>,
}

/// A secret that was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldSecret {
    /// SHA-256 of it.
    pub hash: [u8; 32],
    /// Until when it is taken, Unix milliseconds.
    pub until_ms: i64,
}

/// A client to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiClient {
    pub account_id: u32,
    /// At most 255 characters.
    pub name: String,
    /// At most 255 characters.
    pub description: String,
    pub secret_hash: [u8; 32],
    pub created_ms: i64,
    pub token_seconds: u32,
    /// Of the account.
    pub roles: Vec<u32>,
}

/// What of a client is to be from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiClientChange {
    /// At most 255 characters.
    pub description: String,
    pub token_seconds: u32,
    pub roles: Vec<u32>,
}

/// A token to be given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiToken {
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
    pub client_id: u32,
    /// Of the secret that was shown for it.
    pub secret_hash: [u8; 32],
    /// Unix milliseconds.
    pub issued_ms: i64,
    /// Unix milliseconds.
    pub expires_at_ms: i64,
}

/// Whether a token was given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueOutcome {
    Issued,
    /// The client has gone, or has another secret by now.
    NotTheSecret,
    /// The client has [`MAX_API_TOKENS`] that have not expired.
    TooMany,
}

/// API clients of all accounts, and their tokens.
pub trait ApiClients {
    /// Stores a client and returns its id; `AlreadyExists` when the account has one of that name.
    fn create_api_client(
        &self,
        client: &NewApiClient,
        audit: &NewAudit,
    ) -> impl Future<Output = Result<u32, StoreError>> + Send;

    /// Changes a client; its tokens stay and may what it may from now on. `NotFound` when the account has no such client,
    /// or not such a role.
    fn update_api_client(
        &self,
        account_id: u32,
        id: u32,
        change: &ApiClientChange,
        audit: &NewAudit,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The account's clients by rising id.
    fn api_clients(
        &self,
        account_id: u32,
    ) -> impl Future<Output = Result<Vec<ApiClient>, StoreError>> + Send;

    /// The account's client of exactly that name.
    fn api_client_by_name(
        &self,
        account_id: u32,
        name: &str,
    ) -> impl Future<Output = Result<Option<ApiClient>, StoreError>> + Send;

    /// Gives a client another secret. The one before is taken until `old_until_ms`, and tokens given for it end by then; with 0
    /// not at all, and the client's tokens are taken away. `NotFound` when the account has no such client.
    fn replace_api_client_secret(
        &self,
        account_id: u32,
        id: u32,
        secret_hash: [u8; 32],
        old_until_ms: i64,
        audit: &NewAudit,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Removes a client and its tokens. `NotFound` when the account has no such client.
    fn delete_api_client(
        &self,
        account_id: u32,
        id: u32,
        audit: &NewAudit,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Stores a token, notes that its client was used, and forgets all tokens that have expired when it is issued.
    fn issue_api_token(
        &self,
        token: &NewApiToken,
    ) -> impl Future<Output = Result<IssueOutcome, StoreError>> + Send;

    /// The client of a token and when the token expires, expired or not.
    fn api_client_of_token(
        &self,
        token_hash: &[u8; 32],
    ) -> impl Future<Output = Result<Option<(ApiClient, i64)>, StoreError>> + Send;
}

macro_rules! select_clients {
    ($more:literal, $rest:literal) => {
        concat!(
            "SELECT c.id, c.account_id, c.name, c.description, c.secret_hash, c.created_ms, \
             c.last_used_ms, COALESCE(a.token_seconds, 300), COALESCE(a.old_until_ms, 0), \
             COALESCE(a.old_secret_hash, c.secret_hash)",
            $more,
            " FROM api_clients c LEFT JOIN client_access a ON a.client_id = c.id ",
            $rest
        )
    };
}

impl ApiClients for MetadataStore {
    async fn create_api_client(
        &self,
        client: &NewApiClient,
        audit: &NewAudit,
    ) -> Result<u32, StoreError> {
        fits("the name of an API client", &client.name)?;
        fits("the description of an API client", &client.description)?;
        let created = self.database.write("create an API client", |mut tx| async move {
            let id = insert(&mut tx, client).await?;
            record_made(&mut tx, audit, id).await?;
            Ok((tx, id))
        });
        Ok(created.await?)
    }

    async fn update_api_client(
        &self,
        account_id: u32,
        id: u32,
        change: &ApiClientChange,
        audit: &NewAudit,
    ) -> Result<(), StoreError> {
        fits("the description of an API client", &change.description)?;
        let updated = self.database.write("change an API client", |mut tx| async move {
            own_client(&mut tx, account_id, id).await?;
            let update = sql("UPDATE api_clients SET description = ? WHERE id = ?");
            tx.execute(update.bind(change.description.as_str()).bind(id)).await?;
            access_row(&mut tx, id).await?;
            let update = sql("UPDATE client_access SET token_seconds = ? WHERE client_id = ?");
            tx.execute(update.bind(change.token_seconds).bind(id)).await?;
            set_of_client(&mut tx, account_id, id, &change.roles).await?;
            record(&mut tx, audit).await?;
            Ok((tx, ()))
        });
        Ok(updated.await?)
    }

    async fn api_clients(&self, account_id: u32) -> Result<Vec<ApiClient>, StoreError> {
        let select = sql(select_clients!("", "WHERE c.account_id = ? ORDER BY c.id"));
        Ok(self.database.list("list API clients", select.bind(account_id), api_client).await?)
    }

    async fn api_client_by_name(
        &self,
        account_id: u32,
        name: &str,
    ) -> Result<Option<ApiClient>, StoreError> {
        let select = sql(select_clients!("", "WHERE c.account_id = ? AND c.name_key = ?"));
        let select = select.bind(account_id).bind(name_key(name));
        Ok(self.database.first("read an API client", select, api_client).await?)
    }

    async fn replace_api_client_secret(
        &self,
        account_id: u32,
        id: u32,
        secret_hash: [u8; 32],
        old_until_ms: i64,
        audit: &NewAudit,
    ) -> Result<(), StoreError> {
        let replaced = self.database.write("replace an API client's secret", |mut tx| async move {
            own_client(&mut tx, account_id, id).await?;
            access_row(&mut tx, id).await?;
            let keep = sql("UPDATE client_access SET old_until_ms = ?, old_secret_hash = \
                            (SELECT secret_hash FROM api_clients WHERE id = ?) WHERE client_id = ?");
            tx.execute(keep.bind(old_until_ms).bind(id).bind(id)).await?;
            let update = sql("UPDATE api_clients SET secret_hash = ? WHERE id = ?");
            tx.execute(update.bind(secret_hash).bind(id)).await?;
            if old_until_ms == 0 {
                revoke(&mut tx, id).await?;
            }
            // What was given for the old secret does not outlive it.
            let shorten = sql("UPDATE api_tokens SET expires_at_ms = ? \
                               WHERE client_id = ? AND expires_at_ms > ?");
            tx.execute(shorten.bind(old_until_ms).bind(id).bind(old_until_ms)).await?;
            record(&mut tx, audit).await?;
            Ok((tx, ()))
        });
        Ok(replaced.await?)
    }

    async fn delete_api_client(
        &self,
        account_id: u32,
        id: u32,
        audit: &NewAudit,
    ) -> Result<(), StoreError> {
        let deleted = self.database.write("delete an API client", |mut tx| async move {
            own_client(&mut tx, account_id, id).await?;
            // Its tokens go by their foreign key.
            tx.execute(sql("DELETE FROM api_clients WHERE id = ?").bind(id)).await?;
            record(&mut tx, audit).await?;
            Ok((tx, ()))
        });
        Ok(deleted.await?)
    }

    async fn issue_api_token(&self, token: &NewApiToken) -> Result<IssueOutcome, StoreError> {
        let issued = self.database.write("issue a token", |mut tx| async move {
            let done = issue(&mut tx, token).await?;
            Ok((tx, done))
        });
        Ok(issued.await?)
    }

    async fn api_client_of_token(
        &self,
        token_hash: &[u8; 32],
    ) -> Result<Option<(ApiClient, i64)>, StoreError> {
        let select = sql(select_clients!(
            ", t.expires_at_ms",
            "JOIN api_tokens t ON t.client_id = c.id WHERE t.token_hash = ?"
        ));
        let found = self.database.first("read a token", select.bind(*token_hash), |row| {
            Ok((api_client(row)?, row.int(10)?))
        });
        Ok(found.await?)
    }
}

async fn own_client(tx: &mut Tx, account_id: u32, id: u32) -> Result<(), sqlx::Error> {
    let select = sql("SELECT id FROM api_clients WHERE id = ? AND account_id = ?");
    match tx.row(select.bind(id).bind(account_id)).await? {
        Some(_) => Ok(()),
        None => Err(refuse(StoreError::NotFound { what: "API client", id: id.into() })),
    }
}

/// Makes the row beside a client of before there were such rows.
async fn access_row(tx: &mut Tx, id: u32) -> Result<(), sqlx::Error> {
    let select = sql("SELECT client_id FROM client_access WHERE client_id = ?");
    if tx.row(select.bind(id)).await?.is_some() {
        return Ok(());
    }
    insert_access(tx, id, DEFAULT_TOKEN_SECONDS).await
}

async fn insert_access(tx: &mut Tx, id: u32, token_seconds: u32) -> Result<(), sqlx::Error> {
    let insert =
        sql("INSERT INTO client_access (client_id, token_seconds, old_secret_hash, old_until_ms) \
                      VALUES (?, ?, ?, 0)");
    tx.execute(insert.bind(id).bind(token_seconds).bind([0u8; 32])).await.map(drop)
}

async fn insert(tx: &mut Tx, client: &NewApiClient) -> Result<u32, sqlx::Error> {
    let id = Sequence::ApiClient.take_one(tx).await?;
    let key = name_key(&client.name);
    let same_name = sql("SELECT id FROM api_clients WHERE account_id = ? AND name_key = ?");
    if tx.row(same_name.bind(client.account_id).bind(key)).await?.is_some() {
        let name = client.name.clone();
        return Err(refuse(StoreError::AlreadyExists { what: "an API client", name }));
    }
    let insert = sql(
        "INSERT INTO api_clients (id, account_id, name_key, name, description, secret_hash, created_ms, \
         last_used_ms) VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
    );
    let insert = insert
        .bind(id)
        .bind(client.account_id)
        .bind(key)
        .bind(client.name.as_str())
        .bind(client.description.as_str())
        .bind(client.secret_hash)
        .bind(client.created_ms);
    tx.execute(insert).await?;
    insert_access(tx, id, client.token_seconds).await?;
    set_of_client(tx, client.account_id, id, &client.roles).await?;
    Ok(id)
}

/// Noting the use comes first: it locks the client's row, so that neither another secret nor one more token comes between.
async fn issue(tx: &mut Tx, token: &NewApiToken) -> Result<IssueOutcome, sqlx::Error> {
    let expired = sql("DELETE FROM api_tokens WHERE expires_at_ms <= ?").bind(token.issued_ms);
    tx.execute(expired).await?;
    let known = sql("SELECT CASE WHEN c.secret_hash = ? THEN 0 ELSE a.old_until_ms END \
                     FROM api_clients c LEFT JOIN client_access a ON a.client_id = c.id \
                     WHERE c.id = ? AND (c.secret_hash = ? OR (a.old_secret_hash = ? AND a.old_until_ms > ?))");
    let known = known
        .bind(token.secret_hash)
        .bind(token.client_id)
        .bind(token.secret_hash)
        .bind(token.secret_hash)
        .bind(token.issued_ms);
    let used = sql("UPDATE api_clients SET last_used_ms = ? WHERE id = ?");
    tx.execute(used.bind(token.issued_ms).bind(token.client_id)).await?;
    let Some(known) = tx.row(known).await? else { return Ok(IssueOutcome::NotTheSecret) };
    // Another secret may have come since the caller looked: a token of the old one ends with it even then.
    let expires_at_ms = match known.int(0)? {
        0 => token.expires_at_ms,
        old_until_ms => token.expires_at_ms.min(old_until_ms),
    };
    let count = sql("SELECT COUNT(*) FROM api_tokens WHERE client_id = ?").bind(token.client_id);
    let tokens: u32 = tx.row(count).await?.map_or(Ok(0), |row| row.int(0))?;
    if tokens >= MAX_API_TOKENS {
        return Ok(IssueOutcome::TooMany);
    }
    let insert =
        sql("INSERT INTO api_tokens (token_hash, client_id, expires_at_ms) VALUES (?, ?, ?)");
    let insert = insert.bind(token.token_hash).bind(token.client_id).bind(expires_at_ms);
    tx.execute(insert).await?;
    Ok(IssueOutcome::Issued)
}

async fn revoke(tx: &mut Tx, client_id: u32) -> Result<(), sqlx::Error> {
    tx.execute(sql("DELETE FROM api_tokens WHERE client_id = ?").bind(client_id)).await.map(drop)
}

fn api_client(row: &Row) -> Result<ApiClient, sqlx::Error> {
    Ok(ApiClient {
        id: row.int(0)?,
        account_id: row.int(1)?,
        name: row.text(2)?,
        description: row.text(3)?,
        secret_hash: row.hash(4)?,
        created_ms: row.int(5)?,
        last_used_ms: Some(row.int(6)?).filter(|at| *at != 0),
        token_seconds: row.int(7)?,
        old_secret: match row.int(8)? {
            0 => None,
            until_ms => Some(OldSecret { hash: row.hash(9)?, until_ms }),
        },
    })
}
