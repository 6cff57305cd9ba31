//! `accuracy`: how well `analysis` finds anomalies and names their causes, scored on labelled data.
//!
//! Not part of the product. It reads data sets that lie unpacked outside of this tree, feeds them to `analysis` through the
//! same interface as the product does, in time order and with the product's one configuration, and prints scores beside
//! those of a random and of a naive method, so that a reader sees what a score is worth.

mod causes;
mod detect;
mod draws;
mod report;
mod simulated;
mod speed;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

#[derive(Debug, Parser)]
#[command(name = "accuracy", about = "Scores anomaly detection and cause ranking on labelled data")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    #[command(flatten)]
    Detect(detect::Command),
    #[command(flatten)]
    Causes(causes::Command),
    /// Measure how fast detection and cause ranking are.
    Speed(speed::Speed),
    /// Write docs/accuracy.md to standard output.
    Report(report::Report),
}

#[derive(Debug, Clone, clap::Args)]
struct DataSet {
    /// Where the data set's archive is unpacked.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Print each series, or case, with what was found of it.
    #[arg(long)]
    verbose: bool,
}

impl DataSet {
    fn at(data: PathBuf) -> Self {
        Self { data, verbose: false }
    }
}

fn main() -> ExitCode {
    let out = &mut std::io::stdout().lock();
    let done = match Cli::parse().command {
        Command::Detect(command) => detect::execute(command, out),
        Command::Causes(command) => causes::execute(command, out),
        Command::Speed(speed) => speed::report(&speed, out),
        Command::Report(report) => report::write(report, out),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to tell the user with when standard error is closed.
            drop(writeln!(std::io::stderr(), "accuracy: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
