//! Writing events: once per key, in the order of their ids, as many as may be.

use sqlx::Error;

use super::{Added, EntityRef, NewEvent, limits};
use crate::database::{Tx, marks, sql};
use crate::sequences::Sequence;

/// Stores one event in whatever transaction it belongs to; before it began the caller has had it checked
/// ([`limits::check`]). Until that transaction ends nobody else gets an id, so it
/// is the last that a transaction does after it has locked its own rows. `Refused` writes a count and nothing else:
/// whether the rest is still wanted is for the caller to say.
pub(crate) async fn insert(tx: &mut Tx, event: &NewEvent) -> Result<Added, Error> {
    Sequence::Event.lock(tx).await?;
    if let Some(key) = event.key
        && let Some((id, repeats)) = find(tx, event.account_id, key).await?
    {
        if event.repeats > repeats {
            happened_again(tx, id, event).await?;
        }
        return Ok(Added::Known(id));
    }
    if stored(tx, event.account_id).await? >= limits::most_with(event) as u64 {
        total(tx, event.account_id, "refused").await?;
        return Ok(Added::Refused);
    }
    let id = Sequence::Event.take_one(tx).await?;
    row(tx, id, event).await?;
    entities(tx, id, event).await?;
    total(tx, event.account_id, "stored").await?;
    Ok(Added::New(id))
}

async fn find(tx: &mut Tx, account_id: u32, key: [u8; 16]) -> Result<Option<(u32, u32)>, Error> {
    let select = sql("SELECT id, repeats FROM events WHERE account_id = ? AND event_key = ?");
    let found = tx.row(select.bind(account_id).bind(key)).await?;
    found.map(|row| Ok((row.int(0)?, row.int(1)?))).transpose()
}

/// Read as it is now, not as this transaction first saw it.
async fn stored(tx: &mut Tx, account_id: u32) -> Result<u64, Error> {
    let select = tx.dialect().for_update("SELECT stored FROM event_totals WHERE account_id = ?");
    tx.row(sql(select).bind(account_id)).await?.map_or(Ok(0), |row| row.int(0))
}

async fn happened_again(tx: &mut Tx, id: u32, event: &NewEvent) -> Result<(), Error> {
    let update = sql("UPDATE events SET repeats = ?, summary = ?, comment = ?, folded = ?, \
                      properties = ?, detail = ?, severity = ? WHERE id = ?");
    let update = update
        .bind(event.repeats)
        .bind(event.summary.as_str())
        .bind(event.comment.as_str())
        .bind(folded(event))
        .bind(json(&event.properties))
        .bind(event.detail.as_str())
        .bind(event.severity as u8)
        .bind(id);
    tx.execute(update).await.map(drop)
}

async fn row(tx: &mut Tx, id: u32, event: &NewEvent) -> Result<(), Error> {
    let insert = sql("INSERT INTO events (id, account_id, application_id, event_key, kind, \
                      sub_type, severity, time_ms, repeats, summary, comment, folded, affected, \
                      triggered, properties, detail, is_read, is_resolved) \
                      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)");
    let affected: Vec<_> = event.affected.iter().map(plain).collect();
    let insert = insert
        .bind(id)
        .bind(event.account_id)
        .bind(event.application_id.unwrap_or(0))
        .bind(event.key.unwrap_or_else(random_key))
        .bind(event.kind.as_str())
        .bind(event.sub_type.as_str())
        .bind(event.severity as u8)
        .bind(event.time_ms)
        .bind(event.repeats)
        .bind(event.summary.as_str())
        .bind(event.comment.as_str())
        .bind(folded(event))
        .bind(json(&affected))
        .bind(json(&event.triggered.as_ref().map(plain)))
        .bind(json(&event.properties))
        .bind(event.detail.as_str());
    tx.execute(insert).await.map(drop)
}

/// Each entity once, what made the event among them.
async fn entities(tx: &mut Tx, id: u32, event: &NewEvent) -> Result<(), Error> {
    let mut all: Vec<(u8, u32)> =
        event.affected.iter().chain(&event.triggered).map(|one| (one.kind, one.id)).collect();
    all.sort_unstable();
    all.dedup();
    if all.is_empty() {
        return Ok(());
    }
    let values = vec!["(?, ?, ?)"; all.len()].join(", ");
    let mut insert = sql(format!(
        "INSERT INTO event_entities (entity_kind, entity_id, event_id) VALUES {values}"
    ));
    for (kind, entity) in all {
        insert = insert.bind(kind).bind(entity).bind(id);
    }
    tx.execute(insert).await.map(drop)
}

/// Adds one to a column of the account's totals.
async fn total(tx: &mut Tx, account_id: u32, column: &'static str) -> Result<(), Error> {
    let raise = format!("UPDATE event_totals SET {column} = {column} + 1 WHERE account_id = ?");
    if tx.execute(sql(raise).bind(account_id)).await? == 0 {
        let first = format!(
            "INSERT INTO event_totals (account_id, stored, refused) VALUES (?, {}, {})",
            i32::from(column == "stored"),
            i32::from(column == "refused")
        );
        tx.execute(sql(first).bind(account_id)).await?;
    }
    Ok(())
}

/// Deletes the account's oldest events before a time, at most `limit`.
pub(super) async fn delete_before(
    tx: &mut Tx,
    account_id: u32,
    time_ms: i64,
    limit: u32,
) -> Result<u64, Error> {
    Sequence::Event.lock(tx).await?;
    let oldest = sql("SELECT id FROM events WHERE account_id = ? AND time_ms < ? \
                      ORDER BY time_ms, id LIMIT ?");
    let rows = tx.rows(oldest.bind(account_id).bind(time_ms).bind(limit)).await?;
    let ids: Vec<u32> = rows.iter().map(|row| row.int(0)).collect::<Result<_, _>>()?;
    let mut deleted = 0;
    for chunk in ids.chunks(CHUNK) {
        let delete = format!("DELETE FROM events WHERE id IN ({})", marks(chunk.len()));
        deleted += tx.execute(sql(delete).bind_all(chunk.iter().copied())).await?;
    }
    let lower = sql("UPDATE event_totals SET stored = stored - ? WHERE account_id = ?");
    tx.execute(lower.bind(deleted).bind(account_id)).await?;
    Ok(deleted)
}

/// Ids per statement, of the 32,766 arguments that SQLite takes.
const CHUNK: usize = 500;

/// What a search looks through. Made here, because databases disagree about capitals beyond ASCII.
fn folded(event: &NewEvent) -> String {
    format!("{}\n{}", event.summary, event.comment).to_lowercase()
}

fn plain(entity: &EntityRef) -> (u8, u32, &str) {
    (entity.kind, entity.id, &entity.name)
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("numbers and texts are JSON")
}

/// Of an event that is another one each time.
fn random_key() -> [u8; 16] {
    let mut key = [0u8; 16];
    getrandom::fill(&mut key).expect("the operating system has randomness");
    key
}
