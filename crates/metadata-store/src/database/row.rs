//! One row of an answer, whichever driver it came from.

use sqlx::mysql::MySqlRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Error, Row as _};

/// A row; columns are read by position.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    MySql(MySqlRow),
}

// Types are not checked against the driver's: it takes `utf8mb4_bin` columns for binary ones.
macro_rules! cell {
    ($row:expr, $index:expr) => {
        match $row {
            Row::Sqlite(row) => row.try_get_unchecked($index),
            Row::MySql(row) => row.try_get_unchecked($index),
        }
    };
}

impl Row {
    pub(crate) fn int<T: TryFrom<i64>>(&self, index: usize) -> Result<T, Error> {
        let value: i64 = cell!(self, index)?;
        T::try_from(value).map_err(|_| out_of_range(index, &value))
    }

    /// A number that was bound as `u64`.
    pub(crate) fn unsigned(&self, index: usize) -> Result<u64, Error> {
        let value: i64 = cell!(self, index)?;
        Ok(value.cast_unsigned())
    }

    pub(crate) fn flag(&self, index: usize) -> Result<bool, Error> {
        Ok(self.int::<i64>(index)? != 0)
    }

    pub(crate) fn real(&self, index: usize) -> Result<f64, Error> {
        cell!(self, index)
    }

    pub(crate) fn text(&self, index: usize) -> Result<String, Error> {
        cell!(self, index)
    }

    pub(crate) fn bytes(&self, index: usize) -> Result<Vec<u8>, Error> {
        cell!(self, index)
    }

    pub(crate) fn hash<const N: usize>(&self, index: usize) -> Result<[u8; N], Error> {
        let bytes = self.bytes(index)?;
        <[u8; N]>::try_from(bytes).map_err(|bytes| out_of_range(index, &bytes))
    }
}

fn out_of_range(index: usize, value: &impl std::fmt::Debug) -> Error {
    Error::ColumnDecode {
        index: index.to_string(),
        source: format!("{value:?} does not fit the type of this column").into(),
    }
}
