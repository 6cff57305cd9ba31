//! What was measured, for machines (JSON) and for people (a table).

use std::fmt::{Display, Formatter};
use std::time::Duration;

use serde::Serialize;

use super::disk::{SyncTime, Usage};
use super::freshness::Freshness;
use super::queries::Answered;
use super::series::{Series, Taken};
use crate::data::points::Instruments;
use crate::send::Outcome;
use crate::send::reporter::PointsOutcome;
use crate::send::tally::Tally;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unit {
    Spans,
    Points,
}

impl Unit {
    fn many(self) -> &'static str {
        match self {
            Self::Spans => "spans",
            Self::Points => "points",
        }
    }

    fn one(self) -> &'static str {
        match self {
            Self::Spans => "span",
            Self::Points => "point",
        }
    }
}

/// The sending side.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Sent {
    pub(crate) unit: Unit,
    pub(crate) seed: u64,
    pub(crate) acknowledged: u64,
    pub(crate) rejected: u64,
    pub(crate) late: u64,
    pub(crate) requests: u64,
    pub(crate) repeated_requests: u64,
    pub(crate) retries: u64,
    pub(crate) retries_without_hint: u64,
    pub(crate) broken_connections: u64,
    pub(crate) errors: u64,
    pub(crate) messages: Vec<String>,
    /// Everything was acknowledged and nothing rejected.
    pub(crate) complete: bool,
    pub(crate) seconds: f64,
    pub(crate) per_second: f64,
    pub(crate) otlp_bytes_each: f64,
    pub(crate) sent_bytes_each: f64,
    pub(crate) latency_ms: Latency,
    /// The longest time in which no sender was told that anything is accepted; of spans only.
    pub(crate) longest_gap_ms: Option<f64>,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    /// How it was sent: protocol, encoding, TLS and so on.
    pub(crate) setting: String,
    pub(crate) fdatasync: Option<SyncTime>,
    pub(crate) ready_after_ms: Option<f64>,
    pub(crate) rss_before_kib: u64,
    pub(crate) idle: Option<Idle>,
    pub(crate) freshness: Option<Freshness>,
    pub(crate) series: Option<Series>,
    pub(crate) load: Option<Load>,
    pub(crate) queries: Option<Queries>,
    pub(crate) stopped_after_ms: Option<f64>,
    pub(crate) kept_in: Option<String>,
    /// Differences between what was sent and what is shown; none also when nothing was compared.
    pub(crate) differences: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Idle {
    pub(crate) seconds: f64,
    pub(crate) core_percent: f64,
    pub(crate) rss_kib: u64,
    pub(crate) threads: u64,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Load {
    pub(crate) sent: Sent,
    pub(crate) cost: Cost,
    pub(crate) per_core_second: f64,
    pub(crate) disk_bytes_each: Option<f64>,
    pub(crate) verified: Verified,
}

/// What the server spent on a load.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Cost {
    /// User and system seconds of the server from the first request until it was settled.
    pub(crate) cpu_s: f64,
    /// Of these, those used while requests were being sent.
    pub(crate) cpu_while_sending_s: f64,
    /// Seconds from the last answer until it was settled, or until the wait was over.
    pub(crate) settled_after_s: f64,
    /// What was left to do at the end of the longest wait; the bytes on disk are not final then.
    pub(crate) pending: Option<String>,
    pub(crate) peak_rss_kib: u64,
    pub(crate) rss_after_kib: u64,
    pub(crate) threads: u64,
    pub(crate) disk: Option<Usage>,
    /// Bytes by what they are for.
    pub(crate) disk_parts: Vec<(String, u64)>,
    pub(crate) generator_cpu_s: f64,
}

/// Times of answers over REST once the load was stored.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Queries {
    /// What the answers had to be found in.
    pub(crate) stored: String,
    pub(crate) answered: Vec<Answered>,
    /// Highest of the server so far, load and queries.
    pub(crate) peak_rss_kib: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verified {
    Exact,
    Different,
    NotCompared,
}

impl Verified {
    pub(crate) fn of(compared: bool, differences: &[String]) -> Self {
        match (compared, differences) {
            (false, _) => Self::NotCompared,
            (true, []) => Self::Exact,
            (true, _) => Self::Different,
        }
    }
}

impl Sent {
    pub(crate) fn of(outcome: &Outcome) -> Self {
        let sent = Self::new(Unit::Spans, &outcome.tally, outcome.took, outcome.expected.seed);
        Self { longest_gap_ms: Some(outcome.longest_gap.as_secs_f64() * 1000.0), ..sent }
    }

    pub(crate) fn of_points(outcome: &PointsOutcome, seed: u64) -> Self {
        Self::new(Unit::Points, &outcome.tally, outcome.took, seed)
    }

    fn new(unit: Unit, tally: &Tally, took: Duration, seed: u64) -> Self {
        let seconds = took.as_secs_f64();
        // Bodies sent again are on the wire and in the bytes, yet no items of their own.
        let items = tally.acknowledged + tally.rejected;
        Self {
            unit,
            seed,
            acknowledged: tally.acknowledged,
            rejected: tally.rejected,
            late: tally.late,
            requests: tally.requests,
            repeated_requests: tally.repeated_requests,
            retries: tally.retries,
            retries_without_hint: tally.retries_without_hint,
            broken_connections: tally.broken_connections,
            errors: tally.errors,
            messages: tally.messages.clone(),
            complete: tally.errors == 0 && tally.rejected == 0,
            seconds,
            per_second: tally.acknowledged as f64 / seconds,
            otlp_bytes_each: each(tally.otlp_bytes, items),
            sent_bytes_each: each(tally.sent_bytes, items),
            latency_ms: Latency {
                p50: tally.latency_ms(0.50),
                p95: tally.latency_ms(0.95),
                p99: tally.latency_ms(0.99),
                max: tally.latency_ms(1.0),
            },
            longest_gap_ms: None,
        }
    }

    pub(crate) fn rows(&self, table: &mut Table) {
        let Latency { p50, p95, p99, max } = self.latency_ms;
        let (many, one) = (self.unit.many(), self.unit.one());
        table.row(format!("{many} acknowledged"), self.acknowledged);
        table.row_if(format!("{many} refused by partial success"), self.rejected);
        table.row_if(format!("{many} sent late"), self.late);
        table.row("requests", self.requests);
        table.row_if("requests sent twice", self.repeated_requests);
        table.row_if("told to come later", self.retries);
        table.row_if("told so without when", self.retries_without_hint);
        table.row_if("broken connections", self.broken_connections);
        table.row_if("errors", self.errors);
        for message in &self.messages {
            table.row("  message", message);
        }
        table.row("seconds", format!("{:.2}", self.seconds));
        table.row(format!("{many}/s (wall)"), format!("{:.0}", self.per_second));
        table.row(format!("OTLP bytes a {one}"), format!("{:.1}", self.otlp_bytes_each));
        table.row(format!("bytes a {one} on the wire"), format!("{:.1}", self.sent_bytes_each));
        table.row(
            "acknowledged within",
            format!("p50 {p50:.1}, p95 {p95:.1}, p99 {p99:.1}, max {max:.1} ms"),
        );
        if let Some(gap) = self.longest_gap_ms {
            table.row("longest without an answer", format!("{gap:.0} ms"));
        }
        table.row("seed", self.seed);
    }
}

impl Report {
    pub(crate) fn good(&self) -> bool {
        let all_there = self.freshness.as_ref().is_none_or(Freshness::all_happened);
        let sent = self.load.as_ref().is_none_or(|load| load.sent.complete);
        let answered = self.queries.as_ref().is_none_or(Queries::all_answered);
        self.differences.is_empty() && all_there && sent && answered
    }

    pub(crate) fn table(&self) -> Table {
        let mut table = Table::default();
        table.row("setting", &self.setting);
        if let Some(sync) = self.fdatasync {
            table.row("fdatasync of 64 KiB", sync);
        }
        if let Some(ready) = self.ready_after_ms {
            table.row("ready after", format!("{ready:.0} ms"));
        }
        table.row("RSS before", mib(self.rss_before_kib));
        self.rows_without_load(&mut table);
        if let Some(series) = &self.series {
            series.rows(&mut table);
        }
        if let Some(load) = &self.load {
            load.rows(&mut table);
        }
        if let Some(queries) = &self.queries {
            queries.rows(&mut table);
        }
        if let Some(stopped) = self.stopped_after_ms {
            table.row("stopped after", format!("{stopped:.0} ms"));
        }
        if let Some(folder) = &self.kept_in {
            table.row("kept in", folder);
        }
        table
    }

    /// What is measured of a server that is not under load.
    pub(crate) fn rows_without_load(&self, table: &mut Table) {
        if let Some(idle) = &self.idle {
            table.row("idle measured for", format!("{:.0} s", idle.seconds));
            table.row("idle CPU", format!("{:.2} % of a core", idle.core_percent));
            table.row("idle RSS", mib(idle.rss_kib));
            table.row("threads", idle.threads);
        }
        if let Some(freshness) = &self.freshness {
            freshness.rows(table);
        }
    }
}

impl Load {
    pub(crate) fn of(sent: Sent, cost: Cost, verified: Verified) -> Self {
        let items = sent.acknowledged;
        Self {
            per_core_second: items as f64 / cost.cpu_s.max(0.01),
            disk_bytes_each: cost.disk.map(|disk| each(disk.apparent_bytes, items)),
            verified,
            sent,
            cost,
        }
    }

    fn rows(&self, table: &mut Table) {
        self.sent.rows(table);
        let cost = &self.cost;
        table.row(
            "CPU of the server",
            format!("{:.2} s ({:.2} s while sending)", cost.cpu_s, cost.cpu_while_sending_s),
        );
        let (many, one) = (self.sent.unit.many(), self.sent.unit.one());
        table.row(format!("{many}/s per core"), format!("{:.0}", self.per_core_second));
        let verified = match self.verified {
            Verified::Exact => "exact",
            Verified::Different => "DIFFERENT",
            Verified::NotCompared => "not compared",
        };
        table.row("figures", verified);
        cost.rows(table);
        if let (Some(disk), Some(per_item)) = (cost.disk, self.disk_bytes_each) {
            let allocated = each(disk.allocated_bytes, self.sent.acknowledged);
            let unsettled = if cost.pending.is_some() { ", NOT settled" } else { "" };
            table.row(
                format!("disk bytes a {one}"),
                format!(
                    "{per_item:.1} ({allocated:.1} allocated) in {} files{unsettled}",
                    disk.files
                ),
            );
        }
        if !cost.disk_parts.is_empty() {
            let part = |(name, bytes): &(String, u64)| {
                format!("{name} {:.2}", each(*bytes, self.sent.acknowledged))
            };
            let parts: Vec<String> = cost.disk_parts.iter().map(part).collect();
            table.row(format!("of them, bytes a {one}"), parts.join(", "));
        }
        table.row("CPU of the generator", format!("{:.2} s", cost.generator_cpu_s));
    }
}

impl Series {
    fn rows(&self, table: &mut Table) {
        let Self { series, nodes, tiers, samples, interval_s, .. } = self;
        let of = match self.instruments {
            Instruments::Numbers => "counters and gauges",
            Instruments::Histograms => "histograms",
        };
        table.row("series", format!("{series} {of} of {nodes} nodes on {tiers} tiers"));
        table.row("samples of each", format!("{samples}, {interval_s} s apart"));
        if let Some(taken) = self.taken {
            let Taken { accepted, refused, worked_on, ignored } = taken;
            table.row(
                "points by the server's count",
                format!(
                    "{accepted} accepted, {refused} refused, {worked_on} worked on, {ignored} ignored"
                ),
            );
        }
        let kib = |bytes: f64| bytes / 1024.0;
        table.row(
            "memory a series",
            format!(
                "{:.2} KiB settled, {:.2} KiB at the peak",
                kib(self.settled_bytes_per_series),
                kib(self.peak_bytes_per_series)
            ),
        );
        table.row("series read back", self.series_compared);
    }
}

impl Cost {
    pub(super) fn rows(&self, table: &mut Table) {
        let after = self.settled_after_s;
        table.row(
            "settled",
            match &self.pending {
                None => format!("after {after:.1} s"),
                Some(pending) => format!("NOT settled after {after:.1} s: {pending}"),
            },
        );
        table.row("peak RSS", mib(self.peak_rss_kib));
        table.row("RSS after", mib(self.rss_after_kib));
        table.row("threads", self.threads);
    }
}

fn each(bytes: u64, items: u64) -> f64 {
    bytes as f64 / items.max(1) as f64
}

impl Queries {
    fn all_answered(&self) -> bool {
        self.answered.iter().all(|query| query.failed == 0 && query.times.is_some())
    }

    fn rows(&self, table: &mut Table) {
        table.row("answers over HTTPS", format!("{} stored", self.stored));
        for query in &self.answered {
            table.row(query.name.as_ref(), query);
        }
        table.row("peak RSS with queries", mib(self.peak_rss_kib));
    }
}

impl Display for Answered {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        match self.times {
            Some(times) => write!(out, "{times}")?,
            None => write!(out, "no answer")?,
        }
        write!(
            out,
            " ({} requests, {:.1} KiB each",
            self.requests,
            self.bytes_per_answer / 1024.0
        )?;
        if self.partial > 0 {
            write!(out, ", {} partial", self.partial)?;
        }
        if let Some(failure) = &self.first_failure {
            write!(out, ", {} FAILED: {failure}", self.failed)?;
        }
        write!(out, ")")
    }
}

impl Freshness {
    fn all_happened(&self) -> bool {
        let all = [&self.found_ms, &self.tiers_ms, &self.business_transactions_ms, &self.edges_ms];
        all.into_iter().flatten().all(Option::is_some)
    }

    fn rows(&self, table: &mut Table) {
        table.row("trace found by id", spread(&self.found_ms));
        table.row("counted on tiers", spread(&self.tiers_ms));
        table.row("counted on its BT", spread(&self.business_transactions_ms));
        table.row("counted on edges", spread(&self.edges_ms));
    }
}

fn spread(times: &[Option<f64>]) -> String {
    let mut happened: Vec<f64> = times.iter().copied().flatten().collect();
    happened.sort_by(f64::total_cmp);
    let never = times.len() - happened.len();
    let never =
        if never > 0 { format!(", {never} of {} NEVER", times.len()) } else { String::new() };
    match (happened.get(happened.len() / 2), happened.last()) {
        (Some(median), Some(max)) => format!("median {median:.0} ms, max {max:.0} ms{never}"),
        _ => format!("never{never}"),
    }
}

fn mib(kib: u64) -> String {
    format!("{:.1} MiB", kib as f64 / 1024.0)
}

/// Two columns, the first as wide as its longest entry.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<(String, String)>,
}

impl Table {
    pub(crate) fn row(&mut self, name: impl Into<String>, value: impl Display) {
        self.rows.push((name.into(), value.to_string()));
    }

    /// Only what happened at all.
    fn row_if(&mut self, name: impl Into<String>, count: u64) {
        if count > 0 {
            self.row(name, count);
        }
    }
}

impl Table {
    pub(crate) fn into_rows(self) -> Vec<(String, String)> {
        self.rows
    }

    /// As Markdown.
    pub(crate) fn markdown(&self) -> String {
        let cell = |text: &str| text.replace('|', "\\|");
        let row =
            |(name, value): &(String, String)| format!("| {} | {} |\n", cell(name), cell(value));
        let rows: String = self.rows.iter().map(row).collect();
        format!("| | |\n|---|---|\n{rows}")
    }
}

impl Display for Table {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        let width = self.rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        self.rows.iter().try_for_each(|(name, value)| writeln!(out, "{name:width$}  {value}"))
    }
}
