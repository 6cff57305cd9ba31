//! Scores of cause ranking.
//!
//! Each data set is turned into cases: a situation as the product would hold it, and which answers are right. The ranking sees
//! the situation alone. Beside its row stand a random one (computed, not drawn) and a naive one: the entity with the
//! largest deviation of any of its series in global standard deviations.

mod case;
mod incidents;
mod nezha;
mod petshop;
mod score;
mod sensitivity;
mod table;

use std::{io::Write, path::PathBuf};

use analysis::cause::Config;

use crate::DataSet;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Score cause ranking on the PetShop incidents under low traffic.
    Petshop(DataSet),
    /// Score cause ranking on a day of Nezha's Online Boutique and a day of its Train Ticket.
    Nezha(DataSet),
    /// Score cause ranking on simulated incidents.
    Incidents(Incidents),
    /// How the scores move when each constant is halved or doubled.
    Sensitivity(DataSets),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Incidents {
    #[command(flatten)]
    pub(crate) set: DataSet,
    /// Fail when fewer than this share of them have their cause among the first three, for a check of a change.
    #[arg(long, value_name = "SHARE")]
    pub(crate) least_top_3: Option<f64>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DataSets {
    /// Where PetShop is unpacked.
    #[arg(long, value_name = "DIR")]
    pub(crate) petshop: Option<PathBuf>,
    /// Where Nezha is unpacked.
    #[arg(long, value_name = "DIR")]
    pub(crate) nezha: Option<PathBuf>,
    /// Where simulated incidents are.
    #[arg(long, value_name = "DIR")]
    pub(crate) incidents: Option<PathBuf>,
}

pub(crate) fn execute(command: Command, out: &mut impl Write) -> anyhow::Result<()> {
    let config = Config::default();
    match command {
        Command::Petshop(set) => petshop::report(&set, &config, out),
        Command::Nezha(set) => nezha::report(&set, &config, out),
        Command::Incidents(asked) => incidents::report(&asked, &config, out),
        Command::Sensitivity(sets) => {
            let mut cases = Vec::new();
            if let Some(data) = sets.petshop {
                cases.push(("PetShop", petshop::load(&data)?.cases));
            }
            if let Some(data) = sets.nezha {
                let nezha::Days { boutique, tickets } = nezha::load(&data)?;
                cases.extend([("Online Boutique", boutique), ("Train Ticket", tickets)]);
            }
            if let Some(data) = sets.incidents {
                cases.push(("simulator", incidents::load(&data)?));
            }
            sensitivity::report(&cases, &config, out)
        }
    }
}
