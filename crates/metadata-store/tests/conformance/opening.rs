//! Opening: migrations, refusals, restarts, backups.

use std::path::Path;
use std::sync::Arc;

use metadata_store::{
    Accounts, Catalogue, CatalogueError, Config, Entities, Expected, MetadataStore, NewEntity,
    OpenError, Page, Roles, Settings, SqlCatalogue, StoreError, Url, Users,
};
use model::access::Rights;
use sqlx::Connection;

use crate::backend::{self, Backend};
use crate::mariadb;

async fn open(url: &Url) -> Result<MetadataStore, OpenError> {
    Config { url: url.clone() }.open().await
}

pub(crate) fn execute(backend: &Backend, statement: &str) {
    match &backend.url {
        Url::MySql(url) => mariadb::execute(url, statement),
        Url::Sqlite(path) => backend.run(execute_sqlite(path, statement)),
    }
}

async fn execute_sqlite(path: &Path, statement: &str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

fn both() -> [Backend; 2] {
    [backend::sqlite(), backend::mariadb()]
}

#[test]
fn what_was_written_is_there_after_a_restart() {
    for backend in both() {
        let catalogue = backend.catalogue();
        catalogue.claim("pipeline", &[0]).unwrap();
        let first = backend.run(backend.store.accounts()).unwrap();
        backend.run(backend.store.put_setting("a", b"1", Expected::Absent)).unwrap();
        backend.run(backend.store.close());
        let again = backend.run(open(&backend.url)).unwrap();
        assert_eq!(backend.run(again.accounts()).unwrap(), first, "the guid is made once");
        assert_eq!(backend.run(again.setting("a")).unwrap().unwrap().value, b"1");
        let catalogue = SqlCatalogue::new(again, backend.runtime.handle().clone());
        assert_eq!(catalogue.claim("pipeline", &[0]).unwrap().epoch, 2);
    }
}

#[test]
fn a_newer_database_is_refused_with_a_sentence() {
    for backend in both() {
        backend.run(backend.store.close());
        execute(&backend, "UPDATE schema_version SET version = 7777");
        let refused = backend.run(open(&backend.url)).unwrap_err();
        assert!(matches!(refused, OpenError::Newer { found: 7777, .. }), "{refused:?}");
        assert!(refused.to_string().contains("7777"), "{refused}");
    }
}

#[test]
fn a_newer_file_is_left_as_it_is() {
    let backend = backend::sqlite();
    backend.run(backend.store.close());
    let Url::Sqlite(path) = &backend.url else { unreachable!("it is a file") };
    let files = || {
        let names = std::fs::read_dir(path.parent().unwrap()).unwrap();
        let paths = names.map(|entry| entry.unwrap().path());
        let mut files: Vec<_> =
            paths.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
        files.sort();
        files
    };
    execute(&backend, "UPDATE schema_version SET version = 7777");
    // In write-ahead mode, and not, as another version might leave it: opening it to write would change a byte.
    for mode in ["WAL", "DELETE"] {
        execute(&backend, &format!("PRAGMA journal_mode = {mode}"));
        let before = files();
        assert_eq!(before.len(), 1, "it was closed in order");
        backend.run(open(&backend.url)).unwrap_err();
        assert!(before == files(), "{mode}: something was changed or made beside it");
    }
}

#[test]
fn a_newer_version_that_only_the_write_ahead_log_knows_is_refused() {
    let backend = backend::sqlite();
    backend.run(backend.store.close());
    let Url::Sqlite(path) = &backend.url else { unreachable!("it is a file") };
    let beside = |suffix: &str| Path::new(&format!("{}{suffix}", path.display())).to_owned();
    // A process that was killed: the log is there, and not folded into the file.
    let (killed, wal) = backend.run(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        let newer = "UPDATE schema_version SET version = 7777";
        sqlx::raw_sql(newer).execute(&mut connection).await.unwrap();
        let kept = (std::fs::read(path).unwrap(), std::fs::read(beside("-wal")).unwrap());
        connection.close().await.unwrap();
        kept
    });
    std::fs::write(path, &killed).unwrap();
    std::fs::write(beside("-wal"), &wal).unwrap();
    let refused = backend.run(open(&backend.url)).unwrap_err();
    assert!(matches!(refused, OpenError::Newer { found: 7777, .. }), "{refused:?}");
    assert!(
        std::fs::read(path).unwrap() == killed && std::fs::read(beside("-wal")).unwrap() == wal
    );
    assert!(!beside("-shm").exists(), "no index beside it");
}

#[test]
fn a_database_of_something_else_is_refused() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("other.db");
    let runtime = backend::runtime();
    runtime.block_on(execute_sqlite(&path, "CREATE TABLE theirs (id INTEGER PRIMARY KEY)"));
    let mysql = mariadb::fresh_database();
    mariadb::execute(&mysql, "CREATE TABLE theirs (id INTEGER PRIMARY KEY)");
    for url in [Url::Sqlite(path), Url::MySql(mysql)] {
        let refused = runtime.block_on(open(&url)).unwrap_err();
        assert!(matches!(refused, OpenError::Foreign), "{refused:?}");
    }
}

#[test]
fn eight_controllers_may_start_on_an_empty_database_at_once() {
    let folder = tempfile::TempDir::new().unwrap();
    let runtime = backend::runtime();
    for url in [Url::Sqlite(folder.path().join("m.db")), Url::MySql(mariadb::fresh_database())] {
        let starts: Vec<_> = (0..8)
            .map(|_| {
                let url = url.clone();
                runtime.spawn(async move {
                    let store = open(&url).await.expect("each start succeeds");
                    store.accounts().await.expect("accounts are listed")
                })
            })
            .collect();
        let accounts: Vec<_> =
            starts.into_iter().map(|start| runtime.block_on(start).unwrap()).collect();
        assert!(accounts.iter().all(|of_one| of_one == &accounts[0]), "{accounts:?}");
    }
}

/// MySQL commits at every CREATE, so a crash leaves a schema half made.
#[test]
fn an_interrupted_migration_is_finished_by_the_next_start() {
    let backend = backend::mariadb();
    let before = backend.run(backend.store.accounts()).unwrap();
    backend.run(backend.store.close());
    execute(&backend, "DROP TABLE cuts");
    execute(&backend, "DROP TABLE segments");
    execute(&backend, "UPDATE schema_version SET version = 0");
    let store = backend.run(open(&backend.url)).unwrap();
    assert_eq!(backend.run(store.accounts()).unwrap(), before);
    let catalogue = SqlCatalogue::new(store, backend.runtime.handle().clone());
    assert!(catalogue.snapshot().unwrap().segments.is_empty());
}

/// Before there were roles every user could do everything, and would else be able to do nothing from then on.
#[test]
fn users_of_before_there_were_roles_own_their_account() {
    for backend in [backend::sqlite(), backend::mariadb()] {
        let new = crate::users::new_user("old");
        let id = backend.run(backend.store.create_user(&new, &crate::audit::entry())).unwrap();
        backend.run(backend.store.close());
        execute(&backend, "DELETE FROM user_access");
        execute(&backend, "UPDATE schema_version SET version = 0");
        let store = backend.run(open(&backend.url)).unwrap();
        assert!(backend.run(store.user(id)).unwrap().is_some_and(|user| user.enabled));
        assert_eq!(backend.run(store.rights_of_user(id)).unwrap(), Rights::all());
    }
}

#[test]
fn every_table_has_a_primary_key_and_compares_bytes() {
    let Url::MySql(url) = backend::mariadb().url else { unreachable!("it is a server") };
    let wrong = "SELECT table_name FROM information_schema.tables t WHERE table_schema = DATABASE() \
                 AND (table_collation <> 'utf8mb4_bin' OR engine <> 'InnoDB' OR NOT EXISTS (\
                 SELECT 1 FROM information_schema.table_constraints c WHERE c.table_schema = t.table_schema \
                 AND c.table_name = t.table_name AND constraint_type = 'PRIMARY KEY'))";
    let runtime = backend::runtime();
    let (wrong, all) = runtime.block_on(async {
        let mut connection = sqlx::MySqlConnection::connect(&url).await.unwrap();
        let wrong = sqlx::query(wrong).fetch_all(&mut connection).await.unwrap().len();
        let all = sqlx::query("SHOW TABLES").fetch_all(&mut connection).await.unwrap().len();
        (wrong, all)
    });
    assert_eq!(wrong, 0);
    assert!(all >= 13, "{all} tables");
}

#[test]
fn a_backup_taken_while_writing_is_whole_and_opens() {
    let backend = backend::sqlite();
    let store = backend.store.clone();
    let folder = tempfile::TempDir::new().unwrap();
    let copy = folder.path().join("copy.db");
    let entity = |n: u32| NewEntity {
        account_id: 1,
        kind: 1,
        application_id: 0,
        parent_id: 0,
        name: n.to_string(),
        properties: "{}".to_owned(),
        seen_ms: 0,
    };
    // Each transaction brings ten: a copy with another number has cut one in half.
    let writer = store.clone();
    let writing = backend.runtime.spawn(async move {
        for batch in 0..40 {
            let ten: Vec<NewEntity> = (batch * 10..batch * 10 + 10).map(entity).collect();
            writer.resolve(&ten).await.unwrap();
        }
    });
    backend.run(store.backup_to(&copy)).unwrap();
    backend.run(writing).unwrap();
    let restored = backend.run(open(&Url::Sqlite(copy.clone()))).unwrap();
    let entities = backend.run(restored.entities(Page::first(1000))).unwrap();
    assert_eq!(entities.len() % 10, 0);
    assert_eq!(backend.run(restored.accounts()).unwrap(), backend.run(store.accounts()).unwrap());
    let again = backend.run(store.backup_to(&copy)).unwrap_err();
    assert!(matches!(again, StoreError::BackupExists(_)), "{again}");
}

#[test]
fn a_backup_of_a_server_names_the_tool_to_use() {
    let backend = backend::mariadb();
    let refused = backend.run(backend.store.backup_to(Path::new("unused"))).unwrap_err();
    assert!(refused.to_string().contains("mariadb-dump"), "{refused}");
}

#[test]
fn what_cannot_be_opened_is_an_error_that_says_so() {
    let runtime = backend::runtime();
    let no_folder = Url::Sqlite("/nonexistent/vedette/metadata.db".into());
    let no_database = Url::MySql(mariadb::fresh_database().replace('?', "_no?"));
    for url in [no_folder, no_database, Url::MySql("nonsense".to_owned())] {
        let refused = runtime.block_on(open(&url)).unwrap_err();
        assert!(matches!(refused, OpenError::Connect(_)), "{refused:?}");
        assert!(std::error::Error::source(&refused).is_some());
    }
}

#[test]
fn a_closed_database_makes_the_catalogue_unavailable() {
    for backend in both() {
        let catalogue: Arc<dyn Catalogue> = Arc::new(backend.catalogue());
        backend.run(backend.store.close());
        let failed = catalogue.snapshot().unwrap_err();
        assert!(matches!(failed, CatalogueError::Unavailable { .. }), "{failed}");
        let failed = catalogue.claim("pipeline", &[0]).unwrap_err();
        assert!(matches!(failed, CatalogueError::Unavailable { .. }), "{failed}");
    }
}
