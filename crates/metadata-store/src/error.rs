//! What can go wrong with a resource of the store. The catalogue has errors of its own.

/// Why a call to the metadata store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database failed, or conflicts with other writers went on through all retries. For a writing call
    /// whose connection broke it is unknown whether the change happened.
    #[error("the metadata store could not {operation}")]
    Database {
        operation: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A name that has to be unique is taken.
    #[error("there is already {what} of the name {name:?}")]
    AlreadyExists { what: &'static str, name: String },
    /// What was to be changed is not there.
    #[error("there is no {what} {id}")]
    NotFound { what: &'static str, id: u64 },
    /// What was to be deleted, or called otherwise, is used: the sentence of whoever looked at what may use it.
    #[error("{0}")]
    InUse(String),
    /// What is named by what was to be stored is not there.
    #[error("there is no {what} {name:?}; it was deleted just now, so name another one")]
    Gone { what: &'static str, name: String },
    /// A text over the limit, in characters, or a blob over the limit, in bytes.
    #[error("{what} is longer than {limit}")]
    TooLong { what: &'static str, limit: usize },
    /// There are as many as may be.
    #[error("there are {limit} {what} already, which is as many as may be; delete one first")]
    TooMany { what: &'static str, limit: usize },
    /// A role that comes with every account was to be changed or deleted.
    #[error("a predefined role can be neither changed nor deleted; make one of your own")]
    Predefined,
    /// After the change nobody would be left who may do everything.
    #[error("one enabled user at least has to be Account Owner; make another one first")]
    LastOwner,
    /// A backup was asked of a database that brings its own tool.
    #[error("a MySQL database is backed up with mariadb-dump --single-transaction, not by vedette")]
    BackupElsewhere,
    /// The file that a backup was to be written to is there already.
    #[error("{0:?} exists already; a backup overwrites nothing")]
    BackupExists(std::path::PathBuf),
    /// A backup was made but could not be put in its place.
    #[error("the backup could not be written to {path:?}")]
    BackupFile {
        path: std::path::PathBuf,
        #[source]
        source: std::io::Error,
    },
}

/// Makes a transaction end without any effect, and its call with this error.
pub(crate) fn refuse(error: StoreError) -> sqlx::Error {
    sqlx::Error::AnyDriverError(Box::new(error))
}

/// Turns "no row was matched" into an error.
pub(crate) fn must_match(rows: u64, what: &'static str, id: u32) -> Result<(), StoreError> {
    if rows == 0 { Err(StoreError::NotFound { what, id: id.into() }) } else { Ok(()) }
}

/// Refuses a value over `limit` bytes.
pub(crate) fn at_most(limit: usize, what: &'static str, bytes: usize) -> Result<(), StoreError> {
    if bytes > limit { Err(StoreError::TooLong { what, limit }) } else { Ok(()) }
}
