//! How each database is connected to: durability, isolation, waiting.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Error, Executor};

use super::Database;

/// How long a call waits for a server that does not answer before it fails.
const SERVER_WAIT: Duration = Duration::from_secs(5);
/// How long a statement waits for another writer before it is a conflict.
const LOCK_WAIT: Duration = Duration::from_secs(10);
const SQLITE_READERS: u32 = 4;
const MYSQL_CONNECTIONS: u32 = 10;

/// Opens a file for reading only: not even the journal mode is written. Without a write-ahead log beside it nobody has it
/// open, and reading it as one that cannot change makes no files beside it either.
pub(crate) async fn sqlite_untouched(path: &Path) -> Result<Database, Error> {
    let is_at_rest = !beside(path, "-wal").exists() && !beside(path, "-journal").exists();
    let readers = SqlitePoolOptions::new().max_connections(1).connect_with(
        SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .immutable(is_at_rest)
            .busy_timeout(LOCK_WAIT)
            .disable_statement_logging(),
    );
    let readers = readers.await?;
    Ok(Database::Sqlite { writer: readers.clone(), readers })
}

/// A file that SQLite keeps beside a database.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Makes an empty file that only its owner may read, unless there is one. SQLite takes it for an empty database, and
/// gives the files it makes beside it the same mode.
pub(crate) fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Pages of the write-ahead log before they are moved into the database: a megabyte of them, not SQLite's four.
const WAL_PAGES: &str = "256";

/// Opens a file, making it when it is missing. A committed transaction has reached the disk.
pub(crate) async fn sqlite(path: &Path) -> Result<Database, Error> {
    make_private(path).map_err(Error::Io)?;
    let writing = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .pragma("wal_autocheckpoint", WAL_PAGES)
        .pragma("journal_size_limit", "0")
        .synchronous(SqliteSynchronous::Full)
        // Moved into the database after half a megabyte: a cut writes some 30 KiB, and the log never shrinks below its largest.
        .pragma("wal_autocheckpoint", "128")
        .pragma("journal_size_limit", "524288")
        .foreign_keys(true)
        .busy_timeout(LOCK_WAIT)
        .disable_statement_logging();
    let reading = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(LOCK_WAIT)
        .disable_statement_logging();
    // One writer: SQLite allows no second, and a queue in the pool is fairer than its busy handler.
    let writer = sqlite_pool(1).connect_with(writing).await?;
    let readers = sqlite_pool(SQLITE_READERS).connect_with(reading).await?;
    Ok(Database::Sqlite { writer, readers })
}

fn sqlite_pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(connections).idle_timeout(None).max_lifetime(None)
}

/// Connects to a server by its URL.
pub(crate) async fn mysql(url: &str) -> Result<Database, Error> {
    let options = MySqlConnectOptions::from_str(url)?.disable_statement_logging();
    let pool = MySqlPoolOptions::new()
        .max_connections(MYSQL_CONNECTIONS)
        .acquire_timeout(SERVER_WAIT)
        .after_connect(|connection, _| {
            Box::pin(async move {
                // Values that do not fit are errors, never cut; whatever the server's defaults are.
                connection
                    .execute("SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')")
                    .await?;
                connection
                    .execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                    .await?;
                let wait =
                    format!("SET SESSION innodb_lock_wait_timeout = {}", LOCK_WAIT.as_secs());
                connection.execute(wait.as_str()).await?;
                Ok(())
            })
        });
    Ok(Database::MySql(pool.connect_with(options).await?))
}
