//! `loadgen`: simulated agents with known traffic, and the measures of the server that takes it.
//!
//! `run` only sends, `verify` compares what the server shows with what was sent, `bench` starts a server (or
//! attaches to one) and measures it, `table` is all benches one after another, `sweep` shows how cost grows with load,
//! `overload` sends more than it can take, `pause` looks for pauses while segments are merged and dropped, `encode` measures the generator itself, `incidents`
//! simulates systems in which something breaks, `replay` makes a history of recorded traffic. It depends on none of the product's
//! crates: what it believes of OTLP and of the REST API it has from their descriptions, so that it can disagree.

mod api;
mod args;
mod bench;
mod commands;
mod data;
mod draws;
mod incidents;
mod machine;
mod replay;
mod send;
mod suite;
mod sweep;
mod verify;
mod wall;
mod wire;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    match commands::execute(cli, &mut std::io::stdout()) {
        Ok(commands::Verdict::Good) => ExitCode::SUCCESS,
        Ok(commands::Verdict::Different) => ExitCode::from(1),
        Err(error) => {
            // Nothing is left to tell the user with when standard error is closed.
            drop(writeln!(std::io::stderr(), "loadgen: {error:#}"));
            ExitCode::from(2)
        }
    }
}
