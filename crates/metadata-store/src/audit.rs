//! The audit log: who did what, when and from where.
//!
//! An entry that goes with a change of this store is written in the transaction of the change. Entries are never changed;
//! they go when they are older than the caller keeps them.

use std::borrow::Cow;
use std::future::Future;

use crate::database::{Row, Tx, sql};
use crate::sequences::Sequence;
use crate::{MAX_NAME_CHARS, MetadataStore, StoreError};

/// Bytes that are kept of a state before or after.
pub const MAX_AUDITED_STATE: usize = 16 * 1024;
/// Entries that one call forgets at most.
const FORGOTTEN_AT_ONCE: u32 = 1_000;

/// What kind of somebody did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorKind {
    /// Vedette itself, or somebody at its command line.
    System,
    User,
    ApiClient,
    /// Somebody who did not sign in.
    Stranger,
}

impl ActorKind {
    fn code(self) -> u32 {
        match self {
            Self::System => 0,
            Self::User => 1,
            Self::ApiClient => 2,
            Self::Stranger => 3,
        }
    }

    fn of_code(code: u32) -> Self {
        match code {
            1 => Self::User,
            2 => Self::ApiClient,
            3 => Self::Stranger,
            _ => Self::System,
        }
    }
}

/// An entry to be written. Texts that are too long are cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAudit {
    pub account_id: u32,
    /// Unix milliseconds.
    pub at_ms: i64,
    pub actor_kind: ActorKind,
    pub actor: String,
    /// Where it came from, an IP address; empty where that is not known.
    pub address: String,
    /// `create`, `change`, `sign in`.
    pub action: String,
    /// `user`, `role`, `access key`.
    pub object_type: String,
    /// Of what is only now made it is filled in by the store; empty: none.
    pub object_id: String,
    pub object_name: String,
    /// JSON without secrets; empty where there was or is nothing.
    pub before: String,
    pub after: String,
}

/// An entry as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    pub id: u64,
    pub entry: NewAudit,
}

/// Which entries: all that are given have to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    pub account_id: u32,
    /// Half open, Unix milliseconds.
    pub from_ms: i64,
    pub to_ms: i64,
    pub actor: Option<String>,
    pub action: Option<String>,
    pub object_type: Option<String>,
    /// What actor, object's name or object's id contain, whatever their case.
    pub text: Option<String>,
    /// The last entry that was seen, as its time and id.
    pub after: Option<(i64, u64)>,
    pub limit: u32,
}

/// Writing, searching and forgetting entries.
pub trait AuditLog {
    /// Writes an entry that goes with no change of this store.
    fn record_audit(&self, entry: &NewAudit)
    -> impl Future<Output = Result<(), StoreError>> + Send;

    /// One page, newest first.
    fn audit(
        &self,
        query: &AuditQuery,
    ) -> impl Future<Output = Result<Vec<AuditEntry>, StoreError>> + Send;

    /// Forgets the oldest entries of before `before_ms`, some at a time, and returns how many; 0 when none is left.
    fn forget_audit(&self, before_ms: i64) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

impl AuditLog for MetadataStore {
    async fn record_audit(&self, entry: &NewAudit) -> Result<(), StoreError> {
        let written = self.database.write("write the audit log", |mut tx| async move {
            record(&mut tx, entry).await?;
            Ok((tx, ()))
        });
        Ok(written.await?)
    }

    async fn audit(&self, query: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        let mut text = String::from(
            "SELECT id, account_id, at_ms, actor_kind, actor, address, action, object_type, object_id, object_name, \
             state_before, state_after FROM audit WHERE account_id = ? AND at_ms >= ? AND at_ms < ?",
        );
        let words = [
            (" AND actor = ?", &query.actor),
            (" AND action = ?", &query.action),
            (" AND object_type = ?", &query.object_type),
        ];
        for (condition, value) in words {
            if value.is_some() {
                text.push_str(condition);
            }
        }
        if query.text.is_some() {
            text.push_str(
                " AND (LOWER(actor) LIKE ? ESCAPE '!' OR LOWER(object_name) LIKE ? ESCAPE '!' OR object_id LIKE ? ESCAPE '!')",
            );
        }
        if query.after.is_some() {
            text.push_str(" AND (at_ms < ? OR (at_ms = ? AND id < ?))");
        }
        text.push_str(" ORDER BY at_ms DESC, id DESC LIMIT ?");
        let mut select = sql(text).bind(query.account_id).bind(query.from_ms).bind(query.to_ms);
        select = select.bind_all(words.iter().filter_map(|(_, value)| value.as_deref()));
        if let Some(part) = &query.text {
            let part = like(part);
            select = select.bind_all([part.as_str(); 3]);
        }
        if let Some((at_ms, id)) = query.after {
            select = select.bind(at_ms).bind(at_ms).bind(id);
        }
        let select = select.bind(query.limit);
        Ok(self.database.list("read the audit log", select, audit_entry).await?)
    }

    async fn forget_audit(&self, before_ms: i64) -> Result<u64, StoreError> {
        let forgotten = self.database.write("shorten the audit log", |mut tx| async move {
            let oldest = sql("SELECT id FROM audit WHERE at_ms < ? ORDER BY id LIMIT ?");
            let rows = tx.rows(oldest.bind(before_ms).bind(FORGOTTEN_AT_ONCE)).await?;
            let Some(last) = rows.last() else { return Ok((tx, 0)) };
            let last = last.unsigned(0)?;
            let delete = sql("DELETE FROM audit WHERE at_ms < ? AND id <= ?");
            let gone = tx.execute(delete.bind(before_ms).bind(last)).await?;
            Ok((tx, gone))
        });
        Ok(forgotten.await?)
    }
}

/// Writes an entry in the transaction of what it tells of.
pub(crate) async fn record(tx: &mut Tx, entry: &NewAudit) -> Result<(), sqlx::Error> {
    let id = Sequence::Audit.take(tx, 1).await?;
    let insert = sql(
        "INSERT INTO audit (id, account_id, at_ms, actor_kind, actor, address, action, object_type, object_id, \
         object_name, state_before, state_after) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    let insert = insert
        .bind(id)
        .bind(entry.account_id)
        .bind(entry.at_ms)
        .bind(entry.actor_kind.code())
        .bind(&*short(&entry.actor))
        .bind(&*short(&entry.address))
        .bind(&*short(&entry.action))
        .bind(&*short(&entry.object_type))
        .bind(&*short(&entry.object_id))
        .bind(&*short(&entry.object_name))
        .bind(cut(&entry.before))
        .bind(cut(&entry.after));
    tx.execute(insert).await.map(drop)
}

/// The same for something that was only now given its id.
pub(crate) async fn record_made(tx: &mut Tx, entry: &NewAudit, id: u32) -> Result<(), sqlx::Error> {
    record(tx, &NewAudit { object_id: id.to_string(), ..entry.clone() }).await
}

fn short(text: &str) -> Cow<'_, str> {
    if text.chars().count() <= MAX_NAME_CHARS {
        return text.into();
    }
    text.chars().take(MAX_NAME_CHARS - 1).chain(['…']).collect::<String>().into()
}

/// A state that is too long says so instead of being half of JSON.
fn cut(state: &str) -> &str {
    if state.len() <= MAX_AUDITED_STATE { state } else { "\"longer than is kept\"" }
}

/// What a LIKE with `!` as its escape finds this part by.
fn like(part: &str) -> String {
    let mut pattern = String::from("%");
    for letter in part.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

fn audit_entry(row: &Row) -> Result<AuditEntry, sqlx::Error> {
    Ok(AuditEntry {
        id: row.unsigned(0)?,
        entry: NewAudit {
            account_id: row.int(1)?,
            at_ms: row.int(2)?,
            actor_kind: ActorKind::of_code(row.int(3)?),
            actor: row.text(4)?,
            address: row.text(5)?,
            action: row.text(6)?,
            object_type: row.text(7)?,
            object_id: row.text(8)?,
            object_name: row.text(9)?,
            before: row.text(10)?,
            after: row.text(11)?,
        },
    })
}
