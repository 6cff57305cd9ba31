//! One bench among several: an ordinary `loadgen bench`, and what came of it.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Parser;
use serde::Serialize;

use crate::args::{BenchArgs, Cli, Command};
use crate::bench::bench;
use crate::bench::report::Report;

/// A bench to run.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// What follows `loadgen bench --vedette PATH`.
    pub(crate) arguments: Vec<String>,
}

/// A bench that was run.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) command: String,
    pub(crate) report: Option<Report>,
    /// Why there is no report.
    pub(crate) error: Option<String>,
}

impl Step {
    pub(crate) fn new(name: &'static str, arguments: &str) -> Self {
        Self { name, arguments: arguments.split(' ').map(str::to_owned).collect() }
    }

    /// A bench that fails is a row that says so.
    pub(crate) async fn run(&self, vedette: &Path, root: &Path) -> Row {
        let report = match self.parsed(vedette, root) {
            Ok(args) => bench(&args).await,
            Err(error) => Err(error),
        };
        let (report, error) = match report {
            Ok(report) => (Some(report), None),
            Err(error) => (None, Some(format!("{error:#}"))),
        };
        let command = format!("loadgen bench --vedette vedette {}", self.arguments.join(" "));
        Row { name: self.name, command, report, error }
    }

    /// As if typed, so that what is measured is what the row's command measures.
    fn parsed(&self, vedette: &Path, root: &Path) -> Result<BenchArgs> {
        let typed = ["loadgen", "bench"].map(Into::into).into_iter();
        let own = ["--vedette".into(), vedette.into(), "--data-root".into(), root.into()];
        let rest = self.arguments.iter().map(PathBuf::from);
        let cli = Cli::try_parse_from(typed.chain(own).chain(rest))
            .with_context(|| format!("the bench '{}' is no command", self.name))?;
        match cli.command {
            Command::Bench(args) => Ok(args),
            _ => anyhow::bail!("the bench '{}' is another command", self.name),
        }
    }

    /// Panics where it is no command that can be typed.
    #[cfg(test)]
    pub(crate) fn check(&self) {
        let args = self.parsed(Path::new("vedette"), Path::new("/tmp")).unwrap();
        let shape = args.data.shape().unwrap();
        args.manner.manner().check(shape.notation).unwrap();
        args.series.shape(&args.data, args.manner.protocol).unwrap();
    }
}

impl Row {
    pub(crate) fn good(&self) -> bool {
        self.report.as_ref().is_some_and(Report::good)
    }

    /// For whoever waits for it.
    pub(crate) fn write(&self, out: &mut dyn Write) -> Result<()> {
        match (&self.report, &self.error) {
            (Some(report), _) => write!(out, "{}", report.table())?,
            (None, error) => writeln!(out, "{}", error.as_deref().unwrap_or("no report"))?,
        }
        for difference in self.report.iter().flat_map(|report| &report.differences) {
            writeln!(out, "different: {difference}")?;
        }
        Ok(())
    }
}
