//! The catalogue's tables: reading rows into its types and writing them back. No decisions.

use std::collections::HashMap;

use sqlx::Error;

use super::super::decide::{Consumer, LastCut};
use super::super::{CommittedOffset, ObjectRef, PartitionOffset, SegmentMeta};
use crate::database::{Database, Failure, Row, Tx, marks, sql};

/// Ids per statement; SQLite takes 32,766 arguments, and a segment has 15.
const CHUNK: usize = 500;

const SEGMENT_COLUMNS: &str = "id, account_id, table_id, period_start_ms, period_ms, level, path, size_bytes, \
     row_total, min_time_ns, max_time_ns, rolled_up, format, created_ms, detail";
const SEGMENT_MARKS: &str = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

pub(super) async fn segments(tx: &mut Tx) -> Result<Vec<SegmentMeta>, Error> {
    let select = format!("SELECT {SEGMENT_COLUMNS} FROM segments ORDER BY id");
    tx.rows(sql(select)).await?.iter().map(segment).collect()
}

fn segment(row: &Row) -> Result<SegmentMeta, Error> {
    Ok(SegmentMeta {
        id: row.unsigned(0)?,
        account: row.int(1)?,
        table: row.int(2)?,
        period_start_ms: row.int(3)?,
        period_ms: row.int(4)?,
        level: row.int(5)?,
        path: row.text(6)?,
        bytes: row.unsigned(7)?,
        rows: row.unsigned(8)?,
        min_time_ns: row.int(9)?,
        max_time_ns: row.int(10)?,
        rolled_up: row.flag(11)?,
        format: row.int(12)?,
        created_ms: row.int(13)?,
        detail: row.text(14)?,
    })
}

pub(super) async fn insert_segments(tx: &mut Tx, segments: &[SegmentMeta]) -> Result<(), Error> {
    for chunk in segments.chunks(CHUNK) {
        let values = vec![SEGMENT_MARKS; chunk.len()].join(", ");
        let mut insert = sql(format!("INSERT INTO segments ({SEGMENT_COLUMNS}) VALUES {values}"));
        for segment in chunk {
            insert = insert
                .bind(segment.id)
                .bind(segment.account)
                .bind(segment.table)
                .bind(segment.period_start_ms)
                .bind(segment.period_ms)
                .bind(segment.level)
                .bind(segment.path.as_str())
                .bind(segment.bytes)
                .bind(segment.rows)
                .bind(segment.min_time_ns)
                .bind(segment.max_time_ns)
                .bind(segment.rolled_up)
                .bind(segment.format)
                .bind(segment.created_ms)
                .bind(segment.detail.as_str());
        }
        tx.execute(insert).await?;
    }
    Ok(())
}

/// Those of `ids` that are there, and whether they are rolled up.
pub(super) async fn present(tx: &mut Tx, ids: &[u64]) -> Result<HashMap<u64, bool>, Error> {
    let mut present = HashMap::new();
    for chunk in ids.chunks(CHUNK) {
        let marks = marks(chunk.len());
        let select = format!("SELECT id, rolled_up FROM segments WHERE id IN ({marks})");
        for row in tx.rows(sql(select).bind_all(chunk.iter().copied())).await? {
            present.insert(row.unsigned(0)?, row.flag(1)?);
        }
    }
    Ok(present)
}

pub(super) async fn delete_segments(tx: &mut Tx, ids: &[u64]) -> Result<(), Error> {
    for chunk in ids.chunks(CHUNK) {
        let delete = format!("DELETE FROM segments WHERE id IN ({})", marks(chunk.len()));
        tx.execute(sql(delete).bind_all(chunk.iter().copied())).await?;
    }
    Ok(())
}

pub(super) async fn mark_rolled_up(tx: &mut Tx, ids: &[u64]) -> Result<(), Error> {
    for chunk in ids.chunks(CHUNK) {
        let marks = marks(chunk.len());
        let update = format!("UPDATE segments SET rolled_up = 1 WHERE id IN ({marks})");
        tx.execute(sql(update).bind_all(chunk.iter().copied())).await?;
    }
    Ok(())
}

/// The consumer as it stands, without its last cut; the default for one that nobody has claimed.
pub(super) async fn consumer(tx: &mut Tx, name: &str) -> Result<Consumer, Error> {
    let select = "SELECT epoch, checkpoint_path, checkpoint_bytes FROM consumers WHERE name = ?";
    let Some(row) = tx.row(sql(select).bind(name)).await? else {
        return Ok(Consumer::default());
    };
    let checkpoint = ObjectRef { path: row.text(1)?, bytes: row.unsigned(2)? };
    let mut consumer = Consumer {
        epoch: row.unsigned(0)?,
        checkpoint: Some(checkpoint).filter(|object| !object.path.is_empty()),
        ..Consumer::default()
    };
    let select = "SELECT partition_id, committed FROM consumer_offsets WHERE consumer = ?";
    for row in tx.rows(sql(select).bind(name)).await? {
        consumer.offsets.insert(row.int(0)?, row.unsigned(1)?);
    }
    Ok(consumer)
}

/// Writes epoch and checkpoint; offsets have rows of their own.
pub(super) async fn save_consumer(
    tx: &mut Tx,
    name: &str,
    consumer: &Consumer,
) -> Result<(), Error> {
    let columns = ["epoch", "checkpoint_path", "checkpoint_bytes"];
    let upsert = format!(
        "INSERT INTO consumers (name, epoch, checkpoint_path, checkpoint_bytes) VALUES (?, ?, ?, ?){}",
        tx.dialect().on_conflict_update("name", &columns)
    );
    let (path, bytes) =
        consumer.checkpoint.as_ref().map_or(("", 0), |object| (&object.path, object.bytes));
    tx.execute(sql(upsert).bind(name).bind(consumer.epoch).bind(path).bind(bytes)).await?;
    Ok(())
}

pub(super) async fn save_offset(
    tx: &mut Tx,
    consumer: &str,
    (partition, offset): PartitionOffset,
) -> Result<(), Error> {
    let upsert = format!(
        "INSERT INTO consumer_offsets (consumer, partition_id, committed) VALUES (?, ?, ?){}",
        tx.dialect().on_conflict_update("consumer, partition_id", &["committed"])
    );
    tx.execute(sql(upsert).bind(consumer).bind(partition).bind(offset)).await?;
    Ok(())
}

pub(super) async fn last_cut(
    tx: &mut Tx,
    consumer: &str,
    epoch: u64,
) -> Result<Option<LastCut>, Error> {
    let select = "SELECT fingerprint, version, replaced_checkpoint FROM cuts \
                  WHERE consumer = ? AND epoch = ?";
    let Some(row) = tx.row(sql(select).bind(consumer).bind(epoch)).await? else {
        return Ok(None);
    };
    Ok(Some(LastCut {
        fingerprint: row.hash(0)?,
        version: row.unsigned(1)?,
        replaced_checkpoint: Some(row.text(2)?).filter(|path| !path.is_empty()),
    }))
}

pub(super) async fn save_last_cut(
    tx: &mut Tx,
    consumer: &str,
    epoch: u64,
    cut: &LastCut,
) -> Result<(), Error> {
    let columns = ["fingerprint", "version", "replaced_checkpoint"];
    let upsert = format!(
        "INSERT INTO cuts (consumer, epoch, fingerprint, version, replaced_checkpoint) \
         VALUES (?, ?, ?, ?, ?){}",
        tx.dialect().on_conflict_update("consumer, epoch", &columns)
    );
    let upsert = sql(upsert)
        .bind(consumer)
        .bind(epoch)
        .bind(cut.fingerprint)
        .bind(cut.version)
        .bind(cut.replaced_checkpoint.as_deref().unwrap_or_default());
    tx.execute(upsert).await?;
    Ok(())
}

pub(super) async fn committed_offsets(
    database: &Database,
) -> Result<Vec<CommittedOffset>, Failure> {
    let select = "SELECT consumer, partition_id, committed FROM consumer_offsets \
                  ORDER BY consumer, partition_id";
    database
        .list("read the committed offsets", sql(select), |row| {
            Ok(CommittedOffset {
                consumer: row.text(0)?,
                partition: row.int(1)?,
                offset: row.unsigned(2)?,
            })
        })
        .await
}
