//! The catalogue in the metadata store's database.
//!
//! Whoever changes the catalogue first locks the row of its version, so verdicts are made one after the
//! other on facts that nobody can change meanwhile, on any number of Controllers.

mod rows;

use tokio::runtime::Handle;

use super::decide::{self, LastCut, Verdict};
use super::{
    Catalogue, CatalogueError, Claim, CommitOutcome, CommittedOffset, CutCommit, Listing,
    ObjectRef, ReplaceOutcome, Replacement, check,
};
use crate::MetadataStore;
use crate::database::{Failure, Tx};
use crate::sequences::Sequence;

/// The catalogue in SQLite or MySQL.
///
/// Its calls wait for the database with the only `block_on` of the product: they must come from threads of
/// their own (or `spawn_blocking`), and panic on a thread that is running an async task.
#[derive(Debug, Clone)]
pub struct SqlCatalogue {
    store: MetadataStore,
    runtime: Handle,
}

impl SqlCatalogue {
    /// A catalogue in `store` whose database work runs on `runtime`, a multi-threaded one that outlives it.
    pub fn new(store: MetadataStore, runtime: Handle) -> Self {
        Self { store, runtime }
    }

    /// The checkpoint of a consumer's last cut, without taking the consumer over.
    ///
    /// # Errors
    /// When the database fails.
    pub fn checkpoint(&self, consumer: &str) -> Result<Option<ObjectRef>, CatalogueError> {
        let failure = |error| Failure { operation: "read where a consumer stands", error };
        let found = self.runtime.block_on(async {
            let mut tx = self.store.database.begin_read().await?;
            rows::consumer(&mut tx, consumer).await
        });
        Ok(found.map_err(failure)?.checkpoint)
    }

    /// Runs `change` in a transaction that holds the lock of the catalogue. A refusal (the inner error) ends
    /// the transaction without having written anything.
    fn write<T, W>(
        &self,
        operation: &'static str,
        change: impl FnMut(Tx) -> W,
    ) -> Result<T, CatalogueError>
    where
        W: Future<Output = Result<(Tx, Result<T, CatalogueError>), sqlx::Error>>,
    {
        self.runtime.block_on(self.store.database.write(operation, change))?
    }
}

impl From<Failure> for CatalogueError {
    fn from(failure: Failure) -> Self {
        Self::Unavailable { operation: failure.operation, source: Box::new(failure.error) }
    }
}

impl Catalogue for SqlCatalogue {
    fn claim(&self, consumer: &str, partitions: &[u16]) -> Result<Claim, CatalogueError> {
        check::consumer(consumer)?;
        check::partitions(partitions)?;
        self.write("claim a consumer", |mut tx| async move {
            let claimed = claim(&mut tx, consumer, partitions).await?;
            Ok((tx, Ok(claimed)))
        })
    }

    fn commit_cut(&self, cut: &CutCommit) -> Result<CommitOutcome, CatalogueError> {
        check::cut(cut)?;
        self.write("commit a cut", |mut tx| async move {
            let done = commit_cut(&mut tx, cut).await?;
            Ok((tx, done))
        })
    }

    fn replace_segments(
        &self,
        replacement: &Replacement,
    ) -> Result<ReplaceOutcome, CatalogueError> {
        check::replacement(replacement)?;
        self.write("replace segments", |mut tx| async move {
            let done = replace_segments(&mut tx, replacement).await?;
            Ok((tx, done))
        })
    }

    fn snapshot(&self) -> Result<Listing, CatalogueError> {
        let failure = |error| Failure { operation: "list its segments", error };
        let listing = self.runtime.block_on(async {
            let mut tx = self.store.database.begin_read().await?;
            let version = Sequence::CatalogueVersion.current(&mut tx).await?;
            Ok(Listing { version, segments: rows::segments(&mut tx).await? })
        });
        Ok(listing.map_err(failure)?)
    }

    fn allocate_segment_ids(&self, count: u32) -> Result<u64, CatalogueError> {
        self.write("give out segment ids", |mut tx| async move {
            let first = Sequence::Segment.take(&mut tx, count).await?;
            Ok((tx, Ok(first)))
        })
    }

    fn lowest_committed(&self) -> Result<Vec<CommittedOffset>, CatalogueError> {
        let listed = self.runtime.block_on(rows::committed_offsets(&self.store.database));
        Ok(listed?)
    }
}

async fn claim(tx: &mut Tx, name: &str, partitions: &[u16]) -> Result<Claim, sqlx::Error> {
    Sequence::CatalogueVersion.lock(tx).await?;
    let mut consumer = rows::consumer(tx, name).await?;
    consumer.epoch += 1;
    rows::save_consumer(tx, name, &consumer).await?;
    let mut offsets = Vec::new();
    for partition in partitions {
        let committed = consumer.offsets.get(partition).copied();
        if committed.is_none() {
            rows::save_offset(tx, name, (*partition, 0)).await?;
        }
        offsets.push((*partition, committed.unwrap_or(0)));
    }
    Ok(Claim { epoch: consumer.epoch, offsets, checkpoint: consumer.checkpoint })
}

async fn commit_cut(
    tx: &mut Tx,
    cut: &CutCommit,
) -> Result<Result<CommitOutcome, CatalogueError>, sqlx::Error> {
    Sequence::CatalogueVersion.lock(tx).await?;
    let mut consumer = rows::consumer(tx, &cut.consumer).await?;
    consumer.last_cut = rows::last_cut(tx, &cut.consumer, cut.epoch).await?;
    let ids: Vec<u64> = cut.segments.iter().map(|segment| segment.id).collect();
    let present = rows::present(tx, &ids).await?;
    match decide::cut(cut, &consumer, &present) {
        Ok(Verdict::Go) => {}
        Ok(Verdict::Answer(answer)) => return Ok(Ok(answer)),
        Err(refusal) => return Ok(Err(refusal)),
    }
    let done = LastCut {
        fingerprint: check::fingerprint(cut),
        version: Sequence::CatalogueVersion.take(tx, 1).await?,
        replaced_checkpoint: decide::replaced_checkpoint(
            consumer.checkpoint.as_ref(),
            cut.checkpoint.as_ref(),
        ),
    };
    consumer.checkpoint = cut.checkpoint.clone().or(consumer.checkpoint);
    rows::save_consumer(tx, &cut.consumer, &consumer).await?;
    for to in &cut.to {
        rows::save_offset(tx, &cut.consumer, *to).await?;
    }
    rows::save_last_cut(tx, &cut.consumer, cut.epoch, &done).await?;
    rows::insert_segments(tx, &cut.segments).await?;
    Ok(Ok(done.answer()))
}

async fn replace_segments(
    tx: &mut Tx,
    replacement: &Replacement,
) -> Result<Result<ReplaceOutcome, CatalogueError>, sqlx::Error> {
    let version = Sequence::CatalogueVersion.lock(tx).await?;
    let present = rows::present(tx, &replacement.all_ids()).await?;
    match decide::replacement(replacement, &present, version) {
        Ok(Verdict::Go) => {}
        Ok(Verdict::Answer(answer)) => return Ok(Ok(answer)),
        Err(refusal) => return Ok(Err(refusal)),
    }
    rows::delete_segments(tx, &replacement.remove).await?;
    rows::mark_rolled_up(tx, &replacement.mark_rolled_up).await?;
    rows::insert_segments(tx, &replacement.add).await?;
    let version = Sequence::CatalogueVersion.take(tx, 1).await?;
    Ok(Ok(ReplaceOutcome::Replaced { version }))
}
