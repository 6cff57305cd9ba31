//! The load of spans: sent, settled, compared; then asked about.

use std::sync::Arc;

use anyhow::{Context, Result};

use super::meter::Meter;
use super::queries::{self, Asker};
use super::report::{Load, Queries, Report, Sent, Verified};
use super::subject::Subject;
use crate::api::Api;
use crate::args::BenchArgs;
use crate::data::Shape;
use crate::data::template::Templates;
use crate::send::{Manner, Outcome, send_prepared};
use crate::verify;

pub(super) async fn measure(
    subject: &Subject,
    args: &BenchArgs,
    shape: &Shape,
    manner: &Manner,
    report: &mut Report,
) -> Result<()> {
    let templates = Arc::new(Templates::build(shape));
    let mut compared = if args.no_verify { None } else { subject.api(args)? };
    let mut meter = Meter::start(subject, args).await?;
    let outcome = send_prepared(shape, manner, &subject.endpoint, templates).await?;
    let answered = meter.last_answer()?;
    let compare = async |api: &mut Api| verify::verify(api, &outcome.expected).await;
    let (cost, differences) = meter.settle(answered, &mut compared, compare).await?;
    let verified = Verified::of(compared.is_some(), &differences);
    report.load = Some(Load::of(Sent::of(&outcome), cost, verified));
    report.differences = differences;
    if let Some(api) = subject.api(args)?.filter(|_| args.queries > 0) {
        report.queries = Some(ask(subject, api, args.queries, &outcome).await?);
    }
    Ok(())
}

async fn ask(
    subject: &Subject,
    mut api: Api,
    requests: usize,
    outcome: &Outcome,
) -> Result<Queries> {
    let (expected, range) = (&outcome.expected, verify::range(&outcome.expected));
    queries::wait_for_the_end_of(range).await;
    let estate = api.estate(&expected.application, range).await?;
    let estate = estate.context("the application that was sent is not there to be asked about")?;
    let queries = Asker::new(requests, expected.seed).of_spans(&estate, &outcome.traces, range);
    let answered = queries::ask(&mut api, &queries).await?;
    let stored = format!("{} spans", outcome.tally.acknowledged);
    Ok(Queries { stored, answered, peak_rss_kib: subject.process.memory()?.peak_kib })
}
