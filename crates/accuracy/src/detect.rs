//! Scores of anomaly detection.

use std::{io::Write, path::PathBuf};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Score on the Numenta Anomaly Benchmark.
    Nab(DataSet),
    /// Score on Microsoft's cloud monitoring data set.
    Microsoft(DataSet),
}

#[derive(Debug, clap::Args)]
pub(crate) struct DataSet {
    /// Where the data set's archive is unpacked.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

pub(crate) fn execute(command: Command, out: &mut impl Write) -> anyhow::Result<()> {
    match command {
        Command::Nab(set) | Command::Microsoft(set) => {
            writeln!(out, "{}", set.data.display())?;
            Ok(())
        }
    }
}
