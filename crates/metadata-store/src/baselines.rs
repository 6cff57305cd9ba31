//! Baselines that people add to an application, which one is its default, and the time zone that seasons go by.

use std::collections::BTreeMap;
use std::future::Future;

use crate::database::{Row, Tx, sql};
use crate::error::must_match;
use crate::name::{fits, name_key};
use crate::sequences::Sequence;
use crate::uses::{self, Unused};
use crate::{MetadataStore, StoreError};

/// Baselines that an application may have besides those it is born with.
pub const MAX_BASELINES: usize = 50;
/// Ids below are those of the baselines that every application is born with; the store does not keep these.
pub const FIRST_OWN_BASELINE: u32 = 101;

/// A baseline that somebody added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    pub id: u32,
    pub application_id: u32,
    /// Unique in its application.
    pub name: String,
    /// A number that its reader knows.
    pub season: u8,
    pub window: BaselineWindow,
}

/// What a baseline is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BaselineWindow {
    /// The days before.
    Rolling { days: u32 },
    /// From one instant to another, Unix milliseconds.
    Fixed { from_ms: i64, to_ms: i64 },
}

/// A baseline to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBaseline {
    pub account_id: u32,
    pub application_id: u32,
    /// At most 255 characters.
    pub name: String,
    pub season: u8,
    pub window: BaselineWindow,
}

/// All that an account has set about baselines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BaselinesOfAccount {
    /// By rising id.
    pub baselines: Vec<Baseline>,
    /// The default by application, where one was chosen.
    pub defaults: BTreeMap<u32, u32>,
    /// The time zone's name, where one was set.
    pub time_zone: Option<String>,
}

/// Baselines of applications.
pub trait Baselines {
    /// What an account has set.
    fn baselines(
        &self,
        account_id: u32,
    ) -> impl Future<Output = Result<BaselinesOfAccount, StoreError>> + Send;

    /// Adds one and returns its id, at least [`FIRST_OWN_BASELINE`]. `AlreadyExists` when the application has one of that
    /// name, `TooMany` when it has as many as may be.
    fn add_baseline(
        &self,
        baseline: &NewBaseline,
    ) -> impl Future<Output = Result<u32, StoreError>> + Send;

    /// Makes a baseline an application's default, whether or not there is one of that id.
    fn set_default_baseline(
        &self,
        account_id: u32,
        application_id: u32,
        id: u32,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Removes one that was added; if it was the default, none is chosen any more. `NotFound` when there is none, `InUse` when
    /// `unused` says so.
    fn delete_baseline(
        &self,
        account_id: u32,
        application_id: u32,
        id: u32,
        unused: Unused<'_>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Sets the time zone of an account, a name of at most 255 characters.
    fn set_time_zone(
        &self,
        account_id: u32,
        name: &str,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What adding came to.
enum Added {
    As(u32),
    Taken,
    TooMany,
}

impl Baselines for MetadataStore {
    async fn baselines(&self, account_id: u32) -> Result<BaselinesOfAccount, StoreError> {
        let select = sql("SELECT id, application_id, name, season, days, from_ms, to_ms \
                          FROM baselines WHERE account_id = ? ORDER BY id");
        let select = select.bind(account_id);
        let baselines = self.database.list("list baselines", select, baseline).await?;
        let select =
            sql("SELECT application_id, baseline_id FROM default_baselines WHERE account_id = ?");
        let select = select.bind(account_id);
        let pair = |row: &Row| Ok((row.int(0)?, row.int(1)?));
        let defaults = self.database.list("read default baselines", select, pair).await?;
        let select = sql("SELECT name FROM time_zones WHERE account_id = ?").bind(account_id);
        let time_zone = self.database.first("read a time zone", select, |row| row.text(0)).await?;
        Ok(BaselinesOfAccount { baselines, defaults: defaults.into_iter().collect(), time_zone })
    }

    async fn add_baseline(&self, new: &NewBaseline) -> Result<u32, StoreError> {
        fits("the name of a baseline", &new.name)?;
        let added = self.database.write("add a baseline", |mut tx| async move {
            let done = add(&mut tx, new).await?;
            Ok((tx, done))
        });
        match added.await? {
            Added::As(id) => Ok(id),
            Added::Taken => {
                Err(StoreError::AlreadyExists { what: "a baseline", name: new.name.clone() })
            }
            Added::TooMany => {
                Err(StoreError::TooMany { what: "own baselines", limit: MAX_BASELINES })
            }
        }
    }

    async fn set_default_baseline(
        &self,
        account_id: u32,
        application_id: u32,
        id: u32,
    ) -> Result<(), StoreError> {
        let set = self.database.write("set a default baseline", |mut tx| async move {
            let insert = "INSERT INTO default_baselines (application_id, account_id, baseline_id) \
                          VALUES (?, ?, ?)";
            let or_update = tx.dialect().on_conflict_update("application_id", &["baseline_id"]);
            let insert = sql(format!("{insert}{or_update}"));
            tx.execute(insert.bind(application_id).bind(account_id).bind(id)).await?;
            Ok((tx, ()))
        });
        Ok(set.await?)
    }

    async fn delete_baseline(
        &self,
        account_id: u32,
        application_id: u32,
        id: u32,
        unused: Unused<'_>,
    ) -> Result<(), StoreError> {
        let deleted = self.database.write("delete a baseline", |mut tx| async move {
            // The lock of the rules that may go by it: none comes meanwhile.
            Sequence::HealthRule.lock(&mut tx).await?;
            let known = sql("SELECT name FROM baselines \
                             WHERE account_id = ? AND application_id = ? AND id = ?");
            let known = known.bind(account_id).bind(application_id).bind(id);
            let Some(known) = tx.row(known).await? else { return Ok((tx, 0)) };
            let users = uses::of_rules(&mut tx, application_id, known.text(0)?).await?;
            uses::refuse_used(&users, unused)?;
            let delete = sql("DELETE FROM baselines \
                              WHERE account_id = ? AND application_id = ? AND id = ?");
            let delete = delete.bind(account_id).bind(application_id).bind(id);
            let matched = tx.execute(delete).await?;
            let forget = sql("DELETE FROM default_baselines \
                              WHERE account_id = ? AND application_id = ? AND baseline_id = ?");
            let forget = forget.bind(account_id).bind(application_id).bind(id);
            tx.execute(forget).await?;
            Ok((tx, matched))
        });
        must_match(deleted.await?, "baseline", id)
    }

    async fn set_time_zone(&self, account_id: u32, name: &str) -> Result<(), StoreError> {
        fits("the name of a time zone", name)?;
        let set = self.database.write("set a time zone", |mut tx| async move {
            let or_update = tx.dialect().on_conflict_update("account_id", &["name"]);
            let insert = "INSERT INTO time_zones (account_id, name) VALUES (?, ?)";
            let insert = sql(format!("{insert}{or_update}"));
            tx.execute(insert.bind(account_id).bind(name)).await?;
            Ok((tx, ()))
        });
        Ok(set.await?)
    }
}

async fn add(tx: &mut Tx, new: &NewBaseline) -> Result<Added, sqlx::Error> {
    // The lock of all baselines: two that come together must not both be the last one that may be.
    Sequence::Baseline.lock(tx).await?;
    let key = name_key(&new.name);
    let taken = sql("SELECT id FROM baselines WHERE application_id = ? AND name_key = ?");
    if tx.row(taken.bind(new.application_id).bind(key)).await?.is_some() {
        return Ok(Added::Taken);
    }
    let all = sql("SELECT id FROM baselines WHERE application_id = ?").bind(new.application_id);
    if tx.rows(all).await?.len() >= MAX_BASELINES {
        return Ok(Added::TooMany);
    }
    let id = Sequence::Baseline.take_one(tx).await?;
    let (days, from_ms, to_ms) = match new.window {
        BaselineWindow::Rolling { days } => (days, 0, 0),
        BaselineWindow::Fixed { from_ms, to_ms } => (0, from_ms, to_ms),
    };
    let insert = sql("INSERT INTO baselines (id, account_id, application_id, name_key, name, \
                      season, days, from_ms, to_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    let insert = insert
        .bind(id)
        .bind(new.account_id)
        .bind(new.application_id)
        .bind(name_key(&new.name))
        .bind(new.name.as_str())
        .bind(u32::from(new.season))
        .bind(days)
        .bind(from_ms)
        .bind(to_ms);
    tx.execute(insert).await?;
    Ok(Added::As(id))
}

fn baseline(row: &Row) -> Result<Baseline, sqlx::Error> {
    let days = row.int(4)?;
    Ok(Baseline {
        id: row.int(0)?,
        application_id: row.int(1)?,
        name: row.text(2)?,
        season: row.int(3)?,
        window: if days > 0 {
            BaselineWindow::Rolling { days }
        } else {
            BaselineWindow::Fixed { from_ms: row.int(5)?, to_ms: row.int(6)? }
        },
    })
}
