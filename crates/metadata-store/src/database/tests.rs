use std::time::Duration;

use sqlx::{Error, Sqlite};
use tempfile::TempDir;

use super::{Database, MAX_RUNS, Tx, connect, pause_after, sql};

async fn with_table() -> (Database, TempDir) {
    let folder = TempDir::new().unwrap();
    let database = connect::sqlite(&folder.path().join("test.db")).await.unwrap();
    let table = sql("CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT");
    database.execute("make a table", table).await.unwrap();
    (database, folder)
}

async fn insert(tx: &mut Tx, id: u32) -> Result<u64, Error> {
    tx.execute(sql("INSERT INTO t (id) VALUES (?)").bind(id)).await
}

async fn ids(database: &Database) -> Vec<u32> {
    let select = sql("SELECT id FROM t ORDER BY id");
    database.list("list", select, |row| row.int(0)).await.unwrap()
}

#[test]
fn a_hopeless_transaction_gives_up_within_two_seconds() {
    let waited: Duration = (1..MAX_RUNS).map(pause_after).sum();
    assert!(waited < Duration::from_secs(2), "{waited:?}");
}

#[tokio::test]
async fn a_transaction_that_lost_is_undone_and_run_again() {
    let (database, _folder) = with_table().await;
    database.execute("insert", sql("INSERT INTO t (id) VALUES (1)")).await.unwrap();
    let runs = std::cell::Cell::new(0);
    let written = database.write("insert", |mut tx| {
        runs.set(runs.get() + 1);
        // The first two runs find 1 taken, after having inserted a number that must not stay.
        let second = if runs.get() < 3 { 1 } else { 2 };
        let first = 10 + runs.get();
        async move {
            insert(&mut tx, first).await?;
            insert(&mut tx, second).await?;
            Ok((tx, first))
        }
    });
    assert_eq!(written.await.unwrap(), 13);
    assert_eq!((runs.get(), ids(&database).await), (3, vec![1, 2, 13]));
}

#[tokio::test]
async fn a_transaction_that_always_loses_ends_as_an_error() {
    let (database, _folder) = with_table().await;
    let mut runs = 0;
    let hopeless = database.write("insert twice", |mut tx| {
        runs += 1;
        async move {
            insert(&mut tx, 1).await?;
            insert(&mut tx, 1).await?;
            Ok((tx, ()))
        }
    });
    let failure = hopeless.await.unwrap_err();
    assert_eq!(failure.operation, "insert twice");
    assert_eq!((runs, ids(&database).await), (MAX_RUNS, vec![]));
}

#[tokio::test]
async fn an_error_that_is_no_conflict_is_not_tried_again() {
    let (database, _folder) = with_table().await;
    let mut runs = 0;
    let wrong = database.write("speak nonsense", |mut tx| {
        runs += 1;
        async move {
            insert(&mut tx, 1).await?;
            tx.execute(sql("NONSENSE")).await?;
            Ok((tx, ()))
        }
    });
    assert!(wrong.await.is_err());
    assert_eq!((runs, ids(&database).await), (1, vec![]));
}

#[tokio::test]
async fn a_committed_transaction_has_reached_the_disk_and_readers_cannot_write() {
    let (database, _folder) = with_table().await;
    let Database::Sqlite { writer, readers } = &database else { unreachable!("it is SQLite") };
    let pragma = async |name: &str| {
        let text = format!("PRAGMA {name}");
        sqlx::query_scalar::<Sqlite, i64>(&text).fetch_one(writer).await.unwrap()
    };
    assert_eq!(pragma("synchronous").await, 2, "FULL");
    assert_eq!(pragma("foreign_keys").await, 1);
    assert!(pragma("busy_timeout").await >= 1000);
    let mode = sqlx::query_scalar::<Sqlite, String>("PRAGMA journal_mode");
    assert_eq!(mode.fetch_one(writer).await.unwrap(), "wal");
    assert!(sqlx::query("INSERT INTO t (id) VALUES (9)").execute(readers).await.is_err());
}
