//! What readers may ask of the telemetry store: typed requests and pages, the same in process and over a network.
//!
//! Calls block on the disk: make them from threads of their own. Each answers from one pinned state of catalogue and
//! head, within the limits of its request; what could not be asked stands in [`Answer::partial`], never silently left out.

use model::{
    distribution::Distribution,
    figure::{Figure, FigureKey, Scope},
    id::{AccountId, EntityId, SpanId, TraceId},
    leaf::{Leaf, Value},
    span::{Outcome, SnapshotReason, SpanKind, StatusCode},
    time::{Minute, MinuteRange},
};
use serde::{Deserialize, Serialize};

mod hours;
mod logs;
mod spread;
mod view;

pub use self::{
    hours::{FigureHours, MetricHour, MetricHours},
    logs::{
        Counted, LOGGER, LogBar, LogFilter, LogPage, LogQuery, LogRow, LogSummary, LogSummaryQuery,
        Severity,
    },
    spread::{SLICES, slices, spread},
};

/// Reads the telemetry store. See the module's documentation.
pub trait Reader: Send + Sync + std::fmt::Debug {
    /// Figures by key and point of time, ascending; each key and point once, everything merged.
    ///
    /// # Errors
    /// When the store cannot be read, or the answer would be over the request's limit.
    fn figures(&self, query: &FigureQuery) -> Result<Answer<Vec<FigureRow>>, QueryError>;

    /// Gives the figures of single hours to `each`, with how their minutes spread ([`Detail::Minutes`]): hours ascending, each
    /// key and hour once, without those in which nothing was counted. Read in one pass over the days they lie in, so that
    /// hours of a year of many keys take the memory of one day's.
    ///
    /// # Errors
    /// When the store cannot be read, or one day has more rows than the request's limit.
    fn figure_hours(
        &self,
        query: &FigureHours,
        each: &mut dyn FnMut(FigureKey, Minute, &Figure),
    ) -> Result<Answer<()>, QueryError>;

    /// The same of metric series.
    ///
    /// # Errors
    /// As [`Reader::figure_hours`].
    fn metric_hours(
        &self,
        query: &MetricHours,
        each: &mut dyn FnMut(MetricHour<'_>),
    ) -> Result<Answer<()>, QueryError>;

    /// All stored spans of a trace, by start; empty when there is no such trace.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn trace(&self, account: AccountId, trace: TraceId) -> Result<Answer<Vec<Span>>, QueryError>;

    /// Transactions, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn traces(&self, query: &TraceQuery) -> Result<Answer<TracePage>, QueryError>;

    /// Single spans, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn spans(&self, query: &SpanQuery) -> Result<Answer<SpanPage>, QueryError>;

    /// Keys of attributes, or values of one, that some spans have, those of most spans first. Never more than a sample is
    /// looked at; the answer says of what.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn attributes(&self, query: &AttributeQuery) -> Result<Answer<AttributeSample>, QueryError>;

    /// Log records, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn logs(&self, query: &LogQuery) -> Result<Answer<LogPage>, QueryError>;

    /// How many log records there are: over time, and of whom.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn log_summary(&self, query: &LogSummaryQuery) -> Result<Answer<LogSummary>, QueryError>;

    /// Metric series by their paths.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn metrics(&self, query: &MetricQuery) -> Result<Answer<Vec<MetricSeries>>, QueryError>;

    /// What series of raw samples there are, by name and id.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn series(&self, query: &SeriesQuery) -> Result<Answer<SeriesPage>, QueryError>;

    /// What metrics there are raw samples of, each once.
    ///
    /// # Errors
    /// When the store cannot be read, or there are more than [`MAX_METRICS`].
    fn sampled_metrics(
        &self,
        query: &SampledQuery,
    ) -> Result<Answer<Vec<SampledMetric>>, QueryError>;

    /// Gives all series of raw samples of some metrics to `each`, every series once and in no order, while the store is
    /// read: an answer of any length takes no memory but what `each` keeps. `each` ends it with an error of its own.
    ///
    /// # Errors
    /// When the store cannot be read, and what `each` answers.
    fn each_series(
        &self,
        query: &SampledQuery,
        each: &mut dyn FnMut(Series) -> Result<(), QueryError>,
    ) -> Result<Answer<()>, QueryError>;

    /// Raw samples of series, by id; those without samples are left out.
    ///
    /// # Errors
    /// When the store cannot be read, or the answer would be over the request's limit.
    fn samples(&self, query: &SampleQuery) -> Result<Answer<Vec<SeriesSamples>>, QueryError>;

    /// The catalogue's newest minute that is complete as far as this process knows.
    fn newest_minute(&self) -> Option<Minute>;
}

/// An answer, and why it may not be whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer<T> {
    pub value: T,
    /// Sentences for a person; empty when the answer is whole.
    pub partial: Vec<String>,
}

/// How fine the points of an answer are.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[repr(u16)]
pub enum Resolution {
    #[default]
    OneMinute = 1,
    TenMinutes = 10,
    OneHour = 60,
}

impl Resolution {
    /// Minutes a point spans.
    pub fn minutes(self) -> u32 {
        u32::from(self as u16)
    }

    /// The first minute of the point that a minute falls in.
    pub fn floor(self, minute: Minute) -> Minute {
        Minute(minute.0 - minute.0 % self.minutes())
    }

    /// What is returned for a range of so many minutes: up to 1459 minutes 1, up to 2940 minutes 10, beyond 60.
    pub fn for_range(minutes: u32) -> Resolution {
        match minutes {
            0..=1459 => Resolution::OneMinute,
            1460..=2940 => Resolution::TenMinutes,
            _ => Resolution::OneHour,
        }
    }
}

/// Which figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FigureQuery {
    pub account: AccountId,
    /// One application, or all of the account ([`EntityId::NONE`]).
    pub application: EntityId,
    /// Only these scopes; all when empty.
    pub scopes: Vec<Scope>,
    /// Only figures with this subject.
    pub subject: Option<EntityId>,
    /// Only figures with this peer.
    pub peer: Option<EntityId>,
    /// Only figures under this business transaction; [`EntityId::NONE`] asks for those over all.
    pub bt: Option<EntityId>,
    pub range: MinuteRange,
    /// Points of this width, or one for the whole range.
    pub points: Points,
    pub detail: Detail,
    pub group_by: GroupBy,
    /// At most so many rows; more is an error that says so.
    pub max_rows: usize,
}

/// What the rows of an answer are apart by, besides their points. Parts of a key that are not told apart are
/// [`EntityId::NONE`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum GroupBy {
    /// All that is counted apart.
    #[default]
    Key,
    /// Application, scope and subject.
    Subject,
    /// Application and scope, over all subjects but these (ascending).
    Scope { except: Vec<EntityId> },
}

impl GroupBy {
    /// The key of the row that a figure goes to; nothing when it goes to none.
    pub fn group_of(&self, key: FigureKey) -> Option<FigureKey> {
        const NONE: EntityId = EntityId::NONE;
        match self {
            GroupBy::Key => Some(key),
            GroupBy::Subject => Some(FigureKey { peer: NONE, bt: NONE, ..key }),
            GroupBy::Scope { except } => except
                .binary_search(&key.subject)
                .is_err()
                .then_some(FigureKey { subject: NONE, peer: NONE, bt: NONE, ..key }),
        }
    }
}

/// How much of each figure is read. The rest of it says nothing; that there is no such call, least of all.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub enum Detail {
    /// How many calls there were, of which kind.
    Counts,
    /// Response times besides, without how they spread: no percentile.
    Times,
    /// The same, and of rolled-up figures how their minutes spread.
    Minutes,
    #[default]
    Whole,
}

impl Detail {
    /// What a metric takes of the figures it is made of.
    pub fn for_leaf(leaf: Leaf) -> Detail {
        match leaf {
            Leaf::AverageResponseTime => Detail::Times,
            Leaf::Percentile95 => Detail::Whole,
            _ => Detail::Counts,
        }
    }
}

/// How an answer is cut into points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Points {
    /// One for the whole range, at its first minute.
    Total,
    Every(Resolution),
}

/// One figure at one point.
#[derive(Clone, Debug, PartialEq)]
pub struct FigureRow {
    pub key: FigureKey,
    /// First minute of the point.
    pub at: Minute,
    pub figure: Figure,
}

/// One stored span.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub trace: TraceId,
    pub id: SpanId,
    pub parent: SpanId,
    /// Unix nanoseconds.
    pub start_ns: u64,
    pub duration_ns: u64,
    pub kind: SpanKind,
    pub status: StatusCode,
    pub status_message: String,
    /// The wire's flags: trace flags in the low byte, 0x100 has is-remote, 0x200 is-remote.
    pub flags: u32,
    pub name: String,
    pub scope: String,
    pub trace_state: String,
    pub application: EntityId,
    pub tier: EntityId,
    pub node: EntityId,
    pub attributes: Vec<(String, OwnedValue)>,
    pub resource: Vec<(String, OwnedValue)>,
    pub events: Vec<SpanEvent>,
    pub links: Vec<(TraceId, SpanId)>,
}

/// An attribute's value as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OwnedValue {
    Bool(bool),
    Int(i64),
    Double(f64),
    Str(String),
    /// An encoded OTLP `AnyValue`: an array, a map or bytes.
    Encoded(Vec<u8>),
}

impl OwnedValue {
    /// Whether it is this text, or the truth or number that the text reads as.
    pub fn is_text(&self, text: &str) -> bool {
        match self {
            OwnedValue::Str(value) => value == text,
            OwnedValue::Bool(value) => text.parse() == Ok(*value),
            OwnedValue::Int(value) => text.parse() == Ok(*value),
            OwnedValue::Double(value) => text.parse() == Ok(*value),
            OwnedValue::Encoded(_) => false,
        }
    }
}

/// Something that happened within a span.
#[derive(Clone, Debug, PartialEq)]
pub struct SpanEvent {
    pub at_ns: u64,
    pub name: String,
    pub attributes: Vec<(String, OwnedValue)>,
}

/// Which transactions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceQuery {
    pub account: AccountId,
    /// Only transactions of this trace.
    pub trace: Option<TraceId>,
    pub application: Option<EntityId>,
    pub bt: Option<EntityId>,
    pub tier: Option<EntityId>,
    /// Any of these; all when empty.
    pub outcomes: Vec<Outcome>,
    pub min_duration_us: u64,
    /// Not longer; `u64::MAX` for any.
    pub max_duration_us: u64,
    /// Only those chosen to be kept.
    pub kept_only: bool,
    /// Unix nanoseconds of their ends, half open.
    pub from_ns: u64,
    pub to_ns: u64,
    /// Where the page before ended.
    pub before: Option<(u64, TraceId, SpanId)>,
    pub limit: usize,
}

/// One page of transactions, and where the next begins. A page may be shorter than asked and not the last, where more could
/// not be looked through at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TracePage {
    pub rows: Vec<TraceRow>,
    pub next: Option<(u64, TraceId, SpanId)>,
}

/// One transaction: an entry into an application, or a trace that entered none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TraceRow {
    pub trace: TraceId,
    /// The span at which it entered, or the trace's first span.
    pub entry: SpanId,
    pub application: EntityId,
    /// None for a trace without a business transaction.
    pub bt: EntityId,
    pub tier: EntityId,
    pub node: EntityId,
    /// Unix nanoseconds.
    pub end_ns: u64,
    pub duration_us: u64,
    pub outcome: Outcome,
    pub reason: SnapshotReason,
    /// Spans of the trace known when it closed. 0 takes back the row about this entry under this business transaction, or
    /// under any where it has none; readers never see it.
    pub spans: u32,
}

/// Which spans: those for which all of this is so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpanQuery {
    pub account: AccountId,
    pub application: Option<EntityId>,
    /// That the span is of.
    pub tier: Option<EntityId>,
    /// Exactly.
    pub name: Option<String>,
    /// That its trace entered.
    pub bt: Option<EntityId>,
    /// Keys and values of attributes of the span or its resource. A value is a text, and what number or truth it reads as.
    pub attributes: Vec<(String, String)>,
    pub min_duration_ns: u64,
    /// Not longer; `u64::MAX` for any.
    pub max_duration_ns: u64,
    /// Only those with the status of an error.
    pub errors_only: bool,
    /// Unix nanoseconds of their ends, half open.
    pub from_ns: u64,
    pub to_ns: u64,
    /// Where the page before ended.
    pub before: Option<(u64, TraceId, SpanId)>,
    pub limit: usize,
}

/// One page of spans, and where the next begins. A page may be shorter than asked and not the last, where more could not be
/// looked through at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpanPage {
    pub rows: Vec<FoundSpan>,
    pub next: Option<(u64, TraceId, SpanId)>,
}

/// A span in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundSpan {
    pub trace: TraceId,
    pub id: SpanId,
    /// Unix nanoseconds.
    pub end_ns: u64,
    pub duration_ns: u64,
    pub name: String,
    pub kind: SpanKind,
    pub status: StatusCode,
    pub application: EntityId,
    pub tier: EntityId,
    pub node: EntityId,
}

/// Which attributes of which spans.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttributeQuery {
    pub account: AccountId,
    pub application: Option<EntityId>,
    pub tier: Option<EntityId>,
    /// Values of this key; without it keys.
    pub key: Option<String>,
    /// What keys or values have in them, in capital or small letters.
    pub part: String,
    /// Unix nanoseconds of the spans' ends, half open.
    pub from_ns: u64,
    pub to_ns: u64,
    pub limit: usize,
}

/// What some spans have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AttributeSample {
    /// Each key or value and how many of the spans have it. A value reads as [`SpanQuery::attributes`] are read; lists, maps
    /// and long texts are left out.
    pub found: Vec<(String, u64)>,
    /// There are others than these.
    pub more: bool,
    /// How many spans were looked at; one that is kept longer may count twice.
    pub spans: u64,
    /// When the first and the last of these ended, Unix nanoseconds.
    pub ends_ns: Option<(u64, u64)>,
    /// These were all spans of the range.
    pub whole: bool,
}

/// Which metric series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricQuery {
    pub account: AccountId,
    pub application: EntityId,
    /// Only series of this tier and its nodes.
    pub tier: Option<EntityId>,
    /// Metric paths below a tier or node, whose segments may be `*`; all series when there are none.
    pub paths: Vec<String>,
    pub range: MinuteRange,
    pub points: Points,
    /// Only names, no points.
    pub names_only: bool,
    pub max_series: usize,
}

/// One metric series.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricSeries {
    pub id: u64,
    pub application: EntityId,
    pub tier: EntityId,
    /// None for a tier's series.
    pub node: EntityId,
    /// Below the tier or node, e.g. `Hardware Resources|CPU|%Busy`.
    pub path: String,
    pub unit: String,
    pub points: Vec<MetricPoint>,
}

/// What a metric was in one point of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MetricPoint {
    pub at: Minute,
    pub count: f64,
    pub sum: f64,
    pub min: f64,
    pub max: f64,
    pub last: f64,
    /// Unix milliseconds of the last one; 0 where an older version wrote it.
    pub last_at_ms: i64,
}

impl MetricPoint {
    /// The value of one that is averaged over its samples.
    pub fn value(&self) -> Value {
        Value {
            value: self.sum / self.count,
            min: self.min,
            max: self.max,
            current: self.last,
            sum: self.sum,
            count: self.count,
        }
    }
}

/// What kind of instrument measures a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum Instrument {
    Gauge = 1,
    /// Only rises.
    Counter = 2,
    UpDownCounter = 3,
    Histogram = 4,
    ExponentialHistogram = 5,
    Summary = 6,
}

impl Instrument {
    /// The kind that stands in a segment.
    pub fn from_number(number: u8) -> Option<Instrument> {
        Some(match number {
            1 => Instrument::Gauge,
            2 => Instrument::Counter,
            3 => Instrument::UpDownCounter,
            4 => Instrument::Histogram,
            5 => Instrument::ExponentialHistogram,
            6 => Instrument::Summary,
            _ => return None,
        })
    }
}

/// Which series of raw samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeriesQuery {
    pub account: AccountId,
    /// One application, or all of the account.
    pub application: Option<EntityId>,
    pub tier: Option<EntityId>,
    pub node: Option<EntityId>,
    /// The metric's own name.
    pub name: Option<String>,
    pub only: SeriesFilter,
    /// Unix nanoseconds, half open. Series are known by UTC days: those of all days that it touches are meant.
    pub from_ns: u64,
    pub to_ns: u64,
    /// Name and id where the page before ended.
    pub after: Option<(String, u64)>,
    pub limit: usize,
}

/// What of series is looked for besides whose they are: all of it has to be so.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SeriesFilter {
    /// Their ids; any without.
    pub ids: Vec<u64>,
    /// Stands in the metric's name, in capital or small ASCII letters.
    pub text: String,
    /// Attributes and their values as text.
    pub attributes: Vec<(String, String)>,
}

impl SeriesFilter {
    /// Whether a series of this id and name may be meant, whatever its attributes.
    pub fn names(&self, id: u64, name: &str) -> bool {
        let text = self.text.as_bytes();
        (self.ids.is_empty() || self.ids.contains(&id))
            && (text.is_empty()
                || name.as_bytes().windows(text.len()).any(|part| part.eq_ignore_ascii_case(text)))
    }

    /// Whether these attributes are meant.
    pub fn describes(&self, attributes: &[(String, OwnedValue)]) -> bool {
        self.attributes.iter().all(|(key, value)| {
            attributes.iter().any(|(known, is)| known == key && is.is_text(value))
        })
    }
}

/// Metrics that [`Reader::sampled_metrics`] gives at most.
pub const MAX_METRICS: usize = 100_000;

/// Which metrics that there are raw samples of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampledQuery {
    pub account: AccountId,
    /// Their own names, ascending; any without.
    pub names: Option<Vec<String>>,
    /// Unix nanoseconds, half open, of which all UTC days are meant; see [`SeriesQuery`].
    pub from_ns: u64,
    pub to_ns: u64,
}

/// A metric that there are raw samples of, as one kind of agent sends it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SampledMetric {
    pub name: String,
    pub unit: String,
    /// The instrumentation's name.
    pub scope: String,
    pub instrument: Instrument,
    /// Samples are what was added since the one before.
    pub is_delta: bool,
}

/// One page of series, and where the next begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeriesPage {
    pub rows: Vec<Series>,
    pub next: Option<(String, u64)>,
}

/// A series of raw samples: one metric of one node with one set of attributes, as its agent sends it.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub id: u64,
    pub application: EntityId,
    pub tier: EntityId,
    pub node: EntityId,
    pub instrument: Instrument,
    /// Samples are what was added since the one before, not totals.
    pub is_delta: bool,
    pub name: String,
    pub unit: String,
    /// The instrumentation's name.
    pub scope: String,
    pub attributes: Vec<(String, OwnedValue)>,
}

/// Which raw samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampleQuery {
    pub account: AccountId,
    /// Ids of series.
    pub series: Vec<u64>,
    /// Unix milliseconds, half open.
    pub from_ms: i64,
    pub to_ms: i64,
    /// At most so many samples; more is an error that says so.
    pub max_samples: usize,
}

/// The raw samples of one series by time; of several at the same time the last one that came is the last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeriesSamples {
    pub series: u64,
    /// Unix milliseconds.
    pub numbers: Vec<(i64, f64)>,
    /// Of a histogram or summary.
    pub distributions: Vec<(i64, Distribution)>,
}

/// Why a query was not answered.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    #[error("reading {what}")]
    Read {
        what: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("the answer would have more than {0} rows; ask for a shorter range or fewer entities")]
    TooLarge(usize),
}
