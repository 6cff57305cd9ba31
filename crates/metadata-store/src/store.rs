//! The handle to the metadata store, and its backup. What can be asked of it is in the traits of the
//! resources.

use std::path::{Path, PathBuf};

use sqlx::SqlitePool;

use crate::StoreError;
use crate::database::{Database, Failure, connect};

/// An open metadata store. Clones are cheap and share connections.
#[derive(Debug, Clone)]
pub struct MetadataStore {
    pub(crate) database: Database,
}

impl MetadataStore {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Writes a consistent copy of the database to the new file `path` while reading and writing go on. When
    /// it returns the copy is durable; when it fails there is no file at `path`.
    pub async fn backup_to(&self, path: &Path) -> Result<(), StoreError> {
        let Database::Sqlite { readers, .. } = &self.database else {
            return Err(StoreError::BackupElsewhere);
        };
        if path.exists() {
            return Err(StoreError::BackupExists(path.to_owned()));
        }
        let partial = partial_of(path);
        let at = |source| StoreError::BackupFile { path: path.to_owned(), source };
        remove_if_there(&partial).await.map_err(at)?;
        connect::make_private(&partial).map_err(at)?;
        copy_into(readers, &partial).await?;
        publish(partial, path.to_owned()).await.map_err(at)
    }

    /// Closes all connections, after those in use are given back. Calls on any clone fail from then on.
    pub async fn close(&self) {
        self.database.close().await;
    }
}

fn partial_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

async fn remove_if_there(path: &Path) -> std::io::Result<()> {
    match tokio::fs::remove_file(path).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

async fn copy_into(readers: &SqlitePool, path: &Path) -> Result<(), Failure> {
    sqlx::query("VACUUM INTO ?")
        .bind(path.to_string_lossy().into_owned())
        .execute(readers)
        .await
        .map(drop)
        .map_err(|error| Failure { operation: "back itself up", error })
}

/// SQLite does not sync the copy it makes; only then does it get its name.
async fn publish(partial: PathBuf, path: PathBuf) -> std::io::Result<()> {
    let synced_and_named = tokio::task::spawn_blocking(move || {
        std::fs::File::open(&partial)?.sync_all()?;
        std::fs::rename(&partial, &path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    });
    synced_and_named.await.map_err(std::io::Error::other)?
}
