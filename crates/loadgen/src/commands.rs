//! The commands: each builds its parts from the arguments, runs them, and writes what came of it.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::api::Api;
use crate::args::{ApiArgs, Cli, Command, EncodeArgs, RunArgs, SweepArgs, TableArgs, VerifyArgs};
use crate::bench;
use crate::bench::cores::Cores;
use crate::bench::overload::overload;
use crate::bench::pause::pause;
use crate::bench::process::Process;
use crate::bench::recovery::recovery;
use crate::bench::report::{Sent, Table};
use crate::data::expected::Expected;
use crate::data::generator::Generator;
use crate::data::template::{Template, Templates};
use crate::incidents::incidents;
use crate::replay::replay;
use crate::send::endpoint::{Endpoint, Trust};
use crate::send::reporter::Reporters;
use crate::send::{send, since};
use crate::verify::points::ExpectedPoints;
use crate::{suite, sweep, verify, wall};

/// Differences shown before the rest is only counted.
const SHOWN_DIFFERENCES: usize = 40;

/// Whether all that was checked is as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Good,
    Different,
}

impl Verdict {
    fn good_if(good: bool) -> Self {
        if good { Self::Good } else { Self::Different }
    }
}

pub(crate) fn execute(cli: Cli, out: &mut dyn Write) -> Result<Verdict> {
    match cli.command {
        Command::Encode(args) => encode(&args, out),
        Command::Incidents(args) => incidents(&args, out).map(|()| Verdict::Good),
        Command::Replay(args) => until_stopped(replay(&args, out)).map(|()| Verdict::Good),
        Command::Run(args) => until_stopped(run(&args, out)),
        Command::Verify(args) => until_stopped(verify(&args, out)),
        Command::Bench(args) => {
            let report = until_stopped(bench::bench(&args))?;
            write!(out, "{}", report.table())?;
            write_differences(out, &report.differences)?;
            write_json(args.report_json.as_deref(), &report)?;
            write_text(args.report_md.as_deref(), &report.table().markdown())?;
            Ok(Verdict::good_if(report.good()))
        }
        Command::Overload(mut args) => {
            // Before there are other threads, which stay where this one is.
            let shared = args.unpinned || args.bench.vedette.is_none();
            let cores = if shared { None } else { Cores::apart()? };
            let measured = until_stopped(overload(&mut args, cores.as_ref()))?;
            write!(out, "{}", measured.table())?;
            write_differences(out, &measured.differences)?;
            write!(out, "\n{}", measured.verdict())?;
            write_json(args.bench.report_json.as_deref(), &measured)?;
            write_text(args.bench.report_md.as_deref(), &measured.table().markdown())?;
            Ok(Verdict::good_if(measured.good()))
        }
        Command::Pause(mut args) => {
            let measured = until_stopped(pause(&mut args))?;
            write!(out, "{}", measured.table())?;
            write_differences(out, &measured.differences)?;
            write_json(args.bench.report_json.as_deref(), &measured)?;
            write_text(args.bench.report_md.as_deref(), &measured.table().markdown())?;
            Ok(Verdict::good_if(measured.good()))
        }
        Command::Recovery(args) => {
            let measured = until_stopped(recovery(&args))?;
            write!(out, "{}", measured.table())?;
            write_differences(out, &measured.differences)?;
            write_json(args.bench.report_json.as_deref(), &measured)?;
            write_text(args.bench.report_md.as_deref(), &measured.table().markdown())?;
            Ok(Verdict::good_if(measured.good()))
        }
        Command::Table(args) => until_stopped(table(&args, out)),
        Command::Sweep(args) => until_stopped(sweep(&args, out)),
    }
}

/// A signal ends the work by dropping it, which ends the server that was started and removes its data.
pub(crate) fn until_stopped<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    Runtime::new()?.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).context("cannot wait for signals")?;
        tokio::select! {
            done = work => done,
            _ = terminate.recv() => bail!("stopped by SIGTERM"),
            _ = tokio::signal::ctrl_c() => bail!("stopped by SIGINT"),
        }
    })
}

async fn table(args: &TableArgs, out: &mut dyn Write) -> Result<Verdict> {
    let files = args.out.as_deref().map(suite::files).transpose()?;
    let mut measured = suite::measure(args, out).await?;
    if args.sweep {
        measured.sweep = Some(sweep::Plan::beside(args).measure(out).await?);
    }
    let plots = files.as_ref().map(|(json, _)| json.with_extension(""));
    let name = plots.as_deref().and_then(Path::file_name).unwrap_or_default();
    let markdown = measured.markdown(&name.to_string_lossy());
    write!(out, "\n{markdown}")?;
    if let Some((json, text)) = &files {
        write_json(Some(json), &measured)?;
        write_text(Some(text), &markdown)?;
    }
    if let (Some(sweep), Some(plots)) = (&measured.sweep, &plots) {
        sweep.write(plots)?;
    }
    Ok(Verdict::good_if(measured.good()))
}

async fn sweep(args: &SweepArgs, out: &mut dyn Write) -> Result<Verdict> {
    let measured = sweep::Plan::of(args).measure(out).await?;
    measured.write(&args.out)?;
    write!(out, "\n{}", measured.markdown())?;
    Ok(Verdict::good_if(measured.good()))
}

async fn run(args: &RunArgs, out: &mut dyn Write) -> Result<Verdict> {
    let endpoint = Endpoint::parse(&args.endpoint, &args.trust.trust()?)?;
    let manner = args.manner.manner();
    let sent = if let Some(series) = args.series.shape(&args.data, args.manner.protocol)? {
        let outcome = Reporters::build(&series, &manner, &endpoint)?.send().await?;
        let sent = Sent::of_points(&outcome, series.seed);
        let expected = ExpectedPoints {
            application: series.application(),
            from_ms: outcome.from_ms,
            to_ms: outcome.to_ms,
            complete: sent.complete,
            points: sent.acknowledged,
            watched: outcome.watched,
        };
        write_json(args.expected.as_deref(), &expected)?;
        sent
    } else {
        let outcome = send(&args.data.shape()?, &manner, &endpoint).await?;
        write_json(args.expected.as_deref(), &outcome.expected)?;
        Sent::of(&outcome)
    };
    write_json(args.report_json.as_deref(), &sent)?;
    let mut table = Table::default();
    sent.rows(&mut table);
    write!(out, "{table}")?;
    Ok(Verdict::good_if(sent.complete))
}

/// What a file of `run --expected` holds.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum WasSent {
    Spans(Expected),
    Points(ExpectedPoints),
}

async fn verify(args: &VerifyArgs, out: &mut dyn Write) -> Result<Verdict> {
    let name = args.expected.display();
    let text = std::fs::read(&args.expected).with_context(|| format!("cannot read {name}"))?;
    let was_sent: WasSent =
        serde_json::from_slice(&text).with_context(|| format!("{name} holds no totals"))?;
    let (WasSent::Spans(Expected { complete, .. })
    | WasSent::Points(ExpectedPoints { complete, .. })) = &was_sent;
    if !complete {
        writeln!(
            out,
            "{name}: something was refused when this was sent, so less than the totals can be stored"
        )?;
    }
    let mut api = sign_in(&args.api, &args.trust.trust()?)?
        .context("--api and --password are needed to verify")?;
    let deadline = wall::instant() + Duration::from_secs(args.wait_s);
    let differences = match &was_sent {
        WasSent::Spans(expected) => verify::verify_until(&mut api, expected, deadline).await?,
        WasSent::Points(expected) => {
            let compare = async |api: &mut Api| expected.differences(api).await;
            verify::until(&mut api, deadline, compare).await?
        }
    };
    write_differences(out, &differences)?;
    if differences.is_empty() {
        was_sent.write(out)?;
    }
    Ok(Verdict::good_if(differences.is_empty()))
}

impl WasSent {
    /// What was found to be as it was sent.
    fn write(&self, out: &mut dyn Write) -> Result<()> {
        match self {
            Self::Spans(Expected { totals, sample_traces, .. }) => {
                let (bts, tiers, edges) =
                    (totals.business_transactions.len(), totals.tiers.len(), totals.edges.len());
                writeln!(out, "exact: {} spans, {} traces", totals.spans, totals.traces)?;
                writeln!(
                    out,
                    "       {bts} business transactions, {tiers} tiers, {edges} edges: calls and errors"
                )?;
                writeln!(out, "       {} traces read back whole", sample_traces.len())?;
            }
            Self::Points(ExpectedPoints { points, watched, .. }) => {
                writeln!(out, "exact: {} series of {points} points read back", watched.len())?;
            }
        }
        Ok(())
    }
}

/// None without an address or a password to sign in with.
pub(crate) fn sign_in(args: &ApiArgs, trust: &Trust) -> Result<Option<Api>> {
    let (Some(url), Some(password)) = (&args.api, &args.password) else { return Ok(None) };
    Ok(Some(Api::new(Endpoint::parse(url, trust)?, Some((&args.user, password)))))
}

fn encode(args: &EncodeArgs, out: &mut dyn Write) -> Result<Verdict> {
    let shape = args.data.shape()?;
    let templates = Arc::new(Templates::build(&shape));
    let mut generator = Generator::new(&shape, Arc::clone(&templates), 0);
    let (mut buffers, mut bytes, mut spans, mut encoded) = (Vec::new(), 0, 0, 0);
    let mut one = |generator: &mut Generator, template: &Template| -> Result<()> {
        generator.fill(template, wall::unix_nanos(), &mut buffers);
        spans += template.totals.spans;
        for buffer in &mut buffers {
            bytes += buffer.len();
            let filled = std::mem::take(buffer).freeze();
            encoded += std::hint::black_box(args.encoding.apply(filled.clone())?).len();
            *buffer = filled.try_into_mut().unwrap_or_default();
        }
        Ok(())
    };
    let own = Process::own()?;
    let (cpu, started) = (own.cpu_s()?, wall::instant());
    for _ in 0..templates.rounds {
        let chosen = generator.pick();
        one(&mut generator, &templates.full[chosen])?;
    }
    if let Some(rest) = &templates.rest {
        one(&mut generator, rest)?;
    }
    let (cpu, took) = (own.cpu_s()? - cpu, since(started).as_secs_f64());
    let mut table = Table::default();
    table.row("spans encoded", spans);
    table.row("OTLP bytes a span", format!("{:.1}", bytes as f64 / spans as f64));
    table.row("bytes a span after encoding", format!("{:.1}", encoded as f64 / spans as f64));
    table.row("CPU seconds", format!("{cpu:.2}"));
    table.row("spans/s (wall)", format!("{:.0}", spans as f64 / took));
    write!(out, "{table}")?;
    Ok(Verdict::Good)
}

fn write_json(file: Option<&Path>, value: &impl Serialize) -> Result<()> {
    let Some(file) = file else { return Ok(()) };
    let text = serde_json::to_vec_pretty(value).context("cannot write JSON")?;
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

fn write_text(file: Option<&Path>, text: &str) -> Result<()> {
    let Some(file) = file else { return Ok(()) };
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

fn write_differences(out: &mut dyn Write, differences: &[String]) -> Result<()> {
    for difference in differences.iter().take(SHOWN_DIFFERENCES) {
        writeln!(out, "different: {difference}")?;
    }
    if differences.len() > SHOWN_DIFFERENCES {
        writeln!(out, "different: {} more", differences.len() - SHOWN_DIFFERENCES)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::expected::Totals;

    #[test]
    fn what_was_sent_is_known_by_its_file() {
        let points = ExpectedPoints {
            application: "shop".to_owned(),
            from_ms: 1,
            to_ms: 2,
            complete: true,
            points: 10,
            watched: Vec::new(),
        };
        let spans = Expected {
            application: "shop".to_owned(),
            seed: 1,
            from_ms: 1,
            to_ms: 2,
            complete: true,
            totals: Totals::default(),
            sample_traces: Vec::new(),
        };
        let read = |text: &str| serde_json::from_str::<WasSent>(text).unwrap();
        let (points, spans) =
            (serde_json::to_string(&points).unwrap(), serde_json::to_string(&spans).unwrap());
        assert!(matches!(read(&points), WasSent::Points(points) if points.points == 10));
        assert!(matches!(read(&spans), WasSent::Spans(spans) if spans.seed == 1));
        assert!(serde_json::from_str::<WasSent>("{}").is_err());
    }
}
