//! The tables. Their numbers stand in the catalogue and never change.

use serde::{Deserialize, Serialize};

/// A table of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum Table {
    Spans = 1,
    TraceIndex = 2,
    Snapshots = 3,
    /// Figures by minute.
    Figures = 4,
    /// Raw metric points, of which the minutes stand in `Metrics` or which count nowhere.
    Samples = 5,
    /// Raw metric points that their minutes are worked out of.
    Counted = 9,
    /// Who and what the samples are of.
    Series = 6,
    Logs = 8,
    /// Metric points by series and minute.
    Metrics = 7,
    FiguresTen = 14,
    MetricsTen = 17,
    FiguresHour = 24,
    MetricsHour = 27,
}

impl Table {
    /// All, by number.
    pub const ALL: [Table; 13] = [
        Table::Spans,
        Table::TraceIndex,
        Table::Snapshots,
        Table::Figures,
        Table::Metrics,
        Table::Samples,
        Table::Counted,
        Table::Series,
        Table::Logs,
        Table::FiguresTen,
        Table::MetricsTen,
        Table::FiguresHour,
        Table::MetricsHour,
    ];

    /// The table of a catalogue's number; nothing for one that a newer version made.
    pub fn from_number(number: u8) -> Option<Table> {
        Table::ALL.into_iter().find(|table| *table as u8 == number)
    }

    /// The directory of its segments, and its name on pages.
    pub fn name(self) -> &'static str {
        match self {
            Table::Spans => "spans",
            Table::TraceIndex => "trace-index",
            Table::Snapshots => "snapshots",
            Table::Figures => "figures",
            Table::Samples => "samples",
            Table::Counted => "counted-samples",
            Table::Series => "series",
            Table::Logs => "logs",
            Table::Metrics => "metrics",
            Table::FiguresTen => "figures-10m",
            Table::MetricsTen => "metrics-10m",
            Table::FiguresHour => "figures-1h",
            Table::MetricsHour => "metrics-1h",
        }
    }

    /// Whether queries read single pages of its segments rather than whole row groups.
    pub(crate) fn is_read_by_page(self) -> bool {
        matches!(
            self,
            Table::Spans
                | Table::Snapshots
                | Table::TraceIndex
                | Table::Figures
                | Table::FiguresTen
                | Table::FiguresHour
        )
    }

    /// Length of the UTC period that one segment's rows fall in, milliseconds: an hour, or a day for rolled-up tables and
    /// for series.
    pub fn period_ms(self) -> i64 {
        match self {
            Table::FiguresTen
            | Table::MetricsTen
            | Table::FiguresHour
            | Table::MetricsHour
            | Table::Series => 24 * HOUR_MS,
            _ => HOUR_MS,
        }
    }

    /// Start of the period that an instant (Unix nanoseconds) falls in, Unix milliseconds.
    pub fn period_of(self, ns: u64) -> i64 {
        let ms = i64::try_from(ns / 1_000_000).expect("u64 nanoseconds fit i64 milliseconds");
        ms - ms % self.period_ms()
    }
}

const HOUR_MS: i64 = 3_600_000;
