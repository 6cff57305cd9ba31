//! Noting when many entities were last seen.

use std::collections::BTreeMap;

use sqlx::Error;

use crate::database::{Tx, marks, sql};

/// Entities per statement; each takes three of the 32,766 arguments that SQLite takes.
const CHUNK: usize = 500;

/// Each id once, with its latest time, by rising id: all writers lock rows in one order.
pub(super) fn latest_of_each(seen: &[(u32, i64)]) -> Vec<(u32, i64)> {
    let mut latest = BTreeMap::new();
    for (id, seen_ms) in seen {
        let entry = latest.entry(*id).or_insert(*seen_ms);
        *entry = (*entry).max(*seen_ms);
    }
    latest.into_iter().collect()
}

pub(super) async fn touch(tx: &mut Tx, latest: &[(u32, i64)]) -> Result<(), Error> {
    for chunk in latest.chunks(CHUNK) {
        let cases = "WHEN ? THEN ? ".repeat(chunk.len());
        let update = format!(
            "UPDATE entities SET last_seen_ms = {}(last_seen_ms, CASE id {cases} END) WHERE id IN ({})",
            tx.dialect().greatest(),
            marks(chunk.len())
        );
        let mut update = sql(update);
        for (id, seen_ms) in chunk {
            update = update.bind(*id).bind(*seen_ms);
        }
        tx.execute(update.bind_all(chunk.iter().map(|(id, _)| *id))).await?;
    }
    Ok(())
}
