//! The command line, and its translation into what the rest works with.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::{Args, Parser, Subcommand};

use crate::data::points::{Form, Instruments, SeriesShape};
use crate::data::topology::Size;
use crate::data::{Notation, Past, Shape, Spread};
use crate::incidents::IncidentsArgs;
use crate::replay::ReplayArgs;
use crate::send::endpoint::Trust;
use crate::send::{Encoding, Manner, Protocol};
use crate::sweep::axis::Axis;
use crate::wall;

/// Simulated OpenTelemetry agents with known traffic, and measures of the server that takes it.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "parsed once, moved once")]
pub(crate) enum Command {
    /// Send a data set and write down what the server must show for it
    Run(RunArgs),
    /// Compare what the server shows with what was sent; exit code 1 when they differ
    Verify(VerifyArgs),
    /// Measure a server under load: CPU, memory, disk, latency, freshness
    Bench(BenchArgs),
    /// Measure everything, bench after bench, and write one table
    Table(TableArgs),
    /// Measure how cost grows with load, and draw it
    Sweep(SweepArgs),
    /// Send a multiple of what a server takes, and see what it refuses and whether it still answers
    Overload(OverloadArgs),
    /// Send near what a server takes while it merges, rolls up and drops, and see whether it pauses
    Pause(PauseArgs),
    /// Kill a server with a full journal, and see how soon it is back
    Recovery(RecoveryArgs),
    /// Measure the generator alone: encode to nowhere
    Encode(EncodeArgs),
    /// Simulate systems in which something breaks: minutes as a monitor sees them, and what was broken
    Incidents(Box<IncidentsArgs>),
    /// Send recorded traces again, as the history of what was recorded
    Replay(ReplayArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DataArgs {
    /// Spans to send, rounded up to whole traces of ten
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) spans: u64,
    #[arg(long, default_value_t = 1_000)]
    spans_per_request: usize,
    /// Services, front doors included
    #[arg(long, default_value_t = 10)]
    services: usize,
    /// Services at which transactions begin
    #[arg(long, default_value_t = 1)]
    front_doors: usize,
    /// Business transactions, spread over the front doors; without it one a service, 150 at most
    #[arg(long)]
    transactions: Option<usize>,
    /// Attributes of each span beyond its 11 or 12
    #[arg(long, default_value_t = 0)]
    attributes: usize,
    /// Instances of each service
    #[arg(long, default_value_t = 4)]
    instances: usize,
    /// Same seed, same ids; without it each run has ids of its own
    #[arg(long)]
    seed: Option<u64>,
    /// service.namespace; the application is this with "-production" behind
    #[arg(long, default_value = "loadgen")]
    namespace: String,
    /// How traces are spread over requests
    #[arg(long, value_enum, default_value = "whole")]
    spread: Spread,
    /// OTLP JSON instead of protobuf (HTTP only)
    #[arg(long)]
    json: bool,
    /// Share of spans held back and sent after --delay-ms
    #[arg(long, default_value_t = 0.0)]
    late_fraction: f64,
    /// Stamp requests with times of the last so many hours instead of now
    #[arg(long, default_value_t = 0)]
    pub(crate) hours: u64,
    /// Which requests are of these hours
    #[arg(long, value_enum, default_value = "quarter")]
    past: Past,
}

impl DataArgs {
    pub(crate) fn shape(&self) -> Result<Shape> {
        let usual = Size::usual(self.services, self.front_doors);
        let shape = Shape {
            namespace: self.namespace.clone(),
            size: Size { routes: self.transactions.unwrap_or(usual.routes), ..usual },
            further_attributes: self.attributes,
            hours: self.hours,
            past: self.past,
            instances: self.instances,
            spans: self.spans,
            spans_per_request: self.spans_per_request,
            seed: self.seed.unwrap_or_else(wall::unix_nanos),
            spread: self.spread,
            notation: if self.json { Notation::Json } else { Notation::Protobuf },
            late_fraction: self.late_fraction,
        };
        shape.check()?;
        Ok(shape)
    }
}

/// Metrics instead of spans.
#[derive(Debug, Args)]
pub(crate) struct SeriesArgs {
    /// Metrics instead of spans: so many series, rounded up to whole nodes of a hundred; for `overload`, what is stored
    /// before it
    #[arg(long)]
    series: Option<usize>,
    /// Of each series; the last one is of now, so that history is sent as fast as it is taken
    #[arg(long, default_value_t = 120)]
    samples: u64,
    /// Seconds since the last sample: what is shown by the minute is shown once its minute is over
    #[arg(long, default_value_t = 0)]
    ago: u64,
    /// Seconds between the samples of a series
    #[arg(long, default_value_t = 15)]
    interval: u64,
    #[arg(long, default_value_t = 2_000)]
    points_per_request: usize,
    /// What the series are
    #[arg(long, value_enum, default_value = "numbers")]
    instruments: Instruments,
}

impl SeriesArgs {
    /// None when spans are to be measured.
    pub(crate) fn shape(&self, data: &DataArgs, protocol: Protocol) -> Result<Option<SeriesShape>> {
        let is_remote_write = protocol == Protocol::RemoteWrite;
        let Some(series) = self.series else {
            ensure!(!is_remote_write, "--protocol remote-write sends --series only");
            return Ok(None);
        };
        ensure!(!data.json, "--series are sent as protobuf only, without --json");
        let shape = SeriesShape {
            namespace: data.namespace.clone(),
            series,
            samples: self.samples,
            interval_s: self.interval,
            ago_s: self.ago,
            points_per_request: self.points_per_request,
            instruments: self.instruments,
            form: if is_remote_write { Form::RemoteWrite } else { Form::Otlp },
            seed: data.seed.unwrap_or_else(wall::unix_nanos),
        };
        shape.check()?;
        Ok(Some(shape))
    }
}

#[derive(Debug, Args)]
pub(crate) struct MannerArgs {
    #[arg(long, value_enum, default_value = "http")]
    pub(crate) protocol: Protocol,
    #[arg(long, value_enum, default_value = "identity")]
    encoding: Encoding,
    /// Simulated agents, each with a connection of its own
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// Spans or points a second over all connections; 0 is as fast as acknowledged
    #[arg(long, default_value_t = 0.0)]
    rate: f64,
    /// Share of acknowledged bodies sent again byte for byte after --delay-ms
    #[arg(long, default_value_t = 0.0)]
    repeat_fraction: f64,
    /// How long late spans and repeated bodies are held back
    #[arg(long, default_value_t = 5_000)]
    delay_ms: u64,
    /// How long to go on over broken connections, resending the same bytes (for servers that are killed)
    #[arg(long, default_value_t = 0)]
    patience_s: u64,
    /// How long to go on when told to come later
    #[arg(long, default_value_t = 300)]
    give_up_s: u64,
    /// Access key, sent as x-api-key
    #[arg(long, env = "VEDETTE_ACCESS_KEY", hide_env_values = true)]
    pub(crate) api_key: Option<String>,
}

impl MannerArgs {
    pub(crate) fn manner(&self) -> Manner {
        Manner {
            protocol: self.protocol,
            encoding: self.encoding,
            connections: self.connections,
            rate: self.rate,
            api_key: self.api_key.clone(),
            repeat_fraction: self.repeat_fraction,
            delay: Duration::from_millis(self.delay_ms),
            patience: Duration::from_secs(self.patience_s),
            give_up: Duration::from_secs(self.give_up_s),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct TrustArgs {
    /// PEM file of the authority that signed the server's certificate
    #[arg(long)]
    ca: Option<PathBuf>,
    /// Trust any certificate
    #[arg(long, conflicts_with = "ca")]
    insecure: bool,
}

impl TrustArgs {
    pub(crate) fn trust(&self) -> Result<Trust> {
        match &self.ca {
            Some(file) => Trust::from_file(file),
            None if self.insecure => Ok(Trust::Anyone),
            None => Ok(Trust::Nothing),
        }
    }
}

/// Where and as whom to ask the REST API.
#[derive(Debug, Args)]
pub(crate) struct ApiArgs {
    /// Address of the REST API, as in https://127.0.0.1:443
    #[arg(long)]
    pub(crate) api: Option<String>,
    #[arg(long, default_value = "admin")]
    pub(crate) user: String,
    #[arg(long, env = "VEDETTE_ADMIN_PASSWORD", hide_env_values = true)]
    pub(crate) password: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Where agents send, as in http://127.0.0.1:4318 or https://apm.example
    #[arg(long)]
    pub(crate) endpoint: String,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) series: SeriesArgs,
    #[command(flatten)]
    pub(crate) manner: MannerArgs,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    /// File for the totals the server must show
    #[arg(long)]
    pub(crate) expected: Option<PathBuf>,
    /// File for the report as JSON
    #[arg(long)]
    pub(crate) report_json: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// File written by `run --expected`
    #[arg(long)]
    pub(crate) expected: PathBuf,
    #[command(flatten)]
    pub(crate) api: ApiArgs,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    /// Ask again until the figures agree or this time is over
    #[arg(long, default_value_t = 0)]
    pub(crate) wait_s: u64,
}

#[derive(Debug, Args)]
pub(crate) struct EncodeArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[arg(long, value_enum, default_value = "identity")]
    pub(crate) encoding: Encoding,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Start this server with a data directory of its own
    #[arg(long, required_unless_present = "pid", conflicts_with = "pid")]
    pub(crate) vedette: Option<PathBuf>,
    /// Further arguments for the server, each its own --vedette-arg=…
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) vedette_arg: Vec<String>,
    /// Where the data directory is made; the disk measured is this one
    #[arg(long)]
    pub(crate) data_root: Option<PathBuf>,
    /// Keep the data directory and the server's log
    #[arg(long)]
    pub(crate) keep: bool,
    /// Send nothing: ask the server about the spans in this folder, which --keep left
    #[arg(long, requires = "vedette", conflicts_with_all = ["idle", "freshness", "data_root"])]
    pub(crate) kept: Option<PathBuf>,
    /// Measure this running server instead
    #[arg(long, requires = "endpoint")]
    pub(crate) pid: Option<u32>,
    /// Data directory of the running server
    #[arg(long, requires = "pid")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Where agents send; with --vedette its own ports are used
    #[arg(long, conflicts_with = "vedette")]
    pub(crate) endpoint: Option<String>,
    /// Send over TLS to the HTTPS port of the server started
    #[arg(long, requires = "vedette")]
    pub(crate) tls: bool,
    /// Make each fsync of the server started take so many milliseconds longer
    #[arg(long, requires = "vedette")]
    pub(crate) fsync_delay: Option<u32>,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) series: SeriesArgs,
    #[command(flatten)]
    pub(crate) manner: MannerArgs,
    #[command(flatten)]
    pub(crate) api: ApiArgs,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    /// Measure the idle server for this many seconds, without load
    #[arg(long)]
    pub(crate) idle: Option<u64>,
    /// Measure how soon a trace is found and counted after its acknowledgement
    #[arg(long)]
    pub(crate) freshness: bool,
    /// Traces sent one by one for --freshness
    #[arg(long, default_value_t = 5)]
    pub(crate) freshness_traces: u32,
    /// Requests of each query over REST once the load is stored; 0 asks none
    #[arg(long, default_value_t = 200)]
    pub(crate) queries: usize,
    /// Do not compare the figures with what was sent
    #[arg(long)]
    pub(crate) no_verify: bool,
    /// Longest wait for the server to be settled and its figures right
    #[arg(long, default_value_t = 120)]
    pub(crate) max_wait_s: u64,
    /// The server counts as quiet after this long under 2 % of a core
    #[arg(long, default_value_t = 3)]
    pub(crate) quiet_s: u64,
    /// File for the report as JSON
    #[arg(long)]
    pub(crate) report_json: Option<PathBuf>,
    /// File for the report as Markdown
    #[arg(long)]
    pub(crate) report_md: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct TableArgs {
    /// The server to start for each bench
    #[arg(long)]
    pub(crate) vedette: PathBuf,
    /// Where data directories are made; the disk measured is this one
    #[arg(long)]
    pub(crate) data_root: Option<PathBuf>,
    /// Write the table to this name with .json and with .md behind
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Small sizes: about five minutes instead of a quarter of an hour
    #[arg(long)]
    pub(crate) quick: bool,
    /// Spans over plain OTLP/HTTP; half as many over each further transport
    #[arg(long)]
    pub(crate) spans: Option<u64>,
    /// Series of numbers; a tenth of it as histograms
    #[arg(long)]
    pub(crate) series: Option<usize>,
    /// Of each series
    #[arg(long)]
    pub(crate) samples: Option<u64>,
    /// Requests of each query over REST
    #[arg(long)]
    pub(crate) queries: Option<usize>,
    /// Then sweep the load too, its plots going to a folder beside the two files
    #[arg(long, requires = "out")]
    pub(crate) sweep: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SweepArgs {
    /// The server to start for each bench
    #[arg(long)]
    pub(crate) vedette: PathBuf,
    /// Where data directories are made; the disk measured is this one
    #[arg(long)]
    pub(crate) data_root: Option<PathBuf>,
    /// Folder for a plot of each axis, sweep.json and sweep.md; made where it is not there
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Two small points an axis: about ten minutes instead of half an hour
    #[arg(long)]
    pub(crate) quick: bool,
    /// Only this axis; may be given several times
    #[arg(long, value_enum)]
    pub(crate) axis: Vec<Axis>,
}

/// Mebibytes: a number with or without their unit, or of gibibytes.
fn mebibytes(text: &str) -> Result<u64, String> {
    let (number, factor) = match (text.strip_suffix("MiB"), text.strip_suffix("GiB")) {
        (Some(number), _) => (number, 1),
        (None, Some(number)) => (number, 1024),
        (None, None) => (text, 1),
    };
    let number: u64 = number.parse().map_err(|_| "a size is written as in 512MiB".to_owned())?;
    number.checked_mul(factor).filter(|size| *size > 0).ok_or_else(|| "out of range".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct RecoveryArgs {
    /// What the journal holds when the server is killed
    #[arg(long, default_value_t = 1.0)]
    pub(crate) gib: f64,
    /// How long it may take to fill it
    #[arg(long, default_value_t = 120)]
    pub(crate) fill_s: u64,
    #[command(flatten)]
    pub(crate) bench: BenchArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PauseArgs {
    /// How long
    #[arg(long, default_value_t = 120)]
    pub(crate) seconds: u64,
    /// Of what it takes for long, which is measured first with --spans; --rate stands over it
    #[arg(long, default_value_t = 0.8)]
    pub(crate) share: f64,
    #[command(flatten)]
    pub(crate) bench: BenchArgs,
}

#[derive(Debug, Args)]
pub(crate) struct OverloadArgs {
    /// So many times what it takes for long, which is measured first
    #[arg(long, default_value_t = 3.0)]
    pub(crate) factor: f64,
    /// How long that is measured, with the same questions asked as in the overload
    #[arg(long, default_value_t = 30)]
    pub(crate) plateau_seconds: u64,
    /// Let server and generator share the processors; else a quarter of them, one at least, is the generator's alone
    #[arg(long)]
    pub(crate) unpinned: bool,
    /// How long
    #[arg(long, default_value_t = 30)]
    pub(crate) seconds: u64,
    /// Connections of the overload; each waits for its answers
    #[arg(long, default_value_t = 256)]
    pub(crate) senders: usize,
    /// Hold the server to so much memory, MiB or as in 512MiB: its own limit, and a control group of a tenth more
    #[arg(long, requires = "vedette", value_parser = mebibytes)]
    pub(crate) memory_limit: Option<u64>,
    #[command(flatten)]
    pub(crate) bench: BenchArgs,
}
