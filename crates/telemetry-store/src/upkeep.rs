//! Upkeep: merging small segments, rolling minutes up, dropping what is over its retention.
//!
//! [`plan`] decides from the catalogue's facts alone; [`Store::upkeep`] does one job at a time. A job that a crash
//! interrupts leaves files that the next start removes, and is simply planned again.

mod merge;
mod plan;
mod rollup;

use metadata_store::{ReplaceOutcome, Replacement, SegmentMeta};
use std::{path::Path, sync::Arc};

pub use self::plan::{Job, Retention, plan};
use crate::{
    cut::Piece,
    store::{SEGMENTS, Segment, Store, StoreError, failed},
    table::Table,
};

impl Store {
    /// Does the most urgent job, if there is one, and says which. Run by one task; beside cuts and queries.
    ///
    /// # Errors
    /// When disk or catalogue refuse; nothing has changed then.
    pub fn upkeep(&self, now_ms: i64, retention: &Retention) -> Result<Option<Job>, StoreError> {
        let mut listing = self.catalogue.snapshot()?;
        // What is damaged is not read again; it goes when its time is over.
        listing.segments.retain_mut(|segment| {
            let damaged = self.is_damaged(segment.id);
            segment.rolled_up |= damaged;
            !damaged || plan::is_expired(segment, now_ms, retention)
        });
        let Some(job) = plan(&listing.segments, now_ms, retention) else { return Ok(None) };
        let replacement = match &job {
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
        }
        Ok(Some(job))
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
        let metas: Result<Vec<SegmentMeta>, StoreError> =
            (first..).zip(pieces).map(|(id, piece)| piece.store(self, id, level, now_ms)).collect();
        for table in pieces.iter().map(|piece| piece.table) {
            let dir = Path::new(SEGMENTS).join(table.name());
            self.disk.sync_dir(&dir).map_err(failed("syncing", &dir))?;
        }
        metas
    }
}

/// The rolled-up tables of a table of minutes.
fn rolled(table: Table) -> [(Table, u32); 2] {
    match table {
        Table::Metrics => [(Table::MetricsTen, 10), (Table::MetricsHour, 60)],
        _ => [(Table::FiguresTen, 10), (Table::FiguresHour, 60)],
    }
}

#[cfg(test)]
mod tests;
