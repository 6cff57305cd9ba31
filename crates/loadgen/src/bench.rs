//! Measures a server under known load: CPU per span, memory, disk, latency, freshness, and whether its figures are
//! exact. It starts the server itself, or attaches to one that runs.
//!
//! CPU counts from the first request until the server is quiet, merges included: a server that acknowledges early
//! and works later does not look fast. Asking for the figures costs the server CPU too: it is asked only when quiet,
//! and what the asking took is left out.

pub(crate) mod cores;
pub(crate) mod disk;
pub(crate) mod freshness;
pub(crate) mod group;
pub(crate) mod kept;
mod meter;
pub(crate) mod overload;
pub(crate) mod pause;
pub(crate) mod process;
pub(crate) mod queries;
pub(crate) mod recovery;
pub(crate) mod report;
pub(crate) mod series;
pub(crate) mod server;
mod settle;
mod spans;
mod subject;
mod times;
mod work;

use std::time::Duration;

use anyhow::{Context, Result};

use self::freshness::Freshness;
use self::kept::Kept;
use self::process::Process;
use self::report::{Idle, Report};
use self::subject::Subject;
use crate::args::BenchArgs;
use crate::data::Shape;
use crate::data::points::SeriesShape;
use crate::send::{Manner, since};
use crate::wall;

/// After start-up and before measuring: what a start leaves to do is not idleness.
const SETTLE: Duration = Duration::from_secs(5);

pub(crate) async fn bench(args: &BenchArgs) -> Result<Report> {
    let (shape, series) =
        (args.data.shape()?, args.series.shape(&args.data, args.manner.protocol)?);
    let subject = Subject::find(args).await?;
    let manner = Manner { api_key: subject.access_key.clone(), ..args.manner.manner() };
    manner.check(shape.notation)?;
    tokio::time::sleep(SETTLE).await;
    let data = series.as_ref().map_or_else(|| shape.to_string(), SeriesShape::to_string);
    let mut report = subject.report(args, &data, &manner)?;
    if let Some(seconds) = args.idle {
        report.idle = Some(idle(&subject.process, Duration::from_secs(seconds)).await?);
    } else if args.freshness {
        report.freshness = Some(fresh(args, &subject, &shape, &manner).await?);
    } else if let Some(folder) = &args.kept {
        spans::ask_kept(&subject, args, &Kept::read(folder)?, &mut report).await?;
    } else if let Some(series) = &series {
        series::measure(&subject, args, series, &manner, &mut report).await?;
    } else {
        spans::measure(&subject, args, &shape, &manner, &mut report).await?;
    }
    if let Some(server) = subject.server {
        let (took, kept) = server.stop(args.keep || args.kept.is_some()).await?;
        report.stopped_after_ms = Some(took.as_secs_f64() * 1000.0);
        report.kept_in = kept.map(|folder| folder.display().to_string());
    }
    Ok(report)
}

async fn fresh(
    args: &BenchArgs,
    subject: &Subject,
    shape: &Shape,
    manner: &Manner,
) -> Result<Freshness> {
    let within = Duration::from_secs(args.max_wait_s);
    let api = || subject.api(args)?.context("--freshness needs --api and --password");
    let traces = args.freshness_traces;
    freshness::measure(shape, manner, &subject.endpoint, traces, within, api).await
}

async fn idle(process: &Process, time: Duration) -> Result<Idle> {
    let (cpu, started) = (process.cpu_s()?, wall::instant());
    tokio::time::sleep(time).await;
    let seconds = since(started).as_secs_f64();
    let (core_percent, memory) = ((process.cpu_s()? - cpu) / seconds * 100.0, process.memory()?);
    Ok(Idle { seconds, core_percent, rss_kib: memory.rss_kib, threads: memory.threads })
}
