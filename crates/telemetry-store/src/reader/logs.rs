//! Questions about log records.

use model::id::{AccountId, EntityId, SpanId, TraceId};
use serde::{Deserialize, Serialize};

use super::OwnedValue;

/// The attribute that holds the name of the logger: OpenTelemetry's for the instrumentation scope.
pub const LOGGER: &str = "otel.scope.name";

/// How grave a record is: the bands of OpenTelemetry's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum Severity {
    Unspecified = 0,
    Trace = 1,
    Debug = 2,
    Info = 3,
    Warn = 4,
    Error = 5,
    Fatal = 6,
}

impl Severity {
    /// From the least to the gravest.
    pub const ALL: [Severity; 7] = [
        Severity::Unspecified,
        Severity::Trace,
        Severity::Debug,
        Severity::Info,
        Severity::Warn,
        Severity::Error,
        Severity::Fatal,
    ];

    /// The band of a number, 1 to 24.
    pub fn of(number: u8) -> Severity {
        match number {
            1..=24 => Severity::ALL[usize::from(number.div_ceil(4))],
            _ => Severity::Unspecified,
        }
    }
}

/// Which log records: those for which all of this is so.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogFilter {
    pub application: Option<EntityId>,
    pub tier: Option<EntityId>,
    pub node: Option<EntityId>,
    pub trace: Option<TraceId>,
    /// Any of these; all when empty.
    pub severities: Vec<Severity>,
    /// The value of the attribute [`LOGGER`].
    pub logger: Option<String>,
    /// Stands in the body, the case of ASCII letters aside; nothing when empty.
    pub text: String,
    /// Keys and values of attributes. A value is a text, and what number or truth it reads as.
    pub attributes: Vec<(String, String)>,
}

/// Which log records, page by page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogQuery {
    pub account: AccountId,
    pub filter: LogFilter,
    /// Unix nanoseconds, half open.
    pub from_ns: u64,
    pub to_ns: u64,
    /// Where the page before ended.
    pub before: Option<u64>,
    pub limit: usize,
}

/// One page of log records, and where the next begins. Records of one instant are never parted: a page may be longer than
/// asked by those of its last instant. It may also be shorter and not the last, where more could not be looked through at
/// once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogPage {
    pub rows: Vec<LogRow>,
    pub next: Option<u64>,
}

/// One log record.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRow {
    /// Unix nanoseconds.
    pub at_ns: u64,
    pub application: EntityId,
    pub tier: EntityId,
    pub node: EntityId,
    pub trace: Option<TraceId>,
    pub span: SpanId,
    /// OpenTelemetry's number, 1..=24; 0 unknown.
    pub severity: u8,
    pub body: String,
    pub attributes: Vec<(String, OwnedValue)>,
}

/// Which log records are counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogSummaryQuery {
    pub account: AccountId,
    pub filter: LogFilter,
    /// Unix nanoseconds, half open.
    pub from_ns: u64,
    pub to_ns: u64,
    /// How wide a bar is; bars begin at its multiples. At least 1.
    pub bar_ns: u64,
    /// Values of a facet that are named at most.
    pub values: usize,
}

/// How many log records there are.
///
/// A facet counts the records that pass all filters but its own, so that what else could be chosen is seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogSummary {
    /// Those with a record, by time.
    pub bars: Vec<LogBar>,
    /// By [`Severity`].
    pub severities: [u64; 7],
    pub applications: Counted<EntityId>,
    pub tiers: Counted<EntityId>,
    pub nodes: Counted<EntityId>,
    pub loggers: Counted<String>,
    /// Unix nanoseconds; only what is not older was counted. Set where there was too much to count.
    pub complete_from_ns: Option<u64>,
}

/// The records of a time, by [`Severity`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogBar {
    /// Where it begins, Unix nanoseconds.
    pub at_ns: u64,
    pub counts: [u64; 7],
}

/// The most frequent values of a facet, most frequent first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted<T> {
    pub values: Vec<(T, u64)>,
    /// Records with any other value.
    pub others: u64,
}
