//! Measures a server under known load: CPU per span, memory, disk, latency, freshness, and whether its figures are
//! exact. It starts the server itself, or attaches to one that runs.
//!
//! CPU counts from the first request until the server is quiet, merges included: a server that acknowledges early
//! and works later does not look fast. Asking for the figures costs the server CPU too: it is asked only when quiet,
//! and what the asking took is left out.

pub(crate) mod disk;
pub(crate) mod freshness;
pub(crate) mod process;
pub(crate) mod report;
pub(crate) mod server;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tempfile::TempDir;

use self::disk::SyncTime;
use self::process::Process;
use self::report::{Idle, Load, Report, Sent, Verified};
use self::server::Server;
use crate::api::Api;
use crate::args::BenchArgs;
use crate::commands::sign_in;
use crate::data::Shape;
use crate::data::expected::Expected;
use crate::data::template::Templates;
use crate::send::endpoint::{Endpoint, Trust};
use crate::send::{Manner, Protocol, send_prepared, since};
use crate::{verify, wall};

/// After start-up and before measuring: what a start leaves to do is not idleness.
const SETTLE: Duration = Duration::from_secs(5);

/// The server to measure, however it came to run.
struct Subject {
    process: Process,
    endpoint: Endpoint,
    trust: Trust,
    data_dir: Option<PathBuf>,
    access_key: Option<String>,
    server: Option<Server>,
    fdatasync: Option<SyncTime>,
}

pub(crate) async fn bench(args: &BenchArgs) -> Result<Report> {
    let shape = args.data.shape()?;
    let subject = Subject::find(args).await?;
    let manner = Manner { api_key: subject.access_key.clone(), ..args.manner.manner() };
    manner.check(shape.notation)?;
    tokio::time::sleep(SETTLE).await;
    let mut report = subject.report(args, &shape, &manner)?;
    if let Some(seconds) = args.idle {
        report.idle = Some(idle(&subject.process, Duration::from_secs(seconds)).await?);
    } else if args.freshness {
        let within = Duration::from_secs(args.max_wait_s);
        let api = || subject.api(args)?.context("--freshness needs --api and --password");
        let traces = args.freshness_traces;
        report.freshness = Some(
            freshness::measure(&shape, &manner, &subject.endpoint, traces, within, api).await?,
        );
    } else {
        let (load, differences) = subject.load(args, &shape, &manner).await?;
        report.load = Some(load);
        report.differences = differences;
    }
    if let Some(server) = subject.server {
        let (took, kept) = server.stop(args.keep).await?;
        report.stopped_after_ms = Some(took.as_secs_f64() * 1000.0);
        report.kept_in = kept.map(|folder| folder.display().to_string());
    }
    Ok(report)
}

impl Subject {
    async fn find(args: &BenchArgs) -> Result<Self> {
        match (&args.vedette, args.pid) {
            (Some(binary), _) => Self::start(binary.clone(), args).await,
            (None, Some(pid)) => Self::attach(pid, args),
            (None, None) => anyhow::bail!("give --vedette PATH or --pid PID"),
        }
    }

    async fn start(binary: PathBuf, args: &BenchArgs) -> Result<Self> {
        let folder = match &args.data_root {
            Some(root) => TempDir::with_prefix_in("vedette-bench-", root),
            None => TempDir::with_prefix("vedette-bench-"),
        };
        let folder = folder.context("cannot make a folder for the server's data")?;
        let fdatasync = Some(disk::sync_time(folder.path())?);
        let server = Server::start(&binary, folder, args).await?;
        let trust = server.trust().await?;
        let url = server.agents_url(args.tls, args.manner.protocol == Protocol::Grpc);
        Ok(Self {
            process: Process::new(server.pid()?)?,
            endpoint: Endpoint::parse(&url, &trust)?,
            trust,
            data_dir: Some(server.data_dir()),
            access_key: Some(server.access_key().to_owned()),
            server: Some(server),
            fdatasync,
        })
    }

    fn attach(pid: u32, args: &BenchArgs) -> Result<Self> {
        let (url, trust) =
            (args.endpoint.as_deref().context("--pid needs --endpoint")?, args.trust.trust()?);
        Ok(Self {
            process: Process::new(pid)?,
            endpoint: Endpoint::parse(url, &trust)?,
            trust,
            data_dir: args.data_dir.clone(),
            access_key: args.manner.api_key.clone(),
            server: None,
            fdatasync: args.data_dir.as_deref().map(disk::sync_time).transpose()?,
        })
    }

    fn api(&self, args: &BenchArgs) -> Result<Option<Api>> {
        match &self.server {
            Some(server) => server.api(&self.trust).map(Some),
            None => sign_in(&args.api, &self.trust),
        }
    }

    fn report(&self, args: &BenchArgs, shape: &Shape, manner: &Manner) -> Result<Report> {
        let tls = if self.endpoint.scheme() == "https" { " over TLS" } else { "" };
        let setting = format!(
            "{:?}{tls}, {}, {:?}, {} connections, {} services × {} instances",
            manner.protocol,
            manner.encoding.name(),
            shape.notation,
            manner.connections,
            shape.services,
            shape.instances,
        );
        let rate =
            if manner.rate > 0.0 { format!(", {} spans/s", manner.rate) } else { String::new() };
        let extra = args.vedette_arg.join(" ");
        Ok(Report {
            setting: format!("{setting}{rate} {extra}").trim_end().to_owned(),
            fdatasync: self.fdatasync,
            ready_after_ms: self
                .server
                .as_ref()
                .map(|server| server.ready_after.as_secs_f64() * 1000.0),
            rss_before_kib: self.process.memory()?.rss_kib,
            idle: None,
            freshness: None,
            load: None,
            stopped_after_ms: None,
            kept_in: None,
            differences: Vec::new(),
        })
    }

    async fn load(
        &self,
        args: &BenchArgs,
        shape: &Shape,
        manner: &Manner,
    ) -> Result<(Load, Vec<String>)> {
        let templates = Arc::new(Templates::build(shape));
        let own = Process::own()?;
        let (before, own_before) = (self.process.cpu_s()?, own.cpu_s()?);
        let outcome = send_prepared(shape, manner, &self.endpoint, templates).await?;
        let (own_cpu, sent_at, cpu_at_sent) =
            (own.cpu_s()? - own_before, wall::instant(), self.process.cpu_s()?);
        let settled = self.settle(args, &outcome.expected, sent_at).await?;
        let memory = self.process.memory()?;
        let disk = self.data_dir.as_deref().map(disk::usage).transpose()?;
        let sent = Sent::of(&outcome);
        let spans = sent.acknowledged_spans;
        let cpu_s = settled.cpu_s - before;
        let load = Load {
            cpu_s,
            cpu_while_sending_s: cpu_at_sent - before,
            spans_per_core_second: spans as f64 / cpu_s.max(0.01),
            quiet: settled.quiet,
            settled_after_s: since(sent_at).as_secs_f64(),
            verified: settled.verified,
            peak_rss_kib: memory.peak_kib,
            rss_after_kib: memory.rss_kib,
            threads: memory.threads,
            disk,
            disk_bytes_per_span: disk.map(|disk| disk.apparent_bytes as f64 / spans.max(1) as f64),
            generator_cpu_s: own_cpu,
            sent,
        };
        Ok((load, settled.differences))
    }

    /// Waits until the server is quiet and its figures are right, or the longest wait is over.
    async fn settle(
        &self,
        args: &BenchArgs,
        expected: &Expected,
        sent_at: Instant,
    ) -> Result<Settled> {
        let deadline = sent_at + Duration::from_secs(args.max_wait_s);
        let quiet_for = Duration::from_secs(args.quiet_s);
        let mut api = if args.no_verify { None } else { self.api(args)? };
        let mut asking_s = 0.0;
        loop {
            let quiet = self.process.wait_quiet(quiet_for, deadline).await?;
            let cpu_now = quiet.map_or_else(|| self.process.cpu_s(), Ok)?;
            let (cpu_s, quiet) = (cpu_now - asking_s, quiet.is_some());
            let Some(api) = &mut api else {
                return Ok(Settled {
                    cpu_s,
                    quiet,
                    verified: Verified::NotCompared,
                    differences: Vec::new(),
                });
            };
            let differences = verify::verify(api, expected).await?;
            asking_s += self.process.cpu_s()? - cpu_now;
            let verified =
                if differences.is_empty() { Verified::Exact } else { Verified::Different };
            if verified == Verified::Exact || wall::instant() >= deadline {
                return Ok(Settled { cpu_s, quiet, verified, differences });
            }
        }
    }
}

struct Settled {
    /// CPU seconds of the process when it was quiet, without those that answering our questions took.
    cpu_s: f64,
    quiet: bool,
    verified: Verified,
    differences: Vec<String>,
}

async fn idle(process: &Process, time: Duration) -> Result<Idle> {
    let (cpu, started) = (process.cpu_s()?, wall::instant());
    tokio::time::sleep(time).await;
    let seconds = since(started).as_secs_f64();
    let (core_percent, memory) = ((process.cpu_s()? - cpu) / seconds * 100.0, process.memory()?);
    Ok(Idle { seconds, core_percent, rss_kib: memory.rss_kib, threads: memory.threads })
}
