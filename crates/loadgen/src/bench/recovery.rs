//! What a server does with a full journal after it was killed: how soon it answers, takes more, and has worked it off.
//!
//! Spans are sent as fast as they are acknowledged until the journal holds as much as wanted, which is where the server is
//! killed without a word. *Recovered* means that nothing of what was left in the journal waits any more, by `/readyz`; all of
//! it was to be asked for and counted then.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use http::StatusCode;
use serde::Serialize;
use serde_json::Value as Json;

use super::disk::{self, SyncTime};
use super::process::Process;
use super::report::Table;
use super::subject::Subject;
use crate::api::Api;
use crate::args::RecoveryArgs;
use crate::send::{Manner, Outcome, send, since};
use crate::{verify, wall};

const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Of a server that was just started: nothing was sent to it.
const LONGEST_RECOVERY: Duration = Duration::from_secs(600);

#[derive(Debug, Serialize)]
pub(crate) struct Recovery {
    pub(crate) setting: String,
    pub(crate) fdatasync: Option<SyncTime>,
    /// What the journal held when the server was killed.
    pub(crate) journal_bytes: u64,
    pub(crate) acknowledged_spans: u64,
    /// From the new process's start until it answers.
    pub(crate) answers_after_s: f64,
    /// … until a request of an agent is accepted.
    pub(crate) accepts_after_s: f64,
    /// … until all that was left is worked on.
    pub(crate) recovered_after_s: f64,
    pub(crate) cpu_s: f64,
    pub(crate) peak_rss_kib: u64,
    /// Acknowledged spans that are not counted.
    pub(crate) differences: Vec<String>,
}

pub(crate) async fn recovery(args: &RecoveryArgs) -> Result<Recovery> {
    ensure!(args.gib > 0.0 && args.gib.is_finite(), "--gib must be above 0");
    let wanted = (args.gib * f64::from(1 << 30)) as u64;
    let mut shape = args.bench.data.shape()?;
    // More than a server works off while it fills its journal.
    shape.spans = shape.spans.max(wanted / 50);
    let mut subject = Subject::find(&args.bench).await?;
    let manner = Manner { api_key: subject.access_key.clone(), ..args.bench.manner.manner() };
    let report = subject.report(&args.bench, &shape.to_string(), &manner)?;
    let mut server = subject.server.take().context("a recovery needs --vedette")?;
    let journal = server.data_dir().join("journal");
    let (sent, left) = tokio::join!(send(&shape, &manner, &subject.endpoint), async {
        let left = filled(&journal, wanted, args.fill_s).await;
        server.kill().await.and(left)
    });
    let (sent, journal_bytes) = (sent?, left?);
    let started = wall::instant();
    server.start_again(&args.bench).await?;
    let answers_after_s = since(started).as_secs_f64();
    let process = Process::new(server.pid()?)?;
    subject.server = Some(server);
    let mut api = subject.api(&args.bench)?.context("a recovery is asked over REST")?;
    let one = crate::data::Shape { spans: 10, seed: shape.seed ^ 1, ..shape.clone() };
    let one = crate::data::Shape { namespace: "probe".to_owned(), ..one };
    let accepted = send(&one, &Manner { connections: 1, ..manner }, &subject.endpoint).await?;
    ensure!(accepted.tally.acknowledged > 0, "nothing is accepted: {:?}", accepted.tally.messages);
    let accepts_after_s = since(started).as_secs_f64();
    replayed(&mut api, started).await?;
    let recovered_after_s = since(started).as_secs_f64();
    let (cpu_s, memory) = (process.cpu_s()?, process.memory()?);
    let differences = missing(&mut api, &sent, args.bench.max_wait_s).await?;
    if let Some(server) = subject.server {
        server.stop(args.bench.keep).await?;
    }
    Ok(Recovery {
        setting: report.setting,
        fdatasync: report.fdatasync,
        journal_bytes,
        acknowledged_spans: sent.tally.acknowledged,
        answers_after_s,
        accepts_after_s,
        recovered_after_s,
        cpu_s,
        peak_rss_kib: memory.peak_kib,
        differences,
    })
}

/// Waits until the journal holds so much; bytes of it then.
async fn filled(journal: &Path, wanted: u64, within_s: u64) -> Result<u64> {
    let deadline = wall::instant() + Duration::from_secs(within_s);
    let mut most = 0;
    loop {
        let held = disk::usage(journal)?.apparent_bytes;
        most = most.max(held);
        if held >= wanted {
            return Ok(held);
        }
        if wall::instant() > deadline {
            bail!("the journal never held more than {} MiB", most >> 20);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Waits until no part of the journal's replay is left.
async fn replayed(api: &mut Api, started: Instant) -> Result<()> {
    loop {
        let (status, body) = api.get("/readyz").await?;
        let told: Json = serde_json::from_slice(&body).context("/readyz tells no JSON")?;
        let reasons = told["reasons"].as_array().context("/readyz gives no reasons")?;
        let is_replay = |reason: &Json| reason.as_str().is_some_and(|text| text.contains("replay"));
        let is_told = status == StatusCode::OK && !reasons.iter().any(is_replay);
        if is_told && is_worked_off(api).await? {
            return Ok(());
        }
        ensure!(since(started) < LONGEST_RECOVERY, "not recovered: {reasons:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// By the server's own gauges, which tell nothing before it has begun.
async fn is_worked_off(api: &mut Api) -> Result<bool> {
    let told = api.metrics().await?;
    let worked_on = told.value("vedette_pipeline_spans_total").unwrap_or(0.0);
    Ok(worked_on > 0.0 && told.value("vedette_pipeline_lag_records") == Some(0.0))
}

/// Every acknowledged trace is one call of a business transaction.
async fn missing(api: &mut Api, sent: &Outcome, within_s: u64) -> Result<Vec<String>> {
    let deadline = wall::instant() + Duration::from_secs(within_s);
    let range = verify::range(&sent.expected);
    let wanted = sent.tally.acknowledged / 10;
    loop {
        let shown = api.shown(&sent.expected.application, range).await?;
        let calls: f64 = shown.business_transactions.values().map(|count| count.calls as f64).sum();
        if calls >= wanted as f64 {
            return Ok(Vec::new());
        }
        if wall::instant() > deadline {
            return Ok(vec![format!("{wanted} traces acknowledged, {calls} calls counted")]);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

impl Recovery {
    pub(crate) fn good(&self) -> bool {
        self.differences.is_empty()
    }

    pub(crate) fn table(&self) -> Table {
        let mut table = Table::default();
        let after = |seconds: f64| format!("{seconds:.2} s after the start");
        table.row("setting", &self.setting);
        if let Some(sync) = self.fdatasync {
            table.row("fdatasync of 64 KiB", sync);
        }
        table.row("journal when killed", format!("{} MiB", self.journal_bytes >> 20));
        table.row("spans acknowledged before", self.acknowledged_spans);
        table.row("answers", after(self.answers_after_s));
        table.row("accepts", after(self.accepts_after_s));
        table.row("journal worked off", after(self.recovered_after_s));
        table.row("CPU seconds until then", format!("{:.1}", self.cpu_s));
        table.row("peak RSS", format!("{} MiB", self.peak_rss_kib >> 10));
        let counted = if self.good() { "all" } else { "NOT all" };
        table.row("acknowledged traces counted", counted);
        table
    }
}
