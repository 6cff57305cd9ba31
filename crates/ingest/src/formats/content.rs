//! What a directory of the past is made of, and what it must answer.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path};

use model::{
    id::{AccountId, EntityId},
    time::{Minute, MinuteRange},
};
use telemetry_store::{
    reader::{LogFilter, LogQuery, MetricQuery, Points, Reader, Resolution, TraceQuery},
    table::Table,
};

use super::data_dir::DataDir;
use crate::{
    otlp::Signal,
    simulation::{
        expected,
        random::Random,
        traffic::{self, Span, TIERS},
    },
};

/// When the first of it came, Unix milliseconds.
pub(super) const START_MS: i64 = 1_800_000_000_000;
/// When a test opens it: later, yet within an open trace's patience.
pub(super) const REOPENED_MS: i64 = START_MS + 3 * 3_600_000 + 4_000;
/// The body that its sender sends when the directory is opened again: spans of a trace that was closed long ago.
pub(super) const LATE: &str = "late.otlp";
/// What the directory must answer after that.
pub(super) const ANSWERS: &str = "answers.txt";

/// The samples of a gauge: the second one came first and stands for what it counts for, the other one was late.
pub(super) const WAITING: [(i64, f64); 2] = [(START_MS, 2.5), (START_MS + 1000, 5.0)];

/// Writes a directory: segments of every table, small and merged, rolled up and not; a checkpoint with an open trace; a
/// journal with records that no cut has.
pub(super) fn write(dir: &Path) {
    let mut random = Random::new(1);
    let mut all = Vec::new();
    let mut traces = |count: u64, now_ms: i64| -> Vec<Span> {
        let now_ns = now_ms.unsigned_abs() * 1_000_000;
        let first = all.len() as u64;
        let new = (0..count).flat_map(|n| traffic::trace(&mut random, first + n + 1, now_ns));
        let new: Vec<Span> = new.collect();
        all.extend(new.iter().cloned());
        new
    };
    let mut data = DataDir::open(dir, START_MS).expect("an empty directory opens");
    let early = traces(7, START_MS);
    let (late, on_time): (Vec<&Span>, Vec<&Span>) =
        early.iter().partition(|span| span.tier == 1 && span.trace[7] < 4);
    fs::write(dir.join(LATE), traffic::request(1, &late)).expect("the directory can be written");
    send(&data, &on_time);
    data.send(
        Signal::Logs,
        &traffic::logs_request(0, START_MS.unsigned_abs() * 1_000_000, &["a record".to_owned()]),
    );
    for sample in WAITING.into_iter().rev() {
        data.send(Signal::Metrics, &traffic::gauge_request(1, "orders.waiting", &[sample]));
    }
    data.drain();
    data.cut();
    data.now_ms = START_MS + 3_600_000 / 2;
    send(&data, &traces(2, data.now_ms).iter().collect::<Vec<_>>());
    data.drain();
    data.cut();
    data.now_ms = START_MS + 3 * 3_600_000;
    data.upkeep();
    // In the checkpoint, open.
    send(&data, &traces(2, data.now_ms).iter().collect::<Vec<_>>());
    data.take();
    data.cut();
    // In the journal alone.
    data.now_ms += 1_000;
    send(&data, &traces(2, data.now_ms).iter().collect::<Vec<_>>());
    data.close();
    fs::write(dir.join(ANSWERS), wanted(&all)).expect("the directory can be written");
}

fn send(data: &DataDir, spans: &[&Span]) {
    for tier in 0..TIERS.len() {
        let of_tier: Vec<&Span> = spans.iter().copied().filter(|span| span.tier == tier).collect();
        if !of_tier.is_empty() {
            data.send(Signal::Traces, &traffic::request(tier, &of_tier));
        }
    }
}

/// The answers, worked out from the spans alone.
fn wanted(spans: &[Span]) -> String {
    let figures = expected::figures(spans.iter(), Resolution::OneMinute);
    let hours = expected::figures(spans.iter(), Resolution::OneHour);
    let mut transactions: Vec<String> = spans
        .iter()
        .filter(|span| span.parent == 0)
        .map(|span| format!("{} GET {}", model::id::TraceId(span.trace), span.transaction))
        .collect();
    transactions.sort();
    answers(&figures, &hours, &transactions, spans.len() as u64)
}

/// The answers that an opened directory gives.
pub(super) fn found(data: &DataDir) -> String {
    let figures = expected::stored(&data.store, &data.directory, Resolution::OneMinute);
    let hours = expected::stored(&data.store, &data.directory, Resolution::OneHour);
    let query = TraceQuery {
        account: AccountId::FIRST,
        trace: None,
        application: None,
        bt: None,
        tier: None,
        outcomes: Vec::new(),
        min_duration_us: 0,
        max_duration_us: u64::MAX,
        kept_only: false,
        from_ns: 0,
        to_ns: u64::MAX,
        before: None,
        limit: 1000,
    };
    let page = data.store.traces(&query).expect("every segment can be read").value;
    let of_bt = page.rows.iter().filter(|row| row.bt != EntityId::NONE);
    let name = |id| data.directory.get(id).map(|bt| bt.key.name.clone()).unwrap_or_default();
    let mut transactions: Vec<String> =
        of_bt.map(|row| format!("{} {}", row.trace, name(row.bt))).collect();
    transactions.sort();
    let traces: BTreeSet<_> = page.rows.iter().map(|row| row.trace).collect();
    let spans = traces.into_iter().map(|trace| {
        data.store.trace(AccountId::FIRST, trace).expect("every segment can be read").value.len()
            as u64
    });
    answers(&figures, &hours, &transactions, spans.sum())
}

fn answers(
    figures: &expected::Figures,
    hours: &expected::Figures,
    transactions: &[String],
    spans: u64,
) -> String {
    let mut text = format!("{spans} spans\n");
    let line = |text: &mut String, line: String| writeln!(text, "{line}").expect("a text grows");
    transactions.iter().for_each(|transaction| line(&mut text, transaction.clone()));
    for (what, figures) in [("minute", figures), ("hour", hours)] {
        for ((scope, subject, peer, bt, at), counted) in figures {
            let expected::Counted { calls, errors, spans, micros } = counted;
            let whose = format!("{what} {at}: {scope} {subject}>{peer} ({bt})");
            line(&mut text, format!("{whose} {calls} {errors} {spans} {micros}"));
        }
    }
    text
}

/// The texts of all log records and the paths and points of all metric series.
pub(super) fn logs_and_metrics(data: &DataDir) -> (Vec<String>, Vec<(String, f64)>) {
    let query = LogQuery {
        account: AccountId::FIRST,
        filter: LogFilter::default(),
        from_ns: 0,
        to_ns: u64::MAX,
        before: None,
        limit: 1000,
    };
    let logs = data.store.logs(&query).expect("every segment can be read").value.rows;
    let query = MetricQuery {
        account: AccountId::FIRST,
        application: EntityId::NONE,
        tier: None,
        paths: Vec::new(),
        range: MinuteRange { start: Minute(0), end: Minute(u32::MAX) },
        points: Points::Every(Resolution::OneHour),
        names_only: false,
        max_series: 1000,
    };
    let series = data.store.metrics(&query).expect("every segment can be read").value;
    let points = series.into_iter().map(|series| (series.path, series.points[0].sum));
    (logs.into_iter().map(|row| row.body).collect(), points.collect())
}

/// The raw samples of all series, with their metric's name.
pub(super) fn samples(data: &DataDir) -> Vec<(String, Vec<(i64, f64)>)> {
    expected::samples(&data.store)
}

/// The tables of which the directory has segments.
pub(super) fn tables(data: &DataDir) -> Vec<Table> {
    let sizes = data.store.sizes().into_iter();
    sizes.filter(|(_, _, rows)| *rows > 0).map(|(table, ..)| table).collect()
}
