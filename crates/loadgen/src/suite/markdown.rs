//! The measured table as Markdown, for a documentation page.

use super::Measured;
use super::step::Row;
use crate::bench::queries::Answered;
use crate::bench::report::{Load, Report, Table, Verified};
use crate::machine::Machine;

const MIB: f64 = 1024.0;

impl Measured {
    /// With the sweep's plots in that folder.
    pub(crate) fn markdown(&self, plots: &str) -> String {
        let sweep = self.sweep.as_ref().map(|sweep| sweep.sections(plots));
        let sections = [
            self.heading(),
            self.ingest(),
            self.metrics(),
            self.queries(),
            self.beside(),
            self.commands(),
            sweep.unwrap_or_default(),
        ];
        sections.join("\n")
    }

    fn heading(&self) -> String {
        let mut out = measured_by(&self.date, &self.version, &self.command, &self.machine);
        self.data.iter().for_each(|data| out.push_str(&format!("- {data}\n")));
        out
    }

    fn ingest(&self) -> String {
        let head = [
            "spans",
            "spans/s per core",
            "spans/s, wall",
            "acknowledged p50 / p95 / p99 ms",
            "peak memory",
            "bytes a span on disk",
            "figures",
            "fdatasync p50 / p95 ms",
        ];
        table(&head, self.rows.iter().filter(|row| is_of(row, "--spans")).map(ingest))
    }

    fn metrics(&self) -> String {
        let head = [
            "metrics",
            "samples/s per core",
            "samples/s, wall",
            "acknowledged p50 / p95 / p99 ms",
            "peak memory",
            "KiB a series settled / peak",
            "bytes a sample on disk",
            "refused, ignored",
            "figures",
            "fdatasync p50 / p95 ms",
        ];
        table(&head, self.rows.iter().filter(|row| is_of(row, "--series")).map(metrics))
    }

    fn queries(&self) -> String {
        let head = ["answers", "stored", "requests", "p50 ms", "p95 ms", "max ms"];
        let reports = self.rows.iter().filter_map(|row| row.report.as_ref()?.queries.as_ref());
        let rows = reports.flat_map(|queries| {
            queries.answered.iter().map(|query| answered(query, &queries.stored))
        });
        table(&head, rows)
    }

    fn beside(&self) -> String {
        let mut quiet = Table::default();
        for report in self.rows.iter().filter_map(|row| row.report.as_ref()) {
            report.rows_without_load(&mut quiet);
        }
        let start: Vec<f64> =
            self.rows.iter().filter_map(|row| row.report.as_ref()?.ready_after_ms).collect();
        let slowest = start.iter().copied().fold(0.0, f64::max);
        let quickest = start.iter().copied().fold(f64::INFINITY, f64::min);
        let starts = (!start.is_empty()).then(|| {
            vec!["start until it answers".to_owned(), format!("{quickest:.0} to {slowest:.0} ms")]
        });
        let rows =
            quiet.into_rows().into_iter().map(|(name, value)| vec![name, value]).chain(starts);
        table(&["else", ""], rows)
    }

    fn commands(&self) -> String {
        let row = |row: &Row| vec![row.name.to_owned(), format!("`{}`", row.command)];
        table(&["measured by", ""], self.rows.iter().map(row))
    }
}

/// When, by what and on which machine something was measured.
pub(crate) fn measured_by(date: &str, version: &str, command: &str, machine: &Machine) -> String {
    format!(
        "{date}, {version}: `{command}`\n\nMachine: {}, {} cores, {:.0} GiB, Linux {}, {}; load average {} before.\n\n",
        machine.cpu,
        machine.cores,
        machine.memory_gib,
        machine.kernel,
        machine.file_system,
        machine.load_average,
    )
}

fn is_of(row: &Row, argument: &str) -> bool {
    row.command.split(' ').any(|word| word == argument)
}

fn ingest(row: &Row) -> Vec<String> {
    let Some((report, load)) = loaded(row) else { return failed(row) };
    let mut cells = rates(row, load);
    cells.extend([disk(load), figures(load), sync(report)]);
    cells
}

fn metrics(row: &Row) -> Vec<String> {
    let Some((report, load)) = loaded(row) else { return failed(row) };
    let mut cells = rates(row, load);
    let each = report.series.as_ref().map_or_else(String::new, |series| {
        let kib = |bytes: f64| bytes / 1024.0;
        let (settled, peak) = (series.settled_bytes_per_series, series.peak_bytes_per_series);
        format!("{:.2} / {:.2}", kib(settled), kib(peak))
    });
    let ignored = report.series.as_ref().and_then(|series| series.taken).map_or(0, |t| t.ignored);
    let lost = format!("{}, {ignored}", load.sent.rejected);
    cells.extend([each, disk(load), lost, figures(load), sync(report)]);
    cells
}

fn loaded(row: &Row) -> Option<(&Report, &Load)> {
    let report = row.report.as_ref()?;
    Some((report, report.load.as_ref()?))
}

fn failed(row: &Row) -> Vec<String> {
    vec![row.name.to_owned(), format!("FAILED: {}", row.error.as_deref().unwrap_or("no report"))]
}

/// Name, items a second by core and by wall clock, times of acknowledgement, peak memory.
fn rates(row: &Row, load: &Load) -> Vec<String> {
    let latency = load.sent.latency_ms;
    vec![
        row.name.to_owned(),
        grouped(load.per_core_second),
        grouped(load.sent.per_second),
        format!("{:.0} / {:.0} / {:.0}", latency.p50, latency.p95, latency.p99),
        format!("{:.0} MiB", load.cost.peak_rss_kib as f64 / MIB),
    ]
}

fn disk(load: &Load) -> String {
    let unsettled = if load.cost.pending.is_some() { ", NOT settled" } else { "" };
    load.disk_bytes_each.map_or_else(String::new, |bytes| format!("{bytes:.1}{unsettled}"))
}

pub(crate) fn figures(load: &Load) -> String {
    let verified = match load.verified {
        Verified::Exact => "exact",
        Verified::Different => "DIFFERENT",
        Verified::NotCompared => "not compared",
    };
    if load.sent.complete { verified.to_owned() } else { format!("{verified}, not all taken") }
}

fn sync(report: &Report) -> String {
    let times =
        |sync: &crate::bench::disk::SyncTime| format!("{:.2} / {:.2}", sync.p50_ms, sync.p95_ms);
    report.fdatasync.as_ref().map_or_else(String::new, times)
}

fn answered(query: &Answered, stored: &str) -> Vec<String> {
    let times = query.times.map_or_else(
        || ["none".to_owned(), String::new(), String::new()],
        |times| [times.p50_ms, times.p95_ms, times.max_ms].map(|ms| format!("{ms:.1}")),
    );
    let mut requests = query.requests.to_string();
    for (count, what) in [(query.partial, "partial"), (query.failed, "FAILED")] {
        if count > 0 {
            requests.push_str(&format!(", {count} {what}"));
        }
    }
    [vec![query.name.clone().into_owned(), stored.to_owned(), requests], times.to_vec()].concat()
}

/// A whole number with a comma before every three digits.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Nothing without rows; rows that are short are filled up.
pub(crate) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut lines = String::new();
    for mut cells in rows {
        cells.resize(head.len(), String::new());
        lines.push_str(&line(
            &cells.iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>(),
        ));
    }
    if lines.is_empty() {
        return lines;
    }
    let head: Vec<String> = head.iter().map(|&cell| cell.to_owned()).collect();
    format!("{}|{}\n{lines}", line(&head), "---|".repeat(head.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let told = [7.4, 999.0, 1_000.0, 83_300.2, 12_000_000.0].map(grouped);
        assert_eq!(told, ["7", "999", "1,000", "83,300", "12,000,000"]);
    }

    #[test]
    fn a_table_has_as_many_cells_in_every_row_and_no_stray_bars() {
        let rows = [vec!["a|b".to_owned(), "2".to_owned()], vec!["c".to_owned()]];
        let wanted = "| x | y |\n|---|---|\n| a\\|b | 2 |\n| c |  |\n";
        assert_eq!(table(&["x", "y"], rows), wanted);
        assert_eq!(table(&["x"], []), "");
    }

    #[test]
    fn a_bench_that_failed_is_a_row_that_says_so() {
        let row = Row {
            name: "gRPC",
            command: "loadgen bench --spans 10".to_owned(),
            report: None,
            error: Some("the server is not ready".to_owned()),
        };
        assert_eq!(ingest(&row), ["gRPC", "FAILED: the server is not ready"]);
        assert!(is_of(&row, "--spans") && !is_of(&row, "--series"));
    }
}
