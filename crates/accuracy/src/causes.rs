//! Scores of cause ranking.

use std::io::Write;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {}

pub(crate) fn execute(command: Command, _out: &mut impl Write) -> anyhow::Result<()> {
    match command {}
}
