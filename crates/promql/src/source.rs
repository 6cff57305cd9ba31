//! Where samples come from.

use promql_parser::label::{Matcher, Matchers};

use crate::{Error, labels::Labels, value::Sampled};

/// Selects series. Calls may block; what one query reads is the source's to bound.
pub trait Source {
    /// The samples of all series that match, of times from `from_ms` through `to_ms` (Unix milliseconds), by labels, each
    /// once. A sample that is [`ABSENT`](crate::value::ABSENT) says that its series had ended by then. Series without a
    /// sample may be left out.
    ///
    /// # Errors
    /// When samples cannot be read, or are too many.
    fn select(&self, matchers: &Matchers, from_ms: i64, to_ms: i64) -> Result<Vec<Sampled>, Error>;
}

/// Whether labels are those that a selector means: all of its matchers, or all of one of its alternatives.
pub(crate) fn matches(matchers: &Matchers, labels: &Labels) -> bool {
    let all = |of: &[Matcher]| of.iter().all(|one| one.is_match(labels.get(&one.name)));
    all(&matchers.matchers)
        && (matchers.or_matchers.is_empty() || matchers.or_matchers.iter().any(|of| all(of)))
}
