//! The whole table of measures: benches one after another, each an ordinary `loadgen bench` that a reader can repeat by
//! its command line. A bench that fails is a row that says so; the others still run.

pub(crate) mod markdown;
pub(crate) mod step;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use serde::Serialize;

use self::step::{Row, Step};
use crate::args::TableArgs;
use crate::machine::{Machine, today, version_of};
use crate::sweep::Sweep;

/// Everything measured, as the JSON file holds it.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) date: String,
    /// Of the server.
    pub(crate) version: String,
    pub(crate) machine: Machine,
    /// That measured all this.
    pub(crate) command: String,
    pub(crate) data: Vec<String>,
    pub(crate) rows: Vec<Row>,
    /// How cost grows, where that was asked for too.
    pub(crate) sweep: Option<Sweep>,
}

impl Measured {
    pub(crate) fn good(&self) -> bool {
        self.rows.iter().all(Row::good) && self.sweep.as_ref().is_none_or(Sweep::good)
    }
}

/// How much of everything is sent and asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sizes {
    spans: u64,
    /// For every further transport.
    transport_spans: u64,
    series: usize,
    samples: u64,
    histograms: usize,
    queries: usize,
    idle_s: u64,
}

impl Sizes {
    fn of(args: &TableArgs) -> Self {
        let usual = if args.quick { QUICK } else { WHOLE };
        let spans = args.spans.unwrap_or(usual.spans);
        let series = args.series.unwrap_or(usual.series);
        Self {
            spans,
            transport_spans: spans.div_ceil(2),
            series,
            samples: args.samples.unwrap_or(usual.samples),
            histograms: series.div_ceil(10),
            queries: args.queries.unwrap_or(usual.queries),
            idle_s: usual.idle_s,
        }
    }
}

const WHOLE: Sizes = Sizes {
    spans: 1_000_000,
    transport_spans: 500_000,
    series: 100_000,
    samples: 120,
    histograms: 10_000,
    queries: 200,
    idle_s: 30,
};

const QUICK: Sizes = Sizes {
    spans: 50_000,
    transport_spans: 25_000,
    series: 2_000,
    samples: 20,
    histograms: 200,
    queries: 20,
    idle_s: 5,
};

fn steps(sizes: &Sizes) -> Vec<Step> {
    let step = |name, arguments: String| Step::new(name, &arguments);
    let Sizes { spans, transport_spans, series, samples, histograms, queries, idle_s } = sizes;
    let transport =
        |name, how: &str| step(name, format!("--spans {transport_spans} --queries 0 {how}"));
    vec![
        step("idle", format!("--idle {idle_s}")),
        step("OTLP/HTTP", format!("--spans {spans} --queries {queries}")),
        transport("over TLS", "--tls"),
        transport("gzip", "--encoding gzip"),
        transport("zstd", "--encoding zstd"),
        transport("gRPC", "--protocol grpc"),
        transport("JSON", "--json"),
        transport("fsync 5 ms slower", "--fsync-delay 5"),
        step("freshness", "--freshness".to_owned()),
        step("metrics", format!("--series {series} --samples {samples} --queries {queries}")),
        step(
            "remote write",
            format!("--protocol remote-write --series {series} --samples {samples} --queries 0"),
        ),
        step(
            "histograms",
            format!(
                "--series {histograms} --samples {samples} --instruments histograms --queries 0"
            ),
        ),
    ]
}

/// Runs all benches, showing each as it ends.
pub(crate) async fn measure(args: &TableArgs, out: &mut dyn Write) -> Result<Measured> {
    let root = args.data_root.clone().unwrap_or_else(std::env::temp_dir);
    let sizes = Sizes::of(args);
    let mut measured = Measured {
        date: today(),
        version: version_of(&args.vedette)?,
        machine: Machine::of(&root)?,
        command: command(args),
        data: data(&sizes),
        rows: Vec::new(),
        sweep: None,
    };
    for step in steps(&sizes) {
        writeln!(out, "\n== {}: loadgen bench {}", step.name, step.arguments.join(" "))?;
        let row = step.run(&args.vedette, &root).await;
        row.write(out)?;
        measured.rows.push(row);
    }
    Ok(measured)
}

/// What was typed, without where things are on this machine.
fn command(args: &TableArgs) -> String {
    let mut command = "loadgen table --vedette vedette".to_owned();
    for (given, flag) in [(args.quick, " --quick"), (args.sweep, " --sweep")] {
        command.push_str(if given { flag } else { "" });
    }
    let numbers = [
        ("spans", args.spans),
        ("series", args.series.map(|series| series as u64)),
        ("samples", args.samples),
        ("queries", args.queries.map(|queries| queries as u64)),
    ];
    for (name, number) in numbers {
        command.extend(number.map(|number| format!(" --{name} {number}")));
    }
    command
}

fn data(sizes: &Sizes) -> Vec<String> {
    let Sizes { spans, transport_spans, series, samples, histograms, queries, .. } = sizes;
    vec![
        format!(
            "{spans} spans in traces of ten from 10 services × 4 instances, {transport_spans} for each further transport"
        ),
        format!(
            "{series} series × {samples} samples: of a hundred series of a node 60 are counters, 40 gauges; ten nodes a tier"
        ),
        format!("{histograms} histograms × {samples} samples, 15 bounds each"),
        format!("{queries} requests of each query, none for longer than 20 s"),
    ]
}

/// Where the two files go: `out` with `.json` and `.md` behind, whatever it ends with now.
pub(crate) fn files(out: &Path) -> Result<(PathBuf, PathBuf)> {
    ensure!(out.file_name().is_some(), "--out names no file: {}", out.display());
    Ok((out.with_extension("json"), out.with_extension("md")))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    #[test]
    fn every_bench_of_the_table_is_a_command_that_can_be_typed() {
        for sizes in [WHOLE, QUICK] {
            for step in steps(&sizes) {
                step.check();
            }
        }
    }

    #[test]
    fn sizes_given_stand_over_the_usual_ones() {
        let typed = "loadgen table --vedette vedette --quick --spans 7 --series 1000";
        let Command::Table(args) = Cli::try_parse_from(typed.split(' ')).unwrap().command else {
            panic!("another command");
        };
        let sizes = Sizes::of(&args);
        assert_eq!((sizes.spans, sizes.transport_spans), (7, 4));
        assert_eq!((sizes.series, sizes.histograms), (1_000, 100));
        assert_eq!((sizes.samples, sizes.queries), (QUICK.samples, QUICK.queries));
        assert_eq!(command(&args), typed);
    }

    #[test]
    fn both_files_stand_beside_each_other_whatever_the_ending() {
        for out in ["docs/measured", "docs/measured.md", "docs/measured.json"] {
            let (json, markdown) = files(Path::new(out)).unwrap();
            assert_eq!(json, Path::new("docs/measured.json"));
            assert_eq!(markdown, Path::new("docs/measured.md"));
        }
        assert!(files(Path::new("/")).is_err());
    }
}
