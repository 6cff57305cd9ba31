//! Scores of anomaly detection.
//!
//! Points go through `analysis::anomaly::Series` in time order, with one configuration, without labels. Beside the product's
//! row stand a random one and two naive ones; intervals are bootstrapped by series, for points of a series are not independent.

mod draws;
mod microsoft;
mod nab;
mod series;
mod table;

use std::{io::Write, path::PathBuf};

use analysis::anomaly::Config;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Score on the Numenta Anomaly Benchmark.
    Nab(DataSet),
    /// Score on Microsoft's cloud monitoring data set.
    Microsoft(DataSet),
    /// How the scores move when each constant of detection is halved or doubled.
    DetectSensitivity(DataSets),
}

#[derive(Debug, clap::Args)]
pub(crate) struct DataSet {
    /// Where the data set's archive is unpacked.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Print each series with what was found of it.
    #[arg(long)]
    pub(crate) verbose: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DataSets {
    /// Where NAB is unpacked.
    #[arg(long, value_name = "DIR")]
    pub(crate) nab: PathBuf,
    /// Where Microsoft's data set is unpacked.
    #[arg(long, value_name = "DIR")]
    pub(crate) microsoft: PathBuf,
}

pub(crate) fn execute(command: Command, out: &mut impl Write) -> anyhow::Result<()> {
    let config = Config::default();
    match command {
        Command::Nab(set) => table::of_nab(&nab::read(&set.data)?, &config, set.verbose, out),
        Command::Microsoft(set) => {
            table::of_microsoft(&microsoft::read(&set.data)?, &config, set.verbose, out)
        }
        Command::DetectSensitivity(sets) => {
            let (nab, microsoft) = (nab::read(&sets.nab)?, microsoft::read(&sets.microsoft)?);
            table::of_constants(&nab, &microsoft, &config, out)
        }
    }
}
