//! The two databases behind one face: statements in, rows out, transactions that are run again when they
//! lose against others.
//!
//! It decides how often to try again. What is in a statement is decided by the resources.

pub(crate) mod connect;
mod query;
mod row;
mod transaction;

use std::time::Duration;

use sqlx::{Error, MySql, MySqlPool, Sqlite, SqlitePool};

pub(crate) use query::{Query, Value, marks, sql};
pub(crate) use row::Row;
pub(crate) use transaction::Tx;

use crate::dialect;
use crate::error::StoreError;

/// How often a transaction is run before its conflicts become the caller's error.
const MAX_RUNS: u32 = 12;

/// Connections to one database.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    MySql(MySqlPool),
}

/// An operation the database failed at.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) operation: &'static str,
    pub(crate) error: Error,
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        let source = match failure.error {
            // What a transaction refused by itself.
            Error::AnyDriverError(refused) => match refused.downcast::<StoreError>() {
                Ok(refused) => return *refused,
                Err(source) => source,
            },
            error => Box::new(error),
        };
        Self::Database { operation: failure.operation, source }
    }
}

impl Database {
    /// Runs `work` in a transaction that excludes other writers where it locks or writes, and commits it.
    ///
    /// `work` gives the transaction back with its result; without it, on an error, all is rolled back. After
    /// a conflict `work` is run again from the start, so it must have no effect but on its transaction.
    pub(crate) async fn write<T, W>(
        &self,
        operation: &'static str,
        mut work: impl FnMut(Tx) -> W,
    ) -> Result<T, Failure>
    where
        W: Future<Output = Result<(Tx, T), Error>>,
    {
        let mut runs = 1;
        loop {
            match self.run(&mut work).await {
                Ok(done) => return Ok(done),
                Err(error) if runs < MAX_RUNS && dialect::is_conflict(&error) => {
                    tracing::debug!(operation, runs, %error, "transaction is run again");
                    tokio::time::sleep(pause_after(runs)).await;
                    runs += 1;
                }
                Err(error) => return Err(Failure { operation, error }),
            }
        }
    }

    async fn run<T, W>(&self, work: &mut impl FnMut(Tx) -> W) -> Result<T, Error>
    where
        W: Future<Output = Result<(Tx, T), Error>>,
    {
        let (tx, done) = work(self.begin_write().await?).await?;
        tx.commit().await?;
        Ok(done)
    }

    /// IMMEDIATE, because a SQLite transaction that begins as a reader cannot wait its turn to write.
    async fn begin_write(&self) -> Result<Tx, Error> {
        match self {
            Self::Sqlite { writer, .. } => {
                Ok(Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?))
            }
            Self::MySql(pool) => Ok(Tx::MySql(pool.begin().await?)),
        }
    }

    /// A transaction whose statements all see the same state and that writes nothing; drop it when done.
    pub(crate) async fn begin_read(&self) -> Result<Tx, Error> {
        match self {
            Self::Sqlite { readers, .. } => Ok(Tx::Sqlite(readers.begin().await?)),
            Self::MySql(pool) => Ok(Tx::MySql(pool.begin().await?)),
        }
    }

    /// Runs a single writing statement in a transaction and returns how many rows it matched.
    pub(crate) async fn execute(
        &self,
        operation: &'static str,
        query: Query,
    ) -> Result<u64, Failure> {
        let run = |mut tx: Tx| {
            let query = query.clone();
            async move {
                let matched = tx.execute(query).await?;
                Ok((tx, matched))
            }
        };
        self.write(operation, run).await
    }

    /// The rows of a single reading statement.
    async fn rows(&self, operation: &'static str, query: Query) -> Result<Vec<Row>, Failure> {
        let rows = match self {
            Self::Sqlite { readers, .. } => query
                .prepared::<Sqlite>()
                .fetch_all(readers)
                .await
                .map(|rows| rows.into_iter().map(Row::Sqlite).collect()),
            Self::MySql(pool) => query
                .prepared::<MySql>()
                .fetch_all(pool)
                .await
                .map(|rows| rows.into_iter().map(Row::MySql).collect()),
        };
        rows.map_err(|error| Failure { operation, error })
    }

    /// The rows of a single reading statement, each turned into a value by `read`.
    pub(crate) async fn list<T>(
        &self,
        operation: &'static str,
        query: Query,
        read: impl Fn(&Row) -> Result<T, Error>,
    ) -> Result<Vec<T>, Failure> {
        let rows = self.rows(operation, query).await?;
        let values: Result<Vec<T>, Error> = rows.iter().map(read).collect();
        values.map_err(|error| Failure { operation, error })
    }

    /// The first row of a single reading statement, if there is one, turned into a value by `read`.
    pub(crate) async fn first<T>(
        &self,
        operation: &'static str,
        query: Query,
        read: impl Fn(&Row) -> Result<T, Error>,
    ) -> Result<Option<T>, Failure> {
        Ok(self.list(operation, query, read).await?.into_iter().next())
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                close_all(readers).await;
                // The last connection to close folds the write-ahead log into the file.
                close_all(writer).await;
            }
            Self::MySql(pool) => close_all(pool).await,
        }
    }
}

/// Twice, because sqlx's `close` waits for connections on their way back to the pool and then leaves those
/// open; the second call finds them there.
async fn close_all<DB: sqlx::Database>(pool: &sqlx::Pool<DB>) {
    pool.close().await;
    pool.close().await;
}

/// 2 ms after the first run, doubling up to 256 ms.
fn pause_after(runs: u32) -> Duration {
    Duration::from_millis(1 << runs.min(8))
}

#[cfg(test)]
mod tests;
