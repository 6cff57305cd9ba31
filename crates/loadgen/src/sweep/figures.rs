//! What a bench comes to on a plot.

use std::fmt::{Display, Formatter};

use serde::Serialize;

use crate::bench::report::Report;

/// A question whose times are plotted: what it is called there, and how its name in the bench begins and ends; between them
/// are numbers of the load.
type Question = (&'static str, &'static str, &'static str);

/// Whether this is the bench's name of the question.
pub(crate) fn is_asked_as((_, start, end): Question, name: &str) -> bool {
    name.starts_with(start) && name.ends_with(end)
}

pub(crate) const OF_SPANS: [Question; 4] = [
    ("trace by id", "trace", " by id"),
    ("spans by an attribute, of a BT", "spans by a frequent attribute", ", of a BT"),
    ("every BT by the minute", "every BT", " by the minute"),
    ("flow map", "flow", " map"),
];

const OF_SERIES: [Question; 4] = [
    ("rate of one metric, by tier", "rate over ", ", by tier"),
    ("rate of one metric, of each series", "rate over ", ", of each"),
    ("one series of a node", "one series", " of a node"),
    ("one metric of a tier's nodes", "one metric", " of a tier"),
];

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Figures {
    /// Microseconds a span or sample, until all was settled.
    pub(crate) cpu_us: f64,
    pub(crate) per_core_second: f64,
    pub(crate) peak_mib: f64,
    pub(crate) disk_bytes: Option<f64>,
    /// p95 in milliseconds by question, in their order.
    pub(crate) answers_ms: Vec<(&'static str, Option<f64>)>,
}

impl Figures {
    /// None of a report without a load.
    pub(crate) fn of(report: &Report) -> Option<Self> {
        let load = report.load.as_ref()?;
        let questions = if report.series.is_some() { OF_SERIES } else { OF_SPANS };
        let p95_ms = |question: Question| {
            let mut answered = report.queries.iter().flat_map(|queries| &queries.answered);
            let answer = answered.find(|query| is_asked_as(question, &query.name));
            (question.0, answer.and_then(|query| Some(query.times?.p95_ms)))
        };
        Some(Self {
            cpu_us: load.cost.cpu_s * 1e6 / load.sent.acknowledged.max(1) as f64,
            per_core_second: load.per_core_second,
            peak_mib: load.cost.peak_rss_kib as f64 / 1024.0,
            disk_bytes: load.disk_bytes_each,
            answers_ms: questions.map(p95_ms).to_vec(),
        })
    }
}

impl Display for Figures {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { cpu_us, peak_mib, disk_bytes, answers_ms, .. } = self;
        write!(out, "{cpu_us:.2} µs of CPU each, at most {peak_mib:.0} MiB")?;
        if let Some(bytes) = disk_bytes {
            write!(out, ", {bytes:.1} bytes each")?;
        }
        let slowest = answers_ms.iter().filter_map(|(_, ms)| *ms).fold(0.0, f64::max);
        write!(out, ", answers p95 {slowest:.1} ms at most")
    }
}
