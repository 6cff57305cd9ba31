//! Everything SQLite and MySQL disagree about: spelling of SQL, column types, codes of conflicts.
//!
//! All other files write SQL that both understand and ask here for the rest. How to connect is in
//! `database::connect`.

use std::borrow::Cow;

use sqlx::mysql::MySqlDatabaseError;

/// Which SQL is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    /// MySQL, MariaDB and Galera clusters of either.
    MySql,
}

impl Dialect {
    /// A SELECT whose rows the transaction goes on to decide by. SQLite's writers exclude each other from
    /// their first statement on and need nothing.
    pub(crate) fn for_update(self, select: &'static str) -> Cow<'static, str> {
        match self {
            Self::Sqlite => select.into(),
            Self::MySql => format!("{select} FOR UPDATE").into(),
        }
    }

    /// Ends an INSERT whose row may be there: `columns` then take the new values.
    pub(crate) fn on_conflict_update(self, key: &str, columns: &[&str]) -> String {
        let assign = |column: &&str| match self {
            Self::Sqlite => format!("{column} = excluded.{column}"),
            Self::MySql => format!("{column} = VALUES({column})"),
        };
        let assignments = columns.iter().map(assign).collect::<Vec<_>>().join(", ");
        match self {
            Self::Sqlite => format!(" ON CONFLICT ({key}) DO UPDATE SET {assignments}"),
            Self::MySql => format!(" ON DUPLICATE KEY UPDATE {assignments}"),
        }
    }

    /// The scalar function that gives the greater of two values.
    pub(crate) fn greatest(self) -> &'static str {
        match self {
            Self::Sqlite => "MAX",
            Self::MySql => "GREATEST",
        }
    }

    /// A number, a sum for one, as an integer.
    pub(crate) fn integer(self, number: &str) -> String {
        match self {
            Self::Sqlite => format!("CAST({number} AS INTEGER)"),
            Self::MySql => format!("CAST({number} AS SIGNED)"),
        }
    }

    /// The names of the database's tables.
    pub(crate) fn table_names(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table'",
            Self::MySql => {
                "SELECT CAST(table_name AS CHAR(255)) FROM information_schema.tables \
                 WHERE table_schema = DATABASE()"
            }
        }
    }

    /// What the placeholders of migrations stand for.
    pub(crate) fn placeholders(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Sqlite => &[
                ("{int}", "INTEGER NOT NULL"),
                ("{real}", "REAL NOT NULL"),
                ("{name}", "TEXT NOT NULL"),
                ("{path}", "TEXT NOT NULL"),
                ("{text}", "TEXT NOT NULL"),
                ("{blob}", "BLOB NOT NULL"),
                ("{hash16}", "BLOB NOT NULL"),
                ("{hash32}", "BLOB NOT NULL"),
                ("{table}", "STRICT"),
                ("{insert_if_absent}", "INSERT OR IGNORE"),
            ],
            Self::MySql => &[
                ("{int}", "BIGINT NOT NULL"),
                ("{real}", "DOUBLE NOT NULL"),
                ("{name}", "VARCHAR(255) NOT NULL"),
                ("{path}", "VARCHAR(1024) NOT NULL"),
                ("{text}", "MEDIUMTEXT NOT NULL"),
                ("{blob}", "MEDIUMBLOB NOT NULL"),
                ("{hash16}", "BINARY(16) NOT NULL"),
                ("{hash32}", "BINARY(32) NOT NULL"),
                (
                    "{table}",
                    "ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
                ),
                ("{insert_if_absent}", "INSERT IGNORE"),
            ],
        }
    }
}

/// Whether the transaction lost against another one and is worth running again.
///
/// A violated unique key counts: it means that another writer was first with the same name, and the next
/// run finds the row.
pub(crate) fn is_conflict(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else { return false };
    if error.is_unique_violation() {
        return true;
    }
    match error.try_downcast_ref::<MySqlDatabaseError>() {
        Some(mysql) => is_mysql_conflict(mysql.number(), mysql.code()),
        None => error.code().is_some_and(|code| is_sqlite_conflict(&code)),
    }
}

/// 1213 is a deadlock and Galera's failed certification, 1205 a lock waited for too long, 1020 a row changed
/// since this transaction's snapshot (MariaDB 11.6 and later).
fn is_mysql_conflict(number: u16, sql_state: Option<&str>) -> bool {
    matches!(number, 1213 | 1205 | 1020) || sql_state == Some("40001")
}

/// The low byte of an extended code is the primary one: 5 is BUSY, 6 is LOCKED.
fn is_sqlite_conflict(code: &str) -> bool {
    code.parse::<i32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6))
}

#[cfg(test)]
mod tests {
    use super::{is_mysql_conflict, is_sqlite_conflict};

    #[test]
    fn conflicts_are_told_from_other_errors() {
        assert!(is_sqlite_conflict("5"));
        assert!(is_sqlite_conflict("517"), "BUSY_SNAPSHOT");
        assert!(!is_sqlite_conflict("2067"), "a unique key is asked of the error itself");
        assert!(!is_sqlite_conflict("13"), "a full disk does not get better by trying again");
        assert!(is_mysql_conflict(1213, Some("40001")));
        assert!(is_mysql_conflict(1205, Some("HY000")));
        assert!(is_mysql_conflict(3101, Some("40001")), "any other code of the same state");
        assert!(!is_mysql_conflict(1406, Some("22001")));
    }
}
