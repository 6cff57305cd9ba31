//! Deliveries of notices, and how far events were read for them.
//!
//! Reading on and what it led to is one transaction ([`Deliveries::advance_alerts`]): whoever dies in between reads the
//! same events again and comes to the same deliveries. An attempt is noted after it was made, so that one whose note was lost is
//! made again: at least once on the wire.
//!
//! What has the same cause reaches an action in order: a delivery waits until those before it are done or given up.

use std::future::Future;

use crate::database::{Row, Tx, sql};
use crate::error::at_most;
use crate::name::name_key;
use crate::sequences::Sequence;
use crate::{MetadataStore, StoreError};

/// Bytes of what is undecided between two steps.
pub const MAX_ALERT_STATE: usize = 8 << 20;
/// Bytes of one notice, and of the log of its attempts.
pub const MAX_NOTICE_BYTES: usize = 256 << 10;

/// How far events were read, and what is undecided of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlertProgress {
    /// The last event read.
    pub after_event: u32,
    /// One more with each step.
    pub version: u64,
    /// Of whoever reads; empty before the first step.
    pub state: Vec<u8>,
}

/// How a delivery stands; the numbers are persisted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum DeliveryState {
    /// To be sent when it is due.
    Pending = 0,
    Delivered = 1,
    /// Tried as often as may be, or refused for good.
    GaveUp = 2,
    /// Never to be sent: a suppression was on.
    Suppressed = 3,
}

impl DeliveryState {
    fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Pending,
            1 => Self::Delivered,
            3 => Self::Suppressed,
            _ => Self::GaveUp,
        }
    }
}

/// A delivery to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    pub account_id: u32,
    pub application_id: Option<u32>,
    /// Of an alert config: a policy or a digest; 0 for a test.
    pub policy_id: u32,
    pub action_id: u32,
    /// Deliveries of the same cause by the same action are due one after the other. Empty: it waits for no other.
    pub cause: String,
    pub state: DeliveryState,
    /// Unix milliseconds.
    pub created_ms: i64,
    pub due_ms: i64,
    /// One line.
    pub title: String,
    /// JSON; at most [`MAX_NOTICE_BYTES`].
    pub notice: String,
    /// JSON; at most [`MAX_NOTICE_BYTES`].
    pub log: String,
    /// The violations that it is about.
    pub violations: Vec<u32>,
}

/// A stored delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub id: u32,
    pub account_id: u32,
    pub application_id: Option<u32>,
    pub policy_id: u32,
    pub action_id: u32,
    pub state: DeliveryState,
    pub created_ms: i64,
    /// When the next attempt is, of one that is pending.
    pub due_ms: i64,
    pub attempts: u32,
    pub title: String,
    pub notice: String,
    /// The attempts, as the caller wrote them.
    pub log: String,
}

/// Which deliveries; `None` means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    pub account_id: u32,
    /// Those of these applications, which leaves out what is of the whole account.
    pub applications: Option<Vec<u32>>,
    pub policy_id: Option<u32>,
    pub action_id: Option<u32>,
    pub state: Option<DeliveryState>,
    /// About this violation.
    pub violation_id: Option<u32>,
}

/// An attempt that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempted {
    pub id: u32,
    /// How many attempts there were before it: another number means that somebody else noted it.
    pub attempts_before: u32,
    pub state: DeliveryState,
    pub due_ms: i64,
    /// All attempts, this one included; at most [`MAX_NOTICE_BYTES`].
    pub log: String,
}

/// Deliveries of all accounts.
pub trait Deliveries {
    /// How far events were read.
    fn alert_progress(&self) -> impl Future<Output = Result<AlertProgress, StoreError>> + Send;

    /// Moves on from version `from`, with the deliveries that this led to: all of it or nothing. `false` when
    /// somebody else has moved on; nothing is written then.
    fn advance_alerts(
        &self,
        from: u64,
        after_event: u32,
        state: &[u8],
        deliveries: &[NewDelivery],
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Stores one delivery.
    fn add_delivery(
        &self,
        delivery: &NewDelivery,
    ) -> impl Future<Output = Result<u32, StoreError>> + Send;

    /// Up to `limit` pending ones due by `now_ms`: of each action the one due first, then of each the second, and so on, so that
    /// none waits for what another has much of. Of one cause by one action only the first that is pending, whenever that is due.
    fn due_deliveries(
        &self,
        now_ms: i64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Delivery>, StoreError>> + Send;

    /// Notes an attempt; `false` when it was noted before, or the delivery is gone.
    fn note_attempt(
        &self,
        attempt: &Attempted,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// The newest `limit` deliveries with ids below `before` (0: all), newest first.
    fn deliveries(
        &self,
        filter: &DeliveryFilter,
        before: u32,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Delivery>, StoreError>> + Send;

    /// One delivery of the account.
    fn delivery(
        &self,
        account_id: u32,
        id: u32,
    ) -> impl Future<Output = Result<Option<Delivery>, StoreError>> + Send;

    /// Deletes up to 1,000 deliveries made before a time that are not pending; returns how many.
    fn delete_deliveries_before(
        &self,
        time_ms: i64,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

macro_rules! select_deliveries {
    ($rest:literal) => {
        concat!(
            "SELECT id, account_id, application_id, policy_id, action_id, state, created_ms, \
             due_ms, attempts, title, notice, log FROM deliveries ",
            $rest
        )
    };
}

impl Deliveries for MetadataStore {
    async fn alert_progress(&self) -> Result<AlertProgress, StoreError> {
        let select = sql("SELECT after_event, version, state FROM alert_progress WHERE id = 1");
        let found = self.database.first("read how far events were read", select, |row| {
            Ok(AlertProgress {
                after_event: row.int(0)?,
                version: row.unsigned(1)?,
                state: row.bytes(2)?,
            })
        });
        Ok(found.await?.unwrap_or_default())
    }

    async fn advance_alerts(
        &self,
        from: u64,
        after_event: u32,
        state: &[u8],
        deliveries: &[NewDelivery],
    ) -> Result<bool, StoreError> {
        at_most(MAX_ALERT_STATE, "what is undecided of events", state.len())?;
        deliveries.iter().try_for_each(check)?;
        let moved = self.database.write("read on in events", |mut tx| async move {
            let update = sql("UPDATE alert_progress SET after_event = ?, version = version + 1, \
                              state = ? WHERE id = 1 AND version = ?");
            let update = update.bind(after_event).bind(state).bind(from);
            let moved = tx.execute(update).await? > 0;
            if moved {
                for delivery in deliveries {
                    insert(&mut tx, delivery).await?;
                }
            }
            Ok((tx, moved))
        });
        Ok(moved.await?)
    }

    async fn add_delivery(&self, delivery: &NewDelivery) -> Result<u32, StoreError> {
        check(delivery)?;
        let added = self.database.write("store a delivery", |mut tx| async move {
            let id = insert(&mut tx, delivery).await?;
            Ok((tx, id))
        });
        Ok(added.await?)
    }

    async fn due_deliveries(&self, now_ms: i64, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let select = sql(select_deliveries!(
            "JOIN (SELECT one.id AS due_id, ROW_NUMBER() OVER (\
             PARTITION BY one.account_id, one.action_id ORDER BY one.due_ms, one.id) AS turn \
             FROM deliveries one WHERE one.state = 0 AND one.due_ms <= ? AND NOT EXISTS (\
             SELECT earlier.delivery_id FROM undelivered own JOIN undelivered earlier \
             ON earlier.account_id = own.account_id AND earlier.action_id = own.action_id \
             AND earlier.cause_key = own.cause_key AND earlier.delivery_id < own.delivery_id \
             WHERE own.delivery_id = one.id)) due ON due.due_id = deliveries.id \
             ORDER BY due.turn, due_ms, id LIMIT ?"
        ));
        let select = select.bind(now_ms).bind(limit);
        Ok(self.database.list("list deliveries that are due", select, read).await?)
    }

    async fn note_attempt(&self, attempt: &Attempted) -> Result<bool, StoreError> {
        at_most(MAX_NOTICE_BYTES, "the log of a delivery", attempt.log.len())?;
        let noted = self.database.write("note an attempt to deliver", |mut tx| async move {
            let update = sql("UPDATE deliveries SET state = ?, due_ms = ?, attempts = ?, log = ? \
                              WHERE id = ? AND state = 0 AND attempts = ?");
            let update = update
                .bind(attempt.state as u8)
                .bind(attempt.due_ms)
                .bind(attempt.attempts_before + 1)
                .bind(attempt.log.as_str())
                .bind(attempt.id)
                .bind(attempt.attempts_before);
            let noted = tx.execute(update).await? > 0;
            if noted && attempt.state != DeliveryState::Pending {
                let done = sql("DELETE FROM undelivered WHERE delivery_id = ?");
                tx.execute(done.bind(attempt.id)).await?;
            }
            Ok((tx, noted))
        });
        Ok(noted.await?)
    }

    async fn deliveries(
        &self,
        filter: &DeliveryFilter,
        before: u32,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let before = if before == 0 { u32::MAX } else { before };
        if filter.applications.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Vec::new());
        }
        let wanted = [
            ("policy_id", filter.policy_id),
            ("action_id", filter.action_id),
            ("state", filter.state.map(|state| state as u32)),
        ];
        let mut text = select_deliveries!("WHERE account_id = ? AND id < ?").to_owned();
        for (column, _) in wanted.iter().filter(|(_, value)| value.is_some()) {
            text.push_str(&format!(" AND {column} = ?"));
        }
        if let Some(applications) = &filter.applications {
            let marks = crate::database::marks(applications.len());
            text.push_str(&format!(" AND application_id IN ({marks})"));
        }
        if filter.violation_id.is_some() {
            text.push_str(
                " AND id IN (SELECT delivery_id FROM delivery_violations WHERE violation_id = ?)",
            );
        }
        text.push_str(" ORDER BY id DESC LIMIT ?");
        let select = sql(text).bind(filter.account_id).bind(before);
        let select = select
            .bind_all(wanted.iter().filter_map(|(_, value)| *value))
            .bind_all(filter.applications.iter().flatten().copied())
            .bind_all(filter.violation_id)
            .bind(limit);
        Ok(self.database.list("list deliveries", select, read).await?)
    }

    async fn delivery(&self, account_id: u32, id: u32) -> Result<Option<Delivery>, StoreError> {
        let select = sql(select_deliveries!("WHERE account_id = ? AND id = ?"));
        let select = select.bind(account_id).bind(id);
        Ok(self.database.first("read a delivery", select, read).await?)
    }

    async fn delete_deliveries_before(&self, time_ms: i64) -> Result<u64, StoreError> {
        let old = sql("SELECT id FROM deliveries WHERE state <> 0 AND created_ms < ? \
                       ORDER BY id LIMIT 1000");
        let old = old.bind(time_ms);
        let ids: Vec<u32> =
            self.database.list("list old deliveries", old, |row| row.int(0)).await?;
        if ids.is_empty() {
            return Ok(0);
        }
        let delete =
            format!("DELETE FROM deliveries WHERE id IN ({})", crate::database::marks(ids.len()));
        Ok(self.database.execute("delete old deliveries", sql(delete).bind_all(ids)).await?)
    }
}

fn check(delivery: &NewDelivery) -> Result<(), StoreError> {
    at_most(MAX_NOTICE_BYTES, "a notice", delivery.notice.len())?;
    at_most(MAX_NOTICE_BYTES, "the log of a delivery", delivery.log.len())
}

async fn insert(tx: &mut Tx, delivery: &NewDelivery) -> Result<u32, sqlx::Error> {
    let id = Sequence::Delivery.take_one(tx).await?;
    let insert =
        sql("INSERT INTO deliveries (id, account_id, application_id, policy_id, action_id, \
                      state, created_ms, due_ms, attempts, title, notice, log) \
                      VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)");
    let insert = insert
        .bind(id)
        .bind(delivery.account_id)
        .bind(delivery.application_id.unwrap_or(0))
        .bind(delivery.policy_id)
        .bind(delivery.action_id)
        .bind(delivery.state as u8)
        .bind(delivery.created_ms)
        .bind(delivery.due_ms)
        .bind(delivery.title.as_str())
        .bind(delivery.notice.as_str())
        .bind(delivery.log.as_str());
    tx.execute(insert).await?;
    if delivery.state == DeliveryState::Pending && !delivery.cause.is_empty() {
        let waits = sql("INSERT INTO undelivered (delivery_id, account_id, action_id, cause_key) \
                         VALUES (?, ?, ?, ?)");
        let waits = waits.bind(id).bind(delivery.account_id).bind(delivery.action_id);
        tx.execute(waits.bind(name_key(&delivery.cause))).await?;
    }
    for violation in &delivery.violations {
        let about =
            sql("INSERT INTO delivery_violations (violation_id, delivery_id) VALUES (?, ?)");
        tx.execute(about.bind(*violation).bind(id)).await?;
    }
    Ok(id)
}

fn read(row: &Row) -> Result<Delivery, sqlx::Error> {
    Ok(Delivery {
        id: row.int(0)?,
        account_id: row.int(1)?,
        application_id: Some(row.int(2)?).filter(|id| *id != 0),
        policy_id: row.int(3)?,
        action_id: row.int(4)?,
        state: DeliveryState::from_number(row.int(5)?),
        created_ms: row.int(6)?,
        due_ms: row.int(7)?,
        attempts: row.int(8)?,
        title: row.text(9)?,
        notice: row.text(10)?,
        log: row.text(11)?,
    })
}
