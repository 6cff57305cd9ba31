//! Which database, and opening it.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::MetadataStore;
use crate::database::{Database, Failure, connect};
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

impl Config {
    /// Opens the database and brings it to this version's schema. A database that is newer or not ours is
    /// refused before anything is written to it.
    pub async fn open(self) -> Result<MetadataStore, OpenError> {
        let database = match &self.url {
            Url::Sqlite(path) => open_sqlite(path).await?,
            Url::MySql(url) => open_mysql(url).await?,
        };
        migrations::migrate(&database).await?;
        Ok(MetadataStore::new(database))
    }
}

async fn open_sqlite(path: &Path) -> Result<Database, OpenError> {
    if path.exists() {
        let untouched = connect::sqlite_untouched(path).await.map_err(cannot_connect)?;
        let found = migrations::inspect(&untouched).await?;
        untouched.close().await;
        refuse_what_is_not_ours(found)?;
    }
    connect::sqlite(path).await.map_err(cannot_connect)
}

async fn open_mysql(url: &str) -> Result<Database, OpenError> {
    let database = connect::mysql(url).await.map_err(cannot_connect)?;
    refuse_what_is_not_ours(migrations::inspect(&database).await?)?;
    Ok(database)
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
