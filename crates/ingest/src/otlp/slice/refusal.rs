//! Why single spans, points or log records are refused, and how the sender is told.

use std::{fmt::Write, time::Duration};

use crate::otlp::wire::{Problem, WireError};

/// Why an item is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Refusal {
    TraceId,
    SpanId,
    ParentSpanId,
    NoTime,
    Ahead,
    TooOld,
    NotUtf8,
    TooDeep,
    TooBig,
    NoName,
    Buckets,
    Temporality,
    GaugeHistogram,
    ApplicationStreams,
    AccountStreams,
    MemoryForStreams,
}

impl Refusal {
    /// All, in the order that messages name them.
    pub const ALL: [Refusal; 16] = [
        Refusal::TraceId,
        Refusal::SpanId,
        Refusal::ParentSpanId,
        Refusal::NoTime,
        Refusal::Ahead,
        Refusal::TooOld,
        Refusal::NotUtf8,
        Refusal::TooDeep,
        Refusal::TooBig,
        Refusal::NoName,
        Refusal::Buckets,
        Refusal::Temporality,
        Refusal::GaugeHistogram,
        Refusal::ApplicationStreams,
        Refusal::AccountStreams,
        Refusal::MemoryForStreams,
    ];

    /// The refusal of an item in which a fault was found.
    pub(crate) fn of(error: &WireError) -> Refusal {
        match error.problem {
            Problem::NotUtf8 => Refusal::NotUtf8,
            _ => Refusal::TooDeep,
        }
    }

    /// A short name for metrics.
    pub fn name(self) -> &'static str {
        match self {
            Refusal::TraceId => "trace_id",
            Refusal::SpanId => "span_id",
            Refusal::ParentSpanId => "parent_span_id",
            Refusal::NoTime => "no_time",
            Refusal::Ahead => "ahead",
            Refusal::TooOld => "too_old",
            Refusal::NotUtf8 => "not_utf8",
            Refusal::TooDeep => "too_deep",
            Refusal::TooBig => "too_big",
            Refusal::NoName => "no_name",
            Refusal::Buckets => "buckets",
            Refusal::Temporality => "temporality",
            Refusal::GaugeHistogram => "gauge_histogram",
            Refusal::ApplicationStreams => "application_streams",
            Refusal::AccountStreams => "account_streams",
            Refusal::MemoryForStreams => "memory_for_streams",
        }
    }

    fn explanation(self) -> &'static str {
        match self {
            Refusal::TraceId => "have no valid trace id (16 bytes, not all zero)",
            Refusal::SpanId => "have no valid span id (8 bytes, not all zero)",
            Refusal::ParentSpanId => "have a parent span id that is not 8 bytes long",
            Refusal::NoTime => "have no time",
            Refusal::Ahead => "are more than 10 minutes ahead of this server's clock",
            Refusal::TooOld => "are older than what this server keeps",
            Refusal::NotUtf8 => "hold text that is not valid UTF-8",
            Refusal::TooDeep => "hold values that are nested too deeply",
            Refusal::TooBig => "are larger than a record may be (896 KiB with their resource)",
            Refusal::NoName => "belong to a metric without a name",
            Refusal::Buckets => "have bucket counts that do not fit their bounds",
            Refusal::GaugeHistogram => "are gauge histograms, which are not taken",
            Refusal::ApplicationStreams => {
                "are of metric streams beyond the 100000 that an application may have"
            }
            Refusal::AccountStreams => {
                "are of metric streams beyond the 1000000 that an account may have"
            }
            Refusal::MemoryForStreams => {
                "are of metric streams beyond what this server's memory limit has room for"
            }
            Refusal::Temporality => {
                "belong to a sum or histogram whose aggregation temporality is neither delta nor cumulative"
            }
        }
    }
}

/// How many items were refused, by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusals {
    counts: [u64; Refusal::ALL.len()],
    furthest_ahead: Duration,
    furthest_behind: Duration,
}

impl Refusals {
    /// Counts `items` more.
    pub fn count(&mut self, why: Refusal, items: u64) {
        self.counts[why as usize] += items;
    }

    /// Adds what was refused of another part of the request.
    pub(super) fn merge(&mut self, other: &Refusals) {
        for (why, items) in other.iter() {
            self.count(why, items);
        }
        self.furthest_ahead = self.furthest_ahead.max(other.furthest_ahead);
        self.furthest_behind = self.furthest_behind.max(other.furthest_behind);
    }

    pub(super) fn count_ahead(&mut self, by: Duration) {
        self.count(Refusal::Ahead, 1);
        self.furthest_ahead = self.furthest_ahead.max(by);
    }

    pub(super) fn count_behind(&mut self, by: Duration) {
        self.count(Refusal::TooOld, 1);
        self.furthest_behind = self.furthest_behind.max(by);
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many for one reason.
    pub fn of(&self, why: Refusal) -> u64 {
        self.counts[why as usize]
    }

    /// Each reason that occurred, with its count.
    pub fn iter(&self) -> impl Iterator<Item = (Refusal, u64)> + '_ {
        Refusal::ALL.into_iter().map(|why| (why, self.of(why))).filter(|(_, count)| *count > 0)
    }

    /// Whether the sender's clock is the likely reason.
    pub fn clock_is_off(&self) -> bool {
        self.of(Refusal::Ahead) > 0 || self.of(Refusal::TooOld) > 0
    }

    /// What the sender is told: how many of `all` things called `noun` (plural) were refused, and why. Empty where
    /// none was.
    pub fn message(&self, all: u64, noun: &str) -> String {
        let mut text = String::new();
        for (why, count) in self.iter() {
            let lead = if text.is_empty() {
                format!("refused {} of {all} {noun}: ", self.total())
            } else {
                "; ".to_owned()
            };
            text.push_str(&lead);
            write!(text, "{count} {}", why.explanation()).expect("writing to a String cannot fail");
            text.push_str(&self.advice(why));
        }
        text
    }

    fn advice(&self, why: Refusal) -> String {
        match why {
            Refusal::Ahead => {
                format!(", by up to {}: set the sender's clock (NTP)", rounded(self.furthest_ahead))
            }
            Refusal::TooOld => format!(
                ", by up to {}: check the sender's clock, or what held the data back",
                rounded(self.furthest_behind)
            ),
            Refusal::ApplicationStreams | Refusal::AccountStreams => format!(": {FEWER_STREAMS}"),
            Refusal::MemoryForStreams => format!(": raise its memory-limit, or {FEWER_STREAMS}"),
            _ => String::new(),
        }
    }
}

const FEWER_STREAMS: &str = "leave out attributes with many values, or metrics that nobody needs, at the sender \
    (views, a Collector's processors, write_relabel_configs); streams that are not heard of for an hour make room";

/// A duration in its largest whole unit.
fn rounded(duration: Duration) -> String {
    let minutes = duration.as_secs() / 60;
    match minutes {
        0..120 => format!("{minutes} min"),
        120..2880 => format!("{} h", minutes / 60),
        _ => format!("{} d", minutes / 1440),
    }
}
