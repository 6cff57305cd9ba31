//! An open transaction, whichever driver it runs on.

use sqlx::{Error, MySql, Sqlite, Transaction};

use super::query::Query;
use super::row::Row;
use crate::dialect::Dialect;

/// A transaction; dropped without [`Tx::commit`] it is rolled back.
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    MySql(Transaction<'static, MySql>),
}

impl Tx {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::MySql(_) => Dialect::MySql,
        }
    }

    /// Runs a statement and returns how many rows it matched.
    pub(crate) async fn execute(&mut self, query: Query) -> Result<u64, Error> {
        match self {
            Self::Sqlite(tx) => {
                Ok(query.prepared::<Sqlite>().execute(&mut **tx).await?.rows_affected())
            }
            Self::MySql(tx) => {
                Ok(query.prepared::<MySql>().execute(&mut **tx).await?.rows_affected())
            }
        }
    }

    pub(crate) async fn rows(&mut self, query: Query) -> Result<Vec<Row>, Error> {
        match self {
            Self::Sqlite(tx) => {
                let rows = query.prepared::<Sqlite>().fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::MySql(tx) => {
                let rows = query.prepared::<MySql>().fetch_all(&mut **tx).await?;
                Ok(rows.into_iter().map(Row::MySql).collect())
            }
        }
    }

    /// The first row, if there is one.
    pub(crate) async fn row(&mut self, query: Query) -> Result<Option<Row>, Error> {
        Ok(self.rows(query).await?.into_iter().next())
    }

    pub(super) async fn commit(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::MySql(tx) => tx.commit().await,
        }
    }
}
