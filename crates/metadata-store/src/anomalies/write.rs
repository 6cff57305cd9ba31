//! Writing what a minute's detection changed.

use sqlx::Error;

use super::{
    AnomalyOf, AnomalyOutcome, AnomalyStatus, ChangedAnomaly, MAX_ANOMALY_BODY, MAX_ANOMALY_CAUSE,
    MAX_ANOMALY_FEEDBACK, NewAnomalyChange, StoredFeedback,
};
use crate::database::{Tx, marks, sql};
use crate::error::{at_most, refuse};
use crate::judged::{self, Judge};
use crate::name::fits;
use crate::sequences::Sequence;
use crate::{IncidentChange, ObjectRef, StoreError, events, incidents};

pub(super) fn check(change: &NewAnomalyChange) -> Result<(), StoreError> {
    if let ChangedAnomaly::Opened { of, .. } = &change.id {
        fits("the name of an entity", &of.entity_name)?;
    }
    at_most(MAX_ANOMALY_BODY, "the body of an anomaly", change.standing.body.len())?;
    let cause = change.cause.as_ref().map_or(0, String::len);
    at_most(MAX_ANOMALY_CAUSE, "the cause of an anomaly", cause)?;
    change.event.as_ref().map_or(Ok(()), events::limits::check)
}

/// A minute's judgement.
#[derive(Clone, Copy)]
pub(super) struct Minute<'a> {
    pub(super) after: Option<u32>,
    pub(super) minute: u32,
    pub(super) changes: &'a [NewAnomalyChange],
    pub(super) incidents: &'a [IncidentChange],
    pub(super) checkpoint: Option<&'a ObjectRef>,
}

impl Minute<'_> {
    pub(super) async fn judge(self, tx: &mut Tx) -> Result<AnomalyOutcome, Error> {
        if let Err(judged) = judged::advance(tx, Judge::Detection, self.after, self.minute).await? {
            return Ok(AnomalyOutcome::Elsewhere { judged });
        }
        let mut anomalies = Vec::with_capacity(self.changes.len());
        for change in self.changes {
            anomalies.push(self.change(tx, change).await?);
        }
        let mut incidents = Vec::with_capacity(self.incidents.len());
        for change in self.incidents {
            incidents.push(incidents::store(tx, self.minute, change, &anomalies).await?);
        }
        let replaced = match self.checkpoint {
            Some(object) => self.point_at(tx, object).await?,
            None => None,
        };
        // Last, as whoever adds an event holds up all others who do.
        for (id, change) in anomalies.iter().zip(self.changes) {
            if let Some(mut event) = change.event.clone() {
                event.properties.push(("anomaly".to_owned(), id.to_string()));
                events::insert::insert(tx, &event).await?;
            }
        }
        Ok(AnomalyOutcome::Stored { anomalies, incidents, replaced })
    }

    async fn change(self, tx: &mut Tx, change: &NewAnomalyChange) -> Result<u32, Error> {
        let id = match &change.id {
            ChangedAnomaly::Opened { of, onset_minute } => {
                self.open(tx, of, *onset_minute, change).await?
            }
            ChangedAnomaly::Known(id) => {
                self.go_on(tx, *id, change).await?;
                *id
            }
        };
        if let Some((kind, summary)) = &change.happened {
            let select = sql("SELECT changes FROM anomalies WHERE id = ?").bind(id);
            let number: u32 = tx.row(select).await?.map_or(Ok(0), |row| row.int(0))?;
            let insert = sql("INSERT INTO anomaly_changes \
                 (anomaly_id, number, minute, kind, level, summary) VALUES (?, ?, ?, ?, ?, ?)");
            let insert = insert.bind(id).bind(number).bind(self.minute).bind(*kind);
            if number > 0 {
                tx.execute(insert.bind(change.standing.level).bind(summary.as_str())).await?;
            }
        }
        if let Some(cause) = &change.cause {
            let or_update = tx.dialect().on_conflict_update("anomaly_id", &["minute", "body"]);
            let insert = "INSERT INTO anomaly_causes (anomaly_id, minute, body) VALUES (?, ?, ?)";
            let insert = sql(format!("{insert}{or_update}"));
            tx.execute(insert.bind(id).bind(self.minute).bind(cause.as_str())).await?;
        }
        Ok(id)
    }

    async fn open(
        self,
        tx: &mut Tx,
        of: &AnomalyOf,
        onset_minute: u32,
        change: &NewAnomalyChange,
    ) -> Result<u32, Error> {
        let id = Sequence::Anomaly.take_one(tx).await?;
        let insert = sql("INSERT INTO anomalies (id, account_id, application_id, entity_kind, \
             entity_id, entity_name, measure, level, worst, status, onset_minute, opened_minute, \
             changed_minute, closed_minute, changes, suspect_id, incident_id, body) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 1, ?, 0, ?)");
        let standing = &change.standing;
        let insert = insert
            .bind(id)
            .bind(of.account_id)
            .bind(of.application_id)
            .bind(of.entity_kind)
            .bind(of.entity_id)
            .bind(of.entity_name.as_str())
            .bind(standing.measure)
            .bind(standing.level)
            .bind(standing.worst)
            .bind(standing.status as u8)
            .bind(onset_minute)
            .bind(self.minute)
            .bind(self.minute)
            .bind(standing.suspect_id)
            .bind(standing.body.as_str());
        tx.execute(insert).await?;
        Ok(id)
    }

    async fn go_on(self, tx: &mut Tx, id: u32, change: &NewAnomalyChange) -> Result<(), Error> {
        let standing = &change.standing;
        let closed = if standing.status == AnomalyStatus::Open { 0 } else { self.minute };
        let happened = u32::from(change.happened.is_some());
        let update = sql("UPDATE anomalies SET measure = ?, level = ?, worst = ?, status = ?, \
             closed_minute = ?, changes = changes + ?, suspect_id = ?, body = ?, \
             changed_minute = CASE WHEN ? > 0 THEN ? ELSE changed_minute END WHERE id = ?");
        let update = update
            .bind(standing.measure)
            .bind(standing.level)
            .bind(standing.worst)
            .bind(standing.status as u8)
            .bind(closed)
            .bind(happened)
            .bind(standing.suspect_id)
            .bind(standing.body.as_str())
            .bind(happened)
            .bind(self.minute)
            .bind(id);
        tx.execute(update).await.map(drop)
    }

    async fn point_at(self, tx: &mut Tx, object: &ObjectRef) -> Result<Option<String>, Error> {
        let select = sql("SELECT path FROM detection_checkpoint WHERE id = 1");
        let before = tx.row(select).await?.map_or(Ok(String::new()), |row| row.text(0))?;
        let update =
            sql("UPDATE detection_checkpoint SET minute = ?, path = ?, bytes = ? WHERE id = 1");
        let update = update.bind(self.minute).bind(object.path.as_str()).bind(object.bytes);
        tx.execute(update).await?;
        Ok(Some(before).filter(|path| !path.is_empty() && *path != object.path))
    }
}

/// Forgets up to `limit` rows of a table that were closed before a minute.
pub(super) async fn forget(
    tx: &mut Tx,
    table: &'static str,
    closed_before: u32,
    limit: u32,
) -> Result<u64, Error> {
    let select = sql(format!(
        "SELECT id FROM {table} WHERE closed_minute > 0 AND closed_minute < ? \
         ORDER BY closed_minute, id LIMIT ?"
    ));
    let rows = tx.rows(select.bind(closed_before).bind(limit)).await?;
    let ids: Vec<u32> = rows.iter().map(|row| row.int(0)).collect::<Result<_, _>>()?;
    if ids.is_empty() {
        return Ok(0);
    }
    let delete = sql(format!("DELETE FROM {table} WHERE id IN ({})", marks(ids.len())));
    tx.execute(delete.bind_all(ids)).await
}

pub(super) async fn add_feedback(tx: &mut Tx, id: u32, said: &StoredFeedback) -> Result<(), Error> {
    // Whoever speaks of an anomaly waits for others who do.
    let lock = tx.dialect().for_update("SELECT id FROM anomalies WHERE id = ?");
    if tx.row(sql(lock).bind(id)).await?.is_none() {
        return Err(refuse(StoreError::NotFound { what: "anomaly", id: id.into() }));
    }
    let select = sql("SELECT COUNT(*) FROM anomaly_feedback WHERE anomaly_id = ?").bind(id);
    let number: u32 = tx.row(select).await?.map_or(Ok(0), |row| row.int(0))?;
    if number >= MAX_ANOMALY_FEEDBACK {
        let limit = MAX_ANOMALY_FEEDBACK as usize;
        return Err(refuse(StoreError::TooMany { what: "remarks on this anomaly", limit }));
    }
    let insert =
        sql("INSERT INTO anomaly_feedback (anomaly_id, number, at_ms, body) VALUES (?, ?, ?, ?)");
    let insert = insert.bind(id).bind(number + 1).bind(said.at_ms).bind(said.body.as_str());
    tx.execute(insert).await.map(drop)
}
