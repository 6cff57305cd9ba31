//! Scores of anomaly detection.
//!
//! Points go through `analysis::anomaly::Series` in time order, with one configuration, without labels. Beside the product's
//! row stand a random one and two naive ones; intervals are bootstrapped by series, for points of a series are not independent.

mod microsoft;
mod nab;
mod series;
mod table;
mod watched;

use std::{io::Write, path::PathBuf};

use analysis::anomaly::Config;

use crate::DataSet;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Score on the Numenta Anomaly Benchmark.
    Nab(DataSet),
    /// Score on Microsoft's cloud monitoring data set.
    Microsoft(DataSet),
    /// Score on simulated systems: false episodes on quiet days, and incidents found.
    Watched(Watched),
    /// How the scores move when each constant of detection is halved or doubled.
    DetectSensitivity(DataSets),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Watched {
    #[command(flatten)]
    pub(crate) set: DataSet,
    /// Fail when there are more false episodes a service-day than this, for a check of a change.
    #[arg(long, value_name = "EPISODES")]
    pub(crate) most_false: Option<f64>,
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
        Command::Watched(asked) => watched::report(&asked, &config, out),
        Command::DetectSensitivity(sets) => {
            let (nab, microsoft) = (nab::read(&sets.nab)?, microsoft::read(&sets.microsoft)?);
            table::of_constants(&nab, &microsoft, &config, out)
        }
    }
}
