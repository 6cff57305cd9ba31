//! What detection found: anomalies with all that happened to them and what is suspected behind them, how applications want to
//! be watched, and where detection stands.
//!
//! A minute's changes, their events, the incidents that they make, the mark that the minute was judged and, now and then,
//! the pointer to the object that holds all series' state are one transaction, written only by who saw the minute before as
//! the last judged one. So a minute that was judged twice, after a crash or by two Controllers, leaves one trace.

mod read;
mod write;

use std::future::Future;

use crate::database::sql;
use crate::error::at_most;
use crate::judged::{self, Judge};
use crate::{
    IncidentChange, MetadataStore, NewEvent, ObjectRef, StoreError, incidents as of_incidents,
};

pub(crate) use read::{SELECT, anomaly, opened_page};

/// Bytes of the body of an anomaly.
pub const MAX_ANOMALY_BODY: usize = 16 * 1024;
/// Bytes of what is suspected behind one.
pub const MAX_ANOMALY_CAUSE: usize = 512 * 1024;
/// What people may say of one anomaly, times.
pub const MAX_ANOMALY_FEEDBACK: u32 = 200;
/// Bytes of the settings of an application.
const MAX_SETTINGS: usize = 256 * 1024;
/// Bytes of one thing that somebody said.
const MAX_SAID: usize = 16 * 1024;

/// How an anomaly or an incident stands; the numbers are persisted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum AnomalyStatus {
    Open = 1,
    Closed = 2,
}

impl AnomalyStatus {
    pub(crate) fn from_number(number: u8) -> Self {
        if number == 1 { Self::Open } else { Self::Closed }
    }
}

/// Whose anomaly it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnomalyOf {
    pub account_id: u32,
    pub application_id: u32,
    pub entity_kind: u8,
    pub entity_id: u32,
    /// As it was called when the anomaly opened.
    pub entity_name: String,
}

/// How an anomaly stands: what each change of it writes anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnomalyStanding {
    pub status: AnomalyStatus,
    /// What deviates most; its reader's number.
    pub measure: u8,
    /// How bad it is, or was at last, and was at its worst; the model's numbers.
    pub level: u8,
    pub worst: u8,
    /// The entity that is suspected most; 0 for none.
    pub suspect_id: u32,
    /// JSON; at most [`MAX_ANOMALY_BODY`] bytes.
    pub body: String,
}

/// An anomaly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anomaly {
    pub id: u32,
    pub of: AnomalyOf,
    pub standing: AnomalyStanding,
    /// Minutes since 1970: since when it deviates, when that was seen, when something changed last.
    pub onset_minute: u32,
    pub opened_minute: u32,
    pub changed_minute: u32,
    /// 0 while it is open.
    pub closed_minute: u32,
    /// 0 while it belongs to none.
    pub incident_id: u32,
}

/// Something that happened to an anomaly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnomalyChange {
    /// Its reader's number.
    pub kind: u8,
    pub level: u8,
    pub minute: u32,
    pub summary: String,
}

/// A change to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAnomalyChange {
    pub id: ChangedAnomaly,
    pub standing: AnomalyStanding,
    /// What happened, and a sentence on it; none where only what is known of it changes.
    pub happened: Option<(u8, String)>,
    /// Gets the property `anomaly` with the anomaly's id.
    pub event: Option<NewEvent>,
    /// What is suspected behind it from now on, JSON of at most [`MAX_ANOMALY_CAUSE`] bytes; none: as before.
    pub cause: Option<String>,
}

/// Which anomaly changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangedAnomaly {
    /// A new one, which deviates since a minute.
    Opened {
        of: AnomalyOf,
        onset_minute: u32,
    },
    Known(u32),
}

/// How judging a minute ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnomalyOutcome {
    /// All is durable.
    Stored {
        /// Of the changes' anomalies, in order.
        anomalies: Vec<u32>,
        /// Of the incidents, in order.
        incidents: Vec<u32>,
        /// The object that nobody points at any more.
        replaced: Option<String>,
    },
    /// Somebody else judged up to this minute; nothing was written.
    Elsewhere { judged: Option<u32> },
}

/// Where detection stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detection {
    /// The last minute that was judged.
    pub judged: Option<u32>,
    /// The object that holds the state of all series, and the minute up to which it knows.
    pub checkpoint: Option<(u32, ObjectRef)>,
}

/// What is suspected behind an anomaly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundCause {
    /// In which minute it was looked for last.
    pub minute: u32,
    /// JSON.
    pub body: String,
}

/// Something that somebody said of an anomaly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFeedback {
    /// Unix milliseconds.
    pub at_ms: i64,
    /// JSON.
    pub body: String,
}

/// How an application wants to be watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnomalySettings {
    pub application_id: u32,
    /// JSON.
    pub body: String,
}

/// Which anomalies; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnomalyFilter {
    pub account_id: u32,
    /// Of one of these.
    pub applications: Option<Vec<u32>>,
    pub entity_kind: Option<u8>,
    pub entity_id: Option<u32>,
    pub measure: Option<u8>,
    pub suspect_id: Option<u32>,
    pub incident_id: Option<u32>,
    pub status: Option<AnomalyStatus>,
    /// That are so bad, or were at last; the model's number.
    pub level: Option<u8>,
    /// That were open in some minute of `from..until`.
    pub from_minute: u32,
    pub until_minute: u32,
}

/// Anomalies of all accounts.
pub trait Anomalies {
    /// Where detection stands.
    fn detection(&self) -> impl Future<Output = Result<Detection, StoreError>> + Send;

    /// All that are open, by rising id.
    fn open_anomalies(&self) -> impl Future<Output = Result<Vec<Anomaly>, StoreError>> + Send;

    /// Stores that a minute was judged, what that changed and where the state of that minute lies, in one transaction, if
    /// `after` was the last judged minute.
    fn judge_anomalies(
        &self,
        after: Option<u32>,
        minute: u32,
        changes: &[NewAnomalyChange],
        incidents: &[IncidentChange],
        checkpoint: Option<&ObjectRef>,
    ) -> impl Future<Output = Result<AnomalyOutcome, StoreError>> + Send;

    /// The `limit` anomalies that opened last, newest first, of the same minute the higher id first. With `before`
    /// (minute and id of the last one seen) those behind it.
    fn anomalies(
        &self,
        filter: &AnomalyFilter,
        before: Option<(u32, u32)>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Anomaly>, StoreError>> + Send;

    /// One of the account.
    fn anomaly(
        &self,
        account_id: u32,
        id: u32,
    ) -> impl Future<Output = Result<Option<Anomaly>, StoreError>> + Send;

    /// All that happened to an anomaly, in order.
    fn anomaly_changes(
        &self,
        id: u32,
    ) -> impl Future<Output = Result<Vec<AnomalyChange>, StoreError>> + Send;

    /// What is suspected behind an anomaly.
    fn anomaly_cause(
        &self,
        id: u32,
    ) -> impl Future<Output = Result<Option<FoundCause>, StoreError>> + Send;

    /// Forgets up to `limit` of those that were closed before a minute and returns how many it were.
    fn forget_anomalies(
        &self,
        closed_before: u32,
        limit: u32,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Adds to the log of what people said of an anomaly. `TooMany` when they have said enough, `NotFound` without it.
    fn add_anomaly_feedback(
        &self,
        id: u32,
        said: &StoredFeedback,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// What people said of an anomaly, in order.
    fn anomaly_feedback(
        &self,
        id: u32,
    ) -> impl Future<Output = Result<Vec<StoredFeedback>, StoreError>> + Send;

    /// The settings of all applications that have some, by application.
    fn anomaly_settings(
        &self,
    ) -> impl Future<Output = Result<Vec<StoredAnomalySettings>, StoreError>> + Send;

    /// Stores the settings of an application.
    fn set_anomaly_settings(
        &self,
        account_id: u32,
        settings: &StoredAnomalySettings,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl Anomalies for MetadataStore {
    async fn detection(&self) -> Result<Detection, StoreError> {
        let select = sql("SELECT minute, path, bytes FROM detection_checkpoint WHERE id = 1");
        let found = self.database.first("read where detection stands", select, |row| {
            Ok((row.int::<u32>(0)?, ObjectRef { path: row.text(1)?, bytes: row.unsigned(2)? }))
        });
        let checkpoint = found.await?.filter(|(_, object)| !object.path.is_empty());
        Ok(Detection { judged: judged::last(&self.database, Judge::Detection).await?, checkpoint })
    }

    async fn open_anomalies(&self) -> Result<Vec<Anomaly>, StoreError> {
        let select = sql(format!("{SELECT} WHERE status = ? ORDER BY id"));
        let select = select.bind(AnomalyStatus::Open as u8);
        Ok(self.database.list("list open anomalies", select, anomaly).await?)
    }

    async fn judge_anomalies(
        &self,
        after: Option<u32>,
        minute: u32,
        changes: &[NewAnomalyChange],
        incidents: &[IncidentChange],
        checkpoint: Option<&ObjectRef>,
    ) -> Result<AnomalyOutcome, StoreError> {
        changes.iter().try_for_each(write::check)?;
        incidents.iter().try_for_each(of_incidents::check)?;
        let judged = self.database.write("store what detection found", |mut tx| async move {
            let minute = write::Minute { after, minute, changes, incidents, checkpoint };
            let outcome = minute.judge(&mut tx).await?;
            Ok((tx, outcome))
        });
        Ok(judged.await?)
    }

    async fn anomalies(
        &self,
        filter: &AnomalyFilter,
        before: Option<(u32, u32)>,
        limit: u32,
    ) -> Result<Vec<Anomaly>, StoreError> {
        let select = read::page(filter, before, limit);
        Ok(self.database.list("list anomalies", select, anomaly).await?)
    }

    async fn anomaly(&self, account_id: u32, id: u32) -> Result<Option<Anomaly>, StoreError> {
        let select = sql(format!("{SELECT} WHERE account_id = ? AND id = ?"));
        let select = select.bind(account_id).bind(id);
        Ok(self.database.first("read an anomaly", select, anomaly).await?)
    }

    async fn anomaly_changes(&self, id: u32) -> Result<Vec<AnomalyChange>, StoreError> {
        let select = sql("SELECT kind, level, minute, summary FROM anomaly_changes \
                          WHERE anomaly_id = ? ORDER BY number");
        let changes = self.database.list("list an anomaly's changes", select.bind(id), |row| {
            Ok(AnomalyChange {
                kind: row.int(0)?,
                level: row.int(1)?,
                minute: row.int(2)?,
                summary: row.text(3)?,
            })
        });
        Ok(changes.await?)
    }

    async fn anomaly_cause(&self, id: u32) -> Result<Option<FoundCause>, StoreError> {
        let select = sql("SELECT minute, body FROM anomaly_causes WHERE anomaly_id = ?");
        let found = self.database.first("read an anomaly's cause", select.bind(id), |row| {
            Ok(FoundCause { minute: row.int(0)?, body: row.text(1)? })
        });
        Ok(found.await?)
    }

    async fn forget_anomalies(&self, closed_before: u32, limit: u32) -> Result<u64, StoreError> {
        let gone = self.database.write("forget old anomalies", |mut tx| async move {
            let gone = write::forget(&mut tx, "anomalies", closed_before, limit).await?;
            write::forget(&mut tx, "incidents", closed_before, limit).await?;
            Ok((tx, gone))
        });
        Ok(gone.await?)
    }

    async fn add_anomaly_feedback(&self, id: u32, said: &StoredFeedback) -> Result<(), StoreError> {
        at_most(MAX_SAID, "what is said of an anomaly", said.body.len())?;
        let added = self.database.write("store what was said of an anomaly", |mut tx| async move {
            write::add_feedback(&mut tx, id, said).await?;
            Ok((tx, ()))
        });
        Ok(added.await?)
    }

    async fn anomaly_feedback(&self, id: u32) -> Result<Vec<StoredFeedback>, StoreError> {
        let select = sql("SELECT at_ms, body FROM anomaly_feedback \
                          WHERE anomaly_id = ? ORDER BY number");
        let said = self.database.list("list what was said of an anomaly", select.bind(id), |row| {
            Ok(StoredFeedback { at_ms: row.int(0)?, body: row.text(1)? })
        });
        Ok(said.await?)
    }

    async fn anomaly_settings(&self) -> Result<Vec<StoredAnomalySettings>, StoreError> {
        let select =
            sql("SELECT application_id, body FROM anomaly_settings ORDER BY application_id");
        let all = self.database.list("list the settings of detection", select, |row| {
            Ok(StoredAnomalySettings { application_id: row.int(0)?, body: row.text(1)? })
        });
        Ok(all.await?)
    }

    async fn set_anomaly_settings(
        &self,
        account_id: u32,
        settings: &StoredAnomalySettings,
    ) -> Result<(), StoreError> {
        at_most(MAX_SETTINGS, "the settings of detection", settings.body.len())?;
        let set = self.database.write("store the settings of detection", |mut tx| async move {
            let or_update = tx.dialect().on_conflict_update("application_id", &["body"]);
            let insert =
                "INSERT INTO anomaly_settings (application_id, account_id, body) VALUES (?, ?, ?)";
            let insert = sql(format!("{insert}{or_update}"));
            let insert = insert.bind(settings.application_id).bind(account_id);
            tx.execute(insert.bind(settings.body.as_str())).await?;
            Ok((tx, ()))
        });
        Ok(set.await?)
    }
}
