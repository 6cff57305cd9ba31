//! The command line of `loadgen incidents`.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use super::fault::Kind;
use super::run::{Plan, Which};
use crate::args::TrustArgs;
use crate::wall;

/// 5 January 2026, 08:00 UTC, a Monday: a fixed beginning, so that the same arguments give the same bytes, in the morning, so that
/// after a day's warm-up things happen while people are at work.
const MONDAY: u64 = 29_459_520 + 8 * 60;
const DAY: u64 = 1440;
const MINUTE_NS: u64 = 60_000_000_000;
const FEWEST_TIERS: usize = 10;
const MOST_TIERS: usize = 300;
const MOST_DAYS: u64 = 60;
/// Older spans and points are refused.
const OLDEST_HOURS: u64 = 8 * 24 - 1;
const MOST_SEEDS: u64 = 10_000;

#[derive(Debug, Args)]
pub(crate) struct IncidentsArgs {
    /// Which system, and what happens to it: the same number, the same bytes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Several, as in 1..200, both included, each into a folder of its own
    #[arg(long, conflicts_with = "seed")]
    seeds: Option<String>,
    /// Tiers of each system, 10 to 300; without it each seed has a number of its own, mostly 10 to 60
    #[arg(long)]
    tiers: Option<usize>,
    /// How long; 36 hours without it and --days
    #[arg(long, conflicts_with = "days")]
    hours: Option<u64>,
    #[arg(long)]
    days: Option<u64>,
    /// Hours at the start without any incident, to learn from; two thirds of the time, a day at most, without it
    #[arg(long)]
    warm_up_hours: Option<u64>,
    /// The first minute, in minutes since 1970; without it 5 January 2026, 08:00 UTC, a Monday
    #[arg(long)]
    start_minute: Option<u64>,
    /// One kind of --list, or `none`; without it the kinds take turns by seed
    #[arg(long)]
    fault: Option<String>,
    /// How many faults, one after the other
    #[arg(long, default_value_t = 1)]
    incidents: usize,
    /// How many harmless changes beside them
    #[arg(long, default_value_t = 1)]
    harmless: usize,
    /// Folder for seed-N/minutes.jsonl.zst and seed-N/truth.json; `-` is one stream on standard output
    #[arg(long, required_unless_present_any = ["list", "otlp"])]
    pub(super) out: Option<PathBuf>,
    /// Send it as the system's agents would, as in http://127.0.0.1:4318 or https://apm.example; the last minute is now
    /// unless --start-minute says otherwise
    #[arg(long, conflicts_with = "seeds")]
    pub(super) otlp: Option<String>,
    /// Requests of a minute that are sent with all their spans; their tracestate says how many each stands for
    #[arg(long, default_value_t = 200)]
    pub(super) requests: u64,
    /// When a minute is sent
    #[arg(long, value_enum, default_value = "clock")]
    pub(super) pace: Pace,
    /// Access key, sent as x-api-key
    #[arg(long, env = "VEDETTE_ACCESS_KEY", hide_env_values = true)]
    pub(super) api_key: Option<String>,
    #[command(flatten)]
    pub(super) trust: TrustArgs,
    /// minutes.jsonl, not compressed
    #[arg(long)]
    pub(super) plain: bool,
    /// Leave out the example traces
    #[arg(long)]
    no_traces: bool,
    /// Tell the kinds and end
    #[arg(long)]
    pub(super) list: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Pace {
    /// As fast as acknowledged, none before it is over by this machine's clock
    Clock,
    /// One for each line on standard input, for whoever drives the receiver's clock; each is answered by a line
    Lines,
    /// As fast as acknowledged, whatever time it is
    None,
}

impl IncidentsArgs {
    /// The one seed of a run that is sent.
    pub(super) fn one_seed(&self) -> u64 {
        self.seed
    }

    pub(super) fn seeds(&self) -> Result<RangeInclusive<u64>> {
        let Some(range) = &self.seeds else { return Ok(self.seed..=self.seed) };
        let parts = range.split_once("..").context("--seeds is written as in 1..200")?;
        let number = |text: &str| text.parse::<u64>().context("--seeds is written as in 1..200");
        let (first, last) = (number(parts.0)?, number(parts.1.trim_start_matches('='))?);
        ensure!(first <= last, "--seeds must begin with the lower number");
        ensure!(last - first < MOST_SEEDS, "--seeds must be {MOST_SEEDS} at most");
        Ok(first..=last)
    }

    pub(super) fn out(&self) -> Result<&PathBuf> {
        self.out.as_ref().context("--out is needed")
    }

    pub(super) fn tiers(&self) -> Result<Option<usize>> {
        if let Some(tiers) = self.tiers {
            ensure!(
                (FEWEST_TIERS..=MOST_TIERS).contains(&tiers),
                "--tiers must be {FEWEST_TIERS} to {MOST_TIERS}, not {tiers}"
            );
        }
        Ok(self.tiers)
    }

    pub(super) fn plan(&self) -> Result<Plan> {
        let hours = self.days.map(|days| days * 24).or(self.hours).unwrap_or(36);
        ensure!((1..=MOST_DAYS * 24).contains(&hours), "--hours must be 1 to {}", MOST_DAYS * 24);
        let minutes = hours * 60;
        let warm_up = match self.warm_up_hours {
            Some(hours) => hours * 60,
            None => (minutes * 2 / 3).min(DAY),
        };
        let which = match self.fault.as_deref() {
            None => Which::Any,
            Some("none") => Which::None,
            Some(name) => match Kind::named(name) {
                Some(kind) => Which::Only(kind),
                None => bail!("there is no kind {name}; --list tells which there are"),
            },
        };
        ensure!(self.incidents + self.harmless <= 100, "100 incidents a run at most");
        let start = match (self.start_minute, &self.otlp) {
            (Some(minute), _) => minute,
            (None, Some(_)) => {
                ensure!(
                    hours <= OLDEST_HOURS,
                    "--hours must be {OLDEST_HOURS} at most with --otlp: older data are refused"
                );
                wall::unix_nanos() / MINUTE_NS - minutes
            }
            (None, None) => MONDAY,
        };
        ensure!((1..=1_000_000).contains(&self.requests), "--requests must be 1 to 1000000");
        let plan = Plan {
            start,
            minutes,
            warm_up,
            which,
            incidents: self.incidents,
            harmless: self.harmless,
            traces: !self.no_traces,
        };
        plan.check()?;
        Ok(plan)
    }
}
