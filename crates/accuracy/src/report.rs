//! docs/accuracy.md, from all data sets at once.

use std::{io::Write, path::PathBuf};

use crate::{DataSet, causes, detect, speed};

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
    /// Where simulated incidents are, as `loadgen incidents --seeds` writes them.
    #[arg(long, value_name = "DIR")]
    incidents: Option<PathBuf>,
    /// Where simulated incidents are at which nobody looked while rules and constants were chosen.
    #[arg(long, value_name = "DIR")]
    held_out: Option<PathBuf>,
    /// Where simulated quiet days are, as `loadgen incidents --fault none` writes them.
    #[arg(long, value_name = "DIR")]
    quiet: Option<PathBuf>,
}

/// What stands before the tables.
const BEFORE: &str = include_str!("report/before.md");
const DETECTION: &str = include_str!("report/detection.md");
const CAUSES: &str = include_str!("report/causes.md");
const SPEED: &str = include_str!("report/speed.md");

pub(crate) fn write(report: Report, out: &mut impl Write) -> anyhow::Result<()> {
    let Report { nab, microsoft, petshop, nezha, incidents, held_out, quiet } = report;
    writeln!(out, "{BEFORE}\n{DETECTION}")?;
    detect::execute(detect::Command::Nab(DataSet::at(nab.clone())), out)?;
    writeln!(out)?;
    detect::execute(detect::Command::Microsoft(DataSet::at(microsoft.clone())), out)?;
    for watched in quiet.iter().chain(&incidents) {
        writeln!(out)?;
        let asked = detect::Watched { set: DataSet::at(watched.clone()), most_false: None };
        detect::execute(detect::Command::Watched(asked), out)?;
    }
    writeln!(out, "\n### When constants are halved and doubled\n")?;
    let sets = detect::DataSets { nab, microsoft };
    detect::execute(detect::Command::DetectSensitivity(sets), out)?;
    writeln!(out, "\n{CAUSES}")?;
    causes::execute(causes::Command::Petshop(DataSet::at(petshop.clone())), out)?;
    causes::execute(causes::Command::Nezha(DataSet::at(nezha.clone())), out)?;
    if let Some(incidents) = &incidents {
        let asked = causes::Incidents { set: DataSet::at(incidents.clone()), least_top_3: None };
        causes::execute(causes::Command::Incidents(asked), out)?;
    }
    if let Some(held_out) = held_out {
        writeln!(out, "### Simulated incidents kept apart\n")?;
        let asked = causes::Incidents { set: DataSet::at(held_out), least_top_3: None };
        causes::execute(causes::Command::Incidents(asked), out)?;
    }
    writeln!(out, "### When constants are halved and doubled\n")?;
    let sets = causes::DataSets { petshop: Some(petshop), nezha: Some(nezha), incidents };
    causes::execute(causes::Command::Sensitivity(sets), out)?;
    writeln!(out, "{SPEED}")?;
    speed::report(&speed::Speed::usual(), out)
}
