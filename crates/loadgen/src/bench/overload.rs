//! More than a server can take: first how much it takes, then a multiple of that at a fixed pace, whatever it answers.
//! Nothing is sent again, so that every refusal is counted once. What was accepted must be stored all the same. Metrics are
//! stored first, so that there are series to ask for.
//!
//! What it takes is measured as the overload is: by the same senders, with the same questions beside them, on the same
//! processors, which are not the generator's. It is measured before and after: answers cost more the more is stored, and take
//! from what is left for spans. So the overload differs from the mean of the two in how much is sent alone.

mod press;
mod verdict;
mod watch;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use self::press::{Refusal, Seen, press};
use self::verdict::{Criterion, criteria};
use self::watch::{Progress, Watch, Window};
use super::cores::Cores;
use super::disk::SyncTime;
use super::group::Group;
use super::meter::Meter;
use super::process::Process;
use super::queries::{self, Answered, Asker, Query, Stored};
use super::report::{Cost, Table};
use super::subject::{Place, Subject};
use crate::api::{Api, Estate, Range};
use crate::args::OverloadArgs;
use crate::data::Shape;
use crate::data::points::SeriesShape;
use crate::send::reporter::Reporters;
use crate::send::{Manner, Outcome, Protocol, send, since};
use crate::{verify, wall};

const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Of each kind of query; then they come again.
const DIFFERENT_QUESTIONS: usize = 200;

#[derive(Debug, Serialize)]
pub(crate) struct Overload {
    pub(crate) setting: String,
    /// Whose processors are whose; none when they were shared.
    pub(crate) processors: Option<String>,
    pub(crate) fdatasync: Option<SyncTime>,
    /// As fast as acknowledged, while the journal takes what is not worked on yet.
    pub(crate) burst_spans_per_second: f64,
    /// As fast as acknowledged and worked on, when nobody asks anything.
    pub(crate) alone_spans_per_second: f64,
    /// Worked on each second while that much was sent and the same was asked as in the overload: what it can take for long.
    /// The mean of before and after.
    pub(crate) plateau_spans_per_second: f64,
    /// Ten seconds each, before the overload.
    pub(crate) plateau_windows: Vec<Window>,
    /// The same, after it.
    pub(crate) plateau_windows_after: Vec<Window>,
    pub(crate) factor: f64,
    pub(crate) seconds: f64,
    pub(crate) offered_spans_per_second: f64,
    /// Fewer than offered when every sender was waiting for an answer.
    pub(crate) sent_spans_per_second: f64,
    pub(crate) accepted_spans_per_second: f64,
    pub(crate) accepted_spans: u64,
    /// Ten seconds each.
    pub(crate) windows: Vec<Window>,
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) broken_connections: u64,
    /// What people ask, meanwhile.
    pub(crate) queries: Vec<Answered>,
    /// The most expensive that can be asked, at the same time.
    pub(crate) worst_queries: Vec<Answered>,
    pub(crate) cost: Cost,
    /// Of this process.
    pub(crate) generator_peak_kib: u64,
    pub(crate) memory: Option<Memory>,
    /// Between what was accepted and what the server counts once settled.
    pub(crate) differences: Vec<String>,
    pub(crate) criteria: Vec<Criterion>,
}

/// How a server kept to a limit of memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Memory {
    pub(crate) limit_mib: u64,
    /// What the control group allowed: above it the kernel ends the server.
    pub(crate) group_mib: u64,
    /// Why there was no group, so that only what was resident is known.
    pub(crate) no_group: Option<String>,
    /// The group's, files in the kernel's memory included.
    pub(crate) group_peak_mib: Option<u64>,
}

/// Measures, within a time that its arguments bound.
pub(crate) async fn overload(args: &mut OverloadArgs, cores: Option<&Cores>) -> Result<Overload> {
    ensure!(args.factor > 0.0 && args.factor.is_finite(), "--factor must be above 0");
    ensure!((1..=10_000).contains(&args.senders), "--senders must be 1 to 10000");
    ensure!(args.plateau_seconds > 0, "--plateau-seconds must be at least 1");
    // Metrics, plateaus, the rests of loads and the settling wait at most so long each; starting, sending first and comparing less.
    let waits = 7 * args.bench.max_wait_s.max(60);
    let within = Duration::from_secs(args.seconds + 2 * args.plateau_seconds + waits);
    let measured = tokio::time::timeout(within, measure(args, cores)).await;
    measured.with_context(|| format!("the overload did not end within {within:?}"))?
}

async fn measure(args: &mut OverloadArgs, cores: Option<&Cores>) -> Result<Overload> {
    let shape = args.bench.data.shape()?;
    let held = args.memory_limit.map(hold_to);
    if let Some(limit_mib) = args.memory_limit {
        args.bench.vedette_arg.push(format!("--memory-limit={limit_mib}MiB"));
    }
    let args = &*args;
    let group = held.as_ref().and_then(|held| held.1.as_ref());
    let subject = Subject::find_in(&args.bench, Place { group, cores }).await?;
    let manner = Manner { api_key: subject.access_key.clone(), ..args.bench.manner.manner() };
    ensure!(manner.protocol == Protocol::Http, "an overload is measured over HTTP only");
    let mut api = subject.api(&args.bench)?.context("an overload needs --api and --password")?;
    if let Some(series) = args.bench.series.shape(&args.bench.data, Protocol::Http)? {
        store_series(&mut api, &series, &manner, &subject, args.bench.max_wait_s).await?;
    }
    let before = spans_counted(&mut api).await?;
    let mut meter = Meter::start(&subject, &args.bench).await?;
    let first = send(&shape, &manner, &subject.endpoint).await?;
    let mut acknowledged = first.tally.acknowledged;
    let deadline = wall::instant() + Duration::from_secs(args.bench.max_wait_s);
    let worked_on_in = worked_on(&mut api, before.1 + acknowledged, first.took, deadline).await?;
    let alone = acknowledged as f64 / worked_on_in.as_secs_f64();
    ensure!(alone > 0.0, "nothing was accepted: {:?}", first.tally.messages);
    // Asking about it means something once it is there.
    let missing = verify::verify_until(&mut api, &first.expected, deadline).await?;
    ensure!(missing.is_empty(), "what was sent first is not shown as it was sent: {missing:?}");

    let load = Load { args, subject: &subject, shape: &shape, manner: &manner, known: &first };
    let mut all_worked_on = async |acknowledged: u64| {
        let deadline = wall::instant() + Duration::from_secs(args.bench.max_wait_s);
        worked_on(&mut api, before.1 + acknowledged, Duration::ZERO, deadline).await
    };
    let plateau = load.run(alone, args.plateau_seconds, 1).await?;
    acknowledged += plateau.seen.accepted_spans;
    all_worked_on(acknowledged).await?;
    let rate_before = Window::worked_on_of_all(&plateau.windows);

    let offered = rate_before * args.factor;
    let pressed = load.run(offered, args.seconds, 2).await?;
    acknowledged += pressed.seen.accepted_spans;
    all_worked_on(acknowledged).await?;
    let after = load.run(alone, args.plateau_seconds, 3).await?;
    acknowledged += after.seen.accepted_spans;
    let rate_after = Window::worked_on_of_all(&after.windows);
    let generator_peak_kib = Process::own()?.memory()?.peak_kib;
    let last_answer = meter.last_answer()?;
    let compare = async |api: &mut Api| {
        let (taken, worked_on) = spans_counted(api).await?;
        Ok(differences(acknowledged, (taken - before.0, worked_on - before.1)))
    };
    let (cost, differences) = meter.settle(last_answer, &mut Some(api), compare).await?;
    let report = subject.report(&args.bench, &shape.to_string(), &manner)?;
    if let Some(server) = subject.server {
        server.stop(args.bench.keep).await?;
    }
    let memory = held.map(|(memory, group)| Memory {
        group_peak_mib: group.as_ref().and_then(|group| Some(group.peak_bytes()? >> 20)),
        ..memory
    });
    let Pressed { seen, windows, queries, worst_queries, seconds } = pressed;
    let mut measured = Overload {
        setting: format!("{}, {} senders", report.setting, args.senders),
        processors: cores.map(Cores::told),
        fdatasync: report.fdatasync,
        burst_spans_per_second: first.tally.acknowledged as f64 / first.took.as_secs_f64(),
        alone_spans_per_second: alone,
        plateau_spans_per_second: (rate_before + rate_after) / 2.0,
        plateau_windows: plateau.windows,
        plateau_windows_after: after.windows,
        factor: args.factor,
        seconds,
        offered_spans_per_second: offered,
        sent_spans_per_second: seen.sent_spans as f64 / seconds,
        accepted_spans_per_second: seen.accepted_spans as f64 / seconds,
        accepted_spans: seen.accepted_spans,
        windows,
        refusals: seen.refusals(),
        broken_connections: seen.broken + plateau.seen.broken + after.seen.broken,
        queries,
        worst_queries,
        cost,
        generator_peak_kib,
        memory,
        differences,
        criteria: Vec::new(),
    };
    measured.criteria = criteria(&measured);
    Ok(measured)
}

/// What a server is under while it is looked at: spans, and questions about those it knows.
struct Load<'a> {
    args: &'a OverloadArgs,
    subject: &'a Subject,
    shape: &'a Shape,
    manner: &'a Manner,
    known: &'a Outcome,
}

/// What came of a load.
struct Pressed {
    seen: Seen,
    windows: Vec<Window>,
    queries: Vec<Answered>,
    worst_queries: Vec<Answered>,
    seconds: f64,
}

impl Load<'_> {
    /// Sends `offered` spans a second for a while and asks meanwhile; each `number` draws ids of its own.
    async fn run(&self, offered: f64, seconds: u64, number: u64) -> Result<Pressed> {
        let Load { args, subject, shape, manner, known } = *self;
        let length = Duration::from_secs(seconds);
        let signed_in = || subject.api(&args.bench)?.context("signed in before");
        let progress = Arc::new(Progress::default());
        let watch = Watch::new(&progress, &subject.process, signed_in()?)?;
        let started = wall::instant();
        let shape = Shape { seed: shape.seed.wrapping_add(number), ..shape.clone() };
        let (seen, windows, queries, worst_queries) = tokio::join!(
            press(
                args.senders,
                &shape,
                manner,
                &subject.endpoint,
                (offered, length),
                Arc::clone(&progress)
            ),
            watch.until(started + length),
            ask_meanwhile(signed_in()?, known, length, |asker, estate, range| {
                asker.of_spans(estate, &Stored { traces: &known.traces, users: &[] }, range)
            }),
            ask_meanwhile(signed_in()?, known, length, |asker, estate, range| {
                asker.worst(estate, range)
            }),
        );
        let seconds = since(started).as_secs_f64();
        let (seen, windows) = (seen?, windows?);
        Ok(Pressed { seen, windows, queries: queries?, worst_queries: worst_queries?, seconds })
    }
}

/// Sends metrics, and waits until all points are worked on.
async fn store_series(
    api: &mut Api,
    series: &SeriesShape,
    manner: &Manner,
    subject: &Subject,
    within_s: u64,
) -> Result<()> {
    let outcome = Reporters::build(series, manner, &subject.endpoint)?.send().await?;
    let deadline = wall::instant() + Duration::from_secs(within_s);
    let points = "vedette_pipeline_points_total";
    while api.metrics().await?.value(points).unwrap_or(0.0) < outcome.tally.acknowledged as f64 {
        ensure!(wall::instant() < deadline, "the metrics are not worked on in time");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// A control group of a tenth more than the limit, or why there is none.
fn hold_to(limit_mib: u64) -> (Memory, Option<Group>) {
    let group_mib = limit_mib + limit_mib / 10;
    let (group, no_group) = match Group::with_limit(group_mib << 20) {
        Ok(group) => (Some(group), None),
        Err(error) => (None, Some(format!("{error:#}"))),
    };
    (Memory { limit_mib, group_mib, no_group, group_peak_mib: None }, group)
}

/// How long it took from the first request until so many spans were worked on, `took` of which have passed.
pub(super) async fn worked_on(
    api: &mut Api,
    wanted: u64,
    took: Duration,
    deadline: Instant,
) -> Result<Duration> {
    let sent = wall::instant();
    while spans_counted(api).await?.1 < wanted {
        ensure!(wall::instant() < deadline, "what was sent first is not worked on in time");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(took + since(sent))
}

/// Spans accepted, and spans worked on, by the server's own counters.
pub(super) async fn spans_counted(api: &mut Api) -> Result<(u64, u64)> {
    let told = api.metrics().await?;
    let accepted = told.sum("vedette_intake_accepted_items_total", r#"signal="traces""#);
    let worked_on = told.value("vedette_pipeline_spans_total");
    Ok((accepted.unwrap_or(0.0) as u64, worked_on.unwrap_or(0.0) as u64))
}

pub(super) fn differences(sent: u64, (accepted, worked_on): (u64, u64)) -> Vec<String> {
    [("accepted", accepted), ("worked on", worked_on)]
        .into_iter()
        .filter(|(_, counted)| *counted != sent)
        .map(|(what, counted)| format!("{sent} spans acknowledged, {counted} {what}"))
        .collect()
}

/// Asks of spans of the plateau, one question after the other, for as long as the overload lasts.
pub(super) async fn ask_meanwhile(
    mut api: Api,
    plateau: &Outcome,
    length: Duration,
    questions: impl FnOnce(&mut Asker, &Estate, Range) -> Vec<Query>,
) -> Result<Vec<Answered>> {
    let until = wall::instant() + length;
    let range = verify::range(&plateau.expected);
    let estate = api.estate(&plateau.expected.application, range).await?;
    let estate = estate.context("the application that was sent is not there to be asked about")?;
    let mut asker = Asker::new(DIFFERENT_QUESTIONS, plateau.expected.seed);
    let questions = questions(&mut asker, &estate, range);
    queries::ask_in_turn(&mut api, &questions, until).await
}

impl Memory {
    fn told(&self) -> String {
        let Memory { limit_mib, group_mib, no_group, group_peak_mib } = self;
        match (no_group, group_peak_mib) {
            (Some(why), _) => {
                format!("{limit_mib} MiB, without a control group ({why}): see the peak resident")
            }
            (None, Some(peak)) => {
                format!(
                    "{limit_mib} MiB, in a control group of {group_mib} MiB; most in it {peak} MiB"
                )
            }
            (None, None) => format!("{limit_mib} MiB, in a control group of {group_mib} MiB"),
        }
    }
}

impl Overload {
    pub(crate) fn good(&self) -> bool {
        self.criteria.iter().all(|criterion| criterion.met)
    }

    /// What it is judged by, a line each, and the judgement.
    pub(crate) fn verdict(&self) -> String {
        let mut lines: Vec<String> = self.criteria.iter().map(ToString::to_string).collect();
        lines.push(if self.good() { "GOOD\n" } else { "NOT GOOD\n" }.to_owned());
        lines.join("\n")
    }

    pub(crate) fn table(&self) -> Table {
        let mut table = Table::default();
        let per_second = |spans: f64| format!("{spans:.0} spans/s");
        table.row("setting", &self.setting);
        table.row("processors", self.processors.as_deref().unwrap_or("shared by both"));
        if let Some(sync) = self.fdatasync {
            table.row("fdatasync of 64 KiB", sync);
        }
        table.row("acknowledged in a burst", per_second(self.burst_spans_per_second));
        table.row("worked on, unasked", per_second(self.alone_spans_per_second));
        table.row("plateau, worked on", per_second(self.plateau_spans_per_second));
        for (when, windows) in
            [("before", &self.plateau_windows), ("after", &self.plateau_windows_after)]
        {
            let rate = per_second(Window::worked_on_of_all(windows));
            table.row(format!("plateau {when}"), rate);
            table.row(format!("CPU at the plateau {when}"), Window::cpu_told(windows));
        }
        let offered = per_second(self.offered_spans_per_second);
        table.row("offered", format!("{offered}, {} times that", self.factor));
        table.row(
            "sent",
            format!("{} for {:.1} s", per_second(self.sent_spans_per_second), self.seconds),
        );
        let accepted = per_second(self.accepted_spans_per_second);
        let kept = 100.0 * self.accepted_spans_per_second / self.plateau_spans_per_second;
        let full = Window::with_full_journal(&self.windows);
        table.row(
            "accepted",
            format!("{accepted}, {kept:.0} % of the plateau, what filled the journal included"),
        );
        table.row("worked on", per_second(Window::worked_on_of_all(&self.windows)));
        table.row("CPU in the overload", Window::cpu_told(&self.windows));
        table.row("CPU with a full journal", Window::cpu_told(full));
        for refusal in &self.refusals {
            let Refusal { status, requests, retryable, with_retry_after } = refusal;
            let again = if *retryable { "to be sent again" } else { "NOT to be sent again" };
            table.row(
                format!("refused with {status}"),
                format!("{requests} requests, {again}, {with_retry_after} said when"),
            );
        }
        table.row("broken connections", self.broken_connections);
        if let Some(slowest) = Window::slowest(full) {
            let seconds = slowest.seconds;
            let least = per_second(slowest.accepted_spans_per_second);
            table.row("least accepted", format!("{least} over {seconds:.0} s"));
        }
        for query in self.queries.iter().chain(&self.worst_queries) {
            table.row(query.name.as_ref(), query);
        }
        if let Some(memory) = &self.memory {
            table.row("memory limit", memory.told());
        }
        self.cost.rows(&mut table);
        let generator_mib = self.generator_peak_kib >> 10;
        let cpu_s = self.cost.generator_cpu_s;
        table.row("generator", format!("{cpu_s:.0} s of CPU, peak RSS {generator_mib} MiB"));
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accepted_span_that_is_not_counted_is_a_difference() {
        assert!(differences(10, (10, 10)).is_empty());
        assert_eq!(differences(10, (10, 9)), ["10 spans acknowledged, 9 worked on"]);
        assert_eq!(differences(10, (11, 10)), ["10 spans acknowledged, 11 accepted"]);
    }
}
