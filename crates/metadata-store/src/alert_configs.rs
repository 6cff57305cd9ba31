//! Configuration of alerting: policies, actions, suppressions, digests. Documents under a name, with what is secret of
//! them sealed by the caller; what is in them is known to whoever wrote them.

use std::future::Future;

use crate::database::{Row, Tx, sql};
use crate::error::{at_most, must_match, refuse};
use crate::name::{NameTaken, fits, name_key};
use crate::sequences::Sequence;
use crate::uses::{self, DocumentNeeds, Unused};
use crate::{MetadataStore, StoreError};

/// Documents of one kind in an account.
pub const MAX_ALERT_CONFIGS: usize = 1_000;
/// Bytes of one document, and of what is sealed of it.
pub const MAX_ALERT_CONFIG_BYTES: usize = 64 << 10;

/// What a document is; the numbers are persisted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum AlertConfigKind {
    Policy = 1,
    Action = 2,
    Suppression = 3,
    Digest = 4,
}

impl AlertConfigKind {
    /// Reads the persisted number.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        [Self::Policy, Self::Action, Self::Suppression, Self::Digest]
            .into_iter()
            .find(|kind| *kind as u8 == number)
    }

    /// What people call one of them.
    pub fn what(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Action => "action",
            Self::Suppression => "suppression",
            Self::Digest => "digest",
        }
    }

    fn one(self) -> &'static str {
        match self {
            Self::Policy => "a policy",
            Self::Action => "an action",
            Self::Suppression => "a suppression",
            Self::Digest => "a digest",
        }
    }

    fn several(self) -> &'static str {
        match self {
            Self::Policy => "policies",
            Self::Action => "actions",
            Self::Suppression => "suppressions",
            Self::Digest => "digests",
        }
    }
}

/// A stored document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertConfig {
    pub id: u32,
    pub account_id: u32,
    /// None: of the whole account.
    pub application_id: Option<u32>,
    /// Unique among those of its kind and application.
    pub name: String,
    /// JSON.
    pub body: String,
    /// Encrypted by the caller; may be empty.
    pub sealed: Vec<u8>,
    /// Unix milliseconds.
    pub changed_ms: i64,
}

/// A document to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAlertConfig {
    pub account_id: u32,
    pub application_id: Option<u32>,
    /// At most 255 characters.
    pub name: String,
    /// At most [`MAX_ALERT_CONFIG_BYTES`].
    pub body: String,
    /// At most [`MAX_ALERT_CONFIG_BYTES`].
    pub sealed: Vec<u8>,
    pub changed_ms: i64,
    /// `Gone` when that is not there; nothing is stored then.
    pub needs: DocumentNeeds,
}

/// Documents of all accounts; at most [`MAX_ALERT_CONFIGS`] of a kind in each.
pub trait AlertConfigs {
    /// Stores a document and returns its id. `AlreadyExists` when its application has one of that kind and name,
    /// `TooMany` when the account has as many as may be.
    fn create_alert_config(
        &self,
        kind: AlertConfigKind,
        config: &NewAlertConfig,
    ) -> impl Future<Output = Result<u32, StoreError>> + Send;

    /// Replaces all of a document but its id. `NotFound` when the account has none of that kind and id, `AlreadyExists`
    /// when another one has the name, `InUse` when it is an action and `unused` says so.
    fn replace_alert_config(
        &self,
        kind: AlertConfigKind,
        id: u32,
        config: &NewAlertConfig,
        unused: Unused<'_>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Stores all of these documents, which have names of their own, or none of them; returns their ids, in their order.
    /// Those names that are taken are in one `AlreadyExists`, unless what has them is to be replaced.
    fn import_alert_configs(
        &self,
        kind: AlertConfigKind,
        configs: &[NewAlertConfig],
        taken: NameTaken,
    ) -> impl Future<Output = Result<Vec<u32>, StoreError>> + Send;

    /// Forgets a document; `NotFound` when the account has none of that kind and id, `InUse` when it is an action and
    /// `unused` says so.
    fn delete_alert_config(
        &self,
        kind: AlertConfigKind,
        account_id: u32,
        id: u32,
        unused: Unused<'_>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// One document of the account.
    fn alert_config(
        &self,
        kind: AlertConfigKind,
        account_id: u32,
        id: u32,
    ) -> impl Future<Output = Result<Option<AlertConfig>, StoreError>> + Send;

    /// All documents of a kind, of one account or of all, by rising id.
    fn alert_configs(
        &self,
        kind: AlertConfigKind,
        account_id: Option<u32>,
    ) -> impl Future<Output = Result<Vec<AlertConfig>, StoreError>> + Send;
}

enum Saved {
    As(u32),
    Taken,
    TooMany,
    Missing,
}

impl Saved {
    fn id(self, kind: AlertConfigKind, id: u32, name: &str) -> Result<u32, StoreError> {
        match self {
            Self::As(id) => Ok(id),
            Self::Taken => {
                Err(StoreError::AlreadyExists { what: kind.one(), name: name.to_owned() })
            }
            Self::TooMany => {
                Err(StoreError::TooMany { what: kind.several(), limit: MAX_ALERT_CONFIGS })
            }
            Self::Missing => Err(StoreError::NotFound { what: kind.what(), id: id.into() }),
        }
    }
}

macro_rules! select_configs {
    ($rest:literal) => {
        concat!(
            "SELECT id, account_id, application_id, name, body, sealed, changed_ms \
             FROM alert_configs WHERE kind = ? ",
            $rest
        )
    };
}

impl AlertConfigs for MetadataStore {
    async fn create_alert_config(
        &self,
        kind: AlertConfigKind,
        config: &NewAlertConfig,
    ) -> Result<u32, StoreError> {
        check(config)?;
        let saved = self.database.write("store configuration of alerting", |mut tx| async move {
            let saved = insert(&mut tx, kind, config).await?;
            Ok((tx, saved))
        });
        saved.await?.id(kind, 0, &config.name)
    }

    async fn replace_alert_config(
        &self,
        kind: AlertConfigKind,
        id: u32,
        config: &NewAlertConfig,
        unused: Unused<'_>,
    ) -> Result<(), StoreError> {
        check(config)?;
        let saved = self.database.write("change configuration of alerting", |mut tx| async move {
            Sequence::AlertConfig.lock(&mut tx).await?;
            refuse_used(&mut tx, kind, config.account_id, unused).await?;
            let saved = update(&mut tx, kind, id, config).await?;
            Ok((tx, saved))
        });
        saved.await?.id(kind, id, &config.name).map(drop)
    }

    async fn import_alert_configs(
        &self,
        kind: AlertConfigKind,
        configs: &[NewAlertConfig],
        taken: NameTaken,
    ) -> Result<Vec<u32>, StoreError> {
        configs.iter().try_for_each(check)?;
        let imported =
            self.database.write("import configuration of alerting", |mut tx| async move {
                let ids = import(&mut tx, kind, configs, taken).await?;
                Ok((tx, ids))
            });
        Ok(imported.await?)
    }

    async fn delete_alert_config(
        &self,
        kind: AlertConfigKind,
        account_id: u32,
        id: u32,
        unused: Unused<'_>,
    ) -> Result<(), StoreError> {
        let delete = self.database.write("delete configuration of alerting", |mut tx| async move {
            Sequence::AlertConfig.lock(&mut tx).await?;
            refuse_used(&mut tx, kind, account_id, unused).await?;
            let delete =
                sql("DELETE FROM alert_configs WHERE kind = ? AND account_id = ? AND id = ?");
            let matched = tx.execute(delete.bind(kind as u8).bind(account_id).bind(id)).await?;
            Ok((tx, matched))
        });
        must_match(delete.await?, kind.what(), id)
    }

    async fn alert_config(
        &self,
        kind: AlertConfigKind,
        account_id: u32,
        id: u32,
    ) -> Result<Option<AlertConfig>, StoreError> {
        let select = sql(select_configs!("AND account_id = ? AND id = ?"));
        let select = select.bind(kind as u8).bind(account_id).bind(id);
        Ok(self.database.first("read configuration of alerting", select, read).await?)
    }

    async fn alert_configs(
        &self,
        kind: AlertConfigKind,
        account_id: Option<u32>,
    ) -> Result<Vec<AlertConfig>, StoreError> {
        let select = match account_id {
            Some(account) => sql(select_configs!("AND account_id = ? ORDER BY id"))
                .bind(kind as u8)
                .bind(account),
            None => sql(select_configs!("ORDER BY id")).bind(kind as u8),
        };
        Ok(self.database.list("list configuration of alerting", select, read).await?)
    }
}

fn check(config: &NewAlertConfig) -> Result<(), StoreError> {
    fits("the name", &config.name)?;
    at_most(MAX_ALERT_CONFIG_BYTES, "the document", config.body.len())?;
    at_most(MAX_ALERT_CONFIG_BYTES, "what is secret of the document", config.sealed.len())
}

/// Actions are used; other documents are not.
async fn refuse_used(
    tx: &mut Tx,
    kind: AlertConfigKind,
    account: u32,
    unused: Unused<'_>,
) -> Result<(), sqlx::Error> {
    match kind {
        AlertConfigKind::Action => uses::refuse_used(&uses::of_action(tx, account).await?, unused),
        _ => Ok(()),
    }
}

/// The documents of an account that may mention others: those of an application and of the whole account, or all.
pub(crate) async fn mentioning(
    tx: &mut Tx,
    account: u32,
    application: Option<u32>,
) -> Result<Vec<(AlertConfigKind, AlertConfig)>, sqlx::Error> {
    let mut documents = Vec::new();
    for kind in [AlertConfigKind::Policy, AlertConfigKind::Digest, AlertConfigKind::Suppression] {
        let all = match application {
            Some(application) => {
                sql(select_configs!("AND account_id = ? AND application_id IN (0, ?) ORDER BY id"))
                    .bind(kind as u8)
                    .bind(account)
                    .bind(application)
            }
            None => sql(select_configs!("AND account_id = ? ORDER BY id"))
                .bind(kind as u8)
                .bind(account),
        };
        for row in tx.rows(all).await? {
            documents.push((kind, read(&row)?));
        }
    }
    Ok(documents)
}

async fn insert(
    tx: &mut Tx,
    kind: AlertConfigKind,
    config: &NewAlertConfig,
) -> Result<Saved, sqlx::Error> {
    // The lock of all documents: two that come together must not both be the last one that may be.
    Sequence::AlertConfig.lock(tx).await?;
    if of_name(tx, kind, config).await?.is_some() {
        return Ok(Saved::Taken);
    }
    let all = sql("SELECT COUNT(*) FROM alert_configs WHERE kind = ? AND account_id = ?");
    let all = tx.row(all.bind(kind as u8).bind(config.account_id)).await?;
    if all.map_or(Ok(0), |row| row.int::<u32>(0))? as usize >= MAX_ALERT_CONFIGS {
        return Ok(Saved::TooMany);
    }
    config.needs.refuse_missing(tx, config.account_id, config.application_id).await?;
    let id = Sequence::AlertConfig.take_one(tx).await?;
    let insert = sql("INSERT INTO alert_configs (id, account_id, application_id, kind, name_key, \
                      name, body, sealed, changed_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    let insert = insert
        .bind(id)
        .bind(config.account_id)
        .bind(config.application_id.unwrap_or(0))
        .bind(kind as u8)
        .bind(name_key(&config.name))
        .bind(config.name.as_str())
        .bind(config.body.as_str())
        .bind(config.sealed.as_slice())
        .bind(config.changed_ms);
    tx.execute(insert).await?;
    Ok(Saved::As(id))
}

async fn update(
    tx: &mut Tx,
    kind: AlertConfigKind,
    id: u32,
    config: &NewAlertConfig,
) -> Result<Saved, sqlx::Error> {
    Sequence::AlertConfig.lock(tx).await?;
    if of_name(tx, kind, config).await?.is_some_and(|other| other != id) {
        return Ok(Saved::Taken);
    }
    // Looked for first: MySQL says of a row that stays as it was that nothing matched.
    let known = sql("SELECT id FROM alert_configs WHERE kind = ? AND account_id = ? AND id = ?");
    if tx.row(known.bind(kind as u8).bind(config.account_id).bind(id)).await?.is_none() {
        return Ok(Saved::Missing);
    }
    config.needs.refuse_missing(tx, config.account_id, config.application_id).await?;
    let update =
        sql("UPDATE alert_configs SET application_id = ?, name_key = ?, name = ?, body = ?, \
                      sealed = ?, changed_ms = ? WHERE id = ?");
    let update = update
        .bind(config.application_id.unwrap_or(0))
        .bind(name_key(&config.name))
        .bind(config.name.as_str())
        .bind(config.body.as_str())
        .bind(config.sealed.as_slice())
        .bind(config.changed_ms)
        .bind(id);
    tx.execute(update).await?;
    Ok(Saved::As(id))
}

async fn import(
    tx: &mut Tx,
    kind: AlertConfigKind,
    configs: &[NewAlertConfig],
    taken: NameTaken,
) -> Result<Vec<u32>, sqlx::Error> {
    Sequence::AlertConfig.lock(tx).await?;
    let mut ids = Vec::with_capacity(configs.len());
    let mut clashes = Vec::new();
    for config in configs {
        let saved = match (of_name(tx, kind, config).await?, taken) {
            (None, _) => insert(tx, kind, config).await?,
            (Some(id), NameTaken::Replace) => update(tx, kind, id, config).await?,
            (Some(_), NameTaken::Refuse) => {
                clashes.push(config.name.as_str());
                continue;
            }
        };
        ids.push(saved.id(kind, 0, &config.name).map_err(refuse)?);
    }
    if clashes.is_empty() {
        return Ok(ids);
    }
    Err(refuse(StoreError::AlreadyExists { what: kind.one(), name: clashes.join(", ") }))
}

async fn of_name(
    tx: &mut Tx,
    kind: AlertConfigKind,
    config: &NewAlertConfig,
) -> Result<Option<u32>, sqlx::Error> {
    let select = sql("SELECT id FROM alert_configs WHERE account_id = ? AND kind = ? \
                      AND application_id = ? AND name_key = ?");
    let select = select
        .bind(config.account_id)
        .bind(kind as u8)
        .bind(config.application_id.unwrap_or(0))
        .bind(name_key(&config.name));
    tx.row(select).await?.map(|row| row.int(0)).transpose()
}

fn read(row: &Row) -> Result<AlertConfig, sqlx::Error> {
    Ok(AlertConfig {
        id: row.int(0)?,
        account_id: row.int(1)?,
        application_id: Some(row.int(2)?).filter(|id| *id != 0),
        name: row.text(3)?,
        body: row.text(4)?,
        sealed: row.bytes(5)?,
        changed_ms: row.int(6)?,
    })
}
