//! docs/accuracy.md, from all data sets at once.

use std::{io::Write, path::PathBuf};

use crate::{causes, detect};

#[derive(Debug, clap::Args)]
pub(crate) struct Report {
    /// Where NAB is unpacked.
    #[arg(long, value_name = "DIR")]
    nab: PathBuf,
    /// Where Microsoft's cloud monitoring data set is unpacked.
    #[arg(long, value_name = "DIR")]
    microsoft: PathBuf,
    /// Where PetShop is unpacked.
    #[arg(long, value_name = "DIR")]
    petshop: PathBuf,
    /// Where Nezha is unpacked.
    #[arg(long, value_name = "DIR")]
    nezha: PathBuf,
    /// Where simulated incidents are, as `loadgen incidents` writes them.
    #[arg(long, value_name = "DIR")]
    incidents: Option<PathBuf>,
}

/// What stands before the tables.
const BEFORE: &str = include_str!("report/before.md");
const DETECTION: &str = include_str!("report/detection.md");
const CAUSES: &str = include_str!("report/causes.md");

pub(crate) fn write(report: Report, out: &mut impl Write) -> anyhow::Result<()> {
    let Report { nab, microsoft, petshop, nezha, incidents } = report;
    writeln!(out, "{BEFORE}\n{DETECTION}")?;
    let set = |data: &PathBuf| detect::DataSet { data: data.clone(), verbose: false };
    detect::execute(detect::Command::Nab(set(&nab)), out)?;
    writeln!(out)?;
    detect::execute(detect::Command::Microsoft(set(&microsoft)), out)?;
    writeln!(out, "\n### When constants are halved and doubled\n")?;
    let sets = detect::DataSets { nab, microsoft };
    detect::execute(detect::Command::DetectSensitivity(sets), out)?;
    writeln!(out, "\n{CAUSES}")?;
    let set = |data: PathBuf| causes::DataSet { data, verbose: false };
    causes::execute(causes::Command::Petshop(set(petshop)), out)?;
    writeln!(out)?;
    causes::execute(causes::Command::Nezha(set(nezha)), out)?;
    if let Some(incidents) = incidents {
        writeln!(out)?;
        causes::execute(causes::Command::Incidents(set(incidents)), out)?;
    }
    Ok(())
}
