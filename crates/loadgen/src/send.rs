//! Sending: many simulated agents, each with a connection of its own, that behave as OTLP's specification asks of
//! an exporter. `agent` is one of them that sends spans, `reporter` one that sends metrics; `courier` delivers for both
//! over a `link`, and `answer` is what it understands of what it is told.

pub(crate) mod agent;
pub(crate) mod answer;
pub(crate) mod compress;
pub(crate) mod courier;
pub(crate) mod endpoint;
pub(crate) mod gaps;
pub(crate) mod link;
pub(crate) mod reporter;
pub(crate) mod schedule;
pub(crate) mod tally;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use self::agent::Agent;
use self::endpoint::Endpoint;
use self::gaps::Gaps;
use self::schedule::Schedule;
use self::tally::Tally;
use crate::data::expected::{Expected, Totals};
use crate::data::generator::Generator;
use crate::data::template::Templates;
use crate::data::{Notation, Shape};
use crate::wall;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Protocol {
    Http,
    Grpc,
    /// Prometheus' remote write 1.0; metrics only
    RemoteWrite,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

const HOUR_MS: u64 = 3_600_000;
/// Traces that a comparison reads back.
const READ_BACK: usize = 50;

/// How to send.
#[derive(Debug, Clone)]
pub(crate) struct Manner {
    pub(crate) protocol: Protocol,
    pub(crate) encoding: Encoding,
    pub(crate) connections: usize,
    /// Spans a second over all connections; 0 sends as fast as acknowledged.
    pub(crate) rate: f64,
    pub(crate) api_key: Option<String>,
    /// Share of acknowledged bodies sent once more, byte for byte.
    pub(crate) repeat_fraction: f64,
    /// How long late spans and repeated bodies are held back.
    pub(crate) delay: Duration,
    /// How long a broken or refused connection is tried again with the same body before it is an error.
    pub(crate) patience: Duration,
    /// How long a sender that is told to come later goes on trying.
    pub(crate) give_up: Duration,
}

impl Manner {
    pub(crate) fn check(&self, notation: Notation) -> Result<()> {
        ensure!((1..=10_000).contains(&self.connections), "--connections must be 1 to 10000");
        ensure!(
            self.rate >= 0.0 && self.rate.is_finite(),
            "--rate must be 0 or more spans a second"
        );
        ensure!((0.0..=1.0).contains(&self.repeat_fraction), "--repeat-fraction must be 0 to 1");
        let possible = notation == Notation::Protobuf || self.protocol == Protocol::Http;
        let compressed = self.encoding != Encoding::Identity;
        ensure!(
            !(compressed && self.protocol == Protocol::RemoteWrite),
            "a remote write is compressed with snappy, without --encoding"
        );
        ensure!(possible, "--json needs --protocol http: OTLP over gRPC is protobuf only");
        Ok(())
    }
}

/// What a run of all agents came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    pub(crate) expected: Expected,
    /// Ids of traces sent, spread over the run.
    pub(crate) traces: Vec<String>,
    /// From the first request to the last answer.
    pub(crate) took: Duration,
    /// The longest time in which nobody was told that anything is accepted.
    pub(crate) longest_gap: Duration,
}

/// Sends the whole data set. Templates are encoded before the clock starts.
pub(crate) async fn send(shape: &Shape, manner: &Manner, endpoint: &Endpoint) -> Result<Outcome> {
    send_prepared(shape, manner, endpoint, Arc::new(Templates::build(shape))).await
}

/// As `send`, with templates made before, so that the caller can read its counters just before the first request.
pub(crate) async fn send_prepared(
    shape: &Shape,
    manner: &Manner,
    endpoint: &Endpoint,
    templates: Arc<Templates>,
) -> Result<Outcome> {
    manner.check(shape.notation)?;
    let from_ms = wall::unix_nanos() / 1_000_000 - shape.hours * HOUR_MS;
    let started = wall::instant();
    let gaps = Arc::new(Gaps::since(started));
    let schedule = Arc::new(Schedule::new(&templates, manner.rate, started));
    let agents = (0..manner.connections as u64).map(|number| {
        let generator = Generator::new(shape, Arc::clone(&templates), number);
        let agent = Agent::new(
            generator,
            Arc::clone(&templates),
            manner.clone(),
            endpoint.clone(),
            shape,
            number,
        );
        tokio::spawn(agent.run(Arc::clone(&schedule), Arc::clone(&gaps)))
    });
    let agents: Vec<_> = agents.collect();
    let (mut tally, mut totals, mut traces) = (Tally::default(), Totals::default(), Vec::new());
    for agent in agents {
        let done = agent.await.context("an agent's task ended early")?;
        for (template, times) in templates.full.iter().chain(&templates.rest).zip(done.used) {
            totals.add(&template.totals, times);
        }
        tally.merge(done.tally);
        traces.extend(done.sample_traces);
    }
    let to_ms = wall::unix_nanos() / 1_000_000;
    let complete = tally.errors == 0 && tally.rejected == 0;
    let application = shape.application();
    let sample_traces = thinned(&traces, READ_BACK);
    let expected =
        Expected { application, seed: shape.seed, from_ms, to_ms, complete, totals, sample_traces };
    Ok(Outcome { tally, expected, traces, took: since(started), longest_gap: gaps.longest() })
}

/// At most `most` of them, evenly.
fn thinned(traces: &[String], most: usize) -> Vec<String> {
    traces.iter().step_by(traces.len().div_ceil(most).max(1)).cloned().collect()
}

pub(crate) fn since(started: Instant) -> Duration {
    wall::instant().saturating_duration_since(started)
}
