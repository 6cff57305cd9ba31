//! Which database, and opening it.

use std::fmt;
use std::path::PathBuf;

use crate::MetadataStore;
use crate::database::{Failure, connect};
use crate::migrations::{self, Found, KNOWN_VERSION};

/// Where the metadata live.
#[derive(Clone, PartialEq, Eq)]
pub enum Url {
    /// A file; its folder must exist, the file need not.
    Sqlite(PathBuf),
    /// `mysql://user:password@host:port/database?ssl-mode=…`; the database must exist.
    MySql(String),
}

/// Without the URL of a server, which may hold a password.
impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::MySql(_) => f.debug_tuple("MySql").finish_non_exhaustive(),
        }
    }
}

/// Configuration of the metadata store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub url: Url,
}

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the metadata database could not be opened")]
    Connect(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Written by a later version. The database has not been touched.
    #[error(
        "the metadata database has schema version {found}, this program knows none above {known}: start the \
         newer version that wrote it, or restore a backup of this one"
    )]
    Newer { found: u32, known: u32 },
    /// Tables, but none of ours. The database has not been touched.
    #[error("the metadata database holds tables of something else; give an empty one")]
    Foreign,
    /// The server answered, then failed.
    #[error("the metadata store could not {operation}")]
    Database {
        operation: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl From<Failure> for OpenError {
    fn from(failure: Failure) -> Self {
        Self::Database { operation: failure.operation, source: Box::new(failure.error) }
    }
}

/// A database as it was found, for reading alone. To be closed.
#[derive(Debug)]
pub struct AsFound {
    /// None where there is no database yet, or one whose first migration did not end.
    pub store: Option<MetadataStore>,
    /// What reading makes beside a database and leaves there.
    left: Option<PathBuf>,
}

impl AsFound {
    /// Leaves everything as it was found.
    pub async fn close(self) {
        if let Some(store) = &self.store {
            store.close().await;
        }
        if let Some(left) = self.left {
            // It is an index that the next reader makes anew; one that stays harms nobody.
            drop(tokio::fs::remove_file(left).await);
        }
    }
}

impl Config {
    /// Opens the database to look at it before anything is changed: nothing is written to it, migrated or made. A
    /// database that is newer or not ours is refused.
    ///
    /// # Errors
    /// As [`Config::open`].
    pub async fn look(&self) -> Result<AsFound, OpenError> {
        let (database, left) = match &self.url {
            Url::Sqlite(path) if !path.exists() => return Ok(AsFound { store: None, left: None }),
            Url::Sqlite(path) => {
                let index = connect::beside(path, "-shm");
                let left = (!index.exists()).then_some(index);
                (connect::sqlite_untouched(path).await.map_err(cannot_connect)?, left)
            }
            Url::MySql(url) => (connect::mysql(url).await.map_err(cannot_connect)?, None),
        };
        let found = match migrations::inspect(&database).await {
            Ok(found) => refuse_what_is_not_ours(found).map(|()| found),
            Err(failure) => Err(failure.into()),
        };
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                let store = Some(MetadataStore::new(database));
                AsFound { store, left }.close().await;
                return Err(error);
            }
        };
        let store = MetadataStore::new(database);
        if matches!(found, Found::Version(version) if version > 0) {
            return Ok(AsFound { store: Some(store), left });
        }
        AsFound { store: Some(store), left }.close().await;
        Ok(AsFound { store: None, left: None })
    }

    /// Opens the database and brings it to this version's schema. A database that is newer or not ours is
    /// refused before anything is written to it.
    pub async fn open(self) -> Result<MetadataStore, OpenError> {
        self.look().await?.close().await;
        let database = match &self.url {
            Url::Sqlite(path) => connect::sqlite(path).await,
            Url::MySql(url) => connect::mysql(url).await,
        };
        let database = database.map_err(cannot_connect)?;
        migrations::migrate(&database).await?;
        Ok(MetadataStore::new(database))
    }
}

fn refuse_what_is_not_ours(found: Found) -> Result<(), OpenError> {
    match found {
        Found::Foreign => Err(OpenError::Foreign),
        Found::Version(found) if found > KNOWN_VERSION => {
            Err(OpenError::Newer { found, known: KNOWN_VERSION })
        }
        Found::Empty | Found::Version(_) => Ok(()),
    }
}

fn cannot_connect(error: sqlx::Error) -> OpenError {
    OpenError::Connect(Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::{Config, Url};

    #[tokio::test]
    async fn a_password_is_in_no_log_line() {
        // The port is no port.
        let url = Url::MySql("mysql://vedette:hunter2@localhost:99999/metadata".to_owned());
        let config = Config { url };
        let shown = format!("{config:?}");
        let refused = config.open().await.unwrap_err();
        for text in [shown, refused.to_string(), format!("{refused:?}")] {
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}
