//! What is used by something else: health rules and actions by documents of alerting's configuration, schedules and baselines
//! by health rules. Nothing that is used goes, and nothing comes that uses what has gone, however they come together: both
//! are looked at within the transaction that changes something.
//!
//! What is in a body is its owner's knowledge. So whoever takes something away reads what may use it ([`Unused`]), and whoever
//! stores something says what has to be there ([`DocumentNeeds`], [`RuleNeeds`]).

use std::collections::BTreeSet;

use crate::StoreError;
use crate::alert_configs::{self, AlertConfig, AlertConfigKind};
use crate::database::{Tx, sql};
use crate::error::refuse;
use crate::health_rules::{self, HealthRule};
use crate::name::name_key;

/// What may use something that is to go, or to be called otherwise, as it is then.
#[derive(Debug, Default)]
pub struct MayUse {
    /// What the thing is called; empty for an action.
    pub name: String,
    /// Of a health rule: the documents of its application and of the whole account. Of an action: those of the account.
    pub documents: Vec<(AlertConfigKind, AlertConfig)>,
    /// Of a schedule or baseline: the rules of its application.
    pub rules: Vec<HealthRule>,
    /// Of a health rule: whether another application of the account has one of the same name.
    pub is_elsewhere: bool,
}

/// The sentence why something may not go, where something uses it; it is in [`StoreError::InUse`] then. Called within the
/// transaction, and again after a conflict.
pub type Unused<'a> = &'a (dyn Fn(&MayUse) -> Option<String> + Sync);

/// What has to be there when a document is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentNeeds {
    /// Names of health rules: of the document's application, or of any of the account where it is of none.
    pub rules: BTreeSet<String>,
    /// Ids of actions of the account.
    pub actions: BTreeSet<u32>,
}

/// What has to be there when a health rule is stored, of its application.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleNeeds {
    /// Names of schedules.
    pub schedules: BTreeSet<String>,
    /// Names of baselines that somebody added.
    pub baselines: BTreeSet<String>,
}

/// Refuses to go on where something uses what is to go.
pub(crate) fn refuse_used(users: &MayUse, unused: Unused<'_>) -> Result<(), sqlx::Error> {
    unused(users).map_or(Ok(()), |sentence| Err(refuse(StoreError::InUse(sentence))))
}

/// What may use a health rule; nothing where the application has none of that id.
pub(crate) async fn of_rule(
    tx: &mut Tx,
    account: u32,
    application: u32,
    id: u32,
) -> Result<Option<MayUse>, sqlx::Error> {
    let known = sql("SELECT name FROM health_rules WHERE application_id = ? AND id = ?");
    let Some(known) = tx.row(known.bind(application).bind(id)).await? else { return Ok(None) };
    let name = known.text(0)?;
    let is_elsewhere = is_elsewhere(tx, account, application, &name).await?;
    let documents = alert_configs::mentioning(tx, account, Some(application)).await?;
    Ok(Some(MayUse { name, documents, is_elsewhere, ..MayUse::default() }))
}

/// What may use an action, which documents name by its id.
pub(crate) async fn of_action(tx: &mut Tx, account: u32) -> Result<MayUse, sqlx::Error> {
    let documents = alert_configs::mentioning(tx, account, None).await?;
    Ok(MayUse { documents, ..MayUse::default() })
}

/// What may use a schedule or baseline of this name.
pub(crate) async fn of_rules(
    tx: &mut Tx,
    application: u32,
    name: String,
) -> Result<MayUse, sqlx::Error> {
    let rules = health_rules::of_application(tx, application).await?;
    Ok(MayUse { name, rules, ..MayUse::default() })
}

/// Whether another application of the account has a health rule of this name.
pub(crate) async fn is_elsewhere(
    tx: &mut Tx,
    account: u32,
    application: u32,
    name: &str,
) -> Result<bool, sqlx::Error> {
    let others = sql("SELECT health_rules.id FROM health_rules \
         JOIN entities ON entities.id = health_rules.application_id \
         WHERE entities.account_id = ? AND health_rules.name_key = ? \
         AND health_rules.application_id <> ? LIMIT 1");
    Ok(tx.row(others.bind(account).bind(name_key(name)).bind(application)).await?.is_some())
}

impl DocumentNeeds {
    /// Refuses to go on where something is not there. The lock of documents is held.
    pub(crate) async fn refuse_missing(
        &self,
        tx: &mut Tx,
        account: u32,
        application: Option<u32>,
    ) -> Result<(), sqlx::Error> {
        for name in &self.rules {
            let found = match application {
                Some(application) => {
                    let own = sql(
                        "SELECT id FROM health_rules WHERE application_id = ? AND name_key = ?",
                    );
                    tx.row(own.bind(application).bind(name_key(name))).await?.is_some()
                }
                None => is_elsewhere(tx, account, 0, name).await?,
            };
            refuse_unless(found, "health rule", name)?;
        }
        for id in &self.actions {
            let known =
                sql("SELECT id FROM alert_configs WHERE kind = ? AND account_id = ? AND id = ?");
            let known = known.bind(AlertConfigKind::Action as u8).bind(account).bind(*id);
            refuse_unless(tx.row(known).await?.is_some(), "action", &id.to_string())?;
        }
        Ok(())
    }
}

impl RuleNeeds {
    /// Refuses to go on where something is not there. The lock of rules is held.
    pub(crate) async fn refuse_missing(
        &self,
        tx: &mut Tx,
        application: u32,
    ) -> Result<(), sqlx::Error> {
        let schedules = "SELECT id FROM schedules WHERE application_id = ? AND name_key = ?";
        let baselines = "SELECT id FROM baselines WHERE application_id = ? AND name_key = ?";
        for (what, select, names) in
            [("schedule", schedules, &self.schedules), ("baseline", baselines, &self.baselines)]
        {
            for name in names {
                let known = sql(select).bind(application).bind(name_key(name));
                refuse_unless(tx.row(known).await?.is_some(), what, name)?;
            }
        }
        Ok(())
    }
}

fn refuse_unless(is_there: bool, what: &'static str, name: &str) -> Result<(), sqlx::Error> {
    let gone = || refuse(StoreError::Gone { what, name: name.to_owned() });
    if is_there { Ok(()) } else { Err(gone()) }
}
