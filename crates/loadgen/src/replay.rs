//! Sends again what agents reported, as if it had happened before: a history made of real traffic. Each copy of the
//! recording lies as far before the next one as the recording is long, and has ids of its own; the last one ends where
//! the recording begins, so that what the agents report from then on continues it. Nothing is as regular as a copy: each
//! takes longer or shorter than what was recorded, and so does each of its traces.

mod recording;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Args;

use self::recording::Recording;
use crate::args::TrustArgs;
use crate::data::Notation;
use crate::send::courier::{Courier, PayloadKind, Signal};
use crate::send::endpoint::Endpoint;
use crate::send::{Encoding, Manner, Protocol};

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// Where to send, as in http://127.0.0.1:4318 or https://apm.example
    #[arg(long)]
    endpoint: String,
    /// Folder with what was recorded: requests of OTLP, protobuf and not compressed, each a file whose name ends in
    /// .traces.pb or .logs.pb
    #[arg(long)]
    recorded: PathBuf,
    /// How far back the history reaches from the first recorded span
    #[arg(long, default_value_t = 48, value_parser = clap::value_parser!(u64).range(1..=190))]
    hours: u64,
    /// Seconds from one copy to the next; without it as many as the recording lasts
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=684_000))]
    every_s: Option<u64>,
    /// By how much response times of a copy differ from those of another, and of a trace from those of another in the same
    /// copy: standard deviation of their logarithm
    #[arg(long, default_value_t = 0.2)]
    vary: f64,
    /// Access key, sent as x-api-key
    #[arg(long, env = "VEDETTE_ACCESS_KEY", hide_env_values = true)]
    api_key: Option<String>,
    #[command(flatten)]
    trust: TrustArgs,
}

const SECOND_NS: u64 = 1_000_000_000;
/// How often the progress is told.
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// Sends the history; an error when anything was refused.
pub(crate) async fn replay(args: &ReplayArgs, out: &mut dyn Write) -> Result<()> {
    let recording = Recording::read(&args.recorded)?;
    let every_ns = args.every_s.map_or(recording.length_ns(), |seconds| seconds * SECOND_NS);
    let copies = args.hours * 3600 * SECOND_NS / every_ns;
    ensure!((0.0..=2.0).contains(&args.vary), "--vary is from 0 to 2");
    ensure!(
        copies > 0,
        "the recording is longer than the {} hours of history; ask for more --hours",
        args.hours
    );
    let endpoint = Endpoint::parse(&args.endpoint, &args.trust.trust()?)?;
    let mut couriers = [Signal::Traces, Signal::Logs].map(|signal| {
        (signal, Courier::new(signal, Notation::Protobuf, manner(args), endpoint.clone()))
    });
    let mut told = crate::wall::instant();
    for copy in (1..=copies).rev() {
        for body in recording.copy(copy, copy * every_ns, args.vary)? {
            let of_signal = couriers.iter_mut().find(|(signal, _)| *signal == body.signal);
            let (_, courier) = of_signal.expect("there is a courier for each signal");
            let payload = courier.pack(body.bytes.into(), body.items, PayloadKind::Fresh)?;
            courier.deliver(&payload).await;
            ensure!(!courier.is_hopeless(), "{}", courier.tally.messages.join("; "));
        }
        if told.elapsed() > TOLD_EVERY {
            told = crate::wall::instant();
            writeln!(out, "{} of {copies} copies sent", copies - copy + 1)?;
        }
    }
    let [spans, records] = couriers.map(|(_, courier)| courier.tally);
    writeln!(
        out,
        "{} spans and {} log records acknowledged in {} requests, {copies} times what was recorded",
        spans.acknowledged,
        records.acknowledged,
        spans.requests + records.requests
    )?;
    for tally in [spans, records] {
        let refused = tally.errors + tally.rejected;
        ensure!(refused == 0, "{refused} refused: {}", tally.messages.join("; "));
    }
    Ok(())
}

fn manner(args: &ReplayArgs) -> Manner {
    Manner {
        protocol: Protocol::Http,
        encoding: Encoding::Identity,
        connections: 1,
        rate: 0.0,
        api_key: args.api_key.clone(),
        repeat_fraction: 0.0,
        delay: Duration::ZERO,
        patience: Duration::from_secs(30),
        give_up: Duration::from_secs(300),
    }
}
