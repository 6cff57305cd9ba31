//! A table as people see it: what it holds, which setting keeps it, what it will take.

use telemetry_store::{Expired, TableUsage, table::Table, upkeep::Retention};

/// Milliseconds of a day.
const DAY_MS: f64 = 24.0 * 3_600_000.0;

pub(super) fn table(usage: &TableUsage, retention: &Retention) -> api_types::TableUsage {
    let retention_ms = retention.of(usage.table);
    let expected = |a_day: u64| (a_day as f64 * retention_ms as f64 / DAY_MS) as u64;
    let (what, setting) = described(usage.table);
    api_types::TableUsage {
        table: usage.table.name().to_owned(),
        what: what.to_owned(),
        bytes: usage.bytes,
        rows: usage.rows,
        segments: usage.segments,
        oldest: usage.times_ms.map(|(oldest, _)| oldest),
        newest: usage.times_ms.map(|(_, newest)| newest),
        retention_ms,
        setting: setting.to_owned(),
        bytes_per_day: usage.bytes_a_day,
        expected_bytes: usage.bytes_a_day.map(expected),
    }
}

/// What of a table would go.
pub(super) fn loss(expired: &Expired) -> api_types::TableLoss {
    api_types::TableLoss {
        table: expired.table.name().to_owned(),
        segments: expired.segments,
        bytes: expired.bytes,
        rows: expired.rows,
    }
}

fn described(table: Table) -> (&'static str, &'static str) {
    match table {
        Table::Spans => ("Every span of every trace", "retention-traces"),
        Table::TraceIndex => ("What traces are found by", "retention-snapshots"),
        Table::Snapshots => {
            ("Spans of chosen traces: slow, failed, periodic", "retention-snapshots")
        }
        Table::Figures => ("Calls, errors and response times by the minute", "retention-minutes"),
        Table::Metrics => ("Metrics by the minute", "retention-minutes"),
        Table::Samples => ("Raw metric points", "retention-samples"),
        Table::Counted => ("Metric points that minutes are worked out of", "retention-samples"),
        Table::Series => ("Whom and what metric points are of", "retention-samples"),
        Table::Logs => ("Log records", "retention-logs"),
        Table::FiguresTen => {
            ("Calls, errors and response times by ten minutes", "retention-ten-minutes")
        }
        Table::MetricsTen => ("Metrics by ten minutes", "retention-ten-minutes"),
        Table::FiguresHour => ("Calls, errors and response times by the hour", "retention-hours"),
        Table::MetricsHour => ("Metrics by the hour", "retention-hours"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_table_will_take_is_a_day_times_its_retention() {
        let retention = Retention {
            traces_ms: 2 * 24 * 3_600_000,
            snapshots_ms: 0,
            minutes_ms: 0,
            ten_minutes_ms: 0,
            hours_ms: 0,
            logs_ms: 0,
            samples_ms: 0,
            keep_free_percent: 0,
        };
        let usage = TableUsage {
            table: Table::Spans,
            bytes: 10,
            rows: 1,
            segments: 1,
            times_ms: Some((1, 2)),
            bytes_a_day: Some(1000),
        };
        assert_eq!(table(&usage, &retention).expected_bytes, Some(2000));
        let young = TableUsage { bytes_a_day: None, ..usage };
        assert_eq!(table(&young, &retention).expected_bytes, None);
    }
}
