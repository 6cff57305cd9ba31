//! What health rules found: violations with all that happened to them, and up to which minute everything was judged.
//!
//! A minute's changes, their events and the mark that the minute was judged are one transaction, written only by who
//! saw the minute before as the last judged one. So a minute that was judged twice, after a crash or by two Controllers,
//! leaves one trace.

mod write;

use std::{collections::BTreeSet, future::Future};

use crate::database::{Query, Row, sql};
use crate::judged::{self, Judge};
use crate::name::fits;
use crate::{MetadataStore, NewEvent, StoreError};

/// Changes of one violation that are kept; later ones that only say that it goes on are not.
pub const MAX_CHANGES: u32 = 1000;
/// Bytes of evidence.
pub const MAX_EVIDENCE: usize = 64 * 1024;

/// How a violation stands; the numbers are persisted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ViolationStatus {
    Open = 1,
    /// The rule holds again.
    Resolved = 2,
    /// Nobody can say any more: rule or entity changed, or went.
    Canceled = 3,
}

impl ViolationStatus {
    fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Open,
            2 => Self::Resolved,
            _ => Self::Canceled,
        }
    }
}

/// What is violated, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violated {
    pub account_id: u32,
    pub application_id: u32,
    pub rule_id: u32,
    pub rule_version: u32,
    /// As it was called when the violation opened.
    pub rule_name: String,
    pub entity_kind: u8,
    pub entity_id: u32,
    /// As it was called when the violation opened.
    pub entity_name: String,
}

/// A violation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub id: u32,
    pub violated: Violated,
    /// How bad it is, or was at last; the model's number.
    pub level: u8,
    pub status: ViolationStatus,
    /// Minutes since 1970.
    pub opened_minute: u32,
    /// Of its last change.
    pub changed_minute: u32,
    /// When it was last said that it is there.
    pub told_minute: u32,
    /// 0 while it is open.
    pub closed_minute: u32,
    /// JSON: what decided its last change.
    pub evidence: String,
}

/// Something that happened to a violation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViolationChange {
    /// The model's number.
    pub kind: u8,
    pub level: u8,
    pub minute: u32,
    /// JSON.
    pub evidence: String,
}

/// A change to be stored, with its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewViolationChange {
    pub of: ChangeOf,
    pub status: ViolationStatus,
    pub kind: u8,
    pub level: u8,
    /// At most [`MAX_EVIDENCE`] bytes.
    pub evidence: String,
    /// Gets the property `violation` with the violation's id.
    pub event: NewEvent,
}

/// Which violation changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeOf {
    /// A new one.
    Opened(Violated),
    Known(u32),
}

/// How judging a minute ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JudgeOutcome {
    /// All is durable; the ids of the changes' violations in order.
    Stored(Vec<u32>),
    /// Somebody else judged up to this minute; nothing was written.
    Elsewhere { judged: Option<u32> },
}

/// Which violations; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ViolationFilter {
    pub account_id: u32,
    /// Of one of these.
    pub applications: Option<Vec<u32>>,
    pub entity_id: Option<u32>,
    pub rule_id: Option<u32>,
    pub status: Option<ViolationStatus>,
    pub level: Option<u8>,
    /// That were open in some minute of `from..until`.
    pub from_minute: u32,
    pub until_minute: u32,
}

/// Violations of all accounts.
pub trait Violations {
    /// The last minute that was judged; none before the first.
    fn judged_minute(&self) -> impl Future<Output = Result<Option<u32>, StoreError>> + Send;

    /// All that are open, by rising id.
    fn open_violations(&self) -> impl Future<Output = Result<Vec<Violation>, StoreError>> + Send;

    /// Stores that a minute was judged, and what that changed, in one transaction, if `after` was the last judged minute.
    fn judge(
        &self,
        after: Option<u32>,
        minute: u32,
        changes: &[NewViolationChange],
    ) -> impl Future<Output = Result<JudgeOutcome, StoreError>> + Send;

    /// The `limit` violations that opened last, newest first, of the same minute the higher id first. With `before`
    /// (minute and id of the last one seen) those behind it.
    fn violations(
        &self,
        filter: &ViolationFilter,
        before: Option<(u32, u32)>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<Violation>, StoreError>> + Send;

    /// One of the account.
    fn violation(
        &self,
        account_id: u32,
        id: u32,
    ) -> impl Future<Output = Result<Option<Violation>, StoreError>> + Send;

    /// All that happened to a violation, in order.
    fn violation_changes(
        &self,
        id: u32,
    ) -> impl Future<Output = Result<Vec<ViolationChange>, StoreError>> + Send;

    /// A health rule, as JSON, as it was in a version by which a violation opened that is still known.
    fn rule_of_violation(
        &self,
        rule_id: u32,
        version: u32,
    ) -> impl Future<Output = Result<Option<String>, StoreError>> + Send;

    /// Forgets up to `limit` of those that were closed before a minute and returns how many it were.
    fn forget_violations(
        &self,
        closed_before: u32,
        limit: u32,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

const SELECT: &str = "SELECT id, account_id, application_id, rule_id, rule_version, rule_name, \
     entity_kind, entity_id, entity_name, level, status, opened_minute, changed_minute, told_minute, \
     closed_minute, evidence FROM violations ";

impl Violations for MetadataStore {
    async fn judged_minute(&self) -> Result<Option<u32>, StoreError> {
        judged::last(&self.database, Judge::HealthRules).await
    }

    async fn open_violations(&self) -> Result<Vec<Violation>, StoreError> {
        let select = sql(format!("{SELECT} WHERE status = ? ORDER BY id"));
        let select = select.bind(ViolationStatus::Open as u8);
        Ok(self.database.list("list open violations", select, violation).await?)
    }

    async fn judge(
        &self,
        after: Option<u32>,
        minute: u32,
        changes: &[NewViolationChange],
    ) -> Result<JudgeOutcome, StoreError> {
        for change in changes {
            write::check(change)?;
        }
        let judged = self.database.write("store what health rules found", |mut tx| async move {
            let outcome = write::judge(&mut tx, after, minute, changes).await?;
            Ok((tx, outcome))
        });
        Ok(judged.await?)
    }

    async fn violations(
        &self,
        filter: &ViolationFilter,
        before: Option<(u32, u32)>,
        limit: u32,
    ) -> Result<Vec<Violation>, StoreError> {
        let select = page(filter, before, limit);
        Ok(self.database.list("list violations", select, violation).await?)
    }

    async fn violation(&self, account_id: u32, id: u32) -> Result<Option<Violation>, StoreError> {
        let select = sql(format!("{SELECT} WHERE account_id = ? AND id = ?"));
        let select = select.bind(account_id).bind(id);
        Ok(self.database.first("read a violation", select, violation).await?)
    }

    async fn violation_changes(&self, id: u32) -> Result<Vec<ViolationChange>, StoreError> {
        let select = sql("SELECT kind, level, minute, evidence FROM violation_changes \
                          WHERE violation_id = ? ORDER BY number");
        let changes = self.database.list("list a violation's changes", select.bind(id), |row| {
            Ok(ViolationChange {
                kind: row.int(0)?,
                level: row.int(1)?,
                minute: row.int(2)?,
                evidence: row.text(3)?,
            })
        });
        Ok(changes.await?)
    }

    async fn rule_of_violation(
        &self,
        rule_id: u32,
        version: u32,
    ) -> Result<Option<String>, StoreError> {
        let select = sql("SELECT body FROM health_rule_versions WHERE rule_id = ? AND version = ?");
        let select = select.bind(rule_id).bind(version);
        Ok(self.database.first("read a rule as it was", select, |row| row.text(0)).await?)
    }

    async fn forget_violations(&self, closed_before: u32, limit: u32) -> Result<u64, StoreError> {
        let select = sql("SELECT id, rule_id, rule_version FROM violations \
                          WHERE closed_minute > 0 AND closed_minute < ? \
                          ORDER BY closed_minute, id LIMIT ?");
        let select = select.bind(closed_before).bind(limit);
        let old = self.database.list("find old violations", select, |row| {
            Ok((row.int::<u32>(0)?, row.int::<u32>(1)?, row.int::<u32>(2)?))
        });
        let old = old.await?;
        if old.is_empty() {
            return Ok(0);
        }
        let ids: Vec<u32> = old.iter().map(|(id, ..)| *id).collect();
        let rules: BTreeSet<(u32, u32)> =
            old.into_iter().map(|(_, rule, version)| (rule, version)).collect();
        let forgotten = self.database.write("forget old violations", |mut tx| {
            let (ids, rules) = (ids.clone(), rules.clone());
            async move {
                let forgotten = write::forget(&mut tx, ids, &rules).await?;
                Ok((tx, forgotten))
            }
        });
        Ok(forgotten.await?)
    }
}

fn page(filter: &ViolationFilter, before: Option<(u32, u32)>, limit: u32) -> Query {
    let mut text = format!(
        "{SELECT} WHERE account_id = ? AND opened_minute < ? \
         AND (closed_minute = 0 OR closed_minute > ?)"
    );
    let number = |status: ViolationStatus| u32::from(status as u8);
    let wanted = [
        ("entity_id", filter.entity_id),
        ("rule_id", filter.rule_id),
        ("status", filter.status.map(number)),
        ("level", filter.level.map(u32::from)),
    ];
    for (column, _) in wanted.iter().filter(|(_, value)| value.is_some()) {
        text.push_str(&format!(" AND {column} = ?"));
    }
    match filter.applications.as_deref() {
        Some([]) => text.push_str(" AND 1 = 0"),
        Some(some) => {
            text.push_str(&format!(
                " AND application_id IN ({})",
                crate::database::marks(some.len())
            ));
        }
        None => {}
    }
    if before.is_some() {
        text.push_str(" AND (opened_minute < ? OR (opened_minute = ? AND id < ?))");
    }
    text.push_str(" ORDER BY opened_minute DESC, id DESC LIMIT ?");
    let query = sql(text)
        .bind(filter.account_id)
        .bind(filter.until_minute)
        .bind(filter.from_minute)
        .bind_all(wanted.into_iter().filter_map(|(_, value)| value))
        .bind_all(filter.applications.iter().flatten().copied());
    let query = match before {
        Some((minute, id)) => query.bind(minute).bind(minute).bind(id),
        None => query,
    };
    query.bind(limit)
}

fn violation(row: &Row) -> Result<Violation, sqlx::Error> {
    Ok(Violation {
        id: row.int(0)?,
        violated: Violated {
            account_id: row.int(1)?,
            application_id: row.int(2)?,
            rule_id: row.int(3)?,
            rule_version: row.int(4)?,
            rule_name: row.text(5)?,
            entity_kind: row.int(6)?,
            entity_id: row.int(7)?,
            entity_name: row.text(8)?,
        },
        level: row.int(9)?,
        status: ViolationStatus::from_number(row.int(10)?),
        opened_minute: row.int(11)?,
        changed_minute: row.int(12)?,
        told_minute: row.int(13)?,
        closed_minute: row.int(14)?,
        evidence: row.text(15)?,
    })
}

/// Refuses names that do not fit their columns.
fn check_names(violated: &Violated) -> Result<(), StoreError> {
    fits("the name of a health rule", &violated.rule_name)?;
    fits("the name of an entity", &violated.entity_name)
}
