//! Why a query has no answer.

use telemetry_store::reader::QueryError;

/// Why a query has no answer; the sentences are for whoever asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request makes no sense.
    #[error("{0}")]
    BadData(String),
    /// The expression cannot be evaluated over what there is.
    #[error("{0}")]
    Execution(String),
    #[error("the query would {what}, more than the {most} that one query may; {instead}")]
    TooLarge { what: &'static str, most: usize, instead: &'static str },
    /// Nobody waits for the answer any more.
    #[error("the query took too long; ask for a shorter range, a wider step or fewer series")]
    Stopped,
    #[error("reading stored samples")]
    Read(#[source] QueryError),
}

impl Error {
    pub(crate) fn execution(sentence: impl Into<String>) -> Error {
        Error::Execution(sentence.into())
    }

    pub(crate) fn bad(sentence: impl Into<String>) -> Error {
        Error::BadData(sentence.into())
    }
}
