//! The load of spans: sent, settled, compared; then asked about.

use std::sync::Arc;

use anyhow::{Context, Result};

use super::kept::Kept;
use super::meter::Meter;
use super::queries::{self, Asker, Stored};
use super::report::{Load, Queries, Report, Sent, Verified};
use super::server::Server;
use super::subject::Subject;
use crate::api::Api;
use crate::args::BenchArgs;
use crate::data::Shape;
use crate::data::template::Templates;
use crate::send::{Manner, send_prepared};
use crate::verify;

/// An attribute that all spans have.
const USER: &str = "enduser.id";
const MAX_USERS: usize = 50;

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
    let password = subject.server.as_ref().map(Server::password);
    let kept = Kept::of(&outcome, password.unwrap_or_default());
    if let Some(server) = subject.server.as_ref().filter(|_| args.keep) {
        kept.write(server.folder())?;
    }
    ask_kept(subject, args, &kept, report).await
}

/// Asks about spans that were sent before.
pub(super) async fn ask_kept(
    subject: &Subject,
    args: &BenchArgs,
    kept: &Kept,
    report: &mut Report,
) -> Result<()> {
    if let Some(api) = subject.api(args)?.filter(|_| args.queries > 0) {
        report.queries = Some(ask(subject, api, args.queries, kept).await?);
    }
    Ok(())
}

async fn ask(subject: &Subject, mut api: Api, requests: usize, kept: &Kept) -> Result<Queries> {
    let (expected, range) = (&kept.expected, verify::range(&kept.expected));
    queries::wait_for_the_end_of(range).await;
    let estate = api.estate(&expected.application, range).await?;
    let estate = estate.context("the application that was sent is not there to be asked about")?;
    let users = users(&mut api, &kept.traces).await?;
    let stored = Stored { traces: &kept.traces, users: &users };
    let queries = Asker::new(requests, expected.seed).of_spans(&estate, &stored, range);
    let answered = queries::ask(&mut api, &queries).await?;
    let stored = format!("{} spans", kept.spans);
    Ok(Queries { stored, answered, peak_rss_kib: subject.process.memory()?.peak_kib })
}

/// Values of an attribute that hardly two spans share, of spans that are stored.
async fn users(api: &mut Api, traces: &[String]) -> Result<Vec<String>> {
    let mut users = Vec::new();
    for trace in traces.iter().step_by(traces.len().div_ceil(MAX_USERS).max(1)) {
        users.extend(api.attribute_of_trace(trace, USER).await?);
    }
    Ok(users)
}
