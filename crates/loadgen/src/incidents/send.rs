//! Sends a run as OTLP, minute by minute: the simulation on a thread of its own, a bounded few minutes ahead of what is
//! acknowledged.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::sync::mpsc;

use super::arguments::{IncidentsArgs, Pace};
use super::command::{kinds, to_folder};
use super::layout::Layout;
use super::otlp::{Agents, Body};
use super::run::{self, Plan};
use super::stream::Stream;
use super::world::World;
use crate::data::Notation;
use crate::send::courier::{Courier, PayloadKind, Signal};
use crate::send::endpoint::Endpoint;
use crate::send::tally::Tally;
use crate::send::{Encoding, Manner, Protocol};
use crate::wall;

/// Minutes that the simulation may be ahead.
const AHEAD: usize = 4;
const MINUTE_NS: u64 = 60_000_000_000;

/// A minute's requests.
#[derive(Debug)]
struct Minute {
    minute: u64,
    bodies: Vec<Body>,
}

/// Sends all of the plan; an error when anything was refused.
pub(super) async fn send(
    args: &IncidentsArgs,
    plan: &Plan,
    world: World,
    out: &mut dyn Write,
) -> Result<()> {
    let url = args.otlp.as_ref().context("--otlp is needed")?;
    let endpoint = Endpoint::parse(url, &args.trust.trust()?)?;
    let mut couriers = [Signal::Traces, Signal::Metrics, Signal::Logs].map(|signal| {
        (signal, Courier::new(signal, Notation::Protobuf, manner(args), endpoint.clone()))
    });
    let (ready, mut minutes) = mpsc::channel(AHEAD);
    let (plan, folder, plain, requests) =
        (plan.clone(), args.out.clone(), args.plain, args.requests);
    let simulation = tokio::task::spawn_blocking(move || {
        simulate(&world, &plan, folder, plain, requests, &ready)
    });
    while let Some(Minute { minute, bodies }) = minutes.recv().await {
        if !wait(args.pace, minute).await? {
            break;
        }
        for body in bodies {
            let of_signal = couriers.iter_mut().find(|(signal, _)| *signal == body.signal);
            let (_, courier) = of_signal.expect("there is a courier for each signal");
            let payload = courier.pack(body.bytes.into(), body.items, PayloadKind::Fresh)?;
            courier.deliver(&payload).await;
            ensure!(!courier.is_hopeless(), "{}", courier.tally.messages.join("; "));
        }
        if args.pace == Pace::Lines {
            writeln!(out, "sent {minute}")?;
            out.flush()?;
        }
    }
    // Nobody takes further minutes, so that a simulation which is still at work ends.
    drop(minutes);
    let truth = simulation.await.context("the simulation ended early")??;
    report(&truth, couriers.map(|(_, courier)| courier.tally), out)
}

/// Whether there is more to send.
async fn wait(pace: Pace, minute: u64) -> Result<bool> {
    match pace {
        Pace::Lines => {
            tokio::task::spawn_blocking(is_asked).await.context("the pace ended early")?
        }
        Pace::Clock => {
            let over = (minute + 1) * MINUTE_NS;
            let left = over.saturating_sub(wall::unix_nanos());
            tokio::time::sleep(Duration::from_nanos(left)).await;
            Ok(true)
        }
        Pace::None => Ok(true),
    }
}

/// Whether standard input has another line.
fn is_asked() -> Result<bool> {
    let mut line = String::new();
    Ok(std::io::stdin().read_line(&mut line).context("cannot read the pace")? > 0)
}

fn simulate(
    world: &World,
    plan: &Plan,
    folder: Option<PathBuf>,
    plain: bool,
    requests: u64,
    ready: &mpsc::Sender<Minute>,
) -> Result<Value> {
    let layout = Layout::of(world);
    let mut agents = Agents::new(world, &layout, requests);
    let mut watch = |step: &super::simulation::Step| {
        let minute = Minute { minute: step.seen.minute, bodies: agents.minute(step) };
        ready.blocking_send(minute).context("nobody takes further minutes")
    };
    match folder {
        Some(folder) => {
            let folder = folder.join(format!("seed-{}", world.seed));
            to_folder(world, plan, &folder, plain, &mut watch)
        }
        None => {
            let stream = Stream::new(world, &layout, Box::new(std::io::sink()));
            let (stream, truth) = run::run(world, &layout, plan, stream, &mut watch)?;
            stream.finish()?;
            Ok(truth)
        }
    }
}

fn manner(args: &IncidentsArgs) -> Manner {
    Manner {
        protocol: Protocol::Http,
        encoding: Encoding::Gzip,
        connections: 1,
        rate: 0.0,
        api_key: args.api_key.clone(),
        repeat_fraction: 0.0,
        delay: Duration::ZERO,
        patience: Duration::from_secs(30),
        give_up: Duration::from_secs(300),
    }
}

fn report(truth: &Value, tallies: [Tally; 3], out: &mut dyn Write) -> Result<()> {
    let mut whole = Tally::default();
    for (tally, what) in tallies.into_iter().zip(["spans", "points", "log records"]) {
        writeln!(
            out,
            "{}: {} acknowledged in {} requests",
            what, tally.acknowledged, tally.requests
        )?;
        whole.merge(tally);
    }
    writeln!(out, "what happened: {}", kinds(truth))?;
    let refused = whole.errors + whole.rejected;
    ensure!(refused == 0, "{refused} refused: {}", whole.messages.join("; "));
    Ok(())
}
