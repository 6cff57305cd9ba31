//! Upkeep: merging small segments, rolling minutes up, dropping what is over its retention.
//!
//! [`plan`] decides from the catalogue's facts alone; [`Store::upkeep`] does one job at a time. A job that a crash
//! interrupts leaves files that the next start removes, and is simply planned again.

mod done;
mod merge;
mod outputs;
mod plan;
mod rollup;
mod trusted;

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, atomic::Ordering},
};

use daemon::disk::Space;
use metadata_store::{ReplaceOutcome, Replacement, SegmentMeta};
use tracing::warn;

pub(crate) use self::done::Done;
pub(crate) use self::plan::is_expired;
use self::plan::plan_within;
pub use self::{
    plan::{Job, Retention},
    trusted::TrustedTime,
};
use crate::{
    cut::{Piece, Pieces},
    store::{SEGMENTS, Segment, Store, StoreError, failed},
    table::Table,
};

impl Store {
    /// As [`Store::upkeep_by`], where the clock is right.
    ///
    /// # Errors
    /// As [`Store::upkeep_by`].
    pub fn upkeep(&self, now_ms: i64, retention: &Retention) -> Result<Option<Job>, StoreError> {
        self.upkeep_by(now_ms, now_ms, retention)
    }

    /// Does the most urgent job, if there is one, and says which. Run by one task; beside cuts and queries. What is over its
    /// retention is told by a time of its own, see [`TrustedTime`].
    ///
    /// # Errors
    /// When disk or catalogue refuse; nothing has changed then.
    pub fn upkeep_by(
        &self,
        now_ms: i64,
        trusted_ms: i64,
        retention: &Retention,
    ) -> Result<Option<Job>, StoreError> {
        let mut listing = self.catalogue.snapshot()?;
        // What is damaged is not read again; it goes when its time is over.
        listing.segments.retain_mut(|segment| {
            let damaged = self.is_damaged(segment.id);
            segment.rolled_up |= damaged;
            !damaged || plan::is_expired(segment, trusted_ms, retention)
        });
        // A disk that cannot tell counts as having room.
        let space = self.disk.free_space(Path::new(SEGMENTS));
        let space = space.unwrap_or(Space { free: u64::MAX, total: 0 });
        let job = plan_within(
            &listing.segments,
            (now_ms, trusted_ms),
            retention,
            space,
            self.merge_bytes,
        );
        let Some(job) = job else { return Ok(None) };
        let replacement = match &job {
            Job::MakeRoom { segments } => {
                self.note_made_room(&listing.segments, segments, space);
                Replacement { remove: segments.clone(), ..Replacement::default() }
            }
            Job::Drop { segments } => {
                Replacement { remove: segments.clone(), ..Replacement::default() }
            }
            Job::Merge { table, segments, level } => {
                self.merge(*table, segments, *level, now_ms)
                    .inspect_err(|error| self.note_what_failed(error))?
            }
            Job::RollUp { table, segments } => self
                .roll_up(*table, segments, now_ms)
                .inspect_err(|error| self.note_what_failed(error))?,
        };
        // Superseded: someone else changed the same segments. The files just written are removed at the next start.
        if let ReplaceOutcome::Replaced { .. } = self.catalogue.replace_segments(&replacement)? {
            self.reload()?;
            self.done.note(&job);
        }
        Ok(Some(job))
    }

    /// When the newest segment was written, by the clock of then, Unix milliseconds.
    pub fn newest_segment_ms(&self) -> Option<i64> {
        self.pin().segments.by_id.values().map(|segment| segment.meta.created_ms).max()
    }

    /// Counts what goes before its time, and says so.
    fn note_made_room(&self, listed: &[SegmentMeta], ids: &[u64], space: Space) {
        let dropped = || listed.iter().filter(|segment| ids.contains(&segment.id));
        let bytes: u64 = dropped().map(|segment| segment.bytes).sum();
        self.dropped_for_room.fetch_add(bytes, Ordering::Relaxed);
        let tables: BTreeSet<&str> = dropped()
            .filter_map(|segment| Table::from_number(segment.table).map(Table::name))
            .collect();
        let Space { free, total } = space;
        warn!(
            bytes,
            ?tables,
            free,
            total,
            "the disk is nearly full: the oldest data go before their time"
        );
    }

    /// Remembers which segment a job failed at, so that the next one goes without it.
    fn note_what_failed(&self, error: &StoreError) {
        let StoreError::Segment(error) = error else { return };
        let pin = self.pin();
        let is_it = |segment: &&Arc<Segment>| error.path() == Some(segment.meta.path.as_str());
        if let Some(segment) = pin.segments.by_id.values().find(is_it).filter(|_| error.is_damage())
        {
            self.note_damage(segment, error);
        }
    }

    /// Writes pieces and makes them durable.
    fn store_pieces(
        &self,
        pieces: &[Piece],
        level: u8,
        now_ms: i64,
    ) -> Result<Vec<SegmentMeta>, StoreError> {
        let count = u32::try_from(pieces.len()).expect("a job has few pieces");
        let first = self.catalogue.allocate_segment_ids(count)?;
        let mut written = Pieces::new(self);
        for (id, piece) in (first..).zip(pieces) {
            written.add(piece, id, level, now_ms)?;
        }
        for table in pieces.iter().map(|piece| piece.table) {
            let dir = Path::new(SEGMENTS).join(table.name());
            self.disk.sync_dir(&dir).map_err(failed("syncing", &dir))?;
        }
        Ok(written.keep())
    }
}

/// The rolled-up tables of a table of minutes.
fn rolled(table: Table) -> [(Table, u32); 2] {
    match table {
        Table::Metrics | Table::Counted => [(Table::MetricsTen, 10), (Table::MetricsHour, 60)],
        _ => [(Table::FiguresTen, 10), (Table::FiguresHour, 60)],
    }
}

#[cfg(test)]
mod tests;
