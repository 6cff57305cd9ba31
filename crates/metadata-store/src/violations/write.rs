//! Writing what a minute's judgement changed.

use std::collections::BTreeSet;

use sqlx::Error;

use super::{
    ChangeOf, JudgeOutcome, MAX_CHANGES, MAX_EVIDENCE, NewViolationChange, Violated,
    ViolationStatus, check_names,
};
use crate::database::{Tx, sql};
use crate::error::at_most;
use crate::judged::{self, Judge};
use crate::sequences::Sequence;
use crate::{StoreError, events};

pub(super) fn check(change: &NewViolationChange) -> Result<(), StoreError> {
    if let ChangeOf::Opened(violated) = &change.of {
        check_names(violated)?;
    }
    at_most(MAX_EVIDENCE, "the evidence of a violation", change.evidence.len())?;
    events::limits::check(&change.event)
}

pub(super) async fn judge(
    tx: &mut Tx,
    after: Option<u32>,
    minute: u32,
    changes: &[NewViolationChange],
) -> Result<JudgeOutcome, Error> {
    if let Err(judged) = judged::advance(tx, Judge::HealthRules, after, minute).await? {
        return Ok(JudgeOutcome::Elsewhere { judged });
    }
    let mut ids = Vec::with_capacity(changes.len());
    let mut kept = BTreeSet::new();
    for change in changes {
        ids.push(match &change.of {
            ChangeOf::Opened(violated) => {
                if kept.insert((violated.rule_id, violated.rule_version)) {
                    keep_rule(tx, violated).await?;
                }
                open(tx, violated, minute, change).await?
            }
            ChangeOf::Known(id) => go_on(tx, *id, minute, change).await?,
        });
    }
    // Last, as whoever adds an event holds up all others who do.
    for (id, change) in ids.iter().zip(changes) {
        let mut event = change.event.clone();
        event.properties.push(("violation".to_owned(), id.to_string()));
        events::insert::insert(tx, &event).await?;
    }
    Ok(JudgeOutcome::Stored(ids))
}

/// Keeps the rule as it is, unless it has been changed meanwhile: then the violation ends in the next minute.
async fn keep_rule(tx: &mut Tx, violated: &Violated) -> Result<(), Error> {
    let (rule, version) = (violated.rule_id, violated.rule_version);
    let known = sql("SELECT rule_id FROM health_rule_versions WHERE rule_id = ? AND version = ?");
    if tx.row(known.bind(rule).bind(version)).await?.is_some() {
        return Ok(());
    }
    let insert = sql("INSERT INTO health_rule_versions (rule_id, version, body) \
         SELECT id, version, body FROM health_rules WHERE id = ? AND version = ?");
    tx.execute(insert.bind(rule).bind(version)).await.map(drop)
}

/// Forgets violations, and of the rules by which they opened what no other one needs.
pub(super) async fn forget(
    tx: &mut Tx,
    ids: Vec<u32>,
    rules: &BTreeSet<(u32, u32)>,
) -> Result<u64, Error> {
    let marks = crate::database::marks(ids.len());
    let delete = sql(format!("DELETE FROM violations WHERE id IN ({marks})")).bind_all(ids);
    let forgotten = tx.execute(delete).await?;
    for (rule, version) in rules {
        let other = sql("SELECT id FROM violations WHERE rule_id = ? AND rule_version = ? LIMIT 1");
        if tx.row(other.bind(*rule).bind(*version)).await?.is_none() {
            let delete = sql("DELETE FROM health_rule_versions WHERE rule_id = ? AND version = ?");
            tx.execute(delete.bind(*rule).bind(*version)).await?;
        }
    }
    Ok(forgotten)
}

async fn open(
    tx: &mut Tx,
    violated: &Violated,
    minute: u32,
    change: &NewViolationChange,
) -> Result<u32, Error> {
    let id = Sequence::Violation.take_one(tx).await?;
    let insert = sql("INSERT INTO violations (id, account_id, application_id, rule_id, \
         rule_version, rule_name, entity_kind, entity_id, entity_name, level, status, opened_minute, \
         changed_minute, told_minute, closed_minute, changes, evidence) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 1, ?)");
    let insert = insert
        .bind(id)
        .bind(violated.account_id)
        .bind(violated.application_id)
        .bind(violated.rule_id)
        .bind(violated.rule_version)
        .bind(violated.rule_name.as_str())
        .bind(violated.entity_kind)
        .bind(violated.entity_id)
        .bind(violated.entity_name.as_str())
        .bind(change.level)
        .bind(change.status as u8)
        .bind(minute)
        .bind(minute)
        .bind(minute)
        .bind(change.evidence.as_str());
    tx.execute(insert).await?;
    note(tx, id, 1, minute, change).await?;
    Ok(id)
}

async fn go_on(
    tx: &mut Tx,
    id: u32,
    minute: u32,
    change: &NewViolationChange,
) -> Result<u32, Error> {
    let closed = if change.status == ViolationStatus::Open { 0 } else { minute };
    let update = sql("UPDATE violations SET level = ?, status = ?, changed_minute = ?, \
         told_minute = ?, closed_minute = ?, changes = changes + 1, evidence = ? WHERE id = ?");
    let update = update
        .bind(change.level)
        .bind(change.status as u8)
        .bind(minute)
        .bind(minute)
        .bind(closed)
        .bind(change.evidence.as_str())
        .bind(id);
    tx.execute(update).await?;
    let select = sql("SELECT changes FROM violations WHERE id = ?").bind(id);
    let number: u32 = tx.row(select).await?.map_or(Ok(0), |row| row.int(0))?;
    let is_kept = number <= MAX_CHANGES || change.status != ViolationStatus::Open;
    if number > 0 && is_kept {
        note(tx, id, number, minute, change).await?;
    }
    Ok(id)
}

async fn note(
    tx: &mut Tx,
    id: u32,
    number: u32,
    minute: u32,
    change: &NewViolationChange,
) -> Result<(), Error> {
    let insert = sql("INSERT INTO violation_changes \
         (violation_id, number, minute, kind, level, evidence) VALUES (?, ?, ?, ?, ?, ?)");
    let insert = insert
        .bind(id)
        .bind(number)
        .bind(minute)
        .bind(change.kind)
        .bind(change.level)
        .bind(change.evidence.as_str());
    tx.execute(insert).await.map(drop)
}
