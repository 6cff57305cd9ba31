//! The load of metrics: sent, settled, compared with what the server says it took and shows of some series.

use anyhow::{Context, Result};
use serde::Serialize;

use super::meter::Meter;
use super::queries::{self, Asker};
use super::report::{Load, Queries, Report, Sent, Verified};
use super::subject::Subject;
use crate::api::exposition::Exposition;
use crate::api::{Api, Range, metric_data, query_at, query_range};
use crate::args::BenchArgs;
use crate::data::points::node::Watched;
use crate::data::points::{Instruments, SeriesShape};
use crate::send::Manner;
use crate::send::reporter::{PointsOutcome, Reporters};
use crate::verify::{self, points};

/// Series whose shown values are compared.
const READ_BACK: usize = 20;

/// What became of the points, by the server's own counters since before the load.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Taken {
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    pub(crate) worked_on: u64,
    /// Of those worked on, the ones over a limit, which are not stored.
    pub(crate) ignored: u64,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Series {
    pub(crate) instruments: Instruments,
    pub(crate) series: usize,
    pub(crate) nodes: usize,
    pub(crate) tiers: usize,
    pub(crate) samples: u64,
    pub(crate) interval_s: u64,
    pub(crate) taken: Option<Taken>,
    /// Memory over that of the idle server before, by series.
    pub(crate) peak_bytes_per_series: f64,
    pub(crate) settled_bytes_per_series: f64,
    /// Series whose values over the whole range were compared with those sent.
    pub(crate) series_compared: usize,
}

impl Taken {
    fn shown(told: &Exposition) -> Self {
        let metrics = r#"signal="metrics""#;
        let count = |value: Option<f64>| value.map_or(0, |value| value as u64);
        Self {
            accepted: count(told.sum("vedette_intake_accepted_items_total", metrics)),
            refused: count(told.sum("vedette_intake_refused_items_total", metrics)),
            worked_on: count(told.value("vedette_pipeline_points_total")),
            ignored: count(told.value("vedette_pipeline_ignored_points_total")),
        }
    }

    fn since(self, before: Self) -> Self {
        Self {
            accepted: self.accepted - before.accepted,
            refused: self.refused - before.refused,
            worked_on: self.worked_on - before.worked_on,
            ignored: self.ignored - before.ignored,
        }
    }

    /// How it differs from what was acknowledged and refused.
    fn differences(&self, acknowledged: u64, refused: u64) -> Vec<String> {
        let mut differences = Vec::new();
        let mut compare = |what: &str, sent: u64, counted: u64| {
            if sent != counted {
                differences.push(format!("{sent} points {what}, {counted} by the server's count"));
            }
        };
        compare("acknowledged", acknowledged, self.accepted);
        compare("acknowledged and to be worked on", acknowledged, self.worked_on);
        compare("refused", refused, self.refused);
        if self.ignored > 0 {
            let ignored = self.ignored;
            differences.push(format!("{ignored} acknowledged points were ignored: over a limit"));
        }
        differences
    }
}

pub(super) async fn measure(
    subject: &Subject,
    args: &BenchArgs,
    shape: &SeriesShape,
    manner: &Manner,
    report: &mut Report,
) -> Result<()> {
    let mut watcher = subject.watcher(args)?;
    let before = taken(watcher.as_mut()).await?;
    let mut compared = if args.no_verify { None } else { subject.api(args)? };
    let reporters = Reporters::build(shape, manner, &subject.endpoint)?;
    let mut meter = Meter::start(subject, args).await?;
    let outcome = reporters.send().await?;
    let answered = meter.last_answer()?;
    let range = verify::minutes(outcome.from_ms, outcome.to_ms);
    let compare = async |api: &mut Api| compare(api, shape, &outcome, before, range).await;
    let (cost, differences) = meter.settle(answered, &mut compared, compare).await?;
    let verified = Verified::of(compared.is_some(), &differences);
    let over_idle = |kib: u64| {
        kib.saturating_sub(report.rss_before_kib) as f64 * 1024.0 / shape.all_series() as f64
    };
    let after = taken(watcher.as_mut()).await?;
    report.series = Some(Series {
        instruments: shape.instruments,
        series: shape.all_series(),
        nodes: shape.nodes(),
        tiers: shape.tiers(),
        samples: shape.samples,
        interval_s: shape.interval_s,
        taken: after.zip(before).map(|(after, before)| after.since(before)),
        peak_bytes_per_series: over_idle(cost.peak_rss_kib),
        settled_bytes_per_series: over_idle(cost.rss_after_kib),
        series_compared: if compared.is_some() { READ_BACK.min(shape.nodes()) } else { 0 },
    });
    report.load = Some(Load::of(Sent::of_points(&outcome, shape.seed), cost, verified));
    report.differences = differences;
    if let Some(api) = subject.api(args)?.filter(|_| args.queries > 0) {
        report.queries = Some(ask(subject, api, args.queries, shape, &outcome, range).await?);
    }
    Ok(())
}

async fn taken(api: Option<&mut Api>) -> Result<Option<Taken>> {
    let Some(api) = api else { return Ok(None) };
    Ok(Some(Taken::shown(&api.metrics().await?)))
}

async fn compare(
    api: &mut Api,
    shape: &SeriesShape,
    outcome: &PointsOutcome,
    before: Option<Taken>,
    range: Range,
) -> Result<Vec<String>> {
    queries::wait_for_the_end_of(range).await;
    let now = Taken::shown(&api.metrics().await?).since(before.unwrap_or_default());
    let mut differences = now.differences(outcome.tally.acknowledged, outcome.tally.rejected);
    let every = outcome.watched.len().div_ceil(READ_BACK).max(1);
    let some = outcome.watched.iter().step_by(every);
    differences.extend(points::differences(api, &shape.application(), some, range).await?);
    Ok(differences)
}

async fn ask(
    subject: &Subject,
    mut api: Api,
    requests: usize,
    shape: &SeriesShape,
    outcome: &PointsOutcome,
    range: Range,
) -> Result<Queries> {
    let estate = api.estate(&shape.application(), range).await?;
    let application =
        estate.context("the application that was sent is not there to be asked about")?.application;
    let of_all_nodes =
        |watched: &Watched| metric_data(&application, &watched.path_of_all_nodes(), range);
    let (metric, count) = shape.largest_metric();
    let mut asker = Asker::new(requests, shape.seed);
    let queries = [
        asker.same(
            format!("rate over {count} series × 30 min, every minute, by tier"),
            query_range(&format!("sum by (job) (rate({metric}[5m]))"), outcome.to_ms),
        ),
        asker.same(
            format!("rate over {count} series × 30 min, of each"),
            query_at(&format!("rate({metric}[30m])"), outcome.to_ms),
        ),
        asker.one_of("one series of a node", &outcome.watched, |watched| {
            metric_data(&application, &watched.path(), range)
        }),
        asker.one_of("one metric of all nodes of a tier", &outcome.watched, of_all_nodes),
    ];
    let answered = queries::ask(&mut api, &queries).await?;
    let stored = format!("{} points of {} series", outcome.tally.acknowledged, shape.all_series());
    Ok(Queries { stored, answered, peak_rss_kib: subject.process.memory()?.peak_kib })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAKEN: Taken = Taken { accepted: 100, refused: 3, worked_on: 100, ignored: 0 };

    fn check(taken: Taken, differences: &[&str]) {
        assert_eq!(taken.differences(100, 3), differences);
    }

    #[test]
    fn a_point_that_was_acknowledged_and_is_not_counted_or_ignored_is_a_difference() {
        check(TAKEN, &[]);
        let accepted = Taken { accepted: 99, ..TAKEN };
        check(accepted, &["100 points acknowledged, 99 by the server's count"]);
        let worked_on = Taken { worked_on: 90, ..TAKEN };
        let said = "100 points acknowledged and to be worked on, 90 by the server's count";
        check(worked_on, &[said]);
        let ignored = Taken { ignored: 7, ..TAKEN };
        check(ignored, &["7 acknowledged points were ignored: over a limit"]);
        check(Taken { refused: 0, ..TAKEN }, &["3 points refused, 0 by the server's count"]);
    }

    #[test]
    fn counters_are_those_since_before_the_load_and_of_metrics_alone() {
        let told = |points: u64| {
            let text = format!(
                "vedette_intake_accepted_items_total{{signal=\"metrics\"}} {points}\n\
                 vedette_intake_accepted_items_total{{signal=\"traces\"}} 1000\n\
                 vedette_pipeline_points_total {points}\n"
            );
            Taken::shown(&Exposition::parse(&text))
        };
        let load = Taken { accepted: 70, worked_on: 70, ..Taken::default() };
        assert_eq!(told(100).since(told(30)), load);
    }
}
