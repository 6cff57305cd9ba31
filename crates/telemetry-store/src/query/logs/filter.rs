//! Whether a record is wanted.

use aho_corasick::AhoCorasick;
use memchr::memmem::Finder;

use crate::{
    attribute,
    reader::{LOGGER, LogFilter, QueryError, Severity},
    segment::{
        logs::{LogView, Read},
        spans::search::Pair,
    },
};

/// A filter made ready, and the time it is about.
pub(super) struct Filter<'q> {
    wanted: &'q LogFilter,
    from_ns: u64,
    to_ns: u64,
    text: Option<AhoCorasick>,
    attributes: Vec<Wanted>,
    /// Type and key of the logger's attribute.
    logger_head: Vec<u8>,
}

/// An attribute that records are to have.
struct Wanted {
    pair: Pair,
    /// Most records are told by a look at all their bytes at once.
    finders: Vec<Finder<'static>>,
}

/// The filters of facets that a record does not pass, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failed(u8);

impl Failed {
    pub(super) const NONE: Failed = Failed(0);
    pub(super) const SEVERITY: Failed = Failed(1);
    pub(super) const TIER: Failed = Failed(2);
    pub(super) const NODE: Failed = Failed(4);
    pub(super) const LOGGER: Failed = Failed(8);
    pub(super) const APPLICATION: Failed = Failed(16);

    /// Whether the record passes all but this one.
    pub(super) fn only(self, facet: Failed) -> bool {
        self.0 & !facet.0 == 0
    }

    fn note(&mut self, facet: Failed, passes: bool) {
        if !passes {
            self.0 |= facet.0;
        }
    }
}

impl<'q> Filter<'q> {
    /// For records of a time, Unix nanoseconds, half open.
    pub(super) fn new(wanted: &'q LogFilter, from_ns: u64, to_ns: u64) -> Result<Self, QueryError> {
        let text = match wanted.text.as_str() {
            "" => None,
            text => Some(finder(text)?),
        };
        let attributes = wanted.attributes.iter().map(|(key, value)| Wanted::new(key, value));
        Ok(Filter {
            wanted,
            from_ns,
            to_ns,
            text,
            attributes: attributes.collect(),
            logger_head: attribute::head(attribute::TEXT, LOGGER.as_bytes()),
        })
    }

    pub(super) fn time(&self) -> std::ops::Range<u64> {
        self.from_ns..self.to_ns
    }

    /// What of a record is looked at to tell whether it is wanted, and of whom it is.
    pub(super) fn reads(&self) -> Read {
        Read { body: self.text.is_some(), attributes: true }
    }

    /// Whether a record passes all filters.
    pub(super) fn takes(&self, log: &LogView<'_>) -> bool {
        self.failed(log) == Some(Failed::NONE)
    }

    /// Which facets' filters a record does not pass; nothing where it fails at another.
    pub(super) fn failed(&self, log: &LogView<'_>) -> Option<Failed> {
        let wanted = self.wanted;
        let passes = self.time().contains(&log.at_ns)
            && wanted.trace.is_none_or(|trace| log.trace == Some(trace));
        if !passes {
            return None;
        }
        let mut failed = Failed::NONE;
        let is_of = |application| log.application == application;
        failed.note(Failed::APPLICATION, wanted.application.is_none_or(is_of));
        let severities = &wanted.severities;
        failed.note(
            Failed::SEVERITY,
            severities.is_empty() || severities.contains(&Severity::of(log.severity)),
        );
        failed.note(Failed::TIER, wanted.tier.is_none_or(|tier| log.tier == tier));
        failed.note(Failed::NODE, wanted.node.is_none_or(|node| log.node == node));
        if let Some(logger) = &wanted.logger {
            failed.note(Failed::LOGGER, self.logger(log).unwrap_or_default() == logger);
        }
        let has = self.text.as_ref().is_none_or(|text| text.is_match(log.body))
            && self.attributes.iter().all(|wanted| wanted.is_in(log.attributes));
        has.then_some(failed)
    }

    /// Who wrote a record.
    pub(super) fn logger<'l>(&self, log: &LogView<'l>) -> Option<&'l str> {
        let raw = attribute::split(log.attributes).find(|raw| raw.head == self.logger_head)?;
        std::str::from_utf8(raw.content()?).ok()
    }
}

impl Wanted {
    fn new(key: &str, value: &str) -> Wanted {
        let pair = Pair::new(key, value);
        let finders = pair.encoded().map(|bytes| Finder::new(&bytes).into_owned()).collect();
        Wanted { pair, finders }
    }

    fn is_in(&self, encoded: &[u8]) -> bool {
        self.finders.iter().any(|finder| finder.find(encoded).is_some()) && self.pair.is_in(encoded)
    }
}

fn finder(text: &str) -> Result<AhoCorasick, QueryError> {
    AhoCorasick::builder().ascii_case_insensitive(true).build([text]).map_err(|error| {
        QueryError::Read { what: "the searched text".to_owned(), source: Box::new(error) }
    })
}
