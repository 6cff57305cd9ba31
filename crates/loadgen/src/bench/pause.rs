//! Whether anybody notices that segments are merged, rolled up and dropped: spans near what a server takes for long, a
//! quarter of them of hours that are over, with traces kept so shortly that some go at once. What is told is the longest time
//! in which no request was acknowledged, the longest answer, and how much upkeep there was by the server's own count.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use super::disk::SyncTime;
use super::overload::{ask_meanwhile, differences, spans_counted, worked_on};
use super::queries::{Answered, Stored};
use super::report::{Latency, Sent, Table};
use super::subject::Subject;
use super::work::Work;
use crate::api::Api;
use crate::api::exposition::Exposition;
use crate::args::PauseArgs;
use crate::data::Shape;
use crate::data::expected::Expected;
use crate::send::{Manner, send};
use crate::{verify, wall};

/// Hours before now of which spans are sent, where it is not said.
const HOURS: u64 = 3;
/// Traces go after this, minutes: those of two and three hours ago at once.
const TRACES_MIN: u64 = 90;
/// What stands for them in lists, minutes.
const SNAPSHOTS_MIN: u64 = 150;
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// A server cuts every ten seconds or so, and looks for segments to merge every five.
const UPKEEP_WITHIN: Duration = Duration::from_secs(8);
/// Sent once more where that left nothing to merge.
const MORE_REQUESTS: u64 = 20;

#[derive(Debug, Serialize)]
pub(crate) struct Pause {
    pub(crate) setting: String,
    pub(crate) fdatasync: Option<SyncTime>,
    /// What it takes for long; none when a rate was given.
    pub(crate) plateau_spans_per_second: Option<f64>,
    pub(crate) spans_per_second: f64,
    pub(crate) acknowledged: u64,
    pub(crate) seconds: f64,
    pub(crate) longest_gap_ms: Option<f64>,
    pub(crate) latency_ms: Latency,
    /// What people ask, meanwhile.
    pub(crate) queries: Vec<Answered>,
    /// While spans were sent.
    pub(crate) jobs: Jobs,
    /// Until there had been some of each, and all was worked on.
    pub(crate) jobs_in_all: Jobs,
    /// At the last answer.
    pub(crate) segments: u64,
    pub(crate) peak_rss_kib: u64,
    /// What is not shown as it was sent, and upkeep that never came.
    pub(crate) differences: Vec<String>,
}

/// Pieces of upkeep, by the server's own count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Jobs {
    pub(crate) merges: u64,
    pub(crate) roll_ups: u64,
    pub(crate) drops: u64,
}

impl Jobs {
    fn shown(told: &Exposition) -> Self {
        let count = |job| told.sum("vedette_store_jobs_total", job).map_or(0, |count| count as u64);
        Self {
            merges: count(r#"job="merge""#),
            roll_ups: count(r#"job="roll-up""#),
            drops: count(r#"job="drop""#),
        }
    }

    fn since(self, before: Self) -> Self {
        Self {
            merges: self.merges - before.merges,
            roll_ups: self.roll_ups - before.roll_ups,
            drops: self.drops - before.drops,
        }
    }

    /// A sentence for each kind that there was none of.
    fn missing(self) -> Vec<String> {
        let kinds =
            [("merged", self.merges), ("rolled up", self.roll_ups), ("dropped", self.drops)];
        let never = kinds.into_iter().filter(|(_, count)| *count == 0);
        never.map(|(what, _)| format!("nothing was {what}")).collect()
    }
}

pub(crate) async fn pause(args: &mut PauseArgs) -> Result<Pause> {
    ensure!(args.share > 0.0 && args.share.is_finite(), "--share must be above 0");
    ensure!(args.seconds > 0, "--seconds must be at least 1");
    for (what, minutes) in [("traces", TRACES_MIN), ("snapshots", SNAPSHOTS_MIN)] {
        let flag = format!("--retention-{what}");
        if !args.bench.vedette_arg.iter().any(|given| given.starts_with(&flag)) {
            args.bench.vedette_arg.push(format!("{flag}={minutes}m"));
        }
    }
    let first = Shape { hours: 0, ..args.bench.data.shape()? };
    let subject = Subject::find(&args.bench).await?;
    let manner = Manner { api_key: subject.access_key.clone(), ..args.bench.manner.manner() };
    let mut api = subject.api(&args.bench)?.context("--pid needs --api and --password")?;
    let counted_before = spans_counted(&mut api).await?;
    let plateau = send(&first, &manner, &subject.endpoint).await?;
    let deadline = wall::instant() + Duration::from_secs(args.bench.max_wait_s);
    let acknowledged = plateau.tally.acknowledged;
    let wanted = counted_before.1 + acknowledged;
    let took = worked_on(&mut api, wanted, plateau.took, deadline).await?;
    let measured = (manner.rate == 0.0).then(|| acknowledged as f64 / took.as_secs_f64());
    let rate = measured.map_or(manner.rate, |plateau| plateau * args.share);
    let shape = Shape {
        hours: if args.bench.data.hours == 0 { HOURS } else { args.bench.data.hours },
        spans: (rate * args.seconds as f64).max(1.0) as u64,
        seed: first.seed.wrapping_add(1),
        ..first
    };
    shape.check()?;
    let manner = Manner { rate, ..manner };
    let before = Jobs::shown(&api.metrics().await?);
    let length = Duration::from_secs(args.seconds);
    let (sent, queries) = tokio::join!(
        send(&shape, &manner, &subject.endpoint),
        ask_meanwhile(subject.api(&args.bench)?.context("signed in before")?, &plateau, length, {
            |asker, estate, range| {
                asker.of_spans(estate, &Stored { traces: &plateau.traces, users: &[] }, range)
            }
        }),
    );
    let (sent, queries) = (sent?, queries?);
    let told = api.metrics().await?;
    let (jobs, segments) = (Jobs::shown(&told).since(before), Work::shown(&told).segments);
    let deadline = wall::instant() + Duration::from_secs(args.bench.max_wait_s);
    let mut acknowledged = acknowledged + sent.tally.acknowledged;
    let mut expected = together(&plateau.expected, &sent.expected);
    let mut more = Shape { spans: MORE_REQUESTS * shape.spans_per_request as u64, ..shape.clone() };
    let (jobs_in_all, mut found) = loop {
        let found = verify::verify_until(&mut api, &expected, deadline).await?;
        let soon = deadline.min(wall::instant() + UPKEEP_WITHIN);
        let jobs = upkeep(&mut api, before, soon).await?;
        if jobs.missing().is_empty() || wall::instant() >= deadline {
            break (jobs, found);
        }
        // One cut may have held all of an hour, which leaves nothing to merge.
        more.seed = more.seed.wrapping_add(1);
        let sent = send(&more, &manner, &subject.endpoint).await?;
        acknowledged += sent.tally.acknowledged;
        expected = together(&expected, &sent.expected);
    };
    let counted = spans_counted(&mut api).await?;
    let counted = (counted.0 - counted_before.0, counted.1 - counted_before.1);
    found.extend(differences(acknowledged, counted));
    found.extend(jobs_in_all.missing());
    // Merged, rolled up and dropped since.
    found.extend(verify::verify(&mut api, &expected).await?);
    let report = subject.report(&args.bench, &shape.to_string(), &manner)?;
    let peak_rss_kib = subject.process.memory()?.peak_kib;
    if let Some(server) = subject.server {
        server.stop(args.bench.keep).await?;
    }
    let told = Sent::of(&sent);
    ensure!(told.complete, "not all was taken: {:?}", told.messages);
    Ok(Pause {
        setting: report.setting,
        fdatasync: report.fdatasync,
        plateau_spans_per_second: measured,
        spans_per_second: told.per_second,
        acknowledged: told.acknowledged,
        seconds: told.seconds,
        longest_gap_ms: told.longest_gap_ms,
        latency_ms: told.latency_ms,
        queries,
        jobs,
        jobs_in_all,
        segments,
        peak_rss_kib,
        differences: found,
    })
}

/// Waits until there was some upkeep of each kind, or the time is over.
async fn upkeep(api: &mut Api, before: Jobs, deadline: Instant) -> Result<Jobs> {
    loop {
        let jobs = Jobs::shown(&api.metrics().await?).since(before);
        if jobs.missing().is_empty() || wall::instant() >= deadline {
            return Ok(jobs);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// What must be shown of two loads of one application.
fn together(first: &Expected, second: &Expected) -> Expected {
    let mut both = first.clone();
    both.totals.add(&second.totals, 1);
    both.from_ms = first.from_ms.min(second.from_ms);
    both.to_ms = first.to_ms.max(second.to_ms);
    both.complete &= second.complete;
    both.sample_traces.extend(second.sample_traces.iter().cloned());
    both
}

impl Pause {
    pub(crate) fn good(&self) -> bool {
        self.differences.is_empty() && self.queries.iter().all(|query| query.failed == 0)
    }

    pub(crate) fn table(&self) -> Table {
        let mut table = Table::default();
        table.row("setting", &self.setting);
        if let Some(sync) = self.fdatasync {
            table.row("fdatasync of 64 KiB", sync);
        }
        if let Some(plateau) = self.plateau_spans_per_second {
            table.row("plateau, worked on", format!("{plateau:.0} spans/s"));
        }
        let (rate, seconds) = (self.spans_per_second, self.seconds);
        table.row("sent", format!("{rate:.0} spans/s for {seconds:.1} s"));
        if let Some(gap) = self.longest_gap_ms {
            table.row("longest without an answer", format!("{gap:.0} ms"));
        }
        let Latency { p50, p95, p99, max } = self.latency_ms;
        table.row(
            "acknowledged within",
            format!("p50 {p50:.1}, p95 {p95:.1}, p99 {p99:.1}, max {max:.1} ms"),
        );
        for query in &self.queries {
            table.row(query.name.as_ref(), query);
        }
        let longest = self.queries.iter().filter_map(|query| query.times);
        let longest = longest.map(|times| times.max_ms).fold(0.0, f64::max);
        table.row("longest answer to a query", format!("{longest:.0} ms"));
        let jobs = |Jobs { merges, roll_ups, drops }: Jobs| {
            format!("{merges} merges, {roll_ups} roll-ups, {drops} drops")
        };
        table.row("upkeep meanwhile", jobs(self.jobs));
        table.row("upkeep in all", jobs(self.jobs_in_all));
        table.row("segments at the last answer", self.segments);
        table.row("peak RSS", format!("{} MiB", self.peak_rss_kib >> 10));
        let figures = if self.differences.is_empty() { "exact" } else { "DIFFERENT" };
        table.row("figures", figures);
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::expected::Totals;

    #[test]
    fn jobs_are_counted_by_kind_since_before() {
        let told = |merges: u64| {
            let text = format!(
                "vedette_store_jobs_total{{job=\"make-room\"}} 9\n\
                 vedette_store_jobs_total{{job=\"drop\"}} 2\n\
                 vedette_store_jobs_total{{job=\"merge\"}} {merges}\n"
            );
            Jobs::shown(&Exposition::parse(&text))
        };
        let jobs = told(7).since(told(3));
        assert_eq!(jobs, Jobs { merges: 4, roll_ups: 0, drops: 0 });
        assert_eq!(jobs.missing(), ["nothing was rolled up", "nothing was dropped"]);
    }

    #[test]
    fn two_loads_are_asked_for_over_the_time_of_both() {
        let load = |from_ms, to_ms, spans| Expected {
            application: "shop".to_owned(),
            seed: 1,
            from_ms,
            to_ms,
            complete: true,
            totals: Totals { spans, traces: spans / 10, ..Totals::default() },
            sample_traces: vec![format!("trace {spans}")],
        };
        let both = together(&load(500, 600, 10), &load(100, 900, 20));
        assert_eq!((both.from_ms, both.to_ms), (100, 900));
        assert_eq!((both.totals.spans, both.totals.traces), (30, 3));
        assert_eq!(both.sample_traces, ["trace 10", "trace 20"]);
    }
}
