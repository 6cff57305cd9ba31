//! Incidents: anomalies and violations that have one cause.

use std::collections::BTreeMap;
use std::future::Future;

use sqlx::Error;

use crate::anomalies::{SELECT as SELECT_ANOMALY, anomaly, opened_page};
use crate::database::{Row, Tx, marks, sql};
use crate::error::at_most;
use crate::sequences::Sequence;
use crate::{Anomaly, AnomalyStatus, MetadataStore, StoreError};

/// Violations that are noted of one incident.
pub const MAX_INCIDENT_VIOLATIONS: u32 = 500;
/// Bytes of an incident's body.
const MAX_BODY: usize = 64 * 1024;

/// An incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    pub id: u32,
    pub account_id: u32,
    pub application_id: u32,
    pub status: AnomalyStatus,
    /// How bad the worst of it is, or was; the model's number.
    pub level: u8,
    pub opened_minute: u32,
    /// 0 while it is open.
    pub closed_minute: u32,
    /// JSON.
    pub body: String,
}

/// Which incident changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncidentOf {
    Opened { account_id: u32, application_id: u32 },
    Known(u32),
}

/// A change of an incident, stored with the changes of anomalies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentChange {
    pub of: IncidentOf,
    pub status: AnomalyStatus,
    pub level: u8,
    pub body: String,
    /// What joins it.
    pub joined: IncidentMembers,
}

/// Members of an incident.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncidentMembers {
    /// By the place of their change in the same transaction.
    pub changed: Vec<usize>,
    pub violations: Vec<u32>,
}

/// Which incidents; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncidentFilter {
    pub account_id: u32,
    pub applications: Option<Vec<u32>>,
    pub status: Option<AnomalyStatus>,
    /// That were open in some minute of `from..until`.
    pub from_minute: u32,
    pub until_minute: u32,
}

/// Incidents of all accounts; they are changed by [`crate::Anomalies::judge_anomalies`].
pub trait Incidents {
    /// All that are open, by rising id.
    fn open_incidents(&self) -> impl Future<Output = Result<Vec<Incident>, StoreError>> + Send;

    /// The `limit` incidents that opened last; see [`crate::Anomalies::anomalies`].
    fn incidents(
        &self,
        filter: &IncidentFilter,
        before: Option<(u32, u32)>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Incident>, StoreError>> + Send;

    /// One of the account.
    fn incident(
        &self,
        account_id: u32,
        id: u32,
    ) -> impl Future<Output = Result<Option<Incident>, StoreError>> + Send;

    /// The first `limit` anomalies of an incident, by id.
    fn incident_anomalies(
        &self,
        id: u32,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Anomaly>, StoreError>> + Send;

    /// How many anomalies and violations each of these has.
    fn incident_counts(
        &self,
        ids: &[u32],
    ) -> impl Future<Output = Result<BTreeMap<u32, [u32; 2]>, StoreError>> + Send;

    /// The ids of its violations, rising.
    fn incident_violations(
        &self,
        id: u32,
    ) -> impl Future<Output = Result<Vec<u32>, StoreError>> + Send;
}

const SELECT: &str = "SELECT id, account_id, application_id, status, level, opened_minute, closed_minute, body \
     FROM incidents ";

impl Incidents for MetadataStore {
    async fn open_incidents(&self) -> Result<Vec<Incident>, StoreError> {
        let select = sql(format!("{SELECT} WHERE status = ? ORDER BY id"));
        let select = select.bind(AnomalyStatus::Open as u8);
        Ok(self.database.list("list open incidents", select, incident).await?)
    }

    async fn incidents(
        &self,
        filter: &IncidentFilter,
        before: Option<(u32, u32)>,
        limit: u32,
    ) -> Result<Vec<Incident>, StoreError> {
        let wanted = [("status", filter.status.map(|status| u32::from(status as u8)))];
        let times = [filter.from_minute, filter.until_minute];
        let applications = filter.applications.as_deref();
        let select =
            opened_page(SELECT, filter.account_id, times, applications, &wanted, before, limit);
        Ok(self.database.list("list incidents", select, incident).await?)
    }

    async fn incident(&self, account_id: u32, id: u32) -> Result<Option<Incident>, StoreError> {
        let select = sql(format!("{SELECT} WHERE account_id = ? AND id = ?"));
        let select = select.bind(account_id).bind(id);
        Ok(self.database.first("read an incident", select, incident).await?)
    }

    async fn incident_anomalies(&self, id: u32, limit: u32) -> Result<Vec<Anomaly>, StoreError> {
        let select = sql(format!("{SELECT_ANOMALY} WHERE incident_id = ? ORDER BY id LIMIT ?"));
        let select = select.bind(id).bind(limit);
        Ok(self.database.list("list an incident's anomalies", select, anomaly).await?)
    }

    async fn incident_counts(&self, ids: &[u32]) -> Result<BTreeMap<u32, [u32; 2]>, StoreError> {
        let mut counts: BTreeMap<u32, [u32; 2]> = ids.iter().map(|id| (*id, [0, 0])).collect();
        if ids.is_empty() {
            return Ok(counts);
        }
        for (place, table) in ["anomalies", "incident_violations"].into_iter().enumerate() {
            let marks = marks(ids.len());
            let select = sql(format!(
                "SELECT incident_id, COUNT(*) FROM {table} WHERE incident_id IN ({marks}) GROUP BY incident_id"
            ));
            let select = select.bind_all(ids.iter().copied());
            let counted = self.database.list("count what belongs to incidents", select, |row| {
                Ok((row.int::<u32>(0)?, row.int::<u32>(1)?))
            });
            for (id, count) in counted.await? {
                counts.entry(id).or_default()[place] = count;
            }
        }
        Ok(counts)
    }

    async fn incident_violations(&self, id: u32) -> Result<Vec<u32>, StoreError> {
        let select = sql("SELECT violation_id FROM incident_violations \
                          WHERE incident_id = ? ORDER BY violation_id");
        let ids =
            self.database.list("list an incident's violations", select.bind(id), |row| row.int(0));
        Ok(ids.await?)
    }
}

pub(crate) fn check(change: &IncidentChange) -> Result<(), StoreError> {
    at_most(MAX_BODY, "the body of an incident", change.body.len())
}

/// Stores a change, whose anomalies have these ids by the places of their changes, and returns the incident's id.
pub(crate) async fn store(
    tx: &mut Tx,
    minute: u32,
    change: &IncidentChange,
    anomalies: &[u32],
) -> Result<u32, Error> {
    let closed = if change.status == AnomalyStatus::Open { 0 } else { minute };
    let body = change.body.as_str();
    let id = match change.of {
        IncidentOf::Known(id) => {
            let update =
                sql("UPDATE incidents SET status = ?, level = ?, closed_minute = ?, body = ? \
                              WHERE id = ?");
            let update = update.bind(change.status as u8).bind(change.level).bind(closed);
            tx.execute(update.bind(body).bind(id)).await?;
            id
        }
        IncidentOf::Opened { account_id, application_id } => {
            let id = Sequence::Incident.take_one(tx).await?;
            let insert =
                sql("INSERT INTO incidents (id, account_id, application_id, status, level, \
                 opened_minute, closed_minute, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
            let insert = insert
                .bind(id)
                .bind(account_id)
                .bind(application_id)
                .bind(change.status as u8)
                .bind(change.level)
                .bind(minute)
                .bind(closed)
                .bind(body);
            tx.execute(insert).await?;
            id
        }
    };
    for place in &change.joined.changed {
        let Some(anomaly) = anomalies.get(*place) else { continue };
        let update = sql("UPDATE anomalies SET incident_id = ? WHERE id = ?");
        tx.execute(update.bind(id).bind(*anomaly)).await?;
    }
    join_violations(tx, id, &change.joined.violations).await?;
    Ok(id)
}

async fn join_violations(tx: &mut Tx, id: u32, violations: &[u32]) -> Result<(), Error> {
    if violations.is_empty() {
        return Ok(());
    }
    let select = sql("SELECT violation_id FROM incident_violations WHERE incident_id = ?").bind(id);
    let rows = tx.rows(select).await?;
    let mut known: Vec<u32> = rows.iter().map(|row| row.int(0)).collect::<Result<_, _>>()?;
    for violation in violations {
        if known.contains(violation) || known.len() >= MAX_INCIDENT_VIOLATIONS as usize {
            continue;
        }
        known.push(*violation);
        let insert =
            sql("INSERT INTO incident_violations (incident_id, violation_id) VALUES (?, ?)");
        tx.execute(insert.bind(id).bind(*violation)).await?;
    }
    Ok(())
}

fn incident(row: &Row) -> Result<Incident, Error> {
    Ok(Incident {
        id: row.int(0)?,
        account_id: row.int(1)?,
        application_id: row.int(2)?,
        status: AnomalyStatus::from_number(row.int(3)?),
        level: row.int(4)?,
        opened_minute: row.int(5)?,
        closed_minute: row.int(6)?,
        body: row.text(7)?,
    })
}
